//! The square root of a covariance.

use super::Matrix;
use crate::{Error, Result};

/// The lower triangular L \[n, n\] with L·Lᵀ = A and a positive diagonal.
///
/// Errors: A is not square, not symmetric, or not positive definite; an entry is not finite.
///
/// ```
/// use gradbook_learn::linalg::{Matrix, cholesky};
/// let l = cholesky(&Matrix::new(2, 2, vec![4.0, 2.0, 2.0, 2.0])?)?;
/// assert_eq!(l.values(), [2.0, 0.0, 1.0, 1.0]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn cholesky(a: &Matrix) -> Result<Matrix> {
    let n = a.expect_symmetric("cholesky")?;
    let mut l = Matrix::from_fn(n, n, |_, _| 0.0);
    for j in 0..n {
        for i in j..n {
            let known: f64 = (0..j).map(|k| l[(i, k)] * l[(j, k)]).sum();
            let rest = a[(i, j)] - known;
            if i > j {
                l[(i, j)] = rest / l[(j, j)];
            } else if rest > 0.0 {
                l[(j, j)] = rest.sqrt();
            } else {
                let message = format!(
                    "{} is not positive definite: step {j} leaves {rest}; a small multiple of the identity added to it may help",
                    a.size()
                );
                return Err(Error::argument("cholesky", message));
            }
        }
    }
    Ok(l)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{distance, random};
    use super::*;

    #[test]
    fn the_root_squares_back() {
        for n in [1, 2, 5, 40] {
            let x = random(n + 3, n, n as u32);
            let a = x.transposed().matmul(&x).unwrap();
            let l = cholesky(&a).unwrap();
            assert!(distance(&l.matmul(&l.transposed()).unwrap(), &a) < 1e-12 * (n + 3) as f64);
            assert!((0..n).all(|i| l[(i, i)] > 0.0 && (i + 1..n).all(|j| l[(i, j)] == 0.0)));
        }
    }

    #[test]
    fn an_indefinite_matrix_is_refused() {
        let error = cholesky(&Matrix::new(2, 2, vec![1.0, 2.0, 2.0, 1.0]).unwrap()).unwrap_err().to_string();
        assert!(error.contains("not positive definite: step 1 leaves -3"), "{error}");
    }
}
