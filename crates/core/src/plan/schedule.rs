//! From a flat graph to steps. Layout ops become views, element-wise chains grow into one expression until something has to
//! be laid out in memory: a reduction, a product, a value that several use and that costs more than reading it again.
//!
//! The pass goes over the nodes once, in order, and merges expressions of bounded size, so it is linear in the graph.

use super::{
    Options, Target,
    draft::{Drafts, Home, Value, ValueId},
    expr::{as_read, change_views, cost, load, localise, read, reads},
    program::{Expr, Instr, Kernel, Load, Reduction, Rows, Source},
    view::View,
};
use crate::{
    DType, Error, Result,
    ir::{Graph, Kind, NodeId, Op, Scan},
};
use rustc_hash::{FxHashMap, FxHashSet};

/// The steps of a graph, and what each output's target gets: a value of its own that a step writes. An output that is the
/// leaf which it goes to has none.
pub(super) fn schedule(
    graph: &Graph,
    targets: &[Target],
    options: &Options,
) -> Result<(Drafts, Vec<(ValueId, Target)>)> {
    let mut schedule = Schedule::new(graph, options)?;
    for id in 0..graph.nodes.len() {
        schedule.node(id)?;
    }
    let results = schedule.results(targets);
    Ok((schedule.drafts, results))
}

pub(super) struct Schedule<'a> {
    pub(super) graph: &'a Graph,
    pub(super) options: &'a Options,
    /// How many nodes and outputs use each node.
    uses: Vec<usize>,
    is_output: Vec<bool>,
    /// Each node as an expression over its own shape; sources name values, not reads of a step.
    pub(super) forms: Vec<Expr>,
    pub(super) drafts: Drafts,
    /// The nodes whose values are made by other than element-wise steps.
    kernels: FxHashMap<ValueId, NodeId>,
    /// The values of the results of each loop on its inputs.
    pub(super) loops: FxHashMap<(*const Scan, Vec<NodeId>), Vec<ValueId>>,
}

/// A value that several use is computed again by each if that costs no more than this.
const CHEAP: usize = 2;

impl<'a> Schedule<'a> {
    fn new(graph: &'a Graph, options: &'a Options) -> Result<Self> {
        let uses = graph.uses();
        let mut is_output = vec![false; graph.nodes.len()];
        let mut leaves: Vec<Option<Value>> = vec![None; graph.leaves];
        for node in &graph.nodes {
            if let Kind::Leaf(leaf) = node.kind {
                leaves[leaf] = Some(Value { words: node.shape.len(), home: Home::Arena });
            }
        }
        for &output in &graph.outputs {
            is_output[output] = true;
        }
        let leaves =
            leaves.into_iter().collect::<Option<_>>().ok_or_else(|| Error::Wire("a leaf has no node".into()))?;
        let drafts = Drafts { values: leaves, leaves: graph.leaves, steps: Vec::new() };
        Ok(Self {
            graph,
            options,
            uses,
            is_output,
            forms: Vec::with_capacity(graph.nodes.len()),
            drafts,
            kernels: FxHashMap::default(),
            loops: FxHashMap::default(),
        })
    }

    fn node(&mut self, id: NodeId) -> Result<()> {
        let node = &self.graph.nodes[id];
        let form = match &node.kind {
            Kind::Leaf(leaf) => read(*leaf, &node.shape, node.dtype),
            Kind::Op(op) => self.op(id, op)?,
        };
        let cost = cost(&form);
        let shared = self.uses[id] > 1 && (cost > CHEAP || (cost > 0 && self.finishes_kernel(&form, id)));
        self.forms.push(form);
        if cost > 0 && (shared || self.is_output[id] || !self.options.fuse) {
            self.materialise(id);
        }
        Ok(())
    }

    /// Whether the node could be an epilogue: it reads element by element what a kernel makes for it alone. Then it costs
    /// less to write it once than that, and to read that several times.
    fn finishes_kernel(&self, form: &Expr, id: NodeId) -> bool {
        self.options.epilogues
            && form.loads.iter().any(|load| {
                let Source::Read(value) = load.source else { return false };
                let kernel = self.kernels.get(&value);
                kernel.is_some_and(|&node| self.uses[node] == 1)
                    && load.view.is_contiguous()
                    && self.drafts.values[value].words == self.len(id)
            })
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
                let rows = shape.len().checked_div(length).unwrap_or(0);
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
        let value = self.drafts.step(kernel, reads, node.shape.len());
        self.kernels.insert(value, id);
        read(value, &node.shape, node.dtype)
    }

    /// The node's value contiguous in memory.
    pub(super) fn in_memory(&mut self, id: NodeId) -> ValueId {
        if let Some((value, view)) = as_read(&self.forms[id])
            && view.is_contiguous()
            && self.drafts.values[value].words == self.len(id)
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
        let value = self.drafts.step(Kernel::map(node.shape.to_vec(), expr), reads, node.shape.len());
        for id in chain.into_iter().chain([root]) {
            let node = &self.graph.nodes[id];
            self.forms[id] = read(value, &node.shape, node.dtype);
        }
    }

    fn results(&mut self, targets: &[Target]) -> Vec<(ValueId, Target)> {
        let mut results: Vec<(ValueId, Target)> = Vec::with_capacity(targets.len());
        let mut claimed = FxHashSet::default();
        for (&output, &target) in self.graph.outputs.iter().zip(targets) {
            let own = as_read(&self.forms[output]).filter(|(_, view)| view.is_contiguous()).map(|(value, _)| value);
            let own = own.filter(|&value| self.drafts.values[value].words == self.len(output));
            if own.is_some_and(|value| target == Target::Leaf(value)) {
                continue;
            }
            let made = own.filter(|&value| value >= self.drafts.leaves && claimed.insert(value));
            let value = made.unwrap_or_else(|| self.copied(output));
            claimed.insert(value);
            results.push((value, target));
        }
        results
    }

    /// A step that lays a node out once more.
    fn copied(&mut self, id: NodeId) -> ValueId {
        let (expr, reads) = localise(self.forms[id].clone());
        let shape = self.graph.nodes[id].shape.to_vec();
        self.drafts.step(Kernel::map(shape, expr), reads, self.len(id))
    }
}
