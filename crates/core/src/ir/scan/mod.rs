//! A loop over time: a body that is a graph of its own, repeated for a number of trips. Values are carried from trip to trip, others
//! are taken a slice a trip, others stay the same. A node has one value, so each result of a loop is a node of its own; all of them
//! share one [`Scan`], and a plan runs the loop once for all.
//!
//! The gradient is a scan from the other end. What it needs of the forward trips becomes further results of the forward loop,
//! which simplification makes one with the loop that was there. Walks recurse on how deep loops lie in each other, never on the graph.

pub(super) mod gradient;
pub(super) mod simplify;

use super::{
    graph::{Graph, Kind, Node, NodeId},
    node::Tensor,
    op::Op,
};
use crate::{DType, Error, Result, Shape};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// A loop over time.
///
/// The leaves of its body are, in this order, the carries, the slices and the constants; its outputs are the next carries, then
/// what each trip adds to the stacked results.
#[derive(Clone, Debug)]
pub struct Scan {
    body: Graph,
    trips: usize,
    carries: usize,
    slices: usize,
    reverse: bool,
    /// The node of each leaf.
    leaves: Vec<NodeId>,
    /// How many loops lie in each other, this one counted.
    depth: usize,
}

impl Scan {
    /// How many loops may lie in each other.
    pub const DEEPEST: usize = 8;

    /// A loop with this body. Errors: a body that is not well formed, carries that change their shape or type.
    pub fn new(body: Graph, trips: usize, carries: usize, slices: usize, reverse: bool) -> Result<Self> {
        let wrong = |what: &str| Error::shape("scan", what);
        if carries > body.outputs.len() || carries.checked_add(slices).is_none_or(|n| n > body.leaves) {
            return Err(wrong("the body has fewer values than are carried"));
        }
        let mut leaves = vec![None; body.leaves];
        let mut depth = 1;
        for (id, node) in body.nodes.iter().enumerate() {
            match &node.kind {
                Kind::Leaf(leaf) => leaves[*leaf] = Some(id),
                Kind::Op(Op::Scan { scan, .. }) => depth = depth.max(1 + scan.depth),
                Kind::Op(_) => {}
            }
        }
        if depth > Self::DEEPEST {
            return Err(wrong("loops nested too deeply"));
        }
        let leaves: Option<Vec<NodeId>> = leaves.into_iter().collect();
        let leaves = leaves.ok_or_else(|| wrong("a leaf of the body has no node"))?;
        for (i, (&leaf, &output)) in leaves.iter().zip(&body.outputs[..carries]).enumerate() {
            let (before, after) = (&body.nodes[leaf], &body.nodes[output]);
            if before.shape != after.shape || before.dtype != after.dtype {
                let message = format!(
                    "carry {i} has shape {} ({}) before a trip and {} ({}) after it; a carry keeps its shape and type",
                    before.shape, before.dtype, after.shape, after.dtype
                );
                return Err(wrong(&message));
            }
        }
        let scan = Self { body, trips, carries, slices, reverse, leaves, depth };
        scan.body.rebuild(&scan.placeholders())?;
        (0..scan.results()).try_for_each(|pick| scan.result(pick).map(drop))?;
        Ok(scan)
    }

    /// What a trip computes.
    pub fn body(&self) -> &Graph {
        &self.body
    }

    /// How many trips.
    pub fn trips(&self) -> usize {
        self.trips
    }

    /// How many values are carried.
    pub fn carries(&self) -> usize {
        self.carries
    }

    /// How many inputs are taken a slice a trip.
    pub fn slices(&self) -> usize {
        self.slices
    }

    /// Whether the first trip takes the last slices.
    pub fn is_reverse(&self) -> bool {
        self.reverse
    }

    /// How many inputs a result has: carries, slices and constants.
    pub fn inputs(&self) -> usize {
        self.leaves.len()
    }

    /// The node that stands for an input in the body.
    pub fn leaf(&self, input: usize) -> &Node {
        &self.body.nodes[self.leaves[input]]
    }

    /// The sizes of an input: those of its leaf, behind the number of trips if it is taken a slice a trip.
    pub fn input_shape(&self, input: usize) -> Vec<usize> {
        let sliced = (self.carries..self.carries + self.slices).contains(&input);
        let shape = self.leaf(input).shape.iter().copied();
        sliced.then_some(self.trips).into_iter().chain(shape).collect()
    }

    /// How many results there are: last carries, then stacked ones.
    pub fn results(&self) -> usize {
        self.body.outputs.len()
    }

    /// Shape and type of a result.
    pub fn result(&self, pick: usize) -> Result<(Shape, DType)> {
        let node = &self.body.nodes[self.body.outputs[pick]];
        let front = (pick >= self.carries).then_some(self.trips);
        let dims: Vec<usize> = front.into_iter().chain(node.shape.iter().copied()).collect();
        Ok((Shape::new("scan", dims)?, node.dtype))
    }

    /// A result as a node.
    pub fn pick(self: &Rc<Self>, inputs: &[Tensor], pick: usize) -> Result<Tensor> {
        let (shape, dtype) = self.result(pick)?;
        Tensor::make(Op::Scan { scan: self.clone(), pick }, inputs.to_vec(), shape, dtype)
    }

    /// Fresh leaves for the body.
    fn placeholders(&self) -> Vec<Tensor> {
        let input = |i: usize| Tensor::input(self.leaf(i).shape.clone(), self.leaf(i).dtype);
        (0..self.inputs()).map(input).collect()
    }

    /// The same loop with other outputs and leaves of its body.
    fn with(&self, body: Graph, carries: usize, slices: usize) -> Result<Self> {
        Self::new(body, self.trips, carries, slices, self.reverse)
    }
}

/// The loop whose body computes `outputs` (next carries first) from placeholders for carries and slices, and the constants: what the
/// body takes from outside. What depends on no placeholder is computed once, before the loop.
pub(crate) fn close(
    [carries, slices]: [&[Tensor]; 2],
    outputs: &[Tensor],
    trips: usize,
    reverse: bool,
) -> Result<(Rc<Scan>, Vec<Tensor>)> {
    let own = [carries, slices].concat();
    let mut varies: FxHashSet<u64> = own.iter().map(Tensor::id).collect();
    let nodes = Tensor::ancestors(outputs);
    let mut constants: Vec<Tensor> = Vec::new();
    let mut taken = FxHashSet::default();
    let mut take = |node: &Tensor| {
        // A value without inputs costs nothing to make again, and can be fused there.
        let inline = matches!(&*node.op(), Op::Full(_) | Op::Iota { .. });
        if !inline && taken.insert(node.id()) {
            constants.push(node.clone());
        }
    };
    for node in &nodes {
        if varies.contains(&node.id()) {
            continue;
        }
        if node.inputs().iter().any(|input| varies.contains(&input.id())) {
            varies.insert(node.id());
            node.inputs().iter().filter(|input| !varies.contains(&input.id())).for_each(&mut take);
        }
    }
    outputs.iter().filter(|output| !varies.contains(&output.id())).for_each(&mut take);
    let traced = Graph::trace_with(&[&own[..], &constants].concat(), outputs);
    let scan = Scan::new(traced.graph, trips, carries.len(), slices.len(), reverse)?;
    Ok((Rc::new(scan), constants))
}
