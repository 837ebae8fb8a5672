//! Parts of images.

use super::{Batch, Draw, Sampling, Transform, crop_boxes, warp};
use crate::{Error, Result, layers::Pair};
use gradbook_core::{Tensor, ops::PadMode};

/// Rows from `top` and columns from `left` on of \[…, H, W\]; 0 outside.
pub fn crop(x: &Tensor, [top, left]: [isize; 2], [height, width]: [usize; 2]) -> Result<Tensor> {
    let rank = x.shape().rank();
    if rank < 2 || height == 0 || width == 0 {
        let message = format!("x has shape {}, the part is {height}×{width}; expected [H, W] or more", x.shape());
        return Err(Error::argument("crop", message));
    }
    let mut part = x.clone();
    for (axis, start, size) in [(rank - 2, top, height), (rank - 1, left, width)] {
        let n = part.shape()[axis] as isize;
        let (from, to) = (start.clamp(0, n), (start + size as isize).clamp(0, n));
        let before = (-start).clamp(0, size as isize) as usize;
        part = part.slice(axis as isize, from, to, 1)?;
        let mut widths = vec![[0; 2]; rank];
        widths[axis] = [before, size - before - (to - from) as usize];
        part = part.pad(&widths, PadMode::Constant(0.0))?;
    }
    Ok(part)
}

/// The middle of \[…, H, W\]; of an odd rest, the even half is the offset. Smaller images are surrounded by 0, of which an odd one is behind.
/// As `torchvision.transforms.functional.center_crop`.
pub fn center_crop(x: &Tensor, size: [usize; 2]) -> Result<Tensor> {
    crop(x, middle(x, size), size)
}

/// Top left, top right, bottom left, bottom right and the middle, stacked in front: \[5, …, H', W'\].
pub fn five_crop(x: &Tensor, size: [usize; 2]) -> Result<Tensor> {
    let parts = places(x, size)?.map(|at| crop(x, at, size)).into_iter().collect::<Result<Vec<_>>>()?;
    Ok(Tensor::stack(&parts.iter().collect::<Vec<_>>(), 0)?)
}

/// [`five_crop`] of the images, then of the mirrored ones: \[10, …, H', W'\].
pub fn ten_crop(x: &Tensor, size: [usize; 2]) -> Result<Tensor> {
    Ok(Tensor::concat(&[&five_crop(x, size)?, &five_crop(&x.flip(&[-1])?, size)?], 0)?)
}

fn middle(x: &Tensor, [height, width]: [usize; 2]) -> [isize; 2] {
    let half = |n: usize, size: usize| match n.checked_sub(size) {
        Some(rest) => (rest as f64 / 2.0).round_ties_even() as isize,
        None => -(((size - n) / 2) as isize),
    };
    let rank = x.shape().rank();
    [half(x.shape()[rank - 2], height), half(x.shape()[rank - 1], width)]
}

/// The four corners and the middle. Errors: the part is larger than the images.
fn places(x: &Tensor, [height, width]: [usize; 2]) -> Result<[[isize; 2]; 5]> {
    let [.., h, w] = x.shape()[..] else {
        return Err(Error::argument("crop", format!("x has shape {}; expected images", x.shape())));
    };
    if height > h || width > w {
        return Err(Error::argument("crop", format!("a part of {height}×{width} of images of {h}×{w}")));
    }
    let (bottom, right) = ((h - height) as isize, (w - width) as isize);
    Ok([[0, 0], [0, right], [bottom, 0], [bottom, right], middle(x, [height, width])])
}

/// A part of each sample at random, out of the image with zeros around it; masks and boxes follow.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct RandomCrop {
    /// Height and width; those of the image if none.
    pub size: Option<Pair>,
    /// Rows and columns of zeros around the image.
    pub padding: Pair,
}

impl Default for RandomCrop {
    fn default() -> Self {
        Self { size: None, padding: Pair::Square(0) }
    }
}

impl Transform for RandomCrop {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        let [_, _, h, w] = batch.images("randomCrop")?;
        let (size, [py, px]) = (self.size.map_or([h, w], Pair::both), self.padding.both());
        let mut offset = |n: usize, padding: usize, part: usize| -> Result<Tensor> {
            let Some(free) = (n + 2 * padding).checked_sub(part) else {
                let message = format!("a part of {part} pixels of {n} with {padding} on both sides");
                return Err(Error::argument("randomCrop", message));
            };
            Ok(draw.below(free + 1)?.sub_scalar(padding as f64)?)
        };
        let (top, left) = (offset(h, py, size[0])?, offset(w, px, size[1])?);
        at_offsets(batch, &top, &left, size)
    }
}

/// The middle of each sample; masks and boxes follow.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct CenterCrop {
    /// Height and width.
    pub size: Pair,
}

impl Transform for CenterCrop {
    fn apply(&self, batch: Batch, _: &mut Draw) -> Result<Batch> {
        let ([n, ..], size) = (batch.images("centerCrop")?, self.size.both());
        let at = middle(&batch.x, size);
        let masks = batch.masks.as_ref().map(|masks| crop(masks, at, size)).transpose()?;
        let boxes = match &batch.boxes {
            Some(boxes) => {
                let [top, left] = at.map(|at| Tensor::full(&[n], at as f32));
                Some(crop_boxes(boxes, &top?, &left?, size)?.0)
            }
            None => None,
        };
        Batch { masks, boxes, ..batch }.with_x(|x| crop(x, at, size))
    }
}

/// One of the four corners or the middle of each sample; masks and boxes follow.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct CornerCrop {
    /// Height and width.
    pub size: Pair,
}

impl Transform for CornerCrop {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        batch.images("cornerCrop")?;
        let (size, which) = (self.size.both(), draw.below(5)?);
        let places = places(&batch.x, size)?;
        let offset = |axis: usize| Tensor::i32(&[5], &places.map(|at| at[axis] as i32))?.take(&which);
        at_offsets(batch, &offset(0)?, &offset(1)?, size)
    }
}

/// Parts at an offset for each sample, i32 \[N\].
fn at_offsets(batch: Batch, top: &Tensor, left: &Tensor, [height, width]: [usize; 2]) -> Result<Batch> {
    let n = top.shape()[0];
    let axis = |offset: &Tensor, size: usize, shape: [isize; 3]| {
        let offset = offset.to_f32()?.reshape(&[-1, 1, 1])?;
        Tensor::arange(size)?.to_f32()?.reshape(&shape)?.add(&offset)?.broadcast_to(&[n, height, width])
    };
    let (rows, columns) = (axis(top, height, [1, -1, 1])?, axis(left, width, [1, 1, -1])?);
    let masks = batch.changed_masks(|masks| warp(masks, &rows, &columns, Sampling::Nearest))?;
    let boxes = match &batch.boxes {
        Some(boxes) => Some(crop_boxes(boxes, &top.to_f32()?, &left.to_f32()?, [height, width])?.0),
        None => None,
    };
    Batch { masks, boxes, ..batch }.with_x(|x| warp(x, &rows, &columns, Sampling::Nearest))
}
