//! The inputs of expressions: what is read in place, and copies of everything else, row by row.

use crate::{
    device::cpu::{
        emit::Input,
        memory::Reads,
        simd::{Level, per_level},
    },
    plan::{Load, Source, View},
    rng,
};
use std::ops::Range;

/// A load over the merged axes.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) source: From,
    pub(super) offset: isize,
    pub(super) strides: Vec<isize>,
    pub(super) valid: Vec<Range<usize>>,
    pub(super) kind: Kind,
}

/// Where the words of a load come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Read(usize),
    /// The value with this number of the output, which the step writes in place.
    Output(usize),
    Arange,
    Random {
        key: usize,
        stream: u32,
    },
    Const(u32),
}

/// How the words of a load lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One word for all elements.
    Uniform,
    /// One word for all elements of a row, if it is valid, and blocks do not go over the ends of rows.
    ByRow,
    /// Element `i` is word `offset + i`.
    Contiguous,
    Strided,
}

pub(super) fn random_key(reads: Reads<'_>, key: usize) -> [u32; 2] {
    let words = reads.words(key);
    [words[0], words[1]]
}

impl Fetch {
    pub(super) fn new(load: &Load, in_place: &[(usize, usize)]) -> Self {
        let written = |read: usize| in_place.iter().find(|&&(over, _)| over == read).map(|&(_, value)| value);
        let View { offset, axes } = &load.view;
        let source = match load.source {
            Source::Read(i) => written(i).map_or(From::Read(i), From::Output),
            Source::Arange => From::Arange,
            Source::Random { key, stream } => From::Random { key, stream },
            Source::Const(word) => From::Const(word),
            Source::Made => From::Output(0),
        };
        let strides = axes.iter().map(|a| if a.size == 1 { 0 } else { a.stride }).collect();
        let valid: Vec<_> = axes.iter().map(|a| a.valid.clone()).collect();
        let mut fetch = Self { source, offset: *offset, strides, valid, kind: Kind::Strided };
        let is_total = load.view.is_total();
        if axes.iter().any(|a| a.valid.is_empty()) {
            fetch.make_constant(0, axes.len());
        } else if let (From::Const(word), true) = (source, is_total) {
            fetch.make_constant(word, axes.len());
        }
        fetch
    }

    fn make_constant(&mut self, word: u32, axes: usize) {
        self.source = From::Const(word);
        (self.offset, self.strides, self.valid) = (0, vec![0; axes], vec![0..usize::MAX; axes]);
    }

    /// What it gives an emitted function.
    pub(super) fn input(&self) -> Input {
        match (self.kind, self.source) {
            (Kind::Uniform, From::Const(word)) => Input::Constant(word),
            (Kind::Uniform | Kind::ByRow, _) => Input::Uniform,
            _ => Input::Words,
        }
    }

    /// Takes note where blocks do not go over the ends of rows.
    pub(super) fn note_rows(&mut self, axes: &[usize]) {
        let last = axes.len() - 1;
        let is_read = self.kind == Kind::Strided && matches!(self.source, From::Read(_));
        if is_read && self.strides[last] == 0 && self.is_total(last, axes[last]) {
            self.kind = Kind::ByRow;
        }
    }

    fn is_total(&self, axis: usize, size: usize) -> bool {
        self.valid[axis].start == 0 && self.valid[axis].end >= size
    }

    pub(super) fn kind(&self, axes: &[usize]) -> Kind {
        if matches!(self.source, From::Output(_)) {
            return Kind::Strided;
        }
        if !axes.iter().enumerate().all(|(i, &size)| self.is_total(i, size)) {
            return Kind::Strided;
        }
        if self.strides.iter().all(|&s| s == 0) {
            return Kind::Uniform;
        }
        let mut stride = 1;
        let row_major = self.strides.iter().zip(axes).rev().all(|(&s, &size)| {
            let fits = s == stride;
            stride *= size as isize;
            fits
        });
        if row_major && matches!(self.source, From::Read(_)) { Kind::Contiguous } else { Kind::Strided }
    }

    /// The place of the first word of a block, if its words lie side by side, or are one word of a row that emitted code
    /// `repeats`.
    pub(super) fn direct(&self, axes: &[usize], start: usize, len: usize, repeats: bool) -> Option<usize> {
        match (self.kind, self.source) {
            (Kind::Contiguous, _) => Some((self.offset + start as isize) as usize),
            (Kind::Strided, From::Read(_)) if self.strides.last() == Some(&1) => self.in_one_row(axes, start, len),
            (Kind::ByRow, _) if repeats => self.in_one_row(axes, start, len),
            _ => None,
        }
    }

    /// The place of a block's first word, if all of it is valid and in one row.
    fn in_one_row(&self, axes: &[usize], start: usize, len: usize) -> Option<usize> {
        let row = *axes.last()?;
        if start % row + len > row {
            return None;
        }
        let mut first = None;
        self.rows(axes, start, len, |_, n, offset| first = offset.filter(|_| n == len));
        first.map(|offset| offset as usize)
    }

    /// Visits the rows of a block in pieces that are valid or not throughout: position in the block, length, and the
    /// flat position of the first element where it is valid.
    #[inline(always)]
    fn rows(&self, axes: &[usize], start: usize, len: usize, mut visit: impl FnMut(usize, usize, Option<isize>)) {
        let inner = axes.len() - 1;
        let (row, stride) = (axes[inner], self.strides[inner]);
        let (low, high) = (self.valid[inner].start, self.valid[inner].end.min(row));
        let (mut at, mut column, mut index) = (0, start % row, start / row);
        while at < len {
            let n = (row - column).min(len - at);
            let (mut offset, mut valid, mut rest) = (self.offset, true, index);
            for axis in (0..inner).rev() {
                let c = if axis == 0 { rest } else { rest % axes[axis] };
                rest /= axes[axis];
                valid &= self.valid[axis].contains(&c);
                offset += c as isize * self.strides[axis];
            }
            if !valid {
                visit(at, n, None);
            } else {
                let (from, to) = (low.clamp(column, column + n), high.clamp(column, column + n));
                if from >= to {
                    visit(at, n, None);
                } else {
                    if from > column {
                        visit(at, from - column, None);
                    }
                    visit(at + from - column, to - from, Some(offset + from as isize * stride));
                    if to < column + n {
                        visit(at + to - column, column + n - to, None);
                    }
                }
            }
            (at, column, index) = (at + n, 0, index + 1);
        }
    }

    /// Copies a block of the load to `out`, whatever its kind. `uniform` holds the word of a uniform load.
    pub(super) fn copy(
        &self,
        level: Level,
        axes: &[usize],
        reads: Reads<'_>,
        start: usize,
        uniform: &[u32],
        out: &mut [u32],
    ) {
        match (self.kind, self.source) {
            (_, From::Output(_)) => {}
            (Kind::Uniform, _) => out.copy_from_slice(&uniform[..out.len()]),
            (Kind::Contiguous, From::Read(i)) => {
                let first = (self.offset + start as isize) as usize;
                out.copy_from_slice(&reads.words(i)[first..first + out.len()]);
            }
            _ => self.fill(level, axes, reads, start, out),
        }
    }

    /// Copies a block of a strided load to `out`.
    pub(super) fn fill(&self, level: Level, axes: &[usize], reads: Reads<'_>, start: usize, out: &mut [u32]) {
        let stride = *self.strides.last().expect("at least one axis");
        let words = match self.source {
            From::Read(i) => reads.words(i),
            _ => &[],
        };
        let key = match self.source {
            From::Random { key, .. } => random_key(reads, key),
            _ => [0; 2],
        };
        self.rows(axes, start, out.len(), |at, n, offset| {
            let out = &mut out[at..at + n];
            let Some(offset) = offset else { return out.fill(0) };
            match self.source {
                From::Read(_) => gather(words, offset as usize, stride, out),
                From::Arange => {
                    out.iter_mut().enumerate().for_each(|(i, out)| *out = (offset + i as isize * stride) as u32);
                }
                From::Random { stream, .. } => random(level, key, stream, offset as u32, stride as u32, out),
                From::Const(word) => out.fill(word),
                From::Output(_) => unreachable!("what is written in place is copied as it is"),
            }
        });
    }
}

/// Copies words `stride` apart.
fn gather(words: &[u32], first: usize, stride: isize, out: &mut [u32]) {
    let n = out.len();
    match stride {
        1 => out.copy_from_slice(&words[first..first + n]),
        0 => out.fill(words[first]),
        2.. => {
            let step = stride as usize;
            out.iter_mut().zip(words[first..].iter().step_by(step)).for_each(|(out, &word)| *out = word);
        }
        _ => {
            let step = stride.unsigned_abs();
            let words = words[..=first].iter().rev().step_by(step);
            out.iter_mut().zip(words).for_each(|(out, &word)| *out = word);
        }
    }
}

per_level! {
    /// Random words of the flat positions `first, first + step, …`.
    fn random(key: [u32; 2], stream: u32, first: u32, step: u32, out: &mut [u32]) {
        for (i, out) in out.iter_mut().enumerate() {
            *out = rng::bits(key, stream, first.wrapping_add((i as u32).wrapping_mul(step)));
        }
    }
}

/// Merges neighbouring axes that all loads walk through as one, and drops axes of size 1. Returns the sizes.
pub(super) fn merge(shape: &[usize], loads: &mut [Fetch]) -> Vec<usize> {
    let mut axes = shape.to_vec();
    let mut i = axes.len();
    while i > 0 {
        i -= 1;
        let inner = i + 1;
        if axes[i] == 1 && axes.len() > 1 {
            // Coordinate 0 is valid: loads with nothing valid are constants by now.
            axes.remove(i);
            for load in loads.iter_mut() {
                load.strides.remove(i);
                load.valid.remove(i);
            }
        } else if inner < axes.len() {
            let size = axes[inner];
            let one_axis = |load: &Fetch| {
                load.strides[i] == load.strides[inner] * size as isize
                    && load.is_total(i, axes[i])
                    && load.is_total(inner, size)
            };
            if loads.iter().all(one_axis) {
                axes[i] *= size;
                axes.remove(inner);
                for load in loads.iter_mut() {
                    load.strides.remove(i);
                    load.valid.remove(i);
                    load.valid[i] = 0..usize::MAX;
                }
            }
        }
    }
    if axes.is_empty() {
        axes.push(1);
        for load in loads {
            load.strides.push(0);
            load.valid.push(0..usize::MAX);
        }
    }
    axes
}
