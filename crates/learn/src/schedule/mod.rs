//! Learning rates over time, as plain functions of a count from 0, and the choice among them that training takes as an option.
//! They run on the host; training uploads them as a table.

mod cosine;
mod decay;
mod inverse_sqrt;
mod one_cycle;
mod plateau;

pub use cosine::{cosine, cosine_restarts};
pub use decay::{exponential, multistep, polynomial, polynomial_course, step};
pub use inverse_sqrt::inverse_sqrt;
pub use one_cycle::{Anneal, OneCycle};
pub use plateau::{EarlyStopping, Plateau};

/// A schedule and its options. Lengths that are 0 mean the whole run.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)
)]
pub enum Schedule {
    /// Always the same.
    #[default]
    Constant,
    /// See [`step`].
    Step {
        /// Distance between reductions.
        every: usize,
        /// Factor of a reduction.
        #[cfg_attr(feature = "serde", serde(default = "tenth"))]
        gamma: f64,
    },
    /// See [`multistep`].
    Multistep {
        /// Where reductions happen.
        milestones: Vec<usize>,
        /// Factor of a reduction.
        #[cfg_attr(feature = "serde", serde(default = "tenth"))]
        gamma: f64,
    },
    /// See [`exponential`].
    Exponential {
        /// Factor of every step.
        gamma: f64,
    },
    /// See [`polynomial`].
    Polynomial {
        /// Where it reaches 0.
        #[cfg_attr(feature = "serde", serde(default))]
        total: usize,
        /// 1 is a straight line.
        #[cfg_attr(feature = "serde", serde(default = "one"))]
        power: f64,
    },
    /// See [`polynomial_course`].
    PolynomialCourse {
        /// Exponent of the count.
        alpha: f64,
    },
    /// See [`cosine`].
    Cosine {
        /// Length of the half wave.
        #[cfg_attr(feature = "serde", serde(default))]
        t_max: usize,
        /// The lowest rate.
        #[cfg_attr(feature = "serde", serde(default))]
        eta_min: f64,
    },
    /// See [`cosine_restarts`].
    CosineRestarts {
        /// Length of the first half wave.
        t_0: usize,
        /// How much longer each next one is.
        #[cfg_attr(feature = "serde", serde(default = "once"))]
        t_mult: usize,
        /// The lowest rate.
        #[cfg_attr(feature = "serde", serde(default))]
        eta_min: f64,
    },
    /// See [`inverse_sqrt`].
    InverseSqrt {
        /// How long the rise takes.
        warmup: usize,
    },
    /// See [`OneCycle`].
    OneCycle(OneCycle),
    /// See [`Plateau`]; it listens to the validation loss (the training loss without a validation set) of each epoch.
    Plateau {
        /// Factor of a reduction.
        #[cfg_attr(feature = "serde", serde(default = "tenth"))]
        factor: f64,
        /// Epochs without improvement that are let pass.
        #[cfg_attr(feature = "serde", serde(default = "ten"))]
        patience: usize,
        /// Relative fall that counts as an improvement.
        #[cfg_attr(feature = "serde", serde(default = "little"))]
        threshold: f64,
    },
    /// lr·(t + 1)/steps at first, then another schedule from its beginning.
    Warmup {
        /// How long the rise takes.
        steps: usize,
        /// What follows.
        #[cfg_attr(feature = "serde", serde(default))]
        then: Box<Self>,
    },
}

impl Schedule {
    /// The learning rate at count `t` of `total` from the base rate `lr`.
    ///
    /// ```
    /// use gradbook_learn::schedule::Schedule;
    /// let schedule = Schedule::Warmup { steps: 2, then: Box::new(Schedule::Step { every: 1, gamma: 0.5 }) };
    /// let lrs: Vec<f64> = (0..5).map(|t| schedule.lr(1.0, t, 5)).collect();
    /// assert_eq!(lrs, [0.5, 1.0, 1.0, 0.5, 0.25]);
    /// ```
    pub fn lr(&self, lr: f64, t: usize, total: usize) -> f64 {
        let or_all = |length: usize| if length == 0 { total } else { length };
        match self {
            // What listens changes the base rate.
            Self::Constant | Self::Plateau { .. } => lr,
            Self::Step { every, gamma } => step(lr, *every, *gamma, t),
            Self::Multistep { milestones, gamma } => multistep(lr, milestones, *gamma, t),
            Self::Exponential { gamma } => exponential(lr, *gamma, t),
            Self::Polynomial { total: length, power } => polynomial(lr, or_all(*length), *power, t),
            Self::PolynomialCourse { alpha } => polynomial_course(lr, *alpha, t),
            Self::Cosine { t_max, eta_min } => cosine(lr, or_all(*t_max), *eta_min, t),
            Self::CosineRestarts { t_0, t_mult, eta_min } => cosine_restarts(lr, *t_0, *t_mult, *eta_min, t),
            Self::InverseSqrt { warmup } => inverse_sqrt(lr, *warmup, t),
            Self::OneCycle(cycle) => OneCycle { total: or_all(cycle.total), ..cycle.clone() }.lr(lr, t),
            Self::Warmup { steps, .. } if t < *steps => lr * (t + 1) as f64 / *steps as f64,
            Self::Warmup { steps, then } => then.lr(lr, t - steps, total.saturating_sub(*steps)),
        }
    }
}

#[cfg(feature = "serde")]
fn tenth() -> f64 {
    0.1
}

#[cfg(feature = "serde")]
fn one() -> f64 {
    1.0
}

#[cfg(feature = "serde")]
fn once() -> usize {
    1
}

#[cfg(feature = "serde")]
fn ten() -> usize {
    10
}

#[cfg(feature = "serde")]
fn little() -> f64 {
    1e-4
}
