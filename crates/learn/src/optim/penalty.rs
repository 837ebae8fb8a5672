//! Terms that keep weights small, and averages of weights.

use super::{bias_correction, blend};
use crate::Result;
use gradbook_core::Tensor;

/// lambda·Σ|w|; the gradient at 0 is 0. Source: course eq 28.
pub fn l1_penalty(weight: &Tensor, lambda: f32) -> Result<Tensor> {
    Ok(weight.abs()?.sum_all()?.mul_scalar(lambda)?)
}

/// lambda·Σw². Source: course eq 29.
pub fn l2_penalty(weight: &Tensor, lambda: f32) -> Result<Tensor> {
    Ok(weight.square()?.sum_all()?.mul_scalar(lambda)?)
}

/// The moving average decay·average + (1 − decay)·weight. With the step's number (f32 without axes, from 1) also the average
/// divided by 1 − decayᵗ, which is fair to one that started at 0.
pub fn ema_weights(average: &Tensor, weight: &Tensor, decay: f32, step: Option<&Tensor>) -> Result<(Tensor, Tensor)> {
    let next = blend(average, weight, decay)?;
    let fair = match step {
        Some(step) => next.div(&bias_correction(decay, step)?)?,
        None => next.clone(),
    };
    Ok((next, fair))
}
