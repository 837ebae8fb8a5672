//! Training: one compiled step, replayed over a data set that lives where it runs ([`fit`]) or called by the caller's own
//! loop ([`Step`]).

mod body;
mod checkpoint;
mod evaluate;
mod event;
mod fit;
mod options;
mod step;
mod tell;

pub use checkpoint::{Checkpoint, Keeper};
pub use evaluate::{Score, evaluate, predict};
pub use event::{BeginReport, EpochReport, Event, Flow, History, Point, StepReport};
pub use fit::fit;
pub use options::{Clock, EarlyStop, FitOptions, Remainder, Unit};
pub use step::{Argument, Draws, Step, draw, forward, traced_seed};
