//! Training over a port: the driver on one side, the device on the other, as in the page.

use gradbook_core::{
    LocalRunner, Result, Runner, Tensor,
    device::{LocalFuture, interp::Interp},
    remote::{Host, Loaded, RemoteRunner, Server, Transport},
};
use gradbook_learn::{
    data::Dataset,
    layers::{Activation, Dropout, Linear, Sequential},
    train::{Event, FitOptions, Flow, History, fit},
};
use std::{
    cell::RefCell,
    collections::VecDeque,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Both directions of a port, and the tasks of both ends.
#[derive(Default)]
struct Port {
    requests: RefCell<VecDeque<Vec<u8>>>,
    replies: RefCell<VecDeque<Vec<u8>>>,
    tasks: RefCell<VecDeque<LocalFuture<'static, ()>>>,
}

struct End(Rc<Port>);

impl Transport for End {
    fn send(&self, message: Vec<u8>) {
        self.0.requests.borrow_mut().push_back(message);
    }

    fn spawn(&self, task: LocalFuture<'static, ()>) {
        self.0.tasks.borrow_mut().push_back(task);
    }
}

impl Host for End {
    fn send(&self, message: Vec<u8>) {
        self.0.replies.borrow_mut().push_back(message);
    }

    fn spawn(&self, task: LocalFuture<'static, ()>) {
        self.0.tasks.borrow_mut().push_back(task);
    }

    fn load(&self, _: String) -> LocalFuture<'static, Result<Loaded>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

struct Bench {
    port: Rc<Port>,
    server: Server<LocalRunner, End>,
    client: RemoteRunner,
}

impl Bench {
    fn new() -> Self {
        let port = Rc::new(Port::default());
        let server = Server::new(Rc::new(LocalRunner::native(Interp::new())), End(port.clone()));
        Self { client: RemoteRunner::new(End(port.clone())), server, port }
    }

    /// Carries messages and lets the server work until the future is ready; `at` is called after each round.
    fn wait<T>(&self, future: impl Future<Output = T>, at: impl Fn(usize)) -> T {
        let mut future = pin!(future);
        let context = &mut Context::from_waker(Waker::noop());
        for round in 0..1_000_000 {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                return value;
            }
            while let Some(request) = { self.port.requests.borrow_mut().pop_front() } {
                self.server.receive(&request);
            }
            let tasks = std::mem::take(&mut *self.port.tasks.borrow_mut());
            for mut task in tasks {
                if task.as_mut().poll(context).is_pending() {
                    self.port.tasks.borrow_mut().push_back(task);
                }
            }
            while let Some(reply) = { self.port.replies.borrow_mut().pop_front() } {
                self.client.receive(&reply).unwrap();
            }
            at(round);
        }
        panic!("no answer");
    }
}

fn data() -> Dataset {
    let x: Vec<f32> = (0..60).map(|i| (i * 37 % 60) as f32 / 60.0).collect();
    let y: Vec<i32> = x.chunks(2).map(|pair| i32::from(pair[0] > pair[1])).collect();
    Dataset::new("order", Tensor::f32(&[30, 2], &x).unwrap(), Tensor::i32(&[30], &y).unwrap()).unwrap()
}

fn model() -> Sequential {
    Sequential::new().then(Linear::new(16)).then(Activation::Relu).then(Dropout::new(0.2)).then(Linear::new(2))
}

async fn train(runner: &dyn Runner, model: &Sequential, epochs: usize) -> History {
    let (data, validation) = data().split(0.8, 1).unwrap();
    let options = FitOptions { epochs, batch_size: 7, lr: Some(0.02), seed: 4, ..FitOptions::default() };
    fit(runner, model, &data, Some(&validation), &options, &mut |_: &Event| Flow::Continue).await.unwrap()
}

#[test]
fn a_run_over_a_port_is_the_run() {
    let bench = Bench::new();
    let local = LocalRunner::native(Interp::new());
    let here = pollster::block_on(train(&local, &model(), 5));
    let there = bench.wait(train(&bench.client, &model(), 5), |_| ());
    assert_eq!(here.points, there.points);
    let scores =
        |history: &History| history.epochs.iter().map(|e| (e.loss, e.val_loss, e.val_accuracy)).collect::<Vec<_>>();
    assert_eq!(scores(&here), scores(&there));
    assert_eq!(there.points.len(), 20);
}

#[test]
fn stop_ends_the_run_and_weights_stay_over_there() {
    let bench = Bench::new();
    let model = model();
    let stop = |round| {
        if round == 200 {
            bench.server.stop();
        }
    };
    let history = bench.wait(train(&bench.client, &model, 100_000), stop);
    assert!(history.stopped && !history.points.is_empty());
    let weight = gradbook_learn::layers::Params::of(&model).values()[0].clone();
    let read = bench.wait(bench.client.read(&weight), |_| ()).unwrap();
    assert!(read.as_f32().iter().all(|w| w.is_finite()));
}

#[test]
fn what_a_run_held_is_given_back() {
    let bench = Bench::new();
    // What was let go of is told with the next requests.
    let held = || {
        for _ in 0..2 {
            bench.wait(bench.client.read(&Tensor::zeros(&[1]).unwrap()), |_| ()).unwrap();
        }
        bench.server.held()
    };
    let before = held();
    for _ in 0..3 {
        bench.wait(train(&bench.client, &model(), 2), |_| ());
    }
    assert_eq!(held(), before);
}
