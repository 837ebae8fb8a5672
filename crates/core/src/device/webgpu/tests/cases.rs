//! A covering set of kernels with data: odd and even sizes, strides, padding, groups, views that run backwards or read nothing.

use crate::{
    DType,
    ir::{Binary, ConvGeometry, Unary, Window},
    plan::{Axis, Expr, Instr, Kernel, Load, Reduction, Rows, Source, View},
    rng,
};

/// A kernel, what it reads, and how close its result must be.
pub struct Case {
    pub name: String,
    pub kernel: Kernel,
    pub reads: Vec<Vec<u32>>,
    /// Relative to the value or `scale`, whichever is greater.
    pub tolerance: f32,
    pub scale: f32,
}

/// Numbers between −1 and 1, another sequence for each seed.
pub fn noise(count: usize, seed: u32) -> Vec<u32> {
    let value = |i: usize| rng::bits([seed, 7], 0, i as u32) as f32 / u32::MAX as f32 * 2.0 - 1.0;
    (0..count).map(|i| value(i).to_bits()).collect()
}

/// Whole numbers below `end`, and now and then one that is far out of range.
fn indices(count: usize, end: usize, seed: u32) -> Vec<u32> {
    let index = |i: usize| match rng::bits([seed, 11], 0, i as u32) {
        bits if bits % 13 == 0 => u32::MAX,
        bits if bits % 17 == 0 => end as u32,
        bits => bits % end as u32,
    };
    (0..count).map(index).collect()
}

pub fn load(source: Source, view: View) -> Load {
    Load { source, view }
}

pub fn expr(loads: Vec<Load>, instrs: &[(Instr, DType)]) -> Expr {
    Expr { loads, instrs: instrs.iter().map(|i| i.0).collect(), types: instrs.iter().map(|i| i.1).collect() }
}

fn read(i: usize, view: View) -> Load {
    load(Source::Read(i), view)
}

fn single(view: View, dtype: DType) -> Expr {
    expr(vec![read(0, view)], &[(Instr::Load(0), dtype)])
}

/// The words as they are.
pub fn copy(words: usize) -> Kernel {
    Kernel::map(vec![words], single(View::contiguous(&[words]), DType::U32))
}

/// All cases.
pub fn all() -> Vec<Case> {
    [maps(), reductions(), products(), convolutions(), windows(), rows()].into_iter().flatten().collect()
}

fn case(name: impl Into<String>, kernel: Kernel, reads: Vec<Vec<u32>>, tolerance: f32) -> Case {
    Case { name: name.into(), kernel, reads, tolerance, scale: 1.0 }
}

pub fn maps() -> Vec<Case> {
    let mut cases = Vec::new();
    let base = View::contiguous(&[3, 5, 4]);
    let views = [
        ("contiguous", base.clone()),
        ("permuted", base.permute(&[2, 0, 1])),
        ("flipped", base.flip(&[0, 2])),
        ("padded", base.pad(&[1, 0, 2], &[0, 3, 1])),
        ("sliced", base.slice(&[1, 0, 1], &[1, 2, 1], &[2, 3, 3])),
        (
            "padded, flipped and sliced",
            base.pad(&[0, 2, 1], &[0; 3]).flip(&[1]).slice(&[0, 1, 0], &[2, 2, 3], &[2, 3, 2]),
        ),
        ("broadcast", View::contiguous(&[1, 5, 1]).broadcast(&[2, 3, 5, 4])),
        ("nothing but padding", View::contiguous(&[0, 2]).pad(&[2, 0], &[1, 1])),
        ("windows", base.windows([2, 2], [1, 2], [2, 1], [3, 2]).unwrap()),
        ("one element", View::contiguous(&[])),
        ("no element", View::contiguous(&[0, 3])),
    ];
    for (name, view) in views {
        let kernel = Kernel::map(view.shape(), single(view, DType::F32));
        cases.push(case(format!("map of a {name} view"), kernel, vec![noise(60, 1)], 0.0));
    }

    // relu(x · w + b) over rows, a mask of the padding, a counter and a constant: many loads at once.
    let shape = [7, 33];
    let loads = vec![
        read(0, View::contiguous(&shape)),
        read(1, View::contiguous(&[33]).broadcast(&shape)),
        read(2, View::contiguous(&[7, 1]).broadcast(&shape)),
        load(Source::Const(1.0f32.to_bits()), View::contiguous(&[]).broadcast(&[6, 30]).pad(&[1, 2], &[0, 1])),
        load(Source::Arange, View { offset: 3, axes: vec![axis(7, -1), axis(33, 2)] }),
    ];
    let (f, t) = (DType::F32, DType::Bool);
    let fused = expr(
        loads,
        &[
            (Instr::Load(0), f),
            (Instr::Load(1), f),
            (Instr::Binary(Binary::Mul, 0, 1), f),
            (Instr::Load(2), f),
            (Instr::Binary(Binary::Add, 2, 3), f),
            (Instr::Load(3), f),
            (Instr::Load(4), DType::I32),
            (Instr::Cast(6), f),
            (Instr::Binary(Binary::Lt, 0, 4), t),
            (Instr::Unary(Unary::Tanh, 4), f),
            (Instr::Select(8, 9, 7), f),
            (Instr::Binary(Binary::Mul, 10, 5), f),
        ],
    );
    let reads = vec![noise(231, 1), noise(33, 2), noise(7, 3)];
    cases.push(case("a fused map", Kernel::map(shape.to_vec(), fused.clone()), reads.clone(), 2e-6));
    let kernel = Kernel::Map { shape: shape.to_vec(), expr: fused, more: vec![4, 1, 10] };
    cases.push(case("a map of several values", kernel, reads, 2e-6));

    let view = View::contiguous(&[9, 8]).pad(&[0, 1], &[0, 0]);
    let random = expr(vec![load(Source::Random { key: 0, stream: 5 }, view)], &[(Instr::Load(0), DType::U32)]);
    let kernel = Kernel::map(vec![9, 9], random);
    cases.push(case("random words", kernel, vec![vec![123, 456]], 0.0));

    for word in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 1e-40, f32::MAX].map(f32::to_bits) {
        let constant = load(Source::Const(word), View::contiguous(&[]).broadcast(&[3]));
        let kernel = Kernel::map(vec![3], expr(vec![constant], &[(Instr::Load(0), f)]));
        cases.push(case("a constant", kernel, vec![], 0.0));
    }
    cases
}

fn axis(size: usize, stride: isize) -> Axis {
    Axis { size, stride, valid: 0..size }
}

pub fn reductions() -> Vec<Case> {
    let mut cases = Vec::new();
    let shapes: [(&[usize], &[usize]); 10] = [
        (&[], &[5]),
        (&[4, 3], &[7]),
        (&[3], &[0]),
        (&[2, 1], &[3, 5, 7]),
        (&[1], &[100]),
        (&[5], &[2, 300]),
        (&[70], &[90]),
        (&[], &[20_000]),
        (&[3], &[17, 1000]),
        (&[20_000], &[3]),
    ];
    for (op, name) in [(Reduction::Sum, "sum"), (Reduction::Max, "max"), (Reduction::ArgMax, "argmax")] {
        for dtype in [DType::F32, DType::I32, DType::U32] {
            for (outer, inner) in shapes {
                let shape = [outer, inner].concat();
                let count: usize = shape.iter().product();
                let values = match dtype {
                    // Few distinct values: equals are met.
                    DType::F32 if op == Reduction::ArgMax => {
                        noise(count, 3).iter().map(|&w| (f32::from_bits(w) * 20.0).round().to_bits()).collect()
                    }
                    DType::F32 => noise(count, 3),
                    _ => (0..count).map(|i| rng::bits([9, 9], 1, i as u32) % 100).map(|w| w.wrapping_sub(50)).collect(),
                };
                let expr = single(View::contiguous(&shape), dtype);
                let kernel = Kernel::Reduce { outer: outer.to_vec(), inner: inner.to_vec(), op, expr };
                let tolerance = if op == Reduction::Sum { 2e-7 * (count as f32).sqrt().max(5.0) } else { 0.0 };
                cases.push(case(format!("{name} of {dtype} {outer:?} {inner:?}"), kernel, vec![values], tolerance));
            }
        }
    }
    // The reduced axes lie before the kept one in memory; some coordinates read 0; the terms are products.
    let shape = [6, 40, 10];
    let view = View::contiguous(&[40, 8, 6]).pad(&[0, 1, 0], &[0, 1, 0]).permute(&[2, 0, 1]);
    let loads = vec![read(0, view.clone()), read(1, View::contiguous(&[6, 1, 1]).broadcast(&shape))];
    let f = DType::F32;
    let product = expr(loads, &[(Instr::Load(0), f), (Instr::Load(1), f), (Instr::Binary(Binary::Mul, 0, 1), f)]);
    let kernel = Kernel::Reduce { outer: vec![6], inner: vec![40, 10], op: Reduction::Sum, expr: product };
    cases.push(case("sum of strided products", kernel, vec![noise(1920, 1), noise(6, 2)], 5e-6));

    for (name, words) in [
        ("NaN", vec![1.0, f32::NAN, 3.0, f32::NAN]),
        ("infinities", vec![f32::NEG_INFINITY, f32::INFINITY, 3.0, f32::INFINITY]),
        ("nothing finite", vec![f32::NEG_INFINITY; 4]),
        ("zeros of both signs", vec![-1.0, -0.0, 0.0, -0.0]),
    ] {
        for op in [Reduction::Max, Reduction::ArgMax] {
            for repeat in [1, 100] {
                let values: Vec<u32> = words.iter().map(|w| f32::to_bits(*w)).cycle().take(4 * repeat).collect();
                let expr = single(View::contiguous(&[4 * repeat]), DType::F32);
                let kernel = Kernel::Reduce { outer: vec![], inner: vec![4 * repeat], op, expr };
                cases.push(case(format!("{op:?} of {name}"), kernel, vec![values], 0.0));
            }
        }
    }
    cases
}

pub fn products() -> Vec<Case> {
    let mut cases = Vec::new();
    let sizes = [
        [1, 1, 1, 1],
        [1, 5, 7, 3],
        [2, 64, 64, 32],
        [3, 33, 65, 17],
        [1, 100, 10, 784],
        [1, 10, 3, 5000],
        [1, 1, 200, 40],
        [1, 300, 1, 64],
        [40, 4, 4, 4],
        [1, 4, 4, 0],
    ];
    for [b, m, n, k] in sizes {
        let kernel = Kernel::MatMul { a: View::contiguous(&[b, m, k]), b: View::contiguous(&[b, k, n]) };
        let reads = vec![noise(b * m * k, 1), noise(b * k * n, 2)];
        cases.push(case(format!("matmul {b}×{m}×{n}×{k}"), kernel, reads, 1e-7 * (k as f32).max(10.0)));
    }
    // Transposed, broadcast over the batch, and padded operands.
    let a = View::contiguous(&[21, 18]).pad(&[0, 1], &[1, 0]).permute(&[1, 0]).reshape(&[1, 19, 22]).unwrap();
    let a = a.broadcast(&[3, 19, 22]);
    let b = View::contiguous(&[3, 9, 22]).flip(&[1]).permute(&[0, 2, 1]);
    let kernel = Kernel::MatMul { a, b };
    cases.push(case("matmul of views", kernel, vec![noise(378, 1), noise(594, 2)], 3e-6));
    cases
}

/// `[n, c, h, w, o, kh, kw, groups, stride_y, stride_x, pad_y, pad_x, dilation_y, dilation_x]` and the padding behind.
fn geometry(v: [usize; 14], behind: [usize; 2]) -> ConvGeometry {
    let out = |i: usize| {
        let reach = v[12 + i] * (v[5 + i] - 1) + 1;
        (v[2 + i] + v[10 + i] + behind[i] - reach) / v[8 + i] + 1
    };
    ConvGeometry {
        n: v[0],
        c: v[1],
        size: [v[2], v[3]],
        o: v[4],
        kernel: [v[5], v[6]],
        out: [out(0), out(1)],
        groups: v[7],
        stride: [v[8], v[9]],
        pad: [v[10], v[11]],
        dilation: [v[12], v[13]],
    }
}

pub fn convolutions() -> Vec<Case> {
    let geometries = [
        geometry([1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1], [0, 0]),
        geometry([2, 3, 8, 9, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1], [1, 1]),
        geometry([4, 1, 28, 28, 6, 5, 5, 1, 1, 1, 2, 2, 1, 1], [2, 2]),
        geometry([3, 4, 11, 7, 6, 3, 2, 2, 2, 3, 2, 1, 1, 2], [1, 0]),
        geometry([2, 5, 9, 9, 5, 3, 3, 5, 1, 2, 1, 1, 2, 1], [1, 2]),
        geometry([2, 6, 6, 5, 12, 2, 3, 3, 3, 1, 0, 2, 1, 1], [2, 2]),
        geometry([8, 16, 12, 12, 20, 3, 3, 1, 2, 2, 1, 1, 1, 1], [0, 0]),
    ];
    let mut cases = Vec::new();
    for g in geometries {
        let [x, w, y] = [g.x_shape(), g.weight_shape(), g.y_shape()].map(|s| s.iter().product::<usize>());
        let (kernels, depth) = (g.c / g.groups * g.kernel[0] * g.kernel[1], g.n * g.out[0] * g.out[1]);
        let tolerance = |terms: usize| 2e-7 * (terms as f32).max(10.0);
        let size = [&g.x_shape()[..], &g.weight_shape()].concat();
        cases.push(case(format!("conv {size:?}"), Kernel::Conv(g), vec![noise(x, 1), noise(w, 2)], tolerance(kernels)));
        let kernel = Kernel::ConvInputGrad(g);
        cases.push(case(format!("conv input gradient {size:?}"), kernel, vec![noise(y, 3), noise(w, 2)], 1e-5));
        let kernel = Kernel::ConvWeightGrad(g);
        let reads = vec![noise(x, 1), noise(y, 3)];
        cases.push(case(format!("conv weight gradient {size:?}"), kernel, reads, tolerance(depth)));
    }
    cases
}

fn window(size: [usize; 2], kernel: [usize; 2], stride: [usize; 2], pad: [usize; 2], dilation: [usize; 2]) -> Window {
    let out = |i: usize| (size[i] + 2 * pad[i] - dilation[i] * (kernel[i] - 1) - 1) / stride[i] + 1;
    Window { n: 2, c: 3, size, kernel, stride, pad, dilation, out: [out(0), out(1)] }
}

pub fn windows() -> Vec<Case> {
    let mut cases = Vec::new();
    for w in [
        window([4, 6], [2, 2], [2, 2], [0, 0], [1, 1]),
        window([7, 5], [3, 2], [2, 1], [1, 0], [1, 2]),
        window([9, 8], [3, 3], [1, 2], [1, 1], [2, 1]),
        window([7, 11], [2, 3], [2, 3], [1, 1], [1, 1]),
        window([8, 9], [2, 2], [3, 4], [0, 0], [2, 3]),
    ] {
        let (pixels, count) = (6 * w.size[0] * w.size[1], 6 * w.out[0] * w.out[1]);
        let mut x: Vec<u32> = noise(pixels, 1).iter().map(|&w| (f32::from_bits(w) * 4.0).round().to_bits()).collect();
        x[3] = f32::NAN.to_bits();
        x[pixels - 2] = f32::INFINITY.to_bits();
        x[pixels / 2] = f32::NEG_INFINITY.to_bits();
        let places = crate::device::interp::evaluate(&Kernel::MaxPoolArg(w), &[x.clone()]);
        cases.push(case("max pool", Kernel::MaxPool(w), vec![x.clone()], 0.0));
        cases.push(case("max pool argument", Kernel::MaxPoolArg(w), vec![x.clone()], 0.0));
        cases.push(case("unpool", Kernel::Unpool(w), vec![noise(count, 2), places.clone()], 1e-6));
        if w.lie_apart() {
            cases.push(case("max unpool", Kernel::MaxUnpool(w), vec![noise(count, 2), x.clone()], 1e-6));
        }
        cases.push(case("pool take", Kernel::PoolTake(w), vec![x, places], 0.0));
        if w.pad == [0, 0] {
            let shape = [6, w.kernel[0], w.kernel[1], w.out[0], w.out[1]];
            let plain = Window { n: 6, c: 1, ..w };
            let words = shape.iter().product();
            let kernel = Kernel::Fold { window: plain, input: View::contiguous(&shape) };
            cases.push(case("fold", kernel, vec![noise(words, 4)], 1e-6));
            let masked = View::contiguous(&[6, w.kernel[0], w.kernel[1], w.out[0], w.out[1] - 1]).flip(&[0, 4]);
            let kernel = Kernel::Fold { window: plain, input: masked.pad(&[0, 0, 0, 0, 1], &[0; 5]) };
            cases.push(case("fold of a padded view", kernel, vec![noise(words, 4)], 1e-6));
        }
    }
    cases
}

/// Rows of one block, of several, and of several that are not full; values that are equal, of both signs, and not finite.
fn sorts() -> Vec<Case> {
    let special = [f32::NAN, f32::INFINITY, 0.0, -0.0, f32::NEG_INFINITY, f32::MAX, -1e-40, 1e-40].map(f32::to_bits);
    let mut cases = Vec::new();
    for (rows, length) in [(1, 1), (3, 2), (5, 7), (2, 256), (3, 1000), (1, 1025), (2, 5000)] {
        for dtype in [DType::F32, DType::I32, DType::U32] {
            let word = |i: usize| match rng::bits([5, 5], 0, i as u32) {
                bits if dtype == DType::F32 && bits % 7 == 0 => special[bits as usize / 7 % 8],
                bits if dtype == DType::F32 => ((bits % 200) as f32 / 8.0 - 10.0).to_bits(),
                bits => (bits % 300).wrapping_sub(100),
            };
            let x = (0..rows * length).map(word).collect();
            let kernel = Kernel::ArgSort { rows, length, dtype };
            cases.push(case(format!("argsort of {rows}×{length} {dtype}"), kernel, vec![x], 0.0));
        }
    }
    cases
}

pub fn rows() -> Vec<Case> {
    let mut cases = Vec::new();
    for r in [Rows { rows: 5, inner: 3, count: 11 }, Rows { rows: 40, inner: 1, count: 300 }] {
        let index = indices(r.count, r.rows, 3);
        let (table, source) = (noise(r.rows * r.inner, 1), noise(r.count * r.inner, 2));
        cases.push(case("gather", Kernel::Gather(r), vec![table, index.clone()], 0.0));
        cases.push(case("scatter-add", Kernel::ScatterAdd(r), vec![source, index], 1e-5));
    }
    cases.extend(sorts());
    cases
}
