//! Labels that are not to be believed too much.

use super::{Batch, Draw, Transform, within};
use crate::{Error, Result};
use gradbook_core::{DType, Tensor};

/// One-hot vectors with a share `eps` spread over all classes: i32 \[N\] to f32 \[N, classes\].
pub fn label_smooth_onehot(index: &Tensor, classes: usize, eps: f32) -> Result<Tensor> {
    Ok(index.one_hot(classes)?.mul_scalar(1.0 - f64::from(eps))?.add_scalar(f64::from(eps) / classes as f64)?)
}

/// Labels (i32 \[N\]) with others in their place where they are chosen (bool \[N\]).
pub fn label_noise(labels: &Tensor, others: &Tensor, chosen: &Tensor) -> Result<Tensor> {
    Ok(chosen.where_(others, labels)?)
}

/// A share of the labels replaced by one of all classes, drawn evenly: shows what a network makes of wrong labels.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct LabelNoise {
    /// The share of samples.
    pub p: f32,
}

impl Default for LabelNoise {
    fn default() -> Self {
        Self { p: 0.1 }
    }
}

impl Transform for LabelNoise {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        within("labelNoise", "p", self.p, 0.0, 1.0)?;
        let (Some(labels), Some(classes)) = (&batch.labels, batch.classes) else {
            return Err(Error::argument("labelNoise", "there are no class labels to change"));
        };
        if labels.dtype() != DType::I32 || labels.shape().rank() != 1 {
            let message =
                format!("labels are {}{}; expected i32[N], before mixup or cutmix", labels.dtype(), labels.shape());
            return Err(Error::argument("labelNoise", message));
        }
        let others = draw.below(classes)?;
        let labels = label_noise(labels, &others, &draw.chance(self.p)?)?;
        Ok(Batch { labels: Some(labels), ..batch })
    }
}

/// Labels as probabilities, f32 \[N, …\]: class labels become one-hot vectors. None where masks are what is learnt.
///
/// Errors: boxes; neither labels nor masks.
pub(super) fn soft(what: &str, batch: &Batch) -> Result<Option<Tensor>> {
    if batch.boxes.is_some() {
        return Err(Error::argument(what, "boxes cannot be mixed"));
    }
    let Some(labels) = &batch.labels else {
        let none = || Error::argument(what, "there are no labels or masks to mix");
        return batch.masks.as_ref().map(|_| None).ok_or_else(none);
    };
    if labels.dtype() == DType::F32 {
        return Ok(Some(labels.clone()));
    }
    match batch.classes {
        Some(classes) if labels.shape().rank() == 1 => Ok(Some(labels.one_hot(classes)?)),
        _ => Err(Error::argument(
            what,
            format!("labels are {}{}; expected i32[N] of known classes", labels.dtype(), labels.shape()),
        )),
    }
}
