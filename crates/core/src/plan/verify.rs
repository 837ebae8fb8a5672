//! What must hold of steps between passes, and of a program before a device runs it. A pass that breaks it is found where it
//! does so, not by a wrong number later.

use super::{
    broken,
    draft::{Drafts, Home},
    program::{Buffer, Epilogue, Expr, Kernel, Operand, Program, Source, Step, overlaps},
    view::View,
    walk::Walk,
};
use crate::{Result, ir::Window};
use std::ops::Range;

/// Each value is written once, before it is read, and has the words that are read. Costs nothing in builds without assertions.
pub(super) fn drafts(drafts: &Drafts) -> Result<()> {
    if cfg!(debug_assertions) { check_drafts(drafts) } else { Ok(()) }
}

fn check_drafts(drafts: &Drafts) -> Result<()> {
    let mut written = Covered::default();
    let mut start = Vec::with_capacity(drafts.values.len());
    let mut end = 0;
    for value in &drafts.values {
        start.push(end);
        end += if matches!(value.home, Home::Within { .. }) { 0 } else { value.words };
    }
    let range = |value: usize| {
        let (root, at) = drafts.root(value);
        (start[root] + at, drafts.values[value].words)
    };
    (0..drafts.leaves).for_each(|leaf| written.add(range(leaf)));
    for (i, step) in drafts.steps.iter().enumerate() {
        let operand = |value: usize| {
            let (offset, words) = range(value);
            Operand { buffer: Buffer::Arena, offset, words }
        };
        let placed = step.placed(operand);
        let shown = placed.as_ref().map_or("a loop".into(), ToString::to_string);
        if let Some(value) = step.all_reads().find(|&value| !written.holds(range(value))) {
            return Err(broken(format!("step {i} reads value {value} before it is written: {shown}")));
        }
        if written.touches(range(step.write)) {
            return Err(broken(format!("step {i} writes what has been written: {shown}")));
        }
        if let Some(placed) = &placed {
            inside(placed).map_err(|what| broken(format!("step {i} {what}: {shown}")))?;
        }
        written.add(range(step.write));
    }
    Ok(())
}

/// Every step keeps to the rules, and reads of the arena only what an earlier one has written, on the trips of its loops.
pub fn program(program: &Program) -> Result<()> {
    let walk = Walk::new(program);
    let mut written = Covered::default();
    for (i, made) in program.steps.iter().enumerate() {
        step(program, &walk, i).map_err(|what| broken(format!("step {i} {what}: {made}")))?;
        let mut reads = made.all_reads().filter(|read| read.buffer == Buffer::Arena);
        if reads.any(|read| !written.holds((read.offset, read.words))) {
            return Err(broken(format!("step {i} reads of the arena what no step has written: {made}")));
        }
        if let Some(write) = covers(&walk, i, 0, &made.write).filter(|write| write.buffer == Buffer::Arena) {
            written.add((write.offset, write.words));
        }
    }
    Ok(())
}

/// What is wrong with a step of a program, if anything: operands outside of their buffer, views outside of their operand, a
/// write over what is read, or to what may only be read; on any trip of the loops that it lies in.
pub fn step(program: &Program, walk: &Walk, number: usize) -> Result<(), &'static str> {
    let step = &program.steps[number];
    let mut all = Vec::with_capacity(step.reads.len() + 1);
    for (i, operand) in step.operands().enumerate() {
        let covered = covers(walk, number, i, operand).ok_or("has an operand outside of its buffer")?;
        let len = match operand.buffer {
            Buffer::Arena => program.arena,
            Buffer::External(i) => program.externals.get(i).map_or(0, |external| external.words),
        };
        if covered.offset.checked_add(covered.words).is_none_or(|end| end > len) {
            return Err("has an operand outside of its buffer");
        }
        all.push(covered);
    }
    if let Buffer::External(i) = step.write.buffer
        && !program.externals[i].written
        && step.write.words > 0
    {
        return Err("writes a buffer that is only read");
    }
    // An operand that moves may not come near the result, unless it is the result's own range on every trip.
    let apart = |(i, read): (usize, &Operand)| {
        !overlaps(all[1 + i], all[0]) || (step.value_over(*read).is_some() && walk.together(number, 1 + i))
    };
    if walk.moves(number) && !step.all_reads().enumerate().all(apart) {
        return Err("writes over its input on another trip");
    }
    if step.all_reads().any(|read| overlaps(*read, step.write)) && !step.in_place() {
        return Err("writes over its input");
    }
    inside(step)
}

/// All that an operand covers on the trips of the loops around its step; none if that begins before its buffer.
fn covers(walk: &Walk, step: usize, i: usize, operand: &Operand) -> Option<Operand> {
    let [low, high] = walk.reach(step, i);
    let offset = operand.offset.checked_add_signed(low)?;
    Some(Operand { offset, words: operand.words.checked_add(high.checked_sub(low)? as usize)?, ..*operand })
}

/// Whether every operand has the words that its kernel reads or writes.
fn inside(step: &Step) -> Result<(), &'static str> {
    let has = |i: usize, words: usize| step.reads.get(i).is_some_and(|read| read.words >= words);
    let product = |shape: &[usize]| shape.iter().product::<usize>();
    let sees = |i: usize, view: &View| {
        let span = view.span();
        span.is_empty() || has(i, span.end)
    };
    let (plane, pooled) = (|w: &Window| w.n * w.c * product(&w.size), |w: &Window| w.n * w.c * product(&w.out));
    let (reads_fit, written) = match &step.kernel {
        Kernel::Map { shape, expr, .. } => (loads(expr, &step.reads, None), step.kernel.values() * product(shape)),
        Kernel::Reduce { outer, expr, .. } => (loads(expr, &step.reads, None), product(outer)),
        Kernel::MatMul { a, b } => (sees(0, a) && sees(1, b), a.axes[0].size * a.axes[1].size * b.axes[2].size),
        Kernel::Conv(g) => (has(0, product(&g.x_shape())) && has(1, product(&g.weight_shape())), product(&g.y_shape())),
        Kernel::ConvInputGrad(g) => {
            (has(0, product(&g.y_shape())) && has(1, product(&g.weight_shape())), product(&g.x_shape()))
        }
        Kernel::ConvWeightGrad(g) => {
            (has(0, product(&g.x_shape())) && has(1, product(&g.y_shape())), product(&g.weight_shape()))
        }
        Kernel::MaxPool(w) | Kernel::MaxPoolArg(w) => (has(0, plane(w)), pooled(w)),
        Kernel::Unpool(w) => (has(0, pooled(w)) && has(1, pooled(w)), plane(w)),
        Kernel::MaxUnpool(w) => (w.lie_apart() && has(0, pooled(w)) && has(1, plane(w)), plane(w)),
        Kernel::PoolTake(w) => (has(0, plane(w)) && has(1, pooled(w)), pooled(w)),
        Kernel::Fold { window, input } => (sees(0, input), plane(window)),
        Kernel::Gather(r) => (has(0, r.rows * r.inner) && has(1, r.count), r.count * r.inner),
        Kernel::ScatterAdd(r) => (has(0, r.count * r.inner) && has(1, r.count), r.rows * r.inner),
        Kernel::ArgSort { rows, length, .. } => (has(0, rows * length), rows * length),
    };
    let finished = step
        .epilogue
        .as_ref()
        .is_none_or(|Epilogue { shape, expr, reads }| product(shape) == written && loads(expr, reads, Some(written)));
    if reads_fit && finished && step.write.words == written {
        Ok(())
    } else {
        Err("reads or writes past the end of an operand")
    }
}

/// Whether an expression's loads lie in its reads; `made` are the words that a kernel has made, if it is an epilogue.
fn loads(expr: &Expr, reads: &[Operand], made: Option<usize>) -> bool {
    let has = |i: usize, words: usize| reads.get(i).is_some_and(|read| read.words >= words);
    expr.loads.iter().all(|load| match load.source {
        Source::Read(i) => {
            let span = load.view.span();
            span.is_empty() || has(i, span.end)
        }
        Source::Random { key, .. } => has(key, 2),
        Source::Arange | Source::Const(_) => true,
        Source::Made => load.view.is_contiguous() && made == Some(load.view.len()),
    })
}

/// Ranges of words in their order; none touches another.
#[derive(Default)]
struct Covered(Vec<Range<usize>>);

impl Covered {
    fn add(&mut self, (start, words): (usize, usize)) {
        let end = start + words;
        let first = self.0.partition_point(|range| range.end < start);
        let count = self.0[first..].iter().take_while(|range| range.start <= end).count();
        if count > 0 {
            let merged = start.min(self.0[first].start)..end.max(self.0[first + count - 1].end);
            self.0.drain(first + 1..first + count);
            self.0[first] = merged;
        } else if words > 0 {
            self.0.insert(first, start..end);
        }
    }

    /// The last range that begins before some word.
    fn before(&self, word: usize) -> Option<&Range<usize>> {
        self.0[..self.0.partition_point(|range| range.start < word)].last()
    }

    fn holds(&self, (start, words): (usize, usize)) -> bool {
        words == 0 || self.before(start + 1).is_some_and(|range| range.end >= start + words)
    }

    fn touches(&self, (start, words): (usize, usize)) -> bool {
        words > 0 && self.before(start + words).is_some_and(|range| range.end > start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_merge() {
        let mut covered = Covered::default();
        covered.add((10, 10));
        covered.add((30, 10));
        assert!(
            covered.holds((12, 8)) && !covered.holds((12, 9)) && covered.touches((0, 11)) && !covered.touches((20, 10))
        );
        covered.add((20, 10));
        assert!(covered.holds((10, 30)) && covered.0.len() == 1);
    }
}
