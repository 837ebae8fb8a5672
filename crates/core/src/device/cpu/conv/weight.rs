//! The weight gradient: for each output channel and tap, a sum over all outputs.

use super::{
    axes,
    correlation::{Slot, reach, slots},
    is_pointwise, lanes,
    padded::{Padded, PaddedAxis, image_taps},
};
use crate::{
    device::cpu::{
        gemm::{self, Axes, Matrix, Sink, Strided, gemm},
        memory::{Out, Reads},
        prepared::Scratch,
        simd::{Base, Level, Simd},
        work::Split,
    },
    ir::ConvGeometry,
};
use std::ops::Range;

/// Slots of one pass of the weight gradient.
const SLOTS: usize = 256;
/// Floats of the padded images that a weight gradient sums together: they stay in the second-level cache.
const PADDED: usize = 32 * 1024;

/// Rows of the register block of a weight gradient.
fn gradient_rows(level: Level) -> usize {
    match level {
        Level::Base => 3,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 4,
    }
}

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
            return gemm::scratch(self.geometry.c);
        }
        let lanes = lanes(self.level);
        self.images * self.padded.len(lanes) + self.from.len() * gradient_rows(self.level) * lanes
    }

    /// Floats that it copies in all: padded images and, panel by panel, output gradients.
    pub(crate) fn copied(&self) -> usize {
        let g = &self.geometry;
        if is_pointwise(g) {
            return g.groups * gemm::packed(g.o / g.groups, g.c / g.groups, g.n * g.out[0] * g.out[1]);
        }
        let (lanes, rows) = (lanes(self.level), gradient_rows(self.level));
        g.n * g.groups * (self.padded.len(lanes) + self.panels() * self.slots.len() * rows * lanes)
    }

    /// Panels of output channels in a group.
    fn panels(&self) -> usize {
        (self.geometry.o / self.geometry.groups).div_ceil(gradient_rows(self.level))
    }

    /// How it can be cut: some output channels of a group, a panel, are a unit. Each part copies the images for itself.
    pub(crate) fn split(&self) -> Split {
        let g = &self.geometry;
        let cost = 0.06 * (g.y_shape().iter().product::<usize>() * self.taps.len()) as f64;
        let repeated = 0.4 * g.x_shape().iter().product::<usize>() as f64 / g.groups as f64;
        Split { units: g.groups * self.panels(), step: 1, cost, repeated }
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
        self.dots::<crate::device::cpu::simd::Avx2, 4, 3>(group, panel, image, gradient, out, scratch);
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
        gemm(
            self.level,
            [0..outputs, 0..inputs],
            g.n * plane,
            &Matrix::Strided(a),
            &Matrix::Strided(b),
            &mut c,
            false,
            scratch,
        );
    }
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
