//! Checked runs: which op made the first NaN or infinity that reaches a result.
//!
//! Every op runs as a program of its own, and its value is tested on the host by the bits of the words that the device stored:
//! a GPU's compiler may assume that there are no NaNs, so a test written in its language proves nothing. Slow, and meant to be.

use super::{Inner, Role};
use crate::{
    DType, Error, InputRange, NotFinite, Result, Tensor,
    ir::{Graph, Kind, Node, NodeId, Op, Traced, simplify},
    plan::{self, Target},
};
use std::rc::Rc;

impl Inner {
    /// See [`crate::Runner::check`].
    pub(super) async fn check(self: &Rc<Self>, tensors: &[Tensor]) -> Result<()> {
        let traced = Graph::trace(tensors);
        let faults = self.faults(&traced).await?;
        let Some((culprit, fault)) = first(&traced.graph, &faults) else { return Ok(()) };
        let inputs = self.ranges(&traced, culprit).await?;
        let node = &traced.graph.nodes[culprit];
        let Fault { nan, infinite } = fault;
        let (op, shape) = (name(node), node.shape.clone());
        Err(Error::NotFinite(Box::new(NotFinite { op, shape, nan, infinite, inputs })))
    }

    /// What is not finite in the value of each node.
    async fn faults(self: &Rc<Self>, traced: &Traced) -> Result<Vec<Fault>> {
        let nodes = &traced.graph.nodes;
        let last = last_uses(&traced.graph);
        // The value of each node, until its last use.
        let mut held: Vec<Option<Tensor>> = Vec::with_capacity(nodes.len());
        let mut faults: Vec<Fault> = Vec::with_capacity(nodes.len());
        for (id, node) in nodes.iter().enumerate() {
            let value = match &node.kind {
                Kind::Leaf(leaf) => traced.leaves[*leaf].clone(),
                Kind::Op(_) => {
                    let inputs = node.inputs.iter().map(|&input| held[input].clone().expect("it is used here"));
                    let inputs: Vec<Tensor> = inputs.collect();
                    self.run_once(&alone(nodes, node), &inputs).await?.remove(0)
                }
            };
            let moves = matches!(&node.kind, Kind::Op(op) if only_moves(op));
            let known = node.dtype != DType::F32 || (moves && faults[node.inputs[0]].is_none());
            faults.push(if known { Fault::default() } else { Fault::of(&self.read(&value).await?.words) });
            held.push(Some(value));
            node.inputs.iter().filter(|&&input| last[input] == id).for_each(|&input| held[input] = None);
        }
        Ok(faults)
    }

    /// Smallest and largest finite element of each input of a node.
    async fn ranges(self: &Rc<Self>, traced: &Traced, id: NodeId) -> Result<Vec<InputRange>> {
        let graph = &traced.graph;
        let inputs = &graph.nodes[id].inputs;
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        // Leaves that only later nodes read are no part of the computation, but keep their numbers.
        let later = graph.nodes[id..].iter().filter(|node| matches!(node.kind, Kind::Leaf(_)));
        let nodes = graph.nodes[..id].iter().chain(later).cloned().collect();
        let before = Graph { nodes, outputs: inputs.clone(), leaves: graph.leaves };
        let values = self.run_once(&simplify(&before), &traced.leaves).await?;
        let mut ranges = Vec::new();
        for (&input, value) in inputs.iter().zip(&values) {
            let node = &graph.nodes[input];
            let (low, high) = range(&self.read(value).await?.words, node.dtype);
            ranges.push(InputRange { op: name(node), dtype: node.dtype, shape: node.shape.clone(), low, high });
        }
        Ok(ranges)
    }

    /// The outputs of a graph that is not worth remembering, on these leaves.
    async fn run_once(self: &Rc<Self>, graph: &Graph, leaves: &[Tensor]) -> Result<Vec<Tensor>> {
        let placed = self.leaves(leaves)?;
        let targets = vec![Target::New; graph.outputs.len()];
        let plan = plan::compile_at(graph, &placed.places, &placed.words, &targets, &self.options.get())?;
        let mut externals = placed.buffers;
        let mut values = Vec::with_capacity(targets.len());
        for &output in &graph.outputs {
            let node = &graph.nodes[output];
            let memory = self.memory(node.shape.len(), &name(node))?;
            externals.push(memory.buffer);
            values.push(Tensor::resident(self.value(memory, 0, Role::Free), node.shape.clone(), node.dtype));
        }
        let executable = self.device.prepare(&plan.program)?;
        let done = self.run(executable, &externals).await;
        self.device.release(executable);
        done.map(|()| values)
    }
}

/// How much of a value is not finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fault {
    nan: usize,
    infinite: usize,
}

const EXPONENT: u32 = 0x7f80_0000;
const MANTISSA: u32 = 0x007f_ffff;

impl Fault {
    fn of(words: &[u32]) -> Self {
        let special = words.iter().filter(|&&word| word & EXPONENT == EXPONENT);
        let (nan, infinite): (Vec<u32>, Vec<u32>) = special.partition(|&&word| word & MANTISSA != 0);
        Self { nan: nan.len(), infinite: infinite.len() }
    }

    fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// The earliest node that is not finite though its inputs are, among those that an output owes its own fault to. An overflow
/// that a select throws away is none.
fn first(graph: &Graph, faults: &[Fault]) -> Option<(NodeId, Fault)> {
    let mut guilty = vec![false; graph.nodes.len()];
    graph.outputs.iter().for_each(|&output| guilty[output] = !faults[output].is_none());
    let mut found = None;
    for id in (0..graph.nodes.len()).rev() {
        if !guilty[id] {
            continue;
        }
        let mut from_input = false;
        for &input in graph.nodes[id].inputs.iter().filter(|&&input| !faults[input].is_none()) {
            guilty[input] = true;
            from_input = true;
        }
        if !from_input {
            found = Some((id, faults[id]));
        }
    }
    found
}

/// The graph of one node over leaves.
fn alone(nodes: &[Node], node: &Node) -> Graph {
    let leaf = |(leaf, &input): (usize, &NodeId)| {
        let Node { shape, dtype, .. } = &nodes[input];
        Node { kind: Kind::Leaf(leaf), inputs: Vec::new(), shape: shape.clone(), dtype: *dtype }
    };
    let leaves = node.inputs.len();
    let mut graph = Graph { nodes: node.inputs.iter().enumerate().map(leaf).collect(), outputs: vec![leaves], leaves };
    graph.nodes.push(Node { inputs: (0..leaves).collect(), ..node.clone() });
    graph
}

/// For each node the last one that reads it.
fn last_uses(graph: &Graph) -> Vec<NodeId> {
    let mut last = vec![0; graph.nodes.len()];
    for (id, node) in graph.nodes.iter().enumerate() {
        node.inputs.iter().for_each(|&input| last[input] = id);
    }
    last
}

/// Whether every element of the result is one of the first input, or 0.
fn only_moves(op: &Op) -> bool {
    matches!(
        op,
        Op::Reshape
            | Op::Permute(_)
            | Op::Broadcast
            | Op::Slice { .. }
            | Op::Flip(_)
            | Op::Pad(_)
            | Op::Unfold(_)
            | Op::PoolTake(_)
            | Op::Gather
    )
}

fn name(node: &Node) -> String {
    match &node.kind {
        Kind::Leaf(_) => NotFinite::LEAF.into(),
        Kind::Op(op) => op.name().into(),
    }
}

fn range(words: &[u32], dtype: DType) -> (f32, f32) {
    let value = |&word: &u32| match dtype {
        DType::F32 => f32::from_bits(word),
        DType::I32 => word as i32 as f32,
        DType::U32 | DType::Bool => word as f32,
    };
    let finite = words.iter().map(value).filter(|value| value.is_finite());
    finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

#[cfg(test)]
mod tests {
    use crate::{
        DType, Data, Error, LocalRunner, NotFinite, Runner, Tensor,
        device::interp::Interp,
        random_graph::{Choice, outputs},
    };
    use pollster::block_on;
    use proptest::{prelude::*, test_runner::RngSeed};

    fn vector(values: &[f32]) -> Tensor {
        Tensor::from_data(Data::f32([values.len()], values).unwrap())
    }

    fn fault(runner: &LocalRunner, tensor: &Tensor) -> Option<NotFinite> {
        match block_on(runner.check(std::slice::from_ref(tensor))) {
            Ok(()) => None,
            Err(Error::NotFinite(found)) => Some(*found),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_first_op_is_named_with_what_it_got() {
        let runner = LocalRunner::native(Interp::new());
        let x = vector(&[4.0, -1.0, 0.0, 2.0]);
        let y = x.mul_scalar(2.0).unwrap().log().unwrap();
        let z = y.reshape(&[2, 2]).unwrap().exp().unwrap().sum_all().unwrap();
        let found = fault(&runner, &z).unwrap();
        assert_eq!((found.op.as_str(), found.nan, found.infinite), ("log", 1, 1));
        assert_eq!((found.inputs[0].op.as_str(), found.inputs[0].low, found.inputs[0].high), ("mul", -2.0, 8.0));
        let text = Error::NotFinite(Box::new(found)).to_string();
        let expected = "log: 1 NaN and 1 infinite of 4 elements [4], the first on the way to the result; \
                        it was computed from mul f32[4] between -2 and 8";
        assert_eq!(text, expected);
        assert!(!z.inputs().is_empty(), "gradients can still be taken");
    }

    #[test]
    fn a_leaf_that_came_like_that_is_named_itself() {
        let runner = LocalRunner::native(Interp::new());
        let x = vector(&[f32::NAN, 1.0]);
        let found = fault(&runner, &x.exp().unwrap()).unwrap();
        assert_eq!((found.op.as_str(), found.nan, found.inputs.len()), ("leaf", 1, 0));
        assert_eq!(fault(&runner, &x).unwrap().op, "leaf");
    }

    #[test]
    fn what_is_thrown_away_is_no_fault() {
        let runner = LocalRunner::native(Interp::new());
        let x = vector(&[100.0, 1.0]);
        let large = x.gt_scalar(50.0).unwrap();
        let safe = large.where_(&x, &x.exp().unwrap()).unwrap();
        assert_eq!(fault(&runner, &safe), None);
        let found = fault(&runner, &safe.add(&x.exp().unwrap()).unwrap()).unwrap();
        assert_eq!((found.op.as_str(), found.infinite), ("exp", 1));
        let cut = x.log().unwrap().div(&x.sub(&x).unwrap()).unwrap().flip(&[0]).unwrap().slice(0, 0, 1, 1).unwrap();
        assert_eq!(fault(&runner, &cut).unwrap().op, "div", "NaN that moved is followed back");
    }

    #[test]
    fn a_check_leaves_no_memory_behind() {
        let runner = LocalRunner::native(Interp::new());
        let x = vector(&[1.0; 8]);
        let y = x.exp().unwrap().sum_all().unwrap();
        block_on(runner.check(&[y])).unwrap();
        assert_eq!(runner.device().counters().live_bytes, 32, "only the leaf");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, rng_seed: RngSeed::Fixed(4), ..ProptestConfig::default() })]
        /// A check fails exactly where a value is not finite, whatever the graph, and the fault it names is one.
        #[test]
        fn a_check_agrees_with_the_values(choices in prop::collection::vec(any::<Choice>(), 1..60)) {
            let runner = LocalRunner::native(Interp::new());
            let outputs = outputs(&choices);
            let found = block_on(runner.check(&outputs));
            let mut finite = true;
            for output in outputs.iter().filter(|output| output.dtype() == DType::F32) {
                finite &= block_on(runner.read(output)).unwrap().as_f32().iter().all(|v| v.is_finite());
            }
            match found {
                Ok(()) => prop_assert!(finite),
                Err(Error::NotFinite(fault)) => prop_assert!(!finite && fault.nan + fault.infinite > 0),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
