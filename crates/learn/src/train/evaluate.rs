//! Looking at a model without changing it.

use super::{
    body::pair,
    tally::{self, Tally},
};
use crate::{
    Error, Result,
    data::{Dataset, Samples, Window, advance},
    layers::{Forward, Layer, Params, build},
    losses::Loss,
    metrics::{Accuracy, Confusion, hits},
};
use gradbook_core::{DType, LoopRun, LoopSpec, Runner, Shape, Tensor, device::LocalFuture};

/// How well a model does on a data set.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Score {
    /// The mean loss.
    pub loss: f32,
    /// The share of right answers, if there are right answers.
    pub accuracy: Option<f32>,
}

/// The mean loss and the share of right answers over a data set, `batch` samples at a time, all counted where they are computed.
///
/// Errors: shapes and types that do not fit the model or the loss; what [`Dataset::prepare`] finds; a stop.
///
/// ```
/// use gradbook_core::{LocalRunner, Tensor, device::interp::Interp};
/// use gradbook_learn::{data::Dataset, layers::Linear, losses::Loss, train::evaluate};
/// let data = Dataset::new("toy", Tensor::zeros(&[5, 4])?, Tensor::i32(&[5], &[0, 1, 2, 0, 0])?)?;
/// let runner = LocalRunner::native(Interp::new());
/// let score = pollster::block_on(evaluate(&runner, &Linear::new(3), &data, &Loss::default(), 2))?;
/// assert_eq!(score.accuracy, Some(0.6)); // all scores are equal: class 0
/// assert!((score.loss - 3f32.ln()).abs() < 1e-6);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub async fn evaluate(
    runner: &dyn Runner,
    model: &dyn Layer,
    data: &Dataset,
    loss: &Loss,
    batch: usize,
) -> Result<Score> {
    let classes = prepare(runner, model, &sample(data, batch), loss, 0).await?;
    data.prepare(runner, classes).await?;
    let passes = Passes::begin(runner, model, data, loss, batch, false).await?;
    Ok(passes.run(runner).await?.0)
}

/// What a model makes of each sample of x \[N, …\], `batch` samples at a time.
///
/// Errors: no samples; a batch of 0; shapes that do not fit the model.
///
/// ```
/// use gradbook_core::{LocalRunner, Tensor, device::interp::Interp};
/// use gradbook_learn::{layers::Linear, train::predict};
/// let runner = LocalRunner::native(Interp::new());
/// let y = pollster::block_on(predict(&runner, &Linear::new(3), &Tensor::zeros(&[10, 4])?, 4))?;
/// assert_eq!(y.shape()[..], [10, 3]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub async fn predict(runner: &dyn Runner, model: &dyn Layer, x: &Tensor, batch: usize) -> Result<Tensor> {
    predict_from(runner, model, Samples::Resident(x.clone()), batch).await
}

/// What a model makes of each sample of a data set, `batch` samples at a time; the samples may be streamed.
///
/// Errors: those of [`predict`].
pub async fn predict_all(runner: &dyn Runner, model: &dyn Layer, data: &Dataset, batch: usize) -> Result<Tensor> {
    data.settle(runner).await?;
    predict_from(runner, model, data.samples(), batch).await
}

fn predict_from<'a>(
    runner: &'a dyn Runner,
    model: &'a dyn Layer,
    x: Samples,
    batch: usize,
) -> LocalFuture<'a, Result<Tensor>> {
    Box::pin(predictions(runner, model, x, batch))
}

async fn predictions(runner: &dyn Runner, model: &dyn Layer, x: Samples, batch: usize) -> Result<Tensor> {
    let Some((&samples, inner)) = x.shape().split_first() else {
        return Err(Error::argument("predict", "x has no axes; expected samples on the first"));
    };
    if samples == 0 || batch == 0 {
        let message = format!("x has shape {}, batchSize is {batch}; expected at least one sample", x.shape());
        return Err(Error::argument("predict", message));
    }
    build(model, &[&[batch.min(samples)], inner].concat(), 0)?;
    let mut given = Params::of(model).values();
    if let Samples::Resident(x) = &x {
        given.push(x.clone());
    }
    runner.evaluate(&given).await?;
    let mut parts = Vec::new();
    for start in (0..samples).step_by(batch) {
        let numbers: Vec<i32> = (start as i32..samples.min(start + batch) as i32).collect();
        let output = model.forward(&x.read(runner, &numbers).await?, &mut Forward::evaluation())?;
        runner.evaluate(std::slice::from_ref(&output)).await?;
        parts.push(output);
    }
    if let [output] = &parts[..] {
        return Ok(output.clone());
    }
    let output = Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)?;
    runner.evaluate(std::slice::from_ref(&output)).await?;
    Ok(output)
}

/// The shape of a batch.
pub(super) fn sample(data: &Dataset, batch: usize) -> Vec<usize> {
    [&[batch.clamp(1, data.len())], &data.shape()[1..]].concat()
}

/// Draws what the model lacks for an input shape, computes its parameters, and tells how many classes labels may name, if the loss takes
/// labels.
pub(super) async fn prepare(
    runner: &dyn Runner,
    model: &dyn Layer,
    input: &[usize],
    loss: &Loss,
    seed: u32,
) -> Result<Option<usize>> {
    let output = build(model, input, seed)?;
    runner.evaluate(&Params::of(model).values()).await?;
    let labels = match loss {
        Loss::CrossEntropy(options) => options.ignore_index.is_none(),
        Loss::MultiMargin { .. } | Loss::Focal { .. } | Loss::Dice { .. } => true,
        _ => false,
    };
    Ok(output.get(1).copied().filter(|_| labels))
}

/// Passes over a data set that can be made again and again: one loop over full batches, one over the rest.
pub(super) struct Passes {
    loops: Vec<Pass>,
    samples: usize,
    targets: usize,
    counts: bool,
    /// How many classes are counted; 0 if they are not.
    classes: usize,
}

struct Pass {
    run: LoopRun,
    steps: usize,
    window: Option<Window>,
    /// The samples of all steps.
    order: Vec<i32>,
}

impl Passes {
    pub async fn begin(
        runner: &dyn Runner,
        model: &dyn Layer,
        data: &Dataset,
        loss: &Loss,
        batch: usize,
        count_classes: bool,
    ) -> Result<Self> {
        let samples = data.len();
        let size = batch.clamp(1, samples);
        let (full, rest) = (samples / size, samples % size);
        let mut passes =
            Self { loops: Vec::new(), samples, targets: data.y().shape().len(), counts: false, classes: 0 };
        for (start, size, steps) in [(0, size, full), (full * size, rest, 1)] {
            if size > 0 {
                let window = Window::over(data, size, steps);
                let Body { spec, counts, classes } =
                    body(model, data, loss, window.as_ref(), start, size, count_classes)?;
                let order = (start as i32..(start + size * steps) as i32).collect();
                passes.loops.push(Pass { run: runner.begin(&spec).await?, steps, window, order });
                (passes.counts, passes.classes) = (counts, classes);
            }
        }
        Ok(passes)
    }

    /// One pass with the present parameters, and its counts of classes if they are wanted. Errors: it was stopped.
    pub async fn run(&self, runner: &dyn Runner) -> Result<(Score, Option<Confusion>)> {
        let (mut loss, mut right) = (0.0, 0.0);
        let mut tally = Tally::new(self.classes);
        for pass in &self.loops {
            let [step, sums, samples @ ..] = &pass.run.state[..] else { unreachable!("the body has two states") };
            runner.assign(step, &Tensor::i32(&[], &[0])?).await?;
            runner.assign(sums, &Tensor::zeros(&[2 + self.classes * self.classes])?).await?;
            let window = pass.window.as_ref().zip(samples.first());
            if advance(runner, &pass.run, window, &pass.order, 0..pass.steps).await? {
                return Err(gradbook_core::Error::Stopped.into());
            }
            let sums = runner.read(sums).await?;
            loss += f64::from(sums.as_f32()[0]);
            right += f64::from(sums.as_f32()[1]);
            tally.add(&sums.as_f32()[2..]);
        }
        let accuracy = self.counts.then_some((right / self.targets as f64) as f32);
        Ok((Score { loss: (loss / self.samples as f64) as f32, accuracy }, tally.confusion()))
    }
}

struct Body {
    spec: LoopSpec,
    /// Whether there are right answers.
    counts: bool,
    /// How many classes are counted.
    classes: usize,
}

/// A step over samples start + step·size …, which adds up their loss and right answers, and counts their classes if that is wanted.
fn body(
    model: &dyn Layer,
    data: &Dataset,
    loss: &Loss,
    window: Option<&Window>,
    start: usize,
    size: usize,
    count_classes: bool,
) -> Result<Body> {
    let step = LoopSpec::placeholder(&Shape::default(), DType::I32);
    let index = step.mul_scalar(size as f64)?.add_scalar(start as f64)?.add(&Tensor::arange(size)?)?;
    let samples = window.map(Window::placeholder).transpose()?;
    let x = match (window, &samples) {
        (Some(window), Some(samples)) => window.batch(samples, &step)?,
        _ => data.x()?.rows("batch", &index)?,
    };
    let y = data.y().rows("batch", &index)?;
    let output = model.forward(&x, &mut Forward::evaluation())?;
    let counts = Accuracy::applies(&output, &y);
    let right = if counts { hits(&output, &y)? } else { Tensor::scalar(0.0) };
    let total = loss.mean(&output, &y)?.mul_scalar(size as f64)?;
    let classes = if count_classes { tally::classes(&output, &y)? } else { 0 };
    let found = match classes {
        0 => pair(&total, &right)?,
        _ => Tensor::concat(&[&pair(&total, &right)?, &tally::counts(&output, &y, classes)?], 0)?,
    };
    let sums = LoopSpec::placeholder(found.shape(), DType::F32);
    let mut spec = LoopSpec::default();
    let after = step.add_scalar(1)?;
    let added = sums.add(&found)?;
    spec.push(step, Tensor::i32(&[], &[0])?, Some(after));
    let zeros = Tensor::zeros(sums.shape())?;
    spec.push(sums, zeros, Some(added));
    if let Some(samples) = samples {
        spec.push(samples.clone(), samples.zeros_like(), None);
    }
    Ok(Body { spec, counts, classes })
}
