//! Nobody disposes, and memory stays where it was: epochs, cells that are run again, models that come and go.

#[cfg(feature = "webgpu")]
mod support;
#[path = "support/training.rs"]
mod training;

use gradbook_core::{
    DType, Error, LocalRunner, LoopSpec, Runner, Tensor,
    device::{cpu::Cpu, interp::Interp},
};
use pollster::block_on;
use training::training;

/// What the device holds while `once` is done again and again: the same after each of the later times.
fn stays(runner: &LocalRunner, times: usize, mut once: impl FnMut()) {
    let live = || runner.device().counters().live_bytes;
    // Programs are remembered up to a number, and staging buffers kept.
    (0..10).for_each(|_| once());
    let before = live();
    for time in 10..times {
        once();
        assert_eq!(live(), before, "after {time} times");
    }
}

fn a_thousand_epochs(runner: &LocalRunner) {
    let run = block_on(runner.begin(&training(2).unwrap())).unwrap();
    // Ten epochs of three batches at a time.
    stays(runner, 100, || {
        let end = block_on(runner.advance(&run, 30, &mut |_| {})).unwrap();
        assert_eq!(end.done, 30);
    });
    let weights = block_on(runner.read(&run.state[1])).unwrap();
    assert!(weights.as_f32().iter().all(|w| w.is_finite()));
}

/// A cell makes values, takes a gradient, reads, is stopped by an error, and forgets all of it.
fn a_thousand_runs_of_a_cell(runner: &LocalRunner) {
    let data = Tensor::uniform(&Tensor::key(1), 0, &[20, 8], -1.0, 1.0).unwrap();
    stays(runner, 1000, || {
        let weight = Tensor::f32(&[8, 3], &[0.5; 24]).unwrap();
        let loss = data.matmul(&weight).unwrap().tanh().unwrap().square().unwrap().mean_all().unwrap();
        let slope = loss.grad(&[&weight]).unwrap().remove(0);
        block_on(runner.evaluate(&[loss, slope.clone()])).unwrap();
        assert_eq!(block_on(runner.read(&slope)).unwrap().words.len(), 24);
        let nowhere = LoopSpec::placeholder(slope.shape(), DType::F32).add(&slope).unwrap();
        assert!(block_on(runner.read(&nowhere)).is_err());
    });
    stays(runner, 20, || {
        let loss = data.exp().unwrap().sum_all().unwrap();
        block_on(runner.check(std::slice::from_ref(&loss))).unwrap();
        assert!(block_on(runner.check(&[loss.neg().unwrap().log().unwrap()])).is_err());
    });
}

fn a_thousand_models(runner: &LocalRunner) {
    let mut width = 0;
    stays(runner, 1000, || {
        width = width % 3 + 1;
        let run = block_on(runner.begin(&training(width).unwrap())).unwrap();
        block_on(runner.advance(&run, 2, &mut |_| {})).unwrap();
        // One outlives its loop for a moment.
        let last = run.state[1].clone();
        drop(run);
        assert_eq!(block_on(runner.read(&last)).unwrap().words.len(), 9 * width);
    });
}

/// So many times 4 GiB that no machine has addresses for them.
const BEYOND_ADDRESSES: usize = 40_000;

/// What cannot be had is refused with what it was for and the bytes, and the runner lives on.
fn too_much_is_refused(runner: &LocalRunner, count: usize) {
    let before = runner.device().counters().live_bytes;
    let error = runner.device().alloc(usize::MAX / 8, "every pixel ever").unwrap_err();
    assert_eq!(error.kind(), "OutOfMemoryError", "{error}");

    // Values of 4 GiB that are all needed at the same time, but for the last, which takes the place of its input.
    let mut values = vec![Tensor::f32(&[], &[0.5]).unwrap().broadcast_to(&[1 << 15, 1 << 15]).unwrap()];
    (0..count).for_each(|i| values.push(values[i].exp().unwrap()));
    let sum =
        values.iter().rev().try_fold(Tensor::scalar(0.0), |sum, value| sum.add(value)).unwrap().sum_all().unwrap();
    let error = block_on(runner.read(&sum)).unwrap_err();
    let Error::OutOfMemory { bytes, what, .. } = &error else { panic!("{error}") };
    assert!(*bytes >= (count - 1) << 32 && what == "intermediate results", "{error}");
    drop((values, sum));
    // A program that was made may be remembered; its steps are small.
    assert!(runner.device().counters().live_bytes <= before + 4096, "nothing is left behind");

    let x = Tensor::f32(&[2], &[1.0, 2.0]).unwrap().neg().unwrap();
    assert_eq!(block_on(runner.read(&x)).unwrap().as_f32(), [-1.0, -2.0]);
}

fn memory_stays(runner: &LocalRunner) {
    a_thousand_epochs(runner);
    a_thousand_runs_of_a_cell(runner);
    a_thousand_models(runner);
}

#[test]
fn on_interp() {
    let runner = LocalRunner::native(Interp::new());
    memory_stays(&runner);
    too_much_is_refused(&runner, BEYOND_ADDRESSES);
}

#[test]
fn on_the_cpu() {
    let runner = LocalRunner::native(Cpu::new());
    memory_stays(&runner);
    too_much_is_refused(&runner, BEYOND_ADDRESSES);
}

#[cfg(feature = "webgpu")]
#[test]
fn on_webgpu() {
    let Some(runner) = support::gpu() else { return };
    memory_stays(&runner);
    // More than any GPU lets one buffer have.
    too_much_is_refused(&runner, 100);
}
