//! One step of training as the body of a loop: batch, forward, gradient, optimiser, log. Nothing in it comes from the host.

use super::{
    FitOptions, Teacher,
    groups::{Settings, penalised},
    tally,
};
use crate::{
    Error, Result,
    augment::{Batch, augment},
    data::{Dataset, Window},
    layers::{Forward, Layer, Params, Role},
    losses::distillation_loss,
    metrics::{Accuracy, hits},
    optim::{Clip, Now, adaptive_grad_clip},
};
use gradbook_core::{DType, LoopSpec, Shape, Tensor, runner::State};
use rustc_hash::FxHashSet;
use std::ops::Range;

/// What is trained, on what and how.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub model: &'a dyn Layer,
    pub params: &'a Params,
    pub data: &'a Dataset,
    pub options: &'a FitOptions,
    /// What holds for each parameter.
    pub settings: &'a [Settings],
    /// How many classes labels tell apart, where that is known.
    pub classes: Option<usize>,
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
    /// Parameters, optimiser state, averages and the step counter: what all loops of a run share.
    pub shared: Range<usize>,
    /// Parameters.
    pub params: Range<usize>,
    /// The names of what is shared, in its order.
    pub names: Vec<String>,
    /// How many values the optimiser remembers of each parameter that is trained; they follow the parameters.
    pub slots: Vec<usize>,
    /// Averages of the parameters; empty if they are not wanted.
    pub average: Range<usize>,
    /// The order of samples, i32 \[count·size\].
    pub order: usize,
    /// The learning rate of each step of an epoch, f32 \[of\].
    pub lrs: usize,
    /// The samples of the next batches, if they are streamed.
    pub window: Option<usize>,
    /// Loss, right answers and norms of gradients, if they are wanted, of the last steps; below them the counts of classes in the epoch, if
    /// they are wanted: f32 \[rows and more, columns\].
    pub log: usize,
}

/// A loop to be begun.
pub(super) struct Body {
    pub spec: LoopSpec,
    pub places: Places,
    /// Entries that can be right, in a step; 0 if there are no right answers.
    pub answers: usize,
    /// Names of the parameters whose gradient norms are told.
    pub watched: Vec<String>,
    /// Rows of the log that are steps.
    pub rows: usize,
    /// How many classes are counted; 0 if they are not.
    pub classes: usize,
    /// How samples are streamed, if they are.
    pub window: Option<Window>,
}

/// The most steps that the log remembers, of two numbers each; of more numbers, fewer steps.
const LOG: usize = 1 << 14;

/// Rows of the log of an epoch of so many steps.
fn rows(steps: usize, columns: usize) -> usize {
    steps.min((2 * LOG / columns).max(1))
}

pub(super) fn body(task: &Task, batches: Batches) -> Result<Body> {
    let mut spec = LoopSpec::default();
    let values = task.params.values();
    let like = |value: &Tensor| LoopSpec::placeholder(value.shape(), value.dtype());
    let window = Window::over(task.data, batches.size, batches.count);
    let mut inputs = Inputs {
        params: values.iter().map(like).collect(),
        memory: Vec::new(),
        average: if task.options.ema.is_some() { values.iter().map(like).collect() } else { Vec::new() },
        step: placeholder(&[], DType::I32)?,
        order: placeholder(&[batches.count * batches.size], DType::I32)?,
        lrs: placeholder(&[batches.of], DType::F32)?,
        window: window.as_ref().map(Window::placeholder).transpose()?,
    };
    let look = look(task, batches, &inputs)?;
    let state = |&i: &usize| task.settings[i].optimiser.rule().state(&values[i]);
    let start = look.trained.iter().map(state).collect::<Result<Vec<_>>>()?;
    let slots: Vec<usize> = start.iter().map(Vec::len).collect();
    inputs.memory = start.iter().map(|slots| slots.iter().map(like).collect()).collect();
    let (stepped, remembered) = proceed(task, &look, &inputs)?;
    let mut columns = vec![look.loss.clone(), look.right.clone()];
    let mut watched = Vec::new();
    if task.options.gradient_norms {
        watched = look.trained.iter().map(|&i| task.params.0[i].0.clone()).collect();
        columns
            .extend(look.grads.iter().map(|grad| Ok(grad.square()?.sum_all()?.sqrt()?)).collect::<Result<Vec<_>>>()?);
    }
    let rows = rows(batches.count, columns.len());
    let counts = look.counts.as_ref().map(|counts| tally::rows(counts, columns.len())).transpose()?;
    let more = counts.as_ref().map_or(0, |counts| counts.shape()[0]);
    let log = placeholder(&[rows + more, columns.len()], DType::F32)?;

    let update = |(param, settings): (_, &Settings)| look.pass.updated(param).filter(|_| !settings.frozen).cloned();
    let mut next: Vec<Option<Tensor>> = task.params.handles().zip(task.settings).map(update).collect();
    look.trained.iter().zip(stepped).for_each(|(&i, value)| next[i] = Some(value));
    let Inputs { params, memory, average, step, order, lrs, window: samples } = inputs;
    let averaged = match task.options.ema {
        Some(decay) => follow(decay, &step, &average, &params, &next)?,
        None => Vec::new(),
    };
    let in_epoch = step.rem_scalar(batches.of as f64)?;
    for ((input, value), next) in params.into_iter().zip(values.clone()).zip(next) {
        spec.push(input, value, next);
    }
    let count = spec.state.len();
    for ((inputs, start), next) in memory.into_iter().zip(start).zip(remembered) {
        let slots = inputs.into_iter().zip(start).zip(next);
        spec.state.extend(slots.map(|((input, initial), next)| State { input, initial, next: Some(next) }));
    }
    let began = spec.state.len();
    for ((input, value), next) in average.into_iter().zip(values).zip(averaged) {
        spec.push(input, value, Some(next));
    }
    let average = began..spec.state.len();
    let after = step.add_scalar(1)?;
    let name = |i: usize| &task.params.0[i].0;
    let remembered = slots.iter().zip(&look.trained);
    let slot_names =
        remembered.flat_map(|(&slots, &i)| (0..slots).map(move |slot| format!("optimizer.{}.{slot}", name(i))));
    let names = (0..count).map(|i| format!("model.{}", name(i)));
    let averages = (0..average.len()).map(|i| format!("average.{}", name(i)));
    let names = names.chain(slot_names).chain(averages).chain(["step".to_owned()]).collect();
    let shared = 0..spec.push(step, Tensor::i32(&[], &[0])?, Some(after)) + 1;
    let zeros = |tensor: &Tensor| tensor.zeros_like();
    let logged = match &counts {
        None => logged(&log, &in_epoch, &columns)?,
        Some(counts) => {
            let steps = logged(&log.slice(0, 0, rows as isize, 1)?, &in_epoch, &columns)?;
            let before = log.slice(0, rows as isize, (rows + more) as isize, 1)?;
            // Each epoch counts from 0. The loop of the rest makes one step an epoch.
            let begins = if batches.last { in_epoch.ge_scalar(0)? } else { in_epoch.eq_scalar(0)? };
            let after = begins.where_(counts, &before.add(counts)?)?;
            Tensor::concat(&[&steps, &after], 0)?
        }
    };
    let places = Places {
        shared,
        params: 0..count,
        names,
        slots,
        average,
        order: spec.push(order.clone(), zeros(&order), None),
        lrs: spec.push(lrs.clone(), zeros(&lrs), None),
        window: samples.map(|samples| spec.push(samples.clone(), zeros(&samples), None)),
        log: spec.push(log.clone(), zeros(&log), Some(logged)),
    };
    spec.watch = Some(places.log);
    Ok(Body { spec, places, answers: look.answers, watched, rows, classes: look.classes, window })
}

/// What a step reads: placeholders of a loop, or values.
pub(super) struct Inputs {
    pub params: Vec<Tensor>,
    /// What the optimiser remembers of each parameter that is trained.
    pub memory: Vec<Vec<Tensor>>,
    /// Averages of the parameters, if they are wanted.
    pub average: Vec<Tensor>,
    /// Steps made, i32 without axes.
    pub step: Tensor,
    /// i32 \[count·size\]
    pub order: Tensor,
    /// f32 \[of\]
    pub lrs: Tensor,
    /// The samples of the next batches, if they are streamed.
    pub window: Option<Tensor>,
}

/// A step up to its gradients.
pub(super) struct Look {
    /// The pass, which knows what layers made.
    pub pass: Forward,
    /// The mean loss of the batch, without penalties.
    pub loss: Tensor,
    /// How many answers are right.
    right: Tensor,
    /// Of how many; 0 if there are no right answers.
    answers: usize,
    /// How many samples of each class were taken for each other, f32 \[classes²\], if that is wanted.
    counts: Option<Tensor>,
    /// How many classes are counted; 0 if they are not.
    classes: usize,
    /// Which parameters are trained.
    pub trained: Vec<usize>,
    /// Their gradients as the optimiser sees them.
    pub grads: Vec<Tensor>,
}

/// The batch, the pass and the gradients of a step.
pub(super) fn look(task: &Task, batches: Batches, inputs: &Inputs) -> Result<Look> {
    let Task { params, options, settings, .. } = *task;
    let in_epoch = inputs.step.rem_scalar(batches.of as f64)?;
    let (x, y) = batch(task.data, inputs, &in_epoch, batches)?;
    // Right answers are those of the data set: wrong or mixed labels, where they are asked for, are what is learnt from.
    let (x, target, answer) = if options.augment.is_empty() {
        (x, y.clone(), y)
    } else {
        let key = Tensor::fold_in(&Tensor::key(u64::from(options.seed) | AUGMENT << 32), &inputs.step)?;
        let changed = augment(&options.augment, Batch::new(x, y.clone(), task.classes), key)?;
        let answer = changed.masks.clone().unwrap_or(y);
        let target = changed.target().cloned().expect("a batch has targets");
        (changed.x, target, answer)
    };
    let key = Tensor::fold_in(&Tensor::key(options.seed.into()), &inputs.step)?;
    let mut pass = Forward::training(key);
    let (output, loss) = params.with(&inputs.params, || -> Result<_> {
        let output = task.model.forward(&x, &mut pass)?;
        let loss = match &options.teacher {
            Some(Teacher { model, temperature, alpha }) => {
                let taught = model.forward(&x, &mut Forward::evaluation())?;
                distillation_loss(&output, &taught, &target, *temperature, *alpha)?
            }
            None => options.loss.mean(&output, &target)?,
        };
        Ok((output, loss))
    })?;
    let answers = if Accuracy::applies(&output, &answer) { answer.shape().len() } else { 0 };
    let right = if answers > 0 { hits(&output, &answer)? } else { Tensor::scalar(0.0) };
    let classes = if options.count_classes { tally::classes(&output, &answer)? } else { 0 };
    let counts = if classes > 0 { Some(tally::counts(&output, &answer, classes)?) } else { None };

    // Parameters that the loss does not depend on stay as they are.
    let reached: FxHashSet<u64> = Tensor::ancestors(std::slice::from_ref(&loss)).iter().map(Tensor::id).collect();
    let roles: Vec<Role> = params.handles().map(|param| param.role()).collect();
    let trains =
        |&i: &usize| roles[i] == Role::Weight && !settings[i].frozen && reached.contains(&inputs.params[i].id());
    let trained: Vec<usize> = (0..roles.len()).filter(trains).collect();
    if trained.is_empty() {
        let message = "the loss does not depend on any parameter of the model; there is nothing to train";
        return Err(Error::argument("fit", message));
    }
    let current: Vec<&Tensor> = trained.iter().map(|&i| &inputs.params[i]).collect();
    let penalties: Vec<_> = trained.iter().map(|&i| (&settings[i], &inputs.params[i])).collect();
    let clip = Clip { norm: options.clip_norm, value: options.clip_value };
    let mut grads = clip.apply(penalised(&loss, &penalties)?.grad(&current)?)?;
    if let Some(share) = options.clip_adaptive {
        let limited =
            current.iter().zip(&grads).map(|(weight, grad)| adaptive_grad_clip(weight, grad, share, LEAST_NORM));
        grads = limited.collect::<Result<_>>()?;
    }
    Ok(Look { pass, loss, right, answers, counts, classes, trained, grads })
}

/// The parameters that are trained and what is remembered of them, after the optimiser's step.
pub(super) fn proceed(task: &Task, look: &Look, inputs: &Inputs) -> Result<(Vec<Tensor>, Vec<Vec<Tensor>>)> {
    let in_epoch = inputs.step.rem_scalar(inputs.lrs.shape().len() as f64)?;
    let number = inputs.step.to_f32()?.add_scalar(1)?;
    let now = Now::new(inputs.lrs.take(&in_epoch)?, number, &look.grads)?;
    let step = |((&i, grad), memory): ((&usize, &Tensor), &Vec<Tensor>)| {
        let Settings { lr_scale, optimiser, .. } = &task.settings[i];
        let lr = if *lr_scale == 1.0 { now.lr.clone() } else { now.lr.mul_scalar(*lr_scale)? };
        optimiser.rule().step(&Now { lr, ..now.clone() }, &inputs.params[i], grad, memory)
    };
    let made = look.trained.iter().zip(&look.grads).zip(&inputs.memory).map(step);
    Ok(made.collect::<Result<Vec<_>>>()?.into_iter().unzip())
}

/// Averages after a step: decay·average + (1 − decay)·value, where the decay rises from 0.1 to what was asked for.
fn follow(
    decay: f32,
    step: &Tensor,
    average: &[Tensor],
    params: &[Tensor],
    next: &[Option<Tensor>],
) -> Result<Vec<Tensor>> {
    let t = step.to_f32()?;
    let decay = t.add_scalar(1)?.div(&t.add_scalar(10)?)?.minimum_scalar(decay)?;
    let each = average.iter().zip(params).zip(next).map(|((average, param), next)| {
        let value = next.as_ref().unwrap_or(param);
        Ok(average.sub(value)?.mul(&decay)?.add(value)?)
    });
    each.collect()
}

/// Keeps the draws of augmentation apart from those of layers.
const AUGMENT: u64 = 0x6175_676d;

/// What the norm of a unit's weights counts as at least. Source: Brock et al. 2021.
const LEAST_NORM: f32 = 1e-3;

/// Two numbers without axes as \[2\], without a copy.
pub(super) fn pair(first: &Tensor, second: &Tensor) -> Result<Tensor> {
    Ok(Tensor::arange(2)?.eq_scalar(0)?.where_(first, second)?)
}

/// Samples and targets of a step, by their places in the order.
fn batch(data: &Dataset, inputs: &Inputs, in_epoch: &Tensor, batches: Batches) -> Result<(Tensor, Tensor)> {
    let within = Tensor::arange(batches.size)?;
    let places = if batches.last { within } else { in_epoch.mul_scalar(batches.size as f64)?.add(&within)? };
    let index = inputs.order.take(&places)?;
    let x = match (&inputs.window, Window::over(data, batches.size, batches.count)) {
        (Some(samples), Some(window)) => window.batch(samples, in_epoch)?,
        _ => data.x()?.rows("batch", &index)?,
    };
    Ok((x, data.y().rows("batch", &index)?))
}

/// The log with a step's row replaced.
fn logged(log: &Tensor, in_epoch: &Tensor, columns: &[Tensor]) -> Result<Tensor> {
    let rows = log.shape()[0];
    let row = in_epoch.rem_scalar(rows as f64)?;
    let here = Tensor::arange(rows)?.eq(&row)?.unsqueeze(1)?;
    let numbers = match columns {
        [loss, right] => pair(loss, right)?,
        _ => Tensor::stack(&columns.iter().collect::<Vec<_>>(), 0)?,
    };
    Ok(here.where_(&numbers, log)?)
}

fn placeholder(shape: &[usize], dtype: DType) -> Result<Tensor> {
    Ok(LoopSpec::placeholder(&Shape::new("fit", shape)?, dtype))
}

#[cfg(test)]
mod tests {
    use super::{LOG, rows};

    #[test]
    fn a_log_of_many_numbers_has_fewer_rows() {
        assert_eq!((rows(100, 2), rows(1 << 20, 2)), (100, LOG));
        assert!((3..5000).all(|columns| rows(1 << 20, columns) * columns <= 2 * LOG));
    }
}
