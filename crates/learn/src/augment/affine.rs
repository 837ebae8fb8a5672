//! Images turned, moved, scaled and sheared.

use super::{Batch, Draw, Sampling, Transform, affine_boxes, warp, warp::centred};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// What an affine map does, about the centre: one number for each sample \[N\], or without axes the same for all.
#[derive(Clone, Debug)]
pub struct AffineParams {
    /// Degrees, clockwise as the image is seen.
    pub angle: Tensor,
    /// Pixels to the right and down.
    pub translate: [Tensor; 2],
    /// How many times as large.
    pub scale: Tensor,
    /// Degrees along x and y.
    pub shear: [Tensor; 2],
}

impl AffineParams {
    /// The same for all samples.
    pub fn constant(angle: f32, translate: [f32; 2], scale: f32, shear: [f32; 2]) -> Self {
        let number = Tensor::scalar;
        Self { angle: number(angle), translate: translate.map(number), scale: number(scale), shear: shear.map(number) }
    }

    /// a, b, c, d of the map of centred positions: x' = a·x + b·y, y' = c·x + d·y, for scale 1. Its determinant is 1.
    pub(super) fn matrix(&self) -> gradbook_core::Result<[Tensor; 4]> {
        let radians = |t: &Tensor| t.mul_scalar(std::f64::consts::PI / 180.0);
        let (rot, sx, sy) = (radians(&self.angle)?, radians(&self.shear[0])?, radians(&self.shear[1])?);
        let turned = rot.sub(&sy)?;
        let (cos, sin) = (turned.cos()?.div(&sy.cos()?)?, turned.sin()?.div(&sy.cos()?)?);
        let lean = sx.tan()?;
        let b = cos.mul(&lean)?.neg()?.sub(&rot.sin()?)?;
        let d = sin.mul(&lean)?.neg()?.add(&rot.cos()?)?;
        Ok([cos, b, sin, d])
    }
}

/// Images \[N, C, H, W\] after an affine map, on the same canvas; 0 outside. As `torchvision.transforms.functional.affine`.
pub fn affine(x: &Tensor, params: &AffineParams, sampling: Sampling) -> Result<Tensor> {
    let [n, _, h, w] = super::images("affine", x)?;
    let each = |t: &Tensor| if t.shape().rank() == 0 { Ok(t.clone()) } else { t.reshape(&[-1, 1, 1]) };
    let [a, b, c, d] = params.matrix()?;
    let [rows, columns] = centred([h, w])?;
    // From where an output pixel comes: back by the translation, then through the inverse.
    let (right, down) = (columns.sub(&each(&params.translate[0])?)?, rows.sub(&each(&params.translate[1])?)?);
    let scale = each(&params.scale)?;
    let from = |p: &Tensor, q: &Tensor| right.mul(&each(p)?)?.add(&down.mul(&each(q)?)?)?.div(&scale);
    let place = |t: Tensor, size: usize| t.add_scalar((size as f64 - 1.0) / 2.0)?.broadcast_to(&[n, h, w]);
    let column = place(from(&d, &b.neg()?)?, w)?;
    let row = place(from(&c.neg()?, &a)?, h)?;
    warp(x, &row, &column, sampling)
}

/// Images turned counter-clockwise by degrees on the same canvas. As `torchvision.transforms.functional.rotate`.
pub fn rotate(x: &Tensor, degrees: f32, sampling: Sampling) -> Result<Tensor> {
    affine(x, &AffineParams::constant(-degrees, [0.0; 2], 1.0, [0.0; 2]), sampling)
}

/// Turns, moves, scales and shears each sample by numbers between limits; masks and boxes follow.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::augment::{Affine, Batch, Draw, Transform};
/// let batch = Batch::new(Tensor::ones(&[4, 1, 28, 28])?, Tensor::zeros(&[4])?, None);
/// let turned = Affine { degrees: 15.0, translate: 0.1, ..Default::default() };
/// assert_eq!(turned.apply(batch, &mut Draw::new(Tensor::key(1), 4))?.x.shape()[..], [4, 1, 28, 28]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Affine {
    /// The largest angle to either side.
    pub degrees: f32,
    /// The largest way to either side, as a share of the image's size.
    pub translate: f32,
    /// The smallest and the largest size.
    pub scale: [f32; 2],
    /// The largest shear to either side along x and y, in degrees.
    pub shear: [f32; 2],
    /// How values between pixels are made.
    pub sampling: Sampling,
}

impl Default for Affine {
    fn default() -> Self {
        Self { degrees: 0.0, translate: 0.0, scale: [1.0; 2], shear: [0.0; 2], sampling: Sampling::default() }
    }
}

impl Transform for Affine {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        let [_, _, h, w] = batch.images("affine")?;
        let [low, high] = self.scale;
        if !(low > 0.0 && high >= low) {
            return Err(Error::argument(
                "affine",
                format!("scale is [{low}, {high}]; expected [lowest, highest] above 0"),
            ));
        }
        let mut around = |most: f32| if most == 0.0 { Ok(Tensor::scalar(0.0)) } else { draw.uniform(-most, most) };
        let (angle, shear) = (around(self.degrees)?, [around(self.shear[0])?, around(self.shear[1])?]);
        let translate = [around(self.translate * w as f32)?, around(self.translate * h as f32)?];
        let scale = if low == high { Tensor::scalar(low) } else { draw.uniform(low, high)? };
        let params = AffineParams { angle, translate, scale, shear };
        let masks = batch.changed_masks(|masks| affine(masks, &params, self.sampling))?;
        let boxes = batch.boxes.as_ref().map(|boxes| affine_boxes(boxes, &params, [h, w])).transpose()?;
        Batch { masks, boxes, ..batch }.with_x(|x| affine(x, &params, self.sampling))
    }
}
