//! The one error of the core. A message names the op, what it was given and what would do.

use crate::{DType, Shape};
use std::fmt;

/// Everything that can go wrong between building a graph and reading a value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The shapes of an op's inputs do not fit each other or its options.
    #[error("{op}: {message}")]
    Shape {
        /// The op as the caller spells it.
        op: String,
        /// Both shapes, and what was expected.
        message: String,
    },
    /// An op got elements of a type that it does not take.
    #[error("{op}: expected {expected}, got {got}")]
    DType {
        /// The op as the caller spells it.
        op: String,
        /// The element types that would do.
        expected: String,
        /// The element type that came.
        got: DType,
    },
    /// An option is out of its range.
    #[error("{op}: {message}")]
    Argument {
        /// The op as the caller spells it.
        op: String,
        /// The option, its value and its range.
        message: String,
    },
    /// A gradient was asked of something that has none.
    #[error("gradient: {0}")]
    Gradient(String),
    /// A buffer could not be had.
    #[error("out of memory: {device} could not give {bytes} bytes for {what}")]
    OutOfMemory {
        /// The device's name.
        device: String,
        /// The size that was asked for.
        bytes: usize,
        /// What the buffer was for.
        what: String,
    },
    /// The device failed or is gone.
    #[error("{device}: {message}")]
    Device {
        /// The device's name.
        device: String,
        /// What it said.
        message: String,
    },
    /// Something that the host was asked for, such as a data set, could not be had.
    #[error("could not load {what}: {message}")]
    Load {
        /// What was asked for.
        what: String,
        /// Where it was looked for and what came of it.
        message: String,
    },
    /// A graph or a request that came over a port is not well formed.
    #[error("not a valid message: {0}")]
    Wire(String),
    /// A checked run met NaN or infinity.
    #[error("{0}")]
    NotFinite(Box<NotFinite>),
    /// The run was stopped by the reader.
    #[error("stopped")]
    Stopped,
}

/// Where a value that is not finite came from.
#[derive(Clone, Debug, PartialEq)]
pub struct NotFinite {
    /// The op that made it of finite values, or [`Self::LEAF`] for a value that nothing computed.
    pub op: String,
    /// The shape of the op's value.
    pub shape: Shape,
    /// How many of its elements are NaN.
    pub nan: usize,
    /// How many of its elements are infinite.
    pub infinite: usize,
    /// What it was computed from.
    pub inputs: Vec<InputRange>,
}

/// An input of an op, by its finite elements.
#[derive(Clone, Debug, PartialEq)]
pub struct InputRange {
    /// The op that made it.
    pub op: String,
    /// The type of its elements.
    pub dtype: DType,
    /// The sizes of its axes.
    pub shape: Shape,
    /// The smallest element; +∞ if it has none.
    pub low: f32,
    /// The largest element; −∞ if it has none.
    pub high: f32,
}

impl NotFinite {
    /// Stands for the op of a value from the host, or of an earlier run.
    pub const LEAF: &str = "leaf";
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { op, shape, nan, infinite, inputs } = self;
        write!(f, "{op}: {nan} NaN and {infinite} infinite of {} elements {shape}", shape.len())?;
        if op == Self::LEAF {
            return write!(f, "; the value came like this from the host or an earlier run");
        }
        write!(f, ", the first on the way to the result")?;
        for (i, InputRange { op, dtype, shape, low, high }) in inputs.iter().enumerate() {
            let before = if i == 0 { "; it was computed from" } else { " and" };
            write!(f, "{before} {op} {dtype}{shape} between {low} and {high}")?;
        }
        Ok(())
    }
}

/// What the core's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn shape(op: &str, message: impl Into<String>) -> Self {
        Self::Shape { op: op.into(), message: message.into() }
    }

    pub(crate) fn argument(op: &str, message: impl Into<String>) -> Self {
        Self::Argument { op: op.into(), message: message.into() }
    }

    /// A short stable name of the kind of error, for bindings.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "ShapeError",
            Self::DType { .. } => "DTypeError",
            Self::Argument { .. } => "ArgumentError",
            Self::Gradient(_) => "GradientError",
            Self::OutOfMemory { .. } => "OutOfMemoryError",
            Self::Device { .. } => "DeviceError",
            Self::Load { .. } => "LoadError",
            Self::Wire(_) => "MessageError",
            Self::NotFinite(_) => "NotFiniteError",
            Self::Stopped => "Stopped",
        }
    }
}
