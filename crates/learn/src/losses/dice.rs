//! Dice losses: overlap of masks instead of pixels (Milletari et al. 2016).

use super::{
    cross_entropy::{check_indices, classes, one_hot},
    same_shape,
};
use crate::Result;
use gradbook_core::Tensor;

/// 1 − (2 Σ p t + smooth)/(Σ p + Σ t + smooth) over the whole batch, with p = sigmoid(logits).
pub fn dice_loss(logits: &Tensor, target: &Tensor, smooth: f32) -> Result<Tensor> {
    same_shape("dice_loss", logits, target)?;
    Ok(score(&logits.sigmoid()?, target, &[], smooth)?.scalar_sub(1)?)
}

/// 1 − the mean over classes of the same with p = softmax over axis 1, for class indices (i32 \[N, …\]).
pub fn dice_loss_multiclass(logits: &Tensor, target: &Tensor, smooth: f32) -> Result<Tensor> {
    let classes = classes("dice_loss_multiclass", logits)?;
    check_indices("dice_loss_multiclass", logits, target)?;
    let axes: Vec<isize> = (0..logits.shape().rank() as isize).filter(|&axis| axis != 1).collect();
    let scores = score(&logits.softmax(1)?, &one_hot(target, classes)?.to_f32()?, &axes, smooth)?;
    Ok(scores.mean_all()?.scalar_sub(1)?)
}

/// The overlap over axes (none: all).
fn score(p: &Tensor, t: &Tensor, axes: &[isize], smooth: f32) -> Result<Tensor> {
    let both = p.mul(t)?.sum(axes, false)?.mul_scalar(2)?.add_scalar(smooth)?;
    let each = p.add(t)?.sum(axes, false)?.add_scalar(smooth)?;
    Ok(both.div(&each)?)
}
