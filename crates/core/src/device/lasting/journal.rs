//! What a device that may be lost has been asked for since the values on it were last copied to the host: enough to bring
//! another device to the same state.

use super::super::{BufferId, ExecutableId};
use crate::plan::Program;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

/// A buffer as the caller knows it.
pub struct Buffer {
    pub id: BufferId,
    pub words: usize,
    /// What it held when the journal begins; none where that is all 0.
    pub base: RefCell<Option<Vec<u32>>>,
    /// Whether anything has read or changed it.
    pub touched: Cell<bool>,
    /// Whether the caller still has it. Others are here for the journal's sake.
    pub live: Cell<bool>,
}

/// A program as the caller knows it.
pub struct Executable {
    pub id: ExecutableId,
    pub program: Program,
    /// What it ran on last.
    pub last: RefCell<Vec<BufferId>>,
    /// The same as the journal has it, while it does.
    pub bound: RefCell<Weak<[Rc<Buffer>]>>,
    /// When it ran last, counted in runs of any program.
    pub used: Cell<u64>,
    /// How long it ran while that was of interest, in ms, and how many repetitions that were.
    pub spent: Cell<(f64, usize)>,
    /// Whether it was told to be worth a better device.
    pub told: Cell<bool>,
}

/// Something that was done, in whole.
pub enum Entry {
    Write { to: Rc<Buffer>, offset: usize, words: Vec<u32> },
    Copy { from: Rc<Buffer>, from_offset: usize, to: Rc<Buffer>, to_offset: usize, words: usize },
    Run { executable: Rc<Executable>, bound: Rc<[Rc<Buffer>]>, times: Cell<usize> },
}

/// What was done, in order.
#[derive(Default)]
pub struct Journal {
    entries: Vec<Rc<Entry>>,
    /// Words that it keeps in memory, about.
    words: usize,
}

impl Journal {
    pub fn push(&mut self, entry: Entry) {
        self.words += entry.words();
        self.entries.push(Rc::new(entry));
    }

    /// Notes runs, which are one entry with those before if nothing else happened between and `merge` allows it.
    pub fn ran(&mut self, executable: &Rc<Executable>, bound: &Rc<[Rc<Buffer>]>, times: usize, merge: bool) {
        if let Some(Entry::Run { executable: last, bound: on, times: before }) = self.entries.last().map(|e| &**e)
            && merge
            && Rc::ptr_eq(last, executable)
            && Rc::ptr_eq(on, bound)
        {
            return before.update(|n| n + times);
        }
        let (executable, bound, times) = (executable.clone(), bound.clone(), Cell::new(times));
        self.push(Entry::Run { executable, bound, times });
    }

    /// Words that were kept beside the entries, for buffers that they may outlive.
    pub fn keeps(&mut self, words: usize) {
        self.words += words;
    }

    pub fn entry(&self, number: usize) -> Option<Rc<Entry>> {
        self.entries.get(number).cloned()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn words(&self) -> usize {
        self.words
    }

    /// The most often that any of its programs was run.
    pub fn repetitions(&self) -> usize {
        let runs = |entry: &Rc<Entry>| match &**entry {
            Entry::Run { executable, times, .. } => Some((Rc::as_ptr(executable), times.get())),
            Entry::Write { .. } | Entry::Copy { .. } => None,
        };
        let mut sums = FxHashMap::default();
        for (executable, times) in self.entries.iter().filter_map(runs) {
            *sums.entry(executable).or_insert(0) += times;
        }
        sums.into_values().max().unwrap_or(0)
    }

    /// The caller's buffers that are no longer what their bases say, and for those that were last written whole from the
    /// host, where.
    pub fn changed(&self) -> Vec<(Rc<Buffer>, Option<usize>)> {
        let mut seen = FxHashSet::default();
        let mut changed = Vec::new();
        let mut note = |buffer: &Rc<Buffer>, whole: Option<usize>| {
            if seen.insert(buffer.id) && buffer.live.get() {
                changed.push((buffer.clone(), whole));
            }
        };
        for (number, entry) in self.entries.iter().enumerate().rev() {
            match &**entry {
                Entry::Write { to, words, .. } => note(to, (words.len() == to.words).then_some(number)),
                Entry::Copy { to, .. } => note(to, None),
                Entry::Run { executable, bound, .. } => {
                    let written = executable.program.externals.iter().zip(bound.iter()).filter(|(e, _)| e.written);
                    written.for_each(|(_, buffer)| note(buffer, None));
                }
            }
        }
        changed
    }

    /// Forgets the first entries: the bases have them now.
    pub fn forget(&mut self, entries: usize) {
        self.entries.drain(..entries);
        self.words = self.entries.iter().map(|entry| entry.words()).sum();
    }
}

impl Entry {
    fn words(&self) -> usize {
        match self {
            Self::Write { words, .. } => words.len(),
            Self::Copy { .. } | Self::Run { .. } => 0,
        }
    }
}
