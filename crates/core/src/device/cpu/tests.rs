//! Every kernel against the reference device, on random shapes, views and expressions, and the device's own promises.

use super::*;
use crate::{
    DType,
    device::{
        cpu::testing::{Lcg, operand, program, run},
        interp::evaluate,
    },
    ir::{Binary, ConvGeometry, Unary, Window},
    plan::{Buffer, Expr, External, Instr, Kernel, Load, Operand, Reduction, Rows, Source, Step, View},
};

fn same(got: u32, want: u32, tolerance: f64) -> bool {
    let (x, y) = (f32::from_bits(got), f32::from_bits(want));
    let close = || f64::from((x - y).abs()) <= tolerance * f64::from(y.abs().max(1.0));
    got == want || x == y || (x.is_nan() && y.is_nan()) || (tolerance > 0.0 && close())
}

/// The kernel computes what the reference says, at every level; exactly if the tolerance is 0.
#[track_caller]
fn check(kernel: &Kernel, reads: &[Vec<u32>], tolerance: f64) {
    let want = evaluate(kernel, reads);
    for level in Level::available() {
        let got = run(level, 1, &program(kernel, reads, want.len()), reads).unwrap();
        let parts = run(level, 3, &program(kernel, reads, want.len()), reads).unwrap();
        assert!(got == parts, "{level:?} {kernel:#?}\nother bits on three threads");
        for (i, (&got, &want)) in got[reads.len()].iter().zip(&want).enumerate() {
            let (x, y) = (f32::from_bits(got), f32::from_bits(want));
            assert!(same(got, want, tolerance), "{level:?} {kernel:#?}\nat {i}: {got:#x} ({x}) not {want:#x} ({y})");
        }
    }
}

/// A random view of the given shape, and the words that its source must have: each axis as it is, repeated, padded or
/// cut out of more, then perhaps permuted and turned around.
fn view(rng: &mut Lcg, shape: &[usize]) -> (View, usize) {
    let mut order: Vec<usize> = (0..shape.len()).collect();
    if rng.below(3) == 0 {
        (0..shape.len()).for_each(|i| order.swap(i, rng.below(shape.len())));
    }
    let sizes: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
    let rank = shape.len();
    let [mut low, mut high, mut start] = [(); 3].map(|()| vec![0; rank]);
    let (mut step, mut source, mut wide) = (vec![1; rank], sizes.clone(), sizes.clone());
    for i in 0..rank {
        match rng.below(9) {
            0 => source[i] = 1,
            1 => {
                low[i] = rng.below(3).min(sizes[i]);
                high[i] = rng.below(3).min(sizes[i] - low[i]);
                source[i] = sizes[i] - low[i] - high[i];
            }
            2 => {
                (start[i], step[i]) = (rng.below(3), 1 + rng.below(2));
                source[i] = start[i] + step[i] * sizes[i];
                wide[i] = source[i];
            }
            _ => {}
        }
    }
    let mut view = View::contiguous(&source).pad(&low, &high).broadcast(&wide).slice(&start, &step, &sizes);
    if rng.below(4) == 0 && rank > 0 {
        view = view.flip(&[rng.below(rank)]);
    }
    let mut inverse = vec![0; rank];
    order.iter().enumerate().for_each(|(i, &axis)| inverse[axis] = i);
    (view.permute(&inverse), source.iter().product())
}

fn shape(rng: &mut Lcg, rank: usize) -> Vec<usize> {
    let sizes = [1, 2, 3, 5, 8, 0, 16, 33, 70, 130];
    let limit = [0, 10, 9, 7, 5][rank];
    (0..rank).map(|_| if rng.below(30) == 0 { 0 } else { sizes[rng.below(limit.max(1))] }).collect()
}

/// Small floats with ties, or whole numbers.
fn data(rng: &mut Lcg, dtype: DType, len: usize) -> Vec<u32> {
    let special = [f32::NAN, f32::INFINITY, -0.0, f32::NEG_INFINITY];
    let word = |_| match dtype {
        DType::F32 if rng.below(40) == 0 => special[rng.below(4)].to_bits(),
        DType::F32 => (rng.below(64) as f32 / 8.0 - 4.0).to_bits(),
        DType::I32 => rng.below(20) as u32 ^ if rng.flag() { u32::MAX } else { 0 },
        DType::U32 => rng.below(1 << 30) as u32,
        DType::Bool => rng.below(2) as u32,
    };
    (0..len).map(word).collect()
}

/// A random expression of operations that are exact, with the data that it reads.
fn expression(rng: &mut Lcg, shape: &[usize]) -> (Expr, Vec<Vec<u32>>) {
    let (mut expr, mut reads) = (Expr::default(), Vec::new());
    let push = |expr: &mut Expr, instr, dtype| {
        expr.instrs.push(instr);
        expr.types.push(dtype);
    };
    for i in 0..1 + rng.below(4) {
        let (view, words) = view(rng, shape);
        let dtype = if i == 0 { DType::F32 } else { DType::ALL[rng.below(4)] };
        let (source, dtype) = match rng.below(12) {
            0 => (Source::Const(2.5f32.to_bits()), DType::F32),
            1 => (Source::Arange, DType::I32),
            2 => {
                reads.push(vec![5, 6]);
                (Source::Random { key: reads.len() - 1, stream: 3 }, DType::U32)
            }
            _ => {
                reads.push(data(rng, dtype, words));
                (Source::Read(reads.len() - 1), dtype)
            }
        };
        let load = expr.loads.len();
        expr.loads.push(Load { source, view });
        push(&mut expr, Instr::Load(load), dtype);
    }
    for _ in 0..rng.below(12) {
        let a = rng.below(expr.types.len());
        let same: Vec<usize> = (0..expr.types.len()).filter(|&b| expr.types[b] == expr.types[a]).collect();
        let b = same[rng.below(same.len())];
        let dtype = expr.types[a];
        let binary = |list: &[Binary], rng: &mut Lcg| list[rng.below(list.len())];
        let conditions: Vec<usize> = (0..expr.types.len()).filter(|&c| expr.types[c] == DType::Bool).collect();
        let (instr, dtype) = match (rng.below(6), dtype) {
            (0, _) => (Instr::Cast(a), DType::ALL[rng.below(4)]),
            (1, DType::F32) => {
                let functions = [Unary::Neg, Unary::Abs, Unary::Floor, Unary::Sign, Unary::Sqrt, Unary::Round];
                (Instr::Unary(functions[rng.below(6)], a), DType::F32)
            }
            (2, _) if !conditions.is_empty() => (Instr::Select(conditions[rng.below(conditions.len())], a, b), dtype),
            (3, DType::F32 | DType::I32 | DType::U32) => {
                (Instr::Binary(binary(&[Binary::Lt, Binary::Le, Binary::Eq], rng), a, b), DType::Bool)
            }
            (_, DType::Bool) => (Instr::Binary(binary(&[Binary::And, Binary::Or, Binary::Xor], rng), a, b), dtype),
            _ => {
                let functions = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Max, Binary::Min];
                (Instr::Binary(binary(&functions, rng), a, b), dtype)
            }
        };
        push(&mut expr, instr, dtype);
    }
    (expr, reads)
}

#[test]
fn fused_expressions_are_exact() {
    for seed in 0..1500 {
        let rng = &mut Lcg::new(seed);
        let rank = rng.below(5);
        let shape = shape(rng, rank);
        let (expr, reads) = expression(rng, &shape);
        check(&Kernel::map(shape.clone(), expr.clone()), &reads, 0.0);
        let more = (0..rng.below(4)).map(|_| rng.below(expr.instrs.len())).collect();
        check(&Kernel::Map { shape, expr, more }, &reads, 0.0);
    }
}

#[test]
fn reductions_along_and_across() {
    for seed in 0..1500 {
        let rng = &mut Lcg::new(seed);
        let (a, b) = (rng.below(3), 1 + rng.below(2));
        let (mut outer, mut inner) = (shape(rng, a), shape(rng, b));
        if rng.below(10) == 0 {
            [(600, &mut outer), (1100, &mut inner)][rng.below(2)].1.push(600);
        }
        if outer.iter().chain(&inner).product::<usize>() > 100_000 {
            continue;
        }
        let (expr, mut reads) = expression(rng, &[&outer[..], &inner[..]].concat());
        let op = [Reduction::Sum, Reduction::Max, Reduction::ArgMax][rng.below(3)];
        if op == Reduction::Sum {
            // Sums that differ by rounding must not be sums of infinities and their kind.
            reads.iter_mut().flatten().filter(|w| f32::from_bits(**w).abs() > 1e30).for_each(|w| *w = 0);
        }
        check(&Kernel::Reduce { outer, inner, op, expr }, &reads, 1e-5);
    }
}

#[test]
fn products_through_any_views() {
    for seed in 0..600 {
        let rng = &mut Lcg::new(seed);
        let size = |rng: &mut Lcg| [1, 1, 2, 3, 5, 8, 17, 40, 0][rng.below(9)];
        let [batch, m, n, k] = [rng.below(4), size(rng), size(rng), size(rng)];
        let (a, words_a) = view(rng, &[batch, m, k]);
        let (b, words_b) = view(rng, &[batch, k, n]);
        let reads = [words_a, words_b].map(|len| rng.floats(len).into_iter().map(f32::to_bits).collect());
        check(&Kernel::MatMul { a, b }, &reads, 1e-5);
    }
}

fn window(rng: &mut Lcg) -> Window {
    let mut w = Window {
        n: rng.below(3),
        c: 1 + rng.below(3),
        size: [0; 2],
        kernel: [0; 2],
        stride: [0; 2],
        pad: [0; 2],
        dilation: [0; 2],
        out: [0; 2],
    };
    for i in 0..2 {
        let limit = if rng.below(6) == 0 { 150 } else { 10 };
        (w.size[i], w.kernel[i]) = (1 + rng.below(limit), 1 + rng.below(3));
        (w.stride[i], w.dilation[i]) = (1 + rng.below(3), 1 + rng.below(2));
        let reach = (w.kernel[i] - 1) * w.dilation[i] + 1;
        w.pad[i] = rng.below(reach.min(3));
        let room = w.size[i] + w.pad[i] + rng.below(reach.min(3));
        w.out[i] = if room < reach { 0 } else { (room - reach) / w.stride[i] + 1 };
    }
    if rng.below(4) == 0 {
        // Windows that tile the plane have code of their own.
        let out = w.size.map(|size| size.div_ceil(2) + rng.below(5));
        w = Window {
            size: out.map(|n| 2 * n),
            kernel: [2, 2],
            stride: [2, 2],
            dilation: [1, 1],
            pad: [0, 0],
            out,
            ..w
        };
    }
    w
}

#[test]
fn windows_and_rows() {
    for seed in 0..600 {
        let rng = &mut Lcg::new(seed);
        let w = window(rng);
        let (plane, pooled) = (w.n * w.c * w.size[0] * w.size[1], w.n * w.c * w.out[0] * w.out[1]);
        let x = data(rng, DType::F32, plane);
        check(&Kernel::MaxPool(w), std::slice::from_ref(&x), 0.0);
        check(&Kernel::MaxPoolArg(w), std::slice::from_ref(&x), 0.0);
        let index = evaluate(&Kernel::MaxPoolArg(w), std::slice::from_ref(&x));
        let values: Vec<u32> = rng.floats(pooled).into_iter().map(f32::to_bits).collect();
        if w.lie_apart() {
            check(&Kernel::MaxUnpool(w), &[values.clone(), x.clone()], 1e-6);
        }
        check(&Kernel::PoolTake(w), &[x, index.clone()], 0.0);
        check(&Kernel::Unpool(w), &[values, index], 1e-6);

        let r = Rows { rows: 1 + rng.below(6), inner: rng.below(9), count: rng.below(9) };
        let index: Vec<u32> =
            (0..r.count).map(|_| rng.below(8) as u32 ^ if rng.below(9) == 0 { u32::MAX } else { 0 }).collect();
        let table = data(rng, DType::F32, r.rows * r.inner);
        check(&Kernel::Gather(r), &[table, index.clone()], 0.0);
        let source = rng.floats(r.count * r.inner).into_iter().map(f32::to_bits).collect();
        check(&Kernel::ScatterAdd(r), &[source, index], 1e-6);

        let (rows, dtype) = (rng.below(6), DType::ALL[rng.below(4)]);
        let length = if seed % 50 == 0 { 5001 } else { rng.below(40) };
        let x = data(rng, dtype, rows * length);
        check(&Kernel::ArgSort { rows, length, dtype }, &[x], 0.0);

        let mut w = Window { pad: [0; 2], c: 1, ..w };
        w.out = [0, 1]
            .map(|i| (w.size[i] + w.stride[i]).saturating_sub((w.kernel[i] - 1) * w.dilation[i] + 1) / w.stride[i]);
        let shape = [w.n, w.kernel[0], w.kernel[1], w.out[0], w.out[1]];
        let (input, words) = view(rng, &shape);
        let x = rng.floats(words).into_iter().map(f32::to_bits).collect();
        check(&Kernel::Fold { window: w, input }, &[x], 1e-6);
    }
}

#[test]
fn convolutions_of_a_program() {
    let g = ConvGeometry {
        n: 2,
        c: 4,
        size: [9, 7],
        o: 6,
        kernel: [3, 2],
        out: [5, 4],
        groups: 2,
        stride: [2, 2],
        pad: [1, 1],
        dilation: [1, 1],
    };
    let rng = &mut Lcg::new(1);
    let [x, w, y] = [g.x_shape(), g.weight_shape(), g.y_shape()]
        .map(|d| rng.floats(d.iter().product()).into_iter().map(f32::to_bits).collect::<Vec<u32>>());
    check(&Kernel::Conv(g), &[x.clone(), w.clone()], 1e-5);
    check(&Kernel::ConvInputGrad(g), &[y.clone(), w], 1e-5);
    check(&Kernel::ConvWeightGrad(g), &[x, y], 1e-5);
}

/// x ← x + 1 in two steps through the arena.
fn counting() -> Program {
    let read = |i: usize| Load { source: Source::Read(i), view: View::contiguous(&[3]) };
    let one = Load { source: Source::Const(1.0f32.to_bits()), view: View::contiguous(&[1]).broadcast(&[3]) };
    let add = Expr {
        loads: vec![read(0), one],
        instrs: vec![Instr::Load(0), Instr::Load(1), Instr::Binary(Binary::Add, 0, 1)],
        types: vec![DType::F32; 3],
    };
    let copy = Expr { loads: vec![read(0)], instrs: vec![Instr::Load(0)], types: vec![DType::F32] };
    let step = |expr, from, to| Step {
        kernel: Kernel::map(vec![3], expr),
        reads: vec![operand(from, 3)],
        epilogue: None,
        write: operand(to, 3),
    };
    let (arena, x) = (Buffer::Arena, Buffer::External(0));
    Program {
        externals: vec![External { words: 3, written: true }],
        arena: 64,
        steps: vec![step(add, x, arena), step(copy, arena, x)],
        loops: vec![],
    }
}

#[test]
fn a_run_pauses_between_any_two_steps_and_goes_on() {
    let cpu = Cpu::new();
    let executable = cpu.prepare(&counting()).unwrap();
    let x = cpu.alloc(3, "a test").unwrap();
    let mut at = Position::default();
    let mut runs = 0;
    while at.iteration < 5 {
        at = cpu.run(executable, &[x], at, 5, &mut || true).unwrap();
        runs += 1;
    }
    assert_eq!((at, runs), (Position { iteration: 5, step: 0 }, 10));
    assert_eq!(pollster::block_on(cpu.read(x, 0..3)).unwrap(), [5.0f32.to_bits(); 3]);
    assert_eq!(cpu.counters().dispatches, 10);
}

#[test]
fn memory_is_counted_and_given_back() {
    let cpu = Cpu::new();
    let x = cpu.alloc(10, "a test").unwrap();
    let executable = cpu.prepare(&counting()).unwrap();
    assert_eq!(cpu.counters().live_bytes, 4 * (10 + 64));
    cpu.release(executable);
    cpu.free(x);
    assert_eq!(cpu.counters().live_bytes, 0);
    assert!(cpu.write(x, 0, &[1]).is_err() && pollster::block_on(cpu.read(x, 0..1)).is_err());
    assert!(cpu.run(executable, &[x], Position::default(), 1, &mut || false).is_err());
}

#[test]
fn programs_that_would_leave_their_memory_are_refused() {
    let refused = |change: &dyn Fn(&mut Program)| {
        let mut program = counting();
        change(&mut program);
        Cpu::new().prepare(&program).unwrap_err().to_string()
    };
    assert!(refused(&|p| p.arena = 2).contains("outside of its buffer"));
    assert!(refused(&|p| p.externals[0].written = false).contains("only read"));
    assert!(refused(&|p| p.steps[0].reads[0].words = 2).contains("past the end"));
    assert!(refused(&|p| p.steps[0].write.words = 4).contains("past the end"));
    let shifted = |p: &mut Program| {
        p.steps[0].write = Operand { buffer: Buffer::External(0), offset: 1, words: 3 };
        p.externals[0].words = 4;
    };
    assert!(refused(&shifted).contains("over its input"));
}

#[test]
fn a_written_buffer_is_bound_once() {
    let cpu = Cpu::new();
    let mut program = counting();
    program.externals.push(External { words: 3, written: false });
    let executable = cpu.prepare(&program).unwrap();
    let (x, y, short) = (cpu.alloc(3, "x").unwrap(), cpu.alloc(3, "y").unwrap(), cpu.alloc(2, "z").unwrap());
    let run = |externals: &[BufferId]| cpu.run(executable, externals, Position::default(), 1, &mut || false);
    assert!(run(&[x, y]).is_ok());
    assert!(run(&[x, x]).unwrap_err().to_string().contains("bound twice"));
    assert!(run(&[x, short]).unwrap_err().to_string().contains("has 2 words"));
    assert!(run(&[x]).unwrap_err().to_string().contains("takes 2 buffers"));
}
