//! What a caller may choose about a run.

use super::{Checkpoint, Group, Keeper, LiveLr, LrChange, rate};
use crate::{
    Error, Result,
    augment::Augment,
    layers::Layer,
    losses::{CrossEntropy, Loss},
    optim::Optimiser,
    schedule::Schedule,
};
use std::{fmt, rc::Rc};

/// Options of [`super::fit`].
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct FitOptions {
    /// How often every sample is seen.
    pub epochs: usize,
    /// Samples in a step.
    pub batch_size: usize,
    /// The learning rate; the optimiser's usual one if none.
    pub lr: Option<f64>,
    /// Tells the learning rate that the schedule starts from while the run goes on, `lr` being what it was at the start.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub live_lr: Option<LiveLr>,
    /// Changes of the learning rate that the schedule starts from, as the history of an earlier run has them.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub lr_changes: Vec<LrChange>,
    /// How parameters follow their gradients.
    #[cfg_attr(feature = "serde", serde(alias = "optimizer"))]
    pub optimiser: Optimiser,
    /// What becomes small.
    pub loss: Loss,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// What the schedule counts.
    pub schedule_unit: Unit,
    /// Parameters that were not drawn yet, the order of samples and dropout all follow from it.
    pub seed: u32,
    /// Whether each epoch has a random order.
    pub shuffle: bool,
    /// What becomes of samples that do not fill a batch.
    pub remainder: Remainder,
    /// The largest common norm of all gradients.
    pub clip_norm: Option<f32>,
    /// The largest magnitude of an entry of a gradient.
    pub clip_value: Option<f32>,
    /// The largest norm of a unit's gradient (first axis of a weight), as a share of that of its weights. Source: Brock et al. 2021.
    pub clip_adaptive: Option<f32>,
    /// Pull of the weights towards 0, in place of the optimiser's own.
    pub weight_decay: Option<f32>,
    /// Factor of the sum of magnitudes of all weights and biases in what becomes small. Source: course eq 28.
    pub l1: Option<f32>,
    /// Factor of the sum of squares of all weights and biases in what becomes small. Source: course eq 29.
    pub l2: Option<f32>,
    /// Options for some of the parameters.
    pub groups: Vec<Group>,
    /// How each batch is changed before the model sees it, in this order. Validation sees its samples as they are.
    pub augment: Vec<Augment>,
    /// Decay of a moving average of the parameters, which is validated and what the model has at the end. The first steps follow faster.
    pub ema: Option<f32>,
    /// Whether every step tells the norm of the gradient of each weight.
    pub gradient_norms: bool,
    /// Whether each epoch tells how many samples of each class were taken for each other, in training and in validation.
    pub count_classes: bool,
    /// A model to learn from, beside the targets, with the plain cross-entropy as loss.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub teacher: Option<Teacher>,
    /// Stop when the validation loss (the training loss without a validation set) no longer falls.
    pub early_stopping: Option<EarlyStop>,
    /// Gets the state of the run after every epoch.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub checkpoint: Option<Keeper>,
    /// The state from which the run goes on.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub resume: Option<Checkpoint>,
    /// Tells the time; natively there is one anyway.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub clock: Option<Clock>,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            epochs: 1,
            batch_size: 32,
            lr: None,
            live_lr: None,
            lr_changes: Vec::new(),
            optimiser: Optimiser::default(),
            loss: Loss::default(),
            schedule: Schedule::Constant,
            schedule_unit: Unit::Epoch,
            seed: 0,
            shuffle: true,
            remainder: Remainder::Keep,
            clip_norm: None,
            clip_value: None,
            clip_adaptive: None,
            weight_decay: None,
            l1: None,
            l2: None,
            groups: Vec::new(),
            augment: Vec::new(),
            ema: None,
            gradient_norms: false,
            count_classes: false,
            teacher: None,
            early_stopping: None,
            checkpoint: None,
            resume: None,
            clock: None,
        }
    }
}

/// What a schedule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Unit {
    /// Epochs: the learning rate is the same for a whole epoch.
    #[default]
    Epoch,
    /// Steps.
    Step,
}

/// What becomes of the samples that are left when batches are full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Remainder {
    /// They are the last, smaller batch of the epoch.
    #[default]
    Keep,
    /// They wait for another epoch's order.
    Drop,
}

/// When to stop early. Source: course section 6.4.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct EarlyStop {
    /// Epochs in a row without improvement.
    pub patience: usize,
    /// What counts as an improvement.
    pub min_delta: f64,
    /// Stop, too, once the loss changes by no more than so much from one epoch to the next. Source: course eq 17.
    pub min_change: Option<f64>,
    /// Whether the weights of the best epoch come back at the end.
    pub restore_best: bool,
}

impl Default for EarlyStop {
    fn default() -> Self {
        Self { patience: 3, min_delta: 0.0, min_change: None, restore_best: true }
    }
}

/// A model that was trained before, and how it is listened to. Source: Hinton et al. 2015; course section 8.7.
#[derive(Clone)]
pub struct Teacher {
    /// It gives logits, and does not change.
    pub model: Rc<dyn Layer>,
    /// Divides the logits of both, so that small ones count.
    pub temperature: f32,
    /// The share of the teacher in what becomes small; the rest is the cross-entropy with the labels.
    pub alpha: f32,
}

impl fmt::Debug for Teacher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} of temperature {}, alpha {}", self.model.kind(), self.temperature, self.alpha)
    }
}

/// Tells seconds since some moment.
#[derive(Clone)]
pub struct Clock(pub Rc<dyn Fn() -> f64>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a clock")
    }
}

impl FitOptions {
    /// An error that names the first option that cannot be.
    pub(super) fn check(&self) -> Result<()> {
        let fail = |message: String| Err(Error::argument("fit", message));
        if self.epochs == 0 || self.batch_size == 0 {
            let (epochs, batch) = (self.epochs, self.batch_size);
            return fail(format!("epochs is {epochs}, batchSize is {batch}; both must be at least 1"));
        }
        rate::check(&self.lr_changes)?;
        if self.live_lr.is_some() && !self.lr_changes.is_empty() {
            return fail("lr changes while the run goes on, or by lrChanges; not both".into());
        }
        let positive = [
            ("lr", self.lr),
            ("clipNorm", self.clip_norm.map(f64::from)),
            ("clipValue", self.clip_value.map(f64::from)),
            ("clipAdaptive", self.clip_adaptive.map(f64::from)),
        ];
        for (name, value) in positive {
            if value.is_some_and(|value| !(value > 0.0 && value.is_finite())) {
                return fail(format!("{name} is {}; it must be a positive number", value.unwrap_or_default()));
            }
        }
        for (name, value) in [("weightDecay", self.weight_decay), ("l1", self.l1), ("l2", self.l2)] {
            if value.is_some_and(|value| !(value >= 0.0 && value.is_finite())) {
                return fail(format!("{name} is {}; it must not be negative", value.unwrap_or_default()));
            }
        }
        if let Some(decay) = self.ema.filter(|decay| !(0.0..1.0).contains(decay)) {
            return fail(format!("ema is {decay}; a decay lies between 0 and 1"));
        }
        let plain = matches!(&self.loss, Loss::CrossEntropy(options) if *options == CrossEntropy::default());
        if self.teacher.is_some() && !plain {
            return fail("with a teacher the loss is the plain cross-entropy; leave out loss".into());
        }
        if let Some(Teacher { temperature, alpha, .. }) = self.teacher
            && !(temperature > 0.0 && (0.0..=1.0).contains(&alpha))
        {
            return fail(format!(
                "the teacher has temperature {temperature}, alpha {alpha}; expected above 0 and 0 to 1"
            ));
        }
        Ok(())
    }

    /// The optimiser with the weight decay that was asked for.
    pub(super) fn optimiser(&self) -> Optimiser {
        let mut optimiser = self.optimiser.clone();
        if let Some(value) = self.weight_decay {
            optimiser.set_weight_decay(value);
        }
        optimiser
    }

    /// The learning rate that the schedule starts from.
    pub(super) fn base_lr(&self) -> f64 {
        self.lr.unwrap_or_else(|| self.optimiser.default_lr())
    }

    /// A clock, if there can be one.
    pub(super) fn clock(&self) -> Option<Clock> {
        #[cfg(not(target_arch = "wasm32"))]
        let native = {
            let start = std::time::Instant::now();
            Some(Clock(Rc::new(move || start.elapsed().as_secs_f64())))
        };
        #[cfg(target_arch = "wasm32")]
        let native = None;
        self.clock.clone().or(native)
    }
}
