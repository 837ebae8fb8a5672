//! Images at another size.

use super::{Batch, Draw, Transform, images, resize_boxes};
use crate::{
    Error, Result,
    layers::{Pair, ResizeMode},
};
use gradbook_core::{DType, Tensor};

/// Images \[N, C, H, W\] at another size, pixels being areas. `antialias` widens the filter as far as the image shrinks, so that no pixel is
/// overlooked (not for nearest). As `torchvision.transforms.functional.resize`.
pub fn resize(x: &Tensor, size: [usize; 2], mode: ResizeMode, antialias: bool) -> Result<Tensor> {
    let [_, _, h, w] = images("resize", x)?;
    if !antialias || mode == ResizeMode::Nearest {
        return Ok(x.upsample(size, mode.into(), false)?);
    }
    if size.contains(&0) || h == 0 || w == 0 {
        return Err(Error::argument("resize", format!("from {h}×{w} to {}×{}; expected at least 1", size[0], size[1])));
    }
    let matrix = |from: usize, to: usize| Tensor::f32(&[to, from], &weights(from, to, mode));
    Ok(matrix(h, size[0])?.matmul(x)?.matmul(&matrix(w, size[1])?.t()?)?)
}

/// What each output takes of each input: a triangle, or a cubic (a = −1/2), as wide as an output pixel.
fn weights(from: usize, to: usize, mode: ResizeMode) -> Vec<f32> {
    let scale = from as f64 / to as f64;
    let width = scale.max(1.0);
    let reach = width * if mode == ResizeMode::Bicubic { 2.0 } else { 1.0 };
    let filter = |x: f64| {
        let x = x.abs();
        match mode {
            ResizeMode::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            ResizeMode::Bicubic if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            ResizeMode::Bicubic => 0.0,
            _ => (1.0 - x).max(0.0),
        }
    };
    let row = |i: usize| {
        let centre = scale * (i as f64 + 0.5);
        let first = (centre - reach + 0.5).max(0.0) as usize;
        let end = ((centre + reach + 0.5) as usize).min(from);
        let at = |j: usize| if (first..end).contains(&j) { filter((j as f64 - centre + 0.5) / width) } else { 0.0 };
        let sum: f64 = (0..from).map(at).sum();
        (0..from).map(move |j| (at(j) / sum) as f32).collect::<Vec<_>>()
    };
    (0..to).flat_map(row).collect()
}

/// All samples at a size; masks and boxes follow.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct ResizeTo {
    /// Height and width.
    pub size: Pair,
    /// How values between pixels are made.
    #[cfg_attr(feature = "serde", serde(default = "bilinear"))]
    pub mode: ResizeMode,
}

#[cfg(feature = "serde")]
fn bilinear() -> ResizeMode {
    ResizeMode::Bilinear
}

impl Transform for ResizeTo {
    fn apply(&self, batch: Batch, _: &mut Draw) -> Result<Batch> {
        let ([_, _, h, w], size) = (batch.images("resizeTo")?, self.size.both());
        let masks = batch.changed_masks(|masks| {
            if masks.dtype() == DType::F32 {
                return resize(masks, size, self.mode, true);
            }
            Ok(resize(&masks.to_f32()?, size, ResizeMode::Nearest, false)?.to_i32()?)
        })?;
        let boxes = batch.boxes.as_ref().map(|boxes| resize_boxes(boxes, [h, w], size)).transpose()?;
        Batch { masks, boxes, ..batch }.with_x(|x| resize(x, size, self.mode, true))
    }
}
