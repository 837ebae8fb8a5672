//! Samples with targets, checked before anything learns from them.

use super::permutation;
use crate::{Error, Result};
use gradbook_core::{DType, Runner, Tensor, ir::Op};
use std::{cell::Cell, rc::Rc};

/// Samples x \[N, …\] (f32) with one target each: class labels y \[N, …\] (i32) or numbers (f32).
#[derive(Clone, Debug)]
pub struct Dataset {
    name: String,
    x: Tensor,
    y: Tensor,
    classes: Option<Rc<[String]>>,
    /// Whether x was found to be free of NaN and infinities.
    finite: Rc<Cell<bool>>,
}

impl Dataset {
    /// A data set, with the name that messages call it by.
    ///
    /// Errors: no samples; another number of targets than samples; other types; NaN or infinities among values that are on
    /// the host (others are looked at when training begins).
    ///
    /// ```
    /// use gradbook_core::Tensor;
    /// use gradbook_learn::data::Dataset;
    /// let error = Dataset::new("digits", Tensor::zeros(&[8, 1, 28, 28])?, Tensor::i32(&[2], &[1, 7])?).unwrap_err();
    /// assert_eq!(error.to_string(), "data set digits: x has 8 samples, y has 2; expected as many targets as samples");
    /// # Ok::<(), gradbook_learn::Error>(())
    /// ```
    pub fn new(name: &str, x: Tensor, y: Tensor) -> Result<Self> {
        let fail = |message: String| Err(Error::data(name, message));
        if x.dtype() != DType::F32 {
            return fail(format!("x is {}; expected f32", x.dtype()));
        }
        if !matches!(y.dtype(), DType::F32 | DType::I32) {
            return fail(format!("y is {}; expected i32 class labels or f32 numbers", y.dtype()));
        }
        let (Some(&samples), Some(&targets)) = (x.shape().first(), y.shape().first()) else {
            return fail(format!("x has shape {}, y {}; expected samples on the first axis", x.shape(), y.shape()));
        };
        if samples != targets {
            return fail(format!("x has {samples} samples, y has {targets}; expected as many targets as samples"));
        }
        if samples == 0 || x.shape().is_empty() {
            return fail(format!("it is empty: x has shape {}; expected at least one sample", x.shape()));
        }
        let set = Self { name: name.to_owned(), x, y, classes: None, finite: Rc::default() };
        if let Op::Host(data) = &*set.x.op() {
            if let Some(at) = data.as_f32().iter().position(|v| !v.is_finite()) {
                return Err(set.not_finite(at, data.as_f32()[at]));
            }
            set.finite.set(true);
        }
        Ok(set)
    }

    /// With a name for each class.
    pub fn with_classes(self, classes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { classes: Some(classes.into_iter().map(Into::into).collect()), ..self }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The samples \[N, …\].
    pub fn x(&self) -> &Tensor {
        &self.x
    }

    /// The targets \[N, …\].
    pub fn y(&self) -> &Tensor {
        &self.y
    }

    /// Names of the classes.
    pub fn classes(&self) -> Option<&[String]> {
        self.classes.as_deref()
    }

    /// The number of samples, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.x.shape()[0]
    }

    /// The samples with these numbers, in this order.
    ///
    /// Errors: none, or one that does not exist.
    pub fn take(&self, indices: &[usize]) -> Result<Self> {
        if let Some(index) = indices.iter().find(|&&i| i >= self.len()) {
            return Err(Error::data(&self.name, format!("sample {index} of {}", self.len())));
        }
        let indices: Vec<i32> = indices.iter().map(|&i| i as i32).collect();
        let index = Tensor::i32(&[indices.len()], &indices)?;
        let set = Self::new(&self.name, self.x.rows("take", &index)?, self.y.rows("take", &index)?)?;
        set.finite.set(self.finite.get());
        Ok(Self { classes: self.classes.clone(), ..set })
    }

    /// Two sets drawn at random: the first has `share` of the samples (0…1), the second the others.
    ///
    /// Errors: one of them would be empty.
    ///
    /// ```
    /// use gradbook_core::Tensor;
    /// use gradbook_learn::data::Dataset;
    /// let set = Dataset::new("toy", Tensor::zeros(&[10, 2])?, Tensor::i32(&[10], &[0; 10])?)?;
    /// let (train, validation) = set.split(0.8, 42)?;
    /// assert_eq!((train.len(), validation.len()), (8, 2));
    /// # Ok::<(), gradbook_learn::Error>(())
    /// ```
    pub fn split(&self, share: f64, seed: u32) -> Result<(Self, Self)> {
        let first = (share * self.len() as f64).round();
        if !(1.0..self.len() as f64).contains(&first) {
            let message =
                format!("{share} of {} samples leaves one part empty; expected a share between 0 and 1", self.len());
            return Err(Error::data(&self.name, message));
        }
        let order: Vec<usize> = permutation(seed, 0, self.len()).into_iter().map(|i| i as usize).collect();
        let (a, b) = order.split_at(first as usize);
        Ok((self.take(a)?, self.take(b)?))
    }

    /// For each sample the number of its part, dealt at random by `shares` of 1; with the labels of all samples, by the same
    /// shares in each class. See [`partition`](super::partition).
    ///
    /// Errors: shares that are not above 0 or not 1 together, a part that would be empty, labels of other samples.
    pub fn partition(&self, shares: &[f64], labels: Option<&[i32]>, seed: u32) -> Result<Vec<u32>> {
        super::partition(self.len(), shares, labels, seed).map_err(|message| Error::data(&self.name, message))
    }

    /// Moves it to where the runner computes and looks at its values: no NaN, no infinities, labels (if `classes` are known)
    /// within 0 … classes − 1.
    pub async fn prepare(&self, runner: &dyn Runner, classes: Option<usize>) -> Result<()> {
        runner.evaluate(&[self.x.clone(), self.y.clone()]).await?;
        if !self.finite.get() {
            let bad = self.x.isnan()?.logical_or(&self.x.abs()?.gt_scalar(f32::MAX)?)?.to_i32()?.flatten(0, -1)?;
            if runner.read(&bad.amax(&[], false)?).await?.as_i32() == [1] {
                let at = runner.read(&bad.argmax(0, false)?).await?.as_i32()[0] as usize;
                let value = runner.read(&self.x.flatten(0, -1)?.select(0, at as isize)?).await?.as_f32()[0];
                return Err(self.not_finite(at, value));
            }
            self.finite.set(true);
        }
        let Some(classes) = classes.filter(|_| self.y.dtype() == DType::I32) else { return Ok(()) };
        let range = Tensor::stack(&[&self.y.amin(&[], false)?, &self.y.amax(&[], false)?], 0)?;
        let range = runner.read(&range).await?;
        let bad = range.as_i32().iter().find(|&&label| label < 0 || label >= classes as i32);
        bad.map_or(Ok(()), |label| {
            let message = format!(
                "there is a label {label}; the model tells {classes} classes apart, so labels are 0 to {}",
                classes - 1
            );
            Err(Error::data(&self.name, message))
        })
    }

    fn not_finite(&self, at: usize, value: f32) -> Error {
        let inner = self.x.shape().len() / self.len();
        let message =
            format!("x holds {value} in sample {} (entry {}); expected finite numbers", at / inner, at % inner);
        Error::data(&self.name, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_values_are_named_with_their_place() {
        let x = Tensor::f32(&[2, 2], &[0.0, 1.0, 2.0, f32::NAN]).unwrap();
        let error = Dataset::new("toy", x, Tensor::i32(&[2], &[0, 1]).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "data set toy: x holds NaN in sample 1 (entry 1); expected finite numbers");
    }

    #[test]
    fn an_empty_set_is_refused() {
        let error = Dataset::new("toy", Tensor::zeros(&[0, 3]).unwrap(), Tensor::i32(&[0], &[]).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "data set toy: it is empty: x has shape [0, 3]; expected at least one sample");
    }

    #[test]
    fn a_split_keeps_all_samples() {
        let set = Dataset::new("toy", Tensor::zeros(&[10, 3]).unwrap(), Tensor::i32(&[10], &[0; 10]).unwrap()).unwrap();
        let (a, b) = set.split(0.8, 1).unwrap();
        assert_eq!((a.len(), b.len()), (8, 2));
        assert!(set.split(1.0, 1).is_err());
    }
}
