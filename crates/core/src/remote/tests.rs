//! Client and server over an in-memory port, with the interpreter behind.

use super::message::{Reply, Request};
use super::*;
use crate::{
    DType, Data, Error, InputRange, LoopSpec, NotFinite, Result, Runner, Shape, Tensor,
    device::{LocalFuture, interp::Interp},
    ir::{Binary, Op, Unary},
    runner::{Bytes, LocalRunner, Stored},
};
use proptest::prelude::*;
use std::{
    cell::RefCell,
    collections::VecDeque,
    future::Future,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Both directions of a port, and the tasks of the server.
#[derive(Default)]
struct Port {
    requests: RefCell<VecDeque<Vec<u8>>>,
    replies: RefCell<VecDeque<Vec<u8>>>,
    tasks: RefCell<VecDeque<LocalFuture<'static, ()>>>,
}

/// Rows 0, 0.2 … 1 that stay on the host.
fn many() -> Stored {
    let shape = Shape::new("test", [6, 1]).unwrap();
    let bytes = Bytes::new(&shape, vec![0, 51, 102, 153, 204, 255], 0).unwrap();
    Stored::new(shape, Rc::new(bytes)).unwrap().with_resident(3)
}

struct ClientEnd(Rc<Port>);

impl Transport for ClientEnd {
    fn send(&self, message: Vec<u8>) {
        self.0.requests.borrow_mut().push_back(message);
    }

    fn spawn(&self, task: LocalFuture<'static, ()>) {
        self.0.tasks.borrow_mut().push_back(task);
    }
}

struct ServerEnd(Rc<Port>);

impl Host for ServerEnd {
    fn send(&self, message: Vec<u8>) {
        self.0.replies.borrow_mut().push_back(message);
    }

    fn spawn(&self, task: LocalFuture<'static, ()>) {
        self.0.tasks.borrow_mut().push_back(task);
    }

    fn load(&self, what: String) -> LocalFuture<'static, Result<Loaded>> {
        Box::pin(async move {
            if what == "many" {
                return Ok(vec![("images".into(), Item::Stored(many()))]);
            }
            if what != "pair" {
                return Err(Error::Load { what, message: "there is no such thing".into() });
            }
            Ok(vec![("images".into(), vector(&[1.0, 2.0]).into()), ("labels".into(), vector(&[3.0]).into())])
        })
    }

    fn save(&self, what: String, values: Vec<(String, Data)>) -> LocalFuture<'static, Result<String>> {
        Box::pin(async move {
            if what == "full disk" {
                return Err(Error::Load { what, message: "there is no room".into() });
            }
            Ok(values.iter().map(|(label, data)| format!("{label} {:?}; ", data.as_f32())).collect())
        })
    }
}

#[test]
fn what_is_saved_is_what_a_loop_held_at_that_moment() {
    let bench = Bench::new();
    let mut spec = LoopSpec::default();
    let x = LoopSpec::placeholder(&Shape::new("test", [1]).unwrap(), DType::F32);
    spec.push(x.clone(), vector(&[1.0]), Some(binary(Binary::Add, &x, &x)));
    let run = bench.wait(bench.client.begin(&spec)).unwrap();
    let named = vec![
        ("x".to_owned(), run.state[0].clone()),
        ("2x".to_owned(), binary(Binary::Add, &run.state[0], &run.state[0])),
    ];
    bench.wait(bench.client.advance(&run, 3, &mut |_| ())).unwrap();
    let saved = {
        // Sent, then the loop goes on before anything is stored.
        let mut saving = Box::pin(bench.client.save("a file", &named));
        assert!(saving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        bench.wait(bench.client.advance(&run, 1, &mut |_| ())).unwrap();
        bench.wait(saving)
    };
    assert_eq!(saved, Ok("x [8.0]; 2x [16.0]; ".into()));
    assert_eq!(bench.read(&run.state[0]), Ok(vec![16.0]));
    let refused = bench.wait(bench.client.save("full disk", &named));
    assert!(matches!(refused, Err(Error::Load { .. })), "{refused:?}");
}

struct Bench {
    port: Rc<Port>,
    local: Rc<LocalRunner>,
    server: Server<LocalRunner, ServerEnd>,
    client: RemoteRunner,
}

impl Bench {
    fn new() -> Self {
        let port = Rc::new(Port::default());
        let local = Rc::new(LocalRunner::native(Interp::new()));
        let server = Server::new(local.clone(), ServerEnd(port.clone()));
        let client = RemoteRunner::new(ClientEnd(port.clone()));
        Self { port, local, server, client }
    }

    /// Carries messages and polls the server's tasks once.
    fn step(&self) {
        loop {
            let Some(request) = self.port.requests.borrow_mut().pop_front() else { break };
            self.server.receive(&request);
        }
        let tasks = std::mem::take(&mut *self.port.tasks.borrow_mut());
        for mut task in tasks {
            if task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
                self.port.tasks.borrow_mut().push_back(task);
            }
        }
        loop {
            let Some(reply) = self.port.replies.borrow_mut().pop_front() else { break };
            self.client.receive(&reply).unwrap();
        }
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        for _ in 0..10_000 {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return value;
            }
            self.step();
        }
        panic!("no answer");
    }

    fn read(&self, tensor: &Tensor) -> Result<Vec<f32>> {
        self.wait(self.client.read(tensor)).map(|data| data.as_f32().to_vec())
    }
}

fn vector(values: &[f32]) -> Tensor {
    Tensor::from_data(Data::f32([values.len()], values).unwrap())
}

fn unary(op: Unary, x: &Tensor) -> Tensor {
    Tensor::make(Op::Unary(op), vec![x.clone()], x.shape().clone(), x.dtype()).unwrap()
}

fn binary(op: Binary, a: &Tensor, b: &Tensor) -> Tensor {
    Tensor::make(Op::Binary(op), vec![a.clone(), b.clone()], a.shape().clone(), a.dtype()).unwrap()
}

/// state ← state + by, from zeros.
fn counting(by: &Tensor) -> LoopSpec {
    let input = LoopSpec::placeholder(by.shape(), DType::F32);
    let next = binary(Binary::Add, &input, by);
    let mut spec = LoopSpec::default();
    let zeros = vector(&vec![0.0; by.shape().len()]);
    spec.watch = Some(spec.push(input, zeros, Some(next)));
    spec
}

#[test]
fn a_value_crosses_and_comes_back() {
    let bench = Bench::new();
    let x = vector(&[1.0, -2.0]);
    let y = binary(Binary::Mul, &unary(Unary::Neg, &x), &x);
    assert_eq!(bench.read(&y).unwrap(), [-1.0, -4.0]);
    assert!(y.handle().is_some(), "a value that was read is a leaf");
    assert_eq!(bench.read(&unary(Unary::Neg, &y)).unwrap(), [1.0, 4.0]);
}

#[test]
fn a_large_host_value_crosses_once() {
    let bench = Bench::new();
    let x = vector(&vec![2.0; 5000]);
    bench.read(&unary(Unary::Neg, &x)).unwrap();
    let y = unary(Unary::Exp, &x);
    drop(bench.client.evaluate(std::slice::from_ref(&y)));
    let sent: usize = bench.port.requests.borrow().iter().map(Vec::len).sum();
    assert!(sent < 200, "{sent} bytes for a graph over a value that is there");
}

#[test]
fn dropped_handles_free_their_values() {
    let bench = Bench::new();
    let weights = vector(&vec![1.0; 1000]);
    bench.read(&unary(Unary::Neg, &weights)).unwrap();
    let mut high = 0;
    for round in 0..200 {
        let y = unary(Unary::Neg, &weights);
        bench.read(&y).unwrap();
        drop(y);
        bench.step();
        bench.step();
        let live = bench.local.device().counters().live_bytes;
        assert!(round < 10 || live <= high, "round {round}: {live} bytes, {high} before");
        high = high.max(live);
        assert!(bench.server.held() <= 2, "{} values are held", bench.server.held());
    }
}

#[test]
fn a_loop_runs_over_there_and_reports() {
    let bench = Bench::new();
    let run = bench.wait(bench.client.begin(&counting(&vector(&[1.0, 10.0])))).unwrap();
    let mut last = None;
    let mut watch = |progress: crate::Progress| last = Some(progress);
    let end = bench.wait(bench.client.advance(&run, 5, &mut watch)).unwrap();
    assert_eq!((end.done, end.stopped), (5, false));
    let last = last.unwrap();
    assert_eq!((last.done, last.watched.unwrap().as_f32().to_vec()), (5, vec![5.0, 50.0]));
    assert_eq!(bench.read(&run.state[0]).unwrap(), [5.0, 50.0]);
    assert_eq!(bench.server.activity(), Activity { running: 1, steps: 5 }, "its owner may go on with it");

    bench.wait(bench.client.assign(&run.state[0], &vector(&[7.0, 7.0]))).unwrap();
    bench.wait(bench.client.advance(&run, 1, &mut |_| {})).unwrap();
    assert_eq!(bench.read(&run.state[0]).unwrap(), [8.0, 17.0]);

    drop(run);
    bench.step();
    bench.step();
    assert_eq!(bench.server.held(), 0);
    assert_eq!(bench.server.activity().running, 0);
}

#[test]
fn reads_are_answered_while_a_loop_runs_and_stop_ends_it() {
    let bench = Bench::new();
    let run = bench.wait(bench.client.begin(&counting(&vector(&[1.0])))).unwrap();
    let mut watch = |_| {};
    let mut advance = pin!(bench.client.advance(&run, usize::MAX >> 1, &mut watch));
    let poll = |advance: &mut std::pin::Pin<&mut LocalFuture<'_, _>>| {
        advance.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    };
    assert!(poll(&mut advance).is_pending());
    bench.step();
    assert_eq!(bench.read(&unary(Unary::Neg, &vector(&[3.0]))).unwrap(), [-3.0]);
    assert_eq!(bench.server.activity().running, 1);
    bench.local.stop();
    bench.server.stop();
    let end: crate::LoopEnd = bench.wait(advance).unwrap();
    assert!(end.stopped && end.done > 0);
    assert!(bench.read(&run.state[0]).unwrap()[0] >= end.done as f32, "the state is kept");
}

#[test]
fn a_stop_between_two_calls_of_advance_is_not_missed() {
    let bench = Bench::new();
    let run = bench.wait(bench.client.begin(&counting(&vector(&[1.0])))).unwrap();
    let advance = || bench.wait(bench.client.advance(&run, 3, &mut |_| {})).unwrap();
    assert!(!advance().stopped);
    bench.server.stop();
    assert_eq!(advance(), crate::LoopEnd { done: 0, stopped: true });
    assert_eq!(advance(), crate::LoopEnd { done: 3, stopped: false });
}

impl Bench {
    /// Hands over what the client has sent, without letting the server work on it.
    fn deliver(&self) {
        self.port.requests.take().iter().for_each(|request| self.server.receive(request));
    }

    fn dispatches(&self) -> u64 {
        self.local.device().counters().dispatches
    }
}

#[test]
fn what_waits_is_put_off_by_a_stop() {
    let bench = Bench::new();
    let x = vector(&[4.0]);
    bench.wait(bench.client.evaluate(std::slice::from_ref(&x))).unwrap();
    let y = unary(Unary::Sqrt, &x);
    let mut read = pin!(bench.client.read(&y));
    assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    bench.deliver();
    bench.server.stop();
    assert_eq!(bench.wait(read).unwrap_err(), Error::Stopped);
    assert_eq!(bench.dispatches(), 0);
    assert_eq!(bench.read(&y).unwrap(), [2.0], "what was asked for after the stop is computed");
    assert_eq!(bench.read(&unary(Unary::Neg, &y)).unwrap(), [-2.0]);
}

#[test]
fn until_the_client_has_heard_of_a_stop_nothing_is_computed() {
    let bench = Bench::new();
    let weights = vector(&[1.0, 2.0]);
    bench.server.stop_until_heard();
    // A run that was being prepared: its weights are computed, its loop begins, its first step is asked for.
    let drawn = unary(Unary::Neg, &weights);
    bench.wait(bench.client.evaluate(std::slice::from_ref(&drawn))).unwrap();
    let input = LoopSpec::placeholder(drawn.shape(), DType::F32);
    let next = binary(Binary::Add, &input, &drawn);
    let mut spec = LoopSpec::default();
    spec.push(input, drawn.clone(), Some(next));
    let run = bench.wait(bench.client.begin(&spec)).unwrap();
    bench.wait(bench.client.assign(&run.state[0], &vector(&[9.0, 9.0]))).unwrap();
    let end = bench.wait(bench.client.advance(&run, 5, &mut |_| {})).unwrap();
    assert_eq!((end.done, end.stopped, bench.dispatches()), (0, true, 0));
    assert_eq!(bench.read(&drawn).unwrap_err(), Error::Stopped);
    bench.client.heard_stop().unwrap();
    assert_eq!(bench.read(&run.state[0]).unwrap(), [-1.0, -2.0], "the weights are those at the start");
    let again = bench.wait(bench.client.begin(&counting(&run.state[0]))).unwrap();
    bench.wait(bench.client.advance(&again, 2, &mut |_| {})).unwrap();
    assert_eq!(bench.read(&again.state[0]).unwrap(), [-2.0, -4.0]);
}

#[test]
fn a_run_asks_for_nothing_new_once_it_has_heard_of_a_stop() {
    let bench = Bench::new();
    let runner = bench.client.until_stop();
    let run = bench.wait(runner.begin(&counting(&vector(&[1.0])))).unwrap();
    assert_eq!(bench.wait(runner.advance(&run, 2, &mut |_| {})).unwrap().done, 2);
    bench.client.heard_stop().unwrap();
    let before = bench.dispatches();
    let end = bench.wait(runner.advance(&run, 2, &mut |_| {})).unwrap();
    assert_eq!((end.done, end.stopped), (0, true));
    assert_eq!(bench.wait(runner.begin(&counting(&vector(&[1.0])))).err(), Some(Error::Stopped));
    assert_eq!(bench.wait(runner.read(&unary(Unary::Neg, &run.state[0]))).err(), Some(Error::Stopped));
    bench.wait(runner.assign(&run.state[0], &vector(&[5.0]))).unwrap();
    assert_eq!(bench.wait(runner.read(&run.state[0])).unwrap().as_f32(), [5.0]);
    assert_eq!(bench.dispatches(), before);
    assert_eq!(bench.wait(bench.client.until_stop().advance(&run, 1, &mut |_| {})).unwrap().done, 1);
}

#[test]
fn kept_tensors_are_there_for_the_next_client() {
    let bench = Bench::new();
    let weights = vector(&vec![3.0; 100]);
    let run = bench.wait(bench.client.begin(&counting(&vector(&[1.0])))).unwrap();
    bench.wait(bench.client.advance(&run, 4, &mut |_| {})).unwrap();
    let lazy = unary(Unary::Neg, &weights);
    let state = run.state[0].clone();
    let stray = Tensor::input(Shape::new("test", [2]).unwrap(), DType::F32);
    let before = bench.dispatches();
    bench.client.keep("three".into(), &[state.clone(), lazy, vector(&[7.0]), stray], &[]).unwrap();
    bench.deliver();
    bench.step();
    assert_eq!(bench.dispatches(), before, "nothing is computed for it");
    drop((run, state, weights));

    let port = Rc::new(Port::default());
    let server = bench.server.successor(bench.local.clone(), ServerEnd(port.clone()));
    let client = RemoteRunner::new(ClientEnd(port.clone()));
    let next = Bench { port, local: bench.local.clone(), server, client };
    drop(bench);
    let (what, tensors, _) = next.wait(next.client.kept()).unwrap();
    assert_eq!((what.as_str(), tensors.len()), ("three", 4));
    let values: Vec<_> = tensors[..3].iter().map(|tensor| next.read(tensor).unwrap()[0]).collect();
    assert_eq!(values, [4.0, -3.0, 7.0]);
    assert_eq!(next.read(&unary(Unary::Exp, &tensors[3])).unwrap_err().kind(), "ArgumentError");
    assert_eq!(next.read(&binary(Binary::Add, &tensors[1], &tensors[1])).unwrap()[0], -6.0);
    next.client.keep(String::new(), &[], &[]).unwrap();
    drop(tensors);
    (0..3).for_each(|_| next.step());
    assert_eq!(next.local.device().counters().live_bytes, 0, "nothing is kept for ever");
}

/// A program that adds its argument to a state and gives the state before, and the state.
fn accumulating(bench: &Bench) -> (crate::Prepared, Tensor) {
    let (x, input) = (LoopSpec::placeholder(&Shape::new("t", [2]).unwrap(), DType::F32), vector(&[0.0, 0.0]));
    let run = bench.wait(bench.client.begin(&counting(&input))).unwrap();
    let value = run.state[0].clone();
    let next =
        binary(Binary::Add, &value, &binary(Binary::Mul, &x, &vector(&vec![2.0; 80]).slice(0, 0, 2, 1).unwrap()));
    let state = vec![crate::runner::Variable { input: value.clone(), value: value.clone(), next: Some(next) }];
    let spec = crate::ProgramSpec { arguments: vec![x], state, outputs: vec![unary(Unary::Neg, &value)] };
    (bench.wait(bench.client.prepare(&spec)).unwrap(), value)
}

#[test]
fn what_a_call_does_is_told_from_over_there() {
    let bench = Bench::new();
    let (program, _state) = accumulating(&bench);
    let explanation = bench.wait(bench.client.explain(&program)).unwrap();
    assert_eq!((explanation.device.as_str(), explanation.state), ("interp", 8.0));
    // The two elements that are added, and their factors among 80; the state is left to `steps`.
    let update = explanation.steps.iter().find(|step| step.read == 24.0).unwrap_or_else(|| panic!("{explanation}"));
    assert_eq!((update.dispatches, update.flops, update.written), (1, 4.0, 8.0), "{explanation}");
    assert!(update.kernel.starts_with("map [2] {") && update.moved > 32.0, "{explanation}");
    assert_eq!(explanation.copied, 8.0);
}

#[test]
fn a_program_is_called_over_there_ahead_of_reads() {
    let bench = Bench::new();
    let (program, state) = accumulating(&bench);
    let mut last = None;
    for i in 0..100 {
        last = Some(bench.wait(bench.client.call(&program, &[vector(&[1.0, 0.5])])).unwrap().remove(0));
        if i == 50 {
            assert!(bench.client.is_ahead());
            bench.wait(bench.client.caught_up()).unwrap();
            assert!(!bench.client.is_ahead());
        }
    }
    assert_eq!(bench.read(&last.unwrap()).unwrap(), [-198.0, -99.0]);
    assert_eq!(bench.read(&state).unwrap(), [200.0, 100.0]);
    assert_eq!(bench.server.activity().steps, 100);
}

#[test]
fn a_stop_drops_calls_and_keeps_the_state_whole() {
    let bench = Bench::new();
    let (program, state) = accumulating(&bench);
    let call = || bench.wait(bench.client.call(&program, &[vector(&[1.0, 1.0])])).unwrap().remove(0);
    let outputs: Vec<Tensor> = (0..60).map(|_| call()).collect();
    // All that was sent waits, the state's beginning as well.
    for request in bench.port.requests.borrow_mut().drain(..) {
        bench.server.receive(&request);
    }
    bench.server.stop();
    assert_eq!(bench.read(&outputs[3]).unwrap_err(), Error::Stopped);
    assert_eq!(bench.wait(bench.client.caught_up()).unwrap_err(), Error::Stopped);
    assert_eq!(bench.read(&state).unwrap(), [0.0, 0.0]);
    assert_eq!(bench.read(&call()).unwrap(), [0.0, 0.0], "it goes on");
    assert_eq!(bench.read(&state).unwrap(), [2.0, 2.0]);
}

#[test]
fn an_error_reaches_the_reads_of_all_that_depends_on_it() {
    let bench = Bench::new();
    let placeholder = Tensor::input(Shape::new("test", [2]).unwrap(), DType::F32);
    let error = bench.read(&unary(Unary::Neg, &placeholder)).unwrap_err();
    assert_eq!(error.kind(), "ArgumentError");

    let foreign = Bench::new();
    let x = vector(&vec![1.0; 100]);
    foreign.wait(foreign.client.evaluate(std::slice::from_ref(&x))).unwrap();
    let y = unary(Unary::Neg, &x);
    let z = unary(Unary::Exp, &y);
    bench.wait(bench.client.evaluate(std::slice::from_ref(&y))).unwrap();
    let error = bench.read(&z).unwrap_err();
    assert!(error.to_string().contains("there is no value"), "{error}");
}

#[test]
fn the_host_loads_collections() {
    let bench = Bench::new();
    let loaded = bench.wait(bench.client.load("pair")).unwrap();
    assert_eq!(loaded.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(), ["images", "labels"]);
    let Item::Tensor(images) = &loaded[0].1 else { panic!("{loaded:?}") };
    assert_eq!(bench.read(&unary(Unary::Neg, images)).unwrap(), [-1.0, -2.0]);
    assert_eq!(bench.wait(bench.client.load("other")).unwrap_err().kind(), "LoadError");
}

fn stored(bench: &Bench) -> Stored {
    let mut loaded = bench.wait(bench.client.load("many")).unwrap();
    let Some((_, Item::Stored(stored))) = loaded.pop() else { panic!("{loaded:?}") };
    stored
}

#[test]
fn rows_that_stay_on_the_host_are_sent_for_and_outlive_their_client() {
    let bench = Bench::new();
    let here = stored(&bench);
    assert_eq!((&here.shape()[..], here.resident()), (&[6, 1][..], 3));
    let rows = bench.wait(bench.client.rows(&here, &[5, 1, 1])).unwrap();
    assert_eq!(rows.shape()[..], [3, 1]);
    assert_eq!(bench.local.device().counters().live_bytes, 0, "nothing lies on the device before it is used");
    assert_eq!(bench.read(&unary(Unary::Neg, &rows)).unwrap(), [-1.0, -0.2, -0.2]);
    let none = bench.wait(bench.client.rows(&here, &[6])).unwrap();
    assert_eq!(bench.read(&none).unwrap_err().to_string(), "rows: row 6 of 6");

    bench.client.keep("set".into(), &[], std::slice::from_ref(&here)).unwrap();
    bench.deliver();
    bench.step();
    let port = Rc::new(Port::default());
    let server = bench.server.successor(bench.local.clone(), ServerEnd(port.clone()));
    let client = RemoteRunner::new(ClientEnd(port.clone()));
    let next = Bench { port, local: bench.local.clone(), server, client };
    drop((bench, here));
    let (_, tensors, kept) = next.wait(next.client.kept()).unwrap();
    assert_eq!((tensors.len(), kept[0].resident()), (0, 3));
    let row = next.wait(next.client.rows(&kept[0], &[2])).unwrap();
    assert_eq!(next.read(&row).unwrap(), [0.4]);
}

#[test]
fn a_loop_does_not_go_on_without_what_was_to_be_assigned() {
    let bench = Bench::new();
    let one = || Tensor::from_data(Data::f32([1, 1], &[1.0]).unwrap());
    let [x, window] = [(); 2].map(|()| LoopSpec::placeholder(one().shape(), DType::F32));
    let mut spec = LoopSpec::default();
    spec.push(x.clone(), one(), Some(binary(Binary::Add, &x, &window)));
    spec.push(window, one(), None);
    let run = bench.wait(bench.client.begin(&spec)).unwrap();
    let here = stored(&bench);
    let advance = |row| {
        let rows = bench.wait(bench.client.rows(&here, &[row])).unwrap();
        bench.wait(bench.client.assign(&run.state[1], &rows)).unwrap();
        bench.wait(bench.client.advance(&run, 1, &mut |_| ()))
    };
    assert_eq!(advance(5).unwrap().done, 1);
    assert_eq!(advance(6).unwrap_err().to_string(), "rows: row 6 of 6");
    assert_eq!(bench.read(&run.state[0]).unwrap(), [2.0]);
}

#[test]
fn every_wait_ends_when_an_answer_cannot_be_read() {
    let bench = Bench::new();
    let y = unary(Unary::Neg, &vector(&[1.0]));
    let mut read = pin!(bench.client.read(&y));
    assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(bench.client.receive(&[VERSION, 1]).is_err());
    assert_eq!(bench.wait(read).unwrap_err().kind(), "MessageError");
}

#[test]
fn every_wait_ends_when_the_other_side_is_gone() {
    let bench = Bench::new();
    let gone = Error::Device { device: "worker".into(), message: "it ended".into() };
    bench.client.fail(gone.clone());
    assert_eq!(bench.read(&unary(Unary::Neg, &vector(&[1.0]))).unwrap_err(), gone);
}

#[test]
fn errors_survive_the_trip() {
    let errors = [
        Error::Shape { op: "matmul".into(), message: "[1] × [2]".into() },
        Error::DType { op: "exp".into(), expected: "f32".into(), got: DType::Bool },
        Error::Argument { op: "pad".into(), message: "−1".into() },
        Error::Gradient("none".into()),
        Error::OutOfMemory { device: "cpu".into(), bytes: 1 << 31, what: "a result".into() },
        Error::Device { device: "webgpu".into(), message: "lost".into() },
        Error::Wire("?".into()),
        Error::Stopped,
        Error::Load { what: "mnist".into(), message: "404".into() },
        not_finite(),
    ];
    for error in errors {
        let bytes = Reply { ticket: 7, body: message::Body::Failed(error.clone()) }.encode().unwrap();
        let Reply { ticket: 7, body: message::Body::Failed(back) } = Reply::decode(&bytes).unwrap() else {
            panic!("not an error")
        };
        assert_eq!(back, error);
    }
}

fn not_finite() -> Error {
    let shape = Shape::new("test", [2, 3]).unwrap();
    let (low, high) = (-0.5, f32::INFINITY);
    let inputs = vec![InputRange { op: "sub".into(), dtype: DType::F32, shape: shape.clone(), low, high }];
    Error::NotFinite(Box::new(NotFinite { op: "log".into(), shape, nan: 2, infinite: 1, inputs }))
}

#[test]
fn a_check_runs_over_there_and_names_the_op() {
    let bench = Bench::new();
    let x = vector(&vec![2.0; 100]);
    let y = unary(Unary::Log, &unary(Unary::Neg, &x));
    let check = |tensor: &Tensor| bench.wait(bench.client.check(std::slice::from_ref(tensor)));
    assert_eq!(check(&unary(Unary::Log, &x)), Ok(()));
    let Err(Error::NotFinite(fault)) = check(&y) else { panic!("{:?}", check(&y)) };
    assert_eq!((fault.op.as_str(), fault.nan, fault.inputs[0].low), ("log", 100, -2.0));
    assert!(y.handle().is_none(), "it can still be differentiated");
    let placeholder = LoopSpec::placeholder(x.shape(), DType::F32);
    assert_eq!(check(&unary(Unary::Log, &placeholder)).unwrap_err().kind(), "ArgumentError");

    let mut waiting = pin!(bench.client.check(std::slice::from_ref(&y)));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    for request in bench.port.requests.borrow_mut().drain(..) {
        bench.server.receive(&request);
    }
    bench.server.stop();
    assert_eq!(bench.wait(waiting), Err(Error::Stopped));
}

/// One of every kind of request, as a client sends it.
fn requests() -> Vec<Vec<u8>> {
    let bench = Bench::new();
    let x = vector(&vec![1.0; 80]);
    let y = unary(Unary::Neg, &x);
    let mut watch = |_| {};
    let run = bench.wait(bench.client.begin(&counting(&y))).unwrap();
    bench.port.requests.borrow_mut().clear();
    let poll = |mut future: LocalFuture<'_, ()>| {
        let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    };
    poll(Box::pin(async { drop(bench.client.begin(&counting(&unary(Unary::Exp, &x))).await) }));
    poll(Box::pin(async { drop(bench.client.advance(&run, 3, &mut watch).await) }));
    poll(Box::pin(async { drop(bench.client.read(&unary(Unary::Exp, &y)).await) }));
    poll(Box::pin(async { drop(bench.client.assign(&run.state[0], &x).await) }));
    poll(Box::pin(async { drop(bench.client.load("pair").await) }));
    poll(Box::pin(async { drop(bench.client.check(&[unary(Unary::Exp, &x)]).await) }));
    poll(Box::pin(async { drop(bench.client.kept().await) }));
    let stored = stored(&bench);
    bench.port.requests.borrow_mut().retain(|request| Request::decode(request).is_ok());
    poll(Box::pin(async { drop(bench.client.rows(&stored, &[5, 700]).await) }));
    bench.client.keep("x".into(), std::slice::from_ref(&x), std::slice::from_ref(&stored)).unwrap();
    bench.client.heard_stop().unwrap();
    let (program, _state) = accumulating(&bench);
    for _ in 0..16 {
        poll(Box::pin(async { drop(bench.client.call(&program, &[vector(&[1.0, 2.0])]).await) }));
    }
    poll(Box::pin(async { drop(bench.client.call(&program, std::slice::from_ref(&y)).await) }));
    drop(run);
    let tasks = bench.port.tasks.take();
    tasks.into_iter().for_each(poll);
    bench.port.requests.take().into()
}

#[test]
fn every_cut_of_a_request_is_refused() {
    let requests = requests();
    assert!(requests.len() >= 11);
    for request in requests {
        Request::decode(&request).unwrap();
        for end in 0..request.len() {
            assert!(Request::decode(&request[..end]).is_err(), "cut at {end} of {}", request.len());
        }
        let longer = [&request[..], &[0]].concat();
        assert!(Request::decode(&longer).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever arrives, the server answers or ignores it and goes on.
    #[test]
    fn hostile_requests_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..64, any::<u8>()), 1..8),
        noise in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let bench = Bench::new();
        let mut requests = requests();
        for (which, at, value) in changes {
            let request = which.get(&requests).clone();
            let index = requests.iter().position(|r| *r == request).unwrap_or(0);
            let length = requests[index].len();
            requests[index][at % length] = value;
        }
        requests.push(noise);
        for request in &requests {
            // A loop that was asked to go on for ever would, as it should.
            if !matches!(Request::decode(request), Ok(Request::Advance { .. })) {
                bench.server.receive(request);
            }
        }
        for _ in 0..50 {
            bench.step();
        }
        // The first names are taken by what was sent above.
        let answered = (0..100).any(|_| bench.read(&unary(Unary::Neg, &vector(&[1.0]))) == Ok(vec![-1.0]));
        prop_assert!(answered);
    }

    #[test]
    fn hostile_replies_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let bench = Bench::new();
        let _ = bench.client.receive(&bytes);
        let _ = bench.client.receive(&[&[VERSION][..], &bytes].concat());
    }
}
