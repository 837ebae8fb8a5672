//! Losses of two classes: each entry is a question of its own.

use super::{Reduction, same_shape};
use crate::Result;
use gradbook_core::Tensor;

/// −(t log p + (1 − t) log(1 − p)) from probabilities; each logarithm is at least −100. Source: course eq 11 (its sum).
pub fn binary_cross_entropy(probs: &Tensor, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
    same_shape("binary_cross_entropy", probs, target)?;
    let right = target.mul(&bounded_log(probs)?)?;
    let wrong = target.scalar_sub(1)?.mul(&bounded_log(&probs.scalar_sub(1)?)?)?;
    reduction.apply(&right.add(&wrong)?.neg()?)
}

/// The same from logits x: (1 − t)x + (1 + (pos_weight − 1)t) log(1 + e⁻ˣ), times `weight`. Both weights broadcast.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::losses::{Reduction, bce_with_logits};
/// let (x, t) = (Tensor::f32(&[2], &[-200.0, 200.0])?, Tensor::f32(&[2], &[0.0, 1.0])?);
/// let loss = bce_with_logits(&x, &t, None, None, Reduction::Mean)?; // 0
/// # assert_eq!(loss.shape().rank(), 0);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn bce_with_logits(
    logits: &Tensor,
    target: &Tensor,
    pos_weight: Option<&Tensor>,
    weight: Option<&Tensor>,
    reduction: Reduction,
) -> Result<Tensor> {
    same_shape("bce_with_logits", logits, target)?;
    let mut miss = logits.logsigmoid()?.neg()?;
    if let Some(pos_weight) = pos_weight {
        miss = miss.mul(&pos_weight.sub_scalar(1)?.mul(target)?.add_scalar(1)?)?;
    }
    let losses = target.scalar_sub(1)?.mul(logits)?.add(&miss)?;
    let losses = match weight {
        Some(weight) => losses.mul(weight)?,
        None => losses,
    };
    reduction.apply(&losses)
}

/// log p, at least −100; no gradient passes where p is 0.
fn bounded_log(p: &Tensor) -> Result<Tensor> {
    let positive = p.gt_scalar(0)?;
    let log = positive.where_(p, &p.ones_like())?.log()?.maximum_scalar(-100)?;
    Ok(positive.where_(&log, &p.full_like(-100))?)
}
