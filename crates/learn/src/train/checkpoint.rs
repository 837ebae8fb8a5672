//! The state of a run between two epochs. With it a run that ended, for whatever reason, goes on as if it had not: order of samples,
//! dropout and the like follow from the seed and the step, schedules and early stopping from the history.

use super::History;
use crate::{Error, Result};
use gradbook_core::{Tensor, device::LocalFuture};
use std::{fmt, rc::Rc};

/// A run after some epochs.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// By name: parameters, what the optimiser remembers of them, the step counter, and the best parameters where early stopping keeps
    /// them. They are the run's live values: to be read before it goes on.
    pub values: Vec<(String, Tensor)>,
    /// What it came to so far.
    pub history: History,
}

impl Checkpoint {
    /// The values in a run's own order.
    ///
    /// Errors: it is the state of another run: of other parameters, another optimiser, another seed.
    pub(super) fn values_for(&self, state: &[(String, Tensor)], seed: u32) -> Result<Vec<Tensor>> {
        let other = |message: String| Error::argument("fit", format!("the checkpoint is of another run: {message}"));
        if self.history.seed != seed {
            return Err(other(format!("its seed is {}, not {seed}", self.history.seed)));
        }
        if self.values.len() != state.len() {
            return Err(other(format!("it has {} values, not {}", self.values.len(), state.len())));
        }
        let value = |(name, own): &(String, Tensor)| {
            let found = self.values.iter().find(|(other, _)| other == name).map(|(_, value)| value);
            let found = found.ok_or_else(|| other(format!("it has no {name}")))?;
            if found.shape() != own.shape() || found.dtype() != own.dtype() {
                let shown = |tensor: &Tensor| format!("{}{}", tensor.dtype(), tensor.shape());
                return Err(other(format!("its {name} is {}, not {}", shown(found), shown(own))));
            }
            Ok(found.clone())
        };
        state.iter().map(value).collect()
    }
}

/// Takes checkpoints; the run waits until it has what it needs of one.
#[derive(Clone)]
pub struct Keeper(pub Rc<dyn Fn(Checkpoint) -> LocalFuture<'static, Result<()>>>);

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}
