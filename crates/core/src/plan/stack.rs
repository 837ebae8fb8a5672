//! The pass after batching: an element-wise step makes several values at once. A step does the work of earlier ones whose values it
//! reads element by element, or that read what it reads: an optimiser updates a parameter and its moments in one go, which reads
//! each once.
//!
//! What such a step writes is one value, in which those of the steps lie one after the other. So does the state that they replace.

use super::{
    Options, Target,
    draft::{Draft, Drafts, Home, Value, ValueId, Work},
    expr::localise,
    program::{Expr, Instr, Kernel, Load, Source},
};
use rustc_hash::FxHashMap;

/// How far back a step looks for others: what one optimiser makes lies together, and work must not grow faster than programs.
const NEAR: usize = 32;

/// Joins the steps that can be.
pub(super) fn stack(drafts: &mut Drafts, results: &[(ValueId, Target)], options: &Options) {
    let states = states(drafts, results);
    let mut gone = vec![false; drafts.steps.len()];
    for last in (0..drafts.steps.len()).rev() {
        if gone[last] {
            continue;
        }
        let Some(mut made) = Stack::of(drafts, &states, &drafts.steps[last]) else { continue };
        let mut taken = Vec::new();
        for i in (last.saturating_sub(NEAR)..last).rev().filter(|&i| !gone[i]) {
            let step = &drafts.steps[i];
            // Steps that stay between this one and the last.
            let later = (i + 1..last).filter(|&j| !gone[j] && !taken.contains(&j));
            let mut read_later = later.flat_map(|j| drafts.steps[j].all_reads()).map(|value| drafts.root(value).0);
            if read_later.any(|read| read == step.write) {
                continue;
            }
            if let Some(more) = Stack::of(drafts, &states, step).and_then(|step| made.with(drafts, &step, options)) {
                made = more;
                taken.push(i);
            }
        }
        if !taken.is_empty() {
            taken.iter().for_each(|&i| gone[i] = true);
            drafts.steps[last] = made.step(drafts);
        }
    }
    let mut gone = gone.into_iter();
    drafts.steps.retain(|_| gone.next() == Some(false));
}

/// The state that each value replaces from its first word to its last; none where some of it is a result of another kind.
fn states(drafts: &Drafts, results: &[(ValueId, Target)]) -> FxHashMap<ValueId, Option<ValueId>> {
    let mut states = FxHashMap::default();
    for &(value, target) in results {
        let (whole, at) = drafts.root(value);
        let state = match target {
            Target::New => None,
            Target::Leaf(leaf) => {
                let (state, place) = drafts.root(leaf);
                let fits = at == place && drafts.values[state].words == drafts.values[whole].words;
                (fits && drafts.values[state].home == Home::State).then_some(state)
            }
        };
        let known = states.entry(whole).or_insert(state);
        if *known != state {
            *known = None;
        }
    }
    states
}

/// Steps that become one: an expression whose sources name values.
struct Stack {
    shape: Vec<usize>,
    expr: Expr,
    /// For each value the register that it comes from, where it is written, and the state that it replaces.
    values: Vec<(usize, ValueId, Option<ValueId>)>,
}

impl Stack {
    /// A step alone, if it may be among others.
    fn of(drafts: &Drafts, states: &FxHashMap<ValueId, Option<ValueId>>, step: &Draft) -> Option<Self> {
        let (shape, expr) = step.map()?;
        let lies_alone = drafts.values[step.write].home == Home::Arena && drafts.values[step.write].words > 0;
        if step.epilogue.is_some() || step.values() > 1 || !lies_alone {
            return None;
        }
        let state = match states.get(&step.write) {
            Some(&replaced) => Some(replaced?),
            None => None,
        };
        let mut expr = expr.clone();
        for load in &mut expr.loads {
            load.source = match load.source {
                Source::Read(i) => Source::Read(step.reads[i]),
                Source::Random { key, stream } => Source::Random { key: step.reads[key], stream },
                other => other,
            };
        }
        let last = expr.instrs.len() - 1;
        Some(Self { shape: shape.to_vec(), expr, values: vec![(last, step.write, state)] })
    }

    /// This and an earlier step, if they go together.
    fn with(&self, drafts: &Drafts, step: &Self, options: &Options) -> Option<Self> {
        let &(value, write, state) = step.values.first()?;
        let others = || self.values.iter().map(|&(_, _, state)| state);
        let alike = others().all(|other| other.is_some() == state.is_some() && (state.is_none() || other != state));
        let shares = self.expr.loads.iter().any(|load| match load.source {
            Source::Read(read) => read == write || step.expr.loads.contains(load),
            _ => false,
        });
        if self.shape != step.shape || !alike || !shares {
            return None;
        }
        let mut expr = step.expr.clone();
        let mut registers = Vec::with_capacity(self.expr.instrs.len());
        for (instr, &dtype) in self.expr.instrs.iter().zip(&self.expr.types) {
            let load = |l: usize| &self.expr.loads[l];
            let at = |a: usize| registers[a];
            let register = match *instr {
                Instr::Load(l) if reads_of(drafts, load(l), write) => {
                    let whole = load(l).source == Source::Read(write) && load(l).view.is_contiguous();
                    (whole && load(l).view.len() == drafts.values[write].words).then_some(value)?
                }
                Instr::Load(l) => expr.load(load(l).clone(), dtype),
                Instr::Unary(f, a) => expr.push(Instr::Unary(f, at(a)), dtype),
                Instr::Binary(f, a, b) => expr.push(Instr::Binary(f, at(a), at(b)), dtype),
                Instr::Select(c, a, b) => expr.push(Instr::Select(at(c), at(a), at(b)), dtype),
                Instr::Cast(a) => expr.push(Instr::Cast(at(a)), dtype),
            };
            registers.push(register);
        }
        let fits = super::expr::reads(&expr).len() <= options.max_reads && expr.instrs.len() <= options.max_instrs;
        // The first value is that of the last instruction.
        let stays_last = registers.last() == Some(&(expr.instrs.len() - 1));
        let mut values: Vec<_> = self.values.iter().map(|&(r, write, state)| (registers[r], write, state)).collect();
        values.push((value, write, state));
        (fits && stays_last).then(|| Self { shape: self.shape.clone(), expr, values })
    }

    /// The one step, its values and their states laid out.
    fn step(self, drafts: &mut Drafts) -> Draft {
        let mut row = |home: Home, values: &[ValueId]| -> ValueId {
            let words = values.iter().map(|&value| drafts.values[value].words).sum();
            drafts.values.push(Value { words, home });
            let whole = drafts.values.len() - 1;
            let mut offset = 0;
            for &value in values {
                drafts.values[value].home = Home::Within { whole, offset };
                offset += drafts.values[value].words;
            }
            whole
        };
        let states: Vec<ValueId> = self.values.iter().filter_map(|&(_, _, state)| state).collect();
        if !states.is_empty() {
            row(Home::State, &states);
        }
        let writes: Vec<ValueId> = self.values.iter().map(|&(_, write, _)| write).collect();
        let write = row(Home::Arena, &writes);
        let more = self.values[1..].iter().map(|&(register, _, _)| register).collect();
        let (expr, reads) = localise(self.expr);
        Draft { work: Work::Kernel(Kernel::Map { shape: self.shape, expr, more }), reads, epilogue: None, write }
    }
}

/// Whether a load reads of a value, whole or in part.
fn reads_of(drafts: &Drafts, load: &Load, value: ValueId) -> bool {
    match load.source {
        Source::Read(read) | Source::Random { key: read, .. } => drafts.root(read).0 == value,
        Source::Arange | Source::Const(_) | Source::Made => false,
    }
}
