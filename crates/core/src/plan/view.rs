//! How a kernel reads an input: a map from output coordinates to flat positions of a source.
//! Reshape, permute, broadcast, slice, flip, pad and windows only change the view, they move no data.

use std::ops::Range;

/// One axis of a view.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Axis {
    /// Number of coordinates.
    pub size: usize,
    /// What one step adds to the flat position.
    pub stride: isize,
    /// Coordinates outside of it read 0.
    pub valid: Range<usize>,
}

/// The flat position is `offset + Σ coordinate · stride`; where any coordinate is not valid, the value read is 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct View {
    /// Flat position of coordinate 0; may lie outside of the source where that coordinate is not valid.
    pub offset: isize,
    /// Outermost first.
    pub axes: Vec<Axis>,
}

impl View {
    /// A source read row-major from its start.
    pub fn contiguous(shape: &[usize]) -> Self {
        let mut axes: Vec<Axis> = shape.iter().map(|&size| Axis { size, stride: 0, valid: 0..size }).collect();
        let mut stride = 1;
        for axis in axes.iter_mut().rev() {
            axis.stride = stride;
            stride *= axis.size as isize;
        }
        Self { offset: 0, axes }
    }

    /// The sizes of the axes.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|a| a.size).collect()
    }

    /// The number of coordinates.
    pub fn len(&self) -> usize {
        self.axes.iter().map(|a| a.size).product()
    }

    /// Whether there are no coordinates.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every coordinate reads the source.
    pub fn is_total(&self) -> bool {
        self.axes.iter().all(|a| a.valid == (0..a.size))
    }

    /// Whether it reads the source from its start, in order, each element once.
    pub fn is_contiguous(&self) -> bool {
        let mut stride = 1;
        self.offset == 0
            && self.is_total()
            && self.axes.iter().rev().all(|a| {
                let fits = a.size == 1 || a.stride == stride;
                stride *= a.size as isize;
                fits
            })
    }

    /// The flat position that a coordinate reads, or none where it reads 0.
    pub fn position(&self, coordinate: &[usize]) -> Option<usize> {
        let mut flat = self.offset;
        for (axis, &c) in self.axes.iter().zip(coordinate) {
            if !axis.valid.contains(&c) {
                return None;
            }
            flat += axis.stride * c as isize;
        }
        Some(flat as usize)
    }

    /// The smallest range of flat positions that holds all that are read; empty if none is.
    pub fn span(&self) -> Range<usize> {
        if self.axes.iter().any(|a| a.valid.is_empty()) {
            return 0..0;
        }
        let (mut low, mut high) = (self.offset, self.offset);
        for a in &self.axes {
            let (first, last) = (a.valid.start as isize * a.stride, (a.valid.end - 1) as isize * a.stride);
            low += first.min(last);
            high += first.max(last);
        }
        low as usize..high as usize + 1
    }

    /// The same elements with axes in another order: axis `i` of the result is axis `order[i]`.
    pub fn permute(&self, order: &[usize]) -> Self {
        Self { offset: self.offset, axes: order.iter().map(|&i| self.axes[i].clone()).collect() }
    }

    /// Axes of size 1 repeated, new axes in front, to `shape`.
    pub fn broadcast(&self, shape: &[usize]) -> Self {
        let new = shape.len() - self.axes.len();
        let mut axes: Vec<Axis> = shape[..new].iter().map(|&size| Axis { size, stride: 0, valid: 0..size }).collect();
        for (axis, &size) in self.axes.iter().zip(&shape[new..]) {
            axes.push(if axis.size == size {
                axis.clone()
            } else {
                Axis { size, stride: 0, valid: if axis.valid.is_empty() { 0..0 } else { 0..size } }
            });
        }
        Self { offset: self.offset, axes }
    }

    /// Along each axis `size` coordinates from `start` in steps of `step` (positive).
    pub fn slice(&self, start: &[usize], step: &[usize], size: &[usize]) -> Self {
        let mut offset = self.offset;
        let axes = self.axes.iter().enumerate().map(|(i, a)| {
            offset += start[i] as isize * a.stride;
            let first = |bound: usize| bound.saturating_sub(start[i]).div_ceil(step[i]).min(size[i]);
            let valid = first(a.valid.start)..first(a.valid.end);
            Axis { size: size[i], stride: a.stride * step[i] as isize, valid }
        });
        let axes = axes.collect();
        Self { offset, axes }
    }

    /// The given axes backwards.
    pub fn flip(&self, axes: &[usize]) -> Self {
        let mut view = self.clone();
        for &i in axes {
            let a = &mut view.axes[i];
            view.offset += a.stride * (a.size as isize - 1);
            a.stride = -a.stride;
            a.valid = a.size - a.valid.end..a.size - a.valid.start;
        }
        view
    }

    /// `low` and `high` coordinates more at the ends of each axis, which read 0.
    pub fn pad(&self, low: &[usize], high: &[usize]) -> Self {
        let mut view = self.clone();
        for (i, a) in view.axes.iter_mut().enumerate() {
            view.offset -= a.stride * low[i] as isize;
            a.size += low[i] + high[i];
            a.valid = a.valid.start + low[i]..a.valid.end + low[i];
        }
        view
    }

    /// The last two axes [H, W] seen as windows [KH, KW, OH, OW]: coordinate (i, j, y, x) reads
    /// (y·stride + i·dilation, x·stride + j·dilation). None where the view is not total on them.
    pub fn windows(
        &self,
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        out: [usize; 2],
    ) -> Option<Self> {
        let split = self.axes.len() - 2;
        let (lead, plane) = self.axes.split_at(split);
        if plane.iter().any(|a| a.valid != (0..a.size)) {
            return None;
        }
        let mut axes = lead.to_vec();
        let axis = |size, stride| Axis { size, stride, valid: 0..size };
        axes.extend((0..2).map(|i| axis(kernel[i], plane[i].stride * dilation[i] as isize)));
        axes.extend((0..2).map(|i| axis(out[i], plane[i].stride * stride[i] as isize)));
        Some(Self { offset: self.offset, axes })
    }

    /// The same elements in row-major order under another shape of the same length, where strides can say that;
    /// otherwise the elements must be laid out first.
    pub fn reshape(&self, shape: &[usize]) -> Option<Self> {
        if self.is_empty() {
            return Some(Self::contiguous(shape));
        }
        let old: Vec<&Axis> = self.axes.iter().filter(|a| a.size != 1 || a.valid.is_empty()).collect();
        let mut axes: Vec<Axis> = Vec::with_capacity(shape.len());
        let mut taken = 0;
        let mut i = 0;
        while i < shape.len() {
            if shape[i] == 1 {
                axes.push(Axis { size: 1, stride: 0, valid: 0..1 });
                i += 1;
                continue;
            }
            // The shortest runs of old and new axes with the same number of elements.
            let (first_old, first_new) = (taken, i);
            let (mut left, mut right) = (old.get(taken)?.size, shape[i]);
            taken += 1;
            i += 1;
            while left != right {
                if left < right {
                    left *= old.get(taken)?.size;
                    taken += 1;
                } else {
                    right *= *shape.get(i)?;
                    i += 1;
                }
            }
            let group = &old[first_old..taken];
            if group.len() == 1 && i - first_new == 1 {
                axes.push(group[0].clone());
                continue;
            }
            let regular = group.iter().all(|a| a.valid == (0..a.size))
                && group.windows(2).all(|w| w[0].stride == w[1].stride * w[1].size as isize);
            if !regular {
                return None;
            }
            let mut stride = group.last()?.stride;
            let start = axes.len();
            for &size in shape[first_new..i].iter().rev() {
                axes.insert(start, Axis { size, stride: if size == 1 { 0 } else { stride }, valid: 0..size });
                stride *= size as isize;
            }
        }
        (taken == old.len()).then_some(Self { offset: self.offset, axes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All values that a view reads from 0, 1, 2, …, with 0 − 1 standing for "reads 0".
    fn values(view: &View) -> Vec<i64> {
        let shape = view.shape();
        (0..view.len())
            .map(|flat| {
                let mut rest = flat;
                let mut coordinate = vec![0; shape.len()];
                for i in (0..shape.len()).rev() {
                    coordinate[i] = rest % shape[i];
                    rest /= shape[i];
                }
                view.position(&coordinate).map_or(-1, |p| p as i64)
            })
            .collect()
    }

    #[test]
    fn layout_ops_read_what_they_mean() {
        let v = View::contiguous(&[2, 3]);
        assert_eq!(values(&v.permute(&[1, 0])), [0, 3, 1, 4, 2, 5]);
        assert_eq!(values(&v.flip(&[1])), [2, 1, 0, 5, 4, 3]);
        assert_eq!(values(&v.slice(&[0, 1], &[1, 1], &[2, 2])), [1, 2, 4, 5]);
        assert_eq!(values(&v.slice(&[1, 0], &[1, 2], &[1, 2])), [3, 5]);
        assert_eq!(values(&View::contiguous(&[3]).pad(&[1], &[2])), [-1, 0, 1, 2, -1, -1]);
        assert_eq!(values(&View::contiguous(&[2, 1]).broadcast(&[2, 2, 2])), [0, 0, 1, 1, 0, 0, 1, 1]);
        assert_eq!(values(&View::contiguous(&[3]).pad(&[1], &[1]).flip(&[0])), [-1, 2, 1, 0, -1]);
        assert_eq!(values(&View::contiguous(&[3]).pad(&[1], &[1]).slice(&[0], &[2], &[3])), [-1, 1, -1]);
    }

    #[test]
    fn windows_overlap() {
        let v = View::contiguous(&[1, 4]).windows([1, 2], [1, 1], [1, 2], [1, 2]).unwrap();
        assert_eq!(v.shape(), [1, 2, 1, 2]);
        assert_eq!(values(&v), [0, 1, 2, 3]);
    }

    #[test]
    fn reshape_splits_and_merges_where_strides_allow() {
        let v = View::contiguous(&[2, 3, 4]);
        assert_eq!(v.reshape(&[6, 2, 2]), Some(View::contiguous(&[6, 2, 2])));
        assert_eq!(v.permute(&[0, 2, 1]).reshape(&[2, 12]), None);
        let kept = v.permute(&[1, 0, 2]).reshape(&[3, 1, 2, 2, 2]).unwrap();
        assert_eq!(values(&kept), values(&v.permute(&[1, 0, 2])));
        let padded = View::contiguous(&[2, 3]).pad(&[0, 1], &[0, 1]);
        assert_eq!(values(&padded.reshape(&[2, 1, 5]).unwrap()), values(&padded));
        assert_eq!(padded.reshape(&[10]), None);
        let repeated = View::contiguous(&[1, 1]).broadcast(&[2, 3]);
        assert_eq!(values(&repeated.reshape(&[6]).unwrap()), [0; 6]);
    }

    #[test]
    fn spans_hold_what_is_read() {
        let v = View::contiguous(&[4]).pad(&[2], &[0]).flip(&[0]);
        assert_eq!(v.span(), 0..4);
        assert_eq!(View::contiguous(&[0]).span(), 0..0);
        assert_eq!(View::contiguous(&[2, 3]).slice(&[1, 1], &[1, 1], &[1, 2]).span(), 4..6);
    }
}
