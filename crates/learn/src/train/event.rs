//! What training tells on its way.

use super::LrChange;
use crate::metrics::Confusion;

/// One step of training.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Point {
    /// Step of the run, from 1.
    pub step: usize,
    /// The mean loss of its batch.
    pub loss: f32,
    /// The share of right answers in its batch, if there are right answers.
    pub accuracy: Option<f32>,
    /// The norm of each gradient, in the order of [`History::watched`], if they are wanted.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub norms: Vec<f32>,
}

/// What happened since the last report.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct StepReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps done.
    pub step: usize,
    /// Steps that the run will have.
    pub steps: usize,
    /// The learning rate of the last step.
    pub lr: f64,
    /// Each step since the last report.
    pub points: Vec<Point>,
}

/// What an epoch came to.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct EpochReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps done.
    pub step: usize,
    /// The mean training loss over the epoch, measured as it went.
    pub loss: f32,
    /// The share of right answers over the epoch, measured as it went.
    pub accuracy: Option<f32>,
    /// The loss on the validation set after the epoch.
    pub val_loss: Option<f32>,
    /// The share of right answers on the validation set after the epoch.
    pub val_accuracy: Option<f32>,
    /// How many samples of each class were taken for each other over the epoch, measured as it went, if that is wanted.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub confusion: Option<Confusion>,
    /// The same on the validation set after the epoch.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub val_confusion: Option<Confusion>,
    /// The learning rate of its last step.
    pub lr: f64,
    /// The seed of the run.
    pub seed: u32,
    /// Training steps a second, where there is a clock.
    pub steps_per_second: Option<f64>,
}

/// What lies ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct BeginReport {
    /// Steps that the run will have.
    pub steps: usize,
    /// The seed of the run.
    pub seed: u32,
    /// Names of the parameters whose gradient norms the points will have.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub watched: Vec<String>,
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "kind", rename_all = "camelCase"))]
pub enum Event {
    /// Everything is prepared; the parameters are the run's live values from here on.
    Begin(BeginReport),
    /// Some steps were done.
    Steps(StepReport),
    /// The learning rate changes otherwise than by the schedule.
    LrChange(LrChange),
    /// An epoch is over.
    Epoch(EpochReport),
}

/// What the listener wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Flow {
    /// Go on.
    #[default]
    Continue,
    /// Stop soon; weights and history are kept.
    Stop,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct History {
    /// Every step.
    pub points: Vec<Point>,
    /// Every epoch that came to its end.
    pub epochs: Vec<EpochReport>,
    /// Whether it was stopped before its end by the reader or the listener.
    pub stopped: bool,
    /// The epoch whose weights the model has now, if early stopping brought the best ones back.
    pub restored: Option<usize>,
    /// The seed of the run.
    pub seed: u32,
    /// What a live learning rate was from which step on. With these as options, and the seed, the run is repeated.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub lr_changes: Vec<LrChange>,
    /// Names of the parameters whose gradient norms the points have.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub watched: Vec<String>,
}
