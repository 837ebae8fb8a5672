//! The weight gradient of convolutions with kernels of 3 × 3 by minimal filtering, F(3 × 3, 2 × 2): what the transposition of
//! `winograd`'s algorithm comes to.
//!
//! A tile of 2 × 2 output gradients `e` and the 4 × 4 pixels `d` that it sees give `dw = Aᵀ [Σ (Bᵀ d B) ∘ (G e Gᵀ)] A`,
//! the sum being over all tiles of all images: 16 multiplications where the definition has 36. Each of the 16 *places*
//! inside is a matrix product, of the transformed gradients `u` (out-channels × tiles) with the transformed pixels `v`
//! (tiles × in-channels).
//!
//! Some rows of tiles are a *block*. Its pixels and gradients are copied with zeros around them, a vector of channels for
//! each pixel: from there on transforms shuffle nothing, and the width of images does not matter. Then four places at a
//! time, a row of the transforms, are made and multiplied, so that all stays in the second-level cache.
//!
//! Threads share the rows of tiles: products are summed over *ranges* of them, as many for any number of threads, and the
//! sums of the ranges are added up last, in their order.
//!
//! In wasm the loops are functions of their own: engines assign registers badly in a function that has them all.
//!
//! A pixel or gradient that is infinite or NaN may make NaN of all taps of its channel, and so may those so large that sums of
//! four of them overflow.

use super::{
    operand::Operand,
    winograd::{PLACES, evenly, is_worth_it, segments},
};
use crate::{
    device::cpu::{
        memory::{Out, Reads},
        prepared::Scratch,
        simd::{Base, Level, Simd},
        work::Split,
    },
    ir::ConvGeometry,
};
use std::ops::Range;

/// Floats of a block, copied and transformed: they stay in the second-level cache.
const BLOCK: usize = 48 * 1024;
/// Tiles of a block at least: products are added to memory once for each block.
const TILES: usize = 48;
/// Floats of products: so many out-channels are summed together, with a transform of the pixels for them.
const PRODUCTS: usize = 64 * 1024;
/// Out-channels that are summed together at least.
const TOGETHER: usize = 24;
/// Sums that threads can share: ranges of rows of tiles, for each of the out-channels that are summed together.
const SUMS: usize = 8;
/// Rows of the register block; vectors have as many lanes or a multiple.
const MR: usize = 4;

/// A weight gradient that is done by tiles, prepared.
#[derive(Debug)]
pub(crate) struct WinogradGradient {
    level: Level,
    batch: usize,
    /// Rows and columns of tiles.
    tiles: [usize; 2],
    /// Rows of tiles in a block, and in a range.
    rows: usize,
    range: usize,
    /// Out-channels that are summed together.
    together: usize,
    image: Operand,
    gradient: Operand,
}

impl WinogradGradient {
    /// `dw[o, c]` from `x[n, c]` and `dy[n, o]`, if tiles are the best way to it.
    pub(crate) fn new(level: Level, g: &ConvGeometry) -> Option<Self> {
        if !is_worth_it(g, [g.c, g.o], g.out) {
            return None;
        }
        let (tiles, lanes) = (g.out.map(|len| len.div_ceil(2)), super::lanes(level));
        let inputs = g.c.next_multiple_of(lanes);
        let together = (PRODUCTS / (PLACES * inputs)).max(TOGETHER).min(g.o).next_multiple_of(MR);
        let most = (BLOCK / (8 * (inputs + together))).max(TILES);
        let all = g.n * tiles[0];
        let range = all.div_ceil(SUMS.div_ceil(g.o.div_ceil(together)));
        let rows = range.div_ceil(range.div_ceil((most / tiles[1]).max(1)));
        let operand = |channels, size, pad, halo, vectors: usize| {
            let width = 2 * tiles[1] + halo;
            let copied = (2 * rows + halo * (rows / tiles[0] + 2)) * width * lanes;
            let transformed = rows * tiles[1] * lanes;
            // Places a power of two apart would compete for the same lines of the cache.
            let plane = (vectors * transformed).next_multiple_of(128) + 16;
            Operand { channels, size, pad, halo, width, vectors, copied, transformed, plane }
        };
        Some(Self {
            level,
            batch: g.n,
            tiles,
            rows,
            range,
            together,
            image: operand(g.c, g.size, g.pad, 2, inputs / lanes),
            gradient: operand(g.o, g.out, [0, 0], 0, together.div_ceil(lanes)),
        })
    }

    /// Floats of the products of a place.
    fn products(&self) -> usize {
        self.together * self.image.vectors * super::lanes(self.level)
    }

    /// Ranges of rows of tiles.
    fn ranges(&self) -> usize {
        (self.batch * self.tiles[0]).div_ceil(self.range)
    }

    /// Floats of scratch memory that [`WinogradGradient::run_common`] needs.
    pub(crate) fn scratch(&self) -> usize {
        [&self.image, &self.gradient].iter().map(|operand| operand.vectors * operand.copied + 4 * operand.plane).sum()
    }

    /// Floats that it copies in all: pixels and output gradients as they are and as tiles, for some out-channels after the others,
    /// and sums.
    pub(crate) fn copied(&self) -> usize {
        let tiles = self.batch * self.tiles.iter().product::<usize>();
        let groups = self.gradient.channels.div_ceil(self.together);
        // A tile of pixels is 4 × 4, of which neighbours share half in each direction; one of gradients comes of 2 × 2.
        tiles * (4 + PLACES) * (groups * self.image.channels + self.gradient.channels) + self.common().1
    }

    /// The sums that all parts share, range by range for some out-channels after the others: how they can be cut, and the
    /// floats that they take.
    pub(crate) fn common(&self) -> (Split, usize) {
        let tiles = (self.batch * self.tiles.iter().product::<usize>()) as f64;
        let (c, o) = (self.image.channels as f64, self.gradient.channels as f64);
        let sums = self.gradient.channels.div_ceil(self.together) * self.ranges();
        (Split::of(sums, tiles * (0.85 * c * o + 4.5 * (c + o))), sums * PLACES * self.products())
    }

    /// Computes some of the sums from the images and the output gradients.
    pub(crate) fn run_common(&self, sums: Range<usize>, reads: Reads<'_>, scratch: &mut Scratch, out: Out<'_>) {
        let (image, gradient) = (reads.floats(0), reads.floats(1));
        // SAFETY: the scratch is this thread's.
        let packed = unsafe { scratch.packed.get_mut(0..self.scratch()) }.unwrap_or_default();
        let packed = bytemuck::cast_slice_mut(packed);
        let (all, outputs, len) = (self.batch * self.tiles[0], self.gradient.channels, PLACES * self.products());
        for number in sums {
            let (first, row) = (number / self.ranges() * self.together, number % self.ranges() * self.range);
            let channels = first..(first + self.together).min(outputs);
            let rows = row..(row + self.range).min(all);
            // SAFETY: nobody else computes this sum.
            let m = unsafe { out.floats(number * len..(number + 1) * len) };
            match self.level {
                Level::Base => self.sum::<Base, 2>(image, gradient, channels, rows, packed, m),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a level is only made where the machine has it.
                Level::Avx2 => unsafe { self.sum_avx2(image, gradient, channels, rows, packed, m) },
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn sum_avx2(
        &self,
        image: &[f32],
        gradient: &[f32],
        channels: Range<usize>,
        rows: Range<usize>,
        scratch: &mut [f32],
        m: &mut [f32],
    ) {
        self.sum::<crate::device::cpu::simd::Avx2, 3>(image, gradient, channels, rows, scratch, m);
    }

    /// How it can be cut, once the sums are there: an output channel is a unit.
    pub(crate) fn split(&self) -> Split {
        let [c, o] = [&self.image, &self.gradient].map(|operand| operand.channels);
        Split::of(o, (c * o * (self.ranges() + 2) * PLACES) as f64 * 0.1)
    }

    /// Computes some output channels, `out`, from the sums.
    pub(crate) fn run(&self, units: Range<usize>, sums: &[f32], out: &mut [f32]) {
        match self.level {
            Level::Base => self.channels::<Base>(units.start, sums, out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a level is only made where the machine has it.
            Level::Avx2 => unsafe { self.channels_avx2(units.start, sums, out) },
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn channels_avx2(&self, first: usize, sums: &[f32], out: &mut [f32]) {
        self.channels::<crate::device::cpu::simd::Avx2>(first, sums, out);
    }

    /// The out-channels of `out`, which begin with `first`.
    #[inline(always)]
    fn channels<S: Simd>(&self, first: usize, sums: &[f32], out: &mut [f32]) {
        let len = PLACES * self.products();
        for (channel, out) in (first..).zip(out.chunks_exact_mut(9 * self.image.channels)) {
            let group = &sums[channel / self.together * self.ranges() * len..][..self.ranges() * len];
            self.transform_products::<S>(&group[channel % self.together * self.image.vectors * S::LANES..], out);
        }
    }

    /// The products of all places for some out-channels, summed over some rows of tiles, in register blocks of `NV` vectors
    /// of in-channels.
    #[inline(always)]
    fn sum<S: Simd, const NV: usize>(
        &self,
        image: &[f32],
        gradient: &[f32],
        channels: Range<usize>,
        all: Range<usize>,
        scratch: &mut [f32],
        m: &mut [f32],
    ) {
        let (x, dy) = (&self.image, &self.gradient);
        let (pixels, rest) = scratch.split_at_mut(x.vectors * x.copied);
        let (gradients, rest) = rest.split_at_mut(dy.vectors * dy.copied);
        let (v, u) = rest.split_at_mut(4 * x.plane);
        let [inputs, outputs] = [x.channels, channels.len()];
        for first in all.clone().step_by(self.rows) {
            let block = first..(first + self.rows).min(all.end);
            for (i, segment) in segments(block.clone(), self.tiles).enumerate() {
                x.copy::<S>(image, &segment, 0..inputs, &mut pixels[x.at::<S>(&segment, i)..]);
                dy.copy::<S>(gradient, &segment, channels.clone(), &mut gradients[dy.at::<S>(&segment, i)..]);
            }
            for y in 0..4 {
                for (i, segment) in segments(block.clone(), self.tiles).enumerate() {
                    let (rows, tile) = (segment.rows.len(), segment.tile * S::LANES);
                    let (pixels, gradients) =
                        (&pixels[x.at::<S>(&segment, i)..], &gradients[dy.at::<S>(&segment, i)..]);
                    self.transform_pixels::<S>(pixels, y, rows, &mut v[tile..]);
                    self.transform_gradients::<S>(gradients, y, [rows, outputs.div_ceil(S::LANES)], &mut u[tile..]);
                }
                let tiles = block.len() * self.tiles[1];
                let planes = u.chunks_exact(dy.plane).zip(v.chunks_exact(x.plane));
                let m = m[4 * y * self.products()..].chunks_exact_mut(self.products());
                for ((u, v), m) in planes.zip(m) {
                    self.multiply::<S, NV>(u, v, m, [tiles, outputs.div_ceil(MR)], first > all.start);
                }
            }
        }
    }

    /// Row `y` of `v = Bᵀ d B`, four places, of some rows of tiles, from their copy.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn transform_pixels<S: Simd>(&self, pixels: &[f32], y: usize, rows: usize, v: &mut [f32]) {
        match y {
            0 => self.transform_pixel_rows::<S, 0>(pixels, rows, v),
            1 => self.transform_pixel_rows::<S, 1>(pixels, rows, v),
            2 => self.transform_pixel_rows::<S, 2>(pixels, rows, v),
            _ => self.transform_pixel_rows::<S, 3>(pixels, rows, v),
        }
    }

    #[inline(always)]
    fn transform_pixel_rows<S: Simd, const Y: usize>(&self, pixels: &[f32], rows: usize, v: &mut [f32]) {
        let Operand { width, vectors, copied, transformed, plane, .. } = self.image;
        let (line, columns) = (width * S::LANES, self.tiles[1]);
        assert!(width == 2 * columns + 2, "columns of copied pixels");
        assert!((vectors - 1) * copied + (2 * rows + 2) * line <= pixels.len(), "copied pixels");
        assert!(3 * plane + (vectors - 1) * transformed + rows * columns * S::LANES <= v.len(), "transformed pixels");
        for vector in 0..vectors {
            for row in 0..rows {
                let (mut from, mut to) =
                    (vector * copied + 2 * row * line, vector * transformed + row * columns * S::LANES);
                // SAFETY: the assertions above.
                unsafe {
                    let [mut d0, mut d1] = mix_pixels::<S, Y>(pixels, from, line);
                    for _ in 0..columns {
                        from += 2 * S::LANES;
                        let [d2, d3] = mix_pixels::<S, Y>(pixels, from, line);
                        S::store_at(v, to, S::sub(d0, d2));
                        S::store_at(v, to + plane, S::add(d1, d2));
                        S::store_at(v, to + 2 * plane, S::sub(d2, d1));
                        S::store_at(v, to + 3 * plane, S::sub(d1, d3));
                        to += S::LANES;
                        (d0, d1) = (d2, d3);
                    }
                }
            }
        }
    }

    /// Row `y` of `u = G e Gᵀ`, four places, of some rows of tiles and vectors of channels, from their copy. The halves of
    /// `G` are left to the end.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn transform_gradients<S: Simd>(&self, gradients: &[f32], y: usize, size: [usize; 2], u: &mut [f32]) {
        match y {
            0 => self.transform_gradient_rows::<S, 0>(gradients, size, u),
            1 => self.transform_gradient_rows::<S, 1>(gradients, size, u),
            2 => self.transform_gradient_rows::<S, 2>(gradients, size, u),
            _ => self.transform_gradient_rows::<S, 3>(gradients, size, u),
        }
    }

    #[inline(always)]
    fn transform_gradient_rows<S: Simd, const Y: usize>(
        &self,
        gradients: &[f32],
        [rows, vectors]: [usize; 2],
        u: &mut [f32],
    ) {
        let Operand { width, copied, transformed, plane, .. } = self.gradient;
        let (line, columns) = (width * S::LANES, self.tiles[1]);
        assert!(vectors > 0 && width == 2 * columns, "columns of copied gradients");
        assert!((vectors - 1) * copied + 2 * rows * line <= gradients.len(), "copied gradients");
        assert!(
            3 * plane + (vectors - 1) * transformed + rows * columns * S::LANES <= u.len(),
            "transformed gradients"
        );
        for vector in 0..vectors {
            for row in 0..rows {
                let (mut from, mut to) =
                    (vector * copied + 2 * row * line, vector * transformed + row * columns * S::LANES);
                for _ in 0..columns {
                    // SAFETY: the assertions above.
                    unsafe {
                        let [left, right] = mix_gradients::<S, Y>(gradients, from, line);
                        S::store_at(u, to, left);
                        S::store_at(u, to + plane, S::add(left, right));
                        S::store_at(u, to + 2 * plane, S::sub(left, right));
                        S::store_at(u, to + 3 * plane, right);
                    }
                    (from, to) = (from + 2 * S::LANES, to + S::LANES);
                }
            }
        }
    }

    /// The matrix product of one place over so many tiles, for some panels of out-channels, added to what is there if
    /// `add`; where columns of `NV` vectors do not come out even, some have fewer.
    #[inline(always)]
    fn multiply<S: Simd, const NV: usize>(&self, u: &[f32], v: &[f32], m: &mut [f32], size: [usize; 2], add: bool) {
        for columns in evenly(self.image.vectors, NV) {
            match columns.len() {
                1 => self.multiply_columns::<S, 1>(u, v, m, size, columns.start, add),
                2 => self.multiply_columns::<S, 2>(u, v, m, size, columns.start, add),
                _ => self.multiply_columns::<S, NV>(u, v, m, size, columns.start, add),
            }
        }
    }

    /// One column of register blocks, from a vector of in-channels on.
    #[expect(
        clippy::needless_range_loop,
        reason = "iterators over registers, which wasm builds do not inline, put them in memory"
    )]
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn multiply_columns<S: Simd, const NV: usize>(
        &self,
        u: &[f32],
        v: &[f32],
        m: &mut [f32],
        [tiles, panels]: [usize; 2],
        first: usize,
        add: bool,
    ) {
        let (pitch, depth, distance) = (self.image.vectors * S::LANES, tiles * S::LANES, self.image.transformed);
        assert!((first + NV - 1) * distance + depth <= v.len(), "transformed pixels");
        assert!((first + NV) * S::LANES <= pitch && panels * MR * pitch <= m.len(), "products");
        for panel in 0..panels {
            let (vector, lane) = (panel * MR / S::LANES, panel * MR % S::LANES);
            let u = &u[vector * self.gradient.transformed..][..depth];
            // SAFETY: the assertions above.
            unsafe {
                let block = product::<S, NV>(u, lane, v, first * distance, distance);
                for i in 0..MR {
                    for j in 0..NV {
                        let at = (panel * MR + i) * pitch + (first + j) * S::LANES;
                        let sum = if add { S::add(S::load_at(m, at), block[i][j]) } else { block[i][j] };
                        S::store_at(m, at, sum);
                    }
                }
            }
        }
    }

    /// `dw = Aᵀ m A` of all in-channels, for one out-channel, `m` being the sum of those of all ranges.
    #[expect(
        clippy::needless_range_loop,
        reason = "iterators over registers, which wasm builds do not inline, put them in memory"
    )]
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn transform_products<S: Simd>(&self, m: &[f32], out: &mut [f32]) {
        let (plane, ranges) = (self.products(), self.ranges());
        let range = PLACES * plane;
        assert!((ranges - 1) * range + 15 * plane + self.image.vectors * S::LANES <= m.len(), "products");
        // SAFETY: the assertion above, for a place of a vector.
        let sum = |at: usize| unsafe {
            let mut sum = S::load_at(m, at);
            for i in 1..ranges {
                sum = S::add(sum, S::load_at(m, at + i * range));
            }
            sum
        };
        for (i, out) in out.chunks_mut(9 * S::LANES).enumerate() {
            let mut mixed = [[S::splat(0.0); 4]; 3];
            for x in 0..4 {
                let at = i * S::LANES + x * plane;
                let places = [sum(at), sum(at + 4 * plane), sum(at + 8 * plane), sum(at + 12 * plane)];
                [mixed[0][x], mixed[1][x], mixed[2][x]] = mix_products::<S>(places);
            }
            let mut taps = [0.0; 9 * 8];
            for y in 0..3 {
                let row = mix_products::<S>(mixed[y]);
                for x in 0..3 {
                    S::store(&mut taps[(3 * y + x) * S::LANES..], row[x]);
                }
            }
            for (lane, out) in out.chunks_exact_mut(9).enumerate() {
                for (tap, out) in out.iter_mut().enumerate() {
                    *out = taps[tap * S::LANES + lane];
                }
            }
        }
    }
}

/// What row `Y` of `Bᵀ` makes of two neighbouring columns of four rows of pixels.
///
/// # Safety
/// These pixels are inside `x`.
#[inline(always)]
unsafe fn mix_pixels<S: Simd, const Y: usize>(x: &[f32], at: usize, line: usize) -> [S::V; 2] {
    let (a, b) = (at + [0, 1, 2, 1][Y] * line, at + [2, 2, 1, 3][Y] * line);
    // SAFETY: the caller's promise.
    let [a, b, c, d] =
        unsafe { [S::load_at(x, a), S::load_at(x, a + S::LANES), S::load_at(x, b), S::load_at(x, b + S::LANES)] };
    if Y == 1 { [S::add(a, c), S::add(b, d)] } else { [S::sub(a, c), S::sub(b, d)] }
}

/// What row `Y` of `G` makes of two neighbouring columns of two rows of output gradients.
///
/// # Safety
/// These gradients are inside `x`.
#[inline(always)]
unsafe fn mix_gradients<S: Simd, const Y: usize>(x: &[f32], at: usize, line: usize) -> [S::V; 2] {
    let below = at + line;
    // SAFETY: the caller's promise.
    let [a, b, c, d] = unsafe {
        [S::load_at(x, at), S::load_at(x, at + S::LANES), S::load_at(x, below), S::load_at(x, below + S::LANES)]
    };
    match Y {
        0 => [a, b],
        1 => [S::add(a, c), S::add(b, d)],
        2 => [S::sub(a, c), S::sub(b, d)],
        _ => [c, d],
    }
}

/// What `Aᵀ` makes of four vectors, with the halves of `G`.
#[inline(always)]
fn mix_products<S: Simd>([a, b, c, d]: [S::V; 4]) -> [S::V; 3] {
    let (half, zero) = (S::splat(0.5), S::splat(0.0));
    let sum = S::mul_add(half, S::add(b, c), zero);
    [S::add(a, sum), S::mul_add(half, S::sub(b, c), zero), S::sub(sum, d)]
}

/// The register block, a sum over tiles: `block[i][j] = Σ_t u[t · LANES + lane + i] · v[first + j · distance + t · LANES]`.
///
/// # Safety
/// `lane + MR` is at most `LANES`, and `v` has as many vectors from each first one on as `u` has.
#[expect(
    clippy::needless_range_loop,
    reason = "iterators over registers, which wasm builds do not inline, put them in memory"
)]
#[inline(always)]
unsafe fn product<S: Simd, const NV: usize>(
    u: &[f32],
    lane: usize,
    v: &[f32],
    first: usize,
    distance: usize,
) -> [[S::V; NV]; MR] {
    let mut block = [[S::splat(0.0); NV]; MR];
    let mut at = 0;
    while at < u.len() {
        let mut vs = [S::splat(0.0); NV];
        for j in 0..NV {
            // SAFETY: the caller's promise.
            vs[j] = unsafe { S::load_at(v, first + j * distance + at) };
        }
        // SAFETY: the caller's promise.
        let us = unsafe { u.get_unchecked(at + lane..at + lane + MR) };
        for i in 0..MR {
            let u = S::broadcast(&us[i]);
            for j in 0..NV {
                block[i][j] = S::mul_add(u, vs[j], block[i][j]);
            }
        }
        at += S::LANES;
    }
    block
}
