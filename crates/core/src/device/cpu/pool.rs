//! Windows that slide over planes: the maximum and where it is, both directions of taking a pixel by its index, and
//! the sum of overlapping windows.

use super::reduce::float_beats;
use crate::{ir::Window, plan::View};

/// Outputs of a row that are worked on together.
const CHUNK: usize = 64;

/// The maximum of every window.
pub(crate) fn max_pool(window: &Window, x: &[f32], out: &mut [f32]) {
    scan(window, x, |at, best, _| out[at..at + best.len()].copy_from_slice(best));
}

/// Where in its plane the maximum of every window is.
pub(crate) fn max_pool_arg(window: &Window, x: &[f32], out: &mut [u32]) {
    scan(window, x, |at, _, index| out[at..at + index.len()].copy_from_slice(index));
}

/// The pixel that each index names.
pub(crate) fn pool_take(window: &Window, x: &[u32], index: &[u32], out: &mut [u32]) {
    let (plane, count) = (area(window.size), area(window.out));
    if plane == 0 || count == 0 {
        return out.fill(0);
    }
    let planes = x.chunks_exact(plane).zip(index.chunks_exact(count));
    for ((x, index), out) in planes.zip(out.chunks_exact_mut(count)) {
        for (out, &index) in out.iter_mut().zip(index) {
            *out = x.get(index as usize).copied().unwrap_or(0);
        }
    }
}

/// The sum of the values whose index names a pixel, in their order.
pub(crate) fn unpool(window: &Window, values: &[f32], index: &[u32], out: &mut [f32]) {
    out.fill(0.0);
    let (plane, count) = (area(window.size), area(window.out));
    if plane == 0 || count == 0 {
        return;
    }
    let planes = values.chunks_exact(count).zip(index.chunks_exact(count));
    for ((values, index), out) in planes.zip(out.chunks_exact_mut(plane)) {
        for (&value, &index) in values.iter().zip(index) {
            if let Some(out) = out.get_mut(index as usize) {
                *out += value;
            }
        }
    }
}

/// The sum of the window entries that cover a pixel, the entries of a window in order.
pub(crate) fn fold(window: &Window, input: &View, x: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    let plane = area(window.size);
    let [planes, kh, kw, oh, ow] = [0, 1, 2, 3, 4].map(|i| &input.axes[i]);
    if plane == 0 || input.axes.iter().any(|axis| axis.valid.is_empty()) {
        return;
    }
    for (p, out) in out.chunks_exact_mut(plane).enumerate().filter(|(p, _)| planes.valid.contains(p)) {
        for (i, j) in kh.valid.clone().flat_map(|i| kw.valid.clone().map(move |j| (i, j))) {
            let window_at = input.offset + p as isize * planes.stride + i as isize * kh.stride + j as isize * kw.stride;
            for y in oh.valid.clone() {
                let row = (y * window.stride[0] + i * window.dilation[0]) * window.size[1] + j * window.dilation[1];
                let out = out[row..].iter_mut().step_by(window.stride[1]).skip(ow.valid.start);
                let first = window_at + y as isize * oh.stride;
                for (out, column) in out.zip(ow.valid.clone()) {
                    *out += x[(first + column as isize * ow.stride) as usize];
                }
            }
        }
    }
}

fn area([rows, columns]: [usize; 2]) -> usize {
    rows * columns
}

/// Finds the maximum of every window: calls `put` with the flat position of the first of some neighbouring outputs,
/// their maxima and where these are.
fn scan(window: &Window, x: &[f32], mut put: impl FnMut(usize, &[f32], &[u32])) {
    const NONE: u32 = u32::MAX;
    let Window { size, kernel, stride, pad, dilation, out, .. } = *window;
    for plane in 0..window.n * window.c {
        let pixels = &x[plane * area(size)..][..area(size)];
        for oy in 0..out[0] {
            for first in (0..out[1]).step_by(CHUNK) {
                let width = CHUNK.min(out[1] - first);
                let (mut best, mut index) = ([f32::NEG_INFINITY; CHUNK], [NONE; CHUNK]);
                for ky in 0..kernel[0] {
                    let Some(y) = inside(oy * stride[0] + ky * dilation[0], pad[0], size[0]) else { continue };
                    for kx in 0..kernel[1] {
                        // The outputs whose pixel at this entry of the window is not padding.
                        let shift = kx * dilation[1];
                        let start = pad[1].saturating_sub(shift).div_ceil(stride[1]).max(first);
                        let end = (size[1] + pad[1]).saturating_sub(shift).div_ceil(stride[1]).min(first + width);
                        if start >= end {
                            continue;
                        }
                        let column = start * stride[1] + shift - pad[1];
                        let row = pixels[y * size[1] + column..].iter().step_by(stride[1]);
                        let kept = best[start - first..end - first].iter_mut().zip(&mut index[start - first..]);
                        for (i, ((best, index), &value)) in kept.zip(row).enumerate() {
                            if *index == NONE || float_beats(value, *best) {
                                (*best, *index) = (value, (y * size[1] + column + i * stride[1]) as u32);
                            }
                        }
                    }
                }
                index.iter_mut().filter(|index| **index == NONE).for_each(|index| *index = 0);
                put(plane * area(out) + oy * out[1] + first, &best[..width], &index[..width]);
            }
        }
    }
}

/// The pixel of a padded axis, if it is one.
fn inside(padded: usize, pad: usize, size: usize) -> Option<usize> {
    padded.checked_sub(pad).filter(|&pixel| pixel < size)
}
