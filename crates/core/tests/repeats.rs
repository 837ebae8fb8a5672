//! The same seed on the same device gives the same bits, however often and in however many slices.

#[cfg(feature = "webgpu")]
mod support;
#[path = "support/training.rs"]
mod training;

use gradbook_core::{
    Host, LocalRunner, Runner, Tensor,
    device::{cpu::Cpu, interp::Interp},
};
use pollster::block_on;
use std::{cell::Cell, rc::Rc};

/// Every word of every state after so many training steps, some random numbers, and sums in which the order shows.
fn words(runner: &LocalRunner) -> Vec<Vec<u32>> {
    let run = block_on(runner.begin(&training::training(3).unwrap())).unwrap();
    block_on(runner.advance(&run, 60, &mut |_| {})).unwrap();
    let noise = Tensor::normal(&Tensor::key(9), 4, &[70, 70], 0.0, 1e3).unwrap();
    let rows = Tensor::i32(&[70], &(0..70).map(|i| i * i % 7).collect::<Vec<_>>()).unwrap();
    let spread = noise.index_select(0, &rows).unwrap().matmul(&noise).unwrap();
    let scattered = spread.square().unwrap().mean_all().unwrap().grad(&[&noise]).unwrap().remove(0);
    let values = [noise.clone(), spread, scattered, noise.sum_all().unwrap(), noise.softmax(0).unwrap()];
    run.state.iter().chain(&values).map(|value| block_on(runner.read(value)).unwrap().words).collect()
}

/// A host whose clock jumps, so that every slice ends at once.
fn hasty() -> Host {
    let clock = Cell::new(0.0);
    Host {
        now: Box::new(move || clock.replace(clock.get() + 1e3)),
        turn: Box::new(|| Box::pin(std::future::ready(()))),
    }
}

#[test]
fn on_interp() {
    let expected = words(&LocalRunner::native(Interp::new()));
    assert!(words(&LocalRunner::new(Rc::new(Interp::new()), hasty())) == expected);
}

#[test]
fn on_the_cpu() {
    let runner = LocalRunner::native(Cpu::new());
    let expected = words(&runner);
    assert!(words(&runner) == expected, "again on the same device");
    assert!(words(&LocalRunner::native(Cpu::new())) == expected, "on a new device");
    assert!(words(&LocalRunner::new(Rc::new(Cpu::new()), hasty())) == expected, "in slices of one step");
    for threads in [2, 3, 8] {
        assert!(words(&LocalRunner::native(Cpu::with_threads(threads))) == expected, "on {threads} threads");
        assert!(words(&LocalRunner::native(Cpu::eager(threads))) == expected, "in small parts on {threads} threads");
    }
}

#[cfg(feature = "webgpu")]
#[test]
fn on_webgpu() {
    let Some(runner) = support::gpu() else { return };
    let expected = words(&runner);
    assert!(words(&runner) == expected, "again on the same device");
    let Some(other) = support::gpu() else { return };
    assert!(words(&other) == expected, "on a new device");
}

#[test]
fn random_bits_are_those_of_every_device() {
    let draw = |runner: &LocalRunner| {
        let key = Tensor::key(7);
        let uniform = Tensor::uniform(&key, 1, &[500], 0.0, 1.0).unwrap();
        block_on(runner.read(&uniform)).unwrap().words
    };
    let expected = draw(&LocalRunner::native(Interp::new()));
    assert!(draw(&LocalRunner::native(Cpu::new())) == expected);
    #[cfg(feature = "webgpu")]
    if let Some(gpu) = support::gpu() {
        assert!(draw(&gpu) == expected);
    }
}
