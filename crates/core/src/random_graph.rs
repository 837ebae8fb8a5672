//! Random graphs for tests: every choice that does not make a well-formed node is passed over, so any list of numbers
//! is a graph, and a shorter list is a smaller one.

use crate::{
    DType, Data, Shape, Tensor,
    ir::{Binary, ConvGeometry, Op, Unary, Window},
    ops,
};

/// One step of the construction; what the numbers mean depends on the op that they choose.
pub type Choice = (u8, u8, u8, u8);

/// The leaves and all nodes that the choices make. Values are small and hit ties and zeros often.
pub fn build(choices: &[Choice]) -> Vec<Tensor> {
    let mut nodes = vec![leaf(&[2, 3, 4], 1), leaf(&[3, 4], 2), leaf(&[4, 6], 3), leaf(&[1, 2, 4, 5], 4)];
    for &choice in choices {
        if let Some(node) = step(&nodes, choice)
            && node.shape().len() <= 600
        {
            nodes.push(node);
        }
    }
    nodes
}

/// The last nodes, one on the way, so that there are outputs in the middle of chains, and the gradient of the last for the
/// first leaf where there is one.
pub fn outputs(choices: &[Choice]) -> Vec<Tensor> {
    let nodes = build(choices);
    let last = &nodes[nodes.len() - 1];
    let mut outputs = [&nodes[nodes.len() - 3..], &nodes[nodes.len() / 2..=nodes.len() / 2]].concat();
    if last.dtype() == DType::F32
        && let Ok(mut slopes) = last.grad_with(&last.ones_like(), &[&nodes[0]])
    {
        outputs.append(&mut slopes);
    }
    outputs
}

/// The same leaves with their data again: evaluation turns leaves into handles of one runner.
fn leaf(dims: &[usize], seed: u32) -> Tensor {
    let count = dims.iter().product::<usize>() as u32;
    let word = |i| crate::rng::bits([seed, 7], 0, i);
    // Multiples of 1/4 in [-2, 2): exact sums, frequent ties and zeros.
    let values: Vec<f32> = (0..count).map(|i| (word(i) >> 28) as f32 / 4.0 - 2.0).collect();
    Tensor::from_data(Data::f32(dims, &values).unwrap())
}

fn step(nodes: &[Tensor], (kind, first, second, detail): Choice) -> Option<Tensor> {
    // Recent nodes are taken more often, so that chains grow.
    let pick = |n: u8| nodes[nodes.len() - 1 - ((usize::from(n) * usize::from(n)) >> 8) % nodes.len().min(16)].clone();
    let (x, y, d) = (pick(first), pick(second), usize::from(detail));
    let rank = x.shape().rank();
    let make = |op: Op, inputs: Vec<Tensor>, dims: Vec<usize>| {
        let dtype = inputs[0].dtype();
        Tensor::make(op, inputs, Shape::new("test", dims).ok()?, dtype).ok()
    };
    let like = |op: Op, inputs: Vec<Tensor>| make(op, inputs, x.shape().to_vec());
    let axis = if rank == 0 { 0 } else { d % rank };
    match kind % 24 {
        0 | 1 => like(
            Op::Unary([Unary::Neg, Unary::Abs, Unary::Tanh, Unary::Sigmoid, Unary::Sign, Unary::Floor][d % 6]),
            vec![x.clone()],
        ),
        2..=4 => {
            let y = fit(&y, x.shape())?;
            like(
                Op::Binary([Binary::Add, Binary::Sub, Binary::Mul, Binary::Max, Binary::Min][d % 5]),
                vec![x.clone(), y],
            )
        }
        5 => {
            let y = fit(&y, x.shape()).unwrap_or_else(|| x.clone());
            let lower =
                Tensor::make(Op::Binary(Binary::Lt), vec![x.clone(), y.clone()], x.shape().clone(), DType::Bool)
                    .ok()?;
            Tensor::make(Op::Select, vec![lower, y, x.clone()], x.shape().clone(), DType::F32).ok()
        }
        6 => {
            let mut dims = x.shape().to_vec();
            (rank > 1).then(|| dims.rotate_left(axis))?;
            make(Op::Permute((0..rank).map(|i| (i + axis) % rank).collect()), vec![x], dims)
        }
        7 => {
            let mut dims = x.shape().to_vec();
            match d % 3 {
                0 if rank > 1 => {
                    let merged = dims.remove(axis.max(1));
                    dims[axis.max(1) - 1] *= merged;
                }
                1 if rank > 0 && dims[axis].is_multiple_of(2) => {
                    dims[axis] /= 2;
                    dims.insert(axis + 1, 2);
                }
                _ => dims.insert(axis, 1),
            }
            make(Op::Reshape, vec![x], dims)
        }
        8 => {
            let mut dims = x.shape().to_vec();
            match dims.iter().position(|&n| n == 1) {
                Some(i) => dims[i] = 3,
                None => dims.insert(0, 2),
            }
            make(Op::Broadcast, vec![x], dims)
        }
        9 => {
            let (mut start, mut step, mut dims) = (vec![0; rank], vec![1; rank], x.shape().to_vec());
            (rank > 0 && dims[axis] > 1).then_some(())?;
            start[axis] = d / 8 % 2;
            step[axis] = 1 + d / 16 % 2;
            dims[axis] = (dims[axis] - start[axis]).div_ceil(step[axis]);
            make(Op::Slice { start, step }, vec![x], dims)
        }
        10 => (rank > 0).then(|| like(Op::Flip(vec![axis]), vec![x.clone()]))?,
        11 => {
            let (mut low, mut dims) = (vec![0; rank], x.shape().to_vec());
            (rank > 0).then_some(())?;
            low[axis] = d / 8 % 2;
            dims[axis] += low[axis] + d / 16 % 2;
            make(Op::Pad(low), vec![x], dims)
        }
        12 => {
            let axes = if d % 2 == 0 { vec![axis] } else { (0..rank).collect() };
            (rank > 0).then(|| make(Op::Sum(axes.clone()), vec![x.clone()], x.shape().reduced(&axes).to_vec()))?
        }
        13 => (rank > 0).then(|| make(Op::Max(vec![axis]), vec![x.clone()], x.shape().reduced(&[axis]).to_vec()))?,
        14 => {
            (rank > 0).then_some(())?;
            let shape = x.shape().reduced(&[axis]);
            let index = Tensor::make(Op::ArgMax(axis), vec![x], shape.clone(), DType::I32).ok()?;
            Tensor::make(Op::Cast, vec![index], shape, DType::F32).ok()
        }
        15 => {
            let (x, y) = (as_rank(&x, 3)?, as_rank(&y, 3)?);
            let y = if x.shape()[2] == y.shape()[1] { y } else { transposed(&y)? };
            let dims = vec![x.shape()[0], x.shape()[1], y.shape()[2]];
            make(Op::MatMul, vec![x, y], dims)
        }
        16 => {
            let x = as_rank(&x, 4)?;
            let [n, c, h, w] = x.shape()[..] else { return None };
            let weight = fit(&leaf(&[2, 1, 2, 2], 9), &Shape::new("test", vec![2, c, 2, 2]).ok()?)?;
            let out = [(h + 1).checked_sub(1)?, w.checked_sub(1)?];
            let (stride, pad, dilation) = ([1, 1], [1, 0], [1, 1]);
            let g = ConvGeometry { n, c, size: [h, w], o: 2, kernel: [2, 2], out, groups: 1, stride, pad, dilation };
            make(Op::Conv(g), vec![x, weight], g.y_shape().to_vec())
        }
        17 => {
            let x = as_rank(&x, 4)?;
            let [n, c, h, w] = x.shape()[..] else { return None };
            let out = [h.div_ceil(2), w.div_ceil(2)];
            let (kernel, stride) = ([2, 2], [2, 2]);
            let window = Window { n, c, size: [h, w], kernel, stride, pad: [0, 0], dilation: [1, 1], out };
            make(Op::MaxPool(window), vec![x], vec![n, c, out[0], out[1]])
        }
        18 | 19 => {
            let x = as_rank(&x, 3)?;
            let [n, h, w] = x.shape()[..] else { return None };
            let out = [h.checked_sub(1)?, w];
            let (kernel, stride) = ([2, 1], [1, 1]);
            let window = Window { n, c: 1, size: [h, w], kernel, stride, pad: [0, 0], dilation: [1, 1], out };
            let unfolded = make(Op::Unfold(window), vec![x], vec![n, 2, 1, out[0], out[1]])?;
            if kind % 24 == 18 { Some(unfolded) } else { make(Op::Fold(window), vec![unfolded], vec![n, h, w]) }
        }
        20 => {
            (rank > 0 && x.shape()[0] > 0).then_some(())?;
            let index = Tensor::from_data(Data::i32([3], &[d as i32 % 3, 0, x.shape()[0] as i32 - 1]).ok()?);
            let mut dims = x.shape().to_vec();
            dims[0] = 3;
            let rows = make(Op::Gather, vec![x.clone(), index.clone()], dims)?;
            if d % 2 == 0 { Some(rows) } else { like(Op::ScatterAdd, vec![rows, index]) }
        }
        21 => {
            let steps = *x.shape().first().filter(|&&n| n > 0 && n <= 6)?;
            let first = x.narrow(0, d / 2 % steps, 1).and_then(|first| first.squeeze(0)).ok()?;
            let step = |carry: &[Tensor], x: &[Tensor]| {
                let h = carry[0].mul_scalar(0.5)?.add(&x[0])?;
                Ok((vec![h.clone(), carry[0].maximum(&carry[1])?], vec![h.sub(&carry[1])?, h]))
            };
            let (init, xs) = ([&first, &first], [&x]);
            let scanned = if d % 2 == 0 { ops::scan(&init, &xs, step) } else { ops::scan_reverse(&init, &xs, step) };
            let scanned = scanned.ok()?;
            [&scanned.carry[..], &scanned.outputs].concat().into_iter().nth(d / 8 % 4)
        }
        22 => {
            let order = (rank > 0).then(|| x.argsort(axis as isize, d / 8 % 2 == 1).ok())??;
            if d % 2 == 0 { order.to_f32().ok() } else { x.gather(axis as isize, &order).ok() }
        }
        _ => {
            let key =
                Tensor::make(Op::Full(u32::from(detail)), vec![], Shape::new("test", [2]).ok()?, DType::U32).ok()?;
            let bits = Tensor::make(Op::Random { stream: 3 }, vec![key], x.shape().clone(), DType::U32).ok()?;
            let noise = Tensor::make(Op::Cast, vec![bits], x.shape().clone(), DType::F32).ok()?;
            like(Op::Binary(Binary::Max), vec![x.clone(), noise])
        }
    }
}

/// `y` broadcast to a shape, if it does.
fn fit(y: &Tensor, shape: &Shape) -> Option<Tensor> {
    if y.shape() == shape {
        return Some(y.clone());
    }
    Tensor::make(Op::Broadcast, vec![y.clone()], shape.clone(), y.dtype()).ok()
}

/// Leading axes merged or added, to a rank.
fn as_rank(x: &Tensor, rank: usize) -> Option<Tensor> {
    let mut dims = x.shape().to_vec();
    while dims.len() > rank {
        let first = dims.remove(0);
        dims[0] *= first;
    }
    while dims.len() < rank {
        dims.insert(0, 1);
    }
    Tensor::make(Op::Reshape, vec![x.clone()], Shape::new("test", dims).ok()?, x.dtype()).ok()
}

fn transposed(x: &Tensor) -> Option<Tensor> {
    let [a, b, c] = x.shape()[..] else { return None };
    Tensor::make(Op::Permute(vec![0, 2, 1]), vec![x.clone()], Shape::new("test", [a, c, b]).ok()?, x.dtype()).ok()
}
