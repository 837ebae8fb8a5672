//! Where intermediates lie: each value takes a range of the arena from the step that makes it to the last that reads it.
//! First fit over a sorted list of free ranges; a step writes over an input that dies with it where that is safe.

use super::{
    program::ALIGNMENT,
    schedule::{Draft, Value, replaces_in_place},
};
use std::collections::BTreeMap;

/// The offset of every value that lies in the arena (0 for others), and the arena's size, in words.
pub(super) fn plan(values: &[Value], drafts: &[Draft]) -> (Vec<usize>, usize) {
    let mut last = vec![0; values.len()];
    for (step, draft) in drafts.iter().enumerate() {
        last[draft.write] = step;
        draft.reads.iter().for_each(|&value| last[value] = step);
    }
    let lies_here = |value: usize| values[value].external.is_none() && values[value].words > 0;
    let mut offsets = vec![0; values.len()];
    let mut arena = Arena::default();
    for (step, draft) in drafts.iter().enumerate() {
        let mut dying: Vec<usize> = draft.reads.iter().copied().filter(|&v| lies_here(v) && last[v] == step).collect();
        dying.sort_unstable();
        dying.dedup();
        if lies_here(draft.write) {
            let heir = |&v: &usize| values[v].words == values[draft.write].words && replaces_in_place(draft, v);
            offsets[draft.write] = match dying.iter().position(heir) {
                Some(i) => offsets[dying.swap_remove(i)],
                None => arena.take(values[draft.write].words),
            };
            if last[draft.write] == step {
                dying.push(draft.write);
            }
        }
        dying.into_iter().for_each(|value| arena.give_back(offsets[value], values[value].words));
    }
    (offsets, arena.end)
}

/// Free ranges by offset, and the end of what was ever taken.
#[derive(Default)]
struct Arena {
    free: BTreeMap<usize, usize>,
    end: usize,
}

impl Arena {
    fn take(&mut self, words: usize) -> usize {
        let size = words.next_multiple_of(ALIGNMENT);
        if let Some((&offset, &length)) = self.free.iter().find(|&(_, &length)| length >= size) {
            self.free.remove(&offset);
            if length > size {
                self.free.insert(offset + size, length - size);
            }
            return offset;
        }
        // Grow, from the last free range if it touches the end.
        let offset = match self.free.last_key_value() {
            Some((&offset, &length)) if offset + length == self.end => {
                self.free.remove(&offset);
                offset
            }
            _ => self.end,
        };
        self.end = offset + size;
        offset
    }

    fn give_back(&mut self, offset: usize, words: usize) {
        let (mut offset, mut length) = (offset, words.next_multiple_of(ALIGNMENT));
        if let Some(after) = self.free.remove(&(offset + length)) {
            length += after;
        }
        if let Some((&before, &size)) = self.free.range(..offset).next_back()
            && before + size == offset
        {
            self.free.remove(&before);
            (offset, length) = (before, size + length);
        }
        self.free.insert(offset, length);
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
