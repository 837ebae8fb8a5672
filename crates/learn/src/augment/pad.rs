//! Images with a border.

use crate::{Error, Result};
use gradbook_core::{Tensor, ops::PadMode};

/// What stands in the border.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    /// One number.
    Constant(f32),
    /// The nearest pixel.
    Edge,
    /// The image mirrored, without the pixel at its border.
    Reflect,
    /// The image mirrored, with it.
    Symmetric,
}

/// Images \[…, H, W\] with columns and rows around them: \[left, top, right, bottom\], as torchvision counts.
///
/// Errors: a mirrored border that is larger than the image.
pub fn pad(x: &Tensor, [left, top, right, bottom]: [usize; 4], edge: Edge) -> Result<Tensor> {
    let widths = [[top, bottom], [left, right]];
    let mode = match edge {
        Edge::Constant(value) => PadMode::Constant(value),
        Edge::Edge => PadMode::Replicate,
        Edge::Reflect => PadMode::Reflect,
        Edge::Symmetric => return symmetric(x, widths),
    };
    Ok(x.pad(&widths, mode)?)
}

fn symmetric(x: &Tensor, widths: [[usize; 2]; 2]) -> Result<Tensor> {
    let mut padded = x.clone();
    for (axis, [before, after]) in [(-2isize, widths[0]), (-1, widths[1])] {
        let n = padded.shape()[(padded.shape().rank() as isize + axis) as usize];
        if before > n || after > n {
            let message = format!("a symmetric border of {before} and {after} pixels of {n}; expected at most as many");
            return Err(Error::argument("pad", message));
        }
        let mirror = |start: usize, size: usize| padded.narrow(axis, start, size)?.flip(&[axis]);
        let parts = [mirror(0, before)?, padded.clone(), mirror(n - after, after)?];
        padded = Tensor::concat(&parts.each_ref(), axis)?;
    }
    Ok(padded)
}
