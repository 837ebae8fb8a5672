//! Every primitive's gradient, on every device, against differences in one random direction on the reference device, at first and
//! second order. The second order is a check of the gradient's own gradient, by the same differences.

use crate::{
    DType, Data, LocalRunner, Runner, Shape, Tensor,
    device::interp::Interp,
    ir::{Binary, ConvGeometry, Op, Unary, Window, gradient},
    ops, rng,
};

type Function<'a> = &'a dyn Fn(&[Tensor]) -> Tensor;

fn shape(dims: &[usize]) -> Shape {
    Shape::new("test", dims).unwrap()
}

fn make(op: Op, inputs: &[&Tensor], dims: &[usize]) -> Tensor {
    Tensor::make(op, inputs.iter().map(|&t| t.clone()).collect(), shape(dims), DType::F32).unwrap()
}

/// Evenly spaced values in (low, high) in a mixed order: none is so near to another that a step of the check passes it.
fn values(count: usize, seed: u32, low: f32, high: f32) -> Vec<f32> {
    let phase = 0.2 + 0.3 * (seed % 3) as f32;
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&i| rng::bits([seed, 1], 0, i as u32));
    order.iter().map(|&i| low + (high - low) * (i as f32 + phase) / count as f32).collect()
}

fn tensors(shapes: &[&[usize]], values: &[Vec<f32>]) -> Vec<Tensor> {
    shapes.iter().zip(values).map(|(s, v)| Tensor::from_data(Data::f32(*s, v).unwrap())).collect()
}

/// Σ f(x) · weights: a scalar that depends on every element differently.
fn scalar(f: Function<'_>, x: &[Tensor]) -> Tensor {
    let y = f(x);
    let dims = y.shape().to_vec();
    let weights = Tensor::from_data(Data::f32(&dims[..], &values(y.shape().len(), 99, 0.5, 1.5)).unwrap());
    let product = make(Op::Binary(Binary::Mul), &[&y, &weights], &dims);
    make(Op::Sum((0..dims.len()).collect()), &[&product], &vec![1; dims.len()])
}

/// The directional derivative Σ grad(scalar f)(x) · v, as a scalar of shape [1; n].
fn directional(f: Function<'_>, x: &[Tensor], v: &[Tensor]) -> Tensor {
    let y = scalar(f, x);
    let seed = make(Op::Full(1f32.to_bits()), &[], y.shape());
    let gradients = gradient(&y, &seed, x, &()).unwrap();
    let terms = gradients.iter().zip(v).map(|(g, v)| {
        let rank = g.shape().rank();
        let product = make(Op::Binary(Binary::Mul), &[g, v], g.shape());
        let sum = make(Op::Sum((0..rank).collect()), &[&product], &vec![1; rank]);
        make(Op::Reshape, &[&sum], &[1])
    });
    terms.reduce(|a, b| make(Op::Binary(Binary::Add), &[&a, &b], &[1])).unwrap()
}

/// The devices of this build: the reference, then all others that there are. Never closed, because what a GPU's driver keeps for a
/// thread may be gone before the thread's own values are.
fn runners() -> &'static [(&'static str, LocalRunner)] {
    thread_local!(static RUNNERS: &'static [(&'static str, LocalRunner)] = Box::leak(open().into_boxed_slice()));
    RUNNERS.with(|runners| *runners)
}

fn open() -> Vec<(&'static str, LocalRunner)> {
    let mut runners = vec![("interp", LocalRunner::native(Interp::new()))];
    #[cfg(feature = "cpu")]
    runners.push(("cpu", LocalRunner::native(crate::device::cpu::Cpu::new())));
    #[cfg(feature = "webgpu")]
    {
        use crate::device::webgpu::{Options, WebGpu};
        match pollster::block_on(WebGpu::new(Options::default())) {
            Ok(gpu) => runners.push(("webgpu", LocalRunner::native(gpu))),
            Err(error) => {
                assert!(std::env::var("GRADBOOK_REQUIRE_GPU").is_err(), "GRADBOOK_REQUIRE_GPU is set, but: {error}");
                eprintln!("SKIPPED ON WEBGPU: {error}");
            }
        }
    }
    runners
}

fn read(runner: &LocalRunner, tensor: &Tensor) -> Vec<f32> {
    pollster::block_on(runner.read(tensor)).unwrap().as_f32().to_vec()
}

fn number(runner: &LocalRunner, tensor: &Tensor) -> f64 {
    f64::from(read(runner, tensor)[0])
}

/// Compares d/dt of `h(x + t v)` by a central difference of fourth order with what each device says.
fn compare(
    name: &str,
    shapes: &[&[usize]],
    x: &[Vec<f32>],
    v: &[Vec<f32>],
    h: &dyn Fn(&[Tensor]) -> Tensor,
    slope: &dyn Fn(&LocalRunner) -> f64,
) {
    let (reference, step) = (&runners()[0].1, 0.005);
    let at = |t: f32| {
        let moved: Vec<Vec<f32>> =
            x.iter().zip(v).map(|(x, v)| x.iter().zip(v).map(|(x, v)| x + t * v).collect()).collect();
        number(reference, &h(&tensors(shapes, &moved)))
    };
    let difference = (8.0 * (at(step) - at(-step)) - (at(2.0 * step) - at(-2.0 * step))) / (12.0 * f64::from(step));
    for (device, runner) in runners() {
        let slope = slope(runner);
        let scale = 1.0 + slope.abs() + difference.abs();
        let fits = (difference - slope).abs() < 3e-3 * scale;
        assert!(fits, "{name} on {device}: the gradient gives {slope}, differences {difference}");
    }
}

fn check(name: &str, shapes: &[&[usize]], (low, high): (f32, f32), f: Function<'_>) {
    let x: Vec<Vec<f32>> = shapes.iter().zip(1..).map(|(s, i)| values(s.iter().product(), i, low, high)).collect();
    let v: Vec<Vec<f32>> = shapes.iter().zip(50..).map(|(s, i)| values(s.iter().product(), i, -0.5, 0.5)).collect();
    let first = |runner: &LocalRunner| number(runner, &directional(f, &tensors(shapes, &x), &tensors(shapes, &v)));
    compare(name, shapes, &x, &v, &|x| scalar(f, x), &first);

    // Second order: the directional derivative is a function of x like any other. Linear ops have none.
    let along = |x: &[Tensor]| directional(f, x, &tensors(shapes, &v));
    let second = |runner: &LocalRunner| {
        let tx = tensors(shapes, &x);
        let y = along(&tx);
        let seed = make(Op::Full(1f32.to_bits()), &[], y.shape());
        let terms = tx.iter().zip(&v).filter_map(|(x, v)| {
            let gradient = gradient(&y, &seed, std::slice::from_ref(x), &()).ok()?.remove(0);
            let product = |(g, v): (&f32, &f32)| f64::from(*g) * f64::from(*v);
            // Read once all gradients are there: what is read is a leaf.
            Some((gradient, move |g: Vec<f32>| g.iter().zip(v).map(product).sum::<f64>()))
        });
        let terms: Vec<_> = terms.collect();
        terms.into_iter().map(|(gradient, term)| term(read(runner, &gradient))).sum()
    };
    compare(&format!("{name}, second order"), shapes, &x, &v, &along, &second);
}

#[test]
fn unary() {
    for &function in Unary::ALL.iter().filter(|u| u.row().types.contains(&DType::F32) && u.row().grad.is_ok()) {
        check(function.row().name, &[&[5]], (0.2, 1.2), &|x| make(Op::Unary(function), &[&x[0]], &[5]));
    }
}

#[test]
fn binary() {
    for &function in Binary::ALL.iter().filter(|b| b.row().types.contains(&DType::F32) && b.row().grad.is_ok()) {
        check(function.row().name, &[&[6], &[6]], (0.3, 1.4), &|x| make(Op::Binary(function), &[&x[0], &x[1]], &[6]));
    }
}

#[test]
fn select_and_layout() {
    let square = |x: &Tensor| make(Op::Binary(Binary::Mul), &[x, x], x.shape());
    check("select", &[&[6], &[6]], (-1.0, 1.0), &|x| {
        let inputs = vec![x[0].clone(), x[1].clone()];
        let lower = Tensor::make(Op::Binary(Binary::Lt), inputs, shape(&[6]), DType::Bool).unwrap();
        let [a, b] = [&x[0], &x[1]].map(square);
        make(Op::Select, &[&lower, &a, &b], &[6])
    });
    let cases: Vec<(&str, Op, &[usize])> = vec![
        ("reshape", Op::Reshape, &[4, 3]),
        ("permute", Op::Permute(vec![2, 0, 1]), &[3, 2, 2]),
        ("broadcast", Op::Broadcast, &[2, 2, 2, 3]),
        ("slice", Op::Slice { start: vec![0, 1, 0], step: vec![1, 1, 2] }, &[2, 1, 2]),
        ("flip", Op::Flip(vec![0, 2]), &[2, 2, 3]),
        ("pad", Op::Pad(vec![1, 0, 2]), &[4, 2, 5]),
        ("sum", Op::Sum(vec![0, 2]), &[1, 2, 1]),
        ("max", Op::Max(vec![1]), &[2, 1, 3]),
    ];
    for (name, op, dims) in cases {
        check(name, &[&[2, 2, 3]], (0.2, 1.2), &|x| make(op.clone(), &[&square(&x[0])], dims));
    }
}

#[test]
fn a_slice_with_a_step_that_ends_before_the_axis() {
    check("slice", &[&[7]], (-1.0, 1.0), &|x| {
        let y = make(Op::Slice { start: vec![1], step: vec![3] }, &[&x[0]], &[2]);
        make(Op::Binary(Binary::Mul), &[&y, &y], &[2])
    });
}

#[test]
fn products() {
    check("matmul", &[&[2, 3, 4], &[2, 4, 2]], (-1.0, 1.0), &|x| make(Op::MatMul, &[&x[0], &x[1]], &[2, 3, 2]));
    let (kernel, stride, dilation) = ([3, 2], [2, 1], [1, 2]);
    let g =
        ConvGeometry { n: 2, c: 4, size: [5, 6], o: 6, kernel, out: [3, 5], groups: 2, stride, pad: [1, 0], dilation };
    let (x, w, y) = (g.x_shape(), g.weight_shape(), g.y_shape());
    check("conv", &[&x, &w], (-1.0, 1.0), &|t| make(Op::Conv(g), &[&t[0], &t[1]], &y));
    check("conv_input_grad", &[&y, &w], (-1.0, 1.0), &|t| make(Op::ConvInputGrad(g), &[&t[0], &t[1]], &x));
    check("conv_weight_grad", &[&x, &y], (-1.0, 1.0), &|t| make(Op::ConvWeightGrad(g), &[&t[0], &t[1]], &w));
}

#[test]
fn windows_and_rows() {
    let square = |x: &Tensor| make(Op::Binary(Binary::Mul), &[x, x], x.shape());
    let (kernel, stride) = ([3, 2], [2, 1]);
    let w = Window { n: 1, c: 2, size: [4, 5], kernel, stride, pad: [1, 0], dilation: [1, 2], out: [2, 3] };
    let (image, pooled) = ([1, 2, 4, 5], [1, 2, 2, 3]);
    let index = |x: &Tensor| Tensor::make(Op::MaxPoolArg(w), vec![x.clone()], shape(&pooled), DType::I32).unwrap();
    check("max_pool", &[&image], (0.2, 1.2), &|x| make(Op::MaxPool(w), &[&square(&x[0])], &pooled));
    check("unpool", &[&pooled, &image], (0.2, 1.2), &|x| {
        let y = make(Op::Unpool(w), &[&square(&x[0]), &index(&x[1])], &image);
        make(Op::Binary(Binary::Mul), &[&y, &x[1]], &image)
    });
    check("pool_take", &[&image], (0.2, 1.2), &|x| make(Op::PoolTake(w), &[&square(&x[0]), &index(&x[0])], &pooled));
    let u = Window { n: 2, c: 1, pad: [0, 0], out: [1, 3], ..w };
    let (planes, unfolded) = ([2, 4, 5], [2, 3, 2, 1, 3]);
    check("unfold", &[&planes], (-1.0, 1.0), &|x| make(Op::Unfold(u), &[&square(&x[0])], &unfolded));
    check("fold", &[&unfolded], (-1.0, 1.0), &|x| make(Op::Fold(u), &[&square(&x[0])], &planes));
    let rows = || Tensor::from_data(Data::i32([4], &[2, 0, 2, 9]).unwrap());
    check("gather", &[&[3, 2]], (-1.0, 1.0), &|x| make(Op::Gather, &[&square(&x[0]), &rows()], &[4, 2]));
    check("scatter_add", &[&[4, 2]], (-1.0, 1.0), &|x| make(Op::ScatterAdd, &[&square(&x[0]), &rows()], &[3, 2]));
}

#[test]
fn loops() {
    // h ← tanh(h · w + x), a second carry that sums, both stacked; forwards and backwards, and a loop in a loop.
    let (steps, n) = (4, 3);
    let shapes: [&[usize]; 3] = [&[n], &[steps, n], &[n]];
    for reverse in [false, true] {
        check("scan", &shapes, (-0.8, 0.8), &|t| {
            let step = |carry: &[Tensor], x: &[Tensor]| {
                let h = carry[0].mul(&t[2])?.add(&x[0])?.tanh()?;
                Ok((vec![h.clone(), carry[1].add(&h.mul(&x[0])?)?], vec![h.mul(&carry[1])?]))
            };
            let (init, xs) = ([&t[0], &t[0].zeros_like()], [&t[1]]);
            let scanned = if reverse { ops::scan_reverse(&init, &xs, step) } else { ops::scan(&init, &xs, step) };
            let scanned = scanned.unwrap();
            let sum = scanned.outputs[0].sum(&[0], false).unwrap();
            sum.add(&scanned.carry[0].square().unwrap()).unwrap().mul(&scanned.carry[1]).unwrap()
        });
    }
    check("nested scan", &[&[2], &[3, 2, 2]], (-0.8, 0.8), &|t| {
        let outer = ops::scan(&[&t[0]], &[&t[1]], |carry, x| {
            let inner = ops::scan_reverse(&[&carry[0]], &[&x[0]], |h, x| {
                let h = h[0].mul(&x[0])?.sin()?.add(&t[0])?;
                Ok((vec![h.clone()], vec![h]))
            })?;
            Ok((inner.carry, vec![inner.outputs[0].sum(&[0], false)?]))
        });
        let outer = outer.unwrap();
        outer.outputs[0].sum(&[0], false).unwrap().mul(&outer.carry[0]).unwrap()
    });
}

#[test]
fn what_is_gathered_in_sorted_order() {
    check("sort", &[&[3, 5]], (-1.0, 1.0), &|x| x[0].exp().unwrap().sort(-1, true).unwrap().0);
}

#[test]
fn what_has_no_gradient_says_so() {
    let x = Tensor::from_data(Data::f32([3], &[1.0, 2.0, 3.0]).unwrap());
    let index = Tensor::make(Op::ArgMax(0), vec![x.clone()], shape(&[1]), DType::I32).unwrap();
    let y = make(Op::Cast, &[&index], &[1]);
    let seed = make(Op::Full(1f32.to_bits()), &[], &[1]);
    let error = gradient(&y, &seed, std::slice::from_ref(&x), &()).unwrap_err().to_string();
    assert!(error.contains("steps that have no derivative"), "{error}");
    let other = Tensor::from_data(Data::f32([1], &[1.0]).unwrap());
    let error = gradient(&other, &seed, &[x], &()).unwrap_err().to_string();
    assert!(error.contains("not at all"), "{error}");
}
