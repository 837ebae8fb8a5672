//! Elements named by whole numbers: gather, scatter, one-hot, sort. An index outside of its axis reads 0 and writes nothing.

use crate::{DType, Error, Result, Shape, Tensor, ir::Op};

impl Tensor {
    /// Entry (i, j, …) is the input's with the coordinate along `dim` replaced by `index` (i, j, …) (torch.gather): `index` is i32
    /// of the result's shape, no larger than the input along the other axes.
    ///
    /// Errors: another type or number of axes, a larger index.
    pub fn gather(&self, dim: isize, index: &Self) -> Result<Self> {
        let flat = self.flat_index("gather", dim, index)?;
        let table = self.dims(&[self.shape().len()])?;
        Self::make(Op::Gather, vec![table, flat], index.shape().clone(), self.dtype())
    }

    /// A copy with `src` added at the places that `index` names along `dim`; equal indices add up, in order (torch.scatter_add).
    ///
    /// Errors: as [`Tensor::gather`]; `src` is not of the index's shape; f32 only.
    pub fn scatter_add(&self, dim: isize, index: &Self, src: &Self) -> Result<Self> {
        self.add(&self.scattered("scatter_add", dim, index, src)?)
    }

    /// A copy with `src` written at the places that `index` names along `dim`, which must differ (torch.scatter).
    ///
    /// Errors: as [`Tensor::scatter_add`].
    pub fn scatter(&self, dim: isize, index: &Self, src: &Self) -> Result<Self> {
        let written = self.scattered("scatter", dim, index, &src.ones_like())?.gt_scalar(0)?;
        written.where_(&self.scattered("scatter", dim, index, src)?, self)
    }

    /// Slices along `dim` in the order of `index` (i32, \[K\]); repeated ones add up in the gradient.
    ///
    /// Errors: an index that is not a list of i32.
    pub fn index_select(&self, dim: isize, index: &Self) -> Result<Self> {
        let axis = self.shape().axis("index_select", dim)?;
        index.sizes::<1>("index_select", "the index", "[K]")?;
        let rank = self.shape().rank();
        let front: Vec<usize> = std::iter::once(axis).chain((0..rank).filter(|&i| i != axis)).collect();
        let back: Vec<usize> = (0..rank).map(|i| front.iter().position(|&f| f == i).expect("every axis")).collect();
        self.order(front)?.rows("index_select", index)?.order(back)
    }

    /// Rows of a weight \[V, D\] by index (i32, any shape): index shape ++ \[D\]. Repeated rows add up in the gradient; the row
    /// `padding_idx` gets none.
    pub fn embedding(&self, index: &Self, padding_idx: Option<i32>) -> Result<Self> {
        self.sizes::<2>("embedding", "the weight", "[V, D]")?;
        let rows = self.rows("embedding", index)?;
        let Some(padding) = padding_idx else { return Ok(rows) };
        index.ne_scalar(padding)?.unsqueeze(-1)?.where_(&rows, &rows.detach()?)
    }

    /// Slices along the first axis by index (i32, any shape): index shape ++ the other axes.
    pub fn rows(&self, op: &str, index: &Self) -> Result<Self> {
        index.expect(op, "the index", DType::I32)?;
        let Some((_, inner)) = self.shape().split_first() else {
            return Err(Error::shape(op, "a number has no rows to choose from"));
        };
        let shape = Shape::new(op, [index.shape(), inner].concat())?;
        Self::make(Op::Gather, vec![self.clone(), index.clone()], shape, self.dtype())
    }

    /// Elements by flat row-major index (i32, any shape).
    pub fn take(&self, index: &Self) -> Result<Self> {
        self.dims(&[self.shape().len()])?.rows("take", index)
    }

    /// i32 indices as f32 vectors with a 1 at the index: shape ++ \[classes\]. An index outside gives zeros.
    pub fn one_hot(&self, classes: usize) -> Result<Self> {
        self.expect("one_hot", "the index", DType::I32)?;
        let dims = [self.shape(), &[classes][..]].concat();
        let wide = self.unsqueeze(-1)?.broadcast_to(&dims)?;
        wide.coordinate(dims.len() - 1)?.eq(&wide)?.to_f32()
    }

    /// The order that sorts along an axis (i32), equal ones in their order; NaN is above everything (torch.argsort, stable).
    ///
    /// Errors: no such axis; bool. It has no gradient, because positions are whole numbers: gather by them has.
    pub fn argsort(&self, dim: isize, descending: bool) -> Result<Self> {
        let axis = self.shape().axis("argsort", dim)?;
        if self.dtype() == DType::Bool {
            let expected = "numbers; cast truth values with to_i32()".into();
            return Err(Error::DType { op: "argsort".into(), expected, got: self.dtype() });
        }
        let last = self.shape().rank() - 1;
        let x = self.transpose(axis as isize, -1)?;
        // Backwards before and after, equal ones keep their order.
        let turned = if descending { x.flip(&[-1])? } else { x };
        let order = Self::make(Op::ArgSort, vec![turned.clone()], turned.shape().clone(), DType::I32)?;
        let order = if descending {
            let n = turned.shape()[last] as f64;
            order.flip(&[-1])?.scalar_sub(n - 1.0)?
        } else {
            order
        };
        order.transpose(axis as isize, -1)
    }

    /// Sorted along an axis, and where each entry was (i32); equal ones keep their order. See [`Tensor::argsort`].
    pub fn sort(&self, dim: isize, descending: bool) -> Result<(Self, Self)> {
        let order = self.argsort(dim, descending)?;
        Ok((self.gather(dim, &order)?, order))
    }

    /// The `k` largest along the last axis, largest first, and where each was (i32); of equal ones the first comes first.
    ///
    /// Errors: `k` is more than there are. See [`Tensor::argsort`].
    pub fn topk(&self, k: usize) -> Result<(Self, Self)> {
        let axis = self.shape().axis("topk", -1)?;
        if k > self.shape()[axis] {
            return Err(Error::argument(
                "topk",
                format!("k is {k}, the last axis of shape {} is shorter", self.shape()),
            ));
        }
        let order = self.argsort(-1, true)?.cut(axis, 0, 1, k)?;
        Ok((self.gather(-1, &order)?, order))
    }

    /// The middle one along an axis, the lower of two, and where it was (i32) (torch.median): the gradient goes there.
    ///
    /// Errors: an empty axis. See [`Tensor::argsort`].
    pub fn median(&self, dim: isize, keepdim: bool) -> Result<(Self, Self)> {
        let axis = self.shape().axis("median", dim)?;
        let n = self.shape()[axis];
        if n == 0 {
            return Err(Error::shape("median", format!("axis {dim} of shape {} is empty", self.shape())));
        }
        let place = self.argsort(dim, false)?.cut(axis, (n - 1) / 2, 1, 1)?;
        let value = self.gather(dim, &place)?;
        if keepdim { Ok((value, place)) } else { Ok((value.squeeze(dim)?, place.squeeze(dim)?)) }
    }

    /// `src` at the places that `index` names in a tensor of zeros like this one.
    fn scattered(&self, op: &str, dim: isize, index: &Self, src: &Self) -> Result<Self> {
        self.expect(op, "the target", DType::F32)?;
        src.expect(op, "src", DType::F32)?;
        if src.shape() != index.shape() {
            let message = format!("src has shape {}, the index {}; they must be equal", src.shape(), index.shape());
            return Err(Error::shape(op, message));
        }
        let flat = self.flat_index(op, dim, index)?;
        let shape = Shape::new(op, [self.shape().len()])?;
        Self::make(Op::ScatterAdd, vec![src.clone(), flat], shape, DType::F32)?.dims(self.shape())
    }

    /// The flat positions that `index` names along an axis; −1 for those outside.
    fn flat_index(&self, op: &str, dim: isize, index: &Self) -> Result<Self> {
        let axis = self.shape().axis(op, dim)?;
        index.expect(op, "the index", DType::I32)?;
        let fits = index.shape().rank() == self.shape().rank()
            && (0..self.shape().rank()).all(|i| i == axis || index.shape()[i] <= self.shape()[i]);
        if !fits {
            let message = format!(
                "an index of shape {} for shape {}; it needs as many axes, and no larger ones but along axis {dim}",
                index.shape(),
                self.shape()
            );
            return Err(Error::shape(op, message));
        }
        let mut flat = index.mul_scalar(self.shape().strides()[axis] as f64)?;
        for (i, &stride) in self.shape().strides().iter().enumerate().filter(|&(i, _)| i != axis) {
            flat = flat.add(&index.coordinate(i)?.mul_scalar(stride as f64)?)?;
        }
        let inside = index.ge_scalar(0)?.logical_and(&index.lt_scalar(self.shape()[axis] as f64)?)?;
        inside.where_(&flat, &flat.full_like(-1))
    }
}
