//! An image of any size as a network expects it: cut to a square, brought to a size, its values shifted and scaled.

use crate::{Error, Result};
use gradbook_core::Tensor;

/// What a network was trained to expect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocess {
    /// Height and width.
    pub size: usize,
    /// How much of the shorter side the square in the middle takes.
    pub share: f64,
    /// Whether blue comes first.
    pub reversed: bool,
    /// The mean of each channel, 0…255, in the network's order.
    pub mean: [f32; 3],
    /// What the rest is divided by.
    pub deviation: f32,
}

impl Preprocess {
    /// Images \[N, 3, H, W\] or one \[3, H, W\], red first, 0…1, as \[N, 3, size, size\]: the square in their middle, resampled by a
    /// triangle as wide as an output pixel's distance (antialiased bilinear), in whole numbers up to 255, then (x − mean)/deviation.
    ///
    /// ```
    /// use gradbook_core::Tensor;
    /// use gradbook_learn::models::Pretrained;
    /// let x = Pretrained::SqueezeNet.preprocess().apply(&Tensor::zeros(&[3, 300, 451])?)?;
    /// assert_eq!(x.shape()[..], [1, 3, 227, 227]);
    /// # Ok::<(), gradbook_learn::Error>(())
    /// ```
    ///
    /// Errors: other axes, such as a grey image.
    pub fn apply(&self, images: &Tensor) -> Result<Tensor> {
        let images = if images.shape().rank() == 3 { images.unsqueeze(0)? } else { images.clone() };
        let [_, 3, height, width] = images.shape()[..] else {
            let message =
                format!("an image has shape {}; expected [N, 3, H, W] or [3, H, W], red first", images.shape());
            return Err(Error::argument("preprocess", message));
        };
        let square = height.min(width) as f64 * self.share;
        let matrix = |side: usize| -> Result<Tensor> {
            let weights = triangle(side, (side as f64 - square) / 2.0, square, self.size);
            Ok(Tensor::f32(&[self.size, side], &weights)?)
        };
        // Networks were trained on images of whole bytes, which resampling rounded along each axis.
        let across = images.mul_scalar(255)?.matmul(&matrix(width)?.transpose(0, 1)?)?.round()?;
        let resampled = matrix(height)?.matmul(&across)?.round()?;
        let ordered = if self.reversed { resampled.flip(&[1])? } else { resampled };
        let mean = Tensor::f32(&[3, 1, 1], &self.mean)?;
        Ok(ordered.sub(&mean)?.div_scalar(self.deviation)?)
    }
}

/// Weights \[to, from\] of each pixel of a line in `to` pixels over its part of length `part` from `start` on.
fn triangle(from: usize, start: f64, part: f64, to: usize) -> Vec<f32> {
    let step = part / to as f64;
    let reach = step.max(1.0);
    let mut weights = Vec::with_capacity(from * to);
    for i in 0..to {
        let centre = start + (i as f64 + 0.5) * step;
        let weight = |j: usize| (1.0 - ((j as f64 + 0.5 - centre) / reach).abs()).max(0.0);
        let sum: f64 = (0..from).map(weight).sum();
        weights.extend((0..from).map(|j| (weight(j) / sum) as f32));
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_averaged_or_interpolated() {
        // Half as many pixels: a triangle over four, weights 1 : 3 : 3 : 1 over 8, fewer at the ends.
        let half = triangle(6, 0.0, 6.0, 3);
        let expected = [1.0 / 8.0, 3.0 / 8.0, 3.0 / 8.0, 1.0 / 8.0];
        half[6 + 1..6 + 5]
            .iter()
            .zip(expected)
            .for_each(|(a, b): (&f32, f64)| assert!((f64::from(*a) - b).abs() < 1e-6));
        // The middle half of four pixels as they are.
        assert_eq!(triangle(4, 1.0, 2.0, 2), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        // Twice as many: a quarter of the neighbour.
        assert_eq!(triangle(2, 0.0, 2.0, 4), [1.0, 0.0, 0.75, 0.25, 0.25, 0.75, 0.0, 1.0]);
    }
}
