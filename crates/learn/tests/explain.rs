//! What a step of the benchmarks' LeNet costs on the GPU, by `explain` and by the device's counters.

#[path = "support/gpu.rs"]
mod gpu;

use gpu::gpu;
use gradbook_core::{LocalRunner, Runner, Tensor};
use gradbook_learn::{
    Error, Result,
    layers::{Activation, Conv2d, Conv2dConfig, Flatten, Linear, MaxPool2d, Padding, Params, Sequential, build},
    losses::Loss,
    optim::{Clip, Memory, Optimiser},
    train::{Argument, Draws, Step, forward},
};
use pollster::block_on;

/// Dispatches that a step of the LeNet may make.
const DISPATCHES: usize = 29;
/// How many times the bytes that its kernels must read and write it may move.
const BYTES: f64 = 1.5;

/// The network of W4 in `web/bench`: 16 and 32 channels, a dense layer of 128.
fn lenet() -> Sequential {
    let conv = |out| Conv2d::with(Conv2dConfig { out, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
    Sequential::new()
        .then(conv(16))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(conv(32))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Flatten)
        .then(Linear::new(128))
        .then(Activation::Relu)
        .then(Linear::new(10))
}

#[test]
fn a_step_of_the_lenet_is_one_submit_of_few_dispatches_and_moves_little_more_than_it_must() -> Result<()> {
    let Some(gpu) = gpu().map(LocalRunner::native) else { return Ok(()) };
    let model = lenet();
    build(&model, &[64, 1, 28, 28], 1)?;
    let weights: Vec<_> = Params::of(&model).handles().cloned().collect();
    let images = Tensor::uniform(&Tensor::key(3), 0, &[64, 1, 28, 28], 0.0, 1.0)?;
    let labels = Tensor::i32(&[64], &(0..64).map(|i| i * 7 % 10).collect::<Vec<_>>())?;
    let batch = [images, labels];
    block_on(gpu.evaluate(&batch))?;
    let (memory, draws) = (Memory::new(), Draws::new(1));
    let arguments: Vec<Argument> = batch.iter().map(Argument::of).collect();
    let step = Step::trace(&draws, &arguments, |given| {
        let loss = Loss::default().mean(&forward(&model, &given[0], 0)?, &given[1])?;
        memory.minimise(&Optimiser::default(), &Tensor::scalar(1e-3), Clip::default(), &loss, &weights)?;
        Ok::<_, Error>(vec![loss])
    })?;

    let explanation = block_on(step.explain(&gpu))?;
    println!("{explanation}");
    // Once more for another batch, so that its arguments are brought.
    block_on(step.call(&gpu, &batch))?;
    let other = [batch[0].neg()?, batch[1].clone()];
    block_on(gpu.evaluate(&other))?;
    let before = gpu.device().counters();
    block_on(step.call(&gpu, &other))?;
    let after = gpu.device().counters();
    let dispatches = (after.dispatches - before.dispatches) as usize;
    assert_eq!(dispatches, explanation.dispatches(), "{explanation}");
    assert!((1..=DISPATCHES).contains(&dispatches), "{explanation}");
    assert_eq!(((after.submits - before.submits) as usize, explanation.submits), (1, 1));
    assert_eq!(
        (after.buffers_created, after.bind_groups_created, after.pipelines_created, after.reads, after.live_bytes),
        (before.buffers_created, before.bind_groups_created, before.pipelines_created, before.reads, before.live_bytes)
    );
    let ratio = explanation.moved() / explanation.needed();
    assert!(explanation.needed() > 0.0 && ratio <= BYTES, "{ratio:.3} times what must move\n{explanation}");
    Ok(())
}
