//! The part that builds graphs.

pub mod augment;
pub mod dataset;
pub mod explain;
pub(crate) mod function;
pub mod graph;
pub mod list;
pub mod model;
mod promise;
pub mod scan;
pub mod seed;
pub mod session;
pub mod step;
pub mod tensor;
pub mod train;
