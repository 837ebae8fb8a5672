//! Changes of the learning rate while a run goes on: by a reader who watches it, or as an earlier run had them.

use crate::{Error, Result};
use std::{fmt, rc::Rc};

/// A change of the learning rate that a schedule starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LrChange {
    /// The first step, from 1, that has it.
    pub step: usize,
    /// The rate.
    pub lr: f64,
}

impl LrChange {
    /// Errors: a rate below 0, or not a number.
    pub(super) fn check(self) -> Result<Self> {
        if self.lr >= 0.0 && self.lr.is_finite() {
            return Ok(self);
        }
        let message = format!("from step {} on, lr is {}; it must not be negative", self.step, self.lr);
        Err(Error::argument("fit", message))
    }
}

/// Tells the learning rate that is wanted now. A change acts with the next slice of steps, a few tens of milliseconds later.
#[derive(Clone)]
pub struct LiveLr(pub Rc<dyn Fn() -> f64>);

impl fmt::Debug for LiveLr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a live rate, now {}", (self.0)())
    }
}

/// The rate of a step: that of the last change up to it, else `base`.
pub(super) fn at(changes: &[LrChange], step: usize, base: f64) -> f64 {
    changes.iter().rfind(|change| change.step <= step).map_or(base, |change| change.lr)
}

/// Errors: steps that do not rise, or rates that cannot be.
pub(super) fn check(changes: &[LrChange]) -> Result<()> {
    let rise = changes.is_sorted_by(|a, b| a.step < b.step);
    if !rise || changes.first().is_some_and(|first| first.step == 0) {
        return Err(Error::argument("fit", "the steps of lrChanges must rise from 1".to_owned()));
    }
    changes.iter().try_for_each(|change| change.check().map(|_| ()))
}
