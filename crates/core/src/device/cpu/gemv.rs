//! The product of a matrix and a vector, where each element of the matrix is used once: nothing is packed.

use super::gemm::Strided;
use super::simd::{Base, Level, Simd};

/// Rows of the matrix that pass the vector together.
const ROWS: usize = 4;
/// Vectors of the result that are summed together.
const VECTORS: usize = 8;

/// `out[i] = Σ_k matrix[first + i, k] · vector[k]`, where the matrix lies side by side along one of its
/// axes. Returns whether it does; if not, nothing was computed.
pub(crate) fn gemv(level: Level, matrix: &Strided<'_>, first: usize, vector: &[f32], out: &mut [f32]) -> bool {
    let along_depth = !out.is_empty() && matrix.along_depth(0).is_some();
    if !along_depth && matrix.along_free().is_none() {
        return false;
    }
    match level {
        Level::Base => product::<Base>(matrix, first, vector, out, along_depth),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a level is only made where the machine has it.
        Level::Avx2 => unsafe { avx2(matrix, first, vector, out, along_depth) },
    }
    true
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(matrix: &Strided<'_>, first: usize, vector: &[f32], out: &mut [f32], along_depth: bool) {
    product::<super::simd::Avx2>(matrix, first, vector, out, along_depth);
}

#[inline(always)]
fn product<S: Simd>(matrix: &Strided<'_>, first: usize, vector: &[f32], out: &mut [f32], along_depth: bool) {
    if along_depth {
        for (i, out) in out.chunks_mut(ROWS).enumerate() {
            // Rows past the end repeat the last one and are dropped.
            let row = |r: usize| matrix.along_depth(first + i * ROWS + r.min(out.len() - 1)).unwrap_or(&[]);
            let rows = core::array::from_fn(row);
            out.copy_from_slice(&dots::<S>(rows, vector)[..out.len()]);
        }
    } else if let Some(rows) = matrix.along_free() {
        let terms = rows.zip(vector);
        let mut done = 0;
        while out.len() - done >= VECTORS * S::LANES {
            columns::<S, VECTORS>(terms.clone(), first + done, &mut out[done..]);
            done += VECTORS * S::LANES;
        }
        while out.len() - done >= S::LANES {
            columns::<S, 1>(terms.clone(), first + done, &mut out[done..]);
            done += S::LANES;
        }
        for (i, out) in out.iter_mut().enumerate().skip(done) {
            *out = terms.clone().fold(0.0, |sum, (row, x)| sum + row[first + i] * x);
        }
    }
}

/// The products of some rows with the vector.
#[inline(always)]
fn dots<S: Simd>(rows: [&[f32]; ROWS], vector: &[f32]) -> [f32; ROWS] {
    let mut sums = [[S::splat(0.0); 2]; ROWS];
    let whole = vector.len() - vector.len() % (2 * S::LANES);
    let rows = rows.map(|row| &row[..vector.len()]);
    for k in (0..whole).step_by(2 * S::LANES) {
        let x = [S::load(&vector[k..]), S::load(&vector[k + S::LANES..])];
        for (sums, row) in sums.iter_mut().zip(rows) {
            sums[0] = S::mul_add(S::load(&row[k..]), x[0], sums[0]);
            sums[1] = S::mul_add(S::load(&row[k + S::LANES..]), x[1], sums[1]);
        }
    }
    core::array::from_fn(|r| {
        let rest: f32 = rows[r][whole..].iter().zip(&vector[whole..]).map(|(a, x)| a * x).sum();
        S::sum(S::add(sums[r][0], sums[r][1])) + rest
    })
}

/// Some vectors of the result, from column `first` on: the sum of rows times numbers.
#[inline(always)]
fn columns<'a, S: Simd, const N: usize>(
    terms: impl Iterator<Item = (&'a [f32], &'a f32)>,
    first: usize,
    out: &mut [f32],
) {
    let mut sums = [S::splat(0.0); N];
    for (row, x) in terms {
        let (row, x) = (&row[first..first + N * S::LANES], S::broadcast(x));
        for (j, sum) in sums.iter_mut().enumerate() {
            *sum = S::mul_add(S::load(&row[j * S::LANES..]), x, *sum);
        }
    }
    for (j, &sum) in sums.iter().enumerate() {
        S::store(&mut out[j * S::LANES..], sum);
    }
}

/// Copies the elements of a source with one free index.
pub(crate) fn copy_vector(source: &Strided<'_>, out: &mut [f32]) {
    if !out.is_empty() {
        source.pack::<1>(0..1, 0..out.len(), out);
    }
}
