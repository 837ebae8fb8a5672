//! The closed set of primitive ops. Everything else is composed from them.

use super::{
    scalar::{Binary, Unary},
    scan::Scan,
};
use crate::{DType, Data};
use std::rc::Rc;

/// What a node computes from its inputs; its shape and element type stand in the node.
#[derive(Clone, Debug)]
pub enum Op {
    // Leaves.
    /// A value that the caller brings when the graph runs.
    Input,
    /// A value given by the caller, held on the host.
    Host(Rc<Data>),
    /// A value held by a runner.
    Resident(Rc<Resident>),
    /// The same word everywhere.
    Full(u32),
    /// The coordinate along an axis (i32).
    Iota {
        /// Which axis counts.
        axis: usize,
    },
    /// Counter-based random words (u32) from a two-word key: [`crate::rng::bits`] of the flat position.
    Random {
        /// Different streams of one key are independent.
        stream: u32,
    },

    // Element by element, all inputs of the same shape.
    /// A function of one argument.
    Unary(Unary),
    /// A function of two arguments.
    Binary(Binary),
    /// \[condition, a, b\]: a where the condition (bool) is 1, else b.
    Select,
    /// The value as the node's element type; see [`super::scalar::cast`].
    Cast,

    // Layout.
    /// Row-major elements under another shape.
    Reshape,
    /// Axis `i` of the result is axis `order[i]` of the input.
    Permute(Vec<usize>),
    /// Axes of size 1 repeated and new axes in front; adjoint of [`Op::Sum`].
    Broadcast,
    /// Along each axis from `start` in steps of `step`.
    Slice {
        /// First coordinate along each axis.
        start: Vec<usize>,
        /// Positive distance along each axis.
        step: Vec<usize>,
    },
    /// The given axes backwards.
    Flip(Vec<usize>),
    /// So many zeros in front of each axis, the rest behind; adjoint of [`Op::Slice`] with step 1.
    Pad(Vec<usize>),
    /// \[P, H, W\] seen as its windows \[P, KH, KW, OH, OW\] (no padding); adjoint of [`Op::Fold`].
    Unfold(Window),
    /// Each pixel of \[P, H, W\] sums the entries of \[P, KH, KW, OH, OW\] that cover it.
    Fold(Window),

    // Reductions; the reduced axes stay with size 1.
    /// The sum over the given axes.
    Sum(Vec<usize>),
    /// The maximum over the given axes.
    Max(Vec<usize>),
    /// Where along one axis the maximum is (i32), the first of equals.
    ArgMax(usize),
    /// The positions (i32) that sort along the last axis: ascending, equal ones in their order, NaN last. No gradient, because
    /// positions are whole numbers; what is gathered by them has one.
    ArgSort,

    // Products.
    /// \[B, M, K\] × \[B, K, N\] → \[B, M, N\].
    MatMul,
    /// Cross-correlation of x and weight.
    Conv(ConvGeometry),
    /// \[dy, weight\]: the gradient of [`Op::Conv`] for x.
    ConvInputGrad(ConvGeometry),
    /// \[x, dy\]: the gradient of [`Op::Conv`] for the weight.
    ConvWeightGrad(ConvGeometry),

    // Pooling and indexing.
    /// The maximum of every window.
    MaxPool(Window),
    /// Where in its plane it is (i32).
    MaxPoolArg(Window),
    /// \[values, indices\]: each value at its index in a plane of zeros; adjoint of [`Op::PoolTake`].
    Unpool(Window),
    /// \[x, indices\]: the pixels that the indices name.
    PoolTake(Window),
    /// \[table \[R, inner…\], index\]: rows of the table, shape index ++ inner; out of range reads 0.
    Gather,
    /// \[source index ++ inner…, index\]: adjoint of gather into a table of the node's shape.
    ScatterAdd,

    // Recurrence.
    /// One result of a loop over time; its inputs are the first carries, what is taken a slice a trip, and constants. The adjoint is
    /// a scan from the other end.
    Scan {
        /// The loop, shared by all nodes that are results of it.
        scan: Rc<Scan>,
        /// Which result: the last carries come first, then the results of every trip, stacked.
        pick: usize,
    },
}

/// Sizes of a two-dimensional convolution. All three directions share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConvGeometry {
    /// Batch size N.
    pub n: usize,
    /// Input channels C.
    pub c: usize,
    /// Input size [H, W].
    pub size: [usize; 2],
    /// Output channels O.
    pub o: usize,
    /// Kernel size [KH, KW].
    pub kernel: [usize; 2],
    /// Output size [OH, OW].
    pub out: [usize; 2],
    /// Groups: the weight is [O, C/groups, KH, KW].
    pub groups: usize,
    /// Distance between neighbouring outputs.
    pub stride: [usize; 2],
    /// Zeros in front of each axis; those behind follow from the sizes.
    pub pad: [usize; 2],
    /// Distance between neighbouring kernel entries.
    pub dilation: [usize; 2],
}

impl ConvGeometry {
    /// [N, C, H, W]
    pub fn x_shape(&self) -> [usize; 4] {
        [self.n, self.c, self.size[0], self.size[1]]
    }

    /// [O, C/groups, KH, KW]
    pub fn weight_shape(&self) -> [usize; 4] {
        [self.o, self.c / self.groups, self.kernel[0], self.kernel[1]]
    }

    /// [N, O, OH, OW]
    pub fn y_shape(&self) -> [usize; 4] {
        [self.n, self.o, self.out[0], self.out[1]]
    }
}

/// Windows that slide over planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Window {
    /// Batch size N.
    pub n: usize,
    /// Channels C.
    pub c: usize,
    /// Plane size [H, W].
    pub size: [usize; 2],
    /// Window size [KH, KW].
    pub kernel: [usize; 2],
    /// Distance between neighbouring windows.
    pub stride: [usize; 2],
    /// Rows and columns of padding in front; those behind follow from the sizes.
    pub pad: [usize; 2],
    /// Distance between neighbouring entries of a window.
    pub dilation: [usize; 2],
    /// Number of windows [OH, OW].
    pub out: [usize; 2],
}

impl Window {
    /// Whether no pixel lies between the first and the last entry of two windows.
    pub fn lie_apart(&self) -> bool {
        (0..2).all(|i| self.dilation[i] * (self.kernel[i] - 1) < self.stride[i])
    }
}

/// A value that a runner holds; gives it back when the last handle goes.
pub struct Resident {
    /// The runner's name for it.
    pub id: u64,
    release: Box<dyn Fn(u64)>,
}

impl Resident {
    /// A value with this name; `release` is called with the name when the last handle is dropped.
    pub fn new(id: u64, release: impl Fn(u64) + 'static) -> Rc<Self> {
        Rc::new(Self { id, release: Box::new(release) })
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        (self.release)(self.id);
    }
}

impl std::fmt::Debug for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resident({})", self.id)
    }
}

impl Op {
    /// The name in messages and prints.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Host(_) => "host",
            Self::Resident(_) => "resident",
            Self::Full(_) => "full",
            Self::Iota { .. } => "iota",
            Self::Random { .. } => "random",
            Self::Unary(u) => u.row().name,
            Self::Binary(b) => b.row().name,
            Self::Select => "select",
            Self::Cast => "cast",
            Self::Reshape => "reshape",
            Self::Permute(_) => "permute",
            Self::Broadcast => "broadcast",
            Self::Slice { .. } => "slice",
            Self::Flip(_) => "flip",
            Self::Pad(_) => "pad",
            Self::Unfold(_) => "unfold",
            Self::Fold(_) => "fold",
            Self::Sum(_) => "sum",
            Self::Max(_) => "max",
            Self::ArgMax(_) => "argmax",
            Self::ArgSort => "argsort",
            Self::MatMul => "matmul",
            Self::Conv(_) => "conv",
            Self::ConvInputGrad(_) => "conv_input_grad",
            Self::ConvWeightGrad(_) => "conv_weight_grad",
            Self::MaxPool(_) => "max_pool",
            Self::MaxPoolArg(_) => "max_pool_arg",
            Self::Unpool(_) => "unpool",
            Self::PoolTake(_) => "pool_take",
            Self::Gather => "gather",
            Self::ScatterAdd => "scatter_add",
            Self::Scan { .. } => "scan",
        }
    }

    /// Whether the value comes from outside of the graph.
    pub fn is_leaf(&self) -> bool {
        matches!(self, Self::Input | Self::Host(_) | Self::Resident(_))
    }
}

/// Element types of an op's result that do not follow from its shape rule.
pub(crate) const INDEX: DType = DType::I32;
