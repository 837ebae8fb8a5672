//! The gradient of a loop: a loop from the other end, which takes what it needs of the forward trips as slices.

use super::Scan;
use crate::{
    DType, Result, Shape,
    ir::{
        Binary, Graph, Op, Tensor,
        grad::{Rules, pull},
    },
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// The gradients for the inputs of a loop from those that arrive at some of its results: (result, gradient).
/// Only for the inputs that are wanted; none where no differentiable path leads.
pub(in crate::ir) fn gradient(
    scan: &Rc<Scan>,
    inputs: &[Tensor],
    arrived: &[(usize, Tensor)],
    wanted: &[bool],
    rules: &dyn Rules,
) -> Result<Vec<Option<Tensor>>> {
    let (carries, slices) = (scan.carries, scan.slices);
    let leaves = scan.placeholders();
    let outputs = scan.body.rebuild(&leaves)?;
    // All that is made from here on belongs to the way back.
    let mark = Tensor::input(Shape::new("scan", [])?, DType::Bool).id();
    let seeds: Vec<Tensor> = outputs.iter().map(|output| Tensor::input(output.shape().clone(), DType::F32)).collect();
    let stacked = arrived.iter().filter(|(pick, _)| *pick >= carries);

    // Which carries a gradient reaches: those where one arrives at the end, and those that one comes to on a trip.
    let mut active: Vec<bool> = (0..carries).map(|i| arrived.iter().any(|(pick, _)| *pick == i)).collect();
    let steps = loop {
        let picks = (0..carries).filter(|&i| active[i]).chain(stacked.clone().map(|(pick, _)| *pick));
        let ends: Vec<(Tensor, Tensor)> = picks.map(|pick| (outputs[pick].clone(), seeds[pick].clone())).collect();
        let steps = pull(&ends, &leaves, rules)?;
        let before = active.clone();
        (0..carries).for_each(|i| active[i] |= steps[i].is_some());
        if active == before {
            break steps;
        }
    };

    // The way back: carries are the gradients of the carries and the sums for constants; slices are what arrives at stacked
    // results, and of the forward trips what is needed.
    let zeros = |shape: &Shape| Tensor::make(Op::Full(0), vec![], shape.clone(), DType::F32);
    let (mut first, mut next, mut starts) = (Vec::new(), Vec::new(), Vec::new());
    for i in (0..carries).filter(|&i| active[i]) {
        let start = arrived.iter().find(|(pick, _)| *pick == i).map(|(_, g)| g.clone());
        starts.push(start.map_or_else(|| zeros(leaves[i].shape()), Ok)?);
        first.push(seeds[i].clone());
        next.push(steps[i].clone().map_or_else(|| zeros(leaves[i].shape()), Ok)?);
    }
    let constants: Vec<usize> = (carries + slices..inputs.len()).filter(|&i| wanted[i] && steps[i].is_some()).collect();
    for &i in &constants {
        let sum = Tensor::input(leaves[i].shape().clone(), DType::F32);
        let term = steps[i].clone().expect("it is among those that have one");
        let shape = term.shape().clone();
        next.push(Tensor::make(Op::Binary(Binary::Add), vec![sum.clone(), term], shape, DType::F32)?);
        starts.push(zeros(leaves[i].shape())?);
        first.push(sum);
    }
    let back_carries = first.len();
    let sliced: Vec<usize> = (carries..carries + slices).filter(|&i| wanted[i] && steps[i].is_some()).collect();
    next.extend(sliced.iter().map(|&i| steps[i].clone().expect("it is among those that have one")));

    let needed = needed(&next, &leaves, mark, [carries, carries + slices]);
    let forward = Graph::trace_with(&leaves, &[&outputs[..], &needed.saved].concat()).graph;
    let forward = Rc::new(scan.with(forward, carries, slices)?);
    let mut sources: Vec<Tensor> = Vec::new();
    for (pick, g) in stacked {
        first.push(seeds[*pick].clone());
        sources.push(g.clone());
    }
    for (i, saved) in needed.saved.iter().enumerate() {
        first.push(saved.clone());
        sources.push(forward.pick(inputs, outputs.len() + i)?);
    }
    for &i in needed.leaves.iter().filter(|&&i| i < carries + slices) {
        first.push(leaves[i].clone());
        sources.push(inputs[i].clone());
    }
    let back_slices = sources.len();
    for &i in needed.leaves.iter().filter(|&&i| i >= carries + slices) {
        first.push(leaves[i].clone());
        sources.push(inputs[i].clone());
    }
    let body = Graph::trace_with(&first, &next).graph;
    let back = Rc::new(Scan::new(body, scan.trips, back_carries, back_slices, !scan.reverse)?);
    let sources = [starts, sources].concat();

    let mut gradients = vec![None; inputs.len()];
    let reached = (0..carries).filter(|&i| active[i]);
    for (pick, i) in reached.chain(constants).chain(sliced).enumerate().filter(|(_, i)| wanted[*i]) {
        gradients[i] = Some(back.pick(&sources, pick)?);
    }
    Ok(gradients)
}

/// For each node that is a result of a loop, which results of it on the same inputs there are: (result, name), in the order
/// in which they were made.
pub(in crate::ir) fn results(nodes: &[Tensor]) -> FxHashMap<u64, Rc<Vec<(usize, u64)>>> {
    /// A loop by its place in memory, and the names of its inputs.
    type Key = (*const Scan, Vec<u64>);
    let mut found: FxHashMap<Key, Vec<(usize, u64)>> = FxHashMap::default();
    for node in nodes {
        if let Op::Scan { scan, pick } = &*node.op() {
            let inputs = node.inputs().iter().map(Tensor::id).collect();
            found.entry((Rc::as_ptr(scan), inputs)).or_default().push((*pick, node.id()));
        }
    }
    let named = |results: Vec<(usize, u64)>| {
        let results = Rc::new(results);
        (0..results.len()).map(move |i| (results[i].1, results.clone()))
    };
    found.into_values().flat_map(named).collect()
}

/// What the way back needs of the forward trips.
struct Needed {
    /// Values that are kept for every trip.
    saved: Vec<Tensor>,
    /// Slices and constants, which are there already.
    leaves: Vec<usize>,
}

/// What `outputs` need of nodes made before `mark`. What only moves or repeats elements, or varies with no leaf in front of
/// `constants`, is made again.
fn needed(outputs: &[Tensor], leaves: &[Tensor], mark: u64, [carries, constants]: [usize; 2]) -> Needed {
    let at: FxHashMap<u64, usize> = leaves.iter().enumerate().map(|(i, leaf)| (leaf.id(), i)).collect();
    let nodes = Tensor::ancestors(outputs);
    let mut varies: FxHashSet<u64> = leaves[..constants].iter().map(Tensor::id).collect();
    for node in &nodes {
        if node.inputs().iter().any(|input| varies.contains(&input.id())) {
            varies.insert(node.id());
        }
    }
    let mut needed = Needed { saved: Vec::new(), leaves: Vec::new() };
    let mut seen = FxHashSet::default();
    let mut pending = outputs.to_vec();
    while let Some(node) = pending.pop() {
        if !seen.insert(node.id()) {
            continue;
        }
        let again = node.id() >= mark || !varies.contains(&node.id()) || moves(&node.op());
        match at.get(&node.id()) {
            Some(&leaf) if leaf >= carries => needed.leaves.push(leaf),
            None if again => pending.extend(node.inputs().iter().cloned()),
            _ => needed.saved.push(node),
        }
    }
    needed.saved.sort_unstable_by_key(Tensor::id);
    needed.leaves.sort_unstable();
    needed
}

/// Whether an op makes no new numbers, so that making its result again costs no more than reading it.
fn moves(op: &Op) -> bool {
    matches!(
        op,
        Op::Cast
            | Op::Reshape
            | Op::Permute(_)
            | Op::Broadcast
            | Op::Slice { .. }
            | Op::Flip(_)
            | Op::Pad(_)
            | Op::Unfold(_)
    )
}
