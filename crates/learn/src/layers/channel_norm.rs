//! Normalisation across channels and by given numbers: functions without parameters, and layers of them.

use super::{Forward, Layer};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// x/√(mean over channels of x² + eps) on \[N, C, …\]. Source: Karras et al. 2018; course section 17.1.
pub fn pixel_norm(x: &Tensor, eps: f32) -> Result<Tensor> {
    Ok(x.mul(&x.square()?.mean(&[1], true)?.add_scalar(eps)?.rsqrt()?)?)
}

/// x/(k + alpha·mean)^beta, the mean over the squares of `size` neighbouring channels of \[N, C, …\], missing ones counting as 0. As
/// `torch.nn.functional.local_response_norm`. Source: Krizhevsky et al. 2012.
pub fn local_response_norm(x: &Tensor, size: usize, alpha: f32, beta: f32, k: f32) -> Result<Tensor> {
    if size == 0 || x.shape().rank() < 2 {
        let message = format!("size is {size}, x has shape {}; expected a size of at least 1 and [N, C, …]", x.shape());
        return Err(Error::argument("localResponseNorm", message));
    }
    let channels = x.shape()[1];
    let mut widths = vec![[0; 2]; x.shape().rank() - 1];
    widths[0] = [size / 2, (size - 1) / 2];
    let squares = x.square()?.pad(&widths, gradbook_core::ops::PadMode::Constant(0.0))?;
    let shifted = (0..size).map(|i| squares.narrow(1, i, channels)).collect::<gradbook_core::Result<Vec<_>>>()?;
    let sum = shifted[1..].iter().try_fold(shifted[0].clone(), |sum, part| sum.add(part))?;
    let scale = sum.mul_scalar(f64::from(alpha) / size as f64)?.add_scalar(k)?.pow_scalar(-f64::from(beta))?;
    Ok(x.mul(&scale)?)
}

/// Each plane of x \[N, C, H, W\] with the deviation `scale` and mean `shift` \[N, C\] in place of its own:
/// scale·(x − μ)/√(σ² + eps) + shift. Source: Huang and Belongie 2017; course eq 83 divides by σ.
pub fn adain(x: &Tensor, scale: &Tensor, shift: &Tensor, eps: f32) -> Result<Tensor> {
    let centred = x.sub(&x.mean(&[2, 3], true)?)?;
    let unit = centred.mul(&centred.square()?.mean(&[2, 3], true)?.add_scalar(eps)?.rsqrt()?)?;
    let each = |t: &Tensor| t.unsqueeze(-1)?.unsqueeze(-1);
    Ok(unit.mul(&each(scale)?)?.add(&each(shift)?)?)
}

/// (x − mean)/std with one mean and deviation for each channel (axis 1). Source: course eq 25.
pub fn normalise(x: &Tensor, mean: &Tensor, std: &Tensor) -> Result<Tensor> {
    let channels = x.shape().get(1).copied().unwrap_or(0);
    if [mean, std].iter().any(|t| t.shape()[..] != [channels]) {
        let message = format!(
            "x has shape {}, mean {}, std {}; expected one for each channel",
            x.shape(),
            mean.shape(),
            std.shape()
        );
        return Err(Error::argument("normalize", message));
    }
    let mut each = vec![1; x.shape().rank()];
    each[1] = channels as isize;
    Ok(x.sub(&mean.reshape(&each)?)?.div(&std.reshape(&each)?)?)
}

/// [`normalise`] as a layer, so that a network takes images as they are. Source: course section 5.1.
///
/// ```
/// use gradbook_learn::layers::{Normalise, build};
/// let layer = Normalise { mean: vec![0.5; 3], std: vec![0.25; 3] };
/// assert_eq!(build(&layer, &[1, 3, 4, 4], 0)?[..], [1, 3, 4, 4]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Normalise {
    /// The mean of each channel.
    pub mean: Vec<f32>,
    /// The deviation of each channel.
    pub std: Vec<f32>,
}

impl Layer for Normalise {
    fn kind(&self) -> &str {
        "normalize"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let [mean, std] = [&self.mean, &self.std].map(|values| Tensor::f32(&[values.len()], values));
        normalise(x, &mean?, &std?)
    }
}
