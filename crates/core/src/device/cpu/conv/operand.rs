//! What a weight gradient by tiles multiplies, copied block by block so that a pixel is a vector of channels.

use super::winograd::Segment;
use crate::device::cpu::simd::Simd;
use std::ops::Range;

/// What is multiplied: images or output gradients.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) channels: usize,
    pub(super) size: [usize; 2],
    /// Zeros above and left of the pixels.
    pub(super) pad: [usize; 2],
    /// Rows and columns that tiles see beyond their own.
    pub(super) halo: usize,
    /// Columns of a copy.
    pub(super) width: usize,
    /// Vectors of channels in a block, and the floats of one, copied and transformed.
    pub(super) vectors: usize,
    pub(super) copied: usize,
    pub(super) transformed: usize,
    /// Distance of places in a transform.
    pub(super) plane: usize,
}

impl Operand {
    /// Where the copy of the `i`-th segment of a block begins in that of a vector of channels.
    #[inline(always)]
    pub(super) fn at<S: Simd>(&self, segment: &Segment, i: usize) -> usize {
        let tiles = (self.width - self.halo) / 2;
        (2 * (segment.tile / tiles) + i * self.halo) * self.width * S::LANES
    }

    /// Copies what a segment's tiles see of some channels, by vectors of channels, with zeros where there is nothing.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn copy<S: Simd>(&self, images: &[f32], segment: &Segment, channels: Range<usize>, out: &mut [f32]) {
        let ([height, width], [top, left]) = (self.size, self.pad);
        let (plane, line, inside) =
            (height * width, self.width * S::LANES, left.min(self.width)..(left + width).min(self.width));
        let image = &images[(segment.image * self.channels + channels.start) * plane..][..channels.len() * plane];
        let rows = 2 * segment.rows.start..2 * segment.rows.end + self.halo;
        let vectors = image.chunks(S::LANES * plane).zip(out.chunks_mut(self.copied));
        for (image, out) in vectors {
            for (r, out) in rows.clone().zip(out.chunks_exact_mut(line)) {
                if r < top || r >= top + height {
                    out.fill(0.0);
                    continue;
                }
                out[..inside.start * S::LANES].fill(0.0);
                out[inside.end * S::LANES..].fill(0.0);
                let out = &mut out[inside.start * S::LANES..inside.end * S::LANES];
                let row = (r - top) * width;
                if image.len() == S::LANES * plane && inside.len() >= S::LANES {
                    transpose::<S>(image, row, plane, out);
                    continue;
                }
                for (column, out) in out.chunks_exact_mut(S::LANES).enumerate() {
                    for (lane, out) in out.iter_mut().enumerate() {
                        *out = image.get(lane * plane + row + column).copied().unwrap_or(0.0);
                    }
                }
            }
        }
    }
}

/// Puts a row of each of `LANES` channels, `plane` apart, into vectors of a pixel each.
#[expect(
    clippy::needless_range_loop,
    reason = "iterators over registers, which wasm builds do not inline, put them in memory"
)]
#[inline(always)]
fn transpose<S: Simd>(image: &[f32], row: usize, plane: usize, out: &mut [f32]) {
    let columns = out.len() / S::LANES;
    assert!(columns >= S::LANES && (S::LANES - 1) * plane + row + columns <= image.len(), "rows of pixels");
    let mut at = 0;
    while at < columns {
        // The last square begins early enough to be whole.
        let first = at.min(columns - S::LANES);
        let mut square = [S::splat(0.0); 8];
        for lane in 0..S::LANES {
            // SAFETY: the assertion above.
            square[lane] = unsafe { S::load_at(image, lane * plane + row + first) };
        }
        // Each step moves one bit of a row's number to the number of the lane.
        let mut steps = S::LANES;
        while steps > 1 {
            let rows = square;
            for i in 0..S::LANES / 2 {
                [square[2 * i], square[2 * i + 1]] = S::zip(rows[i], rows[i + S::LANES / 2]);
            }
            steps /= 2;
        }
        for lane in 0..S::LANES {
            // SAFETY: the square is inside of the columns.
            unsafe { S::store_at(out, (first + lane) * S::LANES, square[lane]) };
        }
        at += S::LANES;
    }
}
