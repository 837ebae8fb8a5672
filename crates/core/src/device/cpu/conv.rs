//! Convolutions of NCHW images in all three directions, any stride, padding, dilation and groups.
//!
//! No patches are ever copied out. An image is copied once into a *padded* layout: zeros around
//! it, and for stride `s` split into its `s × s` phases, so that what one tap of the kernel sees
//! at neighbouring outputs is contiguous. An output row is then cut into vectors (*slots*), and
//!
//! * the value is `y[o, slot] = Σ_tap w[o, tap] · padded[tap.offset + slot.offset]`, the register
//!   block of a matrix product with the address of B taken from a table;
//! * the input gradient is the same sum over the padded output gradient, for each of the
//!   `s × s` phases of the image with the taps that reach it;
//! * the weight gradient is `dw[o, tap] = Σ_slot dy[o, slot] · padded[tap.offset + slot.offset]`,
//!   with one vector of partial sums for each (o, tap).
//!
//! The tables are made once, when a program is prepared. Kernels of one pixel are plain matrix
//! products. Lanes past the end of an output row are computed and dropped; in the weight gradient
//! they are multiplied by zero, so an infinite pixel may make more entries NaN than it has to.

use super::gemm::{Axes, SCRATCH as GEMM_SCRATCH, Sink, Source, Strided, gemm};
use super::simd::{Base, Level, Simd};

/// Taps summed before a block of the output is stored: their weights stay in the cache.
const TAPS: usize = 512;
/// Slots of one pass of the weight gradient.
const SLOTS: usize = 256;

/// One spatial axis of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    /// Pixels of the image.
    pub(crate) input: usize,
    /// Taps of the kernel.
    pub(crate) kernel: usize,
    /// Pixels of the output.
    pub(crate) output: usize,
    /// Pixels from one output to the next.
    pub(crate) stride: usize,
    /// Pixels from one tap to the next.
    pub(crate) dilation: usize,
    /// Zeros before the first pixel. (Those after the last follow from `output`.)
    pub(crate) low: isize,
}

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Images.
    pub(crate) batch: usize,
    /// Groups of channels.
    pub(crate) groups: usize,
    /// Input channels of a group.
    pub(crate) inputs: usize,
    /// Output channels of a group.
    pub(crate) outputs: usize,
    /// Rows.
    pub(crate) y: Axis,
    /// Columns.
    pub(crate) x: Axis,
}

impl Geometry {
    fn taps(&self) -> usize {
        self.y.kernel * self.x.kernel
    }

    /// Is it a matrix product at every pixel?
    fn is_pointwise(&self) -> bool {
        [self.y, self.x].iter().all(|a| a.kernel == 1 && a.stride == 1 && a.low == 0 && a.output == a.input)
    }
}

/// A four-dimensional array in memory: NCHW for images, OIHW for weights.
#[derive(Clone, Copy)]
pub(crate) struct Array4<'a> {
    /// The buffer.
    pub(crate) data: &'a [f32],
    /// Index of the first element.
    pub(crate) base: usize,
    /// Strides of the four axes.
    pub(crate) strides: [isize; 4],
}

impl<'a> Array4<'a> {
    /// A contiguous array.
    pub(crate) fn dense(data: &'a [f32], dims: [usize; 4]) -> Self {
        let [_, c, h, w] = dims.map(|d| d as isize);
        Self { data, base: 0, strides: [c * h * w, h * w, w, 1] }
    }

    fn at(&self, index: [usize; 4]) -> usize {
        let offset: isize = index.iter().zip(self.strides).map(|(&i, s)| i as isize * s).sum();
        self.base.wrapping_add_signed(offset)
    }
}

/// One axis of the padded copy: row `r` of phase `p` is pixel `(first + r) * stride + p`.
#[derive(Clone, Debug)]
struct PaddedAxis {
    input: usize,
    stride: usize,
    phases: Vec<usize>,
    first: isize,
    len: usize,
}

impl PaddedAxis {
    /// What the taps of `axis` see of its image.
    fn of_image(axis: &Axis) -> Self {
        let stride = axis.stride as isize;
        let taps = || (0..axis.kernel).map(|k| (k * axis.dilation) as isize - axis.low);
        let first = taps().map(|t| t.div_euclid(stride)).min().unwrap_or(0);
        let last = taps().map(|t| t.div_euclid(stride)).max().unwrap_or(0);
        let mut phases: Vec<_> = taps().map(|t| t.rem_euclid(stride) as usize).collect();
        phases.sort_unstable();
        phases.dedup();
        let len = axis.output + (last - first) as usize;
        Self { input: axis.input, stride: axis.stride, phases, first, len }
    }

    /// The rows of `phase` that are pixels, and the pixel of the first of them.
    fn inside(&self, phase: usize) -> (core::ops::Range<usize>, usize) {
        let (first, stride, phase) = (self.first, self.stride as isize, phase as isize);
        let start = (-phase).div_euclid(stride) + isize::from((-phase).rem_euclid(stride) > 0) - first;
        let end = (self.input as isize - phase + stride - 1).div_euclid(stride) - first;
        let len = self.len as isize;
        let (start, end) = (start.clamp(0, len), end.clamp(0, len));
        if start >= end {
            return (0..0, 0);
        }
        (start as usize..end as usize, ((first + start) * stride + phase) as usize)
    }
}

/// The padded copy of some channels of one image.
#[derive(Clone, Debug)]
struct Padded {
    channels: usize,
    pitch: usize,
    y: PaddedAxis,
    x: PaddedAxis,
}

impl Padded {
    fn new(channels: usize, y: PaddedAxis, x: PaddedAxis) -> Self {
        let mut pitch = y.phases.len() * x.phases.len() * y.len * x.len;
        if pitch.is_multiple_of(128) {
            // Channels a power of two apart would compete for the same lines of the cache.
            pitch += 16;
        }
        Self { channels, pitch, y, x }
    }

    /// Floats of the copy, with room to read a vector from the last of them.
    fn len(&self, lanes: usize) -> usize {
        self.channels * self.pitch + lanes
    }

    /// Where row `r`, column `c` of the given channel and phases (by position) lies.
    fn at(&self, channel: usize, [py, px]: [usize; 2], [r, c]: [usize; 2]) -> usize {
        let plane = py * self.x.phases.len() + px;
        channel * self.pitch + (plane * self.y.len + r) * self.x.len + c
    }

    /// Copies channels `first..first + channels` of an image.
    fn fill(&self, image: &Array4<'_>, n: usize, first: usize, out: &mut [f32]) {
        out[self.channels * self.pitch..].fill(0.0);
        let [.., step_y, step_x] = image.strides;
        let (step_y, step_x) = (step_y * self.y.stride as isize, step_x * self.x.stride as isize);
        for channel in 0..self.channels {
            for (py, &phase_y) in self.y.phases.iter().enumerate() {
                for (px, &phase_x) in self.x.phases.iter().enumerate() {
                    let (rows, y0) = self.y.inside(phase_y);
                    let (columns, x0) = self.x.inside(phase_x);
                    let start = self.at(channel, [py, px], [0, 0]);
                    let plane = &mut out[start..start + self.y.len * self.x.len];
                    let mut from = image.at([n, first + channel, y0, x0]);
                    for (r, row) in plane.chunks_exact_mut(self.x.len).enumerate() {
                        if !rows.contains(&r) || columns.is_empty() {
                            row.fill(0.0);
                            continue;
                        }
                        row[..columns.start].fill(0.0);
                        row[columns.end..].fill(0.0);
                        let row = &mut row[columns.clone()];
                        if step_x == 1 {
                            row.copy_from_slice(&image.data[from..from + row.len()]);
                        } else {
                            for (i, to) in row.iter_mut().enumerate() {
                                *to = image.data[from.wrapping_add_signed(i as isize * step_x)];
                            }
                        }
                        from = from.wrapping_add_signed(step_y);
                    }
                }
            }
        }
    }
}

/// A vector of outputs, neighbours in a row.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Where the first lane reads the padded copy, at a tap of offset 0.
    from: u32,
    /// Where the first lane goes in a plane of the output.
    to: u32,
    /// Lanes that are outputs.
    lanes: u32,
}

/// The outputs `(y, x)` of a plane cut into slots. `from` and `to` say where an output reads and goes.
fn slots(
    rows: usize,
    columns: usize,
    lanes: usize,
    from: impl Fn(usize, usize) -> usize,
    to: impl Fn(usize, usize) -> usize,
) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(rows * columns.div_ceil(lanes));
    for y in 0..rows {
        for x in (0..columns).step_by(lanes) {
            slots.push(Slot {
                from: from(y, x) as u32,
                to: to(y, x) as u32,
                lanes: lanes.min(columns - x) as u32,
            });
        }
    }
    slots
}

/// The farthest place that a slot reads at a tap.
fn reach(taps: &[u32], slots: &[Slot]) -> usize {
    let from = slots.iter().map(|slot| slot.from as usize).max();
    taps.iter().map(|&tap| tap as usize).max().zip(from).map_or(0, |(tap, from)| tap + from)
}

/// The outputs of one phase: `out[i, slot] = Σ_k weights[i, k] · padded[taps[k] + slot.from]`.
#[derive(Debug)]
struct Correlation {
    taps: Vec<u32>,
    slots: Vec<Slot>,
    /// The farthest place that a slot reads at a tap.
    reach: usize,
    /// Distance of neighbouring lanes in the output.
    step: usize,
    /// Where the weights of the first tap lie, and the axes (channels, ky, kx) of all.
    weights_base: isize,
    weights: [(usize, isize); 3],
}

/// Floats of the register block: rows, and vectors of columns.
const fn rows(level: Level) -> usize {
    match level {
        Level::Base => 4,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 6,
    }
}

/// A convolution or its input gradient, prepared: both are correlations over a padded image.
#[derive(Debug)]
pub(crate) struct Conv {
    level: Level,
    geometry: Geometry,
    /// Channels of a group that are summed over, and that come out.
    sources: usize,
    targets: usize,
    padded: Padded,
    phases: Vec<Correlation>,
    plane: usize,
    transposed: bool,
    weight_strides: [isize; 4],
}

fn lanes(level: Level) -> usize {
    match level {
        Level::Base => Base::LANES,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => super::simd::Avx2::LANES,
    }
}

impl Conv {
    /// `y[n, o] = Σ_c x[n, c] ⋆ w[o, c]`, for weights of the given strides.
    pub(crate) fn forward(level: Level, g: Geometry, weight_strides: [isize; 4]) -> Self {
        let padded = Padded::new(g.inputs, PaddedAxis::of_image(&g.y), PaddedAxis::of_image(&g.x));
        let taps = image_taps(&g, &padded);
        let slots = slots(
            g.y.output,
            g.x.output,
            lanes(level),
            |y, x| padded.at(0, [0, 0], [y, x]),
            |y, x| y * g.x.output + x,
        );
        let [_, c, y, x] = weight_strides;
        let weights = [(g.inputs, c), (g.y.kernel, y), (g.x.kernel, x)];
        let phases = vec![Correlation { reach: reach(&taps, &slots), taps, slots, step: 1, weights_base: 0, weights }];
        let plane = g.y.output * g.x.output;
        Self {
            level,
            geometry: g,
            sources: g.inputs,
            targets: g.outputs,
            padded,
            phases,
            plane,
            transposed: false,
            weight_strides,
        }
    }

    /// `dx[n, c]` from `dy[n, o]` and `w[o, c]`, for weights of the given strides.
    pub(crate) fn input_gradient(level: Level, g: Geometry, weight_strides: [isize; 4]) -> Self {
        let (ys, xs) = (gradient_phases(&g.y), gradient_phases(&g.x));
        let padded = Padded::new(g.outputs, padded_gradient(&g.y, &ys), padded_gradient(&g.x, &xs));
        let [o, _, wy, wx] = weight_strides;
        let mut phases = Vec::with_capacity(ys.len() * xs.len());
        for y in &ys {
            for x in &xs {
                let mut taps = Vec::with_capacity(g.outputs * y.taps * x.taps);
                for channel in 0..g.outputs {
                    for ty in 0..y.taps {
                        for tx in 0..x.taps {
                            let r = (y.seen(ty) - padded.y.first) as usize;
                            let c = (x.seen(tx) - padded.x.first) as usize;
                            taps.push(padded.at(channel, [0, 0], [r, c]) as u32);
                        }
                    }
                }
                let slots = slots(
                    y.pixels,
                    x.pixels,
                    lanes(level),
                    |r, c| padded.at(0, [0, 0], [r, c]),
                    |r, c| (y.pixel + r * g.y.stride) * g.x.input + x.pixel + c * g.x.stride,
                );
                phases.push(Correlation {
                    reach: reach(&taps, &slots),
                    taps,
                    slots,
                    step: g.x.stride,
                    weights_base: y.tap as isize * wy + x.tap as isize * wx,
                    weights: [
                        (g.outputs, o),
                        (y.taps, y.tap_step as isize * wy),
                        (x.taps, x.tap_step as isize * wx),
                    ],
                });
            }
        }
        let plane = g.y.input * g.x.input;
        Self {
            level,
            geometry: g,
            sources: g.outputs,
            targets: g.inputs,
            padded,
            phases,
            plane,
            transposed: true,
            weight_strides,
        }
    }

    /// Floats of scratch memory that [`Conv::run`] needs.
    pub(crate) fn scratch(&self) -> usize {
        if self.geometry.is_pointwise() {
            return GEMM_SCRATCH;
        }
        let taps: usize = self.phases.iter().map(|phase| phase.taps.len()).sum();
        let rows = self.targets.next_multiple_of(rows(self.level));
        self.padded.len(lanes(self.level)) + self.geometry.groups * rows * taps
    }

    /// Computes `out`, a contiguous NCHW array, from the image (or output gradient) and weights.
    pub(crate) fn run(&self, image: Array4<'_>, weights: Array4<'_>, out: &mut [f32], scratch: &mut [f32]) {
        debug_assert_eq!(weights.strides, self.weight_strides);
        let targets = self.geometry.groups * self.targets;
        assert_eq!(out.len(), self.geometry.batch * targets * self.plane, "output of a convolution");
        if out.is_empty() {
            return;
        }
        if self.sources == 0 || self.phases.iter().all(|p| p.taps.is_empty()) || self.padded.input_is_empty() {
            out.fill(0.0);
        } else if self.geometry.is_pointwise() {
            self.pointwise(image, weights, out, scratch);
        } else {
            match self.level {
                Level::Base => self.correlate::<Base, 4, 2, 4>(image, weights, out, scratch),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a level is only made where the machine has it.
                Level::Avx2 => unsafe { self.correlate_avx2(image, weights, out, scratch) },
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn correlate_avx2(&self, image: Array4<'_>, weights: Array4<'_>, out: &mut [f32], scratch: &mut [f32]) {
        self.correlate::<super::simd::Avx2, 6, 2, 4>(image, weights, out, scratch);
    }

    /// Where the weights of output channel `i` of a group begin, and their strides by output channel.
    fn weight_rows(&self, weights: &Array4<'_>, group: usize) -> (usize, isize) {
        let [o, c, ..] = self.weight_strides;
        (weights.at([group * self.geometry.outputs, 0, 0, 0]), if self.transposed { c } else { o })
    }

    #[inline(always)]
    fn correlate<S: Simd, const MR: usize, const NV: usize, const WIDE: usize>(
        &self,
        image: Array4<'_>,
        weights: Array4<'_>,
        out: &mut [f32],
        scratch: &mut [f32],
    ) {
        let groups = self.geometry.groups;
        let (padded, packed) = scratch.split_at_mut(self.padded.len(S::LANES));
        // One output channel alone (depthwise, or the gradient of a grey image) gets a flat block.
        let flat = self.targets == 1;
        let rows = if flat { 1 } else { self.targets.next_multiple_of(MR) };
        let mut start = 0;
        for group in 0..groups {
            let (base, stride) = self.weight_rows(&weights, group);
            for phase in &self.phases {
                let k = phase.taps.len();
                let [a, b, c] = phase.weights;
                let source = Strided::new(
                    weights.data,
                    base.wrapping_add_signed(phase.weights_base),
                    Axes::one(self.targets, stride),
                    Axes::new([a.0, b.0, c.0], [a.1, b.1, c.1]),
                );
                let packed = &mut packed[start..start + rows * k];
                if k == 0 {
                    continue;
                }
                if flat {
                    source.pack::<1>(0..self.targets, 0..k, packed);
                } else {
                    source.pack::<MR>(0..self.targets, 0..k, packed);
                }
                start += rows * k;
            }
        }
        for (image_index, out) in out.chunks_exact_mut(groups * self.targets * self.plane).enumerate() {
            let mut start = 0;
            for (group, out) in out.chunks_exact_mut(self.targets * self.plane).enumerate() {
                self.padded.fill(&image, image_index, group * self.sources, padded);
                for phase in &self.phases {
                    let packed = &packed[start..start + rows * phase.taps.len()];
                    if flat {
                        phase.run::<S, 1, WIDE>(padded, packed, self.targets, self.plane, out);
                    } else {
                        phase.run::<S, MR, NV>(padded, packed, self.targets, self.plane, out);
                    }
                    start += packed.len();
                }
            }
        }
    }

    fn pointwise(&self, image: Array4<'_>, weights: Array4<'_>, out: &mut [f32], scratch: &mut [f32]) {
        let g = &self.geometry;
        let [n, c, y, x] = image.strides;
        let targets = g.groups * self.targets;
        for group in 0..g.groups {
            let (base, stride) = self.weight_rows(&weights, group);
            let (_, depth) = self.phases[0].weights[0];
            let a = Strided::new(
                weights.data,
                base,
                Axes::one(self.targets, stride),
                Axes::one(self.sources, depth),
            );
            // Rows and columns of an image are one axis unless its view has holes.
            let (outer, inner) = if y == x * g.x.input as isize {
                ([1, g.batch, self.plane], [0, n, x])
            } else {
                ([g.batch, g.y.input, g.x.input], [n, y, x])
            };
            let b = Strided::new(
                image.data,
                image.at([0, group * self.sources, 0, 0]),
                Axes::new(outer, inner),
                Axes::one(self.sources, c),
            );
            let columns =
                Axes::new([1, g.batch, self.plane], [0, (targets * self.plane) as isize, 1]);
            let first = group * self.targets * self.plane;
            let mut sink = Sink::new(out, first, self.targets, self.plane, columns);
            let size = [self.targets, g.batch * self.plane, self.sources];
            gemm(self.level, size, &a, &b, &mut sink, false, scratch);
        }
    }
}

impl Padded {
    fn input_is_empty(&self) -> bool {
        self.channels == 0 || self.y.input == 0 || self.x.input == 0
    }
}

/// The offsets of all taps (channel, ky, kx) in the padded image.
fn image_taps(g: &Geometry, padded: &Padded) -> Vec<u32> {
    let tap = |axis: &Axis, padded: &PaddedAxis, k: usize| {
        let t = (k * axis.dilation) as isize - axis.low;
        let phase = t.rem_euclid(axis.stride as isize) as usize;
        let phase = padded.phases.iter().position(|&p| p == phase).unwrap_or(0);
        (phase, (t.div_euclid(axis.stride as isize) - padded.first) as usize)
    };
    let mut taps = Vec::with_capacity(g.inputs * g.taps());
    for channel in 0..g.inputs {
        for ky in 0..g.y.kernel {
            for kx in 0..g.x.kernel {
                let ((py, r), (px, c)) = (tap(&g.y, &padded.y, ky), tap(&g.x, &padded.x, kx));
                taps.push(padded.at(channel, [py, px], [r, c]) as u32);
            }
        }
    }
    taps
}

/// The pixels `pixel, pixel + stride, …` of an axis and the taps `tap, tap + tap_step, …` that
/// reach them. Pixel number `r` gets output `r + seen(t)` through tap number `t`.
struct GradientPhase {
    pixel: usize,
    pixels: usize,
    tap: usize,
    tap_step: usize,
    taps: usize,
    seen0: isize,
    seen_step: isize,
}

impl GradientPhase {
    fn seen(&self, t: usize) -> isize {
        self.seen0 - t as isize * self.seen_step
    }
}

/// Pixel `h` is touched by output `o` through tap `k` where `h + low = o·stride + k·dilation`.
fn gradient_phases(axis: &Axis) -> Vec<GradientPhase> {
    let common = gcd(axis.stride, axis.dilation);
    let (tap_step, seen_step) = (axis.stride / common, axis.dilation / common);
    (0..axis.stride.min(axis.input))
        .map(|pixel| {
            let at = pixel as isize + axis.low;
            let reaches = |k: usize| (at - (k * axis.dilation) as isize).rem_euclid(axis.stride as isize) == 0;
            let first = (0..axis.kernel.min(tap_step)).find(|&k| reaches(k));
            let tap = first.unwrap_or(0);
            GradientPhase {
                pixel,
                pixels: (axis.input - pixel).div_ceil(axis.stride),
                tap,
                tap_step,
                taps: first.map_or(0, |k| (axis.kernel - k).div_ceil(tap_step)),
                seen0: (at - (tap * axis.dilation) as isize).div_euclid(axis.stride as isize),
                seen_step: seen_step as isize,
            }
        })
        .collect()
}

/// The padded output gradient that all phases of an axis read.
fn padded_gradient(axis: &Axis, phases: &[GradientPhase]) -> PaddedAxis {
    let used = || phases.iter().filter(|p| p.taps > 0);
    let first = used().map(|p| p.seen(p.taps - 1)).min().unwrap_or(0);
    let end = used().map(|p| p.seen(0) + p.pixels as isize).max().unwrap_or(first);
    PaddedAxis { input: axis.output, stride: 1, phases: vec![0], first, len: (end - first) as usize }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Correlation {
    /// All slots and targets of a group of one image.
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NV: usize>(
        &self,
        padded: &[f32],
        packed: &[f32],
        targets: usize,
        plane: usize,
        out: &mut [f32],
    ) {
        let k = self.taps.len();
        if k == 0 {
            for slot in &self.slots {
                for i in 0..targets {
                    for lane in 0..slot.lanes as usize {
                        out[i * plane + slot.to as usize + lane * self.step] = 0.0;
                    }
                }
            }
            return;
        }
        assert!(self.reach + S::LANES <= padded.len(), "padded image too small");
        for first in (0..k).step_by(TAPS) {
            let last = (first + TAPS).min(k);
            let taps = &self.taps[first..last];
            for slots in self.slots.chunks(NV) {
                let from = core::array::from_fn(|j| slots[j.min(slots.len() - 1)].from as usize);
                for (panel, i) in packed.chunks_exact(k * MR).zip((0..targets).step_by(MR)) {
                    let weights = &panel[first * MR..last * MR];
                    // SAFETY: the assertion above.
                    let block = unsafe { block::<S, MR, NV>(padded, weights, taps, from) };
                    for (row, i) in block.iter().zip(i..targets.min(i + MR)) {
                        for (slot, &value) in slots.iter().zip(row) {
                            let to = i * plane + slot.to as usize;
                            put::<S>(value, &mut out[to..], slot.lanes as usize, self.step, first > 0);
                        }
                    }
                }
            }
        }
    }
}

/// The register block: `block[i][j] = Σ_k weights[k][i] · padded[taps[k] + from[j]]`.
///
/// # Safety
/// Every `taps[k] + from[j] + LANES` is at most `padded.len()`.
#[inline(always)]
unsafe fn block<S: Simd, const MR: usize, const NV: usize>(
    padded: &[f32],
    weights: &[f32],
    taps: &[u32],
    from: [usize; NV],
) -> [[S::V; NV]; MR] {
    let mut block = [[S::splat(0.0); NV]; MR];
    for (weights, &tap) in weights.as_chunks::<MR>().0.iter().zip(taps) {
        // SAFETY: the caller promises that every vector is inside.
        let b = from.map(|from| unsafe { S::load_at(padded, from + tap as usize) });
        for (row, &a) in block.iter_mut().zip(weights) {
            let a = S::splat(a);
            for (sum, &b) in row.iter_mut().zip(&b) {
                *sum = S::mul_add(a, b, *sum);
            }
        }
    }
    block
}

/// Writes or adds the first lanes of a vector, `step` apart.
#[inline(always)]
fn put<S: Simd>(value: S::V, out: &mut [f32], lanes: usize, step: usize, add: bool) {
    if lanes == S::LANES && step == 1 {
        S::store(out, if add { S::add(S::load(out), value) } else { value });
    } else {
        let mut values = [0.0; 8];
        S::store(&mut values, value);
        for (to, &value) in out.iter_mut().step_by(step).zip(&values[..lanes]) {
            *to = if add { *to + value } else { value };
        }
    }
}

/// A weight gradient, prepared.
#[derive(Debug)]
pub(crate) struct WeightGradient {
    level: Level,
    geometry: Geometry,
    padded: Padded,
    taps: Vec<u32>,
    slots: Vec<Slot>,
    reach: usize,
}

impl WeightGradient {
    /// `dw[o, c]` from `x[n, c]` and `dy[n, o]`.
    pub(crate) fn new(level: Level, g: Geometry) -> Self {
        let padded = Padded::new(g.inputs, PaddedAxis::of_image(&g.y), PaddedAxis::of_image(&g.x));
        let taps = image_taps(&g, &padded);
        let slots = slots(
            g.y.output,
            g.x.output,
            lanes(level),
            |y, x| padded.at(0, [0, 0], [y, x]),
            |y, x| y * g.x.output + x,
        );
        Self { level, geometry: g, reach: reach(&taps, &slots), padded, taps, slots }
    }

    /// Floats of scratch memory that [`WeightGradient::run`] needs.
    pub(crate) fn scratch(&self) -> usize {
        if self.geometry.is_pointwise() {
            return GEMM_SCRATCH;
        }
        let lanes = lanes(self.level);
        self.padded.len(lanes) + self.geometry.outputs * self.slots.len() * lanes
    }

    /// Computes `out`, a contiguous OIHW array, from the images and the output gradients.
    pub(crate) fn run(&self, image: Array4<'_>, gradient: Array4<'_>, out: &mut [f32], scratch: &mut [f32]) {
        let g = &self.geometry;
        assert_eq!(out.len(), g.groups * g.outputs * g.inputs * g.taps(), "output of a weight gradient");
        if g.is_pointwise() && !self.slots.is_empty() && g.batch > 0 {
            return self.pointwise(image, gradient, out, scratch);
        }
        out.fill(0.0);
        if out.is_empty() || self.padded.input_is_empty() || self.slots.is_empty() {
            return;
        }
        match self.level {
            Level::Base => self.dots::<Base, 4, 2>(image, gradient, out, scratch),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a level is only made where the machine has it.
            Level::Avx2 => unsafe { self.dots_avx2(image, gradient, out, scratch) },
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn dots_avx2(&self, image: Array4<'_>, gradient: Array4<'_>, out: &mut [f32], scratch: &mut [f32]) {
        self.dots::<super::simd::Avx2, 4, 3>(image, gradient, out, scratch);
    }

    #[inline(always)]
    fn dots<S: Simd, const MR: usize, const NT: usize>(
        &self,
        image: Array4<'_>,
        gradient: Array4<'_>,
        out: &mut [f32],
        scratch: &mut [f32],
    ) {
        let g = &self.geometry;
        let width = self.slots.len() * S::LANES;
        let (padded, dy) = scratch.split_at_mut(self.padded.len(S::LANES));
        let dy = &mut dy[..g.outputs * width];
        assert!(self.reach + S::LANES <= padded.len(), "padded image too small");
        for n in 0..g.batch {
            for (group, out) in out.chunks_exact_mut(g.outputs * self.taps.len()).enumerate() {
                self.padded.fill(&image, n, group * g.inputs, padded);
                for (o, row) in dy.chunks_exact_mut(width).enumerate() {
                    fill_slots::<S>(&gradient, [n, group * g.outputs + o], [g.y.output, g.x.output], row);
                }
                for o in (0..g.outputs).step_by(MR) {
                    self.rows::<S, MR, NT>(padded, dy, o, out);
                }
            }
        }
    }

    /// Adds what one image gives to the gradient of `MR` output channels.
    #[inline(always)]
    fn rows<S: Simd, const MR: usize, const NT: usize>(
        &self,
        padded: &[f32],
        dy: &[f32],
        o: usize,
        out: &mut [f32],
    ) {
        let (width, outputs) = (self.slots.len() * S::LANES, self.geometry.outputs);
        let count = MR.min(outputs - o);
        for first in (0..self.slots.len()).step_by(SLOTS) {
            let last = (first + SLOTS).min(self.slots.len());
            let slots = &self.slots[first..last];
            // Rows past the last output channel repeat it and are dropped.
            let dy: [&[f32]; MR] = core::array::from_fn(|i| {
                let row = (o + i).min(outputs - 1) * width;
                &dy[row + first * S::LANES..row + last * S::LANES]
            });
            for (t, taps) in self.taps.chunks(NT).enumerate() {
                let taps_at = core::array::from_fn(|j| taps[j.min(taps.len() - 1)] as usize);
                // SAFETY: `dots` has asserted the reach, and each row of dy has all lanes of the slots.
                let sums = unsafe { dots::<S, MR, NT>(padded, dy, slots, taps_at) };
                for (i, row) in sums.iter().take(count).enumerate() {
                    let out = &mut out[(o + i) * self.taps.len() + t * NT..];
                    for (to, &sum) in out[..taps.len()].iter_mut().zip(row) {
                        *to += S::sum(sum);
                    }
                }
            }
        }
    }

    fn pointwise(&self, image: Array4<'_>, gradient: Array4<'_>, out: &mut [f32], scratch: &mut [f32]) {
        let g = &self.geometry;
        let pixels = |array: &Array4<'_>| {
            let [n, _, y, x] = array.strides;
            if y == x * g.x.input as isize {
                Axes::new([1, g.batch, g.y.input * g.x.input], [0, n, x])
            } else {
                Axes::new([g.batch, g.y.input, g.x.input], [n, y, x])
            }
        };
        for group in 0..g.groups {
            let rows = Axes::one(g.outputs, gradient.strides[1]);
            let base = gradient.at([0, group * g.outputs, 0, 0]);
            let a = Strided::new(gradient.data, base, rows, pixels(&gradient));
            let rows = Axes::one(g.inputs, image.strides[1]);
            let base = image.at([0, group * g.inputs, 0, 0]);
            let b = Strided::new(image.data, base, rows, pixels(&image));
            let first = group * g.outputs * g.inputs;
            let mut sink = Sink::new(out, first, g.outputs, g.inputs, Axes::one(g.inputs, 1));
            let size = [g.outputs, g.inputs, g.batch * g.y.input * g.x.input];
            gemm(self.level, size, &a, &b, &mut sink, false, scratch);
        }
    }
}

/// Copies a plane of the output gradient, each row filled up with zeros to whole vectors.
#[inline(always)]
fn fill_slots<S: Simd>(from: &Array4<'_>, [n, c]: [usize; 2], [rows, columns]: [usize; 2], out: &mut [f32]) {
    let [.., step_y, step_x] = from.strides;
    let mut start = from.at([n, c, 0, 0]);
    for row in out.chunks_exact_mut(columns.next_multiple_of(S::LANES)).take(rows) {
        row[columns..].fill(0.0);
        if step_x == 1 {
            row[..columns].copy_from_slice(&from.data[start..start + columns]);
        } else {
            for (i, to) in row[..columns].iter_mut().enumerate() {
                *to = from.data[start.wrapping_add_signed(i as isize * step_x)];
            }
        }
        start = start.wrapping_add_signed(step_y);
    }
}

/// The register block of the weight gradient: vectors of partial sums over some slots.
///
/// # Safety
/// Every `taps[j] + slots[s].from + LANES` is at most `padded.len()`, and the rows of `dy` have
/// `slots.len() * LANES` floats.
#[inline(always)]
unsafe fn dots<S: Simd, const MR: usize, const NT: usize>(
    padded: &[f32],
    dy: [&[f32]; MR],
    slots: &[Slot],
    taps: [usize; NT],
) -> [[S::V; NT]; MR] {
    let mut sums = [[S::splat(0.0); NT]; MR];
    for (s, slot) in slots.iter().enumerate() {
        // SAFETY: the caller promises that every vector is inside.
        let b = taps.map(|tap| unsafe { S::load_at(padded, tap + slot.from as usize) });
        for (row, dy) in sums.iter_mut().zip(dy) {
            // SAFETY: the caller promises the length of the rows.
            let a = unsafe { S::load_at(dy, s * S::LANES) };
            for (sum, &b) in row.iter_mut().zip(&b) {
                *sum = S::mul_add(a, b, *sum);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::cpu::testing::{Lcg, assert_close};

    fn axis(rng: &mut Lcg) -> Axis {
        let limit = if rng.below(6) == 0 { 40 } else { 12 };
        let input = 1 + rng.below(limit);
        let (kernel, stride, dilation) = (1 + rng.below(4), 1 + rng.below(3), 1 + rng.below(2));
        let reach = (kernel - 1) * dilation + 1;
        let (low, high) = (rng.below(4) as isize, rng.below(4) as isize);
        // Negative padding crops.
        let low = if rng.below(8) == 0 { -low.min(input as isize - 1) } else { low };
        let room = input as isize + low + high - reach as isize;
        let output = if room < 0 { 0 } else { room as usize / stride + 1 };
        Axis { input, kernel, output, stride, dilation, low }
    }

    fn geometry(seed: u64) -> (Geometry, Lcg) {
        let mut rng = Lcg::new(seed);
        let mut g = Geometry {
            batch: rng.below(4),
            groups: [1, 1, 2, 5][rng.below(4)],
            inputs: [0, 1, 2, 3, 5][rng.below(5)],
            outputs: [0, 1, 2, 4, 7, 9][rng.below(6)],
            y: axis(&mut rng),
            x: axis(&mut rng),
        };
        if rng.below(8) == 0 {
            for axis in [&mut g.y, &mut g.x] {
                *axis = Axis { kernel: 1, stride: 1, dilation: 1, low: 0, output: axis.input, ..*axis };
            }
        }
        if rng.below(20) == 0 {
            (g.inputs, g.outputs) = (70, 13); // more taps than are summed at a time
        }
        (g, rng)
    }

    /// Calls `visit` with the flat indices in (x, w, y) of every product of a convolution.
    fn products(g: &Geometry, mut visit: impl FnMut(usize, usize, usize)) {
        let inside = |a: &Axis, o: usize, k: usize| {
            let i = (o * a.stride + k * a.dilation) as isize - a.low;
            (0..a.input as isize).contains(&i).then_some(i as usize)
        };
        for n in 0..g.batch {
            for o in 0..g.groups * g.outputs {
                let group = o / g.outputs;
                for c in 0..g.inputs {
                    for (oy, ox) in (0..g.y.output).flat_map(|y| (0..g.x.output).map(move |x| (y, x))) {
                        for (ky, kx) in (0..g.y.kernel).flat_map(|y| (0..g.x.kernel).map(move |x| (y, x))) {
                            let (Some(iy), Some(ix)) = (inside(&g.y, oy, ky), inside(&g.x, ox, kx)) else {
                                continue;
                            };
                            let channel = n * g.groups * g.inputs + group * g.inputs + c;
                            visit(
                                (channel * g.y.input + iy) * g.x.input + ix,
                                ((o * g.inputs + c) * g.y.kernel + ky) * g.x.kernel + kx,
                                ((n * g.groups * g.outputs + o) * g.y.output + oy) * g.x.output + ox,
                            );
                        }
                    }
                }
            }
        }
    }

    fn dims(g: &Geometry) -> [[usize; 4]; 3] {
        [
            [g.batch, g.groups * g.inputs, g.y.input, g.x.input],
            [g.groups * g.outputs, g.inputs, g.y.kernel, g.x.kernel],
            [g.batch, g.groups * g.outputs, g.y.output, g.x.output],
        ]
    }

    /// The array spread out in memory in a random layout: permuted axes, gaps, reversed axes.
    fn spread<'a>(rng: &mut Lcg, data: &[f32], dims: [usize; 4], memory: &'a mut Vec<f32>) -> Array4<'a> {
        let mut order = [0, 1, 2, 3];
        if rng.flag() {
            order = [[0, 1, 2, 3], [0, 2, 3, 1], [3, 1, 2, 0], [1, 0, 3, 2]][rng.below(4)];
        }
        let (mut base, mut step, mut strides) = (rng.below(3), 1 + rng.below(2) as isize, [0; 4]);
        for &axis in order.iter().rev() {
            strides[axis] = step;
            step *= dims[axis].max(1) as isize;
            if rng.below(5) == 0 {
                base += dims[axis].saturating_sub(1) * strides[axis] as usize;
                strides[axis] = -strides[axis];
            }
        }
        *memory = vec![f32::NAN; 3 + step as usize];
        for (i, &value) in data.iter().enumerate() {
            let [_, d1, d2, d3] = dims;
            let index = [i / (d1 * d2 * d3), i / (d2 * d3) % d1, i / d3 % d2, i % d3];
            let offset: isize = index.iter().zip(strides).map(|(&i, s)| i as isize * s).sum();
            memory[base.wrapping_add_signed(offset)] = value;
        }
        Array4 { data: memory, base, strides }
    }

    #[test]
    fn all_three_directions_equal_the_definition() {
        for seed in 0..600 {
            let (g, ref mut rng) = geometry(seed);
            let [dx, dw, dy] = dims(&g);
            let sizes = [dx, dw, dy].map(|d| d.iter().product::<usize>());
            let [x, w, y] = sizes.map(|len| rng.floats(len));
            let [mut want_x, mut want_w, mut want_y] = sizes.map(|len| vec![0.0f64; len]);
            products(&g, |i, j, k| {
                let [a, b, c] = [x[i], w[j], y[k]].map(f64::from);
                want_x[i] += b * c;
                want_w[j] += a * c;
                want_y[k] += a * b;
            });
            let [mut mx, mut mw, mut my] = [vec![], vec![], vec![]];
            let (x, w) = (spread(rng, &x, dx, &mut mx), spread(rng, &w, dw, &mut mw));
            let y = spread(rng, &y, dy, &mut my);
            for level in Level::available() {
                let what = format!("{level:?} {g:?} seed {seed}");
                let run = |conv: Conv, image, size: usize| {
                    let mut out = vec![f32::NAN; size];
                    conv.run(image, w, &mut out, &mut vec![f32::NAN; conv.scratch()]);
                    out
                };
                let got = run(Conv::forward(level, g, w.strides), x, sizes[2]);
                assert_close(&got, &want_y, 1e-5, &format!("value {what}"));
                let got = run(Conv::input_gradient(level, g, w.strides), y, sizes[0]);
                assert_close(&got, &want_x, 1e-5, &format!("input gradient {what}"));
                let conv = WeightGradient::new(level, g);
                let mut got = vec![f32::NAN; sizes[1]];
                conv.run(x, y, &mut got, &mut vec![f32::NAN; conv.scratch()]);
                assert_close(&got, &want_w, 1e-5, &format!("weight gradient {what}"));
            }
        }
    }
}
