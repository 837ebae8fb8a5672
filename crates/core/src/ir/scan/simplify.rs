//! Loops in simplification: those that differ only in their stacked results become one, results that nobody takes go, and bodies
//! are graphs that are simplified themselves.

use super::Scan;
use crate::{
    Result,
    ir::{Graph, Kind, Node, NodeId, Op, simplify},
};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What two loops must agree in to become one: inputs, trips, number of carries and slices, direction.
type Interface = (Vec<NodeId>, usize, usize, usize, bool);

/// A loop that stands for another, and where that one's results are among its own.
type Stand = (Rc<Scan>, Vec<usize>);

/// The graph with equal loops made one and their bodies simplified; none if nothing changed.
pub(in crate::ir) fn merged(graph: &Graph) -> Option<Graph> {
    let mut known: FxHashMap<Interface, Vec<Rc<Scan>>> = FxHashMap::default();
    // For each loop, by its place in memory and its inputs: the loop that stands for it, and where its results are there.
    let mut stands: FxHashMap<(*const Scan, &[NodeId]), Stand> = FxHashMap::default();
    let mut changed = false;
    for (scan, inputs) in scans(graph) {
        let key = (Rc::as_ptr(scan), inputs);
        if stands.contains_key(&key) {
            continue;
        }
        let interface = (inputs.to_vec(), scan.trips, scan.carries, scan.slices, scan.reverse);
        let group = known.entry(interface).or_default();
        let found = group.iter().enumerate().find_map(|(i, other)| Some((i, union(other, scan)?)));
        let (whole, at) = match found {
            Some((i, (whole, at))) => {
                let old = std::mem::replace(&mut group[i], whole.clone());
                for (stand, _) in stands.values_mut().filter(|(stand, _)| Rc::ptr_eq(stand, &old)) {
                    *stand = whole.clone();
                }
                changed = true;
                (whole, at)
            }
            None => {
                let whole = simplified(scan).unwrap_or_else(|_| scan.clone());
                changed |= !Rc::ptr_eq(&whole, scan);
                group.push(whole.clone());
                (whole, (0..scan.results()).collect())
            }
        };
        stands.insert(key, (whole, at));
    }
    changed.then(|| {
        let mut graph = graph.clone();
        let stands: FxHashMap<_, _> =
            stands.iter().map(|((scan, inputs), stand)| ((*scan, inputs.to_vec()), stand)).collect();
        for node in &mut graph.nodes {
            if let Kind::Op(Op::Scan { scan, pick }) = &mut node.kind {
                let (whole, at) = stands[&(Rc::as_ptr(scan), node.inputs.clone())];
                (*scan, *pick) = (whole.clone(), at[*pick]);
            }
        }
        graph
    })
}

/// The graph with every loop computing only what is taken of it; none if nothing changed.
pub(in crate::ir) fn trimmed(graph: &Graph) -> Option<Graph> {
    let mut taken: FxHashMap<(*const Scan, &[NodeId]), Vec<bool>> = FxHashMap::default();
    for node in &graph.nodes {
        if let Kind::Op(Op::Scan { scan, pick }) = &node.kind {
            let key = (Rc::as_ptr(scan), &node.inputs[..]);
            taken.entry(key).or_insert_with(|| vec![false; scan.results()])[*pick] = true;
        }
    }
    let mut trims: FxHashMap<(*const Scan, Vec<NodeId>), Trim> = FxHashMap::default();
    for (scan, inputs) in scans(graph) {
        let key = (Rc::as_ptr(scan), inputs);
        if let Some(taken) = taken.remove(&key)
            && let Some(trim) = trim(scan, taken)
        {
            trims.insert((key.0, inputs.to_vec()), trim);
        }
    }
    (!trims.is_empty()).then(|| {
        let mut graph = graph.clone();
        for node in &mut graph.nodes {
            let Kind::Op(Op::Scan { scan, pick }) = &mut node.kind else { continue };
            let Some(trim) = trims.get(&(Rc::as_ptr(scan), node.inputs.clone())) else { continue };
            (*scan, *pick) = (trim.scan.clone(), trim.results[*pick]);
            node.inputs = trim.inputs.iter().map(|&i| node.inputs[i]).collect();
        }
        graph
    })
}

fn scans(graph: &Graph) -> impl Iterator<Item = (&Rc<Scan>, &[NodeId])> {
    graph.nodes.iter().filter_map(|node| match &node.kind {
        Kind::Op(Op::Scan { scan, .. }) => Some((scan, &node.inputs[..])),
        _ => None,
    })
}

/// The loop with a simplified body, or itself if that is no shorter.
fn simplified(scan: &Rc<Scan>) -> Result<Rc<Scan>> {
    let body = simplify(&scan.body);
    if body.nodes.len() == scan.body.nodes.len() {
        return Ok(scan.clone());
    }
    Ok(Rc::new(scan.with(body, scan.carries, scan.slices)?))
}

/// One loop with the results of both, if their carries are the same; and where the results of `b` are in it.
fn union(a: &Rc<Scan>, b: &Rc<Scan>) -> Option<(Rc<Scan>, Vec<usize>)> {
    let offset = a.body.nodes.len();
    let moved = b
        .body
        .nodes
        .iter()
        .map(|node| Node { inputs: node.inputs.iter().map(|&input| input + offset).collect(), ..node.clone() });
    let both = Graph {
        nodes: a.body.nodes.iter().cloned().chain(moved).collect(),
        outputs: a.body.outputs.iter().copied().chain(b.body.outputs.iter().map(|&output| output + offset)).collect(),
        leaves: a.body.leaves,
    };
    let mut body = simplify(&both);
    let outputs = std::mem::take(&mut body.outputs);
    let (first, second) = outputs.split_at(a.results());
    if first[..a.carries] != second[..b.carries] {
        return None;
    }
    // Results of `a` keep their places.
    let mut kept = first.to_vec();
    let place = |(pick, &node): (usize, &NodeId)| {
        if pick < a.carries {
            return pick;
        }
        let known = (a.carries..kept.len()).find(|&i| kept[i] == node);
        known.unwrap_or_else(|| {
            kept.push(node);
            kept.len() - 1
        })
    };
    let at = second.iter().enumerate().map(place).collect();
    body.outputs = kept;
    Some((Rc::new(a.with(body, a.carries, a.slices).ok()?), at))
}

/// A loop that computes less.
struct Trim {
    scan: Rc<Scan>,
    /// For each result of the old loop, which it is of the new one.
    results: Vec<usize>,
    /// For each input of the new loop, which it was of the old one.
    inputs: Vec<usize>,
}

/// The loop with only the results that are taken, the carries that they depend on, and the inputs that are read.
fn trim(scan: &Scan, mut kept: Vec<bool>) -> Option<Trim> {
    let body = &scan.body;
    let mut reached = vec![false; body.nodes.len()];
    loop {
        let outputs = body.outputs.iter().zip(&kept).filter(|(_, kept)| **kept);
        outputs.for_each(|(&output, _)| reached[output] = true);
        for (id, node) in body.nodes.iter().enumerate().rev() {
            if reached[id] {
                node.inputs.iter().for_each(|&input| reached[input] = true);
            }
        }
        let before = kept.clone();
        (0..scan.carries).for_each(|i| kept[i] |= reached[scan.leaves[i]]);
        if kept == before {
            break;
        }
    }
    let read = |i: &usize| if *i < scan.carries { kept[*i] } else { reached[scan.leaves[*i]] };
    let inputs: Vec<usize> = (0..scan.inputs()).filter(read).collect();
    if inputs.len() == scan.inputs() && kept.iter().all(|&kept| kept) {
        return None;
    }
    inputs.iter().for_each(|&i| reached[scan.leaves[i]] = true);
    let mut at = vec![0; body.nodes.len()];
    let mut nodes = Vec::new();
    for (id, node) in body.nodes.iter().enumerate().filter(|(id, _)| reached[*id]) {
        at[id] = nodes.len();
        let kind = match &node.kind {
            Kind::Leaf(leaf) => Kind::Leaf(inputs.iter().position(|i| i == leaf).expect("it is read")),
            kind @ Kind::Op(_) => kind.clone(),
        };
        let inputs = node.inputs.iter().map(|&input| at[input]).collect();
        nodes.push(Node { kind, inputs, ..node.clone() });
    }
    let outputs = (0..scan.results()).filter(|&i| kept[i]).map(|i| at[body.outputs[i]]).collect();
    let mut count = 0;
    let number = |&kept: &bool| {
        count += usize::from(kept);
        count.saturating_sub(1)
    };
    let results = kept.iter().map(number).collect();
    let carries = (0..scan.carries).filter(|&i| kept[i]).count();
    let slices = inputs.iter().filter(|&&i| (scan.carries..scan.carries + scan.slices).contains(&i)).count();
    let body = Graph { nodes, outputs, leaves: inputs.len() };
    let scan = Rc::new(scan.with(body, carries, slices).ok()?);
    Some(Trim { scan, results, inputs })
}
