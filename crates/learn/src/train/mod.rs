//! Training: one compiled step, replayed over a data set that lives where it runs ([`fit`]) or called by the caller's own
//! loop ([`Step`]).

mod body;
mod checkpoint;
mod evaluate;
mod event;
mod fault;
mod fit;
mod groups;
mod options;
mod range_test;
mod rate;
mod statistics;
mod step;
mod tally;
mod tell;

pub use checkpoint::{Checkpoint, Keeper};
pub use evaluate::{Score, evaluate, predict, predict_all};
pub use event::{BeginReport, EpochReport, Event, Flow, History, Point, StepReport};
pub use fit::fit;
pub use groups::Group;
pub use options::{Clock, EarlyStop, FitOptions, Remainder, Teacher, Unit};
pub use range_test::{RangeTest, range_test};
pub use rate::{LiveLr, LrChange};
pub use statistics::recompute_statistics;
pub use step::{Argument, Draws, Step, draw, forward, traced_seed};
