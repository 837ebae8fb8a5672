//! Several tensors as one argument or result.

use crate::api::tensor::Tensor;
use crate::error::{Result, Thrown};
use gradbook_core as core;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// Tensors in a row.
#[wasm_bindgen]
#[derive(Default)]
pub struct TensorList(RefCell<Vec<core::Tensor>>);

#[wasm_bindgen]
impl TensorList {
    /// No tensors, so far.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one at the end.
    pub fn push(&self, tensor: &Tensor) {
        self.0.borrow_mut().push(tensor.0.clone());
    }

    /// How many there are.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.0.borrow().len()
    }

    /// The one at an index.
    pub fn at(&self, index: usize) -> Result<Tensor> {
        let found = self.0.borrow().get(index).cloned().map(Tensor);
        found.ok_or_else(|| Thrown::argument(format!("there is no tensor {index} in a list of {}", self.length())))
    }
}

impl TensorList {
    pub(crate) fn tensors(&self) -> Vec<core::Tensor> {
        self.0.borrow().clone()
    }
}

impl From<Vec<core::Tensor>> for TensorList {
    fn from(tensors: Vec<core::Tensor>) -> Self {
        Self(RefCell::new(tensors))
    }
}
