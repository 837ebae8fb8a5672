//! Whole programs as the planner makes them: each step against the interpreter on random graphs, and a training loop
//! against the same loop on the interpreter.

use super::{cases::Case, difference, gpu};
use crate::{
    DType, Data, LocalRunner, LoopSpec, Progress, Result, Runner, Shape, Tensor,
    device::{Counters, Device, Position, interp},
    ir::{Graph, simplify},
    ops::{AvgPool2dOptions, Conv2dOptions, MaxPool2dOptions, Padding, gradients},
    plan::{self, Buffer, External, Operand, Options, Program, Step, Target},
    random_graph::{Choice, build},
};
use pollster::block_on;

/// Runs each step alone from memory as the interpreter left it: differences do not add up, and what fails is named.
fn check_steps(gpu: &impl Device, program: &Program, mut memory: Vec<Vec<u32>>) {
    // The arena becomes one more buffer, so that its contents can be set and read.
    memory.push(vec![0; program.arena]);
    let place = |operand: &Operand| match operand.buffer {
        Buffer::Arena => memory.len() - 1,
        Buffer::External(i) => i,
    };
    let moved = |operand: &Operand| Operand { buffer: Buffer::External(place(operand)), ..*operand };
    let steps: Vec<Step> = program
        .steps
        .iter()
        .map(|step| Step {
            kernel: step.kernel.clone(),
            reads: step.reads.iter().map(moved).collect(),
            write: moved(&step.write),
        })
        .collect();
    let buffers: Vec<_> = memory.iter().map(|words| gpu.alloc(words.len(), "a test").unwrap()).collect();
    let externals: Vec<External> = memory.iter().map(|words| External { words: words.len(), written: true }).collect();
    for (i, step) in steps.into_iter().enumerate() {
        let words = |o: &Operand| {
            let Buffer::External(buffer) = o.buffer else { unreachable!() };
            memory[buffer][o.offset..o.offset + o.words].to_vec()
        };
        let reads: Vec<Vec<u32>> = step.reads.iter().map(words).collect();
        for (&buffer, words) in buffers.iter().zip(&memory) {
            gpu.write(buffer, 0, words).unwrap();
        }
        let write = step.write;
        let Buffer::External(target) = write.buffer else { unreachable!() };
        let range = write.offset..write.offset + write.words;
        let kernel = step.kernel.clone();
        let one = Program { externals: externals.clone(), arena: 0, steps: vec![step], loops: vec![] };
        let executable = gpu.prepare(&one).unwrap();
        gpu.run(executable, &buffers, Position::default(), 1, &mut || false).unwrap();
        let got = block_on(gpu.read(buffers[target], range.clone())).unwrap();
        gpu.release(executable);
        let expected = interp::evaluate(&kernel, &reads);
        memory[target][range].copy_from_slice(&expected);
        // Sums of large numbers may cancel.
        let largest = |words: &Vec<u32>| {
            words.iter().map(|&w| f32::from_bits(w).abs()).filter(|x| x.is_finite()).fold(1.0, f32::max)
        };
        let scale = reads.iter().map(largest).product();
        let case = Case { name: format!("step {i}"), kernel, reads, tolerance: 1e-5, scale };
        if let Some(failure) = difference(&case, &got, &expected) {
            panic!("{failure}\n{:#?}", case.kernel);
        }
    }
    buffers.into_iter().for_each(|buffer| gpu.free(buffer));
}

/// Choices that make graphs of every kind, without shrinking: a device is slow to ask.
fn choices(seed: u32) -> Vec<Choice> {
    let byte = |i: u32| crate::rng::bits([seed, 3], 0, i).to_le_bytes();
    (0..5 + seed % 30).map(|i| byte(i).into()).collect()
}

#[test]
fn random_programs_step_by_step() {
    let Some(gpu) = gpu() else { return };
    for seed in 0..24 {
        let nodes = build(&choices(seed));
        let traced = Graph::trace(&nodes[nodes.len().saturating_sub(4)..]);
        let graph = simplify(&traced.graph);
        for fuse in [true, false] {
            let options = Options { fuse, ..Options::default() };
            let program = plan::compile(&graph, &vec![Target::New; graph.outputs.len()], &options).unwrap();
            let mut memory: Vec<Vec<u32>> = program.externals.iter().map(|e| vec![0; e.words]).collect();
            for (leaf, words) in traced.leaves.iter().zip(&mut memory) {
                if let crate::ir::Op::Host(data) = &*leaf.op() {
                    words.clone_from(&data.words);
                }
            }
            check_steps(&gpu, &program, memory);
        }
    }
}

const SAMPLES: usize = 40;
const BATCH: usize = 8;
const STEPS: usize = 20;

/// The training step of a small LeNet with momentum as a loop: its batches are gathered from a data set by a counter, some
/// activations dropped by counter-based random numbers, its losses written to a log, which is watched.
fn lenet() -> Result<LoopSpec> {
    let key = Tensor::key(5);
    let images = Tensor::uniform(&key, 1, &[SAMPLES, 1, 12, 12], 0.0, 1.0)?;
    let labels = Tensor::i32(&[SAMPLES], &(0..SAMPLES).map(|i| (i * 7 % 10) as i32).collect::<Vec<_>>())?;
    let mut spec = LoopSpec::default();

    let step = Tensor::input(Shape::new("step", [])?, DType::I32);
    let next_step = step.add_scalar(1)?;
    spec.push(step.clone(), Tensor::i32(&[], &[0])?, Some(next_step));

    let shapes: [&[usize]; 6] = [&[4, 1, 5, 5], &[4], &[6, 4, 3, 3], &[6], &[24, 10], &[10]];
    let starts = shapes.iter().enumerate().map(|(i, shape)| Tensor::uniform(&key, 10 + i as u32, shape, -0.3, 0.3));
    let starts = starts.collect::<Result<Vec<_>>>()?;
    let weights: Vec<Tensor> = starts.iter().map(|w| LoopSpec::placeholder(w.shape(), DType::F32)).collect();

    let order = step.mul_scalar(BATCH as i32)?.add(&Tensor::arange(BATCH)?)?.rem_scalar(SAMPLES as i32)?;
    let (x, y) = (images.rows("batch", &order)?, labels.rows("batch", &order)?);
    let hidden = x.conv2d(&weights[0], Some(&weights[1]), &Conv2dOptions::default())?.relu()?;
    let hidden = hidden.max_pool2d(&MaxPool2dOptions::new([2, 2]))?;
    let same = Conv2dOptions { padding: Padding::Same, ..Conv2dOptions::default() };
    let hidden = hidden.conv2d(&weights[2], Some(&weights[3]), &same)?.tanh()?;
    let kept = Tensor::bernoulli(&Tensor::fold_in(&key, &step)?, 3, hidden.shape(), 0.9)?.to_f32()?;
    let hidden = hidden.mul(&kept)?.avg_pool2d(&AvgPool2dOptions::new([2, 2]))?.flatten(1, -1)?;
    let scores = hidden.matmul(&weights[4])?.add(&weights[5])?.log_softmax(1)?;
    let loss = scores.mul(&y.one_hot(10)?)?.sum_all()?.mul_scalar(-1.0 / BATCH as f32)?;

    let slopes = gradients(&loss, &weights.iter().collect::<Vec<_>>())?;
    for ((weight, start), slope) in weights.iter().zip(starts).zip(slopes) {
        let speed = LoopSpec::placeholder(weight.shape(), DType::F32);
        let faster = speed.mul_scalar(0.9)?.add(&slope)?;
        spec.push(weight.clone(), start, Some(weight.sub(&faster.mul_scalar(0.05)?)?));
        spec.push(speed.clone(), speed.zeros_like(), Some(faster));
    }
    let log = LoopSpec::placeholder(&Shape::new("log", [STEPS])?, DType::F32);
    let written = Tensor::arange(STEPS)?.eq(&step)?.where_(&loss, &log)?;
    spec.watch = Some(spec.push(log, Tensor::zeros(&[STEPS])?, Some(written)));
    Ok(spec)
}

/// The losses of the first steps.
fn losses(runner: &LocalRunner) -> Vec<f32> {
    let run = block_on(runner.begin(&lenet().unwrap())).unwrap();
    let mut last: Option<Data> = None;
    let mut count = |steps| {
        let mut watch = |progress: Progress| last = progress.watched;
        let end = block_on(runner.advance(&run, steps, &mut watch)).unwrap();
        assert_eq!(end.done, steps);
        runner.device().counters()
    };
    let first = count(2);
    let rest = count(STEPS - 2);
    if runner.device().info().name == "webgpu" {
        let made = |c: Counters| (c.pipelines_created, c.bind_groups_created, c.live_bytes);
        assert_eq!(made(first), made(rest), "a replay makes nothing");
    }
    last.unwrap().as_f32().to_vec()
}

#[test]
fn training_follows_the_interpreter() {
    let Some(gpu) = gpu() else { return };
    let got = losses(&LocalRunner::native(gpu));
    let expected = losses(&LocalRunner::native(interp::Interp::new()));
    for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
        assert!((got - expected).abs() < 1e-4, "step {i}: {got} for {expected}");
    }
    assert!(got[STEPS - 1] < got[0], "{got:?}");
}
