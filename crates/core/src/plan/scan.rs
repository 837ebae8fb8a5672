//! How a loop over time is planned: its body becomes a program of its own, which is spliced in as a range of steps that repeat.
//! Carries lie in memory of their own and are replaced there; slices are operands that move; what a trip leaves in scratch
//! memory ends with it, so all trips share one range.

use super::{
    Target, compile,
    draft::{Home, Value, ValueId, Work},
    expr::{localise, read},
    program::{Buffer, Kernel, Operand, Program, Step},
    schedule::Schedule,
    walk::{Loop, Move},
};
use crate::{
    Result,
    ir::{NodeId, Scan},
};
use std::rc::Rc;

/// A loop among the steps of a program being made.
pub(super) struct Nested {
    program: Program,
    trips: usize,
    /// The value that each external of the program is.
    values: Vec<ValueId>,
    /// By how many words each external moves a trip.
    moves: Vec<isize>,
    /// Where it begins.
    starts: Vec<usize>,
    /// What it leaves behind.
    results: Vec<ValueId>,
}

impl Schedule<'_> {
    /// The value of a result of a loop. The loop is planned once, when the first of its results is met.
    pub(super) fn scan(&mut self, id: NodeId, scan: &Rc<Scan>, pick: usize) -> Result<crate::plan::Expr> {
        let inputs = self.graph.nodes[id].inputs.clone();
        let key = (Rc::as_ptr(scan), inputs);
        let results = match self.loops.get(&key) {
            Some(results) => results,
            None => {
                let results = self.nested(scan, &key.1)?;
                self.loops.entry(key).or_insert(results)
            }
        };
        let node = &self.graph.nodes[id];
        Ok(read(results[pick], &node.shape, node.dtype))
    }

    /// Plans a loop; the values of all its results.
    fn nested(&mut self, scan: &Scan, inputs: &[NodeId]) -> Result<Vec<ValueId>> {
        let (carries, slices, trips) = (scan.carries(), scan.slices(), scan.trips());
        let mut values: Vec<ValueId> = Vec::with_capacity(inputs.len());
        for &input in &inputs[..carries] {
            // A copy of its own, which the loop may replace.
            let node = &self.graph.nodes[input];
            let (expr, reads) = localise(self.forms[input].clone());
            let kernel = Kernel::map(node.shape.to_vec(), expr);
            values.push(self.drafts.step(kernel, reads, node.shape.len()));
        }
        for &input in &inputs[carries..] {
            let value = self.in_memory(input);
            values.push(value);
        }
        for pick in carries..scan.results() {
            let (shape, _) = scan.result(pick)?;
            values.push(self.drafts.draft(Work::Reserve, vec![], shape.len()));
        }
        let last = (0..carries).chain(inputs.len()..values.len());
        let mut results: Vec<ValueId> = last.map(|i| values[i]).collect();
        if trips > 0 {
            // What a loop leaves behind are values of their own, so that who reads them comes after it.
            for result in &mut results {
                let words = self.drafts.values[*result].words;
                self.drafts.values.push(Value { words, home: Home::Within { whole: *result, offset: 0 } });
                *result = self.drafts.values.len() - 1;
            }
            let count = scan.results() - carries;
            let mut targets: Vec<Target> = (0..carries).map(Target::Leaf).collect();
            targets.resize(carries + count, Target::New);
            let program = compile(scan.body(), &targets, self.options)?;
            let moving = |i: &usize| (carries..carries + slices).contains(i) || *i >= inputs.len();
            let by = |i: usize| if moving(&i) { program.externals[i].words as isize } else { 0 };
            let last = |i: usize| if scan.is_reverse() { by(i) as usize * (trips - 1) } else { 0 };
            let starts = (0..values.len()).map(last).collect();
            let moves = (0..values.len()).map(|i| if scan.is_reverse() { -by(i) } else { by(i) }).collect();
            let (reads, words) = (values.clone(), program.arena);
            let nested = Nested { program, trips, values, moves, starts, results: results.clone() };
            self.drafts.draft(Work::Loop(Rc::new(nested)), reads, words);
        }
        Ok(results)
    }
}

impl Nested {
    /// The values that it leaves behind: last carries, then products.
    pub(super) fn results(&self) -> &[ValueId] {
        &self.results
    }

    /// Adds its steps to a program, given where values lie; `scratch` is for its intermediates.
    pub(super) fn splice(
        &self,
        place: &dyn Fn(ValueId) -> Operand,
        scratch: Operand,
        steps: &mut Vec<Step>,
        loops: &mut Vec<Loop>,
    ) {
        let first = steps.len();
        let mut moves = Vec::new();
        for (i, step) in self.program.steps.iter().enumerate() {
            let mut settle = |operand: &Operand, number: usize| match operand.buffer {
                Buffer::Arena => {
                    Operand { offset: scratch.offset + operand.offset, buffer: scratch.buffer, ..*operand }
                }
                Buffer::External(e) => {
                    let whole = place(self.values[e]);
                    if self.moves[e] != 0 {
                        moves.push(Move { step: first + i, operand: number, by: self.moves[e] });
                    }
                    let offset = whole.offset + self.starts[e] + operand.offset;
                    Operand { buffer: whole.buffer, offset, words: operand.words }
                }
            };
            let mut number = 0;
            steps.push(step.moved(|operand| {
                number += 1;
                settle(operand, number - 1)
            }));
        }
        loops.extend(self.program.loops.iter().map(|l| Loop {
            steps: l.steps.start + first..l.steps.end + first,
            trips: l.trips,
            moves: l.moves.iter().map(|m| Move { step: m.step + first, ..*m }).collect(),
        }));
        if steps.len() > first && self.trips > 1 {
            loops.push(Loop { steps: first..steps.len(), trips: self.trips, moves });
        }
    }
}
