//! The program that a device runs: a flat list of steps over external buffers and one arena. Says nothing of how.

use super::{view::View, walk::Loop};
use crate::{
    DType,
    ir::{Binary, ConvGeometry, Unary, Window},
};

/// A compiled graph.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Program {
    /// Buffers that the caller brings to each run, in this order.
    pub externals: Vec<External>,
    /// Words of scratch memory that all intermediates share.
    pub arena: usize,
    /// What to do, in this order.
    pub steps: Vec<Step>,
    /// Which ranges of the steps are repeated; see [`super::Walk`].
    pub loops: Vec<Loop>,
}

/// A buffer that the caller brings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct External {
    /// Its length in words.
    pub words: usize,
    /// Whether any step writes it.
    pub written: bool,
}

/// One kernel and where it reads and writes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step {
    /// What to compute.
    pub kernel: Kernel,
    /// Inputs, in the kernel's order.
    pub reads: Vec<Operand>,
    /// What becomes of each element before it is written.
    pub epilogue: Option<Epilogue>,
    /// The output, always contiguous; overlaps no input unless the step is in place (see [`Step::in_place`]).
    pub write: Operand,
}

/// An expression that finishes the elements of a kernel: what would else be a step of its own, which reads back what the
/// kernel has just written.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Epilogue {
    /// The output's shape, over which the expression is evaluated.
    pub shape: Vec<usize>,
    /// What to write, given the kernel's element as [`Source::Made`].
    pub expr: Expr,
    /// What else the expression reads; none overlaps the output.
    pub reads: Vec<Operand>,
}

/// A contiguous range of words of a buffer. Views count from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Operand {
    /// Which buffer.
    pub buffer: Buffer,
    /// First word; that of a value of its own in the arena is a multiple of [`ALIGNMENT`].
    pub offset: usize,
    /// Number of words.
    pub words: usize,
}

/// Offsets in the arena are multiples of this many words (256 bytes, WebGPU's storage alignment).
pub const ALIGNMENT: usize = 64;

/// Which buffer an operand lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Buffer {
    /// The program's scratch memory.
    Arena,
    /// One of [`Program::externals`].
    External(usize),
}

/// What a step computes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Kernel {
    /// The expression at every coordinate of `shape`, and further values of its registers, one after the other: the output has
    /// shape \[1 + further values\] ++ `shape`.
    Map {
        /// The iteration space.
        shape: Vec<usize>,
        /// What to compute.
        expr: Expr,
        /// Registers whose values are written after that of the expression.
        more: Vec<usize>,
    },
    /// The expression over `outer` ++ `inner`, reduced over `inner`. The output has shape `outer`.
    Reduce {
        /// Kept axes.
        outer: Vec<usize>,
        /// Reduced axes.
        inner: Vec<usize>,
        /// How.
        op: Reduction,
        /// What to reduce.
        expr: Expr,
    },
    /// C\[b, m, n\] = Σₖ A\[b, m, k\] · B\[b, k, n\]; reads \[A, B\] through views of exactly these three axes.
    MatMul {
        /// Shape \[batch, m, k\].
        a: View,
        /// Shape \[batch, k, n\].
        b: View,
    },
    /// Cross-correlation; reads \[x \[N, C, H, W\], weight \[O, C/groups, KH, KW\]\], both contiguous; writes \[N, O, OH, OW\].
    Conv(ConvGeometry),
    /// Its gradient for x; reads \[dy, weight\], writes the shape of x.
    ConvInputGrad(ConvGeometry),
    /// Its gradient for the weight; reads \[x, dy\], writes the shape of the weight.
    ConvWeightGrad(ConvGeometry),
    /// The maximum of every window; reads \[x\] contiguous. Padding never wins; NaN wins.
    MaxPool(Window),
    /// Where in its H·W plane that maximum is (i32), the first of equals (or the first NaN) in row-major order.
    MaxPoolArg(Window),
    /// Adjoint of [`Kernel::PoolTake`]: each pixel sums the values whose index names it; reads \[values, indices\] of shape
    /// \[N, C, OH, OW\], writes \[N, C, H, W\]. An index always lies in its own window.
    Unpool(Window),
    /// The same at the places of the maxima, which it finds itself, for windows that lie apart; reads \[values \[N, C, OH, OW\], x \[N, C, H, W\]\].
    MaxUnpool(Window),
    /// The pixel that each index names; reads \[x \[N, C, H, W\], indices \[N, C, OH, OW\]\], writes \[N, C, OH, OW\].
    PoolTake(Window),
    /// Adjoint of windows: each pixel sums all window entries that cover it, i ascending then j; reads \[w\] through a view of shape
    /// \[planes, KH, KW, OH, OW\], writes \[planes, H, W\]. The geometry has no padding.
    Fold {
        /// Windows over the plane; `n` is the number of planes, `c` is 1.
        window: Window,
        /// How the input is read.
        input: View,
    },
    /// Rows of a table; reads \[table \[rows, inner\], index i32 \[count\]\], writes \[count, inner\]. A row out of range reads 0.
    Gather(Rows),
    /// Adjoint of gather: reads \[source \[count, inner\], index i32 \[count\]\], writes \[rows, inner\]; equal indices add up
    /// in order; an index out of range is left out.
    ScatterAdd(Rows),
    /// The positions (i32) that sort each row by [`crate::ir::scalar::rank`], equal ones in their order; reads \[x \[rows, length\]\].
    ArgSort {
        /// How many rows are sorted.
        rows: usize,
        /// Their length.
        length: usize,
        /// The type of the elements.
        dtype: DType,
    },
}

/// Sizes of a gather or scatter-add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rows {
    /// Rows of the table.
    pub rows: usize,
    /// Words of a row.
    pub inner: usize,
    /// Number of indices.
    pub count: usize,
}

/// How to reduce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reduction {
    /// The sum; 0 of nothing.
    Sum,
    /// The maximum; −∞ (the least whole number) of nothing, NaN if any is NaN.
    Max,
    /// The flat position within the reduced axes of the maximum (i32), the first of equals; the first NaN if any is NaN.
    ArgMax,
}

/// A small register program that is evaluated at every coordinate: register `i` is the result of instruction `i`,
/// the last register is the value.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Expr {
    /// What it reads.
    pub loads: Vec<Load>,
    /// What it computes.
    pub instrs: Vec<Instr>,
    /// The element type of each register.
    pub types: Vec<DType>,
}

/// One input of an expression.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Load {
    /// Where the words come from.
    pub source: Source,
    /// Which of them: its axes are those of the iteration space.
    pub view: View,
}

/// Where an expression's input comes from: a map from flat positions to words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Source {
    /// The step's read with this index.
    Read(usize),
    /// The flat position itself.
    Arange,
    /// [`crate::rng::bits`] of the flat position, with the two-word key in the step's read `key`.
    Random {
        /// Index of the step's read that holds the key.
        key: usize,
        /// Which of the key's streams.
        stream: u32,
    },
    /// The same word everywhere.
    Const(u32),
    /// In an epilogue the kernel's element, at the place that it is written to.
    Made,
}

/// One instruction; operands are registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Instr {
    /// The load with this index.
    Load(usize),
    /// A function of one argument; the argument's type is that of its register.
    Unary(Unary, usize),
    /// A function of two arguments of the same type.
    Binary(Binary, usize, usize),
    /// The second where the first (bool) is 1, else the third.
    Select(usize, usize, usize),
    /// The argument as the type of this register.
    Cast(usize),
}

impl Kernel {
    /// The expression at every coordinate.
    pub fn map(shape: Vec<usize>, expr: Expr) -> Self {
        Self::Map { shape, expr, more: Vec::new() }
    }

    /// How many values it writes one after the other, all of the same length.
    pub fn values(&self) -> usize {
        if let Self::Map { more, .. } = self { 1 + more.len() } else { 1 }
    }
}

impl Step {
    /// Whether it may write over its inputs: every element is read only by those that are made at its coordinate.
    pub fn in_place(&self) -> bool {
        let Kernel::Map { expr, .. } = &self.kernel else { return false };
        self.epilogue.is_none()
            && expr.loads.iter().all(|load| match load.source {
                Source::Read(i) => {
                    !overlaps(self.reads[i], self.write)
                        || (self.value_over(self.reads[i]).is_some() && load.view.is_contiguous())
                }
                Source::Random { key, .. } => !overlaps(self.reads[key], self.write),
                Source::Arange | Source::Const(_) => true,
                Source::Made => false,
            })
    }

    /// Which of the values that it writes lies just where an operand does.
    pub fn value_over(&self, operand: Operand) -> Option<usize> {
        let values = self.kernel.values();
        let words = self.write.words / values;
        let value = |i: usize| Operand { offset: self.write.offset + i * words, words, ..self.write };
        (0..values).find(|&i| value(i) == operand)
    }

    /// The same step on operands at other places, which are asked for in the order of [`Step::operands`].
    pub fn moved(&self, mut place: impl FnMut(&Operand) -> Operand) -> Self {
        let mut step = self.clone();
        let epilogue = step.epilogue.iter_mut().flat_map(|epilogue| &mut epilogue.reads);
        let operands = [&mut step.write].into_iter().chain(&mut step.reads).chain(epilogue);
        operands.for_each(|operand| *operand = place(operand));
        step
    }

    /// What it writes, then everything that it reads.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        std::iter::once(&self.write).chain(self.all_reads())
    }

    /// Everything that it reads.
    pub fn all_reads(&self) -> impl Iterator<Item = &Operand> {
        self.reads.iter().chain(self.epilogue.iter().flat_map(|epilogue| &epilogue.reads))
    }
}

/// Whether two ranges share a word.
pub fn overlaps(a: Operand, b: Operand) -> bool {
    a.buffer == b.buffer && a.offset < b.offset + b.words && b.offset < a.offset + a.words
}
