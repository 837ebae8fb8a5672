//! Weights divided by the most that they stretch a vector (course section 16.7).

use crate::{Error, Result};
use gradbook_core::Tensor;

/// A weight whose largest singular value is about 1, and how it was found.
#[derive(Clone, Debug)]
pub struct SpectralNorm {
    /// The weight divided by `sigma`.
    pub weight: Tensor,
    /// The estimate of the largest singular value, without axes.
    pub sigma: Tensor,
    /// The left vector after the iterations, which the next step begins with: \[out\].
    pub u: Tensor,
    /// The right vector: \[rest\].
    pub v: Tensor,
}

/// Power iterations from `u` \[out\] on a weight \[out, …\]: v = Wᵀu/‖Wᵀu‖, u = Wv/‖Wv‖; sigma = uᵀWv. Both vectors are constants for the
/// gradient. Source: Miyato et al. 2018.
///
/// Errors: no iteration; a vector of another length.
pub fn spectral_norm(weight: &Tensor, u: &Tensor, iterations: usize, eps: f32) -> Result<SpectralNorm> {
    let out = weight.shape().first().copied().unwrap_or(0);
    if iterations == 0 || u.shape()[..] != [out] {
        let message = format!("the weight has shape {}, u {}, iterations is {iterations}", weight.shape(), u.shape());
        return Err(Error::argument("spectralNorm", message));
    }
    let flat = weight.reshape(&[out as isize, -1])?;
    let fixed = flat.detach()?;
    let unit = |x: Tensor| x.div(&x.square()?.sum_all()?.sqrt()?.maximum_scalar(eps)?);
    let (mut left, mut right) = (u.detach()?, None);
    for _ in 0..iterations {
        let v = unit(fixed.t()?.matmul(&left)?)?;
        left = unit(fixed.matmul(&v)?)?;
        right = Some(v);
    }
    let v = right.expect("at least one iteration");
    let sigma = left.dot(&flat.matmul(&v)?)?;
    Ok(SpectralNorm { weight: weight.div(&sigma)?, sigma, u: left, v })
}
