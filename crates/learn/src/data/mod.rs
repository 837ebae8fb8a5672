//! What a model learns from: samples and what is true of them, in random order.

mod dataset;
mod partition;
mod shuffle;

pub use dataset::Dataset;
pub use partition::partition;
pub use shuffle::permutation;
