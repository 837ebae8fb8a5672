//! A graph cut out of the nodes that callers hold: a flat list, inputs before users, leaves numbered. What plans are made
//! of and what crosses a port.

use super::{node::Tensor, op::Op};
use crate::{DType, Result, Shape};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Position of a node in its graph.
pub type NodeId = usize;

/// A flat graph.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Inputs before users.
    pub nodes: Vec<Node>,
    /// The nodes whose values are asked for.
    pub outputs: Vec<NodeId>,
    /// How many leaves there are; leaf `i` is the node whose kind is `Leaf(i)`.
    pub leaves: usize,
}

/// One node of a flat graph.
#[derive(Clone, Debug)]
pub struct Node {
    /// How it comes about.
    pub kind: Kind,
    /// What it is computed from.
    pub inputs: Vec<NodeId>,
    /// The sizes of its axes.
    pub shape: Shape,
    /// The type of its elements.
    pub dtype: DType,
}

/// How a node of a flat graph comes about.
#[derive(Clone, Debug)]
pub enum Kind {
    /// The caller's buffer with this number.
    Leaf(usize),
    /// An op; never one of the leaves.
    Op(Op),
}

/// A graph and the leaves that it was cut at.
pub struct Traced {
    /// The graph.
    pub graph: Graph,
    /// Leaf `i` of the graph: a host value, a resident one or a placeholder.
    pub leaves: Vec<Tensor>,
}

impl Graph {
    /// Everything that the outputs depend on.
    pub fn trace(outputs: &[Tensor]) -> Traced {
        Self::trace_with(&[], outputs)
    }

    /// The same with the first leaves given, whether the outputs depend on them or not; what they are computed from is left out.
    pub fn trace_with(first: &[Tensor], outputs: &[Tensor]) -> Traced {
        let given: FxHashMap<u64, usize> = first.iter().enumerate().map(|(i, leaf)| (leaf.id(), i)).collect();
        let ancestors = Tensor::ancestors_to(&[first, outputs].concat(), &given.keys().copied().collect());
        let mut leaves = first.to_vec();
        let mut at: FxHashMap<u64, NodeId> = FxHashMap::default();
        let mut nodes = Vec::with_capacity(ancestors.len());
        for tensor in &ancestors {
            let op = tensor.op();
            let leaf = given.get(&tensor.id()).copied().or_else(|| {
                op.is_leaf().then(|| {
                    leaves.push(tensor.clone());
                    leaves.len() - 1
                })
            });
            let (kind, inputs) = match leaf {
                Some(leaf) => (Kind::Leaf(leaf), Vec::new()),
                None => (Kind::Op(op.clone()), tensor.inputs().iter().map(|input| at[&input.id()]).collect()),
            };
            at.insert(tensor.id(), nodes.len());
            nodes.push(Node { kind, inputs, shape: tensor.shape().clone(), dtype: tensor.dtype() });
        }
        let outputs = outputs.iter().map(|output| at[&output.id()]).collect();
        Traced { graph: Self { nodes, outputs, leaves: leaves.len() }, leaves }
    }

    /// How many nodes and outputs use each node.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.nodes.len()];
        let inputs = self.nodes.iter().flat_map(|node| &node.inputs);
        inputs.chain(&self.outputs).for_each(|&used| uses[used] += 1);
        uses
    }

    /// For each result of a loop that is not the first one of that loop on those inputs, the first one.
    pub fn siblings(&self) -> FxHashMap<NodeId, NodeId> {
        let mut first = FxHashMap::default();
        let mut siblings = FxHashMap::default();
        for (id, node) in self.nodes.iter().enumerate() {
            if let Kind::Op(Op::Scan { scan, .. }) = &node.kind {
                let found = *first.entry((Rc::as_ptr(scan), &node.inputs[..])).or_insert(id);
                if found != id {
                    siblings.insert(id, found);
                }
            }
        }
        siblings
    }

    /// The nodes again, with these leaves: checks every shape rule on the way.
    pub fn rebuild(&self, leaves: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut made: Vec<Tensor> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            made.push(match &node.kind {
                Kind::Leaf(i) => leaves[*i].clone(),
                Kind::Op(op) => {
                    let inputs = node.inputs.iter().map(|&i| made[i].clone()).collect();
                    Tensor::make(op.clone(), inputs, node.shape.clone(), node.dtype)?
                }
            });
        }
        Ok(self.outputs.iter().map(|&i| made[i].clone()).collect())
    }
}
