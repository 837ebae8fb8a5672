//! Training over a port: the driver on one side, the device on the other, as in the page.

use gradbook_core::{
    Data, LocalRunner, Result, Runner, Shape, Stored, Tensor,
    device::{LocalFuture, interp::Interp},
    remote::{Host, Item, Loaded, RemoteRunner, Server, Transport},
    runner::Bytes,
};
use gradbook_learn::{
    data::Dataset,
    layers::{Activation, Dropout, Linear, Params, Sequential},
    train::{Event, FitOptions, Flow, History, fit},
};
use std::{
    cell::{Cell, RefCell},
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
        Box::pin(async { Ok(vec![("x".into(), Item::Stored(many()))]) })
    }

    fn save(&self, _: String, _: Vec<(String, Data)>) -> LocalFuture<'static, Result<String>> {
        Box::pin(async { Ok(String::new()) })
    }
}

struct Bench {
    port: Rc<Port>,
    local: Rc<LocalRunner>,
    server: Server<LocalRunner, End>,
    client: RemoteRunner,
}

impl Bench {
    fn new() -> Self {
        let port = Rc::new(Port::default());
        let local = Rc::new(LocalRunner::native(Interp::new()));
        let server = Server::new(local.clone(), End(port.clone()));
        Self { client: RemoteRunner::new(End(port.clone())), local, server, port }
    }

    fn dispatches(&self) -> u64 {
        self.local.device().counters().dispatches
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

/// Samples of which no more than a batch may lie on the device.
fn many() -> Stored {
    let shape = Shape::new("test", [30, 2]).unwrap();
    let bytes = Bytes::new(&shape, (0..60).map(|i| (i * 37 % 60 * 4) as u8).collect(), 0).unwrap();
    Stored::new(shape, Rc::new(bytes)).unwrap().with_resident(14)
}

async fn train_streamed(runner: &dyn Runner, stored: Stored, model: &Sequential) -> gradbook_learn::Result<History> {
    let data = Dataset::stored("many", stored, data().y().clone())?;
    assert!(data.is_streamed());
    let options = FitOptions { epochs: 2, batch_size: 7, lr: Some(0.02), seed: 4, ..FitOptions::default() };
    fit(runner, model, &data, Some(&data), &options, &mut |_: &Event| Flow::Continue).await
}

async fn train(runner: &dyn Runner, model: &Sequential, epochs: usize) -> History {
    try_train(runner, model, epochs).await.unwrap()
}

async fn try_train(runner: &dyn Runner, model: &Sequential, epochs: usize) -> gradbook_learn::Result<History> {
    let (data, validation) = data().split(0.8, 1).unwrap();
    let options = FitOptions { epochs, batch_size: 7, lr: Some(0.02), seed: 4, ..FitOptions::default() };
    fit(runner, model, &data, Some(&validation), &options, &mut |_: &Event| Flow::Continue).await
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

fn is_stop(result: &gradbook_learn::Result<History>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == gradbook_core::Error::Stopped.kind())
}

#[test]
fn after_a_stop_nothing_is_computed_and_no_weight_is_lost() {
    let (mut in_preparation, mut in_training) = (0, 0);
    // At every moment of a short run.
    for moment in 0.. {
        let bench = Bench::new();
        let model = model();
        let at_stop = Cell::new(None);
        let stop = |round| {
            if round == moment {
                bench.server.stop_until_heard();
                bench.local.stop();
                at_stop.set(Some(bench.dispatches()));
            }
        };
        let result = bench.wait(try_train(&bench.client, &model, 2), stop);
        let Some(at_stop) = at_stop.get() else { break };
        let after = bench.dispatches() - at_stop;
        match result {
            Ok(history) if !history.points.is_empty() => {
                // The step that was on its way ends.
                assert!(after < 100, "{after} dispatches after a stop at round {moment}");
                in_training += 1;
            }
            result => {
                assert!(result.as_ref().is_ok_and(|history| history.stopped) || is_stop(&result), "{result:?}");
                assert_eq!(after, 0, "dispatches after a stop at round {moment}");
                in_preparation += 1;
            }
        }
        bench.client.heard_stop().unwrap();
        for value in Params::of(&model).values() {
            let value = bench.wait(bench.client.read(&value), |_| ()).unwrap();
            assert!(value.as_f32().iter().all(|v| v.is_finite()));
        }
        assert!(!bench.wait(train(&bench.client, &model, 1), |_| ()).stopped, "it goes on from there");
    }
    assert!(in_preparation > 1 && in_training > 1, "{in_preparation}, {in_training}");
}

#[test]
fn samples_that_stay_over_there_are_the_same_and_a_stop_loses_none() {
    let local = LocalRunner::native(Interp::new());
    let here = pollster::block_on(train_streamed(&local, many(), &model())).unwrap();
    let mut stopped = 0;
    for moment in 0.. {
        let bench = Bench::new();
        let mut loaded = bench.wait(bench.client.load("many"), |_| ()).unwrap();
        let Some((_, Item::Stored(stored))) = loaded.pop() else { panic!("{loaded:?}") };
        let (model, was_stopped) = (model(), Cell::new(false));
        let stop = |round| {
            if round == moment {
                bench.server.stop_until_heard();
                bench.local.stop();
                was_stopped.set(true);
            }
        };
        let result = bench.wait(train_streamed(&bench.client, stored.clone(), &model), stop);
        if !was_stopped.get() {
            assert_eq!(result.unwrap().points, here.points);
            break;
        }
        bench.client.heard_stop().unwrap();
        match result {
            Ok(history) => assert_eq!(history.points, here.points[..history.points.len()], "stopped at round {moment}"),
            result => assert!(is_stop(&result), "{result:?}"),
        }
        let again = bench.wait(train_streamed(&bench.client, stored, &self::model()), |_| ()).unwrap();
        assert_eq!(again.points, here.points, "after a stop at round {moment}");
        stopped += 1;
    }
    assert!(stopped > 10, "{stopped}");
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
    let weight = Params::of(&model).values()[0].clone();
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
