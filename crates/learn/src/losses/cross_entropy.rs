//! Losses of classification.

use super::Reduction;
use crate::{Error, Result};
use gradbook_core::{DType, Tensor};

/// Options of [`cross_entropy`].
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct CrossEntropy {
    /// A weight for each class.
    pub weight: Option<Vec<f32>>,
    /// Share of the target that is spread evenly over all classes.
    pub label_smoothing: f32,
    /// Samples of this class do not count.
    pub ignore_index: Option<i32>,
}

/// −log softmax(logits)\[target\]. Logits \[N, C, …\]; targets are class indices (i32 \[N, …\]) or probabilities (f32, the shape of
/// the logits). A mean of index targets divides by the summed weights of the targets that count. Source: course eq 13.
///
/// Errors: other shapes or types, a number of weights that is not that of the classes, smoothing outside of 0…1.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::losses::{CrossEntropy, Reduction, cross_entropy};
/// let logits = Tensor::zeros(&[2, 10])?;
/// let loss = cross_entropy(&logits, &Tensor::i32(&[2], &[3, 7])?, &CrossEntropy::default(), Reduction::Mean)?;
/// assert_eq!(loss.shape().rank(), 0); // ln 10
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn cross_entropy(logits: &Tensor, target: &Tensor, options: &CrossEntropy, reduction: Reduction) -> Result<Tensor> {
    const NAME: &str = "cross_entropy";
    let smoothing = f64::from(options.label_smoothing);
    if !(0.0..=1.0).contains(&smoothing) {
        return Err(Error::argument(NAME, format!("labelSmoothing is {smoothing}; expected 0 to 1")));
    }
    let classes = classes(NAME, logits)?;
    let weight = options.weight.as_ref().map(|weights| Tensor::f32(&[weights.len()], weights)).transpose()?;
    if target.dtype() == DType::I32 && smoothing == 0.0 && weight.is_none() && options.ignore_index.is_none() {
        // ln Σ exp(logits − peak) + (peak − right): its gradient needs no sum beyond those of the loss.
        check_indices(NAME, logits, target)?;
        let peak = logits.peak(&[1])?;
        let right = one_hot(target, classes)?.where_(logits, &logits.zeros_like())?.sum(&[1], true)?;
        let sum = logits.sub(&peak)?.exp()?.sum(&[1], true)?;
        let losses = sum.log()?.add(&peak.sub(&right)?)?;
        return reduction.apply(&losses.squeeze(1)?);
    }
    let log_probs = logits.log_softmax(1)?;
    if target.dtype() == DType::F32 {
        super::same_shape(NAME, logits, target)?;
        let soft = target.mul_scalar(1.0 - smoothing)?.add_scalar(smoothing / classes as f64)?;
        let weighted = weigh(&log_probs, weight.as_ref())?;
        let losses = soft.mul(&weighted)?.sum(&[1], false)?.neg()?;
        return reduction.apply(&losses);
    }
    let (losses, counted) = picked(NAME, &log_probs, target, weight.as_ref(), options.ignore_index)?;
    if smoothing == 0.0 {
        return reduce(&losses, counted.as_ref(), reduction);
    }
    let even = weigh(&log_probs, weight.as_ref())?.sum(&[1], false)?.neg()?;
    let even = match options.ignore_index {
        Some(index) => target.ne_scalar(index)?.where_(&even, &even.zeros_like())?,
        None => even,
    };
    let losses = losses.mul_scalar(1.0 - smoothing)?.add(&even.mul_scalar(smoothing / classes as f64)?)?;
    reduce(&losses, counted.as_ref(), reduction)
}

/// −weight\[target\]·log_probs\[target\], for log-probabilities \[N, C, …\] and class indices (i32 \[N, …\]); reduced as
/// [`cross_entropy`].
pub fn nll_loss(log_probs: &Tensor, target: &Tensor, weight: Option<&Tensor>, reduction: Reduction) -> Result<Tensor> {
    let (losses, counted) = picked("nll_loss", log_probs, target, weight, None)?;
    reduce(&losses, counted.as_ref(), reduction)
}

/// Whether class c is the target (bool, \[N, C, …\]), for class indices \[N, …\].
pub fn one_hot(target: &Tensor, classes: usize) -> Result<Tensor> {
    let mut shape = vec![1; target.shape().rank() + 1];
    shape[1] = classes as isize;
    Ok(target.unsqueeze(1)?.eq(&Tensor::arange(classes)?.reshape(&shape)?)?)
}

/// The number of classes on axis 1.
pub(super) fn classes(loss: &str, logits: &Tensor) -> Result<usize> {
    match logits.shape()[..] {
        [_, classes, ..] if classes > 0 => Ok(classes),
        _ => Err(Error::argument(loss, format!("the input has shape {}; expected [N, classes, …]", logits.shape()))),
    }
}

/// An error unless targets are class indices for these logits.
pub(super) fn check_indices(loss: &str, logits: &Tensor, target: &Tensor) -> Result<()> {
    let mut expected = logits.shape().to_vec();
    expected.remove(1);
    if target.dtype() == DType::I32 && target.shape()[..] == expected[..] {
        return Ok(());
    }
    let message = format!(
        "the target is {}{} for an input of shape {}; expected class indices, i32{expected:?}",
        target.dtype(),
        target.shape(),
        logits.shape()
    );
    Err(Error::argument(loss, message))
}

/// For each target the loss, and how much it counts in a mean; none if all count the same.
fn picked(
    loss: &str,
    log_probs: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore: Option<i32>,
) -> Result<(Tensor, Option<Tensor>)> {
    let classes = classes(loss, log_probs)?;
    check_indices(loss, log_probs, target)?;
    if let Some(weight) = weight.filter(|weight| weight.shape()[..] != [classes]) {
        let message = format!("weight has shape {}; expected one for each of {classes} classes", weight.shape());
        return Err(Error::argument(loss, message));
    }
    let mut hit = one_hot(target, classes)?;
    if let Some(index) = ignore {
        hit = hit.logical_and(&target.ne_scalar(index)?.unsqueeze(1)?)?;
    }
    let pick = |values: &Tensor| hit.where_(values, &values.zeros_like())?.sum(&[1], false);
    let losses = pick(&weigh(log_probs, weight)?)?.neg()?;
    if weight.is_none() && ignore.is_none() {
        return Ok((losses, None));
    }
    Ok((losses, Some(pick(&weigh(&log_probs.ones_like(), weight)?)?)))
}

/// Values \[N, C, …\] times a weight for each class.
fn weigh(values: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
    let Some(weight) = weight else { return Ok(values.clone()) };
    let mut shape = vec![1; values.shape().rank()];
    shape[1] = -1;
    Ok(values.mul(&weight.reshape(&shape)?)?)
}

fn reduce(losses: &Tensor, counted: Option<&Tensor>, reduction: Reduction) -> Result<Tensor> {
    match (reduction, counted) {
        (Reduction::Mean, Some(counted)) => Ok(losses.sum_all()?.div(&counted.sum_all()?)?),
        _ => reduction.apply(losses),
    }
}
