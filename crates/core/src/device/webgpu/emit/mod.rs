//! WGSL text for the steps of a program. Knows nothing of a GPU: everything here can be checked by a WGSL validator alone.
//!
//! A kernel's sizes and strides are constants of its text; where its operands lie in their buffers is not, so steps that do
//! the same at different places share a pipeline.

mod expr;
mod gemm;
mod reduce;
mod sort;
mod template;
mod tiling;
mod windows;

use crate::{
    device::Passes,
    plan::{Buffer, Epilogue, Kernel, Operand, Step},
};
use template::Shader;
pub use tiling::{Tiling, Tuning};

/// One dispatch of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// The text of the module; its entry point is `main`.
    pub wgsl: String,
    /// How many workgroups, along x and y.
    pub workgroups: [u32; 2],
    /// The distinct buffers, in the order of their bindings 1, 2, …; only the first is written.
    pub buffers: Vec<Buffer>,
    /// What is written, then each read.
    pub operands: Vec<Operand>,
}

impl Dispatch {
    /// The first word of each operand: what the uniform at binding 0 holds.
    pub fn offsets(&self) -> Vec<u32> {
        self.operands.iter().map(|operand| operand.offset as u32).collect()
    }
}

/// What a step came to.
#[derive(Debug, Default)]
pub struct Emitted {
    /// In this order.
    pub dispatches: Vec<Dispatch>,
    /// Words of the arena that they need between them, from the offset given.
    pub scratch: usize,
}

impl Emitted {
    /// What its dispatches move beyond what the step must: whatever they read that the step does not, or that one before has
    /// read, and whatever they write besides the result.
    pub fn passes(&self, step: &Step) -> Passes {
        let mut known: Vec<&Operand> = Vec::new();
        let mut passes = Passes { dispatches: self.dispatches.len(), ..Passes::default() };
        for dispatch in &self.dispatches {
            let Some((write, reads)) = dispatch.operands.split_first() else { continue };
            let own = |read: &&Operand| step.all_reads().any(|operand| operand == *read) && !known.contains(read);
            let mut more: Vec<&Operand> = Vec::new();
            for read in reads.iter().filter(|read| !own(read)) {
                if !more.contains(&read) {
                    more.push(read);
                }
            }
            passes.read += more.iter().map(|operand| operand.words).sum::<usize>();
            passes.written += write.words;
            known.extend(reads);
        }
        passes.written = passes.written.saturating_sub(step.write.words);
        passes
    }
}

/// The dispatches of a step; `scratch` is a part of the arena that nothing else uses.
pub fn step(step: &Step, tuning: &Tuning, scratch: usize) -> Emitted {
    if step.write.words == 0 {
        return Emitted::default();
    }
    let ends = &Ends { reads: &step.reads, write: step.write, epilogue: step.epilogue.as_ref() };
    let single = |shader: Shader| Emitted { dispatches: vec![shader.dispatch(ends)], scratch: 0 };
    match &step.kernel {
        Kernel::Map { shape, expr, more } => single(expr::map(shape, expr, more)),
        Kernel::Reduce { outer, inner, op, expr } => reduce::emit(outer, inner, *op, expr, ends, scratch),
        Kernel::MatMul { a, b } => gemm::emit(&gemm::matmul(a, b), tuning.matmul, ends, scratch),
        Kernel::Conv(g) => gemm::emit(&gemm::conv(g), tuning.conv, ends, scratch),
        Kernel::ConvInputGrad(g) => gemm::emit(&gemm::conv_input_grad(g), tuning.conv_input_grad, ends, scratch),
        Kernel::ConvWeightGrad(g) => gemm::emit(&gemm::conv_weight_grad(g), tuning.conv_weight_grad, ends, scratch),
        Kernel::MaxPool(w) => single(windows::max_pool(w, "word")),
        Kernel::MaxPoolArg(w) => single(windows::max_pool(w, "place")),
        Kernel::Unpool(w) => single(windows::unpool(w)),
        Kernel::MaxUnpool(w) => single(windows::max_unpool(w)),
        Kernel::PoolTake(w) => single(windows::pool_take(w)),
        Kernel::Fold { window, input } => single(windows::fold(window, input)),
        Kernel::Gather(rows) => single(windows::gather(rows)),
        Kernel::ScatterAdd(rows) => single(windows::scatter_add(rows)),
        Kernel::ArgSort { rows, length, dtype } => sort::emit(*rows, *length, *dtype, ends, scratch),
    }
}

/// What a dispatch reads and writes.
#[derive(Clone, Copy)]
struct Ends<'a> {
    reads: &'a [Operand],
    write: Operand,
    /// What becomes of each element before it is written.
    epilogue: Option<&'a Epilogue>,
}

/// A part of the scratch memory as an operand.
fn scratch_operand(offset: usize, words: usize) -> Operand {
    Operand { buffer: Buffer::Arena, offset, words }
}
