//! Boxes that follow their images: corners x1, y1, x2, y2 in pixels on the last axis, f32 \[…, 4\].

use super::{AffineParams, per_sample};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// Mirrored on a canvas \[height, width\].
pub fn flip_boxes(boxes: &Tensor, horizontal: bool, [height, width]: [usize; 2]) -> Result<Tensor> {
    let [x1, y1, x2, y2] = corners(boxes)?;
    let mirror = |t: &Tensor, size: usize| t.scalar_sub(size as f64);
    join(&if horizontal {
        [mirror(&x2, width)?, y1, mirror(&x1, width)?, y2]
    } else {
        [x1, mirror(&y2, height)?, x2, mirror(&y1, height)?]
    })
}

/// Seen from a part of the image that begins at `top` and `left` (f32 \[N\] for boxes \[N, K, 4\], or without axes), cut at its border; and
/// whether anything is left of each (bool).
pub fn crop_boxes(boxes: &Tensor, top: &Tensor, left: &Tensor, size: [usize; 2]) -> Result<(Tensor, Tensor)> {
    let [x1, y1, x2, y2] = corners(boxes)?;
    let shift = |t: &Tensor, by: &Tensor| -> Result<Tensor> { Ok(t.sub(&per_sample(by, t)?)?) };
    let cut = clipped([shift(&x1, left)?, shift(&y1, top)?, shift(&x2, left)?, shift(&y2, top)?], size)?;
    let keep = cut[2].gt(&cut[0])?.logical_and(&cut[3].gt(&cut[1])?)?;
    Ok((join(&cut)?, keep))
}

/// On a canvas brought from one size to another.
pub fn resize_boxes(boxes: &Tensor, from: [usize; 2], to: [usize; 2]) -> Result<Tensor> {
    let [y, x] = [0, 1].map(|i| to[i] as f32 / from[i] as f32);
    Ok(boxes.mul(&Tensor::f32(&[4], &[x, y, x, y])?)?)
}

/// The hull of the corners after an affine map about the middle of the canvas \[height, width\], cut at its border. As torchvision's v2, but
/// that boxes without area get none: a line that is turned would have one.
pub fn affine_boxes(boxes: &Tensor, params: &AffineParams, [height, width]: [usize; 2]) -> Result<Tensor> {
    let [x1, y1, x2, y2] = corners(boxes)?;
    let each = |t: &Tensor| per_sample(t, &x1);
    let (cx, cy) = (width as f64 / 2.0, height as f64 / 2.0);
    let matrix = params.matrix()?;
    let scale = each(&params.scale)?;
    let map = |x: &Tensor, y: &Tensor, row: usize, centre: f64| -> Result<Tensor> {
        let [p, q] = [each(&matrix[2 * row])?, each(&matrix[2 * row + 1])?];
        let moved = x.sub_scalar(cx)?.mul(&p)?.add(&y.sub_scalar(cy)?.mul(&q)?)?.mul(&scale)?;
        Ok(moved.add_scalar(centre)?.add(&each(&params.translate[row])?)?)
    };
    let points = [(&x1, &y1), (&x2, &y1), (&x2, &y2), (&x1, &y2)];
    let along = |row: usize, centre: f64| -> Result<[Tensor; 2]> {
        let all = points.iter().map(|(x, y)| map(x, y, row, centre)).collect::<Result<Vec<_>>>()?;
        let fold = |of: fn(&Tensor, &Tensor) -> gradbook_core::Result<Tensor>| {
            all[1..].iter().try_fold(all[0].clone(), |most, t| of(&most, t))
        };
        Ok([fold(Tensor::minimum)?, fold(Tensor::maximum)?])
    };
    let ([left, right], [top, bottom]) = (along(0, cx)?, along(1, cy)?);
    let some = x2.gt(&x1)?.logical_and(&y2.gt(&y1)?)?;
    let [x1, y1, x2, y2] = clipped([left, top, right, bottom], [height, width])?;
    let kept = |t: &Tensor| some.where_(t, &t.zeros_like());
    join(&[kept(&x1)?, kept(&y1)?, kept(&x2)?, kept(&y2)?])
}

fn clipped([x1, y1, x2, y2]: [Tensor; 4], [height, width]: [usize; 2]) -> Result<[Tensor; 4]> {
    let (h, w) = (height as f64, width as f64);
    Ok([x1.clip(0, w)?, y1.clip(0, h)?, x2.clip(0, w)?, y2.clip(0, h)?])
}

fn corners(boxes: &Tensor) -> Result<[Tensor; 4]> {
    if boxes.shape().last() != Some(&4) {
        let message = format!("boxes have shape {}; expected […, 4]: x1, y1, x2, y2", boxes.shape());
        return Err(Error::argument("boxes", message));
    }
    Ok([boxes.select(-1, 0)?, boxes.select(-1, 1)?, boxes.select(-1, 2)?, boxes.select(-1, 3)?])
}

fn join(corners: &[Tensor; 4]) -> Result<Tensor> {
    Ok(Tensor::stack(&corners.each_ref(), -1)?)
}
