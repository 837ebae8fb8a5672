//! Samples with targets, checked before anything learns from them.

use super::permutation;
use crate::{Error, Result};
use gradbook_core::{DType, Runner, Shape, Stored, Tensor, device::LocalFuture, ir::Op};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Samples x \[N, …\] (f32) with one target each: class labels y \[N, …\] (i32) or numbers (f32).
#[derive(Clone, Debug)]
pub struct Dataset {
    name: String,
    shape: Shape,
    /// Shared by clones, so that samples which are moved are moved for all.
    x: Rc<RefCell<Samples>>,
    y: Tensor,
    classes: Option<Rc<[String]>>,
    /// Whether x was found to be free of NaN and infinities.
    finite: Rc<Cell<bool>>,
}

/// Samples that stay on the host: what they are stored in, which rows of it they are, in which order, and what is taken from each batch
/// and by what it is then divided.
pub type Source = (Stored, Rc<[u32]>, Vec<(Tensor, Tensor)>);

/// Where samples are.
#[derive(Clone, Debug)]
pub(crate) enum Samples {
    /// They lie where they are computed on.
    Resident(Tensor),
    /// They stay on the host.
    Streamed(Streamed),
}

/// Samples that stay on the host.
#[derive(Clone, Debug)]
pub(crate) struct Streamed {
    pub stored: Stored,
    /// Which rows, in which order.
    rows: Rc<[u32]>,
    /// \[N, …\] of these.
    pub shape: Shape,
    /// What is taken from each batch, and by what it is then divided.
    scales: Vec<(Tensor, Tensor)>,
}

impl Samples {
    /// All of them.
    pub fn shape(&self) -> &Shape {
        match self {
            Self::Resident(x) => x.shape(),
            Self::Streamed(samples) => &samples.shape,
        }
    }

    /// Those with these numbers, in this order. Named by an index, all that are as many are one program.
    pub fn read<'a>(&'a self, runner: &'a dyn Runner, numbers: &'a [i32]) -> LocalFuture<'a, Result<Tensor>> {
        Box::pin(async move {
            match self {
                Self::Resident(x) => Ok(x.rows("batch", &Tensor::i32(&[numbers.len()], numbers)?)?),
                Self::Streamed(samples) => samples.finished(&samples.gathered(runner, numbers).await?),
            }
        })
    }
}

impl Streamed {
    fn chosen(&self, indices: &[usize]) -> Result<Self> {
        let rows: Rc<[u32]> = indices.iter().map(|&i| self.rows[i]).collect();
        let shape = Shape::new("take", [&[rows.len()], &self.shape[1..]].concat())?;
        Ok(Self { rows, shape, ..self.clone() })
    }

    /// Samples with these numbers as they are stored.
    pub async fn gathered(&self, runner: &dyn Runner, numbers: &[i32]) -> Result<Tensor> {
        let rows: Vec<u32> = numbers.iter().map(|&number| self.rows[number as usize]).collect();
        Ok(runner.rows(&self.stored, &rows).await?)
    }

    /// What a network is to see of stored samples.
    pub fn finished(&self, x: &Tensor) -> Result<Tensor> {
        let step = |x: Tensor, (mean, deviation): &(Tensor, Tensor)| x.sub(mean)?.div(deviation);
        Ok(self.scales.iter().try_fold(x.clone(), step)?)
    }
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
        if x.dtype() != DType::F32 {
            return Err(Error::data(name, format!("x is {}; expected f32", x.dtype())));
        }
        let set = Self::of(name, x.shape().clone(), Samples::Resident(x.clone()), y)?;
        if let Op::Host(data) = &*x.op() {
            if let Some(at) = data.as_f32().iter().position(|v| !v.is_finite()) {
                return Err(set.not_finite(at, data.as_f32()[at]));
            }
            set.finite.set(true);
        }
        Ok(set)
    }

    /// Of samples that stay on the host until they are needed, all at once if they may lie on a device, else batch by batch.
    ///
    /// Errors: another number of targets than samples; targets of other types.
    pub fn stored(name: &str, stored: Stored, y: Tensor) -> Result<Self> {
        let rows = (0..stored.shape()[0] as u32).collect();
        Self::from_source(name, (stored, rows, Vec::new()), y)
    }

    /// As [`Self::source`] gives it. Errors: those of [`Self::stored`]; a row that does not exist.
    pub fn from_source(name: &str, (stored, rows, scales): Source, y: Tensor) -> Result<Self> {
        let all = stored.shape();
        if let Some(row) = rows.iter().find(|&&row| row as usize >= all[0]) {
            return Err(Error::data(name, format!("row {row} of {}", all[0])));
        }
        let shape = Shape::new("data set", [&[rows.len()], &all[1..]].concat())?;
        let samples = Streamed { stored, rows, shape: shape.clone(), scales: scales.clone() };
        let set = Self::of(name, shape, Samples::Streamed(samples), y)?;
        scales.iter().try_for_each(|(mean, deviation)| set.check_scale(mean, deviation))?;
        set.finite.set(true);
        Ok(set)
    }

    fn of(name: &str, shape: Shape, x: Samples, y: Tensor) -> Result<Self> {
        let fail = |message: String| Err(Error::data(name, message));
        if !matches!(y.dtype(), DType::F32 | DType::I32) {
            return fail(format!("y is {}; expected i32 class labels or f32 numbers", y.dtype()));
        }
        let (Some(&samples), Some(&targets)) = (shape.first(), y.shape().first()) else {
            return fail(format!("x has shape {shape}, y {}; expected samples on the first axis", y.shape()));
        };
        if samples != targets {
            return fail(format!("x has {samples} samples, y has {targets}; expected as many targets as samples"));
        }
        if shape.is_empty() {
            return fail(format!("it is empty: x has shape {shape}; expected at least one sample"));
        }
        let x = Rc::new(RefCell::new(x));
        Ok(Self { name: name.to_owned(), shape, x, y, classes: None, finite: Rc::default() })
    }

    /// With a name for each class.
    pub fn with_classes(self, classes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { classes: Some(classes.into_iter().map(Into::into).collect()), ..self }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shape of all samples, \[N, …\].
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The samples \[N, …\]. Errors: they stay on the host; see [`Self::settle`].
    pub fn x(&self) -> Result<Tensor> {
        match &*self.x.borrow() {
            Samples::Resident(x) => Ok(x.clone()),
            Samples::Streamed(samples) => {
                let message = format!(
                    "its samples are {} numbers that stay on the host, of which {} may lie where they are computed on; take(n) gives \
                     fewer of them",
                    self.shape.len(),
                    samples.stored.resident()
                );
                Err(Error::data(&self.name, message))
            }
        }
    }

    /// The samples, if they stay on the host.
    pub(crate) fn streamed(&self) -> Option<Streamed> {
        match &*self.x.borrow() {
            Samples::Resident(_) => None,
            Samples::Streamed(samples) => Some(samples.clone()),
        }
    }

    /// Where the samples stay; none if they lie where they are computed on.
    pub fn source(&self) -> Option<Source> {
        self.streamed().map(|Streamed { stored, rows, scales, .. }| (stored, rows, scales))
    }

    /// The samples with these numbers, in this order, wherever they are. Errors: one that does not exist.
    pub async fn read(&self, runner: &dyn Runner, numbers: &[i32]) -> Result<Tensor> {
        if let Some(number) = numbers.iter().find(|&&i| i < 0 || i as usize >= self.len()) {
            return Err(Error::data(&self.name, format!("sample {number} of {}", self.len())));
        }
        self.samples().read(runner, numbers).await
    }

    pub(crate) fn samples(&self) -> Samples {
        self.x.borrow().clone()
    }

    /// Whether the samples are too many to lie on a device, so that they are read batch by batch.
    pub fn is_streamed(&self) -> bool {
        self.streamed().is_some_and(|samples| samples.shape.len() > samples.stored.resident())
    }

    /// Moves samples that stay on the host to where the runner computes, if they may lie there.
    pub async fn settle(&self, runner: &dyn Runner) -> Result<()> {
        if self.is_streamed() {
            return Ok(());
        }
        let Some(samples) = self.streamed() else { return Ok(()) };
        let x = samples.finished(&runner.rows(&samples.stored, &samples.rows).await?)?;
        *self.x.borrow_mut() = Samples::Resident(x);
        Ok(())
    }

    /// The samples less a mean and then divided by a deviation, which are broadcast. Errors: they are not of one sample \[1, …\].
    pub fn scaled(&self, mean: Tensor, deviation: Tensor) -> Result<Self> {
        self.check_scale(&mean, &deviation)?;
        let samples = match self.samples() {
            Samples::Resident(x) => Samples::Resident(x.sub(&mean)?.div(&deviation)?),
            Samples::Streamed(mut samples) => {
                samples.scales.push((mean, deviation));
                Samples::Streamed(samples)
            }
        };
        Ok(Self { x: Rc::new(RefCell::new(samples)), finite: Rc::default(), ..self.clone() })
    }

    fn check_scale(&self, mean: &Tensor, deviation: &Tensor) -> Result<()> {
        let one = Tensor::input(Shape::new("scaled", [&[1], &self.shape[1..]].concat())?, DType::F32);
        if one.sub(mean)?.div(deviation)?.shape() == one.shape() {
            return Ok(());
        }
        let message = format!(
            "a mean of shape {} and a deviation of shape {} for samples {}; expected what broadcasts to one sample, {}",
            mean.shape(),
            deviation.shape(),
            self.shape,
            one.shape()
        );
        Err(Error::data(&self.name, message))
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
        self.shape[0]
    }

    /// The samples with these numbers, in this order.
    ///
    /// Errors: none, or one that does not exist.
    pub fn take(&self, indices: &[usize]) -> Result<Self> {
        if let Some(index) = indices.iter().find(|&&i| i >= self.len()) {
            return Err(Error::data(&self.name, format!("sample {index} of {}", self.len())));
        }
        let numbers: Vec<i32> = indices.iter().map(|&i| i as i32).collect();
        let index = Tensor::i32(&[numbers.len()], &numbers)?;
        let (x, shape) = match &*self.x.borrow() {
            Samples::Resident(x) => {
                let x = x.rows("take", &index)?;
                (Samples::Resident(x.clone()), x.shape().clone())
            }
            Samples::Streamed(samples) => {
                let samples = samples.chosen(indices)?;
                (Samples::Streamed(samples.clone()), samples.shape)
            }
        };
        let set = Self::of(&self.name, shape, x, self.y.rows("take", &index)?)?;
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

    /// Moves it, as far as it may lie there, to where the runner computes, and looks at its values: no NaN, no infinities, labels (if `classes` are known)
    /// within 0 … classes − 1.
    pub async fn prepare(&self, runner: &dyn Runner, classes: Option<usize>) -> Result<()> {
        self.settle(runner).await?;
        if self.is_streamed() {
            runner.evaluate(std::slice::from_ref(&self.y)).await?;
        } else {
            runner.evaluate(&[self.x()?, self.y.clone()]).await?;
        }
        if !self.finite.get() && !self.is_streamed() {
            let x = self.x()?;
            let bad = x.isnan()?.logical_or(&x.abs()?.gt_scalar(f32::MAX)?)?.to_i32()?.flatten(0, -1)?;
            if runner.read(&bad.amax(&[], false)?).await?.as_i32() == [1] {
                let at = runner.read(&bad.argmax(0, false)?).await?.as_i32()[0] as usize;
                let value = runner.read(&x.flatten(0, -1)?.select(0, at as isize)?).await?.as_f32()[0];
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
        let inner = self.shape.len() / self.len();
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
