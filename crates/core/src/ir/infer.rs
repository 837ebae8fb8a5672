//! The shape rule of every op, checked when a node is made. Public functions in `ops` give errors in the caller's words;
//! what fails here first is a graph that came over a port, or a bug.

use super::{
    Tensor,
    op::{ConvGeometry, INDEX, Op, Window},
};
use crate::{DType, Error, Result, Shape};
use DType::{Bool, F32, U32};

/// Checks that `op` on `inputs` makes a value of this shape and type.
pub(super) fn infer(op: &Op, inputs: &[Tensor], shape: &Shape, dtype: DType) -> Result<()> {
    let rule = Rule { op, inputs, shape, dtype };
    match op {
        Op::Input | Op::Resident(_) | Op::Full(_) => rule.arity(0),
        Op::Host(data) => rule.arity(0).and(rule.gives(&data.shape, data.dtype)),
        Op::Iota { axis } => rule.arity(0).and(rule.check(*axis < shape.rank(), "axis")).and(rule.gives(shape, INDEX)),
        Op::Random { .. } => rule.takes(&[U32]).and(rule.input_shape(0, &[2])).and(rule.gives(shape, U32)),
        Op::Unary(unary) => {
            rule.arity(1)?;
            rule.allowed(unary.row().types, inputs[0].dtype())?;
            rule.gives(inputs[0].shape(), unary.row().result.unwrap_or(inputs[0].dtype()))
        }
        Op::Binary(binary) => {
            let of = rule.arity(2).map(|()| inputs[0].dtype())?;
            rule.allowed(binary.row().types, of)?;
            rule.takes(&[of, of])?;
            rule.input_shape(1, inputs[0].shape())?;
            rule.gives(inputs[0].shape(), binary.row().result.unwrap_or(of))
        }
        Op::Select => {
            rule.takes(&[Bool, dtype, dtype])?;
            rule.input_shape(1, inputs[0].shape())?;
            rule.input_shape(2, inputs[0].shape())?;
            rule.gives(inputs[0].shape(), dtype)
        }
        Op::Cast => rule.arity(1).and_then(|()| rule.gives(inputs[0].shape(), dtype)),
        Op::Reshape => {
            rule.same_type().and_then(|()| rule.check(inputs[0].shape().len() == shape.len(), "the number of elements"))
        }
        Op::Permute(order) => {
            rule.same_type()?;
            let mut sorted = order.clone();
            sorted.sort_unstable();
            rule.check(sorted.iter().copied().eq(0..inputs[0].shape().rank()), "the order of axes")?;
            rule.check(order.iter().map(|&i| inputs[0].shape()[i]).eq(shape.iter().copied()), "the result's shape")
        }
        Op::Broadcast => {
            rule.same_type()?;
            rule.check(&inputs[0].shape().broadcast(shape, "broadcast")? == shape, "the target shape")
        }
        Op::Slice { start, step } => {
            rule.same_type()?;
            let from = inputs[0].shape();
            let rank = from.rank();
            rule.check(start.len() == rank && step.len() == rank && shape.rank() == rank, "the number of axes")?;
            let inside = (0..rank).all(|i| {
                let last =
                    shape[i].checked_sub(1).and_then(|n| n.checked_mul(step[i])).and_then(|n| n.checked_add(start[i]));
                step[i] > 0 && if shape[i] == 0 { start[i] <= from[i] } else { last.is_some_and(|last| last < from[i]) }
            });
            rule.check(inside, "the range")
        }
        Op::Flip(axes) => {
            rule.same_type()?;
            rule.check(axes.iter().all(|&a| a < shape.rank()) && axes.windows(2).all(|w| w[0] < w[1]), "the axes")?;
            rule.gives(inputs[0].shape(), dtype)
        }
        Op::Pad(low) => {
            rule.same_type()?;
            let from = inputs[0].shape();
            rule.check(low.len() == from.rank() && shape.rank() == from.rank(), "the number of axes")?;
            rule.check(
                (0..from.rank()).all(|i| low[i].checked_add(from[i]).is_some_and(|n| n <= shape[i])),
                "the padded shape",
            )
        }
        Op::Unfold(w) => {
            rule.same_type()?;
            rule.window(w, false)?;
            rule.input_shape(0, &planes(w)).and(rule.gives(&rule.of(&unfolded(w))?, dtype))
        }
        Op::Fold(w) => {
            rule.takes(&[F32])?;
            rule.window(w, false)?;
            rule.input_shape(0, &unfolded(w)).and(rule.gives(&rule.of(&planes(w))?, F32))
        }
        Op::Sum(axes) | Op::Max(axes) => {
            rule.same_type()?;
            rule.check(dtype != Bool, "the element type")?;
            rule.check(axes.iter().all(|&a| a < shape.rank()) && axes.windows(2).all(|w| w[0] < w[1]), "the axes")?;
            rule.gives(&inputs[0].shape().reduced(axes), dtype)
        }
        Op::ArgMax(axis) => {
            rule.arity(1)?;
            rule.check(inputs[0].dtype() != Bool && *axis < inputs[0].shape().rank(), "the axis or element type")?;
            rule.check(inputs[0].shape()[*axis] > 0, "an axis with at least one element")?;
            rule.gives(&inputs[0].shape().reduced(&[*axis]), INDEX)
        }
        Op::ArgSort => {
            rule.arity(1)?;
            rule.check(inputs[0].dtype() != Bool && inputs[0].shape().rank() > 0, "the axis or element type")?;
            rule.gives(inputs[0].shape(), INDEX)
        }
        Op::MatMul => {
            rule.takes(&[F32, F32])?;
            let (a, b) = (inputs[0].shape(), inputs[1].shape());
            let fit = a.rank() == 3 && b.rank() == 3 && a[0] == b[0] && a[2] == b[1];
            rule.check(fit, "the shapes [B, M, K] and [B, K, N]")?;
            rule.gives(&rule.of(&[a[0], a[1], b[2]])?, F32)
        }
        Op::Conv(g) => rule.conv(g, [&g.x_shape(), &g.weight_shape()], &g.y_shape()),
        Op::ConvInputGrad(g) => rule.conv(g, [&g.y_shape(), &g.weight_shape()], &g.x_shape()),
        Op::ConvWeightGrad(g) => rule.conv(g, [&g.x_shape(), &g.y_shape()], &g.weight_shape()),
        Op::MaxPool(w) => rule.takes(&[F32]).and(rule.pool(w, &[&image(w)], &pooled(w), F32)),
        Op::MaxPoolArg(w) => rule.takes(&[F32]).and(rule.pool(w, &[&image(w)], &pooled(w), INDEX)),
        Op::Unpool(w) => rule.takes(&[F32, INDEX]).and(rule.pool(w, &[&pooled(w), &pooled(w)], &image(w), F32)),
        Op::PoolTake(w) => rule.takes(&[F32, INDEX]).and(rule.pool(w, &[&image(w), &pooled(w)], &pooled(w), F32)),
        Op::Gather => {
            rule.arity(2)?;
            let table = inputs[0].shape();
            rule.check(table.rank() > 0 && inputs[1].dtype() == INDEX, "a table with rows and whole-number indices")?;
            let dims = [inputs[1].shape(), &table[1..]].concat();
            rule.gives(&rule.of(&dims)?, inputs[0].dtype())
        }
        Op::ScatterAdd => {
            rule.takes(&[F32, INDEX])?;
            rule.check(shape.rank() > 0, "a table with rows")?;
            rule.input_shape(0, &[inputs[1].shape(), &shape[1..]].concat())?;
            rule.gives(shape, F32)
        }
        Op::Scan { scan, pick } => {
            rule.arity(scan.inputs())?;
            for (i, input) in inputs.iter().enumerate() {
                rule.input_shape(i, &scan.input_shape(i))?;
                rule.allowed(&[scan.leaf(i).dtype], input.dtype())?;
            }
            rule.check(*pick < scan.results(), "the number of the result")?;
            let (shape, dtype) = scan.result(*pick)?;
            rule.gives(&shape, dtype)
        }
    }
}

struct Rule<'a> {
    op: &'a Op,
    inputs: &'a [Tensor],
    shape: &'a Shape,
    dtype: DType,
}

impl Rule<'_> {
    fn fail(&self, what: &str) -> Error {
        let inputs: Vec<String> = self.inputs.iter().map(|t| format!("{}{}", t.dtype(), t.shape())).collect();
        let message = format!("{what} does not fit: ({}) to {}{}", inputs.join(", "), self.dtype, self.shape);
        Error::shape(self.op.name(), message)
    }

    fn check(&self, fits: bool, what: &str) -> Result<()> {
        if fits { Ok(()) } else { Err(self.fail(what)) }
    }

    fn arity(&self, count: usize) -> Result<()> {
        self.check(self.inputs.len() == count, "the number of inputs")
    }

    fn allowed(&self, types: &[DType], got: DType) -> Result<()> {
        if types.contains(&got) {
            return Ok(());
        }
        let expected = types.iter().map(|t| t.name()).collect::<Vec<_>>().join(" or ");
        Err(Error::DType { op: self.op.name().into(), expected, got })
    }

    fn takes(&self, types: &[DType]) -> Result<()> {
        self.arity(types.len())?;
        self.inputs.iter().zip(types).try_for_each(|(input, &t)| self.allowed(&[t], input.dtype()))
    }

    fn same_type(&self) -> Result<()> {
        self.arity(1)?;
        self.check(self.inputs[0].dtype() == self.dtype, "the element type")
    }

    fn input_shape(&self, input: usize, shape: &[usize]) -> Result<()> {
        self.check(&self.inputs[input].shape()[..] == shape, "an input's shape")
    }

    fn gives(&self, shape: &Shape, dtype: DType) -> Result<()> {
        self.check(self.shape == shape, "the result's shape")?;
        self.check(self.dtype == dtype, "the result's element type")
    }

    fn of(&self, dims: &[usize]) -> Result<Shape> {
        Shape::new(self.op.name(), dims)
    }

    fn conv(&self, g: &ConvGeometry, inputs: [&[usize; 4]; 2], result: &[usize; 4]) -> Result<()> {
        self.takes(&[F32, F32])?;
        let groups = g.groups > 0 && g.c.is_multiple_of(g.groups) && g.o.is_multiple_of(g.groups);
        self.check(groups, "the number of groups")?;
        self.check(
            (0..2).all(|i| slides(g.size[i], g.kernel[i], g.stride[i], g.pad[i], g.dilation[i], g.out[i])),
            "the window",
        )?;
        self.input_shape(0, inputs[0])?;
        self.input_shape(1, inputs[1])?;
        self.gives(&self.of(result)?, F32)
    }

    fn window(&self, w: &Window, padding: bool) -> Result<()> {
        let fits = (0..2).all(|i| slides(w.size[i], w.kernel[i], w.stride[i], w.pad[i], w.dilation[i], w.out[i]));
        self.check(fits && (padding || w.pad == [0, 0] && inside(w)), "the window")
    }

    fn pool(&self, w: &Window, inputs: &[&[usize]], result: &[usize], dtype: DType) -> Result<()> {
        self.window(w, true)?;
        self.check((0..2).all(|i| w.pad[i] < (w.kernel[i] - 1) * w.dilation[i] + 1), "a window that meets the plane")?;
        for (i, shape) in inputs.iter().enumerate() {
            self.input_shape(i, shape)?;
        }
        self.gives(&self.of(result)?, dtype)
    }
}

/// Whether the sizes along one axis are sane: everything positive, no arithmetic beyond 32 bits, every output begins
/// before the end of the (padded in front) input.
fn slides(size: usize, kernel: usize, stride: usize, pad: usize, dilation: usize, out: usize) -> bool {
    const LIMIT: usize = 1 << 24;
    let sane = [size, kernel, stride, pad, dilation, out].iter().all(|&v| v < LIMIT);
    sane && kernel > 0
        && stride > 0
        && dilation > 0
        && (out == 0 || (out - 1) * stride < size + 2 * pad + (kernel - 1) * dilation + 1)
}

/// Whether all windows lie inside the plane.
fn inside(w: &Window) -> bool {
    (0..2).all(|i| w.out[i] == 0 || (w.out[i] - 1) * w.stride[i] + (w.kernel[i] - 1) * w.dilation[i] < w.size[i])
}

fn planes(w: &Window) -> [usize; 3] {
    [w.n * w.c, w.size[0], w.size[1]]
}

fn unfolded(w: &Window) -> [usize; 5] {
    [w.n * w.c, w.kernel[0], w.kernel[1], w.out[0], w.out[1]]
}

fn image(w: &Window) -> [usize; 4] {
    [w.n, w.c, w.size[0], w.size[1]]
}

fn pooled(w: &Window) -> [usize; 4] {
    [w.n, w.c, w.out[0], w.out[1]]
}
