//! Linear algebra whose steps depend on the data, and so cannot be a graph: systems, factorisations, least squares.
//!
//! These are *host functions*: plain Rust on arrays, in double precision, the same on every device. They have no gradients.
//! Values go in and out as [`Data`]: `Matrix::try_from(&data)` after a read, [`Matrix::data`] for a new tensor. The methods are
//! the classic ones of Golub and Van Loan, *Matrix Computations*; meant for up to some hundreds of rows.

mod cholesky;
mod eigh;
mod lu;
mod qr;
mod svd;

pub use cholesky::cholesky;
pub use eigh::{Eigh, eigh};
pub use lu::{det, inverse, solve};
pub use qr::{Qr, qr};
pub use svd::{LeastSquares, Svd, lstsq, svd};

use crate::{Error, Result};
use gradbook_core::{DType, Data};

/// A matrix on the host, row by row.
///
/// ```
/// use gradbook_learn::linalg::{Matrix, solve};
/// let a = Matrix::new(2, 2, vec![2.0, 1.0, 1.0, 3.0])?;
/// let x = solve(&a, &Matrix::new(2, 1, vec![5.0, 10.0])?)?;
/// assert!((x[(0, 0)] - 1.0).abs() < 1e-12 && (x[(1, 0)] - 3.0).abs() < 1e-12);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// Values of a shape, row by row. Errors: their number is another.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Result<Self> {
        if rows.checked_mul(columns) != Some(values.len()) {
            return Err(Error::argument("matrix", format!("{} values for {rows} × {columns}", values.len())));
        }
        Ok(Self { rows, columns, values })
    }

    /// The entry `value(row, column)` everywhere.
    pub fn from_fn(rows: usize, columns: usize, mut value: impl FnMut(usize, usize) -> f64) -> Self {
        let values = (0..rows * columns).map(|i| value(i / columns, i % columns)).collect();
        Self { rows, columns, values }
    }

    /// 1 on the diagonal, 0 elsewhere.
    pub fn identity(n: usize) -> Self {
        Self::from_fn(n, n, |i, j| f64::from(u8::from(i == j)))
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All entries, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values in single precision, as f32 \[rows, columns\].
    pub fn data(&self) -> Result<Data> {
        let values: Vec<f32> = self.values.iter().map(|&v| v as f32).collect();
        Ok(Data::f32([self.rows, self.columns], &values)?)
    }

    /// Rows as columns.
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |i, j| self[(j, i)])
    }

    /// The product with another matrix. Errors: inner sizes that differ.
    pub fn matmul(&self, other: &Self) -> Result<Self> {
        if self.columns != other.rows {
            return Err(Error::argument(
                "matmul",
                format!("{} by {}; inner sizes must be equal", self.size(), other.size()),
            ));
        }
        let mut product = Self::from_fn(self.rows, other.columns, |_, _| 0.0);
        for i in 0..self.rows {
            for k in 0..self.columns {
                let factor = self[(i, k)];
                let row = &mut product.values[i * other.columns..(i + 1) * other.columns];
                row.iter_mut().zip(other.row(k)).for_each(|(sum, value)| *sum += factor * value);
            }
        }
        Ok(product)
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    fn size(&self) -> String {
        format!("a matrix of shape [{}, {}]", self.rows, self.columns)
    }

    /// An error unless all entries are finite: NaN would go through every step unseen, or keep an iteration going.
    fn expect_finite(&self, function: &str) -> Result<()> {
        match self.values.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(i) => {
                let (row, column, value) = (i / self.columns, i % self.columns, self.values[i]);
                Err(Error::argument(function, format!("entry ({row}, {column}) is {value}; all must be finite")))
            }
        }
    }

    /// The number of rows of a square matrix of finite entries.
    fn expect_square(&self, function: &str) -> Result<usize> {
        if self.rows != self.columns {
            return Err(Error::argument(function, format!("{} is not square", self.size())));
        }
        self.expect_finite(function)?;
        Ok(self.rows)
    }

    /// An error unless the matrix is its own transpose, up to rounding in single precision.
    fn expect_symmetric(&self, function: &str) -> Result<usize> {
        let n = self.expect_square(function)?;
        let scale = self.values.iter().fold(0.0, |max: f64, v| max.max(v.abs()));
        for (i, j) in (0..n).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let (below, above) = (self[(i, j)], self[(j, i)]);
            if (below - above).abs() > 1e-5 * scale {
                let message =
                    format!("entries ({i}, {j}) and ({j}, {i}) are {below} and {above}; expected a symmetric matrix");
                return Err(Error::argument(function, message));
            }
        }
        Ok(n)
    }
}

impl TryFrom<&Data> for Matrix {
    type Error = Error;

    /// An f32 tensor with two axes, or one as a single column.
    fn try_from(data: &Data) -> Result<Self> {
        let (rows, columns) = match data.shape[..] {
            [n] => (n, 1),
            [rows, columns] => (rows, columns),
            _ => return Err(Error::argument("matrix", format!("a tensor of shape {}; expected two axes", data.shape))),
        };
        if data.dtype != DType::F32 {
            return Err(Error::argument("matrix", format!("a tensor of {}; expected f32", data.dtype)));
        }
        Self::new(rows, columns, data.as_f32().iter().map(|&v| f64::from(v)).collect())
    }
}

impl std::ops::Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (i, j): (usize, usize)) -> &f64 {
        &self.values[i * self.columns + j]
    }
}

impl std::ops::IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut f64 {
        &mut self.values[i * self.columns + j]
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::Matrix;

    /// Entries in [−1, 1) that depend on the seed alone.
    pub fn random(rows: usize, columns: usize, seed: u32) -> Matrix {
        let word = |i: usize| gradbook_core::rng::bits([seed, 3], 0, i as u32);
        Matrix::from_fn(rows, columns, |i, j| f64::from(word(i * columns + j)) / f64::from(1u32 << 31) - 1.0)
    }

    /// The largest difference between entries.
    pub fn distance(a: &Matrix, b: &Matrix) -> f64 {
        assert_eq!((a.rows, a.columns), (b.rows, b.columns));
        a.values.iter().zip(&b.values).fold(0.0, |max: f64, (x, y)| max.max((x - y).abs()))
    }

    /// How far the columns are from being orthonormal.
    pub fn skew(q: &Matrix) -> f64 {
        distance(&q.transposed().matmul(q).unwrap(), &Matrix::identity(q.columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_in_and_out() {
        let data = Data::f32([2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let matrix = Matrix::try_from(&data).unwrap();
        assert_eq!(matrix.transposed().transposed().data().unwrap(), data);
        assert_eq!(matrix.transposed()[(2, 1)], 6.0);
        let column = Matrix::try_from(&Data::f32([3], &[1.0; 3]).unwrap()).unwrap();
        assert_eq!(matrix.matmul(&column).unwrap().values(), [6.0, 15.0]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let text = |result: Result<Matrix>| result.unwrap_err().to_string();
        assert_eq!(text(Matrix::new(2, 2, vec![1.0])), "matrix: 1 values for 2 × 2");
        let wide = Matrix::from_fn(2, 3, |_, _| 1.0);
        assert_eq!(text(solve(&wide, &wide)), "solve: a matrix of shape [2, 3] is not square");
        assert!(text(wide.matmul(&wide)).contains("inner sizes"));
        assert!(text(Matrix::try_from(&Data::f32([1, 1, 1], &[0.0]).unwrap())).contains("two axes"));
        assert!(text(Matrix::try_from(&Data::i32([1, 1], &[0]).unwrap())).contains("expected f32"));
        let nan = Matrix::from_fn(2, 2, |i, j| if i > j { f64::NAN } else { 1.0 });
        assert_eq!(text(inverse(&nan)), "inverse: entry (1, 0) is NaN; all must be finite");
        assert!(eigh(&Matrix::from_fn(2, 2, |i, _| i as f64)).unwrap_err().to_string().contains("symmetric"));
    }
}
