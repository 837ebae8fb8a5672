//! Images looked at from other places: each output pixel reads the input at a position of its own.

use crate::{Error, Result};
use gradbook_core::{DType, Tensor};

/// How values between pixels are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Sampling {
    /// Linear between the four nearest.
    #[default]
    Bilinear,
    /// The nearest, of halves the even one.
    Nearest,
}

/// Images \[N, C, H, W\] at positions in pixels, row and column each \[N, H', W'\]: \[N, C, H', W'\]. What lies outside is 0. Whole numbers
/// are read by `Nearest` alone.
///
/// Errors: other axes; positions of another shape.
pub fn warp(x: &Tensor, row: &Tensor, column: &Tensor, sampling: Sampling) -> Result<Tensor> {
    let ([n, c, h, w], [_, rows, columns]) = (super::images("warp", x)?, positions(x, row, column)?);
    let planes = Tensor::arange(n * c)?.mul_scalar((h * w) as f64)?.reshape(&[n as isize, c as isize, 1, 1])?;
    let pixel = |row: &Tensor, column: &Tensor| -> Result<Tensor> {
        let along = |at: &Tensor, size: usize| at.ge_scalar(0)?.logical_and(&at.lt_scalar(size as f64)?);
        let inside = along(row, h)?.logical_and(&along(column, w)?)?;
        let place = row.to_i32()?.mul_scalar(w as f64)?.add(&column.to_i32()?)?;
        let place = inside.where_(&place, &place.full_like((n * c * h * w) as f64))?;
        // A place outside of the table reads 0.
        let index = place.unsqueeze(1)?.add(&planes)?.broadcast_to(&[n, c, rows, columns])?;
        Ok(x.take(&index)?)
    };
    if sampling == Sampling::Nearest || x.dtype() != DType::F32 {
        return pixel(&row.round()?, &column.round()?);
    }
    let (top, left) = (row.floor()?, column.floor()?);
    let (down, right) = (row.sub(&top)?.unsqueeze(1)?, column.sub(&left)?.unsqueeze(1)?);
    let (bottom, end) = (top.add_scalar(1)?, left.add_scalar(1)?);
    let between = |a: Tensor, b: Tensor, share: &Tensor| a.add(&b.sub(&a)?.mul(share)?);
    let above = between(pixel(&top, &left)?, pixel(&top, &end)?, &right)?;
    let below = between(pixel(&bottom, &left)?, pixel(&bottom, &end)?, &right)?;
    Ok(between(above, below, &down)?)
}

fn positions(x: &Tensor, row: &Tensor, column: &Tensor) -> Result<[usize; 3]> {
    match row.shape()[..] {
        [n, h, w] if row.shape() == column.shape() && n == x.shape()[0] => Ok([n, h, w]),
        _ => {
            let message = format!(
                "x has shape {}, rows {}, columns {}; expected [N, H', W']",
                x.shape(),
                row.shape(),
                column.shape()
            );
            Err(Error::argument("warp", message))
        }
    }
}

/// The middle of each pixel of a canvas, counted from its centre: rows \[1, H, 1\] and columns \[1, 1, W\].
pub(super) fn centred([height, width]: [usize; 2]) -> Result<[Tensor; 2]> {
    let axis = |n: usize| Tensor::arange(n)?.to_f32()?.sub_scalar((n as f64 - 1.0) / 2.0);
    Ok([axis(height)?.reshape(&[1, -1, 1])?, axis(width)?.reshape(&[1, 1, -1])?])
}
