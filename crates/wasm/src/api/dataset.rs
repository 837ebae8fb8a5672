//! Data sets: samples and targets that stay where they are computed on.

use crate::api::tensor::Tensor;
use crate::error::{Result, Thrown};
use gradbook_core as core;
use gradbook_learn::data;
use wasm_bindgen::prelude::*;

/// Samples with one target each.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Dataset(pub(crate) data::Dataset);

#[wasm_bindgen]
impl Dataset {
    /// A data set with the name that messages call it by, and names for its classes or none.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, x: &Tensor, y: &Tensor, classes: Vec<String>) -> Result<Self> {
        let set = data::Dataset::new(name, x.0.clone(), y.0.clone())?;
        Ok(Self(if classes.is_empty() { set } else { set.with_classes(classes) }))
    }

    /// The same set under a handle of its own.
    #[wasm_bindgen(js_name = clone)]
    pub fn clone_handle(&self) -> Self {
        self.clone()
    }

    /// What messages call it.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        self.0.name().into()
    }

    /// The number of samples.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// The samples.
    #[wasm_bindgen(getter)]
    pub fn x(&self) -> Tensor {
        Tensor(self.0.x().clone())
    }

    /// The targets.
    #[wasm_bindgen(getter)]
    pub fn y(&self) -> Tensor {
        Tensor(self.0.y().clone())
    }

    /// The names of the classes; none if they have none.
    #[wasm_bindgen(getter)]
    pub fn classes(&self) -> Vec<String> {
        self.0.classes().unwrap_or_default().to_vec()
    }

    /// The samples with these numbers, in this order.
    pub fn take(&self, indices: Vec<usize>) -> Result<Self> {
        Ok(Self(self.0.take(&indices)?))
    }

    /// The random order of the samples in an epoch.
    pub fn order(&self, seed: u32, epoch: u32) -> Vec<i32> {
        data::permutation(seed, epoch, self.0.len())
    }

    /// Samples and targets with these numbers (i32), to be gathered where they are used.
    pub fn batch(&self, index: &Tensor) -> Result<Vec<Tensor>> {
        let rows = |table: &core::Tensor| Ok::<_, Thrown>(Tensor(table.rows("batch", &index.0)?));
        Ok(vec![rows(self.0.x())?, rows(self.0.y())?])
    }

    /// For each sample the number of its part, dealt at random by shares, in each class if the labels are given.
    pub fn partition(&self, shares: &[f64], labels: Option<Vec<i32>>, seed: u32) -> Result<Vec<u32>> {
        Ok(self.0.partition(shares, labels.as_deref(), seed)?)
    }

    /// Two sets drawn at random, the first of them with this share.
    pub fn split(&self, share: f64, seed: u32) -> Result<Vec<Self>> {
        let (first, second) = self.0.split(share, seed)?;
        Ok(vec![Self(first), Self(second)])
    }
}
