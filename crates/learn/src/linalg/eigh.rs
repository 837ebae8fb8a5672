//! Eigenvalues and eigenvectors of symmetric matrices: principal axes, square roots of covariances, curvatures.

use super::Matrix;
use crate::{Error, Result};

/// A = V·diag(values)·Vᵀ.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigh {
    /// From the smallest to the largest, \[n\].
    pub values: Vec<f64>,
    /// Column `i` belongs to value `i`; columns are orthonormal, \[n, n\].
    pub vectors: Matrix,
}

/// The eigenvalues and eigenvectors of a symmetric A \[n, n\]. Signs of vectors, and the basis of equal values, are arbitrary but
/// the same in each run.
///
/// Errors: A is not square or not symmetric; an entry is not finite.
/// Source: Householder tridiagonalisation and implicit QL, as in EISPACK's tred2 and tql2.
///
/// ```
/// use gradbook_learn::linalg::{Matrix, eigh};
/// let pairs = eigh(&Matrix::new(2, 2, vec![2.0, 1.0, 1.0, 2.0])?)?;
/// assert!((pairs.values[0] - 1.0).abs() < 1e-12 && (pairs.values[1] - 3.0).abs() < 1e-12);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn eigh(a: &Matrix) -> Result<Eigh> {
    let n = a.expect_symmetric("eigh")?;
    if n == 0 {
        return Ok(Eigh { values: Vec::new(), vectors: Matrix::identity(0) });
    }
    // Scaled, so that squares neither overflow nor vanish.
    let scale = a.values().iter().fold(0.0, |max: f64, v| max.max(v.abs()));
    if scale == 0.0 {
        return Ok(Eigh { values: vec![0.0; n], vectors: Matrix::identity(n) });
    }
    let mut tri = tridiagonal(&Matrix::from_fn(n, n, |i, j| 0.5 * (a[(i, j)] + a[(j, i)]) / scale));
    diagonal(&mut tri)?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| tri.diagonal[i].total_cmp(&tri.diagonal[j]));
    Ok(Eigh {
        values: order.iter().map(|&i| tri.diagonal[i] * scale).collect(),
        vectors: Matrix::from_fn(n, n, |i, j| tri.basis[(order[j], i)]),
    })
}

/// A = Bᵀ·T·B with T tridiagonal.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// Entry `i` is T\[i, i + 1\]; the last is 0.
    beside: Vec<f64>,
    /// The basis row by row: rotations of neighbours then run along memory.
    basis: Matrix,
}

/// Reflects column after column to two entries.
fn tridiagonal(a: &Matrix) -> Tridiagonal {
    let n = a.rows();
    let mut t = a.clone();
    let mut basis = Matrix::identity(n);
    for k in 0..n.saturating_sub(2) {
        let mut v: Vec<f64> = (k + 1..n).map(|i| t[(i, k)]).collect();
        if v[1..].iter().all(|&entry| entry == 0.0) {
            continue;
        }
        v[0] += super::qr::norm(&v).copysign(v[0]);
        let size = super::qr::norm(&v);
        v.iter_mut().for_each(|entry| *entry /= size);
        // T ← (I − 2vvᵀ)·T·(I − 2vvᵀ) = T − v·wᵀ − w·vᵀ with p = 2·T·v, w = p − (vᵀp)·v.
        let at = |i: usize| k + 1 + i;
        let mut w: Vec<f64> =
            (0..v.len()).map(|i| 2.0 * t.row(at(i))[k + 1..].iter().zip(&v).map(|(x, y)| x * y).sum::<f64>()).collect();
        let along: f64 = v.iter().zip(&w).map(|(x, y)| x * y).sum();
        w.iter_mut().zip(&v).for_each(|(w, v)| *w -= along * v);
        let beta: f64 = v.iter().enumerate().map(|(i, v)| v * t[(at(i), k)]).sum();
        for i in 0..v.len() {
            t[(at(i), k)] -= 2.0 * beta * v[i];
            t[(k, at(i))] = t[(at(i), k)];
            for j in 0..v.len() {
                t[(at(i), at(j))] -= v[i] * w[j] + w[i] * v[j];
            }
        }
        // basis ← (I − 2vvᵀ)·basis
        let mut sums = vec![0.0; n];
        for (i, v) in v.iter().enumerate() {
            sums.iter_mut().zip(basis.row(at(i))).for_each(|(sum, entry)| *sum += v * entry);
        }
        for (i, v) in v.iter().enumerate() {
            let row = &mut basis.values[at(i) * n..(at(i) + 1) * n];
            row.iter_mut().zip(&sums).for_each(|(entry, sum)| *entry -= 2.0 * v * sum);
        }
    }
    let beside = (0..n).map(|i| if i + 1 < n { t[(i + 1, i)] } else { 0.0 }).collect();
    Tridiagonal { diagonal: (0..n).map(|i| t[(i, i)]).collect(), beside, basis }
}

/// Rotates what lies beside the diagonal away, one eigenvalue after the other.
fn diagonal(t: &mut Tridiagonal) -> Result<()> {
    let n = t.diagonal.len();
    for first in 0..n {
        for iteration in 0.. {
            let negligible = |i: &usize| {
                let near = t.diagonal[*i].abs() + t.diagonal[*i + 1].abs();
                t.beside[*i].abs() <= f64::EPSILON * near || t.beside[*i].abs() < f64::MIN_POSITIVE / f64::EPSILON
            };
            let last = (first..n - 1).find(negligible).unwrap_or(n - 1);
            if last == first {
                break;
            }
            if iteration == MOST_ITERATIONS {
                return Err(Error::argument("eigh", format!("eigenvalue {first} did not converge")));
            }
            sweep(t, first, last);
        }
    }
    Ok(())
}

/// It takes two on average; far more means a mistake here.
const MOST_ITERATIONS: usize = 60;

/// One implicit QL step with Wilkinson's shift on the block `first..=last`.
fn sweep(t: &mut Tridiagonal, first: usize, last: usize) {
    let Tridiagonal { diagonal: d, beside: e, basis } = t;
    let n = d.len();
    let half = (d[first + 1] - d[first]) / (2.0 * e[first]);
    let mut g = d[last] - d[first] + e[first] / (half + half.hypot(1.0).copysign(half));
    let (mut sine, mut cosine, mut p) = (1.0, 1.0, 0.0);
    for i in (first..last).rev() {
        let (f, b) = (sine * e[i], cosine * e[i]);
        let r = f.hypot(g);
        e[i + 1] = r;
        if r == 0.0 {
            // The block falls apart here.
            d[i + 1] -= p;
            e[last] = 0.0;
            return;
        }
        (sine, cosine) = (f / r, g / r);
        g = d[i + 1] - p;
        let r = (d[i] - g) * sine + 2.0 * cosine * b;
        p = sine * r;
        d[i + 1] = g + p;
        g = cosine * r - b;
        let (upper, lower) = basis.values[i * n..(i + 2) * n].split_at_mut(n);
        for (x, y) in upper.iter_mut().zip(lower) {
            (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
        }
    }
    d[first] -= p;
    e[first] = g;
    e[last] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::super::testing::{distance, random, skew};
    use super::*;

    fn symmetric(n: usize, seed: u32) -> Matrix {
        let x = random(n, n, seed);
        Matrix::from_fn(n, n, |i, j| x[(i, j)] + x[(j, i)])
    }

    /// The largest entry of A·V − V·diag(values).
    fn residual(a: &Matrix, pairs: &Eigh) -> f64 {
        let scaled = Matrix::from_fn(a.rows(), a.rows(), |i, j| pairs.vectors[(i, j)] * pairs.values[j]);
        distance(&a.matmul(&pairs.vectors).unwrap(), &scaled)
    }

    #[test]
    fn pairs_are_eigenpairs_in_order() {
        for n in [1, 2, 3, 4, 10, 33, 100] {
            let a = symmetric(n, n as u32);
            let pairs = eigh(&a).unwrap();
            assert!(residual(&a, &pairs) < 1e-12 * (n as f64 + 1.0), "{n}: {}", residual(&a, &pairs));
            assert!(skew(&pairs.vectors) < 1e-12);
            assert!(pairs.values.is_sorted());
            let trace: f64 = (0..n).map(|i| a[(i, i)]).sum();
            assert!((pairs.values.iter().sum::<f64>() - trace).abs() < 1e-11 * n as f64);
        }
    }

    #[test]
    fn equal_values_zeros_and_extreme_scales() {
        let projection = Matrix::from_fn(6, 6, |_, _| 1.0);
        let pairs = eigh(&projection).unwrap();
        assert!(pairs.values[..5].iter().all(|v| v.abs() < 1e-14) && (pairs.values[5] - 6.0).abs() < 1e-13);
        assert!(skew(&pairs.vectors) < 1e-13);
        assert_eq!(eigh(&Matrix::from_fn(3, 3, |_, _| 0.0)).unwrap().values, [0.0; 3]);
        assert_eq!(eigh(&Matrix::identity(4)).unwrap().values, [1.0; 4]);
        for scale in [1e-200, 1e200] {
            let a = symmetric(8, 5);
            let scaled = Matrix::from_fn(8, 8, |i, j| a[(i, j)] * scale);
            let (values, scaled) = (eigh(&a).unwrap().values, eigh(&scaled).unwrap().values);
            assert!(values.iter().zip(&scaled).all(|(v, s)| (v - s / scale).abs() < 1e-13));
        }
        let diagonal = Matrix::from_fn(3, 3, |i, j| if i == j { [3.0, -1.0, 2.0][i] } else { 0.0 });
        assert_eq!(eigh(&diagonal).unwrap().values, [-1.0, 2.0, 3.0]);
    }
}
