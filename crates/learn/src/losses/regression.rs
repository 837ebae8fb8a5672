//! Losses of numbers: functions of the distance d = input − target.

use super::{Reduction, same_shape};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// |d|. Source: course eq 14 (its sum).
pub fn l1_loss(input: &Tensor, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
    reduction.apply(&distance("l1_loss", input, target)?.abs()?)
}

/// d². Source: course eq 15 (its sum).
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::losses::{Reduction, mse_loss};
/// let error = mse_loss(&Tensor::zeros(&[8, 1])?, &Tensor::zeros(&[8])?, Reduction::Mean).unwrap_err();
/// assert_eq!(error.to_string(), "mse_loss: the input has shape [8, 1], the target [8]; expected equal shapes");
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn mse_loss(input: &Tensor, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
    reduction.apply(&distance("mse_loss", input, target)?.square()?)
}

/// d²/(2β) where |d| < β, else |d| − β/2. Source: Girshick 2015.
pub fn smooth_l1_loss(input: &Tensor, target: &Tensor, beta: f32, reduction: Reduction) -> Result<Tensor> {
    if beta == 0.0 {
        return l1_loss(input, target, reduction);
    }
    positive("smooth_l1_loss", "beta", beta)?;
    let d = distance("smooth_l1_loss", input, target)?;
    let near = d.square()?.div_scalar(2.0 * beta)?;
    let far = d.abs()?.sub_scalar(beta / 2.0)?;
    reduction.apply(&d.abs()?.lt_scalar(beta)?.where_(&near, &far)?)
}

/// d²/2 where |d| < δ, else δ(|d| − δ/2). Source: Huber 1964.
pub fn huber_loss(input: &Tensor, target: &Tensor, delta: f32, reduction: Reduction) -> Result<Tensor> {
    positive("huber_loss", "delta", delta)?;
    let d = distance("huber_loss", input, target)?;
    let near = d.square()?.div_scalar(2)?;
    let far = d.abs()?.sub_scalar(delta / 2.0)?.mul_scalar(delta)?;
    reduction.apply(&d.abs()?.lt_scalar(delta)?.where_(&near, &far)?)
}

fn distance(loss: &str, input: &Tensor, target: &Tensor) -> Result<Tensor> {
    same_shape(loss, input, target)?;
    Ok(input.sub(target)?)
}

fn positive(loss: &str, option: &str, value: f32) -> Result<()> {
    if value > 0.0 {
        return Ok(());
    }
    Err(Error::argument(loss, format!("{option} is {value}; it must be positive")))
}
