//! The share of right answers.

use crate::Result;
use gradbook_core::{DType, Tensor};

/// The share of samples whose largest score is that of their class. Unit: a share of 1; higher is better.
///
/// The counters \[hits, seen\] (f32) live on the device; [`Accuracy::update`] adds to them without reading back.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::metrics::Accuracy;
/// let scores = Tensor::f32(&[2, 3], &[0.1, 0.7, 0.2, 0.9, 0.0, 0.1])?;
/// let counters = Accuracy::update(&Accuracy::start()?, &scores, &Tensor::i32(&[2], &[1, 2])?)?; // [1, 2]
/// assert_eq!(Accuracy::value(&[1.0, 2.0]), 0.5);
/// # assert_eq!(counters.shape()[..], [2]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Accuracy;

impl Accuracy {
    /// Nothing seen.
    pub fn start() -> Result<Tensor> {
        Ok(Tensor::zeros(&[2])?)
    }

    /// The counters after scores \[N, classes, …\] for labels y (i32 \[N, …\]).
    pub fn update(counters: &Tensor, scores: &Tensor, y: &Tensor) -> Result<Tensor> {
        let seen = Tensor::scalar(y.shape().len() as f32);
        Ok(counters.add(&Tensor::stack(&[&hits(scores, y)?, &seen], 0)?)?)
    }

    /// The share that the counters say.
    pub fn value(counters: &[f32; 2]) -> f32 {
        counters[0] / counters[1]
    }

    /// Whether there is such a thing as a right answer for these outputs and targets.
    pub fn applies(scores: &Tensor, y: &Tensor) -> bool {
        y.dtype() == DType::I32 && scores.shape().rank() == y.shape().rank() + 1
    }
}

/// How many samples have their largest score at their label, f32 without axes.
pub fn hits(scores: &Tensor, y: &Tensor) -> Result<Tensor> {
    Ok(scores.argmax(1, false)?.eq(y)?.to_f32()?.sum_all()?)
}
