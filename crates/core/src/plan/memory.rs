//! Where intermediates lie: each value takes a range of the arena from the step that makes it to the last that reads it.
//! First fit over a sorted list of free ranges; a step writes over an input that dies with it where that is safe.

use super::{
    draft::{Drafts, Home, ValueId},
    place::replaces_in_place,
    program::ALIGNMENT,
};
use std::ops::Range;

/// The offset of every value that lies in the arena, and in no other value (0 for others), and the arena's size, in words.
/// Without `reuse` each has a range of its own.
pub(super) fn plan(drafts: &Drafts, reuse: bool) -> (Vec<usize>, usize) {
    let values = &drafts.values;
    let mut last = vec![0; values.len()];
    for (i, step) in drafts.steps.iter().enumerate() {
        step.all_reads().chain(step.writes()).for_each(|value| last[drafts.root(value).0] = i);
    }
    let lies_here = |value: ValueId| values[value].home == Home::Arena && values[value].words > 0;
    let mut offsets = vec![0; values.len()];
    let mut taken = vec![false; values.len()];
    let mut arena = Arena::default();
    for (i, step) in drafts.steps.iter().enumerate() {
        let mut dying: Vec<ValueId> = step.all_reads().map(|value| drafts.root(value).0).collect();
        dying.retain(|&value| reuse && lies_here(value) && last[value] == i);
        dying.sort_unstable();
        dying.dedup();
        let written = drafts.root(step.write).0;
        if lies_here(written) && !std::mem::replace(&mut taken[written], true) {
            let words = values[written].words;
            let heir = |&value: &ValueId| {
                let mut read = step.all_reads().filter(|&read| drafts.root(read).0 == value);
                step.write == written
                    && step.values() == 1
                    && values[value].words == words
                    && read.all(|read| values[read].words == words && replaces_in_place(step, read))
            };
            offsets[written] = match dying.iter().position(heir) {
                Some(i) => offsets[dying.swap_remove(i)],
                None => arena.take(words),
            };
        }
        if reuse && lies_here(written) && last[written] == i && !dying.contains(&written) {
            dying.push(written);
        }
        dying.into_iter().for_each(|value| arena.give_back(offsets[value], values[value].words));
    }
    (offsets, arena.end)
}

/// Free ranges in their order, none touching another, and the end of what was ever taken.
#[derive(Default)]
struct Arena {
    free: Vec<Range<usize>>,
    end: usize,
}

impl Arena {
    fn take(&mut self, words: usize) -> usize {
        let size = words.next_multiple_of(ALIGNMENT);
        if let Some(i) = self.free.iter().position(|range| range.len() >= size) {
            let offset = self.free[i].start;
            self.free[i].start += size;
            if self.free[i].is_empty() {
                self.free.remove(i);
            }
            return offset;
        }
        // Grow, from the last free range if it touches the end.
        let last = self.free.pop_if(|last| last.end == self.end);
        let offset = last.map_or(self.end, |last| last.start);
        self.end = offset + size;
        offset
    }

    fn give_back(&mut self, offset: usize, words: usize) {
        let end = offset + words.next_multiple_of(ALIGNMENT);
        let after = self.free.partition_point(|range| range.start < offset);
        let joins_after = self.free.get(after).is_some_and(|range| range.start == end);
        match after.checked_sub(1).filter(|&before| self.free[before].end == offset) {
            Some(before) if joins_after => self.free[before].end = self.free.remove(after).end,
            Some(before) => self.free[before].end = end,
            None if joins_after => self.free[after].start = offset,
            None => self.free.insert(after, offset..end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_merge_and_are_taken_again() {
        let mut arena = Arena::default();
        let at: Vec<usize> = (0..4).map(|_| arena.take(100)).collect();
        assert_eq!(at, [0, 128, 256, 384]);
        arena.give_back(at[1], 100);
        arena.give_back(at[2], 100);
        assert_eq!(arena.take(256), 128);
        arena.give_back(at[3], 100);
        assert_eq!(arena.take(200), 384, "the last free range grows");
        assert_eq!(arena.end, 640);
    }
}
