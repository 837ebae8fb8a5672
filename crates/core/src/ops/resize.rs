//! Images made larger or smaller, and pixels moved between channels and planes.

use super::conv::check_positive;
use crate::{DType, Error, Result, Tensor};

/// How values between pixels are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The pixel at ⌊i·in/out⌋.
    Nearest,
    /// Linear between the two nearest pixels of each axis.
    Bilinear,
    /// The cubic convolution with a = −0.75 over four pixels of each axis; overshoots.
    Bicubic,
}

impl Tensor {
    /// Images \[N, C, H, W\] at another size. With `align_corners` the corner pixels keep their values (not for nearest);
    /// without, pixels are areas and output i looks at (i + 1/2)·in/out − 1/2.
    ///
    /// Errors: f32 only; other axes; a size of 0.
    pub fn upsample(&self, size: [usize; 2], interpolation: Interpolation, align_corners: bool) -> Result<Self> {
        const OP: &str = "upsample";
        self.expect(OP, "x", DType::F32)?;
        let [_, _, h, w] = self.sizes(OP, "x", "[N, C, H, W]")?;
        check_positive(OP, &[("height", h), ("width", w), ("output height", size[0]), ("output width", size[1])])?;
        if interpolation == Interpolation::Nearest && size[0].is_multiple_of(h) && size[1].is_multiple_of(w) {
            return self.repeat_interleave(size[0] / h, 2)?.repeat_interleave(size[1] / w, 3);
        }
        let matrix = |from, to| Self::f32(&[to, from], &weights(from, to, interpolation, align_corners));
        self.resampled(&matrix(h, size[0])?, &matrix(w, size[1])?)
    }

    /// \[N, C·r², H, W\] → \[N, C, H·r, W·r\]. Source: Shi et al. 2016.
    ///
    /// Errors: the channels are not a multiple of r².
    pub fn pixel_shuffle(&self, factor: usize) -> Result<Self> {
        let [n, c, h, w] = self.sizes("pixel_shuffle", "x", "[N, C·r², H, W]")?;
        check_positive("pixel_shuffle", &[("factor", factor)])?;
        let r = factor;
        if c % (r * r) != 0 {
            return Err(Error::shape("pixel_shuffle", format!("{c} channels are not a multiple of {r}² = {}", r * r)));
        }
        let k = c / (r * r);
        self.dims(&[n, k, r, r, h, w])?.order(vec![0, 1, 4, 2, 5, 3])?.dims(&[n, k, h * r, w * r])
    }

    /// \[N, C, H·r, W·r\] → \[N, C·r², H, W\].
    ///
    /// Errors: height or width is not a multiple of r.
    pub fn pixel_unshuffle(&self, factor: usize) -> Result<Self> {
        let [n, c, h, w] = self.sizes("pixel_unshuffle", "x", "[N, C, H·r, W·r]")?;
        check_positive("pixel_unshuffle", &[("factor", factor)])?;
        let r = factor;
        if h % r != 0 || w % r != 0 {
            return Err(Error::shape("pixel_unshuffle", format!("images of {h}×{w} are not a multiple of {r}")));
        }
        self.dims(&[n, c, h / r, r, w / r, r])?.order(vec![0, 1, 3, 5, 2, 4])?.dims(&[n, c * r * r, h / r, w / r])
    }

    /// Rows and columns of images mixed: `rows` is \[OH, H\], `columns` \[OW, W\].
    pub(super) fn resampled(&self, rows: &Self, columns: &Self) -> Result<Self> {
        self.matmul(&columns.t()?)?.transpose(2, 3)?.matmul(&rows.t()?)?.transpose(2, 3)
    }
}

/// The matrix \[to, from\] that resamples one axis.
fn weights(from: usize, to: usize, interpolation: Interpolation, align_corners: bool) -> Vec<f32> {
    let mut matrix = vec![0.0; from * to];
    for i in 0..to {
        let mut add = |pixel: isize, weight: f64| {
            let pixel = pixel.clamp(0, from as isize - 1) as usize;
            matrix[i * from + pixel] += weight as f32;
        };
        let source = match (align_corners, to) {
            (true, 1) => 0.0,
            (true, _) => i as f64 * (from - 1) as f64 / (to - 1) as f64,
            (false, _) => (i as f64 + 0.5) * from as f64 / to as f64 - 0.5,
        };
        match interpolation {
            Interpolation::Nearest => add((i * from / to) as isize, 1.0),
            Interpolation::Bilinear => {
                let source = source.max(0.0);
                let (pixel, t) = (source.floor() as isize, source.fract());
                add(pixel, 1.0 - t);
                add(pixel + 1, t);
            }
            Interpolation::Bicubic => {
                let pixel = source.floor();
                let t = source - pixel;
                for k in -1..=2 {
                    add(pixel as isize + k, cubic((t - k as f64).abs()));
                }
            }
        }
    }
    matrix
}

/// The kernel of cubic convolution with a = −0.75. Source: Keys 1981.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.75;
    if x <= 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((x - 5.0) * x + 8.0) * x * A - 4.0 * A
    } else {
        0.0
    }
}
