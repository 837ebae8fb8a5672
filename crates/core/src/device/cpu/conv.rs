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
//! All arrays are contiguous. Where kernels are 3 × 3 and channels many, `winograd` and
//! `winograd_gradient` take fewer multiplications.

mod correlation;
mod operand;
mod padded;
mod phases;
mod weight;
mod winograd;
mod winograd_gradient;

pub(crate) use weight::WeightGradient;
pub(crate) use winograd::Winograd;
pub(crate) use winograd_gradient::WinogradGradient;

use super::gemm::{self, Axes, Matrix, Sink, Strided, gemm};
use super::memory::{Out, Reads};
use super::prepared::Scratch;
use super::simd::{Base, Level, Simd};
use super::work::{Done, Split};
use crate::ir::ConvGeometry;
use correlation::{Correlation, slots};
use padded::{Padded, PaddedAxis, image_taps};
use phases::{gradient_phases, padded_gradient};
use std::ops::Range;

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
            return gemm::scratch(self.batch * self.plane);
        }
        let taps: usize = self.phases.iter().map(|phase| phase.taps.len()).sum();
        self.padded.len(lanes(self.level)) + self.groups * self.rows() * taps
    }

    /// Floats that it copies in all: padded images and packed weights.
    pub(crate) fn copied(&self) -> usize {
        if self.pointwise.is_some() {
            return self.groups * gemm::packed(self.targets, self.batch * self.plane, self.sources);
        }
        let padded = self.padded.len(lanes(self.level));
        self.batch * self.groups * padded + self.scratch() - padded
    }

    /// Rows of packed weights. A target alone (depthwise, the gradient of a grey image) has a flat register block.
    fn rows(&self) -> usize {
        if self.targets == 1 { 1 } else { self.targets.next_multiple_of(block_rows(self.level)) }
    }

    /// How it can be cut: an image is a unit.
    pub(crate) fn split(&self) -> Split {
        let taps: usize = self.phases.iter().map(|phase| phase.taps.len()).max().unwrap_or(0);
        let cost = 0.055 * (self.batch * self.groups * self.targets * self.plane * taps) as f64;
        let weights = self.groups * self.targets * self.phases.iter().map(|phase| phase.taps.len()).sum::<usize>();
        Split { repeated: 2.0 * weights as f64, ..Split::of(self.batch, cost) }
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
        if self.padded.is_empty() || self.phases.iter().all(|phase| phase.taps.is_empty()) {
            // SAFETY: nobody else computes these images.
            unsafe { out.range(range.clone()) }.fill(0);
            return done(range);
        }
        // SAFETY: the scratch is this thread's.
        let packed = unsafe { scratch.packed.get_mut(0..scratch.packed.len()) }.unwrap_or_default();
        let packed = bytemuck::cast_slice_mut(packed);
        if let Some(step) = self.pointwise {
            self.product(step, images, image, weights, out, packed);
            return done(range);
        }
        let image = &image[images.start * image_len..images.end * image_len];
        let images = image.chunks_exact(image_len).zip(images).map(|(image, i)| {
            let range = i * out_len..(i + 1) * out_len;
            // SAFETY: nobody else computes this image.
            (image, unsafe { out.floats(range.clone()) }, range)
        });
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
            gemm(
                self.level,
                [0..self.targets, pixels.clone()],
                self.sources,
                &Matrix::Strided(a),
                &Matrix::Strided(b),
                &mut c,
                false,
                scratch,
            );
        }
    }
}

/// An image, the output that comes of it, and where that lies.
type Image<'a> = (&'a [f32], &'a mut [f32], Range<usize>);

#[cfg(test)]
mod tests;
