//! From a graph to a program: fusion of element-wise chains into kernels over views, epilogues, joined updates, memory by
//! lifetime. Each pass has a switch in [`Options`]. Names no device.

mod batch;
mod cost;
mod draft;
mod epilogue;
mod expr;
mod memory;
mod options;
mod place;
pub mod print;
pub mod program;
#[cfg(test)]
pub(crate) mod property;
mod reach;
mod scan;
mod schedule;
mod stack;
mod unpool;
pub mod verify;
pub mod view;
mod walk;

pub use cost::Cost;
pub use options::Options;
pub use program::{
    ALIGNMENT, Buffer, Epilogue, Expr, External, Instr, Kernel, Load, Operand, Program, Reduction, Rows, Source, Step,
};
pub use view::{Axis, View};
pub use walk::{Loop, Move, Walk};

use crate::{
    Error, Result,
    ir::{Graph, Kind},
};
use draft::Home;

/// Where an output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Into a new external buffer, after all others, in order.
    New,
    /// Over the leaf with this number, once nothing reads it any more.
    Leaf(usize),
}

/// Where a leaf lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// In an external buffer, from this word on.
    At {
        /// Which of the buffers.
        buffer: usize,
        /// First word.
        offset: usize,
    },
    /// In the one buffer that holds all state, where it suits the program.
    State,
}

/// A program, and where its leaves came to lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What to run.
    pub program: Program,
    /// The place of each leaf.
    pub leaves: Vec<Operand>,
}

/// Compiles a graph; output `i` goes to `targets[i]`.
///
/// Externals are the leaves in order, then the outputs with [`Target::New`] in order.
pub fn compile(graph: &Graph, targets: &[Target], options: &Options) -> Result<Program> {
    let mut buffers = vec![0; graph.leaves];
    for node in &graph.nodes {
        if let Kind::Leaf(leaf) = node.kind {
            buffers[leaf] = node.shape.len();
        }
    }
    let leaves: Vec<Leaf> = (0..graph.leaves).map(|buffer| Leaf::At { buffer, offset: 0 }).collect();
    Ok(compile_at(graph, &leaves, &buffers, targets, options)?.program)
}

/// Compiles a graph whose leaves lie at the given places of external buffers of so many words.
///
/// Externals are these buffers, then that of the state if there is any, then the outputs with [`Target::New`] in order.
pub fn compile_at(
    graph: &Graph,
    leaves: &[Leaf],
    buffers: &[usize],
    targets: &[Target],
    options: &Options,
) -> Result<Plan> {
    let (mut drafts, results) = schedule::schedule(graph, targets, options)?;
    for (value, &leaf) in drafts.values.iter_mut().zip(leaves) {
        value.home = match leaf {
            Leaf::At { buffer, offset } => Home::External { buffer, offset },
            Leaf::State => Home::State,
        };
    }
    verify::drafts(&drafts)?;
    if options.unpool {
        unpool::unpool(&mut drafts, &results);
        verify::drafts(&drafts)?;
    }
    if options.epilogues {
        epilogue::epilogues(&mut drafts, &results, options);
        verify::drafts(&drafts)?;
    }
    if options.batch {
        batch::batch(&mut drafts, &results);
        verify::drafts(&drafts)?;
    }
    if options.stack {
        stack::stack(&mut drafts, &results, options);
        verify::drafts(&drafts)?;
    }
    let plan = place::place(drafts, buffers, &results, options);
    if cfg!(debug_assertions) {
        verify::program(&plan.program)?;
    }
    Ok(plan)
}

fn broken(message: String) -> Error {
    Error::Device { device: "planner".into(), message }
}
