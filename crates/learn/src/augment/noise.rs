//! Noise.

use super::{Batch, Draw, Transform};
use crate::Result;
use gradbook_core::Tensor;

/// x + sigma·noise, within 0 … 1 if it is to be clipped.
pub fn additive_noise(x: &Tensor, noise: &Tensor, sigma: f32, clip: bool) -> Result<Tensor> {
    let noisy = x.add(&noise.mul_scalar(sigma)?)?;
    Ok(if clip { noisy.clip(0, 1)? } else { noisy })
}

/// White noise: a normal number for each pixel, independent of all others.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Noise {
    /// Its standard deviation.
    pub sigma: f32,
    /// Whether values are kept within 0 … 1.
    pub clip: bool,
}

impl Default for Noise {
    fn default() -> Self {
        Self { sigma: 0.1, clip: true }
    }
}

impl Transform for Noise {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        let noise = draw.normal(batch.x.shape())?;
        batch.with_x(|x| additive_noise(x, &noise, self.sigma, self.clip))
    }
}
