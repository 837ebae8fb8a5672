//! How well a model does, counted where it runs: counters are graph nodes, read once in a while.

mod accuracy;

pub use accuracy::{Accuracy, hits};
