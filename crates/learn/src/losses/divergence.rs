//! Distances of distributions.

use super::{CrossEntropy, Reduction, cross_entropy, same_shape};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// p (log p − input), 0 where p = 0: `input` is log q, `target` is p, or log p with `log_target`.
/// The divergence itself is `Reduction::BatchMean`.
pub fn kl_div(input: &Tensor, target: &Tensor, log_target: bool, reduction: Reduction) -> Result<Tensor> {
    same_shape("kl_div", input, target)?;
    if log_target {
        return reduction.apply(&target.exp()?.mul(&target.sub(input)?)?);
    }
    let positive = target.gt_scalar(0)?;
    let log = positive.where_(target, &target.ones_like())?.log()?;
    let losses = positive.where_(&target.mul(&log.sub(input)?)?, &target.zeros_like())?;
    reduction.apply(&losses)
}

/// alpha·T²·KL(softmax(teacher/T) ‖ softmax(student/T)) + (1 − alpha)·cross entropy of the student: logits \[N, C\], class
/// indices (i32 \[N\]), `temperature` T. The teacher is a constant. Source: Hinton et al. 2015.
pub fn distillation_loss(
    student: &Tensor,
    teacher: &Tensor,
    target: &Tensor,
    temperature: f32,
    alpha: f32,
) -> Result<Tensor> {
    if temperature <= 0.0 || temperature.is_nan() {
        let message = format!("temperature is {temperature}; it must be positive");
        return Err(Error::argument("distillation_loss", message));
    }
    let soft = |logits: &Tensor| logits.div_scalar(temperature)?.log_softmax(1);
    let kl = kl_div(&soft(student)?, &soft(&teacher.detach()?)?, true, Reduction::BatchMean)?;
    let hard = cross_entropy(student, target, &CrossEntropy::default(), Reduction::Mean)?;
    Ok(kl.mul_scalar(alpha * temperature * temperature)?.add(&hard.mul_scalar(1.0 - alpha)?)?)
}
