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
//! All arrays are contiguous.

use super::gemm::{self, Axes, Sink, Source, Strided, gemm};
use super::memory::{Out, Reads};
use super::prepared::Scratch;
use super::simd::{Base, Level, Simd};
use super::work::{Done, Split};
use crate::ir::ConvGeometry;
use std::ops::Range;

/// Taps summed before a block of the output is stored: their weights stay in the cache.
const TAPS: usize = 512;
/// Slots of one pass of the weight gradient.
const SLOTS: usize = 256;
/// Floats of the padded images that a weight gradient sums together: they stay in the second-level cache.
const PADDED: usize = 32 * 1024;

/// One spatial axis of a convolution.
#[derive(Clone, Copy)]
struct Axis {
    input: usize,
    kernel: usize,
    output: usize,
    stride: usize,
    dilation: usize,
    low: isize,
}

/// Rows and columns.
fn axes(g: &ConvGeometry) -> [Axis; 2] {
    [0, 1].map(|i| Axis {
        input: g.size[i],
        kernel: g.kernel[i],
        output: g.out[i],
        stride: g.stride[i],
        dilation: g.dilation[i],
        low: g.pad[i] as isize,
    })
}

/// Is it a matrix product at every pixel?
fn is_pointwise(g: &ConvGeometry) -> bool {
    g.kernel == [1, 1] && g.stride == [1, 1] && g.pad == [0, 0] && g.out == g.size
}

fn lanes(level: Level) -> usize {
    match level {
        Level::Base => Base::LANES,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => super::simd::Avx2::LANES,
    }
}

/// Rows of the register block of a correlation.
fn block_rows(level: Level) -> usize {
    match level {
        Level::Base => 4,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 6,
    }
}

/// Rows of the register block of a weight gradient.
fn gradient_rows(level: Level) -> usize {
    match level {
        Level::Base => 3,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 4,
    }
}

/// A convolution or its input gradient, prepared: both are correlations over a padded image.
#[derive(Debug)]
pub(crate) struct Conv {
    level: Level,
    groups: usize,
    batch: usize,
    /// Channels of a group that are summed over, and that come out.
    sources: usize,
    targets: usize,
    /// Pixels of a channel of the output.
    plane: usize,
    /// Distances of the weights of neighbouring targets and of groups.
    weight_target: usize,
    weight_group: usize,
    padded: Padded,
    phases: Vec<Correlation>,
    /// The matrix product that it is, if it is one: the distance of the weights of neighbouring sources.
    pointwise: Option<usize>,
}

impl Conv {
    /// `y[n, o] = Σ_c x[n, c] ⋆ w[o, c]`.
    pub(crate) fn forward(level: Level, g: &ConvGeometry) -> Self {
        let [y, x] = axes(g);
        let (sources, kernel) = (g.c / g.groups, y.kernel * x.kernel);
        let padded = Padded::new(sources, PaddedAxis::of_image(&y), PaddedAxis::of_image(&x));
        let taps = image_taps(&[y, x], &padded);
        let slots = slots(&padded, lanes(level), [y.output, x.output], |r, c| r * x.output + c);
        let weights = Axes::one(sources * kernel, 1);
        Self {
            level,
            groups: g.groups,
            batch: g.n,
            sources,
            targets: g.o / g.groups,
            plane: y.output * x.output,
            weight_target: sources * kernel,
            weight_group: g.o / g.groups * sources * kernel,
            phases: vec![Correlation::new(taps, slots, 1, 0, weights)],
            padded,
            pointwise: is_pointwise(g).then_some(1),
        }
    }

    /// `dx[n, c]` from `dy[n, o]` and `w[o, c]`.
    pub(crate) fn input_gradient(level: Level, g: &ConvGeometry) -> Self {
        let [y, x] = axes(g);
        let (sources, targets, kernel) = (g.o / g.groups, g.c / g.groups, y.kernel * x.kernel);
        let (ys, xs) = (gradient_phases(&y), gradient_phases(&x));
        let padded = Padded::new(sources, padded_gradient(&y, &ys), padded_gradient(&x, &xs));
        let mut phases = Vec::with_capacity(ys.len() * xs.len());
        for py in &ys {
            for px in &xs {
                let mut taps = Vec::with_capacity(sources * py.taps * px.taps);
                for channel in 0..sources {
                    for ty in 0..py.taps {
                        let r = (py.seen(ty) - padded.y.first) as usize;
                        taps.extend((0..px.taps).map(|tx| {
                            let c = (px.seen(tx) - padded.x.first) as usize;
                            padded.at(channel, [0, 0], [r, c]) as u32
                        }));
                    }
                }
                let slots = slots(&padded, lanes(level), [py.pixels, px.pixels], |r, c| {
                    (py.pixel + r * y.stride) * x.input + px.pixel + c * x.stride
                });
                let first = py.tap * x.kernel + px.tap;
                let steps = [targets * kernel, py.tap_step * x.kernel, px.tap_step].map(|step| step as isize);
                let weights = Axes::new([sources, py.taps, px.taps], steps);
                phases.push(Correlation::new(taps, slots, x.stride, first, weights));
            }
        }
        Self {
            level,
            groups: g.groups,
            batch: g.n,
            sources,
            targets,
            plane: y.input * x.input,
            weight_target: kernel,
            weight_group: sources * targets * kernel,
            phases,
            padded,
            pointwise: is_pointwise(g).then_some(targets),
        }
    }

    /// Floats of scratch memory that [`Conv::run`] needs.
    pub(crate) fn scratch(&self) -> usize {
        if self.pointwise.is_some() {
            return gemm::SCRATCH;
        }
        let taps: usize = self.phases.iter().map(|phase| phase.taps.len()).sum();
        self.padded.len(lanes(self.level)) + self.groups * self.rows() * taps
    }

    /// Rows of packed weights. A target alone (depthwise, the gradient of a grey image) has a flat register block.
    fn rows(&self) -> usize {
        if self.targets == 1 { 1 } else { self.targets.next_multiple_of(block_rows(self.level)) }
    }

    /// How it can be cut: an image is a unit.
    pub(crate) fn split(&self) -> Split {
        let taps: usize = self.phases.iter().map(|phase| phase.taps.len()).max().unwrap_or(0);
        let cost = 0.055 * (self.batch * self.groups * self.targets * self.plane * taps) as f64;
        Split::of(self.batch, cost)
    }

    /// Computes some images of the output from images (or output gradients) and weights.
    pub(crate) fn run(
        &self,
        images: Range<usize>,
        reads: Reads<'_>,
        scratch: &mut Scratch,
        out: Out<'_>,
        done: &mut Done<'_>,
    ) {
        let (image, weights) = (reads.floats(0), reads.floats(1));
        let image_len = self.groups * self.sources * self.padded.input_plane();
        let out_len = self.groups * self.targets * self.plane;
        let range = images.start * out_len..images.end * out_len;
        assert_eq!(out.len(), self.batch * out_len, "output of a convolution");
        if range.is_empty() {
            return;
        }
        let Scratch { registers, packed, .. } = scratch;
        if self.padded.is_empty() || self.phases.iter().all(|phase| phase.taps.is_empty()) {
            // SAFETY: nobody else computes these images.
            unsafe { out.range(range.clone()) }.fill(0);
            return done(range, registers);
        }
        // SAFETY: the scratch is this thread's.
        let packed = unsafe { packed.get_mut(0..packed.len()) }.unwrap_or_default();
        let packed = bytemuck::cast_slice_mut(packed);
        if let Some(step) = self.pointwise {
            self.product(step, images, image, weights, out, packed);
            return done(range, registers);
        }
        let image = &image[images.start * image_len..images.end * image_len];
        let images = image.chunks_exact(image_len).zip(images).map(|(image, i)| {
            let range = i * out_len..(i + 1) * out_len;
            // SAFETY: nobody else computes this image.
            (image, unsafe { out.floats(range.clone()) }, range)
        });
        let done = &mut |range| done(range, registers);
        match self.level {
            Level::Base => self.correlate::<Base, 4, 2, 4>(images, weights, packed, done),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a level is only made where the machine has it.
            Level::Avx2 => unsafe { self.correlate_avx2(images, weights, packed, done) },
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn correlate_avx2<'a>(
        &self,
        images: impl Iterator<Item = Image<'a>>,
        weights: &[f32],
        scratch: &mut [f32],
        done: &mut dyn FnMut(Range<usize>),
    ) {
        self.correlate::<super::simd::Avx2, 6, 2, 4>(images, weights, scratch, done);
    }

    #[inline(always)]
    fn correlate<'a, S: Simd, const MR: usize, const NV: usize, const WIDE: usize>(
        &self,
        images: impl Iterator<Item = Image<'a>>,
        weights: &[f32],
        scratch: &mut [f32],
        done: &mut dyn FnMut(Range<usize>),
    ) {
        let (padded, packed) = scratch.split_at_mut(self.padded.len(S::LANES));
        let (flat, rows) = (self.targets == 1, self.rows());
        let mut rest = &mut *packed;
        for group in 0..self.groups {
            for phase in self.phases.iter().filter(|phase| !phase.taps.is_empty()) {
                let (panels, after) = rest.split_at_mut(rows * phase.taps.len());
                rest = after;
                let first = group * self.weight_group + phase.first_weight;
                let rows = Axes::one(self.targets, self.weight_target as isize);
                let source = Strided::new(weights, first, rows, phase.weights);
                if flat {
                    source.pack::<1>(0..1, 0..phase.taps.len(), panels);
                } else {
                    source.pack::<MR>(0..self.targets, 0..phase.taps.len(), panels);
                }
            }
        }
        for (image, out, range) in images {
            let mut rest = &*packed;
            let inputs = image.chunks_exact(self.sources * self.padded.input_plane());
            for (image, out) in inputs.zip(out.chunks_exact_mut(self.targets * self.plane)) {
                self.padded.fill(image, padded);
                for phase in &self.phases {
                    let (panels, after) = rest.split_at(rows * phase.taps.len());
                    rest = after;
                    if flat {
                        phase.run::<S, 1, WIDE>(padded, panels, self.targets, self.plane, out);
                    } else {
                        phase.run::<S, MR, NV>(padded, panels, self.targets, self.plane, out);
                    }
                }
            }
            done(range);
        }
    }

    /// A kernel of one pixel: the product of the weights with the pixels of some images.
    fn product(
        &self,
        step: usize,
        images: Range<usize>,
        image: &[f32],
        weights: &[f32],
        out: Out<'_>,
        scratch: &mut [f32],
    ) {
        let (plane, pixels) = (self.plane, images.start * self.plane..images.end * self.plane);
        let columns = |channels: usize| {
            let image = (self.groups * channels * plane) as isize;
            Axes::new([1, self.batch, plane], [0, image, 1])
        };
        for group in 0..self.groups {
            let rows = Axes::one(self.targets, self.weight_target as isize);
            let depth = Axes::one(self.sources, step as isize);
            let a = Strided::new(weights, group * self.weight_group, rows, depth);
            let depth = Axes::one(self.sources, plane as isize);
            let b = Strided::new(image, group * self.sources * plane, columns(self.sources), depth);
            let first = group * self.targets * plane;
            // SAFETY: nobody else computes these images.
            let mut c = unsafe { Sink::new(out, first, self.targets, plane, columns(self.targets)) };
            gemm(self.level, [0..self.targets, pixels.clone()], self.sources, &a, &b, &mut c, false, scratch);
        }
    }
}

/// An image, the output that comes of it, and where that lies.
type Image<'a> = (&'a [f32], &'a mut [f32], Range<usize>);

/// A weight gradient, prepared.
#[derive(Debug)]
pub(crate) struct WeightGradient {
    level: Level,
    geometry: ConvGeometry,
    padded: Padded,
    taps: Vec<u32>,
    slots: Vec<Slot>,
    /// Images that are summed together: few slots would be mostly horizontal sums.
    images: usize,
    /// Where each slot of each of these images reads.
    from: Vec<u32>,
    reach: usize,
}

impl WeightGradient {
    /// `dw[o, c]` from `x[n, c]` and `dy[n, o]`.
    pub(crate) fn new(level: Level, g: &ConvGeometry) -> Self {
        let [y, x] = axes(g);
        let padded = Padded::new(g.c / g.groups, PaddedAxis::of_image(&y), PaddedAxis::of_image(&x));
        let taps = image_taps(&[y, x], &padded);
        let slots = slots(&padded, lanes(level), [y.output, x.output], |r, c| r * x.output + c);
        let room = padded.len(lanes(level)).max(1);
        let images = (SLOTS / slots.len().max(1)).min(PADDED / room).clamp(1, g.n.max(1));
        let image = |i: usize| slots.iter().map(move |slot| slot.from + (i * room) as u32);
        let from = (0..images).flat_map(image).collect();
        let reach = reach(&taps, &slots) + (images - 1) * room;
        Self { level, geometry: *g, reach, padded, taps, slots, images, from }
    }

    /// Floats of scratch memory that [`WeightGradient::run`] needs.
    pub(crate) fn scratch(&self) -> usize {
        if is_pointwise(&self.geometry) {
            return gemm::SCRATCH;
        }
        let lanes = lanes(self.level);
        self.images * self.padded.len(lanes) + self.from.len() * gradient_rows(self.level) * lanes
    }

    /// Panels of output channels in a group.
    fn panels(&self) -> usize {
        (self.geometry.o / self.geometry.groups).div_ceil(gradient_rows(self.level))
    }

    /// How it can be cut: some output channels of a group, a panel, are a unit. Each part copies the images for itself.
    pub(crate) fn split(&self) -> Split {
        let g = &self.geometry;
        let cost = 0.06 * (g.y_shape().iter().product::<usize>() * self.taps.len()) as f64;
        Split { units: g.groups * self.panels(), step: 1, cost, repeats: true }
    }

    /// What some units are of the output.
    pub(crate) fn range(&self, units: Range<usize>) -> Range<usize> {
        let outputs = self.geometry.o / self.geometry.groups;
        let row = |unit: usize| {
            let (group, panel) = (unit / self.panels().max(1), unit % self.panels().max(1));
            (group * outputs + (panel * gradient_rows(self.level)).min(outputs)) * self.taps.len()
        };
        row(units.start)..row(units.end)
    }

    /// Computes some units, `out`, from the images and the output gradients.
    pub(crate) fn run(&self, units: Range<usize>, reads: Reads<'_>, scratch: &mut Scratch, out: &mut [f32]) {
        let (image, gradient) = (reads.floats(0), reads.floats(1));
        let g = &self.geometry;
        out.fill(0.0);
        if out.is_empty() || self.padded.is_empty() || self.slots.is_empty() || g.n == 0 {
            return;
        }
        // SAFETY: the scratch is this thread's.
        let packed = unsafe { scratch.packed.get_mut(0..scratch.packed.len()) }.unwrap_or_default();
        let packed = bytemuck::cast_slice_mut(packed);
        let (mut unit, mut rest) = (units.start, out);
        while unit < units.end {
            // The panels of one group.
            let (group, first) = (unit / self.panels(), unit % self.panels());
            let last = (first + units.end - unit).min(self.panels());
            let (out, after) = rest.split_at_mut(self.range(unit..unit + last - first).len());
            if is_pointwise(g) {
                self.product(group, first, image, gradient, out, packed);
            } else {
                match self.level {
                    Level::Base => self.dots::<Base, 3, 3>(group, first, image, gradient, out, packed),
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: a level is only made where the machine has it.
                    Level::Avx2 => unsafe { self.dots_avx2(group, first, image, gradient, out, packed) },
                }
            }
            (unit, rest) = (unit + last - first, after);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn dots_avx2(
        &self,
        group: usize,
        panel: usize,
        image: &[f32],
        gradient: &[f32],
        out: &mut [f32],
        scratch: &mut [f32],
    ) {
        self.dots::<super::simd::Avx2, 4, 3>(group, panel, image, gradient, out, scratch);
    }

    /// The output channels from panel `first` of a group on: adds up some images at a time, for each panel the register
    /// blocks of `MR` output channels and `NT` taps.
    #[inline(always)]
    fn dots<S: Simd, const MR: usize, const NT: usize>(
        &self,
        group: usize,
        first: usize,
        image: &[f32],
        gradient: &[f32],
        out: &mut [f32],
        scratch: &mut [f32],
    ) {
        let g = &self.geometry;
        let (inputs, outputs, plane) = (g.c / g.groups, g.o / g.groups, g.out[0] * g.out[1]);
        let (image_len, room) = (inputs * self.padded.input_plane(), self.padded.len(S::LANES));
        let (padded, dy) = scratch.split_at_mut(self.images * room);
        for start in (0..g.n).step_by(self.images) {
            let images = start..(start + self.images).min(g.n);
            for (i, padded) in images.clone().zip(padded.chunks_exact_mut(room)) {
                self.padded.fill(&image[(i * g.groups + group) * image_len..][..image_len], padded);
            }
            let used = images.len() * self.slots.len();
            let dy = &mut dy[..used * MR * S::LANES];
            for (panel, out) in (first..).zip(out.chunks_mut(MR * self.taps.len())) {
                let rows = out.len() / self.taps.len();
                if rows < MR {
                    dy.fill(0.0);
                }
                for (i, dy) in images.clone().zip(dy.chunks_exact_mut(self.slots.len() * MR * S::LANES)) {
                    let channel = (i * g.groups + group) * outputs + panel * MR;
                    let channels = gradient[channel * plane..][..rows * plane].chunks_exact(plane);
                    for (row, channel) in channels.enumerate() {
                        self.fill_gradient::<S, MR>(channel, dy, row);
                    }
                }
                for first in (0..used).step_by(SLOTS) {
                    self.add_rows::<S, MR, NT>(padded, dy, first..(first + SLOTS).min(used), out);
                }
            }
        }
    }

    /// Copies a channel of the output gradient into row `row` of a panel: for each slot its vector, with zeros past
    /// the end of the row of the image.
    #[inline(always)]
    fn fill_gradient<S: Simd, const MR: usize>(&self, channel: &[f32], panel: &mut [f32], row: usize) {
        for (slot, to) in self.slots.iter().zip(panel.chunks_exact_mut(MR * S::LANES)) {
            let to = &mut to[row * S::LANES..][..S::LANES];
            let from = &channel[slot.to as usize..];
            if slot.lanes as usize == S::LANES {
                S::store(to, S::load(from));
            } else {
                to.fill(0.0);
                for (to, from) in to.iter_mut().zip(&from[..slot.lanes as usize]) {
                    *to = *from;
                }
            }
        }
    }

    /// Adds what some slots give to the gradients of the output channels of a panel.
    #[inline(always)]
    fn add_rows<S: Simd, const MR: usize, const NT: usize>(
        &self,
        padded: &[f32],
        dy: &[f32],
        slots: Range<usize>,
        out: &mut [f32],
    ) {
        assert!(self.reach + S::LANES <= padded.len(), "padded image too small");
        let vector = MR * S::LANES;
        let (dy, from) = (&dy[slots.start * vector..slots.end * vector], &self.from[slots]);
        for (t, taps) in self.taps.chunks(NT).enumerate() {
            // Where taps run out, the last one is repeated and dropped.
            let at = core::array::from_fn(|j| taps[j.min(taps.len() - 1)] as usize);
            // SAFETY: the assertion above.
            let sums = unsafe { dots::<S, MR, NT>(padded, dy, from, at) };
            for (out, row) in out.chunks_exact_mut(self.taps.len()).zip(&sums) {
                for (to, &sum) in out[t * NT..].iter_mut().zip(row) {
                    *to += S::sum(sum);
                }
            }
        }
    }

    /// A kernel of one pixel: the product of the output gradients with the images, for the output channels from panel
    /// `first` of a group on.
    fn product(
        &self,
        group: usize,
        first: usize,
        image: &[f32],
        gradient: &[f32],
        out: &mut [f32],
        scratch: &mut [f32],
    ) {
        let g = &self.geometry;
        let (inputs, plane) = (g.c / g.groups, g.size[0] * g.size[1]);
        let pixels = |channels: usize| Axes::new([1, g.n, plane], [0, (channels * plane) as isize, 1]);
        let rows = |channels| Axes::one(channels, plane as isize);
        let (outputs, channel) = (out.len() / inputs, group * (g.o / g.groups) + first * gradient_rows(self.level));
        let a = Strided::new(gradient, channel * plane, rows(outputs), pixels(g.o));
        let b = Strided::new(image, group * inputs * plane, rows(inputs), pixels(g.c));
        let out = Out::new(bytemuck::cast_slice_mut(out));
        // SAFETY: nobody else has `out`.
        let mut c = unsafe { Sink::new(out, 0, outputs, inputs, Axes::one(inputs, 1)) };
        gemm(self.level, [0..outputs, 0..inputs], g.n * plane, &a, &b, &mut c, false, scratch);
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
        Self { input: axis.input, stride: axis.stride, phases, first, len: axis.output + (last - first) as usize }
    }

    /// The rows of `phase` that are pixels, and the pixel of the first of them.
    fn inside(&self, phase: usize) -> (Range<usize>, usize) {
        let (stride, phase, len) = (self.stride as isize, phase as isize, self.len as isize);
        let row = |pixel: isize| ((pixel - phase + stride - 1).div_euclid(stride) - self.first).clamp(0, len);
        let (start, end) = (row(0), row(self.input as isize));
        let pixel = (self.first + start) * stride + phase;
        (start as usize..end as usize, if start < end { pixel as usize } else { 0 })
    }
}

/// The padded copy of the channels of a group of one image.
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

    /// Whether there is nothing to see.
    fn is_empty(&self) -> bool {
        self.channels == 0 || self.input_plane() == 0 || self.y.len == 0 || self.x.len == 0
    }

    /// Pixels of a channel of the image.
    fn input_plane(&self) -> usize {
        self.y.input * self.x.input
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

    /// Copies an image.
    fn fill(&self, image: &[f32], out: &mut [f32]) {
        out[self.channels * self.pitch..].fill(0.0);
        for (channel, image) in image.chunks_exact(self.input_plane()).enumerate() {
            for (py, &phase_y) in self.y.phases.iter().enumerate() {
                for (px, &phase_x) in self.x.phases.iter().enumerate() {
                    let start = self.at(channel, [py, px], [0, 0]);
                    let plane = &mut out[start..start + self.y.len * self.x.len];
                    self.fill_plane(image, [phase_y, phase_x], plane);
                }
            }
        }
    }

    fn fill_plane(&self, image: &[f32], [phase_y, phase_x]: [usize; 2], out: &mut [f32]) {
        let (rows, y) = self.y.inside(phase_y);
        let (columns, x) = self.x.inside(phase_x);
        let (width, step) = (self.x.len, self.x.stride);
        out[..rows.start * width].fill(0.0);
        out[rows.end * width..].fill(0.0);
        let inputs = image.chunks_exact(self.x.input).skip(y).step_by(self.y.stride);
        for (row, input) in out[rows.start * width..rows.end * width].chunks_exact_mut(width).zip(inputs) {
            row[..columns.start].fill(0.0);
            row[columns.end..].fill(0.0);
            let row = &mut row[columns.clone()];
            if step == 1 {
                row.copy_from_slice(&input[x..x + row.len()]);
            } else {
                for (to, from) in row.iter_mut().zip(input[x.min(input.len())..].iter().step_by(step)) {
                    *to = *from;
                }
            }
        }
    }
}

/// The offsets of all taps (channel, ky, kx) in the padded image.
fn image_taps(axes: &[Axis; 2], padded: &Padded) -> Vec<u32> {
    let tap = |axis: &Axis, padded: &PaddedAxis, k: usize| {
        let t = (k * axis.dilation) as isize - axis.low;
        let phase = t.rem_euclid(axis.stride as isize) as usize;
        let phase = padded.phases.iter().position(|&p| p == phase).unwrap_or(0);
        (phase, (t.div_euclid(axis.stride as isize) - padded.first) as usize)
    };
    let mut taps = Vec::with_capacity(padded.channels * axes[0].kernel * axes[1].kernel);
    for channel in 0..padded.channels {
        for ky in 0..axes[0].kernel {
            let (py, r) = tap(&axes[0], &padded.y, ky);
            for kx in 0..axes[1].kernel {
                let (px, c) = tap(&axes[1], &padded.x, kx);
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
    seen_first: isize,
    seen_step: isize,
}

impl GradientPhase {
    fn seen(&self, t: usize) -> isize {
        self.seen_first - t as isize * self.seen_step
    }
}

/// Pixel `h` is touched by output `o` through tap `k` where `h + low = o·stride + k·dilation`.
fn gradient_phases(axis: &Axis) -> Vec<GradientPhase> {
    let common = gcd(axis.stride, axis.dilation);
    let (tap_step, seen_step) = (axis.stride / common, (axis.dilation / common) as isize);
    let phase = |pixel: usize| {
        // What is left for the output once tap `k` has taken its part.
        let rest = |k: usize| pixel as isize + axis.low - (k * axis.dilation) as isize;
        let first = (0..axis.kernel.min(tap_step)).find(|&k| rest(k).rem_euclid(axis.stride as isize) == 0);
        let tap = first.unwrap_or(0);
        GradientPhase {
            pixel,
            pixels: (axis.input - pixel).div_ceil(axis.stride),
            tap,
            tap_step,
            taps: first.map_or(0, |k| (axis.kernel - k).div_ceil(tap_step)),
            seen_first: rest(tap).div_euclid(axis.stride as isize),
            seen_step,
        }
    };
    (0..axis.stride.min(axis.input)).map(phase).collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The padded output gradient that all phases of an axis read.
fn padded_gradient(axis: &Axis, phases: &[GradientPhase]) -> PaddedAxis {
    let used = || phases.iter().filter(|p| p.taps > 0);
    let first = used().map(|p| p.seen(p.taps - 1)).min().unwrap_or(0);
    let end = used().map(|p| p.seen(0) + p.pixels as isize).max().unwrap_or(first);
    PaddedAxis { input: axis.output, stride: 1, phases: vec![0], first, len: (end - first) as usize }
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

/// The outputs of a plane cut into slots; `to` says where an output (row, column) goes.
fn slots(padded: &Padded, lanes: usize, [rows, columns]: [usize; 2], to: impl Fn(usize, usize) -> usize) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(rows * columns.div_ceil(lanes));
    for r in 0..rows {
        slots.extend((0..columns).step_by(lanes).map(|c| Slot {
            from: padded.at(0, [0, 0], [r, c]) as u32,
            to: to(r, c) as u32,
            lanes: lanes.min(columns - c) as u32,
        }));
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
    reach: usize,
    /// Distance of neighbouring lanes in the output.
    step: usize,
    /// Where the weight of the first tap lies, and of all taps from there.
    first_weight: usize,
    weights: Axes,
}

impl Correlation {
    fn new(taps: Vec<u32>, slots: Vec<Slot>, step: usize, first_weight: usize, weights: Axes) -> Self {
        Self { reach: reach(&taps, &slots), taps, slots, step, first_weight, weights }
    }

    /// All slots and targets of a group of one image. `packed` are panels of `MR` rows of weights.
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
            for (i, slot) in (0..targets).flat_map(|i| self.slots.iter().map(move |slot| (i, slot))) {
                let to = &mut out[i * plane + slot.to as usize..];
                put::<S>(S::splat(0.0), to, slot.lanes as usize, self.step, false);
            }
            return;
        }
        assert!(self.reach + S::LANES <= padded.len(), "padded image too small");
        for first in (0..k).step_by(TAPS) {
            let last = (first + TAPS).min(k);
            let taps = &self.taps[first..last];
            for slots in self.slots.chunks(NV) {
                // Where slots run out, the last one is repeated and dropped.
                let from = core::array::from_fn(|j| slots[j.min(slots.len() - 1)].from as usize);
                for (panel, i) in packed.chunks_exact(k * MR).zip((0..targets).step_by(MR)) {
                    let weights = &panel[first * MR..last * MR];
                    // SAFETY: the assertion above.
                    let block = unsafe { block::<S, MR, NV>(padded, weights, taps, from) };
                    for (row, i) in block.iter().zip(i..targets.min(i + MR)) {
                        for (slot, &value) in slots.iter().zip(row) {
                            let to = &mut out[i * plane + slot.to as usize..];
                            put::<S>(value, to, slot.lanes as usize, self.step, first > 0);
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
        for (row, a) in block.iter_mut().zip(weights) {
            let a = S::broadcast(a);
            for (sum, &b) in row.iter_mut().zip(&b) {
                *sum = S::mul_add(a, b, *sum);
            }
        }
    }
    block
}

/// The register block of the weight gradient, vectors of partial sums over some slots:
/// `sums[i][j] = Σ_s dy[s][i] · padded[from[s] + taps[j]]`.
///
/// # Safety
/// Every `from[s] + taps[j] + LANES` is at most `padded.len()`.
#[inline(always)]
unsafe fn dots<S: Simd, const MR: usize, const NT: usize>(
    padded: &[f32],
    dy: &[f32],
    from: &[u32],
    taps: [usize; NT],
) -> [[S::V; NT]; MR] {
    let mut sums = [[S::splat(0.0); NT]; MR];
    for (dy, &from) in dy.chunks_exact(MR * S::LANES).zip(from) {
        // SAFETY: the caller promises that every vector is inside.
        let b = taps.map(|tap| unsafe { S::load_at(padded, tap + from as usize) });
        for (i, row) in sums.iter_mut().enumerate() {
            let a = S::load(&dy[i * S::LANES..]);
            for (sum, &b) in row.iter_mut().zip(&b) {
                *sum = S::mul_add(a, b, *sum);
            }
        }
    }
    sums
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

#[cfg(test)]
mod tests;
