//! What a step has to do whatever the device: floating-point operations, and bytes that it reads and writes. What profiles
//! set measured times against.

use super::program::{Expr, Instr, Kernel, Step};
use crate::ir::{ConvGeometry, Window};

/// The least that a step does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Multiplications, additions, comparisons and calls of functions, each counted once.
    pub flops: f64,
    /// Bytes read and written, each operand once; of a table that rows are gathered from, these rows.
    pub bytes: f64,
}

impl Step {
    /// What the step does on one trip.
    pub fn cost(&self) -> Cost {
        let mut words: usize = self.operands().map(|operand| operand.words).sum();
        if let Kernel::Gather(rows) = self.kernel {
            words = words - rows.rows * rows.inner + rows.count * rows.inner;
        }
        let epilogue = self.epilogue.as_ref().map_or(0.0, |e| count(&e.shape) * instructions(&e.expr));
        Cost { flops: self.kernel.flops() + epilogue, bytes: 4.0 * words as f64 }
    }
}

impl Kernel {
    fn flops(&self) -> f64 {
        match self {
            Self::Map { shape, expr, .. } => count(shape) * instructions(expr),
            Self::Reduce { outer, inner, expr, .. } => count(outer) * count(inner) * (instructions(expr) + 1.0),
            Self::MatMul { a, b } => 2.0 * count(&a.shape()) * b.axes[2].size as f64,
            Self::Conv(g) | Self::ConvInputGrad(g) | Self::ConvWeightGrad(g) => convolution(g),
            Self::MaxPool(w) | Self::MaxPoolArg(w) => windows(w) * count(&w.kernel),
            Self::Unpool(w) => windows(w),
            Self::Fold { input, .. } => count(&input.shape()),
            Self::ScatterAdd(rows) => (rows.count * rows.inner) as f64,
            Self::PoolTake(_) | Self::Gather(_) | Self::ArgSort { .. } => 0.0,
        }
    }
}

fn convolution(g: &ConvGeometry) -> f64 {
    2.0 * count(&g.y_shape()) * (g.c / g.groups) as f64 * count(&g.kernel)
}

fn windows(w: &Window) -> f64 {
    (w.n * w.c) as f64 * count(&w.out)
}

fn instructions(expr: &Expr) -> f64 {
    expr.instrs.iter().filter(|instr| !matches!(instr, Instr::Load(_) | Instr::Cast(_))).count() as f64
}

fn count(dims: &[usize]) -> f64 {
    dims.iter().product::<usize>() as f64
}
