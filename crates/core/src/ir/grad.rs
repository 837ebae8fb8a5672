//! Gradients as a graph transform: a walk from an output to its ancestors that applies one rule a node.
//!
//! Every rule is written in the ops themselves, so a gradient is a graph like any other and has gradients again. The
//! derivatives of the element-wise functions stand in their table, [`super::scalar`]; all other rules are in [`vjp`].

use super::{
    node::Tensor,
    op::Op,
    scalar::{Binary, Unary, Why},
    scan,
};
use crate::{DType, Error, Result, Shape};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Gradients that a caller puts in place of the usual ones during a walk: guided backpropagation and relevance rules are
/// such sets.
pub trait Rules {
    /// The gradients for the inputs of `y` from the arriving gradient `g`, or none to use the usual rule.
    fn vjp(&self, y: &Tensor, g: &Tensor) -> Option<Result<Vec<Option<Tensor>>>>;
}

/// The usual rules.
impl Rules for () {
    fn vjp(&self, _: &Tensor, _: &Tensor) -> Option<Result<Vec<Option<Tensor>>>> {
        None
    }
}

/// The gradients of Σ `y` · `seed` for each of `wrt`, each of the shape of its tensor.
///
/// Errors: `y` is not f32, `seed` has another shape, or `y` does not depend on a tensor of `wrt` in a differentiable way.
/// Source: reverse accumulation, course section 2.4.
pub fn gradient(y: &Tensor, seed: &Tensor, wrt: &[Tensor], rules: &dyn Rules) -> Result<Vec<Tensor>> {
    if y.dtype() != DType::F32 || seed.dtype() != DType::F32 {
        return Err(Error::Gradient(format!("only f32 tensors have gradients; the output is {}", y.dtype())));
    }
    if seed.shape() != y.shape() {
        return Err(Error::Gradient(format!("the seed has shape {}, the output {}", seed.shape(), y.shape())));
    }
    let gradients = pull(&[(y.clone(), seed.clone())], wrt, rules)?;
    wrt.iter().zip(gradients).map(|(x, gradient)| gradient.ok_or_else(|| no_path(y, x))).collect()
}

/// The gradients of Σ y · seed over several (y, seed), for each of `wrt`; none where no differentiable path leads.
pub(super) fn pull(ends: &[(Tensor, Tensor)], wrt: &[Tensor], rules: &dyn Rules) -> Result<Vec<Option<Tensor>>> {
    let outputs: Vec<Tensor> = ends.iter().map(|(y, _)| y.clone()).collect();
    let nodes = Tensor::ancestors(&outputs);
    let loops = scan::gradient::results(&nodes);
    let mut wanted: FxHashSet<u64> = wrt.iter().map(Tensor::id).collect();
    for node in &nodes {
        if node.inputs().iter().any(|input| wanted.contains(&input.id())) {
            wanted.insert(node.id());
        }
    }
    let mut arrived: FxHashMap<u64, Tensor> = FxHashMap::default();
    let arrive = |arrived: &mut FxHashMap<u64, Tensor>, at: &Tensor, gradient: Tensor| {
        let sum = match arrived.remove(&at.id()) {
            Some(other) => (Term(other) + Term(gradient)).0,
            None => gradient,
        };
        arrived.insert(at.id(), sum);
    };
    ends.iter().for_each(|(y, seed)| arrive(&mut arrived, y, seed.clone()));
    let mut found: FxHashMap<u64, Tensor> = FxHashMap::default();
    for node in nodes.iter().rev().filter(|node| wanted.contains(&node.id())) {
        let g = arrived.remove(&node.id());
        found.extend(g.clone().map(|g| (node.id(), g)));
        let inputs = node.inputs().to_vec();
        let wants: Vec<bool> = inputs.iter().map(|input| wanted.contains(&input.id())).collect();
        if !wants.contains(&true) {
            continue;
        }
        let gradients = match (&*node.op(), g) {
            // What arrives at the results of a loop goes through it together, when the one that was made first is met.
            (Op::Scan { scan, .. }, _) => {
                let results = &loops[&node.id()];
                let arrived: Vec<(usize, Tensor)> =
                    results.iter().filter_map(|(pick, id)| Some((*pick, found.get(id)?.clone()))).collect();
                if results[0].1 != node.id() || arrived.is_empty() {
                    continue;
                }
                scan::gradient::gradient(scan, &inputs, &arrived, &wants, rules)?
            }
            (_, Some(g)) => rules.vjp(node, &g).unwrap_or_else(|| vjp(node, &g))?,
            (_, None) => continue,
        };
        for ((input, gradient), wanted) in inputs.iter().zip(gradients).zip(wants) {
            if let (true, Some(gradient)) = (wanted, gradient) {
                arrive(&mut arrived, input, gradient);
            }
        }
    }
    Ok(wrt.iter().map(|x| found.get(&x.id()).cloned()).collect())
}

fn no_path(y: &Tensor, x: &Tensor) -> Error {
    let why = if Tensor::ancestors(std::slice::from_ref(y)).iter().any(|node| node.id() == x.id()) {
        "only through steps that have no derivative (comparisons, argmax, whole numbers)"
    } else {
        "not at all; a tensor that was read on the way is a leaf: take the gradient before reading it"
    };
    Error::Gradient(format!("{} {} depends on {} {} {why}", y.op().name(), y.shape(), x.op().name(), x.shape()))
}

/// The rule of one node: the gradient for each input from the gradient `g` that arrives at `y`; none where the
/// input's derivative does not exist.
pub fn vjp(y: &Tensor, g: &Tensor) -> Result<Vec<Option<Tensor>>> {
    let op = y.op().clone();
    let x = y.inputs().to_vec();
    let g = || Term(g.clone());
    let x_ = |i: usize| Term(x[i].clone());
    let one = |term: Term| vec![Some(term.0)];
    let two = |a: Term, b: Term| vec![Some(a.0), Some(b.0)];
    let first = |term: Term| vec![Some(term.0), None];
    Ok(match op {
        Op::Input | Op::Host(_) | Op::Resident(_) | Op::Full(_) | Op::Iota { .. } => vec![],
        Op::Random { .. } | Op::ArgMax(_) | Op::ArgSort | Op::MaxPoolArg(_) => vec![None],

        Op::Unary(unary) => match unary.row().grad {
            Ok(rule) => one(rule(g(), x_(0), Term(y.clone()))),
            Err(Why::Flat) => one(g().zeros()),
            Err(Why::Discrete) => vec![None],
        },
        Op::Binary(binary) => match binary.row().grad {
            Ok(rule) => rule(g(), x_(0), x_(1), Term(y.clone())).map(|term| Some(term.0)).into(),
            Err(_) => vec![None, None],
        },
        Op::Select => {
            let [if_not, if_so] = g().split(x_(0));
            vec![None, Some(if_so.0), Some(if_not.0)]
        }
        Op::Cast => vec![(x[0].dtype() == DType::F32).then(|| g().0)],

        Op::Reshape => one(g().to(Op::Reshape, x[0].shape())),
        Op::Permute(order) => {
            let mut back = vec![0; order.len()];
            order.iter().enumerate().for_each(|(i, &from)| back[from] = i);
            one(g().to(Op::Permute(back), x[0].shape()))
        }
        Op::Broadcast => one(g().unbroadcast(x[0].shape())),
        Op::Slice { start, step } => one(g().unslice(&start, &step, x[0].shape())),
        Op::Flip(axes) => one(g().to(Op::Flip(axes), x[0].shape())),
        Op::Pad(low) => {
            let step = vec![1; low.len()];
            one(g().to(Op::Slice { start: low, step }, x[0].shape()))
        }
        Op::Unfold(window) => one(g().to(Op::Fold(window), x[0].shape())),
        Op::Fold(window) => one(g().to(Op::Unfold(window), x[0].shape())),

        Op::Sum(_) => one(g().to(Op::Broadcast, x[0].shape())),
        // Equal maxima share the gradient equally.
        Op::Max(axes) => {
            let peak = Term(y.clone()).to(Op::Broadcast, x[0].shape());
            let mask = x_(0).binary(Binary::Eq, peak).cast();
            let share = g() / mask.clone().to(Op::Sum(axes), y.shape());
            one(mask * share.to(Op::Broadcast, x[0].shape()))
        }

        Op::MatMul => two(
            g().with(Op::MatMul, x_(1).transposed(), x[0].shape()),
            x_(0).transposed().with(Op::MatMul, g(), x[1].shape()),
        ),
        Op::Conv(geometry) => two(
            g().with(Op::ConvInputGrad(geometry), x_(1), x[0].shape()),
            x_(0).with(Op::ConvWeightGrad(geometry), g(), x[1].shape()),
        ),
        Op::ConvInputGrad(geometry) => two(
            g().with(Op::Conv(geometry), x_(1), x[0].shape()),
            g().with(Op::ConvWeightGrad(geometry), x_(0), x[1].shape()),
        ),
        Op::ConvWeightGrad(geometry) => two(
            x_(1).with(Op::ConvInputGrad(geometry), g(), x[0].shape()),
            x_(0).with(Op::Conv(geometry), g(), x[1].shape()),
        ),

        Op::MaxPool(window) => {
            let shape = y.shape().clone();
            let index = Term(Tensor::make(Op::MaxPoolArg(window), vec![x[0].clone()], shape, DType::I32)?);
            one(g().with(Op::Unpool(window), index, x[0].shape()))
        }
        Op::Unpool(window) => first(g().with(Op::PoolTake(window), x_(1), x[0].shape())),
        Op::PoolTake(window) => first(g().with(Op::Unpool(window), x_(1), x[0].shape())),
        Op::Gather => first(g().with(Op::ScatterAdd, x_(1), x[0].shape())),
        Op::ScatterAdd => first(g().with(Op::Gather, x_(1), x[0].shape())),
        Op::Scan { scan, pick } => scan::gradient::gradient(&scan, &x, &[(pick, g().0)], &vec![true; x.len()], &())?,
    })
}

/// A tensor inside a rule. Rules only combine shapes that fit by construction, so its operators do not fail.
#[derive(Clone)]
pub struct Term(Tensor);

impl Term {
    fn make(op: Op, inputs: Vec<Tensor>, shape: Shape, dtype: DType) -> Self {
        Self(Tensor::make(op, inputs, shape, dtype).expect("a gradient rule keeps shapes"))
    }

    /// An op of one argument that gives this shape.
    fn to(self, op: Op, shape: &Shape) -> Self {
        let dtype = self.0.dtype();
        Self::make(op, vec![self.0], shape.clone(), dtype)
    }

    /// An op of two arguments that gives f32 of this shape.
    fn with(self, op: Op, other: Self, shape: &Shape) -> Self {
        Self::make(op, vec![self.0, other.0], shape.clone(), DType::F32)
    }

    pub(super) fn unary(self, unary: Unary) -> Self {
        let shape = self.0.shape().clone();
        self.to(Op::Unary(unary), &shape)
    }

    pub(super) fn binary(self, binary: Binary, other: Self) -> Self {
        let shape = self.0.shape().clone();
        let dtype = binary.row().result.unwrap_or(self.0.dtype());
        Self::make(Op::Binary(binary), vec![self.0, other.0], shape, dtype)
    }

    pub(super) fn sign(self) -> Self {
        self.unary(Unary::Sign)
    }

    /// This where `x` is positive, else 0.
    pub(super) fn where_positive(self, x: Self) -> Self {
        let [_, kept] = self.split(x.zeros().binary(Binary::Lt, x));
        kept
    }

    /// This where `condition` is 0 and 0 elsewhere, and the other way round.
    pub(super) fn split(self, condition: Self) -> [Self; 2] {
        let zeros = self.zeros();
        let select = |a: &Self, b: &Self| {
            let inputs = vec![condition.0.clone(), a.0.clone(), b.0.clone()];
            Self::make(Op::Select, inputs, self.0.shape().clone(), self.0.dtype())
        };
        [select(&zeros, &self), select(&self, &zeros)]
    }

    pub(super) fn zeros(&self) -> Self {
        self.full(0.0)
    }

    fn full(&self, value: f32) -> Self {
        Self::make(Op::Full(value.to_bits()), vec![], self.0.shape().clone(), DType::F32)
    }

    fn cast(self) -> Self {
        let shape = self.0.shape().clone();
        Self::make(Op::Cast, vec![self.0], shape, DType::F32)
    }

    /// The last two of three axes swapped.
    fn transposed(self) -> Self {
        let [b, m, n] = self.0.shape()[..] else { unreachable!("matrix products take three axes") };
        let shape = Shape::new("matmul", [b, n, m]).expect("as large as before");
        self.to(Op::Permute(vec![0, 2, 1]), &shape)
    }

    /// The adjoint of a broadcast from `shape`: sums what was repeated.
    fn unbroadcast(self, shape: &Shape) -> Self {
        let new = self.0.shape().rank() - shape.rank();
        let repeated = |i: &usize| *i < new || (shape[i - new] == 1 && self.0.shape()[*i] != 1);
        let axes: Vec<usize> = (0..self.0.shape().rank()).filter(repeated).collect();
        let reduced = self.0.shape().reduced(&axes);
        let sum = if axes.is_empty() { self } else { self.to(Op::Sum(axes), &reduced) };
        sum.to(Op::Reshape, shape)
    }

    /// The adjoint of a slice of `shape`: zeros around, and between where the step was more than 1.
    fn unslice(self, start: &[usize], step: &[usize], shape: &Shape) -> Self {
        let of = |dims: &[usize]| Shape::new("slice", dims).expect("no larger than what was sliced");
        let mut spread = self;
        for axis in (0..shape.rank()).filter(|&i| step[i] > 1) {
            // [.., n, ..] -> [.., n, 1, ..] -> [.., n, step, ..] -> [.., n·step, ..], cut where the input ends.
            let mut dims = spread.0.shape().to_vec();
            let n = dims[axis];
            dims.insert(axis + 1, 1);
            spread = spread.to(Op::Reshape, &of(&dims));
            dims[axis + 1] = step[axis];
            spread = spread.to(Op::Pad(vec![0; dims.len()]), &of(&dims));
            dims.remove(axis + 1);
            dims[axis] = n * step[axis];
            spread = spread.to(Op::Reshape, &of(&dims));
            dims[axis] = dims[axis].min(shape[axis] - start[axis]);
            let cut = Op::Slice { start: vec![0; dims.len()], step: vec![1; dims.len()] };
            spread = spread.to(cut, &of(&dims));
        }
        spread.to(Op::Pad(start.to_vec()), shape)
    }
}

impl Add for Term {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.binary(Binary::Add, other)
    }
}

impl Sub for Term {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.binary(Binary::Sub, other)
    }
}

impl Mul for Term {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.binary(Binary::Mul, other)
    }
}

impl Div for Term {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self.binary(Binary::Div, other)
    }
}

impl Neg for Term {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

impl Add<f32> for Term {
    type Output = Self;
    fn add(self, value: f32) -> Self {
        let value = self.full(value);
        self + value
    }
}

impl Mul<f32> for Term {
    type Output = Self;
    fn mul(self, value: f32) -> Self {
        let value = self.full(value);
        self * value
    }
}
