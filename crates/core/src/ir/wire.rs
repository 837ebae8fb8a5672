//! Graphs and values as bytes: what crosses a port, and what names a program in a cache. Small, versioned, and checked on
//! arrival: whatever the bytes are, decoding gives a well-formed graph or an error, in memory proportional to their number.

use super::{
    graph::{Graph, Kind, Node},
    op::{ConvGeometry, Op, Window},
    scalar::{Binary, Unary},
    scan::Scan,
};
use crate::{
    DType, Data, Error, Result, Shape,
    reserve::{HOST, room},
};
use std::rc::Rc;

/// Grows when the form changes; both ends must agree.
pub const VERSION: u8 = 2;

/// Writes numbers as LEB128, so that small ones are short.
#[derive(Default)]
pub struct Writer {
    /// What was written.
    pub bytes: Vec<u8>,
    /// The size of the first values for which there was no memory.
    missing: Option<usize>,
}

impl Writer {
    /// What was written. Errors: there was no memory for all of it.
    pub fn finish(self) -> Result<Vec<u8>> {
        match self.missing {
            None => Ok(self.bytes),
            Some(bytes) => Err(Error::OutOfMemory { device: HOST.into(), bytes, what: "a message".into() }),
        }
    }

    /// One byte.
    pub fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// A whole number.
    pub fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A size or index.
    pub fn size(&mut self, value: usize) {
        self.number(value as u64);
    }

    /// A list of sizes.
    pub fn sizes(&mut self, values: &[usize]) {
        self.size(values.len());
        values.iter().for_each(|&v| self.size(v));
    }

    /// 32-bit words: the one thing that can be large. Without memory for them the writer goes on, and fails at its end.
    pub fn words(&mut self, words: &[u32]) {
        self.size(words.len());
        let bytes = words.len().saturating_mul(4);
        if self.bytes.try_reserve(bytes).is_err() {
            self.missing = self.missing.or(Some(bytes));
            return;
        }
        if cfg!(target_endian = "little") {
            self.bytes.extend_from_slice(bytemuck::cast_slice(words));
        } else {
            words.iter().for_each(|w| self.bytes.extend_from_slice(&w.to_le_bytes()));
        }
    }

    /// Text.
    pub fn text(&mut self, text: &str) {
        self.size(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Shape, element type and elements.
    pub fn data(&mut self, data: &Data) {
        self.sizes(&data.shape);
        self.byte(data.dtype as u8);
        self.words(&data.words);
    }

    /// A graph.
    pub fn graph(&mut self, graph: &Graph) {
        self.byte(VERSION);
        self.size(graph.leaves);
        self.size(graph.nodes.len());
        let siblings = graph.siblings();
        for (id, node) in graph.nodes.iter().enumerate() {
            if let Some(other) = siblings.get(&id) {
                // Another result of a loop whose body and inputs were written already.
                let Kind::Op(Op::Scan { pick, .. }) = node.kind else { unreachable!("only loops have siblings") };
                self.byte(node.dtype as u8);
                self.sizes(&node.shape);
                self.byte(SIBLING);
                [id - other, pick].iter().for_each(|&v| self.size(v));
                continue;
            }
            self.node(node);
            self.size(node.inputs.len());
            // Inputs are near: distances are short.
            node.inputs.iter().for_each(|&input| self.size(id - input));
        }
        self.sizes(&graph.outputs);
    }

    /// All of a node but its inputs.
    pub(super) fn node(&mut self, node: &Node) {
        self.byte(node.dtype as u8);
        self.sizes(&node.shape);
        match &node.kind {
            Kind::Leaf(leaf) => {
                self.byte(LEAF);
                self.size(*leaf);
            }
            Kind::Op(op) => self.op(op),
        }
    }

    fn op(&mut self, op: &Op) {
        self.byte(code(op));
        match op {
            Op::Full(word) => self.number(u64::from(*word)),
            Op::Random { stream } => self.number(u64::from(*stream)),
            Op::Iota { axis } | Op::ArgMax(axis) => self.size(*axis),
            Op::Unary(unary) => self.byte(*unary as u8),
            Op::Binary(binary) => self.byte(*binary as u8),
            Op::Permute(list) | Op::Flip(list) | Op::Pad(list) | Op::Sum(list) | Op::Max(list) => self.sizes(list),
            Op::Slice { start, step } => {
                self.sizes(start);
                self.sizes(step);
            }
            Op::Unfold(w) | Op::Fold(w) | Op::MaxPool(w) | Op::MaxPoolArg(w) | Op::Unpool(w) | Op::PoolTake(w) => {
                [w.n, w.c].iter().for_each(|&v| self.size(v));
                self.pairs(&[w.size, w.kernel, w.stride, w.pad, w.dilation, w.out]);
            }
            Op::Conv(g) | Op::ConvInputGrad(g) | Op::ConvWeightGrad(g) => {
                [g.n, g.c, g.o, g.groups].iter().for_each(|&v| self.size(v));
                self.pairs(&[g.size, g.kernel, g.out, g.stride, g.pad, g.dilation]);
            }
            Op::Input | Op::Host(_) | Op::Resident(_) => unreachable!("leaves of a traced graph are numbered"),
            Op::Select | Op::Cast | Op::Reshape | Op::Broadcast | Op::MatMul | Op::Gather | Op::ScatterAdd => {}
            Op::ArgSort => {}
            Op::Scan { scan, pick } => {
                [*pick, scan.trips(), scan.carries(), scan.slices()].iter().for_each(|&v| self.size(v));
                self.byte(scan.is_reverse().into());
                self.graph(scan.body());
            }
        }
    }

    fn pairs(&mut self, pairs: &[[usize; 2]]) {
        pairs.as_flattened().iter().for_each(|&v| self.size(v));
    }
}

const LEAF: u8 = 0;
const SIBLING: u8 = 255;

fn code(op: &Op) -> u8 {
    match op {
        Op::Input | Op::Host(_) | Op::Resident(_) => LEAF,
        Op::Full(_) => 1,
        Op::Iota { .. } => 2,
        Op::Random { .. } => 3,
        Op::Unary(_) => 4,
        Op::Binary(_) => 5,
        Op::Select => 6,
        Op::Cast => 7,
        Op::Reshape => 8,
        Op::Permute(_) => 9,
        Op::Broadcast => 10,
        Op::Slice { .. } => 11,
        Op::Flip(_) => 12,
        Op::Pad(_) => 13,
        Op::Unfold(_) => 14,
        Op::Fold(_) => 15,
        Op::Sum(_) => 16,
        Op::Max(_) => 17,
        Op::ArgMax(_) => 18,
        Op::MatMul => 19,
        Op::Conv(_) => 20,
        Op::ConvInputGrad(_) => 21,
        Op::ConvWeightGrad(_) => 22,
        Op::MaxPool(_) => 23,
        Op::MaxPoolArg(_) => 24,
        Op::Unpool(_) => 25,
        Op::PoolTake(_) => 26,
        Op::Gather => 27,
        Op::ScatterAdd => 28,
        Op::ArgSort => 29,
        Op::Scan { .. } => 30,
    }
}

/// Reads what a [`Writer`] wrote; every read is checked.
pub struct Reader<'a> {
    rest: &'a [u8],
    /// How many loop bodies the graph being read lies in.
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Reads these bytes from their start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, depth: 0 }
    }

    /// Fails if anything is left.
    pub fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(bad("bytes after the end")) }
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8> {
        let (&first, rest) = self.rest.split_first().ok_or_else(|| bad("it ends too early"))?;
        self.rest = rest;
        Ok(first)
    }

    /// A whole number.
    pub fn number(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(bad("a number of more than 64 bits"))
    }

    /// A size or index below 2^31.
    pub fn size(&mut self) -> Result<usize> {
        let value = self.number()?;
        if value < 1 << 31 { Ok(value as usize) } else { Err(bad("a size beyond 2^31")) }
    }

    /// The length of a list whose entries take at least `bytes` each.
    pub fn length(&mut self, bytes: usize) -> Result<usize> {
        let length = self.size()?;
        if length.checked_mul(bytes).is_some_and(|n| n <= self.rest.len()) {
            Ok(length)
        } else {
            Err(bad("a list longer than the message"))
        }
    }

    /// A list of sizes.
    pub fn sizes(&mut self) -> Result<Vec<usize>> {
        let length = self.length(1)?;
        (0..length).map(|_| self.size()).collect()
    }

    /// 32-bit words.
    pub fn words(&mut self) -> Result<Vec<u32>> {
        let length = self.length(4)?;
        let (head, rest) = self.rest.split_at(4 * length);
        self.rest = rest;
        let mut words = room(HOST, length, "values of a message")?;
        words.extend(head.as_chunks().0.iter().map(|&word| u32::from_le_bytes(word)));
        Ok(words)
    }

    /// Text.
    pub fn text(&mut self) -> Result<String> {
        let length = self.length(1)?;
        let (head, rest) = self.rest.split_at(length);
        self.rest = rest;
        String::from_utf8(head.to_vec()).map_err(|_| bad("text that is not UTF-8"))
    }

    /// An element type.
    pub fn dtype(&mut self) -> Result<DType> {
        DType::ALL.get(usize::from(self.byte()?)).copied().ok_or_else(|| bad("an unknown element type"))
    }

    /// A shape.
    pub fn shape(&mut self) -> Result<Shape> {
        Shape::new("message", self.sizes()?)
    }

    /// Shape, element type and elements.
    pub fn data(&mut self) -> Result<Data> {
        let (shape, dtype) = (self.shape()?, self.dtype()?);
        Data::new(shape, dtype, self.words()?)
    }

    /// A graph whose nodes, inputs and leaves are consistent; shape rules are checked when it is rebuilt.
    pub fn graph(&mut self) -> Result<Graph> {
        if self.byte()? != VERSION {
            return Err(bad("another version of the graph form; reload the page"));
        }
        let leaves = self.length(1)?;
        let count = self.length(4)?;
        let mut seen: Vec<bool> = room(HOST, leaves, "the leaves of a graph")?;
        seen.resize(leaves, false);
        let mut nodes: Vec<Node> = room(HOST, count, "the nodes of a graph")?;
        for id in 0..count {
            let (dtype, shape) = (self.dtype()?, self.shape()?);
            let kind = match self.byte()? {
                SIBLING => {
                    let (distance, pick) = (self.size()?, self.size()?);
                    let other = id.checked_sub(distance).and_then(|other| nodes.get(other));
                    let Some(Node { kind: Kind::Op(Op::Scan { scan, .. }), inputs, .. }) = other else {
                        return Err(bad("a result of a loop that was not there before"));
                    };
                    let (kind, inputs) = (Kind::Op(Op::Scan { scan: scan.clone(), pick }), inputs.clone());
                    nodes.push(Node { kind, inputs, shape, dtype });
                    continue;
                }
                LEAF => {
                    let leaf = self.size()?;
                    let fresh =
                        seen.get_mut(leaf).filter(|seen| !**seen).ok_or_else(|| bad("a leaf out of range or twice"))?;
                    *fresh = true;
                    Kind::Leaf(leaf)
                }
                code => Kind::Op(self.op(code)?),
            };
            let inputs = (0..self.length(1)?).map(|_| {
                let distance = self.size()?;
                id.checked_sub(distance)
                    .filter(|_| distance > 0)
                    .ok_or_else(|| bad("an input that is not before its user"))
            });
            let inputs = inputs.collect::<Result<Vec<_>>>()?;
            if matches!(kind, Kind::Leaf(_)) && !inputs.is_empty() {
                return Err(bad("a leaf with inputs"));
            }
            nodes.push(Node { kind, inputs, shape, dtype });
        }
        let outputs = self.sizes()?;
        if outputs.iter().any(|&output| output >= count) || seen.contains(&false) {
            return Err(bad("an output or a leaf without a node"));
        }
        Ok(Graph { nodes, outputs, leaves })
    }

    fn op(&mut self, code: u8) -> Result<Op> {
        Ok(match code {
            1 => Op::Full(self.word()?),
            2 => Op::Iota { axis: self.size()? },
            3 => Op::Random { stream: self.word()? },
            4 => Op::Unary(listed(Unary::ALL, self.byte()?)?),
            5 => Op::Binary(listed(Binary::ALL, self.byte()?)?),
            6 => Op::Select,
            7 => Op::Cast,
            8 => Op::Reshape,
            9 => Op::Permute(self.sizes()?),
            10 => Op::Broadcast,
            11 => Op::Slice { start: self.sizes()?, step: self.sizes()? },
            12 => Op::Flip(self.sizes()?),
            13 => Op::Pad(self.sizes()?),
            14 => Op::Unfold(self.window()?),
            15 => Op::Fold(self.window()?),
            16 => Op::Sum(self.sizes()?),
            17 => Op::Max(self.sizes()?),
            18 => Op::ArgMax(self.size()?),
            19 => Op::MatMul,
            20 => Op::Conv(self.geometry()?),
            21 => Op::ConvInputGrad(self.geometry()?),
            22 => Op::ConvWeightGrad(self.geometry()?),
            23 => Op::MaxPool(self.window()?),
            24 => Op::MaxPoolArg(self.window()?),
            25 => Op::Unpool(self.window()?),
            26 => Op::PoolTake(self.window()?),
            27 => Op::Gather,
            28 => Op::ScatterAdd,
            29 => Op::ArgSort,
            30 => self.scan()?,
            _ => return Err(bad("an unknown op")),
        })
    }

    fn scan(&mut self) -> Result<Op> {
        let (pick, trips, carries, slices) = (self.size()?, self.size()?, self.size()?, self.size()?);
        let reverse = self.byte()? != 0;
        // Checked before the body is read: a message must not decide how deep the stack grows.
        if self.depth == Scan::DEEPEST {
            return Err(bad("loops nested too deeply"));
        }
        self.depth += 1;
        let body = self.graph()?;
        self.depth -= 1;
        Ok(Op::Scan { scan: Rc::new(Scan::new(body, trips, carries, slices, reverse)?), pick })
    }

    fn word(&mut self) -> Result<u32> {
        u32::try_from(self.number()?).map_err(|_| bad("a word of more than 32 bits"))
    }

    fn pair(&mut self) -> Result<[usize; 2]> {
        Ok([self.size()?, self.size()?])
    }

    fn window(&mut self) -> Result<Window> {
        let (n, c) = (self.size()?, self.size()?);
        let (size, kernel, stride) = (self.pair()?, self.pair()?, self.pair()?);
        Ok(Window { n, c, size, kernel, stride, pad: self.pair()?, dilation: self.pair()?, out: self.pair()? })
    }

    fn geometry(&mut self) -> Result<ConvGeometry> {
        let (n, c, o, groups) = (self.size()?, self.size()?, self.size()?, self.size()?);
        let (size, kernel, out) = (self.pair()?, self.pair()?, self.pair()?);
        let (stride, pad, dilation) = (self.pair()?, self.pair()?, self.pair()?);
        Ok(ConvGeometry { n, c, size, o, kernel, out, groups, stride, pad, dilation })
    }
}

fn listed<T: Copy>(all: &[T], code: u8) -> Result<T> {
    all.get(usize::from(code)).copied().ok_or_else(|| bad("an unknown function"))
}

fn bad(message: &str) -> Error {
    Error::Wire(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;
    use proptest::prelude::*;

    fn sample() -> Graph {
        let shape = |dims: &[usize]| Shape::new("test", dims).unwrap();
        let x = Tensor::input(shape(&[2, 3]), DType::F32);
        let y = Tensor::make(Op::Unary(Unary::Tanh), vec![x.clone()], shape(&[2, 3]), DType::F32).unwrap();
        let z = Tensor::make(Op::Binary(Binary::Mul), vec![x, y], shape(&[2, 3]), DType::F32).unwrap();
        let sum = Tensor::make(Op::Sum(vec![0, 1]), vec![z], shape(&[1, 1]), DType::F32).unwrap();
        Graph::trace(&[sum]).graph
    }

    /// Two results of a loop whose body has a loop.
    fn looped() -> Graph {
        let shape = |dims: &[usize]| Shape::new("test", dims).unwrap();
        let input = |dims: &[usize]| Tensor::input(shape(dims), DType::F32);
        let (inner, outer) = ([input(&[2]), input(&[2])], [input(&[2]), input(&[3, 2])]);
        let sum = |[a, b]: &[Tensor; 2]| {
            Tensor::make(Op::Binary(Binary::Add), vec![a.clone(), b.clone()], shape(&[2]), DType::F32).unwrap()
        };
        let close = |[carry, slice]: &[Tensor; 2], next: &Tensor, trips| {
            let (carry, slice) = (std::slice::from_ref(carry), std::slice::from_ref(slice));
            super::super::close([carry, slice], &[next.clone(), next.clone()], trips, false).unwrap().0
        };
        let first = close(&inner, &sum(&inner), 3).pick(&outer, 0).unwrap();
        let second = close(&outer, &first, 4);
        let inputs = [input(&[2]), input(&[4, 3, 2])];
        Graph::trace(&[second.pick(&inputs, 1).unwrap(), second.pick(&inputs, 0).unwrap()]).graph
    }

    #[test]
    fn a_loop_survives_the_trip_with_its_body_once() {
        let bytes = encoded(&looped());
        let back = Reader::new(&bytes).graph().unwrap();
        assert_eq!(encoded(&back), bytes);
        assert_eq!(back.to_string(), looped().to_string());
        assert_eq!(back.siblings().len(), 1);
        assert!((0..bytes.len()).all(|end| Reader::new(&bytes[..end]).graph().is_err()));
    }

    #[test]
    fn loops_nested_without_end_are_an_error() {
        // A graph of one node, which is a loop over a graph of one node, and so on.
        let head = [VERSION, 0, 1, 0, 0, 30, 0, 1, 0, 0, 0];
        let error = Reader::new(&head.repeat(100_000)).graph().unwrap_err().to_string();
        assert!(error.contains("too deeply"), "{error}");
    }

    fn encoded(graph: &Graph) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.graph(graph);
        writer.bytes
    }

    #[test]
    fn a_graph_survives_the_trip() {
        let bytes = encoded(&sample());
        let back = Reader::new(&bytes).graph().unwrap();
        assert_eq!(encoded(&back), bytes);
    }

    #[test]
    fn every_cut_is_an_error() {
        let bytes = encoded(&sample());
        for end in 0..bytes.len() {
            assert!(Reader::new(&bytes[..end]).graph().is_err(), "cut at {end}");
        }
    }

    #[test]
    fn numbers_of_all_lengths() {
        let values = [0, 1, 127, 128, 1 << 31, u64::MAX];
        let mut writer = Writer::default();
        values.iter().for_each(|&v| writer.number(v));
        let mut reader = Reader::new(&writer.bytes);
        values.iter().for_each(|&v| assert_eq!(reader.number().unwrap(), v));
        reader.end().unwrap();
    }

    proptest! {
        #[test]
        fn changed_bytes_give_an_error_or_a_checked_graph(
            has_loops in any::<bool>(),
            changes in prop::collection::vec((0usize..200, any::<u8>()), 1..6),
        ) {
            let mut bytes = encoded(&if has_loops { looped() } else { sample() });
            let length = bytes.len();
            for (at, value) in changes {
                bytes[at % length] = value;
            }
            if let Ok(graph) = Reader::new(&bytes).graph() {
                let mut leaves = vec![None; graph.leaves];
                for node in &graph.nodes {
                    if let Kind::Leaf(i) = node.kind {
                        leaves[i] = Some(Tensor::input(node.shape.clone(), node.dtype));
                    }
                }
                let leaves: Vec<Tensor> = leaves.into_iter().flatten().collect();
                let _ = graph.rebuild(&leaves);
            }
        }
    }
}
