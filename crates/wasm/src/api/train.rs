//! Training, scores and predictions: promises over a session.

use super::promise::promise;
use crate::api::dataset::Dataset;
use crate::api::function;
use crate::api::list::TensorList;
use crate::api::model::Model;
use crate::api::options::{parse, read};
use crate::api::session::Session;
use crate::api::tensor::Tensor;
use crate::clock;
use crate::error::{Result, Thrown};
use gradbook_core as core;
use gradbook_learn::losses::Loss;
use gradbook_learn::train::{self, Checkpoint, Clock, EpochReport, Event, FitOptions, Flow, History, Keeper, Point};
use js_sys::{Function, Promise, Reflect};
use serde::Serialize;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Trains a model. `loss` replaces that of the options if it is a function of output and target; `listen` gets every
/// event as a plain object and says true to stop. After every epoch the run is saved as `save` says, which gets the history and
/// gives what [`Session::save`] takes; it goes on from `resume`. Gives the history.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "named in one place, where JavaScript calls it")]
pub fn fit(
    session: &Session,
    model: &Model,
    train: &Dataset,
    validation: Option<Dataset>,
    options: JsValue,
    loss: JsValue,
    listen: Function,
    save: Option<Function>,
    resume: Option<Resume>,
) -> Result<Promise> {
    let mut options: FitOptions = read("fit", &options)?;
    options.checkpoint = save.map(|save| keeper(session, save));
    options.resume = resume.map(|Resume(checkpoint)| checkpoint);
    if let Some(loss) = custom(&loss) {
        options.loss = loss;
    }
    options.clock = Some(Clock(Rc::new(|| clock::now() / 1e3)));
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
    /// epoch its number, steps, loss, accuracy, validation loss, validation accuracy, learning rate, steps a second.
    #[wasm_bindgen(constructor)]
    pub fn new(names: Vec<String>, values: &TensorList, seed: u32, points: &[f64], epochs: &[f64]) -> Self {
        let some = |number: f64| (!number.is_nan()).then_some(number);
        let single = |number: f64| some(number).map(|number| number as f32);
        let point = |&[step, loss, accuracy]: &[f64; 3]| Point {
            step: step as usize,
            loss: loss as f32,
            accuracy: single(accuracy),
        };
        let epoch = |&[epoch, step, loss, accuracy, val_loss, val_accuracy, lr, rate]: &[f64; 8]| EpochReport {
            epoch: epoch as usize,
            step: step as usize,
            loss: loss as f32,
            accuracy: single(accuracy),
            val_loss: single(val_loss),
            val_accuracy: single(val_accuracy),
            lr,
            seed,
            steps_per_second: some(rate),
        };
        let history = History {
            points: points.as_chunks().0.iter().map(point).collect(),
            epochs: epochs.as_chunks().0.iter().map(epoch).collect(),
            seed,
            ..History::default()
        };
        Self(Checkpoint { values: names.into_iter().zip(values.tensors()).collect(), history })
    }
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

/// A loss of outputs and targets by its name and options, as one number.
#[wasm_bindgen(js_name = lossOf)]
pub fn loss_of(loss: JsValue, output: &Tensor, target: &Tensor) -> Result<Tensor> {
    Ok(Tensor(self::loss(&loss)?.mean(&output.0, &target.0)?))
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
