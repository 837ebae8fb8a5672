//! Draws that need more than arithmetic on random bits: host functions, the same on every device.

use super::fan;
use crate::{Error, Result};
use gradbook_core::{Tensor, rng};

/// A weight whose rows (or columns, whichever are fewer) are orthogonal and of length `gain`; a convolution's is seen as
/// `[out, rest]`. Source: Saxe et al. 2014.
pub fn orthogonal(seed: u32, stream: u32, shape: &[usize], gain: f64) -> Result<Tensor> {
    fan(shape)?;
    let count = shape.iter().product();
    let columns = count / shape[0].max(1);
    let gaussian: Vec<f32> = (0..count).map(|i| gaussian(seed, stream, i as u32) as f32).collect();
    Ok(Tensor::f32(shape, &orthogonal_from_gaussian(&gaussian, shape[0], columns, gain)?)?)
}

/// What [`orthogonal`] makes of its random matrix `a` \[rows, columns\]: Q of the QR factorisation (of the transpose if it is
/// wide) with columns times the sign of R's diagonal, times `gain`.
pub fn orthogonal_from_gaussian(a: &[f32], rows: usize, columns: usize, gain: f64) -> Result<Vec<f32>> {
    if a.len() != rows * columns {
        let message = format!("{} values for a matrix [{rows}, {columns}]", a.len());
        return Err(Error::argument("orthogonal", message));
    }
    // Gram–Schmidt, twice over for accuracy; it leaves R's diagonal positive, which is the sign rule.
    let (long, short) = (rows.max(columns), rows.min(columns));
    let at = |i: usize, j: usize| if rows >= columns { i * columns + j } else { j * columns + i };
    let mut q = vec![0f64; a.len()];
    for j in 0..short {
        let mut v: Vec<f64> = (0..long).map(|i| a[at(i, j)].into()).collect();
        for k in (0..j).chain(0..j) {
            let dot: f64 = (0..long).map(|i| q[at(i, k)] * v[i]).sum();
            (0..long).for_each(|i| v[i] -= dot * q[at(i, k)]);
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        (0..long).for_each(|i| q[at(i, j)] = v[i] / norm);
    }
    Ok(q.iter().map(|x| (x * gain) as f32).collect())
}

/// Normal numbers of standard deviation `std`, drawn again until they lie within two of them.
pub fn trunc_normal(seed: u32, stream: u32, shape: &[usize], std: f64) -> Result<Tensor> {
    let count = shape.iter().product::<usize>();
    let inside = |i: usize| {
        let again = (0u32..).map(|round| gaussian(seed ^ round.wrapping_mul(0x9e37_79b9), stream, i as u32));
        again.take(64).find(|x| x.abs() <= 2.0).unwrap_or(0.0)
    };
    let values: Vec<f32> = (0..count).map(|i| (inside(i) * std) as f32).collect();
    Ok(Tensor::f32(shape, &values)?)
}

/// A normal number by the Box–Muller transform.
fn gaussian(seed: u32, stream: u32, index: u32) -> f64 {
    let [a, b] = rng::threefry2x32([seed, HOST], [index, stream]);
    let unit = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
    (-2.0 * unit(a).ln()).sqrt() * (std::f64::consts::TAU * unit(b)).cos()
}

/// Keeps these draws apart from those on the device.
const HOST: u32 = 0x686f_7374;
