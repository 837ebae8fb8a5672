//! Out of focus, and the other way.

use super::{
    Batch, Draw, Transform,
    colour::{blend, jitters},
    images, per_sample, within,
};
use crate::{Error, Result};
use gradbook_core::{Tensor, ops::PadMode};

/// Images \[N, C, H, W\] blurred by a Gaussian of a deviation in pixels (f32 \[N\], or without axes), cut to `kernel` pixels; the border is
/// mirrored. As `torchvision.transforms.functional.gaussian_blur`.
///
/// Errors: an even kernel, or one as large as the image.
pub fn gaussian_blur(x: &Tensor, kernel: usize, sigma: &Tensor) -> Result<Tensor> {
    let [_, _, h, w] = images("gaussianBlur", x)?;
    let half = kernel / 2;
    if kernel.is_multiple_of(2) || half >= h.min(w) {
        let message = format!("kernel is {kernel}; it must be odd, and its half smaller than images of {h}×{w}");
        return Err(Error::argument("gaussianBlur", message));
    }
    let spread = per_sample(sigma, x)?.square()?.mul_scalar(-2)?;
    let weights = (0..kernel).map(|i| spread.scalar_div((i as f64 - half as f64).powi(2))?.exp());
    let weights = weights.collect::<gradbook_core::Result<Vec<_>>>()?;
    let sum = weights[1..].iter().try_fold(weights[0].clone(), |sum, weight| sum.add(weight))?;
    let mut blurred = x.pad(&[[half; 2]; 2], PadMode::Reflect)?;
    for (axis, size) in [(2, h), (3, w)] {
        let parts = weights.iter().enumerate().map(|(i, weight)| blurred.narrow(axis, i, size)?.mul(weight));
        let parts = parts.collect::<gradbook_core::Result<Vec<_>>>()?;
        blurred = parts[1..].iter().try_fold(parts[0].clone(), |sum, part| sum.add(part))?.div(&sum)?;
    }
    Ok(blurred)
}

/// Away from a blurred copy (factor above 1) or towards it, within 0 … 1; the border stays. As torchvision's adjust_sharpness.
pub fn sharpness(x: &Tensor, factor: &Tensor) -> Result<Tensor> {
    let [_, _, h, w] = images("sharpness", x)?;
    if h < 3 || w < 3 {
        return Ok(x.clone());
    }
    let across = |x: &Tensor, axis: isize, n: usize| {
        let part = |i: usize| x.narrow(axis, i, n - 2);
        part(0)?.add(&part(1)?)?.add(&part(2)?)
    };
    // Ones all around and 5 in the middle, of 13.
    let inner = x.narrow(2, 1, h - 2)?.narrow(3, 1, w - 2)?;
    let blurred = across(&across(x, 2, h)?, 3, w)?.add(&inner.mul_scalar(4)?)?.div_scalar(13)?;
    let around = [[1, 1], [1, 1]];
    let inside = inner.ones_like().pad(&around, PadMode::Constant(0.0))?.gt_scalar(0)?;
    let soft = inside.where_(&blurred.pad(&around, PadMode::Constant(0.0))?, x)?;
    blend(x, &soft, factor)
}

/// Each sample blurred by a deviation of its own.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct GaussianBlur {
    /// Pixels along each axis that are looked at; odd.
    pub kernel: usize,
    /// The lowest and the highest deviation, in pixels.
    pub sigma: [f32; 2],
}

impl Default for GaussianBlur {
    fn default() -> Self {
        Self { kernel: 5, sigma: [0.1, 2.0] }
    }
}

impl Transform for GaussianBlur {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        let [low, high] = self.sigma;
        if !(low > 0.0 && high >= low) {
            return Err(Error::argument(
                "gaussianBlur",
                format!("sigma is [{low}, {high}]; expected [lowest, highest] above 0"),
            ));
        }
        let sigma = draw.uniform(low, high)?;
        batch.with_x(|x| gaussian_blur(x, self.kernel, &sigma))
    }
}

jitters! {
    /// Each sample sharper or softer.
    Sharpness: sharpness, "sharpness";
}
