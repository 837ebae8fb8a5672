//! The last passes: where each value lies. A result goes over the leaf that it replaces, if nothing needs the old value any
//! more; else it is copied there at the end. Then intermediates share the arena.

use super::{
    Options, Plan, Target,
    draft::{Draft, Drafts, Home, ValueId, Work},
    expr::{load, localise},
    memory,
    program::{ALIGNMENT, Buffer, External, Kernel, Operand, Program, Source},
    view::View,
};
use crate::DType;
use rustc_hash::FxHashMap;

/// The program of these steps, over external buffers of so many words for the leaves and further ones as [`super::compile_at`]
/// says.
pub(super) fn place(mut drafts: Drafts, buffers: &[usize], results: &[(ValueId, Target)], options: &Options) -> Plan {
    let external = |&words: &usize| External { words, written: false };
    let mut externals: Vec<External> = buffers.iter().map(external).collect();
    if drafts.values.iter().any(|value| value.home == Home::State) {
        let words = place_state(&mut drafts, externals.len());
        externals.push(external(&words));
    }
    let (writers, reads) = (drafts.writers(), LeafReads::new(&drafts));
    let mut copies = Vec::new();
    for &(value, target) in results {
        match target {
            Target::New => {
                let words = drafts.values[value].words;
                // What a loop leaves behind lies within memory that is kept for it.
                let (root, _) = drafts.root(value);
                debug_assert_eq!(drafts.values[root].words, words, "a result has memory of its own");
                drafts.values[root].home = Home::External { buffer: externals.len(), offset: 0 };
                externals.push(External { words, written: true });
            }
            Target::Leaf(leaf) => {
                let (root, _) = drafts.root(leaf);
                let Home::External { buffer, .. } = drafts.values[root].home else {
                    unreachable!("leaves lie in external buffers")
                };
                externals[buffer].written = true;
                if !replace(&mut drafts, &writers, &reads, value, leaf) {
                    copies.push((value, leaf));
                }
            }
        }
    }
    for (value, leaf) in copies {
        let words = drafts.values[value].words;
        let (expr, reads) = localise(load(Source::Read(value), View::contiguous(&[words]), DType::U32));
        let copy = drafts.step(Kernel::map(vec![words], expr), reads, words);
        drafts.values[copy].home = Home::Within { whole: leaf, offset: 0 };
    }
    lay_out(&drafts, externals, options)
}

/// Gives all state a place in a buffer of its own, rows first; the buffer's length in words.
fn place_state(drafts: &mut Drafts, buffer: usize) -> usize {
    let mut offset = 0;
    for value in (drafts.leaves..drafts.values.len()).chain(0..drafts.leaves) {
        if drafts.values[value].home == Home::State {
            drafts.values[value].home = Home::External { buffer, offset };
            offset += drafts.values[value].words.next_multiple_of(ALIGNMENT);
        }
    }
    offset
}

/// Where a value lies that lies in an external buffer: which one, and from which word on. Two leaves may lie at one place.
fn outside(drafts: &Drafts, value: ValueId) -> Option<(usize, usize)> {
    let (root, at) = drafts.root(value);
    match drafts.values[root].home {
        Home::External { buffer, offset } => Some((buffer, offset + at)),
        _ => None,
    }
}

/// Which steps read the leaves before anything replaces them: for each buffer, the ranges that are read.
struct LeafReads(FxHashMap<usize, Vec<(usize, usize, usize)>>);

impl LeafReads {
    fn new(drafts: &Drafts) -> Self {
        let mut reads: FxHashMap<usize, Vec<(usize, usize, usize)>> = FxHashMap::default();
        for (i, step) in drafts.steps.iter().enumerate() {
            for value in step.all_reads() {
                if let Some((buffer, at)) = outside(drafts, value) {
                    reads.entry(buffer).or_default().push((at, drafts.values[value].words, i));
                }
            }
        }
        Self(reads)
    }

    /// The last step that reads any of these words.
    fn last(&self, buffer: usize, at: usize, words: usize) -> Option<usize> {
        let overlapping =
            self.0.get(&buffer)?.iter().filter(|&&(start, len, _)| start < at + words && at < start + len);
        overlapping.map(|&(_, _, step)| step).max()
    }
}

/// Lays a result, with the row that it is in, over the leaf that it replaces, if that leaf's value is not needed any more
/// when the result is written. Returns whether it is there.
fn replace(drafts: &mut Drafts, writers: &[Option<usize>], reads: &LeafReads, value: ValueId, leaf: ValueId) -> bool {
    let (whole, within) = drafts.root(value);
    let (root, at) = drafts.root(leaf);
    if whole == root {
        return within == at;
    }
    let Some(writer) = writers[whole] else { return false };
    // The row's own leaves lie one after the other as well; this one's place says where they begin.
    let Some(start) = at.checked_sub(within) else { return false };
    let words = drafts.values[whole].words;
    if drafts.values[whole].home != Home::Arena || start + words > drafts.values[root].words {
        return false;
    }
    let Some((buffer, place)) = outside(drafts, root).map(|(buffer, offset)| (buffer, offset + start)) else {
        return false;
    };
    let needed_later = reads.last(buffer, place, words).is_some_and(|last| last > writer);
    if needed_later || !writes_over(drafts, &drafts.steps[writer], (buffer, place), words) {
        return false;
    }
    drafts.values[whole].home = Home::Within { whole: root, offset: start };
    true
}

/// Whether a step may write these words of a buffer: what it reads of them, it reads element by element.
fn writes_over(drafts: &Drafts, step: &Draft, place: (usize, usize), words: usize) -> bool {
    let overlaps = |&value: &ValueId| {
        let len = drafts.values[value].words;
        outside(drafts, value)
            .is_some_and(|(buffer, start)| buffer == place.0 && start < place.1 + words && place.1 < start + len)
    };
    let mut read = step.all_reads().filter(overlaps);
    let each = words / step.values();
    let same = |value: ValueId| {
        let mut places = (0..step.values()).map(|i| (place.0, place.1 + i * each));
        drafts.values[value].words == each && places.any(|place| outside(drafts, value) == Some(place))
    };
    read.all(|value| same(value) && replaces_in_place(step, value))
}

/// Whether a step may write over a value that it reads: it reads it only element by element.
pub(super) fn replaces_in_place(step: &Draft, value: ValueId) -> bool {
    let Some((_, expr)) = step.map() else { return false };
    step.epilogue.is_none()
        && expr.loads.iter().all(|load| match load.source {
            Source::Read(i) => step.reads[i] != value || load.view.is_contiguous(),
            Source::Random { key, .. } => step.reads[key] != value,
            Source::Arange | Source::Const(_) => true,
            Source::Made => false,
        })
}

fn lay_out(drafts: &Drafts, externals: Vec<External>, options: &Options) -> Plan {
    let (offsets, arena) = memory::plan(drafts, options.reuse);
    let operand = |value: ValueId| {
        let (root, at) = drafts.root(value);
        let words = drafts.values[value].words;
        match drafts.values[root].home {
            Home::External { buffer, offset } => {
                Operand { buffer: Buffer::External(buffer), offset: offset + at, words }
            }
            _ => Operand { buffer: Buffer::Arena, offset: offsets[root] + at, words },
        }
    };
    let (mut steps, mut loops) = (Vec::new(), Vec::new());
    for step in &drafts.steps {
        match &step.work {
            Work::Loop(nested) => nested.splice(&operand, operand(step.write), &mut steps, &mut loops),
            Work::Kernel(_) if drafts.values[step.write].words > 0 => steps.extend(step.placed(operand)),
            Work::Kernel(_) | Work::Reserve => {}
        }
    }
    Plan { program: Program { externals, arena, steps, loops }, leaves: (0..drafts.leaves).map(operand).collect() }
}
