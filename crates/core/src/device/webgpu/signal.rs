//! What the GPU says back: work done, errors, loss. Callbacks come at any time, natively from any thread.

use super::device_error;
use crate::{Error, Result};
use std::{
    sync::{Mutex, MutexGuard},
    task::{Poll, Waker},
};

/// Shared with the callbacks.
#[derive(Default)]
pub struct Signal(Mutex<State>);

#[derive(Default)]
struct State {
    under_way: u32,
    /// When the last submit was through.
    idle_since: f64,
    /// Why; for good.
    lost: Option<String>,
    /// Told once.
    failed: Option<Error>,
    waiting: Vec<Waker>,
    /// Those that wait for the loss alone.
    mourners: Vec<Waker>,
}

impl Signal {
    /// One more submit is under way.
    pub fn submitted(&self) {
        self.state().under_way += 1;
    }

    /// The oldest submit is through, which entered the queue at `start`. Returns how long the device was at it.
    pub fn done(&self, start: f64, end: f64) -> f64 {
        let mut state = self.state();
        state.under_way -= 1;
        let taken = end - start.max(state.idle_since);
        state.idle_since = end;
        drop(state);
        self.wake();
        taken
    }

    /// Submits under way.
    pub fn under_way(&self) -> u32 {
        self.state().under_way
    }

    /// The device is gone.
    pub fn lose(&self, reason: &str) {
        self.state().lost.get_or_insert_with(|| reason.into());
        let mourners = std::mem::take(&mut self.state().mourners);
        mourners.into_iter().for_each(Waker::wake);
        self.wake();
    }

    /// Something that was asked for could not be done.
    pub fn fail(&self, error: Error) {
        self.state().failed.get_or_insert(error);
        self.wake();
    }

    /// Why the device was lost, if it is.
    pub fn lost(&self) -> Option<String> {
        self.state().lost.clone()
    }

    /// The same for one who waits for it.
    pub fn poll_lost(&self, waker: &Waker) -> Poll<String> {
        let mut state = self.state();
        if let Some(reason) = &state.lost {
            return Poll::Ready(reason.clone());
        }
        state.mourners.push(waker.clone());
        Poll::Pending
    }

    /// An error if the device is lost. What failed is told by [`Self::check`] at the next wait, when its cause is known.
    pub fn alive(&self) -> Result<()> {
        self.lost().map_or(Ok(()), |reason| Err(loss(&reason)))
    }

    /// What failed needs no telling: it came of something that was told.
    pub fn forgive(&self) {
        self.state().failed = None;
    }

    /// The error that is still to be told, if there is one.
    pub fn check(&self) -> Result<()> {
        let mut state = self.state();
        let lost = state.lost.as_deref().map(loss);
        lost.or_else(|| state.failed.take()).map_or(Ok(()), Err)
    }

    /// Wakes this task at the next event.
    pub fn wake_later(&self, waker: &Waker) {
        self.state().waiting.push(waker.clone());
    }

    /// Wakes all that wait.
    pub fn wake(&self) {
        let waiting = std::mem::take(&mut self.state().waiting);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn loss(reason: &str) -> Error {
    device_error(&format!("the device was lost: {reason}"))
}
