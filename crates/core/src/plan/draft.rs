//! What the passes between schedule and program work on: steps whose operands are values, of which each is written once and
//! has no place in memory yet.

use super::program::{Expr, Kernel, Operand};

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
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub kernel: Kernel,
    pub reads: Vec<ValueId>,
    pub epilogue: Option<DraftEpilogue>,
    pub write: ValueId,
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
        let write = self.value(words);
        self.steps.push(Draft { kernel, reads, epilogue: None, write });
        write
    }

    /// The step that writes each value.
    pub fn writers(&self) -> Vec<Option<usize>> {
        let mut writers = vec![None; self.values.len()];
        self.steps.iter().enumerate().for_each(|(i, step)| writers[step.write] = Some(i));
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
    /// All values that it reads.
    pub fn all_reads(&self) -> impl Iterator<Item = ValueId> {
        self.reads.iter().chain(self.epilogue.iter().flat_map(|epilogue| &epilogue.reads)).copied()
    }

    /// The step with every value's place.
    pub fn placed(&self, place: impl Fn(ValueId) -> Operand) -> super::Step {
        let epilogue = self.epilogue.as_ref().map(|epilogue| super::Epilogue {
            shape: epilogue.shape.clone(),
            expr: epilogue.expr.clone(),
            reads: epilogue.reads.iter().map(|&value| place(value)).collect(),
        });
        super::Step {
            kernel: self.kernel.clone(),
            reads: self.reads.iter().map(|&value| place(value)).collect(),
            epilogue,
            write: place(self.write),
        }
    }
}
