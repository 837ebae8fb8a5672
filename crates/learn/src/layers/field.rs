//! How much of the input an output can depend on (course section 7.6).

use gradbook_core::{
    Tensor,
    ir::{Op, Window},
};
use rustc_hash::FxHashMap;

/// Size and distance in input pixels, along an axis, of what neighbouring values look at; none if they look at everything.
type Axis = Option<(usize, usize)>;

/// The receptive field [rows, columns] of each of these tensors in the input \[N, C, H, W\]: for each a size, at most that of the input, or none
/// where it cannot be said, such as behind a layer that makes images larger. Source: course eq 31.
pub(super) fn receptive_fields(input: &Tensor, outputs: &[Tensor]) -> Vec<Option<[usize; 2]>> {
    let [_, _, height, width] = input.shape()[..] else { return vec![None; outputs.len()] };
    // Absent: it does not depend on the input; none: it cannot be said.
    let mut known: FxHashMap<u64, Option<[Axis; 2]>> = FxHashMap::default();
    known.insert(input.id(), Some([Some((1, 1)); 2]));
    for node in Tensor::ancestors(outputs) {
        if known.contains_key(&node.id()) {
            continue;
        }
        let seen: Vec<Option<[Axis; 2]>> =
            node.inputs().iter().filter_map(|input| known.get(&input.id()).copied()).collect();
        if !seen.is_empty() {
            let before =
                seen.into_iter().reduce(|a, b| a.zip(b).map(|(a, b)| [0, 1].map(|i| wider(a[i], b[i])))).flatten();
            known.insert(node.id(), before.and_then(|before| through(&node, before)));
        }
    }
    let size = |output: &Tensor| {
        let axes = (*known.get(&output.id())?)?;
        let most = |axis: Axis, size: usize| axis.map_or(size, |(field, _)| field.min(size));
        Some([most(axes[0], height), most(axes[1], width)])
    };
    outputs.iter().map(size).collect()
}

/// What a node looks at whose inputs look at that. None: it cannot be said.
fn through(node: &Tensor, before: [Axis; 2]) -> Option<[Axis; 2]> {
    let slide = |kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2]| {
        [0, 1].map(|i| before[i].map(|(field, jump)| (field + dilation[i] * (kernel[i] - 1) * jump, jump * stride[i])))
    };
    let window = |w: &Window| Some(slide(w.kernel, w.stride, w.dilation));
    match &*node.op() {
        Op::Conv(g) => Some(slide(g.kernel, g.stride, g.dilation)),
        Op::MaxPool(w) | Op::MaxPoolArg(w) | Op::Unfold(w) => window(w),
        Op::ConvInputGrad(_) | Op::ConvWeightGrad(_) | Op::Unpool(_) | Op::PoolTake(_) | Op::Fold(_) => None,
        Op::MatMul | Op::Gather | Op::ScatterAdd | Op::Scan { .. } | Op::ArgSort => Some([None; 2]),
        Op::Sum(axes) | Op::Max(axes) => {
            let rank = node.shape().rank();
            let all = |from_end: usize| rank >= from_end && axes.contains(&(rank - from_end));
            Some([if all(2) { None } else { before[0] }, if all(1) { None } else { before[1] }])
        }
        _ => Some(before),
    }
}

/// What looks at both looks at no less than either.
fn wider(a: Axis, b: Axis) -> Axis {
    a.zip(b).map(|(a, b)| (a.0.max(b.0), a.1.max(b.1)))
}

#[cfg(test)]
mod tests {
    use super::super::{
        Activation, AvgPool2d, Conv2d, Conv2dConfig, Flatten, Linear, MaxPool2d, Padding, Residual, Sequential, summary,
    };

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
        let field = |path: &str| summary.layers.iter().find(|layer| layer.path == path).unwrap().receptive_field;
        let fields = ["0", "1", "2", "3", "4", "7"].map(|path| field(path).map(|[rows, _]| rows));
        assert_eq!(fields, [5, 6, 14, 16, 24, 32].map(Some));
    }
}
