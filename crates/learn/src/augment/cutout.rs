//! Rectangles without image.

use super::{Batch, Draw, Transform, images, per_sample};
use crate::{Result, layers::Pair};
use gradbook_core::Tensor;

/// Images \[N, C, H, W\] with a value in a rectangle from `top` and `left` (i32 \[N\], or without axes) on, as far as it lies inside.
/// Source: DeVries and Taylor 2017.
pub fn cutout(x: &Tensor, top: &Tensor, left: &Tensor, size: [usize; 2], value: f32) -> Result<Tensor> {
    let [height, width] = size.map(|n| n as f64);
    let inside = rectangle(x, [top, left], [&top.add_scalar(height)?, &left.add_scalar(width)?])?;
    Ok(inside.where_(&x.full_like(value), x)?)
}

/// Whether a pixel lies in a rectangle from [row, column] up to another, which is not in it: bool \[N or 1, 1, H, W\].
pub(super) fn rectangle(x: &Tensor, from: [&Tensor; 2], to: [&Tensor; 2]) -> Result<Tensor> {
    let [_, _, h, w] = images("rectangle", x)?;
    let along = |at: Tensor, axis: usize| {
        at.ge(&per_sample(from[axis], x)?)?.logical_and(&at.lt(&per_sample(to[axis], x)?)?).map_err(crate::Error::from)
    };
    let rows = along(Tensor::arange(h)?.reshape(&[1, 1, -1, 1])?, 0)?;
    let columns = along(Tensor::arange(w)?.reshape(&[1, 1, 1, -1])?, 1)?;
    Ok(rows.logical_and(&columns)?)
}

/// A rectangle of each sample, about a pixel that is drawn, without image.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Cutout {
    /// Height and width.
    pub size: Pair,
    /// What stands there instead.
    pub value: f32,
}

impl Default for Cutout {
    fn default() -> Self {
        Self { size: Pair::Square(8), value: 0.0 }
    }
}

impl Transform for Cutout {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        let ([_, _, h, w], [height, width]) = (batch.images("cutout")?, self.size.both());
        let top = draw.below(h)?.sub_scalar((height / 2) as f64)?;
        let left = draw.below(w)?.sub_scalar((width / 2) as f64)?;
        batch.with_x(|x| cutout(x, &top, &left, [height, width], self.value))
    }
}
