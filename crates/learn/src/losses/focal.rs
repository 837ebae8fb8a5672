//! Focal losses: easy samples count less (course eq 61 and 62; Lin et al. 2017).

use super::{
    Reduction, bce_with_logits,
    cross_entropy::{check_indices, classes, one_hot},
    same_shape,
};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// α_t (1 − p_t)^γ BCE from logits, where p_t is the probability of the truth; no weighting if `alpha` is negative.
pub fn focal_loss_binary(
    logits: &Tensor,
    target: &Tensor,
    alpha: f32,
    gamma: f32,
    reduction: Reduction,
) -> Result<Tensor> {
    let losses = bce_with_logits(logits, target, None, None, Reduction::None)?;
    // The probability of the untruth: 1 − p_t.
    let untrue = agree(&logits.sigmoid()?, target)?.scalar_sub(1)?;
    let losses = untrue.pow_scalar(gamma)?.mul(&losses)?;
    if alpha < 0.0 {
        return reduction.apply(&losses);
    }
    let weight = agree(&target.full_like(alpha), target)?;
    reduction.apply(&losses.mul(&weight)?)
}

/// −(1 − p_t)^γ log p_t from probabilities. Source: course eq 61 and 62.
pub fn focal_loss_probs(probs: &Tensor, target: &Tensor, gamma: f32, reduction: Reduction) -> Result<Tensor> {
    same_shape("focal_loss_probs", probs, target)?;
    let p = agree(probs, target)?;
    reduction.apply(&p.scalar_sub(1)?.pow_scalar(gamma)?.mul(&p.log()?)?.neg()?)
}

/// −α\[y\] (1 − p_y)^γ log p_y of the softmax, for logits \[N, C, …\] and class indices (i32 \[N, …\]); a mean divides by the
/// number of samples.
pub fn focal_loss_multiclass(
    logits: &Tensor,
    target: &Tensor,
    gamma: f32,
    alpha: Option<&Tensor>,
    reduction: Reduction,
) -> Result<Tensor> {
    const NAME: &str = "focal_loss_multiclass";
    let classes = classes(NAME, logits)?;
    check_indices(NAME, logits, target)?;
    let hit = one_hot(target, classes)?;
    let log_probs = logits.log_softmax(1)?;
    let log_p = hit.where_(&log_probs, &log_probs.zeros_like())?.sum(&[1], false)?;
    let losses = log_p.exp()?.scalar_sub(1)?.pow_scalar(gamma)?.mul(&log_p)?.neg()?;
    let Some(alpha) = alpha else { return reduction.apply(&losses) };
    if alpha.shape()[..] != [classes] {
        let message = format!("alpha has shape {}; expected one for each of {classes} classes", alpha.shape());
        return Err(Error::argument(NAME, message));
    }
    let mut shape = vec![1; logits.shape().rank()];
    shape[1] = -1;
    let alpha = alpha.reshape(&shape)?.broadcast_to(hit.shape())?;
    let weight = hit.where_(&alpha, &alpha.zeros_like())?.sum(&[1], false)?;
    reduction.apply(&losses.mul(&weight)?)
}

/// p t + (1 − p)(1 − t)
fn agree(p: &Tensor, target: &Tensor) -> Result<Tensor> {
    Ok(p.mul(target)?.add(&p.scalar_sub(1)?.mul(&target.scalar_sub(1)?)?)?)
}
