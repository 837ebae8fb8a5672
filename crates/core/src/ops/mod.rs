//! Functions composed from the primitives, as methods of [`Tensor`], one file a family.
//!
//! Names, arguments and conventions are PyTorch's; axes may be negative and then count from the end. No function here
//! touches a device: each builds a piece of graph, and fails where the shapes or options do not fit.

mod activation;
mod conv;
mod create;
mod derivative;
mod einsum;
mod elementwise;
mod index;
mod linalg;
mod pad;
mod pool;
mod reduce;
mod resize;
mod scan;
mod shape;
#[cfg(test)]
mod tests;

pub use conv::{
    Conv2dOptions, ConvPadMode, ConvTranspose2dOptions, Padding, conv_output_size, conv_param_count,
    conv_transpose_output_size, receptive_field,
};
pub use derivative::gradients;
pub use pad::PadMode;
pub use pool::{AvgPool2dOptions, MaxPool2dOptions};
pub use resize::Interpolation;
pub use scan::{Scanned, scan, scan_reverse};

use crate::{
    DType, Error, Result, Shape, Tensor,
    ir::{Binary, Op, Unary},
};

/// Small steps that the families share: one primitive each, with the result's shape worked out.
impl Tensor {
    fn unary(&self, unary: Unary) -> Result<Self> {
        let dtype = unary.row().result.unwrap_or(self.dtype());
        Self::make(Op::Unary(unary), vec![self.clone()], self.shape().clone(), dtype)
    }

    /// Both broadcast to their common shape.
    fn binary(&self, op: &str, binary: Binary, other: &Self) -> Result<Self> {
        if self.dtype() != other.dtype() {
            return Err(Error::DType {
                op: op.into(),
                expected: format!("{0} like the first; cast one of them, for example with cast({0})", self.dtype()),
                got: other.dtype(),
            });
        }
        let shape = self.shape().broadcast(other.shape(), op)?;
        let dtype = binary.row().result.unwrap_or(self.dtype());
        Self::make(Op::Binary(binary), vec![self.to_shape(&shape)?, other.to_shape(&shape)?], shape, dtype)
    }

    /// A layout op of one input, of this shape.
    fn layout(&self, op: Op, shape: Shape) -> Result<Self> {
        Self::make(op, vec![self.clone()], shape, self.dtype())
    }

    /// Broadcast, where it is not of this shape already.
    fn to_shape(&self, shape: &Shape) -> Result<Self> {
        if self.shape() == shape { Ok(self.clone()) } else { self.layout(Op::Broadcast, shape.clone()) }
    }

    /// Reshaped to sizes that are known to hold as many elements.
    fn dims(&self, dims: &[usize]) -> Result<Self> {
        if self.shape()[..] == *dims {
            return Ok(self.clone());
        }
        self.layout(Op::Reshape, Shape::new("reshape", dims)?)
    }

    /// Axis `i` of the result is axis `order[i]`.
    fn order(&self, order: Vec<usize>) -> Result<Self> {
        if order.iter().copied().eq(0..order.len()) {
            return Ok(self.clone());
        }
        let dims: Vec<usize> = order.iter().map(|&i| self.shape()[i]).collect();
        self.layout(Op::Permute(order), Shape::new("permute", dims)?)
    }

    /// `size` coordinates along one axis, from `start` in steps of `step`, all inside.
    fn cut(&self, axis: usize, start: usize, step: usize, size: usize) -> Result<Self> {
        let (mut starts, mut steps, mut dims) =
            (vec![0; self.shape().rank()], vec![1; self.shape().rank()], self.shape().to_vec());
        (starts[axis], steps[axis], dims[axis]) = (start, step, size);
        if dims[..] == self.shape()[..] {
            return Ok(self.clone());
        }
        self.layout(Op::Slice { start: starts, step: steps }, Shape::new("slice", dims)?)
    }

    /// Zeros before and after along one axis.
    fn zero_pad(&self, axis: usize, low: usize, high: usize) -> Result<Self> {
        if low + high == 0 {
            return Ok(self.clone());
        }
        let (mut lows, mut dims) = (vec![0; self.shape().rank()], self.shape().to_vec());
        lows[axis] = low;
        dims[axis] += low + high;
        self.layout(Op::Pad(lows), Shape::new("pad", dims)?)
    }

    /// The coordinate along an axis of this tensor's shape.
    fn coordinate(&self, axis: usize) -> Result<Self> {
        Self::make(Op::Iota { axis }, vec![], self.shape().clone(), DType::I32)
    }

    /// An error unless the elements are of this type.
    fn expect(&self, op: &str, what: &str, dtype: DType) -> Result<()> {
        if self.dtype() == dtype {
            return Ok(());
        }
        Err(Error::DType { op: op.into(), expected: format!("{dtype} for {what}"), got: self.dtype() })
    }

    /// The sizes as an array, or an error that names the axes that were expected.
    fn sizes<const N: usize>(&self, op: &str, what: &str, axes: &str) -> Result<[usize; N]> {
        <[usize; N]>::try_from(&self.shape()[..])
            .map_err(|_| Error::shape(op, format!("{what} has shape {}; expected {N} axes {axes}", self.shape())))
    }
}
