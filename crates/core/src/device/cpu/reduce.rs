//! Reductions of an expression. Along rows where the reduced axes are the ones that lie side by side in memory, else
//! across: a block of results is kept while the reduced coordinates pass by.
//!
//! Sums add a few hundred floats at a time in single precision, in a fixed order, and these partial sums in double.

use super::expr::{BLOCK, Blocks, Registers};
use super::memory::Reads;
use super::simd::{Level, per_level};
use super::work::Split;
use crate::{
    DType,
    plan::{Expr, Load, Reduction},
};
use std::ops::Range;

/// Partial sums that are kept side by side along a row.
const LANES: usize = 16;
/// Rows summed across in single precision before they go to the sums in double.
const ROWS: usize = 32;

/// A reduction, prepared.
#[derive(Debug)]
pub(crate) struct Reduce {
    level: Level,
    blocks: Blocks,
    outer: usize,
    inner: usize,
    across: bool,
    op: Reduction,
    dtype: DType,
}

/// Memory for the results under way, shared by all steps of a program.
#[derive(Debug)]
pub(crate) struct Partial {
    words: Vec<u32>,
    best: Vec<u32>,
    index: Vec<u32>,
    sums: Vec<f64>,
}

impl Default for Partial {
    fn default() -> Self {
        Self { words: vec![0; BLOCK], best: vec![0; BLOCK], index: vec![0; BLOCK], sums: vec![0.0; BLOCK] }
    }
}

impl Reduce {
    /// Reduces the expression over `outer ++ inner` along `inner`.
    pub(crate) fn new(level: Level, outer: &[usize], inner: &[usize], op: Reduction, expr: &Expr) -> Self {
        let along = Blocks::new(level, &[outer, inner].concat(), expr);
        let order: Vec<usize> = (outer.len()..outer.len() + inner.len()).chain(0..outer.len()).collect();
        let permute = |load: &Load| Load { view: load.view.permute(&order), ..load.clone() };
        let expr = Expr { loads: expr.loads.iter().map(permute).collect(), ..expr.clone() };
        let across = Blocks::new(level, &[inner, outer].concat(), &expr);
        let is_across = across.cost() < along.cost();
        Self {
            level,
            blocks: if is_across { across } else { along },
            outer: outer.iter().product(),
            inner: inner.iter().product(),
            across: is_across,
            op,
            dtype: *expr.types.last().expect("an expression has a value"),
        }
    }

    /// The expression.
    pub(crate) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// How it can be cut: a result is a unit.
    pub(crate) fn split(&self) -> Split {
        let per_element = self.blocks.split().cost / (self.outer * self.inner).max(1) as f64 + 0.2;
        let step = if self.across { 64 } else { 1 };
        Split { step, ..Split::of(self.outer, (self.outer * self.inner) as f64 * per_element) }
    }

    /// Computes the results with these numbers.
    pub(crate) fn run(
        &self,
        results: Range<usize>,
        reads: Reads<'_>,
        registers: &mut Registers,
        partial: &mut Partial,
        out: &mut [u32],
    ) {
        if out.is_empty() {
            return;
        }
        if self.inner == 0 {
            return out.fill(match self.op {
                Reduction::Sum | Reduction::ArgMax => 0,
                Reduction::Max => least(self.dtype),
            });
        }
        self.blocks.begin(reads, registers);
        if self.across {
            self.run_across(results.start, reads, registers, partial, out);
        } else {
            self.run_along(results.start, reads, registers, partial, out);
        }
    }

    fn run_along(
        &self,
        begin: usize,
        reads: Reads<'_>,
        registers: &mut Registers,
        partial: &mut Partial,
        out: &mut [u32],
    ) {
        let inner = self.inner;
        if inner <= BLOCK / 2 {
            // Several results from each block.
            let count = BLOCK / inner;
            for (chunk, out) in out.chunks_mut(count).enumerate() {
                let words = &mut partial.words[..out.len() * inner];
                self.blocks.evaluate(reads, registers, (begin + chunk * count) * inner, words);
                for (row, out) in words.chunks_exact(inner).zip(out) {
                    *out = self.finish(self.fold(State::EMPTY, 0, row));
                }
            }
            return;
        }
        let block = self.blocks.block();
        for (i, out) in out.iter_mut().enumerate() {
            let mut state = State::EMPTY;
            for first in (0..inner).step_by(block) {
                let words = &mut partial.words[..block.min(inner - first)];
                self.blocks.evaluate(reads, registers, (begin + i) * inner + first, words);
                state = self.fold(state, first as u32, words);
            }
            *out = self.finish(state);
        }
    }

    /// Takes `words`, which begin at reduced position `first`, into the state of a result.
    fn fold(&self, mut state: State, first: u32, words: &[u32]) -> State {
        match (self.op, self.dtype) {
            (Reduction::Sum, DType::F32) => state.sum += sum(self.level, bytemuck::cast_slice(words)),
            (Reduction::Sum, _) => state.best = words.iter().fold(state.best, |sum, &word| sum.wrapping_add(word)),
            (Reduction::Max, DType::F32) => {
                let max = max(self.level, bytemuck::cast_slice(words)).to_bits();
                if state.empty || beats(self.dtype, max, state.best) {
                    state.best = max;
                }
            }
            (Reduction::Max | Reduction::ArgMax, _) => {
                for (i, &word) in words.iter().enumerate() {
                    if (state.empty && i == 0) || beats(self.dtype, word, state.best) {
                        (state.best, state.index) = (word, first + i as u32);
                    }
                }
            }
        }
        state.empty = false;
        state
    }

    fn finish(&self, state: State) -> u32 {
        match (self.op, self.dtype) {
            (Reduction::Sum, DType::F32) => (state.sum as f32).to_bits(),
            (Reduction::Sum | Reduction::Max, _) => state.best,
            (Reduction::ArgMax, _) => state.index,
        }
    }

    fn run_across(
        &self,
        begin: usize,
        reads: Reads<'_>,
        registers: &mut Registers,
        partial: &mut Partial,
        out: &mut [u32],
    ) {
        let Partial { words, best, index, sums } = partial;
        let outer = self.outer;
        for (chunk, out) in out.chunks_mut(BLOCK).enumerate() {
            let (start, width) = (begin + chunk * BLOCK, out.len());
            let (best, index, sums) = (&mut best[..width], &mut index[..width], &mut sums[..width]);
            // Where a block holds all results, several reduced coordinates are evaluated at a time.
            let rows = if width == outer { (BLOCK / width).clamp(1, ROWS) } else { 1 };
            sums.fill(0.0);
            index.fill(0);
            let mut pending = 0;
            for first in (0..self.inner).step_by(rows) {
                let words = &mut words[..rows.min(self.inner - first) * width];
                self.blocks.evaluate(reads, registers, first * outer + start, words);
                for (i, row) in words.chunks_exact(width).enumerate() {
                    let position = (first + i) as u32;
                    if pending == 0 {
                        best.copy_from_slice(row);
                    }
                    match (self.op, self.dtype) {
                        _ if pending == 0 => {}
                        (Reduction::Sum, DType::F32) => add_rows(self.level, best, row),
                        (Reduction::Sum, _) => {
                            best.iter_mut().zip(row).for_each(|(sum, &word)| *sum = sum.wrapping_add(word));
                        }
                        (Reduction::Max, DType::F32) => max_rows(self.level, best, row),
                        (Reduction::Max | Reduction::ArgMax, _) => {
                            for ((best, index), &word) in best.iter_mut().zip(&mut *index).zip(row) {
                                if beats(self.dtype, word, *best) {
                                    (*best, *index) = (word, position);
                                }
                            }
                        }
                    }
                    pending += 1;
                    if pending == ROWS && (self.op, self.dtype) == (Reduction::Sum, DType::F32) {
                        add_sums(self.level, sums, best);
                        pending = 0;
                    }
                }
            }
            match (self.op, self.dtype) {
                (Reduction::Sum, DType::F32) => {
                    if pending > 0 {
                        add_sums(self.level, sums, best);
                    }
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = (*sum as f32).to_bits());
                }
                (Reduction::Sum | Reduction::Max, _) => out.copy_from_slice(best),
                (Reduction::ArgMax, _) => out.copy_from_slice(index),
            }
        }
    }
}

/// One result under way.
struct State {
    sum: f64,
    best: u32,
    index: u32,
    empty: bool,
}

impl State {
    const EMPTY: Self = Self { sum: 0.0, best: 0, index: 0, empty: true };
}

fn least(dtype: DType) -> u32 {
    match dtype {
        DType::F32 => f32::NEG_INFINITY.to_bits(),
        DType::I32 => i32::MIN as u32,
        DType::U32 | DType::Bool => 0,
    }
}

/// Whether a later word replaces the maximum so far: the first NaN stays.
#[inline(always)]
pub(super) fn beats(dtype: DType, new: u32, kept: u32) -> bool {
    match dtype {
        DType::F32 => float_beats(f32::from_bits(new), f32::from_bits(kept)),
        DType::I32 => new as i32 > kept as i32,
        DType::U32 | DType::Bool => new > kept,
    }
}

#[inline(always)]
pub(super) fn float_beats(new: f32, kept: f32) -> bool {
    new > kept || (new.is_nan() && !kept.is_nan())
}

per_level! {
    /// The sum of a block.
    fn sum(values: &[f32]) -> f64 {
        let (rows, rest) = values.as_chunks::<LANES>();
        let mut lanes = [0.0f32; LANES];
        for row in rows {
            for (lane, value) in lanes.iter_mut().zip(row) {
                *lane += value;
            }
        }
        let rest: f64 = rest.iter().map(|&value| f64::from(value)).sum();
        lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + rest
    }
}

per_level! {
    /// The maximum of a block that is not empty; NaN if any is NaN.
    fn max(values: &[f32]) -> f32 {
        let (rows, rest) = values.as_chunks::<LANES>();
        let mut lanes = [f32::NEG_INFINITY; LANES];
        for row in rows {
            for (lane, &value) in lanes.iter_mut().zip(row) {
                *lane = if float_beats(value, *lane) { value } else { *lane };
            }
        }
        let best = |kept: f32, &value: &f32| if float_beats(value, kept) { value } else { kept };
        rest.iter().fold(lanes.iter().fold(f32::NEG_INFINITY, best), best)
    }
}

per_level! {
    /// Adds floats to floats.
    fn add_rows(sums: &mut [u32], row: &[u32]) {
        for (sum, &word) in sums.iter_mut().zip(row) {
            *sum = (f32::from_bits(*sum) + f32::from_bits(word)).to_bits();
        }
    }
}

per_level! {
    /// Keeps the greater of two floats, NaN if either is NaN.
    fn max_rows(best: &mut [u32], row: &[u32]) {
        for (best, &word) in best.iter_mut().zip(row) {
            *best = if float_beats(f32::from_bits(word), f32::from_bits(*best)) { word } else { *best };
        }
    }
}

per_level! {
    /// Adds floats to doubles.
    fn add_sums(sums: &mut [f64], row: &[u32]) {
        for (sum, &word) in sums.iter_mut().zip(row) {
            *sum += f64::from(f32::from_bits(word));
        }
    }
}
