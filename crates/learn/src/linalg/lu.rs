//! Gaussian elimination: linear systems, inverse and determinant.

use super::Matrix;
use crate::{Error, Result};

/// The X of A·X = B, for A \[n, n\] and B \[n, k\].
///
/// Errors: A is not square, or singular; B has other rows; an entry is not finite. Source: LU with row exchanges.
pub fn solve(a: &Matrix, b: &Matrix) -> Result<Matrix> {
    let n = a.expect_square("solve")?;
    b.expect_finite("solve")?;
    if b.rows() != n {
        return Err(Error::argument("solve", format!("{} on the right of {}; expected {n} rows", b.size(), a.size())));
    }
    let lu = Lu::new(a);
    if let Some(column) = lu.singular {
        let message = format!(
            "{} is singular to working precision: column {column} depends on those before it; lstsq finds the best answer there is",
            a.size()
        );
        return Err(Error::argument("solve", message));
    }
    Ok(lu.solve(b))
}

/// The inverse of A \[n, n\]. To solve a system, [`solve`] is more accurate.
///
/// Errors: A is not square, or singular; an entry is not finite.
pub fn inverse(a: &Matrix) -> Result<Matrix> {
    let n = a.expect_square("inverse")?;
    let lu = Lu::new(a);
    if let Some(column) = lu.singular {
        let message =
            format!("{} is singular to working precision: column {column} depends on those before it", a.size());
        return Err(Error::argument("inverse", message));
    }
    Ok(lu.solve(&Matrix::identity(n)))
}

/// The determinant of A \[n, n\]; 0 if it is singular to working precision, 1 of nothing.
///
/// Errors: A is not square; an entry is not finite.
pub fn det(a: &Matrix) -> Result<f64> {
    let n = a.expect_square("det")?;
    let lu = Lu::new(a);
    if lu.singular.is_some() {
        return Ok(0.0);
    }
    Ok((0..n).map(|i| lu.factors[(i, i)]).product::<f64>() * lu.sign)
}

/// P·A = L·U; L has ones on its diagonal and lies below that of U.
struct Lu {
    factors: Matrix,
    /// Row `i` of P·A is row `order[i]` of A.
    order: Vec<usize>,
    /// The determinant of P.
    sign: f64,
    /// The first column without a pivot.
    singular: Option<usize>,
}

impl Lu {
    fn new(a: &Matrix) -> Self {
        let n = a.rows();
        let mut f = a.clone();
        let (mut order, mut sign, mut singular) = ((0..n).collect::<Vec<_>>(), 1.0, None);
        let scale = a.values().iter().fold(0.0, |max: f64, v| max.max(v.abs()));
        for k in 0..n {
            let pivot = (k..n).max_by(|&i, &j| f[(i, k)].abs().total_cmp(&f[(j, k)].abs())).unwrap_or(k);
            if f[(pivot, k)].abs() <= f64::EPSILON * scale * n as f64 {
                singular = singular.or(Some(k));
                continue;
            }
            if pivot != k {
                (0..n).for_each(|j| f.values.swap(k * n + j, pivot * n + j));
                order.swap(k, pivot);
                sign = -sign;
            }
            for i in k + 1..n {
                let factor = f[(i, k)] / f[(k, k)];
                f[(i, k)] = factor;
                for j in k + 1..n {
                    f[(i, j)] -= factor * f[(k, j)];
                }
            }
        }
        Self { factors: f, order, sign, singular }
    }

    fn solve(&self, b: &Matrix) -> Matrix {
        let (n, f) = (self.order.len(), &self.factors);
        let mut x = Matrix::from_fn(n, b.columns(), |i, j| b[(self.order[i], j)]);
        for column in 0..b.columns() {
            for i in 0..n {
                let known: f64 = (0..i).map(|j| f[(i, j)] * x[(j, column)]).sum();
                x[(i, column)] -= known;
            }
            for i in (0..n).rev() {
                let known: f64 = (i + 1..n).map(|j| f[(i, j)] * x[(j, column)]).sum();
                x[(i, column)] = (x[(i, column)] - known) / f[(i, i)];
            }
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{distance, random};
    use super::*;

    #[test]
    fn a_solution_solves() {
        for n in [1, 2, 3, 7, 20, 60] {
            let (a, b) = (random(n, n, n as u32), random(n, 3, 99));
            assert!(distance(&a.matmul(&solve(&a, &b).unwrap()).unwrap(), &b) < 1e-9, "{n}");
            assert!(distance(&a.matmul(&inverse(&a).unwrap()).unwrap(), &Matrix::identity(n)) < 1e-8, "{n}");
        }
    }

    #[test]
    fn determinants_multiply_and_change_sign() {
        // By hand: 3·(1·9 − 4·2) − 1·(2·9 − 4·0) + 0 = 3 − 18 = −15.
        let by_hand = Matrix::new(3, 3, vec![3.0, 1.0, 0.0, 2.0, 1.0, 4.0, 0.0, 2.0, 9.0]).unwrap();
        assert!((det(&by_hand).unwrap() + 15.0).abs() < 1e-12);
        let (a, b) = (random(6, 6, 1), random(6, 6, 2));
        let product = det(&a.matmul(&b).unwrap()).unwrap();
        assert!((product - det(&a).unwrap() * det(&b).unwrap()).abs() < 1e-10);
        let swapped = Matrix::from_fn(6, 6, |i, j| a[([1, 0, 2, 3, 4, 5][i], j)]);
        assert!((det(&swapped).unwrap() + det(&a).unwrap()).abs() < 1e-12);
        assert_eq!(det(&Matrix::identity(0)).unwrap(), 1.0);
    }

    #[test]
    fn singular_matrices_are_told_apart_from_small_ones() {
        let singular = Matrix::from_fn(3, 3, |i, j| (i + j) as f64);
        assert_eq!(det(&singular).unwrap(), 0.0);
        let error = solve(&singular, &random(3, 1, 1)).unwrap_err().to_string();
        assert!(error.contains("singular") && error.contains("lstsq"), "{error}");
        assert!(inverse(&Matrix::from_fn(2, 2, |_, _| 0.0)).is_err());
        let small = Matrix::from_fn(2, 2, |i, j| if i == j { 1e-30 } else { 0.0 });
        assert!((inverse(&small).unwrap()[(1, 1)] - 1e30).abs() < 1e15);
    }
}
