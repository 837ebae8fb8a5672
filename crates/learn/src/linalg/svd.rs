//! Singular values, and the least squares that they solve.

use super::{
    Matrix,
    qr::{self, Qr},
};
use crate::{Error, Result};

/// A = U·diag(values)·Vᵀ.
#[derive(Clone, Debug, PartialEq)]
pub struct Svd {
    /// Orthonormal columns, \[m, k\] with k = min(m, n).
    pub u: Matrix,
    /// From the largest to the smallest, none negative, \[k\].
    pub values: Vec<f64>,
    /// Orthonormal rows, \[k, n\].
    pub vt: Matrix,
}

/// The singular values and vectors of A \[m, n\]. Signs, and the basis of equal values, are arbitrary but the same in each run.
///
/// Errors: an entry is not finite.
/// Source: QR, then one-sided Jacobi rotations (Demmel and Veselić 1992), which get small values right, too.
pub fn svd(a: &Matrix) -> Result<Svd> {
    a.expect_finite("svd")?;
    if a.rows() < a.columns() {
        let Svd { u, values, vt } = svd(&a.transposed())?;
        return Ok(Svd { u: vt.transposed(), values, vt: u.transposed() });
    }
    let n = a.columns();
    let scale = a.values().iter().fold(0.0, |max: f64, v| max.max(v.abs()));
    let scaled = if scale == 0.0 { a.clone() } else { Matrix::from_fn(a.rows(), n, |i, j| a[(i, j)] / scale) };
    let Qr { q, r } = qr::qr(&scaled)?;
    // Rows of `work` are the columns of R, rows of `v` those of V: rotations run along memory.
    let (mut work, mut v) = (r.transposed(), Matrix::identity(n));
    orthogonalise(&mut work, &mut v)?;
    let lengths: Vec<f64> = (0..n).map(|i| qr::norm(work.row(i))).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| lengths[j].total_cmp(&lengths[i]));
    let unit = |i: usize, j: usize| {
        let length = lengths[order[j]];
        if length > 0.0 { work[(order[j], i)] / length } else { 0.0 }
    };
    let inner = completed(Matrix::from_fn(n, n, unit), order.iter().filter(|&&i| lengths[i] > 0.0).count());
    Ok(Svd {
        u: q.matmul(&inner)?,
        values: order.iter().map(|&i| lengths[i] * scale).collect(),
        vt: Matrix::from_fn(n, n, |i, j| v[(order[i], j)]),
    })
}

/// Rotates pairs of rows of `work` until all are orthogonal, and `v` along with it.
fn orthogonalise(work: &mut Matrix, v: &mut Matrix) -> Result<()> {
    let n = work.rows();
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for i in 0..n {
            for j in i + 1..n {
                let dot = |x: usize, y: usize| work.row(x).iter().zip(work.row(y)).map(|(a, b)| a * b).sum::<f64>();
                let (a, b, c) = (dot(i, i), dot(j, j), dot(i, j));
                if c.abs() <= f64::EPSILON * (a * b).sqrt() || c.abs() < f64::MIN_POSITIVE {
                    continue;
                }
                rotated = true;
                let zeta = (b - a) / (2.0 * c);
                let tangent = 1.0f64.copysign(zeta) / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                rotate(work, i, j, cosine, cosine * tangent);
                rotate(v, i, j, cosine, cosine * tangent);
            }
        }
        if !rotated {
            return Ok(());
        }
    }
    Err(Error::argument("svd", format!("{} did not converge", work.size())))
}

/// It takes six to ten; far more means a mistake here.
const MOST_SWEEPS: usize = 60;

fn rotate(matrix: &mut Matrix, i: usize, j: usize, cosine: f64, sine: f64) {
    let n = matrix.columns();
    let (upper, lower) = matrix.values.split_at_mut(j * n);
    for (x, y) in upper[i * n..(i + 1) * n].iter_mut().zip(&mut lower[..n]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

/// Columns from `known` on replaced by ones that are orthonormal to the rest.
fn completed(matrix: Matrix, known: usize) -> Matrix {
    let n = matrix.columns();
    let mut columns: Vec<Vec<f64>> = (0..known).map(|j| (0..n).map(|i| matrix[(i, j)]).collect()).collect();
    for axis in 0..n {
        if columns.len() == n {
            break;
        }
        let mut candidate: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == axis))).collect();
        // Twice is enough.
        for column in columns.iter().chain(&columns) {
            let along: f64 = column.iter().zip(&candidate).map(|(a, b)| a * b).sum();
            candidate.iter_mut().zip(column).for_each(|(entry, c)| *entry -= along * c);
        }
        let length = qr::norm(&candidate);
        // Among n axes there are always enough that are this far from what there is.
        if length * length * (n as f64) >= 0.5 {
            candidate.iter_mut().for_each(|entry| *entry /= length);
            columns.push(candidate);
        }
    }
    Matrix::from_fn(n, n, |i, j| columns[j][i])
}

/// What [`lstsq`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastSquares {
    /// The solution, \[n, k\]; the shortest one if there are several.
    pub x: Matrix,
    /// How many columns of A are independent.
    pub rank: usize,
    /// The singular values of A, from the largest.
    pub values: Vec<f64>,
}

/// The X \[n, k\] that makes ‖A·X − B‖ smallest, for A \[m, n\] and B \[m, k\]. Singular values below `rcond` times the largest
/// count as 0; `None` stands for max(m, n) times the precision.
///
/// Errors: B has other rows; an entry is not finite.
///
/// ```
/// use gradbook_learn::linalg::{Matrix, lstsq};
/// // The line through (0, 1), (1, 3), (2, 5).
/// let a = Matrix::new(3, 2, vec![0.0, 1.0, 1.0, 1.0, 2.0, 1.0])?;
/// let line = lstsq(&a, &Matrix::new(3, 1, vec![1.0, 3.0, 5.0])?, None)?.x;
/// assert!((line[(0, 0)] - 2.0).abs() < 1e-12 && (line[(1, 0)] - 1.0).abs() < 1e-12);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn lstsq(a: &Matrix, b: &Matrix, rcond: Option<f64>) -> Result<LeastSquares> {
    b.expect_finite("lstsq")?;
    if a.rows() != b.rows() {
        let message = format!("{} and {} on the right; expected {} rows", a.size(), b.size(), a.rows());
        return Err(Error::argument("lstsq", message));
    }
    a.expect_finite("lstsq")?;
    let Svd { u, values, vt } = svd(a)?;
    let rcond = rcond.unwrap_or(f64::EPSILON * a.rows().max(a.columns()) as f64);
    let least = rcond * values.first().copied().unwrap_or(0.0);
    let rank = values.iter().filter(|&&value| value > least).count();
    let along = u.transposed().matmul(b)?;
    let scaled =
        Matrix::from_fn(values.len(), b.columns(), |i, j| if i < rank { along[(i, j)] / values[i] } else { 0.0 });
    Ok(LeastSquares { x: vt.transposed().matmul(&scaled)?, rank, values })
}

#[cfg(test)]
mod tests {
    use super::super::{
        eigh, solve,
        testing::{distance, random, skew},
    };
    use super::*;

    fn product(svd: &Svd) -> Matrix {
        let k = svd.values.len();
        let scaled = Matrix::from_fn(k, svd.vt.columns(), |i, j| svd.values[i] * svd.vt[(i, j)]);
        svd.u.matmul(&scaled).unwrap()
    }

    #[test]
    fn factors_multiply_back_and_are_what_they_say() {
        for (m, n) in [(1, 1), (5, 5), (9, 4), (4, 9), (40, 25), (3, 0)] {
            let a = random(m, n, (m * 7 + n) as u32);
            let svd = svd(&a).unwrap();
            assert!(distance(&product(&svd), &a) < 1e-13 * (m + n) as f64, "{m} {n}");
            assert!(skew(&svd.u) < 1e-12 && skew(&svd.vt.transposed()) < 1e-12);
            assert!(svd.values.iter().rev().is_sorted() && svd.values.iter().all(|&v| v >= 0.0));
        }
    }

    #[test]
    fn singular_values_are_roots_of_eigenvalues() {
        let a = random(12, 6, 4);
        let squares = eigh(&a.transposed().matmul(&a).unwrap()).unwrap().values;
        let values = svd(&a).unwrap().values;
        assert!(values.iter().rev().zip(&squares).all(|(v, s)| (v * v - s).abs() < 1e-12));
    }

    #[test]
    fn what_has_no_full_rank_still_has_orthonormal_factors() {
        for a in [
            Matrix::from_fn(5, 4, |i, j| (i + j) as f64),
            Matrix::from_fn(4, 4, |_, _| 0.0),
            Matrix::from_fn(3, 3, |i, j| 1e-170 * (i * j) as f64),
        ] {
            let svd = svd(&a).unwrap();
            assert!(skew(&svd.u) < 1e-12 && skew(&svd.vt.transposed()) < 1e-12);
            assert!(distance(&product(&svd), &a) < 1e-13);
        }
    }

    #[test]
    fn the_best_answer_leaves_a_rest_that_is_orthogonal() {
        for (m, n) in [(10, 4), (4, 4), (3, 7)] {
            let (a, b) = (random(m, n, 8), random(m, 2, 9));
            let best = lstsq(&a, &b, None).unwrap();
            assert_eq!(best.rank, m.min(n));
            let rest = a.matmul(&best.x).unwrap();
            let rest = Matrix::from_fn(m, 2, |i, j| b[(i, j)] - rest[(i, j)]);
            let seen = a.transposed().matmul(&rest).unwrap();
            assert!(seen.values().iter().all(|v| v.abs() < 1e-12));
            if m == n {
                assert!(distance(&best.x, &solve(&a, &b).unwrap()) < 1e-10);
            }
        }
    }

    #[test]
    fn of_several_answers_the_shortest_is_taken() {
        // Equal columns share the answer equally.
        let a = Matrix::from_fn(4, 2, |i, _| (i + 1) as f64);
        let best = lstsq(&a, &Matrix::from_fn(4, 1, |i, _| 6.0 * (i + 1) as f64), None).unwrap();
        assert_eq!(best.rank, 1);
        assert!(best.x.values().iter().all(|v| (v - 3.0).abs() < 1e-12), "{:?}", best.x);
        assert!(lstsq(&a, &random(3, 1, 1), None).is_err());
    }
}
