//! Training, scores and predictions: promises over a session.

use super::promise::promise;
use crate::api::dataset::Dataset;
use crate::api::function;
use crate::api::list::TensorList;
use crate::api::model::Model;
use crate::api::session::Session;
use crate::api::tensor::Tensor;
use crate::clock;
use crate::error::{Result, Thrown};
use crate::options::{parse, read};
use gradbook_core as core;
use gradbook_learn::losses::{Loss, Reduction};
use gradbook_learn::schedule::Schedule;
use gradbook_learn::train::{
    self, Checkpoint, Clock, EpochReport, Event, FitOptions, Flow, History, Keeper, LiveLr, LrChange, Point,
};
use js_sys::{Function, Promise, Reflect};
use serde::Serialize;
use std::rc::Rc;
use wasm_bindgen::convert::TryFromJsValue;
use wasm_bindgen::prelude::*;

/// A model to learn from, with the temperature and its share.
#[wasm_bindgen]
pub struct Teacher(train::Teacher);

#[wasm_bindgen]
impl Teacher {
    /// A model that was trained before.
    #[wasm_bindgen(constructor)]
    pub fn new(model: &Model, temperature: f32, alpha: f32) -> Self {
        Self(train::Teacher { model: model.0.clone(), temperature, alpha })
    }
}

/// Trains a model. `extra` is a loss as a function of output and target, or a teacher; `rate` tells the learning
/// rate that is wanted now, `changes` are those of an earlier run, each its step and the rate; `listen` gets every event as a plain
/// object and says true to stop. After every epoch the run is saved as `save` says, which gets the history and gives what
/// [`Session::save`] takes; it goes on from `resume`. Gives the history.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "named in one place, where JavaScript calls it")]
pub fn fit(
    session: &Session,
    model: &Model,
    train: &Dataset,
    validation: Option<Dataset>,
    options: JsValue,
    extra: JsValue,
    rate: Option<Function>,
    changes: &[f64],
    listen: Function,
    save: Option<Function>,
    resume: Option<Resume>,
) -> Result<Promise> {
    let mut options = settings("fit", &options, &extra)?;
    // What is no number is told as such, with the step.
    let number = |rate: &Function| rate.call0(&JsValue::UNDEFINED).ok().and_then(|lr| lr.as_f64()).unwrap_or(f64::NAN);
    options.live_lr = rate.map(|rate| LiveLr(Rc::new(move || number(&rate))));
    options.lr_changes = self::changes(changes);
    options.checkpoint = save.map(|save| keeper(session, save));
    options.resume = resume.map(|Resume(checkpoint)| checkpoint);
    let (runner, model, train) = (session.runner(), model.0.clone(), train.0.clone());
    Ok(promise(async move {
        let mut tell = |event: &Event| {
            let stop = plain(event).and_then(|event| listen.call1(&JsValue::UNDEFINED, &event).map_err(Thrown::from));
            if stop.is_ok_and(|stop| stop.is_truthy()) { Flow::Stop } else { Flow::Continue }
        };
        let validation = validation.as_ref().map(|set| &set.0);
        plain(&train::fit(&runner, &model, &train, validation, &options, &mut tell).await?)
    }))
}

/// A run after some epochs, from which another goes on.
#[wasm_bindgen]
pub struct Resume(Checkpoint);

#[wasm_bindgen]
impl Resume {
    /// Of values by name, and the history in numbers, where NaN stands for none: for each step its number, loss and accuracy; for each
    /// epoch its number, steps, loss, accuracy, validation loss, validation accuracy, learning rate, steps a second. Norms of gradients,
    /// if there are any, are as many for each step. For each change of the learning rate its step and the rate.
    #[wasm_bindgen(constructor)]
    pub fn new(
        names: Vec<String>,
        values: &TensorList,
        seed: u32,
        points: &[f64],
        norms: &[f32],
        epochs: &[f64],
        changes: &[f64],
    ) -> Self {
        let some = |number: f64| (!number.is_nan()).then_some(number);
        let single = |number: f64| some(number).map(|number| number as f32);
        let points: &[[f64; 3]] = points.as_chunks().0;
        let watched = norms.len().checked_div(points.len()).unwrap_or_default();
        let point = |(i, &[step, loss, accuracy]): (usize, &[f64; 3])| Point {
            step: step as usize,
            loss: loss as f32,
            accuracy: single(accuracy),
            norms: norms[i * watched..(i + 1) * watched].to_vec(),
        };
        let epoch = |&[epoch, step, loss, accuracy, val_loss, val_accuracy, lr, rate]: &[f64; 8]| EpochReport {
            epoch: epoch as usize,
            step: step as usize,
            loss: loss as f32,
            accuracy: single(accuracy),
            val_loss: single(val_loss),
            val_accuracy: single(val_accuracy),
            confusion: None,
            val_confusion: None,
            lr,
            seed,
            steps_per_second: some(rate),
        };
        let history = History {
            points: points.iter().enumerate().map(point).collect(),
            epochs: epochs.as_chunks().0.iter().map(epoch).collect(),
            lr_changes: self::changes(changes),
            seed,
            ..History::default()
        };
        Self(Checkpoint { values: names.into_iter().zip(values.tensors()).collect(), history })
    }
}

fn changes(pairs: &[f64]) -> Vec<LrChange> {
    pairs.as_chunks().0.iter().map(|&[step, lr]| LrChange { step: step as usize, lr }).collect()
}

/// Saves checkpoints through a session. A stop that comes meanwhile ends the run anyway.
fn keeper(session: &Session, save: Function) -> Keeper {
    let runner = session.runner();
    Keeper(Rc::new(move |checkpoint| {
        let (runner, save) = (runner.clone(), save.clone());
        Box::pin(async move {
            // A history is a plain object, always; what is made of it is ours.
            let history = plain(&checkpoint.history).unwrap_or_default();
            let what = save.call1(&JsValue::UNDEFINED, &history).ok().and_then(|what| what.as_string());
            match runner.save(&what.unwrap_or_default(), &checkpoint.values).await {
                Ok(_) | Err(core::Error::Stopped) => Ok(()),
                Err(error) => Err(error.into()),
            }
        })
    }))
}

/// Trains while the learning rate grows from `low` to `high`, and puts the weights back. Gives `{ lrs, losses, suggestion }`.
#[wasm_bindgen(js_name = rangeTest)]
pub fn range_test(
    session: &Session,
    model: &Model,
    train: &Dataset,
    options: JsValue,
    extra: JsValue,
    range: Vec<f64>,
    steps: usize,
) -> Result<Promise> {
    let options = settings("lrRangeTest", &options, &extra)?;
    let &[low, high] = &range[..] else { return Err(Thrown::argument("lrRangeTest: expected two rates")) };
    let (runner, model, train) = (session.runner(), model.0.clone(), train.0.clone());
    Ok(promise(async move { plain(&train::range_test(&runner, &model, &train, &options, [low, high], steps).await?) }))
}

/// Running statistics from all of a data set.
#[wasm_bindgen(js_name = recomputeStatistics)]
pub fn recompute_statistics(session: &Session, model: &Model, data: &Dataset, batch: usize) -> Promise {
    let (runner, model, data) = (session.runner(), model.0.clone(), data.0.clone());
    promise(async move {
        train::recompute_statistics(&runner, &model, &data, batch).await?;
        Ok(JsValue::UNDEFINED)
    })
}

/// Options of a run with what is no plain data: a loss that is a function, or a teacher.
fn settings(what: &str, options: &JsValue, extra: &JsValue) -> Result<FitOptions> {
    let mut options: FitOptions = read(what, options)?;
    if let Some(loss) = custom(extra) {
        options.loss = loss;
    } else if !extra.is_undefined() {
        let teacher = Teacher::try_from_js_value(extra.clone());
        options.teacher = Some(teacher.map_err(|_| Thrown::argument("expected a teacher"))?.0);
    }
    options.clock = Some(Clock(Rc::new(|| clock::now() / 1e3)));
    Ok(options)
}

/// The loss and accuracy of a model on a data set.
#[wasm_bindgen]
pub fn evaluate(session: &Session, model: &Model, data: &Dataset, loss: JsValue, batch: usize) -> Result<Promise> {
    let loss = self::loss(&loss)?;
    let (runner, model, data) = (session.runner(), model.0.clone(), data.0.clone());
    Ok(promise(async move { plain(&train::evaluate(&runner, &model, &data, &loss, batch).await?) }))
}

/// What a model makes of each sample of x.
#[wasm_bindgen]
pub fn predict(session: &Session, model: &Model, x: &Tensor, batch: usize) -> Promise {
    let (runner, model, x) = (session.runner(), model.0.clone(), x.0.clone());
    promise(async move { Ok(Tensor(train::predict(&runner, &model, &x, batch).await?).into()) })
}

/// What a model makes of each sample of a data set.
#[wasm_bindgen(js_name = predictAll)]
pub fn predict_all(session: &Session, model: &Model, data: &Dataset, batch: usize) -> Promise {
    let (runner, model, data) = (session.runner(), model.0.clone(), data.0.clone());
    promise(async move { Ok(Tensor(train::predict_all(&runner, &model, &data, batch).await?).into()) })
}

/// A loss of outputs and targets by its name and options, reduced to one number or not at all.
#[wasm_bindgen(js_name = lossOf)]
pub fn loss_of(loss: JsValue, reduction: JsValue, output: &Tensor, target: &Tensor) -> Result<Tensor> {
    let reduction = if reduction.is_undefined() { Reduction::Mean } else { parse("reduction", reduction)? };
    Ok(Tensor(self::loss(&loss)?.reduced(&output.0, &target.0, reduction)?))
}

/// The learning rates of a schedule at 0 … total − 1.
#[wasm_bindgen]
pub fn schedule(schedule: JsValue, lr: f64, total: usize) -> Result<Vec<f64>> {
    let schedule: Schedule = parse("schedule", schedule)?;
    Ok((0..total.min(1 << 20)).map(|t| schedule.lr(lr, t, total)).collect())
}

/// A function, or `{ kind, … }`.
fn loss(given: &JsValue) -> Result<Loss> {
    if let Some(loss) = custom(given) {
        return Ok(loss);
    }
    if given.is_undefined() {
        return Ok(Loss::default());
    }
    let kind = Reflect::get(given, &"kind".into()).ok().and_then(|kind| kind.as_string());
    parse(kind.as_deref().unwrap_or("loss"), given.clone())
}

fn custom(given: &JsValue) -> Option<Loss> {
    let function: Function = given.clone().dyn_into().ok()?;
    Some(Loss::custom(move |output: &core::Tensor, target: &core::Tensor| {
        let (output, target) = (Tensor(output.clone()).into(), Tensor(target.clone()).into());
        Ok(function::call::<Tensor>(&function, "the loss", "a tensor", output, target)?.0)
    }))
}

/// As a plain object; what is absent stays undefined.
fn plain(value: &impl Serialize) -> Result<JsValue> {
    let object = value.serialize(&serde_wasm_bindgen::Serializer::new());
    object.map_err(|error| Thrown::argument(error.to_string()))
}
