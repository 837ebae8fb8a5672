//! Losses that are 0 once the answer is right by a margin.

use super::{
    Reduction,
    cross_entropy::{check_indices, classes, one_hot},
    same_shape,
};
use crate::Result;
use gradbook_core::Tensor;

/// max(0, 1 − t·y) for targets t in {−1, 1}. Source: course eq 16.
pub fn hinge_loss(input: &Tensor, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
    same_shape("hinge_loss", input, target)?;
    reduction.apply(&input.mul(target)?.scalar_sub(1)?.relu()?)
}

/// Σ over wrong classes i of max(0, margin − x\[target\] + x\[i\]) / C, for scores \[N, C\] and class indices (i32 \[N\]).
pub fn multi_margin_loss(input: &Tensor, target: &Tensor, margin: f32, reduction: Reduction) -> Result<Tensor> {
    let classes = classes("multi_margin_loss", input)?;
    check_indices("multi_margin_loss", input, target)?;
    let right = one_hot(target, classes)?;
    let zeros = input.zeros_like();
    let score = right.where_(input, &zeros)?.sum(&[1], true)?;
    let excess = input.sub(&score)?.add_scalar(margin)?.relu()?;
    let wrong = right.where_(&zeros, &excess)?;
    reduction.apply(&wrong.sum(&[1], false)?.div_scalar(classes as f64)?)
}
