//! Data sets: samples and targets that stay where they are computed on.

use crate::api::list::TensorList;
use crate::api::session::{Session, now};
use crate::api::tensor::Tensor;
use crate::error::Result;
use gradbook_core as core;
use gradbook_learn::data;
use js_sys::{Array, Uint32Array};
use wasm_bindgen::prelude::*;

/// Samples that stay where they were loaded.
#[wasm_bindgen]
pub struct Stored(pub(crate) core::Stored);

/// Samples with one target each.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Dataset(pub(crate) data::Dataset);

#[wasm_bindgen]
impl Dataset {
    /// A data set with the name that messages call it by, and names for its classes or none.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, x: &Tensor, y: &Tensor, classes: Vec<String>) -> Result<Self> {
        Ok(Self(data::Dataset::new(name, x.0.clone(), y.0.clone())?).named(classes))
    }

    /// The same of some rows of samples that stay where they were loaded, or of all, scaled as `scales` says.
    pub fn stored(
        name: &str,
        x: &Stored,
        rows: Option<Vec<u32>>,
        scales: &TensorList,
        y: &Tensor,
        classes: Vec<String>,
    ) -> Result<Self> {
        let scales = scales.tensors().chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        let rows = rows.unwrap_or_else(|| (0..x.0.shape()[0] as u32).collect());
        Ok(Self(data::Dataset::from_source(name, (x.0.clone(), rows.into(), scales), y.0.clone())?).named(classes))
    }

    /// Of samples that do not lie where they are computed on: where they stay, which rows of it they are, and what is taken from them and
    /// by what they are then divided, pair by pair.
    #[wasm_bindgen(getter)]
    pub fn source(&self) -> Option<Array> {
        let (stored, rows, scales) = self.0.source()?;
        let scales: Vec<_> = scales.into_iter().flat_map(|(mean, deviation)| [mean, deviation]).collect();
        let rows = Uint32Array::from(&rows[..]).into();
        Some(Array::of3(&Stored(stored).into(), &rows, &TensorList::from(scales).into()))
    }

    /// Whether the samples are too many to lie where they are computed on.
    #[wasm_bindgen(getter, js_name = isStreamed)]
    pub fn is_streamed(&self) -> bool {
        self.0.is_streamed()
    }

    /// The samples less a mean and then divided by a deviation.
    pub fn scaled(&self, mean: &Tensor, deviation: &Tensor) -> Result<Self> {
        Ok(Self(self.0.scaled(mean.0.clone(), deviation.0.clone())?))
    }

    /// The sizes of the samples, their number first.
    #[wasm_bindgen(getter)]
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape().to_vec()
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

    /// The samples, which are brought to where they are computed on. Errors: they are too many to lie there.
    pub fn x(&self, session: &Session) -> Result<Tensor> {
        now(self.0.settle(&session.runner()))??;
        Ok(Tensor(self.0.x()?))
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

    /// Samples and targets with these numbers, to be gathered where they are used; streamed samples are sent for.
    pub fn batch(&self, session: &Session, numbers: Vec<i32>) -> Result<Vec<Tensor>> {
        let x = now(self.0.read(&session.runner(), &numbers))??;
        let y = self.0.y().rows("batch", &core::Tensor::i32(&[numbers.len()], &numbers)?)?;
        Ok(vec![Tensor(x), Tensor(y)])
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

impl Dataset {
    fn named(self, classes: Vec<String>) -> Self {
        Self(if classes.is_empty() { self.0 } else { self.0.with_classes(classes) })
    }
}
