//! Windows that slide over planes: the maximum and where it is, both directions of taking a pixel by its index, and
//! the sum of overlapping windows.

use super::reduce::float_beats;
use super::simd::{Base, Level, Simd};
use crate::{ir::Window, plan::View};
use std::ops::Range;

/// The maximum of every window.
pub(crate) fn max_pool(level: Level, window: &Window, x: &[f32], out: &mut [f32]) {
    match level {
        Level::Base => scan::<Base, false>(window, x, out),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a level is only made where the machine has it.
        Level::Avx2 => unsafe { scan_avx2::<false>(window, x, out) },
    }
}

/// Where in its plane the maximum of every window is.
pub(crate) fn max_pool_arg(level: Level, window: &Window, x: &[f32], out: &mut [u32]) {
    let places: &mut [f32] = bytemuck::cast_slice_mut(out);
    match level {
        Level::Base => scan::<Base, true>(window, x, places),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a level is only made where the machine has it.
        Level::Avx2 => unsafe { scan_avx2::<true>(window, x, places) },
    }
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
pub(crate) fn unpool(level: Level, window: &Window, values: &[f32], index: &[u32], out: &mut [f32]) {
    if is_by_twos(window) {
        return unpool_by_twos(level, window.size, values, index, out);
    }
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

/// The same at the places of the maxima of `x`; `places` is memory for as many as [`places`] says.
pub(crate) fn max_unpool(
    level: Level,
    window: &Window,
    values: &[f32],
    x: &[f32],
    places: &mut [u32],
    out: &mut [f32],
) {
    let one = Window { n: 1, c: 1, ..*window };
    let (plane, count) = (area(window.size), area(window.out));
    if plane == 0 || count == 0 {
        return out.fill(0.0);
    }
    let planes = values.chunks_exact(count).zip(x.chunks_exact(plane));
    for ((values, x), out) in planes.zip(out.chunks_exact_mut(plane)) {
        if places.is_empty() {
            max_unpool_by_twos(level, window.size, values, x, out);
        } else {
            max_pool_arg(level, &one, x, places);
            unpool(level, &one, values, places, out);
        }
    }
}

/// How many words [`max_unpool`] needs: the places of the maxima of one plane, or none where it finds them as it writes, which takes rows of
/// windows as long as the longest vector.
pub(crate) fn places(window: &Window) -> usize {
    if is_by_twos(window) && window.out[1] >= 8 { 0 } else { area(window.out) }
}

/// The sum of the window entries that cover a pixel, the entries of a window in order, for the planes with these numbers.
pub(crate) fn fold(window: &Window, input: &View, numbers: Range<usize>, x: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    let plane = area(window.size);
    let [planes, kh, kw, oh, ow] = [0, 1, 2, 3, 4].map(|i| &input.axes[i]);
    if plane == 0 || input.axes.iter().any(|axis| axis.valid.is_empty()) {
        return;
    }
    for (p, out) in numbers.zip(out.chunks_exact_mut(plane)).filter(|(p, _)| planes.valid.contains(p)) {
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

/// Windows of 2 × 2 that tile planes without a rest, which most networks have.
fn is_by_twos(window: &Window) -> bool {
    let tiles = |i: usize| window.size[i] == 2 * window.out[i];
    let twos = window.kernel == [2, 2] && window.stride == [2, 2];
    twos && window.dilation == [1, 1] && window.pad == [0, 0] && tiles(0) && tiles(1) && area(window.out) > 0
}

/// Each window's value at the pixel of its window that the index names, 0 at the others.
fn unpool_by_twos(level: Level, size: [usize; 2], values: &[f32], index: &[u32], out: &mut [f32]) {
    match level {
        Level::Base => spread::<Base>(size, values, index, out),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a level is only made where the machine has it.
        Level::Avx2 => unsafe { spread_avx2(size, values, index, out) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn spread_avx2(size: [usize; 2], values: &[f32], index: &[u32], out: &mut [f32]) {
    spread::<super::simd::Avx2>(size, values, index, out);
}

/// The same, by vectors of windows where a row has that many.
#[inline(always)]
fn spread<S: Simd>(size: [usize; 2], values: &[f32], index: &[u32], out: &mut [f32]) {
    let (width, windows) = (size[1], size[1] / 2);
    let below = S::splat_word(width as u32);
    let rows = values.chunks_exact(windows).zip(index.chunks_exact(windows));
    for (row, ((values, index), out)) in rows.zip(out.chunks_exact_mut(2 * width)).enumerate() {
        let start = row % (size[0] / 2) * 2 * width;
        let (top, bottom) = out.split_at_mut(width);
        if windows < S::LANES {
            for (i, (&value, &index)) in values.iter().zip(index).enumerate() {
                let here = index.wrapping_sub((start + 2 * i) as u32);
                for (row, shift) in [(&mut *top, 0), (&mut *bottom, width as u32)] {
                    row[2 * i] = if here == shift { value } else { 0.0 };
                    row[2 * i + 1] = if here == shift + 1 { value } else { 0.0 };
                }
            }
            continue;
        }
        let index: &[f32] = bytemuck::cast_slice(index);
        assert!(top.len() == 2 * windows && bottom.len() == 2 * windows, "rows of pixels");
        let mut at = 0;
        while at < windows {
            // The last vector goes over the one before it where the windows do not come out even.
            let first = at.min(windows - S::LANES);
            let place = positions::<S>(2, start + 2 * first);
            // SAFETY: the rows have as many values and indices as windows, and twice as many pixels.
            unsafe {
                let (value, index) = (S::load_at(values, first), S::load_at(index, first));
                put_pairs::<S>(value, index, place, top, 2 * first);
                put_pairs::<S>(value, index, S::add_words(place, below), bottom, 2 * first);
            }
            at += S::LANES;
        }
    }
}

fn max_unpool_by_twos(level: Level, size: [usize; 2], values: &[f32], x: &[f32], out: &mut [f32]) {
    match level {
        Level::Base => place::<Base>(size, values, x, out),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a level is only made where the machine has it.
        Level::Avx2 => unsafe { place_avx2(size, values, x, out) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn place_avx2(size: [usize; 2], values: &[f32], x: &[f32], out: &mut [f32]) {
    place::<super::simd::Avx2>(size, values, x, out);
}

/// Each window's value at its first maximum, 0 at its other pixels, by vectors of windows; a row has that many.
#[inline(always)]
fn place<S: Simd>(size: [usize; 2], values: &[f32], x: &[f32], out: &mut [f32]) {
    let (width, windows) = (size[1], size[1] / 2);
    let numbers = [0, 1, 2, 3].map(S::splat_word);
    let rows = values.chunks_exact(windows).zip(x.chunks_exact(2 * width));
    for ((values, x), out) in rows.zip(out.chunks_exact_mut(2 * width)) {
        let ((top, bottom), (out_top, out_bottom)) = (x.split_at(width), out.split_at_mut(width));
        for first in (0..windows).step_by(S::LANES) {
            // The last vector goes over the one before it where the windows do not come out even.
            let first = first.min(windows - S::LANES);
            let [left, right] = pairs::<S>(&top[2 * first..]);
            let [below_left, below_right] = pairs::<S>(&bottom[2 * first..]);
            let (mut best, mut number) = (left, numbers[0]);
            for (new, here) in [right, below_left, below_right].into_iter().zip(&numbers[1..]) {
                number = S::where_beats(new, best, *here, number);
                best = S::where_beats(new, best, new, best);
            }
            let value = S::load(&values[first..]);
            let placed = numbers.map(|here| S::where_same(number, here, value));
            for (row, pair) in [(&mut *out_top, [placed[0], placed[1]]), (&mut *out_bottom, [placed[2], placed[3]])] {
                let [a, b] = S::zip(pair[0], pair[1]);
                S::store(&mut row[2 * first..], a);
                S::store(&mut row[2 * first + S::LANES..], b);
            }
        }
    }
}

/// Writes, from `row[first]` on, pairs of neighbours of which one is the value if the index is its position; `place` has
/// those of the first ones.
///
/// # Safety
/// `first + 2 · LANES` is at most `row.len()`.
#[inline(always)]
unsafe fn put_pairs<S: Simd>(value: S::V, index: S::V, place: S::V, row: &mut [f32], first: usize) {
    let second = S::add_words(place, S::splat_word(1));
    let [a, b] = S::zip(S::where_same(index, place, value), S::where_same(index, second, value));
    // SAFETY: the caller's promise.
    unsafe {
        S::store_at(row, first, a);
        S::store_at(row, first + S::LANES, b);
    }
}

/// Words `step` apart, from `first` on.
#[inline(always)]
fn positions<S: Simd>(step: usize, first: usize) -> S::V {
    let mut count = [0u32; 8];
    for (i, word) in (0..).zip(&mut count) {
        *word = i * step as u32;
    }
    S::add_words(S::load(bytemuck::cast_slice(&count)), S::splat_word(first as u32))
}

fn area([rows, columns]: [usize; 2]) -> usize {
    rows * columns
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn scan_avx2<const ARG: bool>(window: &Window, x: &[f32], out: &mut [f32]) {
    scan::<super::simd::Avx2, ARG>(window, x, out);
}

/// Writes the maximum of every window, or if `ARG` the word of its position in the plane.
#[inline(always)]
fn scan<S: Simd, const ARG: bool>(window: &Window, x: &[f32], out: &mut [f32]) {
    match window.stride[1] {
        2 if is_by_twos(window) && window.out[1] >= S::LANES => by_twos::<S, ARG>(window, x, out),
        1 => scan_steps::<S, 1, ARG>(window, x, out),
        2 => scan_steps::<S, 2, ARG>(window, x, out),
        _ => scan_steps::<S, 0, ARG>(window, x, out),
    }
}

/// The same for windows of 2 × 2 that tile the planes: every pixel is loaded once.
#[inline(always)]
fn by_twos<S: Simd, const ARG: bool>(window: &Window, x: &[f32], out: &mut [f32]) {
    let (width, windows) = (window.size[1], window.out[1]);
    for (row, (rows, out)) in x.chunks_exact(2 * width).zip(out.chunks_exact_mut(windows)).enumerate() {
        let (top, bottom) = rows.split_at(width);
        let start = row % window.out[0] * 2 * width;
        for first in (0..windows).step_by(S::LANES) {
            // The last vector goes over the one before it where the windows do not come out even.
            let first = first.min(windows - S::LANES);
            let [first_pixel, second] = pairs::<S>(&top[2 * first..]);
            let [third, fourth] = pairs::<S>(&bottom[2 * first..]);
            let places = positions::<S>(2, start + 2 * first);
            let (mut best, mut place) = (first_pixel, places);
            for (new, shift) in [(second, 1), (third, width), (fourth, width + 1)] {
                if ARG {
                    place = S::where_beats(new, best, S::add_words(places, S::splat_word(shift as u32)), place);
                }
                best = S::where_beats(new, best, new, best);
            }
            S::store(&mut out[first..], if ARG { place } else { best });
        }
    }
}

/// The first and the second of each pair of neighbours.
#[inline(always)]
fn pairs<S: Simd>(row: &[f32]) -> [S::V; 2] {
    let (a, b) = (S::load(row), S::load(&row[S::LANES..]));
    [S::evens(a, b), S::odds(a, b)]
}

/// The same for windows `STEP` pixels apart (any number if it is 0).
#[inline(always)]
fn scan_steps<S: Simd, const STEP: usize, const ARG: bool>(window: &Window, x: &[f32], out: &mut [f32]) {
    let Window { size, kernel, stride, pad, dilation, out: [_, columns], .. } = *window;
    if area(window.out) == 0 || area(size) == 0 {
        return out.fill(if ARG { 0.0 } else { f32::NEG_INFINITY });
    }
    // How far the entries of a window reach, and the pixels of a vector of windows.
    let reach = [0, 1].map(|i| (kernel[i] - 1) * dilation[i]);
    let span = reach[0] * size[1] + reach[1] + S::LANES * stride[1];
    for (row, out) in out.chunks_exact_mut(columns).enumerate() {
        let (plane, oy) = (row / window.out[0] * area(size), row % window.out[0]);
        let y = oy * stride[0];
        for (chunk, out) in out.chunks_mut(S::LANES).enumerate() {
            let first = chunk * S::LANES;
            let (left, right) = (first * stride[1], (first + out.len() - 1) * stride[1]);
            let no_padding =
                y >= pad[0] && y + reach[0] < size[0] + pad[0] && left >= pad[1] && right + reach[1] < size[1] + pad[1];
            if no_padding {
                // Lanes past the end of the row are dropped, but they must be in memory.
                let at = (y - pad[0]) * size[1] + left - pad[1];
                if let Some(pixels) = x.get(plane + at..plane + at + span) {
                    // SAFETY: `span` is what the windows see.
                    let best = unsafe { vector::<S, STEP, ARG>(window, pixels, at) };
                    if out.len() == S::LANES {
                        S::store(out, best);
                    } else {
                        let mut lanes = [0.0; 8];
                        S::store(&mut lanes, best);
                        out.iter_mut().zip(lanes).for_each(|(out, lane)| *out = lane);
                    }
                    continue;
                }
            }
            for (i, out) in out.iter_mut().enumerate() {
                let (value, place) = winner(window, &x[plane..], [oy, first + i]);
                *out = if ARG { f32::from_bits(place as u32) } else { value };
            }
        }
    }
}

/// A vector of windows without padding, `STEP` pixels apart (any number if it is 0). `pixels` begins at the first one's
/// first pixel, number `at` of its plane.
///
/// # Safety
/// `pixels` has all that the windows see: the farthest entry of a window and `LANES` strides from there.
#[inline(always)]
unsafe fn vector<S: Simd, const STEP: usize, const ARG: bool>(window: &Window, pixels: &[f32], at: usize) -> S::V {
    let load = |first: usize| match STEP {
        // SAFETY: the caller promises `LANES` strides from every entry of the window.
        1 => unsafe { S::load_at(pixels, first) },
        // SAFETY: as above.
        2 => unsafe { S::evens(S::load_at(pixels, first), S::load_at(pixels, first + S::LANES)) },
        _ => {
            let mut lanes = [0.0; 8];
            let row = pixels[first..].iter().step_by(window.stride[1]);
            lanes[..S::LANES].iter_mut().zip(row).for_each(|(lane, &pixel)| *lane = pixel);
            S::load(&lanes)
        }
    };
    let places = positions::<S>(window.stride[1], at);
    let (mut best, mut place) = (load(0), places);
    for ky in 0..window.kernel[0] {
        for kx in 0..window.kernel[1] {
            let shift = ky * window.dilation[0] * window.size[1] + kx * window.dilation[1];
            let new = load(shift);
            if ARG {
                let there = S::add_words(places, S::splat_word(shift as u32));
                place = S::where_beats(new, best, there, place);
            }
            best = S::where_beats(new, best, new, best);
        }
    }
    if ARG { place } else { best }
}

/// The maximum of one window and its position; −∞ and 0 if it is all padding.
fn winner(window: &Window, plane: &[f32], [oy, ox]: [usize; 2]) -> (f32, usize) {
    let pixel = |axis: usize, o: usize, k: usize| {
        let padded = o * window.stride[axis] + k * window.dilation[axis];
        padded.checked_sub(window.pad[axis]).filter(|&pixel| pixel < window.size[axis])
    };
    let mut best: Option<(f32, usize)> = None;
    for y in (0..window.kernel[0]).filter_map(|k| pixel(0, oy, k)) {
        for x in (0..window.kernel[1]).filter_map(|k| pixel(1, ox, k)) {
            let place = y * window.size[1] + x;
            if best.is_none_or(|(kept, _)| float_beats(plane[place], kept)) {
                best = Some((plane[place], place));
            }
        }
    }
    best.unwrap_or((f32::NEG_INFINITY, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_past_the_exact_floats() {
        let (kernel, stride, dilation) = ([1, 2], [1, 2], [1, 1]);
        let size = [1, (1 << 24) + 6];
        let out = [1, size[1] / 2];
        let window = Window { n: 1, c: 1, size, kernel, stride, pad: [0, 0], dilation, out };
        let x: Vec<f32> = (0..size[1]).map(|i| (i % 4 % 3) as f32).collect();
        let mut places = vec![0; out[1]];
        max_pool_arg(Level::detect(), &window, &x, &mut places);
        let want: Vec<u32> = (0..out[1] as u32).map(|i| 2 * i + u32::from(i % 2 == 0)).collect();
        assert!(places == want);
    }
}
