//! An orthonormal basis of the columns, by reflections.

use super::Matrix;
use crate::Result;

/// A = Q·R.
#[derive(Clone, Debug, PartialEq)]
pub struct Qr {
    /// Orthonormal columns: \[m, k\] with k = min(m, n).
    pub q: Matrix,
    /// Upper triangular, \[k, n\]; the diagonal is not negative.
    pub r: Matrix,
}

/// The factors of A \[m, n\]. That R's diagonal is not negative makes them unique where A has full rank; PyTorch's may differ in
/// the signs of rows.
///
/// Errors: an entry is not finite. Source: Householder reflections.
pub fn qr(a: &Matrix) -> Result<Qr> {
    a.expect_finite("qr")?;
    let (m, n) = (a.rows(), a.columns());
    let k = m.min(n);
    let mut r = a.clone();
    // Reflections I − 2·v·vᵀ, v of unit length from entry `step` on.
    let mut reflections: Vec<Vec<f64>> = Vec::with_capacity(k);
    for step in 0..k {
        let mut v: Vec<f64> = (step..m).map(|i| r[(i, step)]).collect();
        let length = norm(&v);
        // The column goes to −sign(first)·length, so that nothing cancels.
        v[0] += length.copysign(v[0]);
        let size = norm(&v);
        if size > 0.0 {
            v.iter_mut().for_each(|entry| *entry /= size);
            reflect(&mut r, &v, step);
        }
        reflections.push(v);
    }
    let mut q = Matrix::from_fn(m, k, |i, j| f64::from(u8::from(i == j)));
    for (step, v) in reflections.iter().enumerate().rev() {
        reflect(&mut q, v, step);
    }
    let sign: Vec<f64> = (0..k).map(|i| if r[(i, i)] < 0.0 { -1.0 } else { 1.0 }).collect();
    let q = Matrix::from_fn(m, k, |i, j| q[(i, j)] * sign[j]);
    let r = Matrix::from_fn(k, n, |i, j| if i > j { 0.0 } else { r[(i, j)] * sign[i] });
    Ok(Qr { q, r })
}

/// Applies I − 2·v·vᵀ to the rows from `first` on.
fn reflect(matrix: &mut Matrix, v: &[f64], first: usize) {
    for j in 0..matrix.columns() {
        let along: f64 = v.iter().enumerate().map(|(i, entry)| entry * matrix[(first + i, j)]).sum();
        v.iter().enumerate().for_each(|(i, entry)| matrix[(first + i, j)] -= 2.0 * along * entry);
    }
}

/// The length of a vector, without overflow on the way.
pub(super) fn norm(v: &[f64]) -> f64 {
    let scale = v.iter().fold(0.0, |max: f64, entry| max.max(entry.abs()));
    if scale == 0.0 { 0.0 } else { scale * v.iter().map(|entry| (entry / scale).powi(2)).sum::<f64>().sqrt() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{distance, random, skew};
    use super::*;

    #[test]
    fn factors_multiply_back_and_are_what_they_say() {
        for (m, n) in [(1, 1), (4, 4), (9, 3), (3, 8), (30, 20), (0, 2), (2, 0)] {
            let a = random(m, n, (m + 10 * n) as u32);
            let Qr { q, r } = qr(&a).unwrap();
            assert!(distance(&q.matmul(&r).unwrap(), &a) < 1e-13, "{m} {n}");
            assert!(skew(&q) < 1e-13);
            assert!((0..r.rows()).all(|i| r[(i, i)] >= 0.0 && (0..i).all(|j| r[(i, j)] == 0.0)));
        }
    }

    #[test]
    fn dependent_and_huge_columns_do_no_harm() {
        let a = Matrix::from_fn(5, 3, |i, j| if j == 2 { 1e200 * i as f64 } else { i as f64 });
        let Qr { q, r } = qr(&a).unwrap();
        assert!(skew(&q) < 1e-13 && r[(1, 1)].abs() < 1e-13);
        assert!(distance(&q.matmul(&r).unwrap(), &a) < 1e187);
        assert!(skew(&qr(&Matrix::from_fn(3, 2, |_, _| 0.0)).unwrap().q) < 1e-15);
    }
}
