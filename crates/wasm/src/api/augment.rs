//! Augmentation outside of training: to be looked at, and for predictions from several views.

use crate::api::list::TensorList;
use crate::api::tensor::Tensor;
use crate::error::Result;
use crate::options::parse;
use gradbook_core as core;
use gradbook_learn::augment::{self, Augment, Batch};
use wasm_bindgen::prelude::*;

/// Samples, labels, masks and boxes on their way; what is absent is an empty list.
#[wasm_bindgen]
pub struct AugmentBatch(Batch);

#[wasm_bindgen]
impl AugmentBatch {
    /// Samples with what is true of them.
    #[wasm_bindgen(constructor)]
    pub fn new(
        x: &Tensor,
        labels: &TensorList,
        masks: &TensorList,
        boxes: &TensorList,
        classes: Option<usize>,
    ) -> Self {
        let one = |list: &TensorList| list.tensors().pop();
        Self(Batch { x: x.0.clone(), labels: one(labels), masks: one(masks), boxes: one(boxes), classes })
    }

    /// The same after a list of transforms with numbers from a seed.
    pub fn apply(&self, list: JsValue, seed: u32) -> Result<Self> {
        let list: Vec<Augment> = parse("augment", list)?;
        Ok(Self(augment::augment(&list, self.0.clone(), core::Tensor::key(seed.into()))?))
    }

    /// Samples, labels, masks and boxes.
    pub fn parts(&self) -> Vec<TensorList> {
        let Batch { x, labels, masks, boxes, .. } = self.0.clone();
        [Some(x), labels, masks, boxes].map(|part| TensorList::from(part.into_iter().collect::<Vec<_>>())).into()
    }
}
