//! Programs of random graphs on every device, step by step against the reference: each step gets the reference's inputs in the
//! memory that was planned, so that rounding does not add up and what fails is one kernel. A failure shrinks to a small graph.

use super::{
    BufferId, Device, Position,
    interp::{evaluate, evaluate_step, finish},
};
use crate::{
    DType,
    ir::{Binary, Graph, Op, Unary, simplify},
    plan::{
        self, Buffer, Epilogue, External, Instr, Kernel, Operand, Options, Program, Reduction, Step, Target,
        property::variants,
    },
    random_graph::{Choice, outputs},
};
use pollster::block_on;
use proptest::{prelude::*, test_runner::RngSeed};

/// The device does each step of the graph's programs as the reference does.
fn follows(device: &dyn Device, choices: &[Choice]) -> Result<(), TestCaseError> {
    let traced = Graph::trace(&outputs(choices));
    for (name, options) in variants() {
        let graph = if options.simplify { simplify(&traced.graph) } else { traced.graph.clone() };
        let program = compiled(&graph, &options);
        // The arena becomes one more buffer, so that its contents can be set and read.
        let mut memory: Vec<Vec<u32>> = program.externals.iter().map(|e| vec![0; e.words]).collect();
        for (leaf, words) in traced.leaves.iter().zip(&mut memory) {
            let Op::Host(data) = &*leaf.op() else { unreachable!("the leaves of random graphs have values") };
            words.clone_from(&data.words);
        }
        memory.push(vec![0; program.arena]);
        let buffers: Vec<BufferId> = memory.iter().map(|words| device.alloc(words.len(), "a test").unwrap()).collect();
        for (&buffer, words) in buffers.iter().zip(&memory) {
            device.write(buffer, 0, words).unwrap();
        }
        let result = program.steps.iter().try_for_each(|step| follows_step(device, &buffers, &mut memory, step));
        buffers.into_iter().for_each(|buffer| device.free(buffer));
        result.map_err(|error| TestCaseError::fail(format!("{name}: {error}")))?;
    }
    Ok(())
}

fn compiled(graph: &Graph, options: &Options) -> Program {
    plan::compile(graph, &vec![Target::New; graph.outputs.len()], options).unwrap()
}

/// Runs one step over buffers that hold what `memory` holds, and leaves both as the reference does.
fn follows_step(
    device: &dyn Device,
    buffers: &[BufferId],
    memory: &mut [Vec<u32>],
    step: &Step,
) -> Result<(), TestCaseError> {
    let place = |operand: &Operand| match operand.buffer {
        Buffer::Arena => buffers.len() - 1,
        Buffer::External(i) => i,
    };
    let moved = step.moved(|operand| Operand { buffer: Buffer::External(place(operand)), ..*operand });
    let (target, start, end) = (place(&step.write), step.write.offset, step.write.offset + step.write.words);
    let read = |buffer: usize| block_on(device.read(buffers[buffer], 0..memory[buffer].len())).unwrap();
    let run = |epilogue: Option<Epilogue>| {
        let one = Program {
            externals: memory.iter().map(|words| External { words: words.len(), written: true }).collect(),
            arena: 0,
            loops: vec![],
            steps: vec![Step { epilogue, ..moved.clone() }],
        };
        let executable = device.prepare(&one).unwrap();
        device.run(executable, buffers, Position::default(), 1, &mut || false).unwrap();
        device.release(executable);
        read(target)
    };
    let words = |read: &Operand| memory[place(read)][read.offset..read.offset + read.words].to_vec();
    let reads: Vec<Vec<u32>> = step.reads.iter().map(words).collect();
    let mut got = run(None);
    compare(&step.kernel, &reads, &got[start..end], &evaluate(&step.kernel, &reads))?;
    if let Some(epilogue) = &step.epilogue {
        // From what the device's kernel made: a function with jumps would else tear small differences open.
        let made = got[start..end].to_vec();
        got = run(moved.epilogue.clone());
        let reads: Vec<Vec<u32>> = epilogue.reads.iter().map(words).collect();
        let map = Kernel::map(epilogue.shape.clone(), epilogue.expr.clone());
        let scale = [&reads[..], std::slice::from_ref(&made)].concat();
        compare(&map, &scale, &got[start..end], &finish(epilogue, reads, made))?;
    }
    let expected = evaluate_step(step, |operand| Ok(words(operand))).unwrap();
    // A host without a GPU between can afford to look at all the rest.
    let others = if device.info().name == "webgpu" { target..target } else { 0..buffers.len() };
    for buffer in others.filter(|&buffer| buffer != target) {
        prop_assert!(read(buffer) == memory[buffer], "a step wrote to another buffer");
    }
    let beside = got[..start] == memory[target][..start] && got[end..] == memory[target][end..];
    prop_assert!(beside, "a step wrote beside its output: {:?}", step.kernel);
    device.write(buffers[target], start, &expected).unwrap();
    memory[target][start..end].copy_from_slice(&expected);
    Ok(())
}

fn compare(kernel: &Kernel, reads: &[Vec<u32>], got: &[u32], expected: &[u32]) -> Result<(), TestCaseError> {
    // Sums of large numbers may cancel.
    let largest = |words: &Vec<u32>| {
        let sizes = words.iter().map(|&word| f64::from(f32::from_bits(word)).abs());
        sizes.filter(|x| x.is_finite()).fold(1.0, f64::max)
    };
    let scale: f64 = reads.iter().map(largest).product();
    // Partial sums of huge numbers pass the largest float in one order and not in another.
    let skip = may_jump(kernel) || scale > 1e30;
    let exact = !is_computed(kernel);
    for (at, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let (x, y) = (f32::from_bits(got), f32::from_bits(expected));
        let near = || f64::from((x - y).abs()) <= 1e-5 * scale.max(f64::from(y.abs())) + f64::from(f32::MIN_POSITIVE);
        let same = got == expected || (!exact && (x == y || (x.is_nan() && y.is_nan()) || near()));
        prop_assert!(
            skip || same,
            "at {at}: {x:e} ({got:#x}) is not {y:e} ({expected:#x}), scale {scale:e}: {kernel:#?}"
        );
    }
    Ok(())
}

/// Whether the result is a float that may be rounded; others are exact.
fn is_computed(kernel: &Kernel) -> bool {
    match kernel {
        Kernel::Reduce { op: Reduction::ArgMax, .. } | Kernel::MaxPoolArg(_) => false,
        Kernel::Map { expr, .. } | Kernel::Reduce { expr, .. } => expr.types.last() == Some(&DType::F32),
        _ => true,
    }
}

/// Whether rounding that differs in the last place may change a result by more than that.
fn may_jump(kernel: &Kernel) -> bool {
    let (Kernel::Map { expr, .. } | Kernel::Reduce { expr, .. }) = kernel else { return false };
    let rounds =
        |i: &Instr| matches!(i, Instr::Unary(Unary::Tanh | Unary::Sigmoid, _) | Instr::Binary(Binary::Div, ..));
    let jumps = |i: &Instr| {
        matches!(i, Instr::Unary(Unary::Floor | Unary::Sign, _))
            || matches!(i, Instr::Binary(Binary::Lt | Binary::Eq, ..) | Instr::Select(..))
    };
    let arg = matches!(kernel, Kernel::Reduce { op: Reduction::ArgMax, .. });
    expr.instrs.iter().any(rounds) && (arg || expr.instrs.iter().any(jumps))
}

/// The same graphs in each run, so that a run proves what the last one did.
fn fixed(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(2), ..ProptestConfig::default() }
}

fn graphs(most: usize) -> impl Strategy<Value = Vec<Choice>> {
    prop::collection::vec(any::<Choice>(), 1..most)
}

#[cfg(feature = "cpu")]
mod cpu {
    use super::*;
    use crate::device::cpu::Cpu;

    proptest! {
        #![proptest_config(fixed(300))]
        #[test]
        fn random_graphs_step_by_step(choices in graphs(40)) {
            follows(&Cpu::eager(2), &choices)?;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        #[ignore = "takes minutes; run by --slow"]
        fn thousands_of_random_graphs_step_by_step(choices in graphs(60)) {
            follows(&Cpu::eager(2), &choices)?;
        }
    }
}

#[cfg(feature = "webgpu")]
mod webgpu {
    use super::*;
    use crate::device::webgpu::tests::gpu;

    /// One device for all cases: opening one takes longer than a case.
    fn on_the_gpu(config: ProptestConfig, most: usize) {
        let Some(gpu) = gpu() else { return };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        runner.run(&graphs(most), |choices| follows(&gpu, &choices)).unwrap();
    }

    #[test]
    fn random_graphs_step_by_step() {
        on_the_gpu(fixed(24), 40);
    }

    #[test]
    #[ignore = "takes minutes; run by --slow"]
    fn thousands_of_random_graphs_step_by_step() {
        on_the_gpu(ProptestConfig::with_cases(2000), 60);
    }
}
