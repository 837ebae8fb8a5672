//! One step of training as the body of a loop: batch, forward, gradient, optimiser, log. Nothing in it comes from the host.

use super::FitOptions;
use crate::{
    Error, Result,
    data::Dataset,
    layers::{Forward, Layer, Params, Role},
    metrics::{Accuracy, hits},
    optim::{Clip, Now, Optimiser, update},
};
use gradbook_core::{DType, LoopSpec, Shape, Tensor, runner::State};
use rustc_hash::FxHashSet;
use std::ops::Range;

/// What is trained, on what and how.
pub(super) struct Task<'a> {
    pub model: &'a dyn Layer,
    pub params: &'a Params,
    pub data: &'a Dataset,
    pub options: &'a FitOptions,
    pub optimiser: &'a Optimiser,
}

/// Which steps of an epoch a loop makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batches {
    /// Samples in a step.
    pub size: usize,
    /// How many steps of this size an epoch has.
    pub count: usize,
    /// How many steps of any size an epoch has; the loop's come first, or it makes the last one.
    pub of: usize,
    /// Whether it makes the last step.
    pub last: bool,
}

/// Where the values of a body stand in its state.
pub(super) struct Places {
    /// Parameters, optimiser state and the step counter: what all loops of a run share.
    pub shared: Range<usize>,
    /// Parameters.
    pub params: Range<usize>,
    /// The names of what is shared, in its order.
    pub names: Vec<String>,
    /// The order of samples, i32 \[count·size\].
    pub order: usize,
    /// The learning rate of each step of an epoch, f32 \[of\].
    pub lrs: usize,
    /// Loss and right answers of the last steps, f32 \[rows, 2\].
    pub log: usize,
}

/// A loop to be begun.
pub(super) struct Body {
    pub spec: LoopSpec,
    pub places: Places,
    /// Entries that can be right, in a step; 0 if there are no right answers.
    pub answers: usize,
}

/// The most steps that the log remembers.
const LOG: usize = 1 << 14;

pub(super) fn body(task: &Task, batches: Batches) -> Result<Body> {
    let Task { params, options, .. } = *task;
    let mut spec = LoopSpec::default();
    let values = params.values();
    let inputs: Vec<Tensor> = values.iter().map(|value| LoopSpec::placeholder(value.shape(), value.dtype())).collect();
    let step = placeholder(&[], DType::I32)?;
    let order = placeholder(&[batches.count * batches.size], DType::I32)?;
    let lrs = placeholder(&[batches.of], DType::F32)?;
    let log = placeholder(&[batches.count.min(LOG), 2], DType::F32)?;

    let in_epoch = step.rem_scalar(batches.of as f64)?;
    let (x, y) = batch(task.data, &order, &in_epoch, batches)?;
    let mut ctx = Forward::training(Tensor::fold_in(&Tensor::key(options.seed.into()), &step)?);
    let (output, loss) = params.with(&inputs, || -> Result<_> {
        let output = task.model.forward(&x, &mut ctx)?;
        let loss = options.loss.mean(&output, &y)?;
        Ok((output, loss))
    })?;
    let answers = if Accuracy::applies(&output, &y) { y.shape().len() } else { 0 };
    let right = if answers > 0 { hits(&output, &y)? } else { Tensor::scalar(0.0) };

    // Parameters that the loss does not depend on stay as they are.
    let reached: FxHashSet<u64> = Tensor::ancestors(std::slice::from_ref(&loss)).iter().map(Tensor::id).collect();
    let roles: Vec<Role> = params.handles().map(|param| param.role()).collect();
    let trained: Vec<usize> =
        (0..inputs.len()).filter(|&i| roles[i] == Role::Weight && reached.contains(&inputs[i].id())).collect();
    if trained.is_empty() {
        let message = "the loss does not depend on any parameter of the model; there is nothing to train";
        return Err(Error::argument("fit", message));
    }
    let current: Vec<Tensor> = trained.iter().map(|&i| inputs[i].clone()).collect();
    let clip = Clip { norm: options.clip_norm, value: options.clip_value };
    let grads = clip.apply(loss.grad(&current.iter().collect::<Vec<_>>())?)?;
    let number = step.to_f32()?.add_scalar(1)?;
    let now = Now::new(lrs.take(&in_epoch)?, number, &grads)?;
    let rule = task.optimiser.rule();
    let start: Vec<Vec<Tensor>> = trained.iter().map(|&i| rule.state(&values[i])).collect::<Result<_>>()?;
    let memory: Vec<Vec<Tensor>> = start
        .iter()
        .map(|slots| slots.iter().map(|slot| LoopSpec::placeholder(slot.shape(), slot.dtype())).collect())
        .collect();
    let start_sizes: Vec<usize> = start.iter().map(Vec::len).collect();
    let (stepped, remembered) = update(rule, &now, &current, &grads, &memory)?;

    let mut next: Vec<Option<Tensor>> = params.handles().map(|param| ctx.updated(param).cloned()).collect();
    trained.iter().zip(stepped).for_each(|(&i, value)| next[i] = Some(value));
    for ((input, value), next) in inputs.into_iter().zip(values).zip(next) {
        spec.push(input, value, next);
    }
    let count = spec.state.len();
    for ((inputs, start), next) in memory.into_iter().zip(start).zip(remembered) {
        let slots = inputs.into_iter().zip(start).zip(next);
        spec.state.extend(slots.map(|((input, initial), next)| State { input, initial, next: Some(next) }));
    }
    let after = step.add_scalar(1)?;
    let slots = start_sizes.into_iter().zip(&trained).flat_map(|(slots, &i)| {
        let param = &params.0[i].0;
        (0..slots).map(move |slot| format!("optimizer.{param}.{slot}"))
    });
    let model = params.0.iter().map(|(name, _)| format!("model.{name}"));
    let names: Vec<String> = model.chain(slots).chain(["step".to_owned()]).collect();
    let shared = 0..spec.push(step, Tensor::i32(&[], &[0])?, Some(after)) + 1;
    let zeros = |tensor: &Tensor| tensor.zeros_like();
    let logged = logged(&log, &in_epoch, &loss, &right)?;
    let places = Places {
        shared,
        params: 0..count,
        names,
        order: spec.push(order.clone(), zeros(&order), None),
        lrs: spec.push(lrs.clone(), zeros(&lrs), None),
        log: spec.push(log.clone(), zeros(&log), Some(logged)),
    };
    spec.watch = Some(places.log);
    Ok(Body { spec, places, answers })
}

/// Two numbers without axes as \[2\], without a copy.
pub(super) fn pair(first: &Tensor, second: &Tensor) -> Result<Tensor> {
    Ok(Tensor::arange(2)?.eq_scalar(0)?.where_(first, second)?)
}

/// Samples and targets of a step, by their places in the order.
fn batch(data: &Dataset, order: &Tensor, in_epoch: &Tensor, batches: Batches) -> Result<(Tensor, Tensor)> {
    let within = Tensor::arange(batches.size)?;
    let places = if batches.last { within } else { in_epoch.mul_scalar(batches.size as f64)?.add(&within)? };
    let index = order.take(&places)?;
    Ok((data.x().rows("batch", &index)?, data.y().rows("batch", &index)?))
}

/// The log with a step's row replaced.
fn logged(log: &Tensor, in_epoch: &Tensor, loss: &Tensor, right: &Tensor) -> Result<Tensor> {
    let rows = log.shape()[0];
    let row = in_epoch.rem_scalar(rows as f64)?;
    let here = Tensor::arange(rows)?.eq(&row)?.unsqueeze(1)?;
    Ok(here.where_(&pair(loss, right)?, log)?)
}

fn placeholder(shape: &[usize], dtype: DType) -> Result<Tensor> {
    Ok(LoopSpec::placeholder(&Shape::new("fit", shape)?, dtype))
}
