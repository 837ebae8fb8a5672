//! From a graph to a program: fusion of element-wise chains into kernels over views, memory by lifetime.
//! Names no device.

pub mod memory;
pub mod print;
pub mod program;
#[cfg(test)]
mod property;
mod scan;
pub mod schedule;
pub mod view;
mod walk;

pub use program::{
    ALIGNMENT, Buffer, Expr, External, Instr, Kernel, Load, Operand, Program, Reduction, Rows, Source, Step,
};
pub use schedule::{Options, Target, compile};
pub use view::{Axis, View};
pub use walk::{Loop, Move, Walk};
