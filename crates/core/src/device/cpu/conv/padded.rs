//! The padded copy of an image, and where the taps of a kernel see it.

use super::Axis;
use std::ops::Range;

/// One axis of the padded copy: row `r` of phase `p` is pixel `(first + r) * stride + p`.
#[derive(Clone, Debug)]
pub(super) struct PaddedAxis {
    pub(super) input: usize,
    pub(super) stride: usize,
    pub(super) phases: Vec<usize>,
    pub(super) first: isize,
    pub(super) len: usize,
}

impl PaddedAxis {
    /// What the taps of `axis` see of its image.
    pub(super) fn of_image(axis: &Axis) -> Self {
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
    pub(super) fn inside(&self, phase: usize) -> (Range<usize>, usize) {
        let (stride, phase, len) = (self.stride as isize, phase as isize, self.len as isize);
        let row = |pixel: isize| ((pixel - phase + stride - 1).div_euclid(stride) - self.first).clamp(0, len);
        let (start, end) = (row(0), row(self.input as isize));
        let pixel = (self.first + start) * stride + phase;
        (start as usize..end as usize, if start < end { pixel as usize } else { 0 })
    }
}

/// The padded copy of the channels of a group of one image.
#[derive(Clone, Debug)]
pub(super) struct Padded {
    channels: usize,
    pitch: usize,
    pub(super) y: PaddedAxis,
    pub(super) x: PaddedAxis,
}

impl Padded {
    pub(super) fn new(channels: usize, y: PaddedAxis, x: PaddedAxis) -> Self {
        let mut pitch = y.phases.len() * x.phases.len() * y.len * x.len;
        if pitch.is_multiple_of(128) {
            // Channels a power of two apart would compete for the same lines of the cache.
            pitch += 16;
        }
        Self { channels, pitch, y, x }
    }

    /// Whether there is nothing to see.
    pub(super) fn is_empty(&self) -> bool {
        self.channels == 0 || self.input_plane() == 0 || self.y.len == 0 || self.x.len == 0
    }

    /// Pixels of a channel of the image.
    pub(super) fn input_plane(&self) -> usize {
        self.y.input * self.x.input
    }

    /// Floats of the copy, with room to read a vector from the last of them.
    pub(super) fn len(&self, lanes: usize) -> usize {
        self.channels * self.pitch + lanes
    }

    /// Where row `r`, column `c` of the given channel and phases (by position) lies.
    pub(super) fn at(&self, channel: usize, [py, px]: [usize; 2], [r, c]: [usize; 2]) -> usize {
        let plane = py * self.x.phases.len() + px;
        channel * self.pitch + (plane * self.y.len + r) * self.x.len + c
    }

    /// Copies an image.
    pub(super) fn fill(&self, image: &[f32], out: &mut [f32]) {
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
pub(super) fn image_taps(axes: &[Axis; 2], padded: &Padded) -> Vec<u32> {
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
