//! The pass that lets one step do what many do alike: update all parameters, whatever their shapes. Element-wise steps of
//! the same expression become one over a row, which is a value that holds theirs one after the other. State is laid out by
//! the planner, so it comes to lie in rows without being moved; what is computed for it is written into its row at once.
//!
//! Steps are only joined if they are equally far from the last step that depends on them. None of a group can depend on
//! another of it then, and whatever is between two groups has its place between them.

use super::{
    Target,
    draft::{Draft, Drafts, Home, Value, ValueId, Work},
    expr::localise,
    program::{Expr, Instr, Kernel, Load, Source},
    view::View,
};
use crate::DType;
use rustc_hash::FxHashMap;
use std::{cmp::Reverse, collections::BinaryHeap};

/// Joins the steps whose results are state, where that is possible.
pub(super) fn batch(drafts: &mut Drafts, results: &[(ValueId, Target)]) {
    let mut leaf_of: Vec<Option<ValueId>> = vec![None; drafts.values.len()];
    for &(value, target) in results {
        if let Target::Leaf(leaf) = target {
            leaf_of[value] = Some(leaf);
        }
    }
    let mut joined: Vec<Option<usize>> = vec![None; drafts.steps.len()];
    let mut made: Vec<Draft> = Vec::new();
    for group in groups(drafts, &leaf_of) {
        for part in parts(drafts, &leaf_of, &group) {
            if let Some(step) = join(drafts, &leaf_of, &part) {
                part.iter().for_each(|&i| joined[i] = Some(made.len()));
                made.push(step);
            }
        }
    }
    if !made.is_empty() {
        reorder(drafts, &joined, &made);
    }
}

/// What steps of a group have in common.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    /// How many steps there are on the longest way to one that nothing depends on.
    height: usize,
    loads: Vec<Reading>,
    instrs: Vec<Instr>,
    types: Vec<DType>,
}

/// How a step of a group reads.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reading {
    /// A value of its own, each element for its own result.
    Own,
    /// The same word of the same value everywhere.
    Shared(ValueId, isize),
    /// A constant.
    Const(u32),
}

/// Steps that do the same, in their order; the groups in the order of their first steps.
fn groups(drafts: &Drafts, leaf_of: &[Option<ValueId>]) -> Vec<Vec<usize>> {
    let heights = heights(drafts);
    let mut numbers: FxHashMap<Likeness, usize> = FxHashMap::default();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (i, step) in drafts.steps.iter().enumerate().filter(|(_, step)| leaf_of[step.write].is_some()) {
        if let Some(likeness) = likeness(drafts, step, heights[i]) {
            let number = *numbers.entry(likeness).or_insert(groups.len());
            if number == groups.len() {
                groups.push(Vec::new());
            }
            groups[number].push(i);
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// A group in parts whose values are in the same rows, if they are in rows at all.
fn parts(drafts: &Drafts, leaf_of: &[Option<ValueId>], group: &[usize]) -> Vec<Vec<usize>> {
    let mut numbers: FxHashMap<Vec<Option<ValueId>>, usize> = FxHashMap::default();
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for &i in group {
        let step = &drafts.steps[i];
        let rows = step
            .all_reads()
            .chain(leaf_of[step.write])
            .map(|value| Some(drafts.root(value).0).filter(|&root| root != value));
        let number = *numbers.entry(rows.collect()).or_insert(parts.len());
        if number == parts.len() {
            parts.push(Vec::new());
        }
        parts[number].push(i);
    }
    parts.retain(|part| part.len() > 1);
    parts
}

fn heights(drafts: &Drafts) -> Vec<usize> {
    let writers = drafts.writers();
    let mut heights = vec![0; drafts.steps.len()];
    for (i, step) in drafts.steps.iter().enumerate().rev() {
        for writer in step.all_reads().filter_map(|value| writers[value]) {
            heights[writer] = heights[writer].max(heights[i] + 1);
        }
    }
    heights
}

fn likeness(drafts: &Drafts, step: &Draft, height: usize) -> Option<Likeness> {
    let (_, expr) = step.map()?;
    if drafts.values[step.write].words == 0 || step.epilogue.is_some() {
        return None;
    }
    let loads = expr.loads.iter().map(|load| reading(drafts, step, load)).collect::<Option<Vec<_>>>()?;
    Some(Likeness { height, loads, instrs: expr.instrs.clone(), types: expr.types.clone() })
}

fn reading(drafts: &Drafts, step: &Draft, load: &Load) -> Option<Reading> {
    let words = drafts.values[step.write].words;
    match load.source {
        Source::Read(i) if load.view.is_contiguous() && drafts.values[step.reads[i]].words == words => {
            Some(Reading::Own)
        }
        Source::Read(i) if is_uniform(&load.view) => Some(Reading::Shared(step.reads[i], load.view.offset)),
        Source::Const(word) if load.view.is_total() => Some(Reading::Const(word)),
        _ => None,
    }
}

fn is_uniform(view: &View) -> bool {
    view.is_total() && view.axes.iter().all(|axis| axis.size == 1 || axis.stride == 0)
}

/// One step for a group, and its values in rows; none if they can't all be.
fn join(drafts: &mut Drafts, leaf_of: &[Option<ValueId>], group: &[usize]) -> Option<Draft> {
    let steps: Vec<Draft> = group.iter().map(|&i| drafts.steps[i].clone()).collect();
    let (_, expr) = steps[0].map()?;
    let readings: Vec<Reading> =
        expr.loads.iter().map(|load| reading(drafts, &steps[0], load)).collect::<Option<_>>()?;
    // For each load of own values, these in the order of the steps; then the leaves that the results replace.
    let column = |load: usize| -> Vec<ValueId> { steps.iter().map(|step| read_by(step, load)).collect() };
    let own: Vec<usize> = (0..readings.len()).filter(|&i| readings[i] == Reading::Own).collect();
    let mut columns: Vec<Vec<ValueId>> = own.iter().map(|&load| column(load)).collect();
    columns.push(steps.iter().map(|step| leaf_of[step.write]).collect::<Option<_>>()?);

    let mut order: Vec<usize> = (0..steps.len()).collect();
    if let Some(settled) = columns.iter().find(|column| lies_in_row(drafts, column[0])) {
        // Values of one part lie in one row, so that places within it are enough.
        let mut places: Vec<u64> = order.iter().map(|&i| placed(drafts.root(settled[i]).1, i)).collect();
        places.sort_unstable();
        order = places.iter().map(|&place| place_of(place).1).collect();
    }
    let sorted = |column: &Vec<ValueId>| order.iter().map(|&i| column[i]).collect::<Vec<_>>();
    let columns: Vec<Vec<ValueId>> = columns.iter().map(sorted).collect();
    if !columns.iter().all(|column| is_row(drafts, column) || may_be_row(drafts, leaf_of, column)) {
        return None;
    }
    let rows: Vec<ValueId> = columns.iter().map(|column| row(drafts, column)).collect();
    let write = row(drafts, &sorted(&steps.iter().map(|step| step.write).collect()));

    let words = drafts.values[write].words;
    let mut loads = Vec::with_capacity(expr.loads.len());
    for (i, reading) in readings.iter().enumerate() {
        let uniform = |offset| View { offset, ..View::contiguous(&[]).broadcast(&[words]) };
        loads.push(match *reading {
            Reading::Own => {
                let at = own.iter().position(|&load| load == i).expect("an own value has a column");
                Load { source: Source::Read(rows[at]), view: View::contiguous(&[words]) }
            }
            Reading::Shared(value, offset) => Load { source: Source::Read(value), view: uniform(offset) },
            Reading::Const(word) => Load { source: Source::Const(word), view: uniform(0) },
        });
    }
    let expr = Expr { loads, instrs: expr.instrs.clone(), types: expr.types.clone() };
    let (expr, reads) = localise(expr);
    let work = Work::Kernel(Kernel::map(vec![words], expr));
    Some(Draft { work, reads, epilogue: None, write })
}

/// The value that a load of a step reads.
fn read_by(step: &Draft, load: usize) -> ValueId {
    match step.map().map(|(_, expr)| expr.loads[load].source) {
        Some(Source::Read(i)) => step.reads[i],
        _ => unreachable!("an element-wise step reads its own value"),
    }
}

fn lies_in_row(drafts: &Drafts, value: ValueId) -> bool {
    matches!(drafts.values[value].home, Home::Within { .. })
}

/// Whether the values already lie one after the other.
fn is_row(drafts: &Drafts, column: &[ValueId]) -> bool {
    lies_in_row(drafts, column[0])
        && column.windows(2).all(|pair| {
            let ((a, a_at), (b, b_at)) = (drafts.root(pair[0]), drafts.root(pair[1]));
            a == b && a_at + drafts.values[pair[0]].words == b_at
        })
}

/// Whether the values can be laid out so: all state, or all intermediates. A result has a place already, its leaf's.
fn may_be_row(drafts: &Drafts, leaf_of: &[Option<ValueId>], column: &[ValueId]) -> bool {
    let mut distinct = column.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let all = |test: &dyn Fn(ValueId) -> bool| column.iter().all(|&value| test(value));
    let home = |value: ValueId| drafts.values[value].home;
    distinct.len() == column.len()
        && (all(&|value| value < drafts.leaves && home(value) == Home::State)
            || all(&|value| value >= drafts.leaves && home(value) == Home::Arena && leaf_of[value].is_none()))
}

/// The value that holds these, one after the other.
fn row(drafts: &mut Drafts, column: &[ValueId]) -> ValueId {
    let words = column.iter().map(|&value| drafts.values[value].words).sum();
    let home = if is_row(drafts, column) {
        let (whole, offset) = drafts.root(column[0]);
        if offset == 0 && drafts.values[whole].words == words {
            return whole;
        }
        Home::Within { whole, offset }
    } else {
        drafts.values[column[0]].home
    };
    drafts.values.push(Value { words, home });
    let whole = drafts.values.len() - 1;
    if !matches!(home, Home::Within { .. }) {
        let mut offset = 0;
        for &value in column {
            drafts.values[value].home = Home::Within { whole, offset };
            offset += drafts.values[value].words;
        }
    }
    whole
}

/// Puts the joined steps in the places of those that they replace: each after all that it reads, as close as may be to where
/// the last of its group was.
fn reorder(drafts: &mut Drafts, joined: &[Option<usize>], made: &[Draft]) {
    let mut steps: Vec<(usize, Draft)> = Vec::with_capacity(drafts.steps.len());
    let mut last = vec![0; made.len()];
    for (i, step) in std::mem::take(&mut drafts.steps).into_iter().enumerate() {
        match joined[i] {
            Some(group) => last[group] = i,
            None => steps.push((i, step)),
        }
    }
    steps.extend(last.into_iter().zip(made.iter().cloned()));

    let before = dependencies(drafts, &steps);
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (step, before) in before.iter().enumerate() {
        before.iter().for_each(|&other| after[other].push(step));
    }
    let entry = |step: usize| Reverse((steps[step].0, step));
    let mut ready: BinaryHeap<_> = (0..steps.len()).filter(|&step| waiting[step] == 0).map(entry).collect();
    while let Some(Reverse((_, step))) = ready.pop() {
        drafts.steps.push(steps[step].1.clone());
        for &next in &after[step] {
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.push(entry(next));
            }
        }
    }
    assert_eq!(drafts.steps.len(), steps.len(), "steps of one height do not depend on each other");
}

/// Something at a place, in one word, by place: sorting words of this kind is in every engine already, for `ArgSort`.
fn placed(at: usize, what: usize) -> u64 {
    (at as u64) << 32 | what as u64
}

/// The place, and what is there.
fn place_of(word: u64) -> (usize, usize) {
    ((word >> 32) as usize, word as u32 as usize)
}

/// The steps whose results each step reads.
fn dependencies(drafts: &Drafts, steps: &[(usize, Draft)]) -> Vec<Vec<usize>> {
    let mut writers: Vec<Option<usize>> = vec![None; drafts.values.len()];
    // What is written within each row, by place.
    let mut parts: FxHashMap<ValueId, Vec<u64>> = FxHashMap::default();
    for (i, (_, step)) in steps.iter().enumerate() {
        for value in step.writes() {
            writers[value] = Some(i);
            let (root, at) = drafts.root(value);
            if root != value {
                parts.entry(root).or_default().push(placed(at, value));
            }
        }
    }
    parts.values_mut().for_each(|parts| parts.sort_unstable());
    let of_value = |value: ValueId| -> Vec<usize> {
        let (root, at) = drafts.root(value);
        if let Some(writer) = writers[value].or(writers[root]) {
            return vec![writer];
        }
        let parts = parts.get(&root).map_or(&[][..], |parts| &parts[..]);
        let ends_before = |(part, value): (usize, ValueId)| part + drafts.values[value].words <= at;
        let start = parts.partition_point(|&part| ends_before(place_of(part)));
        let parts = parts[start..].iter().map(|&part| place_of(part));
        let inside = parts.take_while(|&(part, _)| part < at + drafts.values[value].words);
        inside.filter_map(|(_, value)| writers[value]).collect()
    };
    steps.iter().map(|(_, step)| step.all_reads().flat_map(of_value).collect()).collect()
}
