//! From a flat graph to steps. Layout ops become views, element-wise chains grow into one expression until something has to
//! be laid out in memory: a reduction, a product, a value that several use and that costs more than reading it again.
//!
//! The pass goes over the nodes once, in order, and merges expressions of bounded size, so it is linear in the graph.

use super::{
    memory,
    program::{Buffer, Expr, External, Instr, Kernel, Load, Operand, Program, Reduction, Rows, Source, Step},
    scan,
    view::View,
};
use crate::{
    DType, Error, Result,
    ir::{Binary, Graph, Kind, NodeId, Op, Scan, Unary},
};
use std::collections::HashMap;

/// What the passes may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Let element-wise chains grow; without it each op is a step of its own.
    pub fuse: bool,
    /// Distinct values that one expression may read (a device's bindings less one for the output).
    pub max_reads: usize,
    /// Instructions that one expression may have.
    pub max_instrs: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { fuse: true, max_reads: 6, max_instrs: 48 }
    }
}

/// Where an output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Into a new external buffer, after those of the leaves, in order.
    New,
    /// Over the leaf with this number, once nothing reads it any more.
    Leaf(usize),
}

/// Compiles a graph; output `i` goes to `targets[i]`.
///
/// Externals are the leaves in order, then the outputs with [`Target::New`] in order.
pub fn compile(graph: &Graph, targets: &[Target], options: &Options) -> Result<Program> {
    let mut schedule = Schedule::new(graph, options)?;
    for id in 0..graph.nodes.len() {
        schedule.node(id)?;
    }
    schedule.finish(targets)
}

pub(super) type ValueId = usize;

/// Something that lies in memory.
pub(super) struct Value {
    pub words: usize,
    /// Where it must lie; otherwise anywhere in the arena.
    pub external: Option<usize>,
    /// The step that makes it; none for a leaf.
    pub producer: Option<usize>,
}

/// A step whose operands are values.
pub(super) struct Draft {
    pub work: Work,
    pub reads: Vec<ValueId>,
    pub write: ValueId,
}

/// What a draft becomes.
pub(super) enum Work {
    /// A step.
    Kernel(Kernel),
    /// Nothing: it only keeps memory for the value that it writes, which a loop fills.
    Reserve,
    /// The steps of a loop, which reads and writes all of `reads`; `write` is memory for its intermediates.
    Loop(Box<scan::Nested>),
}

pub(super) struct Schedule<'a> {
    pub(super) graph: &'a Graph,
    pub(super) options: &'a Options,
    /// How many nodes and outputs use each node.
    uses: Vec<usize>,
    is_output: Vec<bool>,
    /// Each node as an expression over its own shape; sources name values, not reads of a step.
    pub(super) forms: Vec<Expr>,
    values: Vec<Value>,
    drafts: Vec<Draft>,
    /// The values of the results of each loop on its inputs.
    pub(super) loops: HashMap<(*const Scan, Vec<NodeId>), Vec<ValueId>>,
}

/// A value that several use is computed again by each if that costs no more than this.
const CHEAP: usize = 2;

impl<'a> Schedule<'a> {
    fn new(graph: &'a Graph, options: &'a Options) -> Result<Self> {
        let mut uses = vec![0; graph.nodes.len()];
        let mut is_output = vec![false; graph.nodes.len()];
        let mut values: Vec<Option<Value>> = (0..graph.leaves).map(|_| None).collect();
        for node in &graph.nodes {
            node.inputs.iter().for_each(|&input| uses[input] += 1);
            if let Kind::Leaf(leaf) = node.kind {
                values[leaf] = Some(Value { words: node.shape.len(), external: Some(leaf), producer: None });
            }
        }
        for &output in &graph.outputs {
            uses[output] += 1;
            is_output[output] = true;
        }
        let values =
            values.into_iter().collect::<Option<_>>().ok_or_else(|| Error::Wire("a leaf has no node".into()))?;
        Ok(Self {
            graph,
            options,
            uses,
            is_output,
            forms: Vec::with_capacity(graph.nodes.len()),
            values,
            drafts: Vec::new(),
            loops: HashMap::new(),
        })
    }

    fn node(&mut self, id: NodeId) -> Result<()> {
        let node = &self.graph.nodes[id];
        let form = match &node.kind {
            Kind::Leaf(leaf) => read(*leaf, &node.shape, node.dtype),
            Kind::Op(op) => self.op(id, op)?,
        };
        let cost = cost(&form);
        self.forms.push(form);
        let shared = self.uses[id] > 1 && cost > CHEAP;
        if cost > 0 && (shared || self.is_output[id] || !self.options.fuse) {
            self.materialise(id);
        }
        Ok(())
    }

    fn op(&mut self, id: NodeId, op: &Op) -> Result<Expr> {
        let node = &self.graph.nodes[id];
        let (shape, dtype, inputs) = (&node.shape, node.dtype, &node.inputs[..]);
        let uniform = || View::contiguous(&[]).broadcast(shape);
        let layout = |schedule: &mut Self, change: &dyn Fn(&View) -> Option<View>| schedule.layout(inputs[0], change);
        Ok(match op {
            Op::Input | Op::Host(_) | Op::Resident(_) => return Err(Error::Wire("a leaf stands as an op".into())),
            Op::Full(word) => load(Source::Const(*word), uniform(), dtype),
            Op::Iota { axis } => {
                let mut view = uniform();
                view.axes[*axis].stride = 1;
                load(Source::Arange, view, dtype)
            }
            Op::Random { stream } => {
                let key = self.in_memory(inputs[0]);
                load(Source::Random { key, stream: *stream }, View::contiguous(shape), dtype)
            }
            Op::Unary(unary) => self.chain(inputs, dtype, |r| Instr::Unary(*unary, r[0])),
            Op::Binary(binary) => self.chain(inputs, dtype, |r| Instr::Binary(*binary, r[0], r[1])),
            Op::Select => self.chain(inputs, dtype, |r| Instr::Select(r[0], r[1], r[2])),
            Op::Cast => self.chain(inputs, dtype, |r| Instr::Cast(r[0])),

            Op::Reshape => layout(self, &|view| view.reshape(shape)),
            Op::Permute(order) => layout(self, &|view| Some(view.permute(order))),
            Op::Broadcast => layout(self, &|view| Some(view.broadcast(shape))),
            Op::Slice { start, step } => layout(self, &|view| Some(view.slice(start, step, shape))),
            Op::Flip(axes) => layout(self, &|view| Some(view.flip(axes))),
            Op::Pad(low) => self.pad(inputs[0], low, shape),
            Op::Unfold(w) => layout(self, &|view| view.windows(w.kernel, w.stride, w.dilation, w.out)),

            Op::Sum(axes) => self.reduce(id, Reduction::Sum, axes),
            Op::Max(axes) => self.reduce(id, Reduction::Max, axes),
            Op::ArgMax(axis) => self.reduce(id, Reduction::ArgMax, &[*axis]),
            Op::MatMul => {
                let (a, b) = (self.strided(inputs[0]), self.strided(inputs[1]));
                self.emit(id, Kernel::MatMul { a: a.1, b: b.1 }, vec![a.0, b.0])
            }
            Op::Fold(window) => {
                let (value, input) = self.strided(inputs[0]);
                self.emit(id, Kernel::Fold { window: *window, input }, vec![value])
            }
            Op::Conv(g) => self.whole(id, Kernel::Conv(*g)),
            Op::ConvInputGrad(g) => self.whole(id, Kernel::ConvInputGrad(*g)),
            Op::ConvWeightGrad(g) => self.whole(id, Kernel::ConvWeightGrad(*g)),
            Op::MaxPool(w) => self.whole(id, Kernel::MaxPool(*w)),
            Op::MaxPoolArg(w) => self.whole(id, Kernel::MaxPoolArg(*w)),
            Op::Unpool(w) => self.whole(id, Kernel::Unpool(*w)),
            Op::PoolTake(w) => self.whole(id, Kernel::PoolTake(*w)),
            Op::Gather => {
                let table = &self.graph.nodes[inputs[0]].shape;
                let rows = Rows { rows: table[0], inner: table[1..].iter().product(), count: self.len(inputs[1]) };
                self.whole(id, Kernel::Gather(rows))
            }
            Op::ScatterAdd => {
                let rows = Rows { rows: shape[0], inner: shape[1..].iter().product(), count: self.len(inputs[1]) };
                self.whole(id, Kernel::ScatterAdd(rows))
            }
            Op::ArgSort => {
                let length = *shape.last().expect("a shape with axes");
                let rows = shape[..shape.rank() - 1].iter().product();
                self.whole(id, Kernel::ArgSort { rows, length, dtype: self.graph.nodes[inputs[0]].dtype })
            }
            Op::Scan { scan, pick } => self.scan(id, scan, *pick)?,
        })
    }

    fn len(&self, id: NodeId) -> usize {
        self.graph.nodes[id].shape.len()
    }

    /// One more instruction on the expressions of the inputs, which are laid out in memory first if all together would
    /// be more than one expression may hold.
    fn chain(&mut self, inputs: &[NodeId], dtype: DType, instr: impl Fn(&[usize]) -> Instr) -> Expr {
        loop {
            let mut merged = Expr::default();
            let registers: Vec<usize> = inputs.iter().map(|&input| merged.import(&self.forms[input])).collect();
            merged.push(instr(&registers), dtype);
            if merged.instrs.len() <= self.options.max_instrs && reads(&merged).len() <= self.options.max_reads {
                return merged;
            }
            let largest = inputs.iter().copied().max_by_key(|&input| self.forms[input].instrs.len()).expect("an input");
            if cost(&self.forms[largest]) == 0 {
                return merged;
            }
            self.materialise(largest);
        }
    }

    /// The input read through other views, if its views can be changed so; else through a view of it in memory.
    fn layout(&mut self, input: NodeId, change: &dyn Fn(&View) -> Option<View>) -> Expr {
        if let Some(changed) = change_views(&self.forms[input], change) {
            return changed;
        }
        self.materialise(input);
        change_views(&self.forms[input], change).expect("a value in memory can be read through any view")
    }

    /// Padding changes what is read to 0; what is computed from that must be 0 as well.
    fn pad(&mut self, input: NodeId, low: &[usize], shape: &[usize]) -> Expr {
        let from = &self.graph.nodes[input].shape;
        let high: Vec<usize> = (0..from.rank()).map(|i| shape[i] - from[i] - low[i]).collect();
        let pad = |view: &View| Some(view.pad(low, &high));
        let mut expr = self.layout(input, &pad);
        if cost(&expr) > 0 {
            let value = expr.instrs.len() - 1;
            let dtype = expr.types[value];
            let uniform = |shape: &[usize]| View::contiguous(&[]).broadcast(shape);
            let inside = expr.load(Load { source: Source::Const(1), view: uniform(from).pad(low, &high) }, DType::Bool);
            let zero = expr.load(Load { source: Source::Const(0), view: uniform(shape) }, dtype);
            expr.push(Instr::Select(inside, value, zero), dtype);
        }
        expr
    }

    fn reduce(&mut self, id: NodeId, op: Reduction, axes: &[usize]) -> Expr {
        let input = self.graph.nodes[id].inputs[0];
        let shape = &self.graph.nodes[input].shape;
        let kept: Vec<usize> = (0..shape.rank()).filter(|i| !axes.contains(i)).collect();
        let order = [&kept[..], axes].concat();
        let expr =
            change_views(&self.forms[input], &|view| Some(view.permute(&order))).expect("any view can be permuted");
        let sizes = |axes: &[usize]| axes.iter().map(|&i| shape[i]).collect::<Vec<_>>();
        let (expr, reads) = localise(expr);
        self.emit(id, Kernel::Reduce { outer: sizes(&kept), inner: sizes(axes), op, expr }, reads)
    }

    /// A kernel that takes all inputs of the node contiguous.
    fn whole(&mut self, id: NodeId, kernel: Kernel) -> Expr {
        let reads = self.graph.nodes[id].inputs.iter().map(|&input| self.in_memory(input)).collect();
        self.emit(id, kernel, reads)
    }

    fn emit(&mut self, id: NodeId, kernel: Kernel, reads: Vec<ValueId>) -> Expr {
        let node = &self.graph.nodes[id];
        let value = self.step(kernel, reads, node.shape.len());
        read(value, &node.shape, node.dtype)
    }

    pub(super) fn step(&mut self, kernel: Kernel, reads: Vec<ValueId>, words: usize) -> ValueId {
        self.draft(Work::Kernel(kernel), reads, words)
    }

    pub(super) fn draft(&mut self, work: Work, reads: Vec<ValueId>, words: usize) -> ValueId {
        let write = self.values.len();
        self.values.push(Value { words, external: None, producer: Some(self.drafts.len()) });
        self.drafts.push(Draft { work, reads, write });
        write
    }

    /// The node's value contiguous in memory.
    pub(super) fn in_memory(&mut self, id: NodeId) -> ValueId {
        if let Some((value, view)) = as_read(&self.forms[id])
            && view.is_contiguous()
            && self.values[value].words == self.len(id)
        {
            return value;
        }
        self.materialise(id);
        as_read(&self.forms[id]).expect("it is in memory now").0
    }

    /// The node's value in memory, read through a view without padding.
    fn strided(&mut self, id: NodeId) -> (ValueId, View) {
        match as_read(&self.forms[id]) {
            Some((value, view)) if view.is_total() => (value, view.clone()),
            _ => (self.in_memory(id), View::contiguous(&self.graph.nodes[id].shape)),
        }
    }

    /// Lays the node out in memory. Where the node only reshapes another, that one is laid out, so that its other users
    /// find it there.
    fn materialise(&mut self, id: NodeId) {
        let mut chain = vec![id];
        while let Kind::Op(Op::Reshape) = self.graph.nodes[*chain.last().expect("not empty")].kind {
            let source = self.graph.nodes[*chain.last().expect("not empty")].inputs[0];
            if cost(&self.forms[source]) == 0 {
                break;
            }
            chain.push(source);
        }
        let root = chain.pop().expect("not empty");
        let node = &self.graph.nodes[root];
        let (expr, reads) = localise(self.forms[root].clone());
        let value = self.step(Kernel::Map { shape: node.shape.to_vec(), expr }, reads, node.shape.len());
        for id in chain.into_iter().chain([root]) {
            let node = &self.graph.nodes[id];
            self.forms[id] = read(value, &node.shape, node.dtype);
        }
    }

    fn finish(mut self, targets: &[Target]) -> Result<Program> {
        let mut externals: Vec<External> =
            self.values.iter().take(self.graph.leaves).map(|v| External { words: v.words, written: false }).collect();
        let mut claimed: Vec<ValueId> = Vec::new();
        let mut results: Vec<(ValueId, Target)> = Vec::new();
        for (&output, &target) in self.graph.outputs.iter().zip(targets) {
            let own = as_read(&self.forms[output]).filter(|(_, view)| view.is_contiguous()).map(|(value, _)| value);
            let own = own.filter(|&value| self.values[value].words == self.len(output));
            if let (Some(value), Target::Leaf(leaf)) = (own, target)
                && value == leaf
            {
                continue;
            }
            let value = match own.filter(|&v| self.values[v].producer.is_some() && !claimed.contains(&v)) {
                Some(value) => value,
                None => {
                    let (expr, reads) = localise(self.forms[output].clone());
                    let shape = self.graph.nodes[output].shape.to_vec();
                    self.step(Kernel::Map { shape, expr }, reads, self.len(output))
                }
            };
            claimed.push(value);
            results.push((value, target));
        }
        let mut copies = Vec::new();
        for (value, target) in results {
            match target {
                Target::New => {
                    self.values[value].external = Some(externals.len());
                    externals.push(External { words: self.values[value].words, written: true });
                }
                Target::Leaf(leaf) => {
                    externals[leaf].written = true;
                    if self.may_replace(value, leaf) {
                        self.values[value].external = Some(leaf);
                    } else {
                        copies.push((value, leaf));
                    }
                }
            }
        }
        for (value, leaf) in copies {
            let words = self.values[value].words;
            let (expr, reads) = localise(load(Source::Read(value), View::contiguous(&[words]), DType::U32));
            let copy = self.step(Kernel::Map { shape: vec![words], expr }, reads, words);
            self.values[copy].external = Some(leaf);
        }
        Ok(self.place(externals))
    }

    /// Whether the step that makes `value` may write it over a leaf: nothing later reads the leaf, and the step itself
    /// reads each of its elements only for the one that replaces it.
    fn may_replace(&self, value: ValueId, leaf: ValueId) -> bool {
        let producer = self.values[value].producer.expect("made by a step");
        let later = self.drafts[producer + 1..].iter().any(|draft| draft.reads.contains(&leaf));
        !later && replaces_in_place(&self.drafts[producer], leaf)
    }

    fn place(self, externals: Vec<External>) -> Program {
        let (offsets, arena) = memory::plan(&self.values, &self.drafts);
        let operand = |value: ValueId| {
            let Value { words, external, .. } = self.values[value];
            let (buffer, offset) = external.map_or((Buffer::Arena, offsets[value]), |i| (Buffer::External(i), 0));
            Operand { buffer, offset, words }
        };
        let (mut steps, mut loops) = (Vec::new(), Vec::new());
        for draft in &self.drafts {
            match &draft.work {
                Work::Kernel(kernel) if self.values[draft.write].words > 0 => steps.push(Step {
                    kernel: kernel.clone(),
                    reads: draft.reads.iter().map(|&value| operand(value)).collect(),
                    write: operand(draft.write),
                }),
                Work::Kernel(_) | Work::Reserve => {}
                Work::Loop(nested) => nested.splice(&operand, operand(draft.write), &mut steps, &mut loops),
            }
        }
        Program { steps, externals, arena, loops }
    }
}

/// Whether a step may write over `value`: it does not read it, or only element by element.
pub(super) fn replaces_in_place(draft: &Draft, value: ValueId) -> bool {
    if !draft.reads.contains(&value) {
        return true;
    }
    let Work::Kernel(Kernel::Map { expr, .. }) = &draft.work else { return false };
    expr.loads.iter().all(|load| match load.source {
        Source::Read(i) => draft.reads[i] != value || load.view.is_contiguous(),
        Source::Random { key, .. } => draft.reads[key] != value,
        Source::Arange | Source::Const(_) => true,
    })
}

impl Expr {
    /// The register of a load, which is added unless it is there.
    fn load(&mut self, load: Load, dtype: DType) -> usize {
        let same = |(i, instr): (usize, &Instr)| match instr {
            Instr::Load(l) => (self.types[i] == dtype && self.loads[*l] == load).then_some(i),
            _ => None,
        };
        if let Some(found) = self.instrs.iter().enumerate().find_map(same) {
            return found;
        }
        self.loads.push(load);
        self.append(Instr::Load(self.loads.len() - 1), dtype)
    }

    /// The register of an instruction, which is added unless it is there.
    fn push(&mut self, instr: Instr, dtype: DType) -> usize {
        let same = |i: &usize| self.instrs[*i] == instr && self.types[*i] == dtype;
        (0..self.instrs.len()).find(same).unwrap_or_else(|| self.append(instr, dtype))
    }

    fn append(&mut self, instr: Instr, dtype: DType) -> usize {
        self.instrs.push(instr);
        self.types.push(dtype);
        self.instrs.len() - 1
    }

    /// All of another expression; the register of its value.
    fn import(&mut self, other: &Self) -> usize {
        let mut at: Vec<usize> = Vec::with_capacity(other.instrs.len());
        for (i, instr) in other.instrs.iter().enumerate() {
            let dtype = other.types[i];
            at.push(match *instr {
                Instr::Load(l) => self.load(other.loads[l].clone(), dtype),
                Instr::Unary(f, a) => self.push(Instr::Unary(f, at[a]), dtype),
                Instr::Binary(f, a, b) => self.push(Instr::Binary(f, at[a], at[b]), dtype),
                Instr::Select(c, a, b) => self.push(Instr::Select(at[c], at[a], at[b]), dtype),
                Instr::Cast(a) => self.push(Instr::Cast(at[a]), dtype),
            });
        }
        *at.last().expect("an expression has a value")
    }
}

fn load(source: Source, view: View, dtype: DType) -> Expr {
    Expr { loads: vec![Load { source, view }], instrs: vec![Instr::Load(0)], types: vec![dtype] }
}

pub(super) fn read(value: ValueId, shape: &[usize], dtype: DType) -> Expr {
    load(Source::Read(value), View::contiguous(shape), dtype)
}

/// The value and view of an expression that only reads.
fn as_read(expr: &Expr) -> Option<(ValueId, &View)> {
    match (&expr.loads[..], &expr.instrs[..]) {
        ([Load { source: Source::Read(value), view }], [Instr::Load(0)]) => Some((*value, view)),
        _ => None,
    }
}

fn change_views(expr: &Expr, change: &dyn Fn(&View) -> Option<View>) -> Option<Expr> {
    let changed = |load: &Load| Some(Load { source: load.source, view: change(&load.view)? });
    let loads = expr.loads.iter().map(changed).collect::<Option<_>>()?;
    Some(Expr { loads, instrs: expr.instrs.clone(), types: expr.types.clone() })
}

/// The distinct values that an expression reads, in order of first use.
fn reads(expr: &Expr) -> Vec<ValueId> {
    let mut found = Vec::new();
    for load in &expr.loads {
        if let Source::Read(value) | Source::Random { key: value, .. } = load.source
            && !found.contains(&value)
        {
            found.push(value);
        }
    }
    found
}

/// Turns names of values into positions in the step's reads.
pub(super) fn localise(mut expr: Expr) -> (Expr, Vec<ValueId>) {
    let reads = reads(&expr);
    let at = |value: ValueId| reads.iter().position(|&r| r == value).expect("it is among the reads");
    for load in &mut expr.loads {
        load.source = match load.source {
            Source::Read(value) => Source::Read(at(value)),
            Source::Random { key, stream } => Source::Random { key: at(key), stream },
            other => other,
        };
    }
    (expr, reads)
}

/// What computing an expression costs beyond reading its inputs, in simple instructions.
fn cost(expr: &Expr) -> usize {
    let instr = |instr: &Instr| match instr {
        Instr::Load(i) => match expr.loads[*i].source {
            Source::Random { .. } => 16,
            Source::Read(_) | Source::Arange | Source::Const(_) => 0,
        },
        Instr::Unary(Unary::Neg | Unary::Abs | Unary::Not | Unary::Sign | Unary::IsNan, _) => 1,
        Instr::Unary(..) => 8,
        Instr::Binary(Binary::Pow | Binary::Atan2 | Binary::Rem | Binary::Div, ..) => 4,
        Instr::Binary(..) | Instr::Select(..) | Instr::Cast(_) => 1,
    };
    expr.instrs.iter().map(instr).sum()
}
