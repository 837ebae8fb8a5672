//! The core of Gradbook: tensors as a graph of primitive ops, gradients as a graph transform, plans, and devices that run them.
//!
//! It knows nothing of layers, files or browsers. Read [`ir::Op`] for the language, [`plan::Program`] for what a device
//! runs, and [`device::interp`] for what every op means.

mod data;
mod dtype;
mod error;
mod shape;

pub mod device;
#[cfg(test)]
mod gradcheck;
pub mod ir;
pub mod ops;
pub mod plan;
#[cfg(test)]
mod random_graph;
pub mod remote;
mod reserve;
pub mod rng;
pub mod runner;

pub use data::Data;
pub use dtype::DType;
pub use error::{Error, InputRange, NotFinite, Result};
pub use ir::Tensor;
pub use runner::{
    Host, LocalRunner, LoopEnd, LoopRun, LoopSpec, Prepared, Profile, ProgramSpec, Progress, Runner, StepProfile,
    Stored,
};
pub use shape::Shape;
