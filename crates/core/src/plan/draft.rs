//! What the passes between schedule and program work on: steps whose operands are values, of which each is written once and
//! has no place in memory yet.

use super::{
    program::{Epilogue, Expr, Kernel, Operand, Step},
    scan::Nested,
};
use std::rc::Rc;

/// Position of a value in [`Drafts::values`].
pub(super) type ValueId = usize;

/// Steps in the making.
#[derive(Default)]
pub(super) struct Drafts {
    /// The leaves in their order, then what steps write.
    pub values: Vec<Value>,
    /// How many of the values are leaves.
    pub leaves: usize,
    /// In the order in which they run.
    pub steps: Vec<Draft>,
}

/// Something that lies in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub words: usize,
    pub home: Home,
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In the arena, wherever there is room.
    Arena,
    /// In the state buffer, wherever it suits the program.
    State,
    /// From this word of an external buffer on.
    External { buffer: usize, offset: usize },
    /// From this word of another value on.
    Within { whole: ValueId, offset: usize },
}

/// A step whose operands are values.
#[derive(Clone)]
pub(super) struct Draft {
    pub work: Work,
    pub reads: Vec<ValueId>,
    pub epilogue: Option<DraftEpilogue>,
    pub write: ValueId,
}

/// What a draft becomes.
#[derive(Clone)]
pub(super) enum Work {
    /// A step.
    Kernel(Kernel),
    /// Nothing: it only keeps memory for the value that it writes, which a loop fills.
    Reserve,
    /// The steps of a loop; `write` is memory for its intermediates. What it leaves behind are values of their own, which
    /// lie within some of those that it reads.
    Loop(Rc<Nested>),
}

/// See [`super::Epilogue`].
#[derive(Clone, Debug)]
pub(super) struct DraftEpilogue {
    pub shape: Vec<usize>,
    pub expr: Expr,
    pub reads: Vec<ValueId>,
}

impl Drafts {
    /// A new value in the arena.
    pub fn value(&mut self, words: usize) -> ValueId {
        self.values.push(Value { words, home: Home::Arena });
        self.values.len() - 1
    }

    /// Adds a step; the value that it writes.
    pub fn step(&mut self, kernel: Kernel, reads: Vec<ValueId>, words: usize) -> ValueId {
        self.draft(Work::Kernel(kernel), reads, words)
    }

    /// The same for any work.
    pub fn draft(&mut self, work: Work, reads: Vec<ValueId>, words: usize) -> ValueId {
        let write = self.value(words);
        self.steps.push(Draft { work, reads, epilogue: None, write });
        write
    }

    /// The step that writes each value.
    pub fn writers(&self) -> Vec<Option<usize>> {
        let mut writers = vec![None; self.values.len()];
        for (i, step) in self.steps.iter().enumerate() {
            step.writes().for_each(|value| writers[value] = Some(i));
        }
        writers
    }

    /// The value that lies in no other, in which a value lies, and from which word on.
    pub fn root(&self, mut value: ValueId) -> (ValueId, usize) {
        let mut at = 0;
        while let Home::Within { whole, offset } = self.values[value].home {
            (value, at) = (whole, at + offset);
        }
        (value, at)
    }
}

impl Draft {
    /// Shape and expression, if it is element-wise.
    pub fn map(&self) -> Option<(&[usize], &Expr)> {
        match &self.work {
            Work::Kernel(Kernel::Map { shape, expr, .. }) => Some((shape, expr)),
            _ => None,
        }
    }

    /// How many values it writes one after the other.
    pub fn values(&self) -> usize {
        if let Work::Kernel(kernel) = &self.work { kernel.values() } else { 1 }
    }

    /// All values that it reads.
    pub fn all_reads(&self) -> impl Iterator<Item = ValueId> {
        self.reads.iter().chain(self.epilogue.iter().flat_map(|epilogue| &epilogue.reads)).copied()
    }

    /// All values that it makes.
    pub fn writes(&self) -> impl Iterator<Item = ValueId> {
        let results = match &self.work {
            Work::Loop(nested) => nested.results(),
            Work::Kernel(_) | Work::Reserve => &[],
        };
        std::iter::once(self.write).chain(results.iter().copied())
    }

    /// The step with every value's place; none if there are no steps, or many.
    pub fn placed(&self, place: impl Fn(ValueId) -> Operand) -> Option<Step> {
        let Work::Kernel(kernel) = &self.work else { return None };
        let epilogue = self.epilogue.as_ref().map(|epilogue| Epilogue {
            shape: epilogue.shape.clone(),
            expr: epilogue.expr.clone(),
            reads: epilogue.reads.iter().map(|&value| place(value)).collect(),
        });
        let reads = self.reads.iter().map(|&value| place(value)).collect();
        Some(Step { kernel: kernel.clone(), reads, epilogue, write: place(self.write) })
    }
}
