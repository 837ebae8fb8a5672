//! Layout: reshape, permute, cut, join, repeat. Most of it only changes how elements are read and moves no data.

use crate::{
    DType, Error, Result, Shape, Tensor,
    ir::{Binary, Op, Window},
};

impl Tensor {
    /// The same elements, row-major, under another shape; one size may be −1 and follows from the rest.
    ///
    /// Errors: another number of elements.
    pub fn reshape(&self, shape: &[isize]) -> Result<Self> {
        let fail = |why: &str| {
            let sizes: Vec<String> = shape.iter().map(isize::to_string).collect();
            let message =
                format!("shape {} ({} elements) to [{}]: {why}", self.shape(), self.shape().len(), sizes.join(", "));
            Err(Error::shape("reshape", message))
        };
        if shape.iter().any(|&d| d < -1) || shape.iter().filter(|&&d| d == -1).count() > 1 {
            return fail("sizes are positive, and at most one is -1");
        }
        let known = shape.iter().filter(|&&d| d >= 0).try_fold(1usize, |n, &d| n.checked_mul(d as usize));
        let Some(known) = known else { return fail("too many elements") };
        let count = self.shape().len();
        let free = match (shape.contains(&-1), known) {
            (false, _) => 1,
            (true, 0) => return fail("-1 is not determined beside a size of 0"),
            (true, _) if !count.is_multiple_of(known) => {
                return fail("the known sizes do not divide the number of elements");
            }
            (true, _) => count / known,
        };
        if known * free != count {
            return fail("the number of elements differs");
        }
        let dims: Vec<usize> = shape.iter().map(|&d| if d == -1 { free } else { d as usize }).collect();
        self.dims(&dims)
    }

    /// Axes `start`…`end` (inclusive) as one: `flatten(1, -1)` takes \[N, …\] to \[N, D\].
    pub fn flatten(&self, start: isize, end: isize) -> Result<Self> {
        if self.shape().rank() == 0 {
            return self.dims(&[1]);
        }
        let (first, last) = (self.shape().axis("flatten", start)?, self.shape().axis("flatten", end)?);
        if first > last {
            return Err(Error::argument(
                "flatten",
                format!("axis {start} comes after axis {end} of shape {}", self.shape()),
            ));
        }
        let dims = self.shape();
        let joined = dims[first..=last].iter().product();
        self.dims(&[&dims[..first], &[joined], &dims[last + 1..]].concat())
    }

    /// Axis i of the result is axis `dims[i]`.
    ///
    /// Errors: not every axis is named once.
    pub fn permute(&self, dims: &[isize]) -> Result<Self> {
        let order = dims.iter().map(|&d| self.shape().axis("permute", d)).collect::<Result<Vec<_>>>()?;
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..self.shape().rank()) {
            let message =
                format!("{dims:?} does not name each of the {} axes of {} once", self.shape().rank(), self.shape());
            return Err(Error::argument("permute", message));
        }
        self.order(order)
    }

    /// Two axes swapped.
    pub fn transpose(&self, dim0: isize, dim1: isize) -> Result<Self> {
        let (a, b) = (self.shape().axis("transpose", dim0)?, self.shape().axis("transpose", dim1)?);
        let mut order: Vec<usize> = (0..self.shape().rank()).collect();
        order.swap(a, b);
        self.order(order)
    }

    /// A matrix transposed; the last two axes of more.
    pub fn t(&self) -> Result<Self> {
        self.transpose(-2, -1)
    }

    /// An axis of size 1 left out.
    ///
    /// Errors: its size is not 1.
    pub fn squeeze(&self, dim: isize) -> Result<Self> {
        let axis = self.shape().axis("squeeze", dim)?;
        if self.shape()[axis] != 1 {
            let message = format!("axis {dim} of shape {} has size {}, not 1", self.shape(), self.shape()[axis]);
            return Err(Error::shape("squeeze", message));
        }
        let mut dims = self.shape().to_vec();
        dims.remove(axis);
        self.dims(&dims)
    }

    /// A new axis of size 1 before axis `dim` of the result's axes (−1: behind all).
    pub fn unsqueeze(&self, dim: isize) -> Result<Self> {
        let rank = self.shape().rank() as isize;
        let axis = if dim < 0 { dim + rank + 1 } else { dim };
        if !(0..=rank).contains(&axis) {
            let message =
                format!("no place {dim} for a new axis in shape {}; expected {}…{rank}", self.shape(), -rank - 1);
            return Err(Error::argument("unsqueeze", message));
        }
        let mut dims = self.shape().to_vec();
        dims.insert(axis as usize, 1);
        self.dims(&dims)
    }

    /// Axes of size 1 repeated, new axes in front, to exactly this shape.
    ///
    /// Errors: a size that differs and is not 1.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Self> {
        let target = Shape::new("broadcast_to", shape)?;
        if self.shape().rank() > target.rank() || self.shape().broadcast(&target, "broadcast_to")? != target {
            let message =
                format!("shape {} does not broadcast to {target}; only sizes of 1 are repeated", self.shape());
            return Err(Error::shape("broadcast_to", message));
        }
        self.to_shape(&target)
    }

    /// Coordinates `start`, `start + step`, … before `stop` along an axis; negative ones count from the end, and both are
    /// limited to the axis, as in Python.
    ///
    /// Errors: the step is not positive (use [`Tensor::flip`] to reverse).
    pub fn slice(&self, dim: isize, start: isize, stop: isize, step: isize) -> Result<Self> {
        let axis = self.shape().axis("slice", dim)?;
        if step < 1 {
            return Err(Error::argument(
                "slice",
                format!("the step is {step}; expected at least 1 (flip reverses an axis)"),
            ));
        }
        let n = self.shape()[axis] as isize;
        let bound = |i: isize| (if i < 0 { i + n } else { i }).clamp(0, n) as usize;
        let (start, stop, step) = (bound(start), bound(stop), step as usize);
        self.cut(axis, start, step, stop.saturating_sub(start).div_ceil(step))
    }

    /// `length` coordinates from `start` along an axis.
    ///
    /// Errors: they are not all inside.
    pub fn narrow(&self, dim: isize, start: usize, length: usize) -> Result<Self> {
        let axis = self.shape().axis("narrow", dim)?;
        if start.checked_add(length).is_none_or(|end| end > self.shape()[axis]) {
            let message = format!("{length} entries from {start} do not fit axis {dim} of shape {}", self.shape());
            return Err(Error::argument("narrow", message));
        }
        self.cut(axis, start, 1, length)
    }

    /// One coordinate along an axis, which goes.
    pub fn select(&self, dim: isize, index: isize) -> Result<Self> {
        let axis = self.shape().axis("select", dim)?;
        let n = self.shape()[axis] as isize;
        let at = if index < 0 { index + n } else { index };
        if !(0..n).contains(&at) {
            return Err(Error::argument("select", format!("index {index} along axis {dim} of shape {}", self.shape())));
        }
        self.cut(axis, at as usize, 1, 1)?.squeeze(axis as isize)
    }

    /// The given axes backwards.
    pub fn flip(&self, dims: &[isize]) -> Result<Self> {
        if dims.is_empty() {
            return Ok(self.clone());
        }
        let axes = self.shape().axes("flip", dims)?;
        self.layout(Op::Flip(axes), self.shape().clone())
    }

    /// Tensors of one type joined along an axis; all other sizes are equal.
    ///
    /// Errors: no tensors, different types or other sizes.
    pub fn concat(tensors: &[&Self], dim: isize) -> Result<Self> {
        let Some((first, rest)) = tensors.split_first() else {
            return Err(Error::argument("concat", "there is nothing to join; give at least one tensor"));
        };
        let axis = first.shape().axis("concat", dim)?;
        for other in rest {
            other.expect("concat", "all tensors, as the first is", first.dtype())?;
            let fits = other.shape().rank() == first.shape().rank()
                && (0..first.shape().rank()).all(|i| i == axis || other.shape()[i] == first.shape()[i]);
            if !fits {
                let message = format!(
                    "shapes {} and {} do not join along axis {dim}; all other sizes must be equal",
                    first.shape(),
                    other.shape()
                );
                return Err(Error::shape("concat", message));
            }
        }
        join(tensors, axis)
    }

    /// Tensors of one shape side by side along a new axis.
    ///
    /// Errors: no tensors, other shapes.
    pub fn stack(tensors: &[&Self], dim: isize) -> Result<Self> {
        if let Some(other) = tensors.iter().find(|t| t.shape() != tensors[0].shape()) {
            let message = format!("shapes {} and {} differ; stack takes equal ones", tensors[0].shape(), other.shape());
            return Err(Error::shape("stack", message));
        }
        let rows = tensors.iter().map(|t| t.unsqueeze(dim)).collect::<Result<Vec<_>>>()?;
        let axis = if dim < 0 { dim + rows.first().map_or(0, |row| row.shape().rank() as isize) } else { dim };
        Self::concat(&rows.iter().collect::<Vec<_>>(), axis)
    }

    /// The whole tensor repeated so many times along each axis (torch.Tensor.repeat); more counts than axes add axes in front.
    ///
    /// Errors: fewer counts than axes.
    pub fn repeat(&self, counts: &[usize]) -> Result<Self> {
        let rank = self.shape().rank();
        if counts.len() < rank {
            let message = format!("{} counts for the {rank} axes of shape {}", counts.len(), self.shape());
            return Err(Error::argument("repeat", message));
        }
        let mut sizes = vec![1; counts.len() - rank];
        sizes.extend_from_slice(self.shape());
        let pairs = |counts: &[usize]| counts.iter().zip(&sizes).flat_map(|(&c, &n)| [c, n]).collect::<Vec<_>>();
        let tiled: Vec<usize> = counts.iter().zip(&sizes).map(|(&c, &n)| c * n).collect();
        self.dims(&pairs(&vec![1; counts.len()]))?.broadcast_to(&pairs(counts))?.dims(&tiled)
    }

    /// Each entry along an axis repeated `count` times in place.
    pub fn repeat_interleave(&self, count: usize, dim: isize) -> Result<Self> {
        let axis = self.shape().axis("repeat_interleave", dim)?;
        let mut dims = self.shape().to_vec();
        dims.insert(axis + 1, count);
        let spread = self.unsqueeze(axis as isize + 1)?.broadcast_to(&dims)?;
        spread.flatten(axis as isize, axis as isize + 1)
    }

    /// The lower triangle of matrices \[…, M, N\], zeros elsewhere: entries (i, j) with j ≤ i + `diagonal`.
    pub fn tril(&self, diagonal: i32) -> Result<Self> {
        let [row, column] = self.cell("tril")?;
        column.le(&row.add_scalar(diagonal)?)?.where_(self, &self.zeros_like())
    }

    /// The upper triangle of matrices \[…, M, N\], zeros elsewhere: entries (i, j) with j ≥ i + `diagonal`.
    pub fn triu(&self, diagonal: i32) -> Result<Self> {
        let [row, column] = self.cell("triu")?;
        column.ge(&row.add_scalar(diagonal)?)?.where_(self, &self.zeros_like())
    }

    /// The diagonal of a matrix \[M, N\], or the matrix \[N, N\] with a vector \[N\] on its diagonal.
    pub fn diag(&self) -> Result<Self> {
        match self.shape()[..] {
            [n] => self.dims(&[n, 1])?.broadcast_to(&[n, n])?.on_diagonal(),
            [m, n] => {
                let size = m.min(n);
                self.cut(0, 0, 1, size)?.cut(1, 0, 1, size)?.on_diagonal()?.sum(&[1], false)
            }
            _ => Err(Error::shape("diag", format!("expected a vector or a matrix, got shape {}", self.shape()))),
        }
    }

    /// The sum of the diagonal of a matrix \[M, N\].
    pub fn trace(&self) -> Result<Self> {
        self.sizes::<2>("trace", "the matrix", "[M, N]")?;
        self.diag()?.sum_all()
    }

    /// Windows of images \[N, C, H, W\] as columns \[N, C·kh·kw, L\] (im2col, torch.nn.functional.unfold).
    ///
    /// Errors: the window does not fit the padded image.
    pub fn unfold2d(
        &self,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        dilation: [usize; 2],
    ) -> Result<Self> {
        let [n, c, _, _] = self.sizes("unfold2d", "x", "[N, C, H, W]")?;
        let windows = self.zero_pad(2, padding[0], padding[0])?.zero_pad(3, padding[1], padding[1])?;
        let columns = windows.windows("unfold2d", kernel, stride, dilation)?;
        let [.., oh, ow] = columns.shape()[..] else { unreachable!("windows have five axes") };
        columns.dims(&[n, c * kernel[0] * kernel[1], oh * ow])
    }

    /// \[N, C, H, W\] as the windows \[N·C, KH, KW, OH, OW\] that lie inside.
    pub(super) fn windows(
        &self,
        op: &str,
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
    ) -> Result<Self> {
        let [n, c, h, w] = self.sizes(op, "x", "[N, C, H, W]")?;
        let out = super::conv::outputs(op, [h, w], kernel, stride, [0, 0], [0, 0], dilation)?;
        let window = Window { n: n * c, c: 1, size: [h, w], kernel, stride, pad: [0, 0], dilation, out };
        let shape = Shape::new(op, [n * c, kernel[0], kernel[1], out[0], out[1]])?;
        self.dims(&[n * c, h, w])?.layout(Op::Unfold(window), shape)
    }

    fn on_diagonal(&self) -> Result<Self> {
        let [row, column] = self.cell("diag")?;
        row.eq(&column)?.where_(self, &self.zeros_like())
    }

    /// Row and column of every entry of matrices.
    fn cell(&self, op: &str) -> Result<[Self; 2]> {
        let rank = self.shape().rank();
        if rank < 2 {
            return Err(Error::shape(op, format!("expected a matrix [..., M, N], got shape {}", self.shape())));
        }
        Ok([self.coordinate(rank - 2)?, self.coordinate(rank - 1)?])
    }
}

/// Each tensor at its place between zeros, all added up: a chain of this many stays one kernel on every device.
const JOINED_AT_ONCE: usize = 6;

fn join(tensors: &[&Tensor], axis: usize) -> Result<Tensor> {
    if tensors.len() > JOINED_AT_ONCE {
        let size = tensors.len().div_ceil(JOINED_AT_ONCE).max(JOINED_AT_ONCE);
        let parts = tensors.chunks(size).map(|part| join(part, axis)).collect::<Result<Vec<_>>>()?;
        return join(&parts.iter().collect::<Vec<_>>(), axis);
    }
    let total: usize = tensors.iter().map(|t| t.shape()[axis]).sum();
    let combine = if tensors[0].dtype() == DType::Bool { Binary::Or } else { Binary::Add };
    let mut sum: Option<Tensor> = None;
    let mut low = 0;
    for tensor in tensors {
        let size = tensor.shape()[axis];
        let placed = tensor.zero_pad(axis, low, total - low - size)?;
        low += size;
        sum = Some(match sum {
            Some(sum) => sum.binary("concat", combine, &placed)?,
            None => placed,
        });
    }
    Ok(sum.expect("at least one tensor"))
}
