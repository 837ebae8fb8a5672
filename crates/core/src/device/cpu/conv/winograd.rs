//! Convolutions with kernels of 3 × 3 by minimal filtering, F(2 × 2, 3 × 3): Lavin and Gray 2016, "Fast Algorithms for
//! Convolutional Neural Networks", after Winograd.
//!
//! The output is cut into tiles of 2 × 2. A tile sees 4 × 4 pixels `d` of each channel, and
//! `y = Aᵀ [Σ_c (G w Gᵀ) ∘ (Bᵀ d B)] A`: 16 multiplications where the definition has 36. Each of the 16 *places* of the
//! products inside is a matrix product, of the transformed weights `u[place]` (targets × sources) with the transformed
//! pixels `v[place]` (sources × tiles). Transforms and products all have neighbouring tiles in the lanes of a vector, so
//! what a tile comes to depends neither on its lane nor on the tiles beside it.
//!
//! Some rows of tiles are a *block*, of several small images or a part of a large one, so that `v` and the products `m`
//! stay in the second-level cache. Weights are transformed once for all blocks of a call.
//!
//! In wasm the four loops are functions of their own: engines assign registers badly in a function that has them all.
//!
//! The input gradient is the same over the output gradient, with the taps reversed and channels exchanged.
//!
//! Rounding differs from the direct sum by a few units in the last place of the largest product. A pixel that is infinite
//! or NaN makes NaN of all outputs whose tiles see it, up to two pixels farther than it has to, and so does one so large
//! that the sum of four overflows.

use super::padded::PaddedAxis;
use crate::{
    device::cpu::{
        memory::{Out, Reads},
        prepared::Scratch,
        simd::{Base, Level, Simd},
        team::THREADS,
        work::{Done, Split},
    },
    ir::ConvGeometry,
};
use std::ops::Range;

/// Floats of transformed pixels and products in a block: they stay in the second-level cache.
const BLOCK: usize = 48 * 1024;
/// Tiles of a block at least: the transformed weights are read once for each block.
const TILES: usize = 48;
/// Floats of transformed weights at most: each thread has its own.
const WEIGHTS: usize = 1024 * 1024;
/// Numbers of a tile of transformed pixels or weights.
pub(super) const PLACES: usize = 16;

/// Rows of the register block.
fn block_rows(level: Level) -> usize {
    match level {
        Level::Base => 3,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 4,
    }
}

/// A convolution or an input gradient that is done by tiles, prepared.
#[derive(Debug)]
pub(crate) struct Winograd {
    level: Level,
    batch: usize,
    /// Channels that are summed over, and that come out.
    sources: usize,
    targets: usize,
    /// The weights of neighbouring targets and sources are so far apart; the taps may be reversed.
    weight_steps: [usize; 2],
    reversed: bool,
    /// Whether parts share the transformed weights.
    shared: bool,
    /// Pixels that come in and go out.
    input: [usize; 2],
    output: [usize; 2],
    /// Rows and columns of tiles.
    tiles: [usize; 2],
    /// The rows and columns of what the tiles see that are pixels, and the first of these pixels.
    seen: [(Range<usize>, usize); 2],
    /// Rows of tiles in a block.
    rows: usize,
    /// Distances of channels in `v` and `m`, and of places in `u`, `v` and `m`.
    pitch: usize,
    planes: [usize; 3],
    /// Floats of a row of pixels as the tiles of a row of vectors see it.
    width: usize,
}

/// Ranges of at most `most`, as even as they come.
#[inline(always)]
pub(super) fn evenly(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let ranges = count.div_ceil(most);
    (0..ranges).map(move |i| count * i / ranges..count * (i + 1) / ranges)
}

/// Some rows of tiles of one image.
pub(super) struct Segment {
    pub(super) image: usize,
    pub(super) rows: Range<usize>,
    /// The number of the first tile in its block.
    pub(super) tile: usize,
}

impl Winograd {
    /// `y[n, o] = Σ_c x[n, c] ⋆ w[o, c]`, if tiles are the best way to it.
    pub(crate) fn forward(level: Level, g: &ConvGeometry) -> Option<Self> {
        let low = g.pad.map(|pad| -(pad as isize));
        Self::new(level, g, [g.c, g.o], [g.size, g.out], low, ([9 * g.c, 9], false))
    }

    /// `dx[n, c]` from `dy[n, o]` and `w[o, c]`, if tiles are the best way to it.
    pub(crate) fn input_gradient(level: Level, g: &ConvGeometry) -> Option<Self> {
        // Pixel `h` is touched by output `h + pad - k` through tap `k`.
        let low = g.pad.map(|pad| pad as isize - 2);
        Self::new(level, g, [g.o, g.c], [g.out, g.size], low, ([9, 9 * g.c], true))
    }

    /// The tap that comes first sees pixel `low` for output 0.
    fn new(
        level: Level,
        g: &ConvGeometry,
        [sources, targets]: [usize; 2],
        [input, output]: [[usize; 2]; 2],
        low: [isize; 2],
        (weight_steps, reversed): ([usize; 2], bool),
    ) -> Option<Self> {
        if !is_worth_it(g, [sources, targets], output) || PLACES * sources * targets > WEIGHTS {
            return None;
        }
        let tiles = output.map(|len| len.div_ceil(2));
        let seen = [0, 1].map(|i| {
            let (input, first, len) = (input[i], low[i], 2 * tiles[i] + 2);
            PaddedAxis { input, stride: 1, phases: vec![0], first, len }.inside(0)
        });
        let (lanes, packed) = (super::lanes(level), targets.next_multiple_of(block_rows(level)));
        let most = (BLOCK / (PLACES * (sources + packed))).max(TILES);
        let rows = (most / tiles[1]).clamp(1, g.n * tiles[0]);
        // Past the last tile there is room for a vector that begins at any.
        let pitch = (rows * tiles[1]).next_multiple_of(lanes) + lanes;
        // Places a power of two apart would compete for the same lines of the cache.
        let plane = |len: usize| len.next_multiple_of(128) + 16;
        Some(Self {
            level,
            batch: g.n,
            sources,
            targets,
            weight_steps,
            reversed,
            shared: false,
            input,
            output,
            tiles,
            seen,
            rows,
            pitch,
            planes: [packed * sources, plane(sources * pitch), plane(packed * pitch)],
            width: 2 * tiles[1].next_multiple_of(lanes) + 2,
        })
    }

    /// Floats of scratch memory that [`Winograd::run`] needs.
    pub(crate) fn scratch(&self) -> usize {
        self.own_weights() + PLACES * (self.planes[1] + self.planes[2]) + 4 * self.width + self.seen[1].0.len()
    }

    /// Floats that it copies in all: transformed weights, and tiles that come in and go out.
    pub(crate) fn copied(&self) -> usize {
        let tiles = self.batch * self.tiles.iter().product::<usize>();
        PLACES * (self.planes[0] + tiles * (self.sources + self.targets))
    }

    /// Floats of transformed weights that a part has for itself.
    fn own_weights(&self) -> usize {
        if self.shared { 0 } else { PLACES * self.planes[0] }
    }

    /// How it can be cut: an image is a unit. Each part transforms the weights for itself, unless they share that.
    pub(crate) fn split(&self) -> Split {
        let tiles = self.batch * self.tiles.iter().product::<usize>();
        let cost = 0.07 * (tiles * PLACES) as f64 * (self.sources * self.targets) as f64;
        Split { units: self.batch, step: 1, cost, repeated: if self.shared { 0.0 } else { self.weights_cost() } }
    }

    /// Nanoseconds that the transform of the weights takes.
    fn weights_cost(&self) -> f64 {
        30.0 * (self.sources * self.targets) as f64
    }

    /// From now on parts share the transformed weights.
    pub(crate) fn share(&mut self) {
        self.shared = true;
    }

    /// What parts share: the transformed weights, in panels, with the floats that these take.
    pub(crate) fn common(&self) -> Option<(Split, usize)> {
        let panels = self.targets.div_ceil(block_rows(self.level));
        self.shared.then(|| (Split::of(panels, self.weights_cost()), PLACES * self.planes[0]))
    }

    /// Transforms some panels of weights.
    pub(crate) fn run_common(&self, panels: Range<usize>, reads: Reads<'_>, out: Out<'_>) {
        // SAFETY: nobody else transforms these panels.
        unsafe {
            match block_rows(self.level) {
                3 => self.transform_weights::<3>(reads.floats(1), panels, out),
                _ => self.transform_weights::<4>(reads.floats(1), panels, out),
            }
        }
    }

    /// Computes some images of the output from images (or output gradients) and weights.
    pub(crate) fn run(
        &self,
        images: Range<usize>,
        reads: Reads<'_>,
        common: &[f32],
        scratch: &mut Scratch,
        out: Out<'_>,
        done: &mut Done<'_>,
    ) {
        // SAFETY: the scratch is this thread's.
        let packed = unsafe { scratch.packed.get_mut(0..self.scratch()) }.unwrap_or_default();
        let (own, packed) = packed.split_at_mut(self.own_weights());
        let u = if THREADS && self.shared {
            common
        } else {
            self.run_common(0..self.targets.div_ceil(block_rows(self.level)), reads, Out::new(own));
            bytemuck::cast_slice(own)
        };
        let (image, packed) = (reads.floats(0), bytemuck::cast_slice_mut(packed));
        match self.level {
            Level::Base => self.blocks::<Base, 3>(images, image, u, packed, out, done),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a level is only made where the machine has it.
            Level::Avx2 => unsafe { self.blocks_avx2(images, image, u, packed, out, done) },
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn blocks_avx2(
        &self,
        images: Range<usize>,
        image: &[f32],
        u: &[f32],
        scratch: &mut [f32],
        out: Out<'_>,
        done: &mut dyn FnMut(Range<usize>),
    ) {
        self.blocks::<crate::device::cpu::simd::Avx2, 4>(images, image, u, scratch, out, done);
    }

    /// All blocks of some images from transformed weights, with register blocks of `MR` targets.
    #[inline(always)]
    fn blocks<S: Simd, const MR: usize>(
        &self,
        images: Range<usize>,
        image: &[f32],
        u: &[f32],
        scratch: &mut [f32],
        out: Out<'_>,
        done: &mut dyn FnMut(Range<usize>),
    ) {
        let [input, output] = [self.input, self.output].map(|[rows, columns]| rows * columns);
        let out_len = self.targets * output;
        assert_eq!(out.len(), self.batch * out_len, "output of a convolution");
        let (v, rest) = scratch.split_at_mut(PLACES * self.planes[1]);
        let (m, rest) = rest.split_at_mut(PLACES * self.planes[2]);
        let (mixed, zeros) = rest.split_at_mut(4 * self.width);
        mixed.fill(0.0);
        zeros.fill(0.0);
        let rows = images.start * self.tiles[0]..images.end * self.tiles[0];
        for first in rows.clone().step_by(self.rows) {
            let block = first..(first + self.rows).min(rows.end);
            for segment in segments(block.clone(), self.tiles) {
                let channels = image[segment.image * self.sources * input..].chunks_exact(input);
                for (source, channel) in channels.take(self.sources).enumerate() {
                    let v = &mut v[source * self.pitch + segment.tile..];
                    self.transform_pixels::<S>(channel, segment.rows.clone(), v, mixed, zeros);
                }
            }
            let vectors = (block.len() * self.tiles[1]).div_ceil(S::LANES);
            let planes = u.chunks_exact(self.planes[0]).zip(v.chunks_exact(self.planes[1]));
            for ((u, v), m) in planes.zip(m.chunks_exact_mut(self.planes[2])) {
                self.multiply::<S, MR>(u, v, m, vectors);
            }
            for segment in segments(block, self.tiles) {
                let range = segment.image * out_len..(segment.image + 1) * out_len;
                // SAFETY: nobody else computes this image.
                let out = unsafe { out.floats(range.clone()) };
                for (target, out) in out.chunks_exact_mut(output).enumerate() {
                    let m = &m[target * self.pitch + segment.tile..];
                    self.transform_products::<S>(m, segment.rows.clone(), out);
                }
                if segment.rows.end == self.tiles[0] {
                    done(range);
                }
            }
        }
    }

    /// `u = G w Gᵀ` of all sources and some panels of `MR` targets: for each place panels, and a panel source by source.
    ///
    /// # Safety
    /// While this runs, nobody else uses what these panels take of `u`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    unsafe fn transform_weights<const MR: usize>(&self, weights: &[f32], panels: Range<usize>, u: Out<'_>) {
        let mix = |[a, b, c]: [f32; 3]| [a, 0.5 * ((a + c) + b), 0.5 * ((a + c) - b), c];
        for panel in panels {
            let first = panel * self.sources * MR;
            let places: [&mut [f32]; PLACES] = core::array::from_fn(|place| {
                let first = place * self.planes[0] + first;
                // SAFETY: the caller's promise; places are apart.
                unsafe { u.floats(first..first + self.sources * MR) }
            });
            for (source, lane) in (0..self.sources).flat_map(|source| (0..MR).map(move |lane| (source, lane))) {
                let (target, mut w) = (panel * MR + lane, [0.0; 9]);
                if target < self.targets {
                    let first = target * self.weight_steps[0] + source * self.weight_steps[1];
                    w.copy_from_slice(&weights[first..first + 9]);
                }
                if self.reversed {
                    w.reverse();
                }
                let columns = [0, 1, 2].map(|x| mix([w[x], w[3 + x], w[6 + x]]));
                for y in 0..4 {
                    for (x, value) in mix(columns.map(|column| column[y])).into_iter().enumerate() {
                        places[4 * y + x][source * MR + lane] = value;
                    }
                }
            }
        }
    }

    /// `v = Bᵀ d B` of some rows of tiles of a channel. `mixed` has zeros where there are no pixels, as has `zeros`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn transform_pixels<S: Simd>(
        &self,
        channel: &[f32],
        rows: Range<usize>,
        v: &mut [f32],
        mixed: &mut [f32],
        zeros: &[f32],
    ) {
        let ([(inside, top), (columns, left)], plane, width) = (&self.seen, self.planes[1], self.width);
        let [last, end] = [rows.len().max(1) - 1, self.tiles[1].next_multiple_of(S::LANES)];
        assert!(15 * plane + last * self.tiles[1] + end <= v.len(), "transformed pixels");
        assert!(2 * end + 2 <= width && 4 * width <= mixed.len() && columns.end <= width, "mixed pixels");
        for (r, tile) in rows.zip((0..).step_by(self.tiles[1])) {
            // First down the columns, as the pixels lie.
            let mut pixels = [zeros; 4];
            for (row, r) in pixels.iter_mut().zip(2 * r..) {
                if inside.contains(&r) {
                    *row = &channel[(top + r - inside.start) * self.input[1] + left..];
                }
            }
            mix_rows::<S>(pixels, columns.clone(), mixed, width);
            // Then along the rows, the columns of a vector of tiles being the odd or even ones of two vectors.
            let mut column = 0;
            while column < end {
                for y in 0..4 {
                    let (from, to) = (y * width + 2 * column, 4 * y * plane + tile + column);
                    // SAFETY: the assertions above.
                    unsafe {
                        let (a, b) = (S::load_at(mixed, from), S::load_at(mixed, from + S::LANES));
                        let (c, d) = (S::load_at(mixed, from + 2), S::load_at(mixed, from + S::LANES + 2));
                        let (d0, d1, d2, d3) = (S::evens(a, b), S::odds(a, b), S::evens(c, d), S::odds(c, d));
                        S::store_at(v, to, S::sub(d0, d2));
                        S::store_at(v, to + plane, S::add(d1, d2));
                        S::store_at(v, to + 2 * plane, S::sub(d2, d1));
                        S::store_at(v, to + 3 * plane, S::sub(d1, d3));
                    }
                }
                column += S::LANES;
            }
        }
    }

    /// The matrix product of one place: so many vectors of tiles, in register blocks of three or, where they run out, two.
    #[inline(always)]
    fn multiply<S: Simd, const MR: usize>(&self, u: &[f32], v: &[f32], m: &mut [f32], vectors: usize) {
        for columns in evenly(vectors, 3) {
            let first = columns.start * S::LANES;
            match columns.len() {
                1 => self.multiply_columns::<S, MR, 1>(u, v, m, first),
                2 => self.multiply_columns::<S, MR, 2>(u, v, m, first),
                _ => self.multiply_columns::<S, MR, 3>(u, v, m, first),
            }
        }
    }

    /// One column of register blocks.
    #[expect(
        clippy::needless_range_loop,
        reason = "iterators over registers, which wasm builds do not inline, put them in memory"
    )]
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn multiply_columns<S: Simd, const MR: usize, const NV: usize>(
        &self,
        u: &[f32],
        v: &[f32],
        m: &mut [f32],
        first: usize,
    ) {
        let (pitch, depth) = (self.pitch, self.sources * MR);
        let end = first + NV * S::LANES;
        assert!((self.sources - 1) * pitch + end <= v.len(), "transformed pixels");
        let panels = u.len() / depth;
        assert!((panels * MR - 1) * pitch + end <= m.len(), "products");
        for panel in 0..panels {
            // SAFETY: a panel has as many rows as there are sources, and the assertions above.
            unsafe {
                let block = product::<S, MR, NV>(&u[panel * depth..][..depth], v, pitch, first);
                for i in 0..MR {
                    for j in 0..NV {
                        S::store_at(m, (panel * MR + i) * pitch + first + j * S::LANES, block[i][j]);
                    }
                }
            }
        }
    }

    /// `y = Aᵀ m A` of some rows of tiles of a channel.
    #[expect(
        clippy::needless_range_loop,
        reason = "iterators over registers, which wasm builds do not inline, put them in memory"
    )]
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn transform_products<S: Simd>(&self, m: &[f32], rows: Range<usize>, out: &mut [f32]) {
        let ([height, width], plane) = (self.output, self.planes[2]);
        // Where a row of tiles is at least a vector, its last vector begins early enough to be whole.
        let (start, columns) = (self.tiles[1].saturating_sub(S::LANES), self.tiles[1]);
        let last = rows.len().max(1) - 1;
        assert!(15 * plane + last * columns + start + S::LANES <= m.len(), "products");
        for (r, tile) in rows.zip((0..).step_by(columns)) {
            let out = &mut out[2 * r * width..height.min(2 * r + 2) * width];
            let mut column = 0;
            while column < columns {
                let first = column.min(start);
                let mut sums = [[S::splat(0.0); 4]; 2];
                for x in 0..4 {
                    let at = x * plane + tile + first;
                    // SAFETY: the assertion above.
                    let (a, b) = unsafe { (S::load_at(m, at), S::load_at(m, at + 4 * plane)) };
                    // SAFETY: as above.
                    let (c, d) = unsafe { (S::load_at(m, at + 8 * plane), S::load_at(m, at + 12 * plane)) };
                    sums[0][x] = S::add(a, S::add(b, c));
                    sums[1][x] = S::sub(S::sub(b, c), d);
                }
                put_row::<S>(sums[0], &mut out[2 * first..width]);
                if out.len() > width {
                    put_row::<S>(sums[1], &mut out[width + 2 * first..]);
                }
                column += S::LANES;
            }
        }
    }
}

/// Whether tiles beat the direct sum. From 16 to 32 channels they take 0.55 of its time in wasm, with 8 channels 0.7 (of a
/// weight gradient's 0.5 and 0.6), with four the transforms cost as much as the products save.
pub(super) fn is_worth_it(g: &ConvGeometry, channels: [usize; 2], output: [usize; 2]) -> bool {
    let regular = g.kernel == [3, 3] && g.stride == [1, 1] && g.dilation == [1, 1] && g.groups == 1;
    let outputs = g.n * output[0] * output[1];
    let tiles = g.n * output[0].div_ceil(2) * output[1].div_ceil(2);
    // Tiles that reach past the output waste what they save, and a few do not make up for the transform of the weights.
    let full = tiles >= 16 && 9 * outputs >= 20 * tiles;
    regular && full && channels.iter().all(|&channels| channels >= 8) && !g.size.contains(&0) && !g.out.contains(&0)
}

/// Rows of tiles, counted through all images, by image.
pub(super) fn segments(rows: Range<usize>, [height, width]: [usize; 2]) -> impl Iterator<Item = Segment> {
    (rows.start / height..rows.end.div_ceil(height)).map(move |image| {
        let (first, last) = (rows.start.max(image * height), rows.end.min((image + 1) * height));
        let tile = (first - rows.start) * width;
        Segment { image, rows: first - image * height..last - image * height, tile }
    })
}

/// What `Bᵀ` makes of four rows of pixels, in these columns of rows `width` apart.
#[inline(always)]
fn mix_rows<S: Simd>([a, b, c, d]: [&[f32]; 4], columns: Range<usize>, out: &mut [f32], width: usize) {
    let (first, len) = (columns.start, columns.len());
    let (a, b, c, d) = (&a[..len], &b[..len], &c[..len], &d[..len]);
    assert!(columns.end <= width && 4 * width <= out.len(), "mixed pixels");
    if len < S::LANES {
        for i in 0..len {
            out[first + i] = a[i] - c[i];
            out[width + first + i] = b[i] + c[i];
            out[2 * width + first + i] = c[i] - b[i];
            out[3 * width + first + i] = b[i] - d[i];
        }
        return;
    }
    let mut at = 0;
    while at < len {
        // The last vector begins early enough to be whole.
        let i = at.min(len - S::LANES);
        // SAFETY: the vectors are inside the columns.
        unsafe {
            let (a, b, c, d) = (S::load_at(a, i), S::load_at(b, i), S::load_at(c, i), S::load_at(d, i));
            S::store_at(out, first + i, S::sub(a, c));
            S::store_at(out, width + first + i, S::add(b, c));
            S::store_at(out, 2 * width + first + i, S::sub(c, b));
            S::store_at(out, 3 * width + first + i, S::sub(b, d));
        }
        at += S::LANES;
    }
}

/// The register block: `block[i][j] = Σ_k u[k][i] · v[k · pitch + first + j · LANES]`.
///
/// # Safety
/// For every `k`, the vectors read are inside `v`.
#[inline(always)]
unsafe fn product<S: Simd, const MR: usize, const NV: usize>(
    u: &[f32],
    v: &[f32],
    pitch: usize,
    first: usize,
) -> [[S::V; NV]; MR] {
    let mut block = [[S::splat(0.0); NV]; MR];
    let mut at = first;
    for u in u.as_chunks::<MR>().0 {
        // SAFETY: the caller's promise.
        let v: [S::V; NV] = core::array::from_fn(|j| unsafe { S::load_at(v, at + j * S::LANES) });
        at += pitch;
        for (row, u) in block.iter_mut().zip(u) {
            let u = S::broadcast(u);
            for (sum, &v) in row.iter_mut().zip(&v) {
                *sum = S::mul_add(u, v, *sum);
            }
        }
    }
    block
}

/// What `A` makes of four vectors of columns: a row of outputs, or as much of it as there is room for.
#[inline(always)]
fn put_row<S: Simd>([a, b, c, d]: [S::V; 4], out: &mut [f32]) {
    let [a, b] = S::zip(S::add(a, S::add(b, c)), S::sub(S::sub(b, c), d));
    if out.len() >= 2 * S::LANES {
        S::store(out, a);
        S::store(&mut out[S::LANES..], b);
    } else {
        let mut values = [0.0; 16];
        S::store(&mut values, a);
        S::store(&mut values[S::LANES..], b);
        out.iter_mut().zip(values).for_each(|(to, value)| *to = value);
    }
}
