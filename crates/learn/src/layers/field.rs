//! How much of the input an output can depend on (course section 7.6).

use gradbook_core::{Tensor, ir::Op};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// What the values of a tensor look at along rows, or columns, of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    /// All of them.
    All,
    /// A stretch of them.
    Part {
        /// Along which axis of the tensor the stretch moves.
        axis: usize,
        along: Along,
        /// Its size in input pixels.
        field: usize,
        /// How far in input pixels neighbours are apart.
        jump: usize,
        /// Where the stretch of the first one begins, in input pixels; below 0 it begins in the padding.
        start: isize,
    },
}

/// What an axis is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Along {
    /// Rows, or columns.
    Pure,
    /// Rows or columns and others in one.
    Mixed,
    /// There is one value, or equal ones.
    One,
}

/// Where a stretch is that no axis tells.
const NOWHERE: usize = usize::MAX;

/// What one output of a layer can depend on, along rows or columns of the model's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its size in input pixels, at most that of the input.
    pub size: usize,
    /// How far the fields of neighbouring outputs are apart; 0 if each sees all.
    pub stride: usize,
    /// Where the field of the first output begins; below 0 in the padding.
    pub start: isize,
}

/// The receptive field of each of these tensors in the input \[N, C, H, W\], along rows and columns, or none where it cannot be said, such as
/// behind a layer that makes images larger. Source: course eq 31.
pub(super) fn receptive_fields(input: &Tensor, outputs: &[Tensor]) -> Vec<Option<[Field; 2]>> {
    let [_, _, height, width] = input.shape()[..] else { return vec![None; outputs.len()] };
    // Absent: it does not depend on the input; none: it cannot be said.
    let mut known: FxHashMap<u64, Option<[Side; 2]>> = FxHashMap::default();
    known.insert(
        input.id(),
        Some([2, 3].map(|axis| Side::Part { axis, along: Along::Pure, field: 1, jump: 1, start: 0 })),
    );
    for node in Tensor::ancestors(outputs) {
        if known.contains_key(&node.id()) {
            continue;
        }
        let look = |(i, input): (usize, &Tensor)| known.get(&input.id()).map(|sides| (i, *sides));
        let seen: Vec<_> = node.inputs().iter().enumerate().filter_map(look).collect();
        if !seen.is_empty() {
            known.insert(node.id(), looks(&node, &seen));
        }
    }
    let field = |output: &Tensor| {
        let sides = (*known.get(&output.id())?)?;
        let within = |side: Side, size: usize| match side {
            Side::Part { field, jump, start, .. } if field < size => Field { size: field, stride: jump, start },
            _ => Field { size, stride: 0, start: 0 },
        };
        Some([within(sides[0], height), within(sides[1], width)])
    };
    outputs.iter().map(field).collect()
}

/// What a node looks at, some of whose inputs look at that. None: it cannot be said.
fn looks(node: &Tensor, seen: &[(usize, Option<[Side; 2]>)]) -> Option<[Side; 2]> {
    let both = |of: &dyn Fn(usize) -> Option<Side>| Some([of(0)?, of(1)?]);
    let before = match (&*node.op(), seen) {
        (Op::MatMul, [(_, first), (_, second)]) => {
            first.and(*second)?;
            [Side::All; 2]
        }
        (_, [(_, first), rest @ ..]) => {
            let together = |a: [Side; 2], b: [Side; 2]| both(&|i| a[i].with(b[i]));
            rest.iter().try_fold((*first)?, |a, (_, b)| together(a, (*b)?))?
        }
        _ => return None,
    };
    both(&|i| before[i].through(node, seen[0].0, i))
}

impl Side {
    /// What looks at both. None: they lie along different axes.
    fn with(self, other: Self) -> Option<Self> {
        let (
            Self::Part { axis: a, along: p, field: f, jump: j, start: s },
            Self::Part { axis: b, along: q, field: g, jump: k, start: t },
        ) = (self, other)
        else {
            return Some(Self::All);
        };
        // That of the larger one, which holds the other.
        let start = match f.cmp(&g) {
            Ordering::Less => t,
            Ordering::Equal => s.min(t),
            Ordering::Greater => s,
        };
        let (axis, along) = match (p, q) {
            (Along::One, Along::One) => (a.min(b), Along::One),
            (Along::One, _) => (b, q),
            (_, Along::One) => (a, p),
            _ if a != b => return None,
            _ => (a, if p == q { p } else { Along::Mixed }),
        };
        Some(Self::Part { axis, along, field: f.max(g), jump: j.max(k), start })
    }

    /// The same behind a node of which it is one input; `side` is 0 for rows, 1 for columns.
    fn through(self, node: &Tensor, operand: usize, side: usize) -> Option<Self> {
        let Self::Part { axis, along, field, jump, start } = self else { return Some(self) };
        let at = |axis: usize| Some(Self::Part { axis, along, field, jump, start });
        let begins = |pixels: isize| start + pixels * jump as isize;
        let inputs = node.inputs();
        let input = inputs[operand].shape();
        let slide = |from: usize, to: usize, [kernel, stride, dilation, pad]: [[usize; 2]; 4]| match along {
            Along::One => at(to + side),
            Along::Pure if axis == from + side => {
                let field = field + dilation[side] * (kernel[side] - 1) * jump;
                Some(Self::Part {
                    axis: to + side,
                    along,
                    field,
                    jump: jump * stride[side],
                    start: begins(-(pad[side] as isize)),
                })
            }
            _ => None,
        };
        let folded = |axes: &[usize]| match along {
            _ if !axes.contains(&axis) => Some(self),
            Along::Mixed => Some(Self::All),
            _ => Some(Self::Part { axis, along: Along::One, field: field + (input[axis] - 1) * jump, jump, start }),
        };
        match &*node.op() {
            Op::Conv(g) => slide(2, 2, [g.kernel, g.stride, g.dilation, g.pad]),
            Op::MaxPool(w) | Op::MaxPoolArg(w) => slide(2, 2, [w.kernel, w.stride, w.dilation, w.pad]),
            Op::Unfold(w) => slide(1, 3, [w.kernel, w.stride, w.dilation, [0; 2]]),
            Op::Sum(axes) | Op::Max(axes) => folded(axes),
            Op::ArgMax(axis) => folded(&[*axis]),
            Op::MatMul if axis == NOWHERE => Some(self),
            Op::MatMul if axis == 2 - operand => (along == Along::Mixed).then_some(Self::All),
            Op::Reshape if along == Along::One => at(NOWHERE),
            Op::Reshape => {
                let (axis, alone) = moved(input, node.shape(), axis)?;
                let along = if axis == NOWHERE {
                    Along::One
                } else if alone {
                    along
                } else {
                    Along::Mixed
                };
                Some(Self::Part { axis, along, field, jump, start })
            }
            _ if axis == NOWHERE && !matches!(&*node.op(), Op::Gather | Op::ScatterAdd | Op::Scan { .. }) => Some(self),
            Op::Permute(order) => at(order.iter().position(|&from| from == axis)?),
            Op::Broadcast => at(axis + node.shape().rank() - input.rank()),
            Op::Slice { start: first, step } => {
                let start = begins(first[axis] as isize);
                Some(Self::Part { axis, along, field, jump: jump * step[axis], start })
            }
            // Values that were one, now side by side with others: their distance is not known.
            Op::Pad(_) if along == Along::One && node.shape()[axis] != input[axis] => None,
            Op::Pad(low) => Some(Self::Part { axis, along, field, jump, start: begins(-(low[axis] as isize)) }),
            Op::ConvInputGrad(_) | Op::ConvWeightGrad(_) | Op::Unpool(_) | Op::PoolTake(_) | Op::Fold(_) => None,
            Op::Gather | Op::ScatterAdd | Op::Scan { .. } | Op::ArgSort => None,
            _ => Some(self),
        }
    }
}

/// Where an axis is in another shape, and whether it is there alone. None: it was divided.
fn moved(from: &[usize], to: &[usize], axis: usize) -> Option<(usize, bool)> {
    if from[axis] == 1 {
        return Some((NOWHERE, true));
    }
    // Of values in row-major order, how far the next along an axis is, and the end of the axis.
    let span = |sizes: &[usize], axis: usize| {
        let step: usize = sizes[axis + 1..].iter().product();
        (step, step * sizes[axis])
    };
    let (step, end) = span(from, axis);
    let holds = |&at: &usize| {
        let (from, to) = span(to, at);
        to > from && step.is_multiple_of(from) && to.is_multiple_of(end)
    };
    (0..to.len()).find(holds).map(|at| (at, span(to, at) == (step, end)))
}

#[cfg(test)]
mod tests {
    use super::super::{
        Activation, AdaptivePool2d, AvgPool2d, Conv2d, Conv2dConfig, Flatten, GlobalAvgPool, GlobalMaxPool, GroupNorm,
        LayerSummary, Linear, MaxPool2d, Padding, Pair, PoolSize, Reshape, Residual, Resize, ResizeConfig, ResizeMode,
        Sequential, summary,
    };
    use super::Field;

    impl LayerSummary {
        fn size(&self) -> Option<[usize; 2]> {
            Some(self.receptive_field?.map(|field| field.size))
        }
    }

    /// By hand: 5; 5 + 1 = 6, jump 2; + 2·2·(3 − 1) = 14 (dilation 2); + 2 = 16, jump 4; then everything.
    #[test]
    fn fields_grow_with_kernels_strides_and_dilation() {
        let dilated = Conv2dConfig { out: 4, kernel: 3.into(), dilation: 2.into(), ..Default::default() };
        let same = Conv2dConfig { out: 4, kernel: 3.into(), padding: Padding::SAME, ..Default::default() };
        let model = Sequential::new()
            .then(Conv2d::new(4, 5))
            .then(MaxPool2d::new(2))
            .then(Conv2d::with(dilated))
            .then(AvgPool2d::new(2))
            .then(Residual::new(Conv2d::with(same)))
            .then(Activation::Relu)
            .then(Flatten)
            .then(Linear::new(10));
        let summary = summary(&model, &[1, 1, 32, 32]).unwrap();
        let field = |path: &str| summary.layers.iter().find(|layer| layer.path == path).unwrap().size();
        let fields = ["0", "1", "2", "3", "4", "7"].map(field);
        assert_eq!(fields, [5, 6, 14, 16, 24, 32].map(|size| Some([size; 2])));
    }

    /// By hand: 2 rows of padding in front; a pool moves by 2 and begins there; a padded convolution of 3 behind it begins 2 further in front.
    #[test]
    fn fields_begin_in_the_padding() {
        let padded = |kernel: usize| {
            let config = Conv2dConfig { out: 2, kernel: kernel.into(), padding: Padding::SAME, ..Default::default() };
            Conv2d::with(config)
        };
        let model = Sequential::new().then(padded(5)).then(MaxPool2d::new(2)).then(Residual::new(padded(3)));
        let summary = summary(&model, &[1, 2, 32, 32]).unwrap();
        let field = |path: &str| summary.layers.iter().find(|layer| layer.path == path).unwrap().receptive_field;
        let square = |size, stride, start| Some([Field { size, stride, start }; 2]);
        assert_eq!(["0", "1", "2"].map(field), [square(5, 1, -2), square(6, 2, -2), square(10, 2, -4)]);
    }

    #[test]
    fn rows_and_columns_are_seen_alike() {
        let last = |layer: Sequential| {
            let summary = summary(&layer, &[1, 4, 12, 8]).unwrap();
            summary.layers.iter().find(|layer| layer.path == "1").unwrap().size()
        };
        let behind = || Sequential::new().then(Conv2d::new(4, 3));
        let square = |size: usize| PoolSize { size: size.into() };
        assert_eq!(last(behind().then(GroupNorm::new(2))), Some([12, 8]));
        assert_eq!(last(behind().then(GlobalMaxPool)), Some([12, 8]));
        assert_eq!(last(behind().then(GlobalAvgPool)), Some([12, 8]));
        assert_eq!(last(behind().then(AdaptivePool2d::Avg(square(1)))), Some([12, 8]));
        assert_eq!(last(behind().then(Flatten)), Some([3, 3]));
        assert_eq!(
            last(behind().then(Conv2d::with(Conv2dConfig {
                out: 1,
                kernel: Pair::Each([1, 3]),
                ..Default::default()
            }))),
            Some([3, 5])
        );
        // What cannot be said is not.
        assert_eq!(last(behind().then(AdaptivePool2d::Avg(square(2)))), None);
        assert_eq!(last(behind().then(AdaptivePool2d::Max(square(2)))), None);
        let twice = ResizeConfig { scale: Some(2.into()), mode: ResizeMode::Bilinear, ..Default::default() };
        assert_eq!(last(behind().then(Resize(twice))), None);
        assert_eq!(last(behind().then(Reshape { shape: vec![4, 6, 10] })), None);
    }
}
