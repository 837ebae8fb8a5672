//! The pass before planning: equal nodes become one, steps that change nothing go, functions of constants are constants.
//! Values stay the same to the bit, but for the sign of a zero that 0 is added to.

use super::{
    graph::{Graph, Kind, Node, NodeId},
    op::Op,
    scalar::{Binary, cast},
    scan,
    wire::Writer,
};
use crate::{DType, Shape};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A graph with the same leaves and outputs, and no more nodes than needed.
pub fn simplify(graph: &Graph) -> Graph {
    let mut graph = pass(graph);
    // Each change makes fewer loops or smaller ones.
    while let Some(changed) = scan::simplify::merged(&graph) {
        graph = pass(&changed);
    }
    while let Some(changed) = scan::simplify::trimmed(&graph) {
        graph = pass(&changed);
    }
    graph
}

/// One walk over the graph, in which the results of loops stay what they are.
fn pass(graph: &Graph) -> Graph {
    let mut pass = Pass { graph: Graph { leaves: graph.leaves, ..Graph::default() }, known: FxHashMap::default() };
    let mut at: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    let uses = graph.uses();
    for node in &graph.nodes {
        if let Some(product) = transposed_product(graph, &uses, node) {
            let [a, b] = product.inputs[..] else { unreachable!("a product has two factors") };
            let swapped = [b, a].map(|factor| pass.swapped(at[factor]));
            let (a, b) = (pass.shape(swapped[0]), pass.shape(swapped[1]));
            let shape = Shape::new("matmul", [a[0], a[1], b[2]]).expect("it has as many elements as the product");
            let kind = Kind::Op(Op::MatMul);
            let product = pass.add(Node { kind, inputs: swapped.to_vec(), shape, dtype: product.dtype });
            at.push(pass.add(Node { kind: Kind::Op(Op::Reshape), inputs: vec![product], ..node.clone() }));
            continue;
        }
        let inputs = node.inputs.iter().map(|&input| at[input]).collect();
        at.push(pass.add(Node { inputs, ..node.clone() }));
    }
    pass.graph.outputs = graph.outputs.iter().map(|&output| at[output]).collect();
    without_unused(pass.graph)
}

/// The product of which a node is the transpose, if nothing else uses that: (A·B)ᵀ is made as Bᵀ·Aᵀ, at once in the order in
/// which it is needed. The gradient of a dense layer's weight is such a transpose.
fn transposed_product<'a>(graph: &'a Graph, uses: &[usize], node: &Node) -> Option<&'a Node> {
    let Kind::Op(Op::Permute(order)) = &node.kind else { return None };
    let (&last, rest) = order.split_last()?;
    let transposed = rest.last() == Some(&(order.len() - 1)) && last + 2 == order.len();
    if !transposed || rest[..rest.len() - 1].iter().enumerate().any(|(i, &axis)| i != axis) {
        return None;
    }
    let mut source = node.inputs[0];
    if let Kind::Op(Op::Reshape) = graph.nodes[source].kind {
        // Only the leading axes may have been reshaped.
        let (outer, inner) = (&graph.nodes[source].shape, &graph.nodes[graph.nodes[source].inputs[0]].shape);
        let matrix = |shape: &Shape| shape[shape.rank().saturating_sub(2)..].to_vec();
        if uses[source] > 1 || matrix(outer) != matrix(inner) {
            return None;
        }
        source = graph.nodes[source].inputs[0];
    }
    let product = &graph.nodes[source];
    (matches!(product.kind, Kind::Op(Op::MatMul)) && uses[source] == 1).then_some(product)
}

struct Pass {
    graph: Graph,
    /// Nodes by all that they are.
    known: FxHashMap<Vec<u8>, NodeId>,
}

impl Pass {
    fn add(&mut self, mut node: Node) -> NodeId {
        if let Kind::Op(op) = &node.kind {
            if let Some(same) = self.identity(op, &node) {
                return same;
            }
            if let Some(word) = self.constant(op, &node) {
                node = Node { kind: Kind::Op(Op::Full(word)), inputs: Vec::new(), ..node };
            } else if matches!(op, Op::Reshape) {
                let source = &self.graph.nodes[node.inputs[0]];
                if let Kind::Op(Op::Reshape) = source.kind {
                    node.inputs = source.inputs.clone();
                    return self.add(node);
                }
            }
        }
        let mut key = Writer::default();
        match &node.kind {
            Kind::Op(Op::Scan { scan, pick }) => {
                // The name of the loop, instead of all that it is; no other node's key begins so.
                key.byte(u8::MAX);
                [Rc::as_ptr(scan) as usize, *pick].iter().for_each(|&v| key.size(v));
            }
            _ => key.node(&node),
        }
        key.sizes(&node.inputs);
        *self.known.entry(key.bytes).or_insert_with(|| {
            self.graph.nodes.push(node);
            self.graph.nodes.len() - 1
        })
    }

    fn shape(&self, id: NodeId) -> &Shape {
        &self.graph.nodes[id].shape
    }

    /// Matrices \[B, M, N\] as \[B, N, M\].
    fn swapped(&mut self, id: NodeId) -> NodeId {
        let node = &self.graph.nodes[id];
        let shape = Shape::new("permute", [node.shape[0], node.shape[2], node.shape[1]]).expect("as many elements");
        let dtype = node.dtype;
        if let Kind::Op(Op::Permute(order)) = &node.kind
            && order[..] == [0, 2, 1]
        {
            return node.inputs[0];
        }
        self.add(Node { kind: Kind::Op(Op::Permute(vec![0, 2, 1])), inputs: vec![id], shape, dtype })
    }

    /// The input that the node is equal to, if it is.
    fn identity(&self, op: &Op, node: &Node) -> Option<NodeId> {
        let &first = node.inputs.first()?;
        let same_shape = || self.graph.nodes[first].shape == node.shape;
        let is = |input: usize, value: f32| {
            self.full(node.inputs[input]) == Some(value.to_bits()) && node.dtype == DType::F32
        };
        let unchanged = match op {
            Op::Reshape | Op::Broadcast | Op::Slice { .. } | Op::Pad(_) => same_shape() && is_start(op),
            Op::Permute(order) => order.iter().copied().eq(0..order.len()),
            Op::Flip(axes) => axes.is_empty(),
            Op::Sum(axes) | Op::Max(axes) => axes.is_empty(),
            Op::Cast => self.graph.nodes[first].dtype == node.dtype,
            Op::Binary(Binary::Add | Binary::Sub) => is(1, 0.0),
            Op::Binary(Binary::Mul | Binary::Div) => is(1, 1.0),
            _ => false,
        };
        match op {
            _ if unchanged => Some(first),
            Op::Binary(Binary::Add) if is(0, 0.0) => Some(node.inputs[1]),
            Op::Binary(Binary::Mul) if is(0, 1.0) => Some(node.inputs[1]),
            _ => None,
        }
    }

    /// The word that the node has everywhere, if its inputs are constants.
    fn constant(&self, op: &Op, node: &Node) -> Option<u32> {
        let full = |i: usize| self.full(node.inputs[i]);
        let dtype = |i: usize| self.graph.nodes[node.inputs[i]].dtype;
        match op {
            Op::Unary(unary) => Some((unary.row().eval)(dtype(0), full(0)?)),
            Op::Binary(binary) => Some((binary.row().eval)(dtype(0), full(0)?, full(1)?)),
            Op::Cast => Some(cast(dtype(0), node.dtype, full(0)?)),
            Op::Reshape | Op::Permute(_) | Op::Broadcast | Op::Slice { .. } | Op::Flip(_) | Op::Unfold(_) => full(0),
            Op::Pad(_) => full(0).filter(|&word| word == 0),
            _ => None,
        }
    }

    fn full(&self, id: NodeId) -> Option<u32> {
        match self.graph.nodes[id].kind {
            Kind::Op(Op::Full(word)) => Some(word),
            _ => None,
        }
    }
}

/// Whether a slice or pad of unchanged shape also leaves the elements where they are: it always does, as it has nowhere
/// to move them, unless the axis is empty.
fn is_start(op: &Op) -> bool {
    match op {
        Op::Slice { start, .. } => start.iter().all(|&s| s == 0),
        Op::Pad(low) => low.iter().all(|&l| l == 0),
        _ => true,
    }
}

fn without_unused(graph: Graph) -> Graph {
    let mut used = vec![false; graph.nodes.len()];
    graph.outputs.iter().for_each(|&output| used[output] = true);
    for (id, node) in graph.nodes.iter().enumerate().rev() {
        if used[id] {
            node.inputs.iter().for_each(|&input| used[input] = true);
        }
        // Leaves keep their numbers, so they stay.
        used[id] |= matches!(node.kind, Kind::Leaf(_));
    }
    let mut at = vec![0; graph.nodes.len()];
    let mut nodes = Vec::new();
    for (id, node) in graph.nodes.into_iter().enumerate().filter(|(id, _)| used[*id]) {
        at[id] = nodes.len();
        nodes.push(Node { inputs: node.inputs.iter().map(|&input| at[input]).collect(), ..node });
    }
    Graph { nodes, outputs: graph.outputs.iter().map(|&output| at[output]).collect(), leaves: graph.leaves }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tensor, ir::Unary};

    #[test]
    fn equal_nodes_identities_and_constants_go() {
        let shape = Shape::new("test", [2]).unwrap();
        let x = Tensor::input(shape.clone(), DType::F32);
        let make = |op: Op, inputs: &[&Tensor]| {
            Tensor::make(op, inputs.iter().copied().cloned().collect(), shape.clone(), DType::F32).unwrap()
        };
        let one = make(Op::Full(0f32.to_bits()), &[]);
        let one = make(Op::Unary(Unary::Exp), &[&one]);
        let a = make(Op::Unary(Unary::Tanh), &[&x]);
        let b = make(Op::Unary(Unary::Tanh), &[&x]);
        let product = make(Op::Binary(Binary::Mul), &[&a, &one]);
        let sum = make(Op::Binary(Binary::Add), &[&product, &b]);
        let graph = simplify(&Graph::trace(&[sum]).graph);
        let expected = "%0 f32[2] = leaf 0\n%1 f32[2] = tanh %0\n%2 f32[2] = add %1 %1\nreturn %2\n";
        assert_eq!(graph.to_string(), expected);
    }
}
