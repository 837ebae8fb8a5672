//! The phases of an input gradient: pixels that the same taps reach.

use super::{Axis, padded::PaddedAxis};

/// The pixels `pixel, pixel + stride, …` of an axis and the taps `tap, tap + tap_step, …` that
/// reach them. Pixel number `r` gets output `r + seen(t)` through tap number `t`.
pub(super) struct GradientPhase {
    pub(super) pixel: usize,
    pub(super) pixels: usize,
    pub(super) tap: usize,
    pub(super) tap_step: usize,
    pub(super) taps: usize,
    seen_first: isize,
    seen_step: isize,
}

impl GradientPhase {
    pub(super) fn seen(&self, t: usize) -> isize {
        self.seen_first - t as isize * self.seen_step
    }
}

/// Pixel `h` is touched by output `o` through tap `k` where `h + low = o·stride + k·dilation`.
pub(super) fn gradient_phases(axis: &Axis) -> Vec<GradientPhase> {
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
pub(super) fn padded_gradient(axis: &Axis, phases: &[GradientPhase]) -> PaddedAxis {
    let used = || phases.iter().filter(|p| p.taps > 0);
    let first = used().map(|p| p.seen(p.taps - 1)).min().unwrap_or(0);
    let end = used().map(|p| p.seen(0) + p.pixels as isize).max().unwrap_or(first);
    PaddedAxis { input: axis.output, stride: 1, phases: vec![0], first, len: (end - first) as usize }
}
