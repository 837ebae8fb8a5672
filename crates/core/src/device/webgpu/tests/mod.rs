//! Every kernel kind against the interpreter; every text that it came to against a WGSL validator, which needs no GPU.

mod cases;
mod device;
mod kernels;
mod programs;
mod scalars;
mod wgsl;

use super::{Options, Tiling, Tuning, WebGpu};
use crate::{
    DType,
    device::{Device, Position, interp},
    plan::{Buffer, External, Kernel, Operand, Program, Reduction, Step},
};
use cases::Case;

/// A device on the GPU. Says loudly that a test was skipped where there is none; with `GRADBOOK_REQUIRE_GPU=1` in the
/// environment that is a failure.
pub(crate) fn gpu() -> Option<WebGpu> {
    gpu_with(Options::default())
}

fn gpu_with(options: Options) -> Option<WebGpu> {
    match pollster::block_on(WebGpu::new(options)) {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            let required = std::env::var("GRADBOOK_REQUIRE_GPU").is_ok_and(|value| value == "1");
            assert!(!required, "GRADBOOK_REQUIRE_GPU is set, but: {error}");
            eprintln!("SKIPPED, NOTHING WAS TESTED ON A GPU: {error}");
            None
        }
    }
}

/// Number of words that a kernel writes.
fn output_words(case: &Case) -> usize {
    interp::evaluate(&case.kernel, &case.reads).len()
}

/// The case as a program of one step between external buffers, inputs first.
fn outside(case: &Case) -> Program {
    let mut externals: Vec<External> =
        case.reads.iter().map(|read| External { words: read.len(), written: false }).collect();
    externals.push(External { words: output_words(case), written: true });
    let operand = |i: usize| Operand { buffer: Buffer::External(i), offset: 0, words: externals[i].words };
    let reads = (0..case.reads.len()).map(operand).collect();
    let step = Step { kernel: case.kernel.clone(), reads, epilogue: None, write: operand(case.reads.len()) };
    Program { externals, arena: 0, steps: vec![step], loops: vec![] }
}

/// The same with inputs and output in the arena, between steps that copy.
fn inside(case: &Case) -> Program {
    let mut program = outside(case);
    let mut arena = 0;
    let mut place = |words: usize| {
        let operand = Operand { buffer: Buffer::Arena, offset: arena, words };
        arena = (arena + words).next_multiple_of(crate::plan::ALIGNMENT);
        operand
    };
    let step = program.steps.remove(0);
    let copy = |from: Operand, to: Operand| Step {
        kernel: cases::copy(from.words),
        reads: vec![from],
        epilogue: None,
        write: to,
    };
    let inner = Step {
        kernel: step.kernel,
        reads: step.reads.iter().map(|read| place(read.words)).collect(),
        epilogue: None,
        write: place(step.write.words),
    };
    program.arena = arena;
    program.steps = step.reads.iter().zip(&inner.reads).map(|(&from, &to)| copy(from, to)).collect();
    let last = copy(inner.write, step.write);
    program.steps.extend([inner, last]);
    program
}

/// What the device makes of a program whose last external is its output.
fn run(gpu: &WebGpu, program: &Program, inputs: &[Vec<u32>]) -> Vec<u32> {
    let buffers: Vec<_> = program.externals.iter().map(|e| gpu.alloc(e.words, "test").unwrap()).collect();
    for (input, &buffer) in inputs.iter().zip(&buffers) {
        gpu.write(buffer, 0, input).unwrap();
    }
    let executable = gpu.prepare(program).unwrap();
    gpu.run(executable, &buffers, Position::default(), 1, &mut || false).unwrap();
    let output = program.externals.len() - 1;
    let words = pollster::block_on(gpu.read(buffers[output], 0..program.externals[output].words)).unwrap();
    gpu.release(executable);
    buffers.into_iter().for_each(|buffer| gpu.free(buffer));
    words
}

/// Runs the cases outside and inside of the arena, compares with the interpreter and tells all that differ.
fn check(cases: &[Case]) {
    check_on(gpu(), cases);
}

/// The same with each tiling of products.
fn check_tilings(cases: &[Case]) {
    for tiling in Tiling::ALL {
        check_on(gpu_with(Options { tuning: Some(Tuning::all(tiling)), ..Options::default() }), cases);
    }
}

fn check_on(gpu: Option<WebGpu>, cases: &[Case]) {
    let Some(gpu) = gpu else { return };
    let mut failures = Vec::new();
    for case in cases {
        let expected = interp::evaluate(&case.kernel, &case.reads);
        for program in [outside(case), inside(case)] {
            let got = run(&gpu, &program, &case.reads);
            failures.extend(difference(case, &got, &expected));
        }
    }
    assert!(failures.is_empty(), "{:?}\n{}", gpu.tuning(), failures.join("\n"));
}

fn difference(case: &Case, got: &[u32], expected: &[u32]) -> Option<String> {
    assert_eq!(got.len(), expected.len(), "{}", case.name);
    let float = result_type(&case.kernel) == DType::F32;
    let differs = |i: usize| {
        if float { !close(f32::from_bits(got[i]), f32::from_bits(expected[i]), case) } else { got[i] != expected[i] }
    };
    let count = (0..got.len()).filter(|&i| differs(i)).count();
    let first = (0..got.len()).find(|&i| differs(i))?;
    let inputs: Vec<String> = case.reads.iter().filter_map(|read| read.get(first)).map(|&w| show(w)).collect();
    let (got, expected) = (show(got[first]), show(expected[first]));
    Some(format!("{}: {count} differ, first at {first}: {got} for {expected} ({})", case.name, inputs.join(", ")))
}

fn show(word: u32) -> String {
    format!("{word:#x} {:e}", f32::from_bits(word))
}

/// Equal within the case's tolerance; subnormal numbers may be flushed to 0.
fn close(got: f32, expected: f32, case: &Case) -> bool {
    if expected.is_nan() || expected.is_infinite() {
        return got.is_nan() == expected.is_nan() && (expected.is_nan() || got == expected);
    }
    (got - expected).abs() <= case.tolerance * expected.abs().max(case.scale) + f32::MIN_POSITIVE
}

fn result_type(kernel: &Kernel) -> DType {
    match kernel {
        Kernel::Map { expr, .. } => *expr.types.last().unwrap(),
        Kernel::Reduce { op: Reduction::ArgMax, .. } => DType::I32,
        Kernel::Reduce { expr, .. } => *expr.types.last().unwrap(),
        Kernel::Gather(_) | Kernel::PoolTake(_) | Kernel::MaxPoolArg(_) | Kernel::ArgSort { .. } => DType::I32,
        _ => DType::F32,
    }
}
