//! How a runner behaves that owns its device: loops and their ends, memory, programs that are kept.

use super::*;
use crate::{DType, Shape, device::interp::Interp, ir::Binary};
use pollster::block_on;

fn vector(values: &[f32]) -> Tensor {
    Tensor::from_data(Data::f32([values.len()], values).unwrap())
}

fn binary(op: Binary, a: &Tensor, b: &Tensor) -> Tensor {
    Tensor::make(Op::Binary(op), vec![a.clone(), b.clone()], a.shape().clone(), a.dtype()).unwrap()
}

fn input(n: usize) -> Tensor {
    Tensor::input(Shape::new("test", [n]).unwrap(), DType::F32)
}

fn floats(runner: &LocalRunner, tensor: &Tensor) -> Vec<f32> {
    block_on(runner.read(tensor)).unwrap().as_f32().to_vec()
}

#[test]
fn an_evaluated_node_is_a_leaf_and_gives_its_memory_back() {
    let runner = LocalRunner::native(Interp::new());
    let x = vector(&[1.0, 2.0]);
    let y = binary(Binary::Add, &x, &x);
    assert_eq!(floats(&runner, &y), [2.0, 4.0]);
    assert!(y.inputs().is_empty() && y.handle().is_some());
    assert_eq!(runner.device().counters().live_bytes, 16);
    drop((x, y));
    assert_eq!(runner.device().counters().live_bytes, 0);
}

#[test]
fn a_loop_swaps_and_accumulates_without_losing_old_values() {
    let runner = LocalRunner::native(Interp::new());
    let (a, b, sum) = (input(2), input(2), input(2));
    let start = vector(&[1.0, 2.0]);
    let mut spec = LoopSpec::default();
    spec.push(a.clone(), start.clone(), Some(b.clone()));
    spec.push(b, vector(&[10.0, 20.0]), Some(a.clone()));
    spec.push(sum.clone(), vector(&[0.0, 0.0]), Some(binary(Binary::Add, &sum, &a)));
    spec.watch = Some(2);
    let run = block_on(runner.begin(&spec)).unwrap();
    let mut last = Vec::new();
    let mut watch = |progress: Progress| last = progress.watched.unwrap().as_f32().to_vec();
    let end = block_on(runner.advance(&run, 3, &mut watch)).unwrap();
    assert_eq!(end, LoopEnd { done: 3, stopped: false });
    assert_eq!(last, [12.0, 24.0]);
    assert_eq!(floats(&runner, &run.state[0]), [10.0, 20.0]);
    assert_eq!(floats(&runner, &run.state[1]), [1.0, 2.0]);
    assert_eq!(floats(&runner, &start), [1.0, 2.0], "the initial value is copied");
    block_on(runner.assign(&run.state[2], &vector(&[5.0, 5.0]))).unwrap();
    block_on(runner.advance(&run, 1, &mut |_| {})).unwrap();
    assert_eq!(floats(&runner, &run.state[2]), [15.0, 25.0]);
}

#[test]
fn a_loop_ends_at_a_repetition_when_stopped() {
    let runner = LocalRunner::native(Interp::new());
    let x = input(1);
    let mut spec = LoopSpec::default();
    spec.push(x.clone(), vector(&[0.0]), Some(binary(Binary::Add, &x, &vector(&[1.0]))));
    spec.watch = Some(0);
    let run = block_on(runner.begin(&spec)).unwrap();
    let stopper = runner.clone();
    let end = block_on(runner.advance(&run, usize::MAX, &mut |_| stopper.stop())).unwrap();
    assert!(end.stopped && end.done > 0);
    assert_eq!(floats(&runner, &run.state[0]), [end.done as f32]);
}

#[cfg(feature = "cpu")]
#[test]
fn a_stop_is_heard_while_another_has_the_turn() {
    // Every look at the clock finds a slice over.
    let clock = Cell::new(0.0);
    let now = Box::new(move || clock.replace(clock.get() + 100.0));
    let device = Rc::new(crate::device::cpu::Cpu::new());
    let runner = LocalRunner::new(device, Host { now, turn: Box::new(|| Box::pin(others_first())) });
    runner.set_options(Options { fuse: false, ..Options::default() });
    let x = input(1);
    let mut spec = LoopSpec::default();
    spec.push(x.clone(), vector(&[0.0]), Some(binary(Binary::Add, &x, &vector(&[1.0]))));
    let run = block_on(runner.begin(&spec)).unwrap();
    // Two kernels, whatever the passes do: all of the first sum is in every term of the second.
    let y = vector(&[1.0, 2.0]).sum(&[0], true).unwrap();
    let z = y.mul(&vector(&[2.0, 2.0])).unwrap().sum(&[0], true).unwrap();
    let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
    let mut other = std::pin::pin!(runner.evaluate(std::slice::from_ref(&z)));
    assert!(other.as_mut().poll(context).is_pending(), "it is between two of its steps");
    let mut watch = |_| {};
    let mut advance = std::pin::pin!(runner.advance(&run, 5, &mut watch));
    assert!(advance.as_mut().poll(context).is_pending(), "it waits for its turn");
    runner.stop();
    assert_eq!(block_on(other), Err(Error::Stopped));
    assert_eq!(block_on(advance).unwrap(), LoopEnd { done: 0, stopped: true });
    assert_eq!(floats(&runner, &z), [12.0], "what was stopped can be asked for again");
}

#[cfg(feature = "cpu")]
#[test]
fn a_loop_that_was_stopped_within_a_repetition_begins_no_other() {
    // A slice is two kernels, a repetition three.
    let clock = Cell::new(0.0);
    let now = Box::new(move || clock.replace(clock.get() + 0.6 * SLICE));
    let host = Host { now, turn: Box::new(|| Box::pin(others_first())) };
    let runner = LocalRunner::new(Rc::new(crate::device::cpu::Cpu::new()), host);
    let (x, halves) = (input(1), vector(&[0.5, 0.5]));
    let mean = |value: Tensor, _| value.mul(&halves).unwrap().sum(&[0], true).unwrap();
    let mut spec = LoopSpec::default();
    spec.push(x.clone(), vector(&[0.0]), Some((0..3).fold(x.add_scalar(1).unwrap(), mean)));
    let run = block_on(runner.begin(&spec)).unwrap();
    let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
    let mut watch = |_| {};
    let mut advance = std::pin::pin!(runner.advance(&run, 5, &mut watch));
    assert!(advance.as_mut().poll(context).is_pending(), "it is within the first repetition");
    runner.stop();
    assert_eq!(block_on(advance).unwrap(), LoopEnd { done: 1, stopped: true });
    assert_eq!(floats(&runner, &run.state[0]), [1.0]);
}

#[test]
fn misuse_is_an_error_that_says_what_to_do() {
    let runner = LocalRunner::native(Interp::new());
    let error = block_on(runner.evaluate(&[input(3)])).unwrap_err();
    assert!(error.to_string().contains("placeholder of shape [3]"), "{error}");
    let other = LocalRunner::native(Interp::new());
    let x = vector(&[1.0]);
    block_on(other.evaluate(std::slice::from_ref(&x))).unwrap();
    let error = block_on(runner.read(&binary(Binary::Add, &x, &x))).unwrap_err();
    assert!(error.to_string().contains("another device"), "{error}");
}

#[test]
fn programs_are_compiled_once_and_the_oldest_forgotten() {
    let runner = LocalRunner::native(Interp::new());
    for round in 0..3 {
        for n in 1..60 {
            let x = vector(&vec![round as f32; n]);
            floats(&runner, &binary(Binary::Mul, &x, &x));
        }
    }
    assert_eq!(runner.0.programs.borrow().known.len(), CAPACITY);
    assert_eq!(runner.device().counters().live_bytes, 0);
}
