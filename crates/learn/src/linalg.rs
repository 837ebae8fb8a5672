//! Factorisations of small dense matrices. What they do next depends on the numbers, so they are host functions: plain loops in f64 over
//! rows, the same on every device, without gradients. Meant for hundreds of rows.

use crate::{Error, Result};

/// A matrix by rows, in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub columns: usize,
    /// Row after row.
    pub values: Vec<f64>,
}

impl Matrix {
    /// A matrix of these values. Errors: another number of values than rows · columns.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Result<Self> {
        if values.len() != rows * columns {
            return Err(wrong("matrix", format!("{} values for {rows}×{columns}", values.len())));
        }
        Ok(Self { rows, columns, values })
    }

    /// 1 on the diagonal, 0 elsewhere.
    pub fn identity(n: usize) -> Self {
        Self { rows: n, columns: n, values: (0..n * n).map(|i| f64::from(u8::from(i % (n + 1) == 0))).collect() }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.columns + column] = value;
    }

    fn square(&self, what: &str) -> Result<usize> {
        if self.rows == self.columns {
            return Ok(self.rows);
        }
        Err(wrong(what, format!("the matrix is {}×{}; expected a square one", self.rows, self.columns)))
    }

    /// X with self · X = `right` (torch.linalg.solve): Gaussian elimination with the largest pivot of each column.
    ///
    /// Errors: not square, another number of rows, singular.
    pub fn solve(&self, right: &Self) -> Result<Self> {
        let n = self.square("solve")?;
        if right.rows != n {
            return Err(wrong("solve", format!("the right side has {} rows, the matrix {n}", right.rows)));
        }
        let (mut a, mut x) = (self.clone(), right.clone());
        for k in 0..n {
            let pivot = (k..n).max_by(|&i, &j| a.at(i, k).abs().total_cmp(&a.at(j, k).abs())).unwrap_or(k);
            if a.at(pivot, k) == 0.0 {
                return Err(wrong("solve", format!("the matrix is singular: column {k} has no pivot")));
            }
            a.swap(k, pivot);
            x.swap(k, pivot);
            for i in (0..n).filter(|&i| i != k) {
                let factor = a.at(i, k) / a.at(k, k);
                a.subtract(i, k, factor);
                x.subtract(i, k, factor);
            }
        }
        for i in 0..n {
            for j in 0..x.columns {
                x.set(i, j, x.at(i, j) / a.at(i, i));
            }
        }
        Ok(x)
    }

    /// The matrix that gives the identity (torch.linalg.inv). Errors: not square, singular.
    pub fn inverse(&self) -> Result<Self> {
        self.solve(&Self::identity(self.square("inverse")?))
    }

    /// The lower triangular L with self = L · Lᵀ (torch.linalg.cholesky). Errors: not square, not positive definite.
    pub fn cholesky(&self) -> Result<Self> {
        let n = self.square("cholesky")?;
        let mut l = Self { rows: n, columns: n, values: vec![0.0; n * n] };
        for j in 0..n {
            for i in j..n {
                let rest = self.at(i, j) - (0..j).map(|k| l.at(i, k) * l.at(j, k)).sum::<f64>();
                if i == j && rest <= 0.0 {
                    let message = format!("the matrix is not positive definite: {rest} is left of entry ({i}, {i})");
                    return Err(wrong("cholesky", message));
                }
                l.set(i, j, if i == j { rest.sqrt() } else { rest / l.at(j, j) });
            }
        }
        Ok(l)
    }

    /// The eigenvalues of a symmetric matrix, ascending (torch.linalg.eigvalsh); of each pair of entries the lower one is read.
    /// Source: Jacobi's rotations. Errors: not square.
    pub fn eigvalsh(&self) -> Result<Vec<f64>> {
        let n = self.square("eigvalsh")?;
        let mut a = self.clone();
        (0..n).for_each(|i| (0..i).for_each(|j| a.set(j, i, a.at(i, j))));
        for _ in 0..SWEEPS {
            for p in 0..n {
                for q in p + 1..n {
                    let [cos, sin] = rotation(a.at(p, p), a.at(q, q), a.at(p, q));
                    for k in 0..n {
                        let (x, y) = (a.at(k, p), a.at(k, q));
                        a.set(k, p, cos * x - sin * y);
                        a.set(k, q, sin * x + cos * y);
                    }
                    for k in 0..n {
                        let (x, y) = (a.at(p, k), a.at(q, k));
                        a.set(p, k, cos * x - sin * y);
                        a.set(q, k, sin * x + cos * y);
                    }
                }
            }
        }
        let mut values: Vec<f64> = (0..n).map(|i| a.at(i, i)).collect();
        values.sort_by(f64::total_cmp);
        Ok(values)
    }

    /// The singular values, descending (torch.linalg.svdvals). Source: one-sided Jacobi rotations (Hestenes, 1958).
    pub fn svdvals(&self) -> Vec<f64> {
        // Rows are turned until each is at a right angle to all others; there are no more rows than columns.
        let mut a = if self.rows <= self.columns { self.clone() } else { self.transposed() };
        for _ in 0..SWEEPS {
            for p in 0..a.rows {
                for q in p + 1..a.rows {
                    let [cos, sin] = rotation(a.dot(p, p), a.dot(q, q), a.dot(p, q));
                    for k in 0..a.columns {
                        let (x, y) = (a.at(p, k), a.at(q, k));
                        a.set(p, k, cos * x - sin * y);
                        a.set(q, k, sin * x + cos * y);
                    }
                }
            }
        }
        let mut values: Vec<f64> = (0..a.rows).map(|i| a.dot(i, i).sqrt()).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    }

    fn transposed(&self) -> Self {
        let values = (0..self.columns).flat_map(|j| (0..self.rows).map(move |i| self.at(i, j))).collect();
        Self { rows: self.columns, columns: self.rows, values }
    }

    fn dot(&self, p: usize, q: usize) -> f64 {
        (0..self.columns).map(|k| self.at(p, k) * self.at(q, k)).sum()
    }

    fn swap(&mut self, p: usize, q: usize) {
        (0..self.columns).for_each(|k| self.values.swap(p * self.columns + k, q * self.columns + k));
    }

    /// Row `i` less `factor` times row `k`.
    fn subtract(&mut self, i: usize, k: usize, factor: f64) {
        for j in 0..self.columns {
            self.set(i, j, self.at(i, j) - factor * self.at(k, j));
        }
    }
}

/// Sweeps over all pairs; convergence is quadratic, so that this is enough for any size that is meant here.
const SWEEPS: usize = 16;

/// Cosine and sine of the rotation that makes the entry between two diagonal ones 0.
fn rotation(p: f64, q: f64, between: f64) -> [f64; 2] {
    if between == 0.0 {
        return [1.0, 0.0];
    }
    let theta = (q - p) / (2.0 * between);
    let tan = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cos = 1.0 / tan.hypot(1.0);
    [cos, cos * tan]
}

fn wrong(what: &str, message: String) -> Error {
    Error::Argument { what: what.into(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize, values: &[f64]) -> Matrix {
        Matrix::new(rows, columns, values.to_vec()).unwrap()
    }

    fn close(got: &[f64], expected: &[f64]) {
        assert_eq!(got.len(), expected.len());
        got.iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{got:?} is not {expected:?}"));
    }

    #[test]
    fn by_hand() {
        // The first pivot is 0: rows must be exchanged.
        let a = matrix(2, 2, &[0.0, 2.0, 4.0, 1.0]);
        close(&a.solve(&matrix(2, 1, &[6.0, 7.0])).unwrap().values, &[1.0, 3.0]);
        close(&a.inverse().unwrap().values, &[-0.125, 0.25, 0.5, 0.0]);
        let b = matrix(2, 2, &[4.0, 2.0, 2.0, 5.0]);
        close(&b.cholesky().unwrap().values, &[2.0, 0.0, 1.0, 2.0]);
        // Of [[2, 1], [1, 2]] they are 2 ∓ 1; equal diagonal entries turn by 45°.
        close(&matrix(2, 2, &[2.0, 1.0, 1.0, 2.0]).eigvalsh().unwrap(), &[1.0, 3.0]);
        close(&matrix(3, 2, &[3.0, 0.0, 0.0, -2.0, 4.0, 0.0]).svdvals(), &[5.0, 2.0]);
    }

    #[test]
    fn what_cannot_be_factorised_says_why() {
        let error = |result: Result<Matrix>| result.unwrap_err().to_string();
        assert!(error(matrix(2, 2, &[1.0, 2.0, 2.0, 4.0]).inverse()).contains("singular"));
        assert!(error(matrix(2, 2, &[1.0, 2.0, 2.0, 1.0]).cholesky()).contains("not positive definite"));
        assert!(error(matrix(1, 2, &[1.0, 2.0]).inverse()).contains("1×2; expected a square one"));
    }
}
