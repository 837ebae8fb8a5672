//! How many distinct words views read of one operand.

use super::view::View;

/// Words from which on it is not worth a bit for each to be exact.
const LARGEST: usize = 1 << 27;

/// The number of flat positions that any of the views reads; above 512 MB a bound from above.
pub fn reached(views: &[&View]) -> usize {
    let mut distinct: Vec<&View> = Vec::new();
    for view in views {
        if !view.span().is_empty() && !distinct.contains(view) {
            distinct.push(view);
        }
    }
    let counts: Vec<usize> = distinct.iter().map(|view| nested(view)).map(Option::unwrap_or_default).collect();
    match distinct[..] {
        [] => return 0,
        [_] if counts[0] > 0 => return counts[0],
        _ => {}
    }
    let low = distinct.iter().map(|view| view.span().start).min().unwrap_or(0);
    let high = distinct.iter().map(|view| view.span().end).max().unwrap_or(0);
    // A view that leaves nothing out settles it.
    if counts.contains(&(high - low)) || high - low > LARGEST {
        return high - low;
    }
    let mut all = vec![0; (high - low).div_ceil(64)];
    for view in distinct {
        or_shifted(&mut all, &positions(view), view.span().start - low);
    }
    all.iter().map(|word| word.count_ones() as usize).sum()
}

/// Distance and number of what a view reads along each axis that moves.
fn moving(view: &View) -> Vec<(usize, usize)> {
    let axes = view.axes.iter().map(|axis| (axis.stride.unsigned_abs(), axis.valid.len()));
    axes.filter(|&(stride, count)| stride > 0 && count > 1).collect()
}

/// The number of positions, where no two coordinates along moving axes share one by the look of the strides.
fn nested(view: &View) -> Option<usize> {
    let mut axes = moving(view);
    let (mut span, mut count) = (1, 1);
    // From the shortest distance to the longest.
    while let Some(next) = (0..axes.len()).min_by_key(|&i| axes[i]) {
        let (stride, len) = axes.swap_remove(next);
        if stride < span {
            return None;
        }
        span += stride * (len - 1);
        count *= len;
    }
    Some(count)
}

/// A bit for each position from the first that is read.
fn positions(view: &View) -> Vec<u64> {
    let mut bits = vec![0; view.span().len().div_ceil(64)];
    bits[0] = 1;
    for (stride, count) in moving(view) {
        // What is there is doubled until there are enough.
        let mut done = 1;
        while done < count {
            let more = done.min(count - done);
            let before = bits.clone();
            or_shifted(&mut bits, &before, more * stride);
            done += more;
        }
    }
    bits
}

/// `bits |= other << by`; what would lie past the end is dropped.
#[inline(never)]
fn or_shifted(bits: &mut [u64], other: &[u64], by: usize) {
    let (words, shift) = (by / 64, by % 64);
    for (i, word) in other.iter().enumerate() {
        if let Some(to) = bits.get_mut(i + words) {
            *to |= word << shift;
        }
        if let Some(to) = bits.get_mut(i + words + 1).filter(|_| shift > 0) {
            *to |= word >> (64 - shift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// By asking at every coordinate.
    fn counted(views: &[&View]) -> usize {
        let mut seen = HashSet::new();
        for view in views {
            let shape = view.shape();
            for flat in 0..view.len() {
                let mut rest = flat;
                let mut coordinate = vec![0; shape.len()];
                for i in (0..shape.len()).rev() {
                    coordinate[i] = rest % shape[i];
                    rest /= shape[i];
                }
                seen.extend(view.position(&coordinate));
            }
        }
        seen.len()
    }

    #[test]
    fn words_are_counted_as_by_looking_at_each() {
        let x = View::contiguous(&[3, 20, 30]);
        let windows = |kernel, stride, dilation| {
            let out = [20, 30].map(|size: usize| (size - (kernel - 1) * dilation - 1) / stride + 1);
            x.windows([kernel; 2], [stride; 2], [dilation; 2], out).unwrap()
        };
        let views = [
            x.clone(),
            x.flip(&[1]).permute(&[2, 0, 1]),
            x.slice(&[0, 1, 2], &[2, 3, 4], &[2, 5, 6]),
            x.pad(&[0, 2, 1], &[1, 0, 3]),
            View::contiguous(&[1, 30]).broadcast(&[20, 30]),
            windows(3, 1, 1),
            windows(2, 2, 1),
            windows(2, 3, 1),
            windows(3, 2, 2),
            windows(4, 3, 2).flip(&[1, 3]),
            View::contiguous(&[0, 4]),
            View::contiguous(&[1]),
        ];
        for (i, view) in views.iter().enumerate() {
            assert_eq!(reached(&[view]), counted(&[view]), "{i}: {view:?}");
            for other in &views[..i] {
                assert_eq!(reached(&[view, other]), counted(&[view, other]), "{view:?} and {other:?}");
            }
        }
    }

    #[test]
    fn large_operands_are_counted_in_no_time() {
        // The windows of a data set; 47 million words.
        let images = View::contiguous(&[60_000, 28, 28]);
        let windows = images.windows([3, 3], [1, 1], [1, 1], [26, 26]).unwrap();
        assert_eq!(reached(&[&windows]), 60_000 * 784);
    }
}
