//! A session and an engine in one worker of a real browser: the whole path of a cell, on the CPU and on WebGPU.
#![cfg(all(target_arch = "wasm32", feature = "api", feature = "engine", feature = "gpu"))]

use gradbook_wasm::dataset::Dataset;
use gradbook_wasm::engine::{Connection, Engine};
use gradbook_wasm::gpu::Gpu;
use gradbook_wasm::list::TensorList;
use gradbook_wasm::model::{Layers, Model};
use gradbook_wasm::session::Session;
use gradbook_wasm::step::Optimizer;
use gradbook_wasm::tensor::Tensor;
use gradbook_wasm::train;
use js_sys::{Array, Float32Array, Function, JSON, Promise, Reflect, Uint8Array, Uint32Array};
use std::cell::RefCell;
use std::rc::Rc;
use std::task::Poll;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A session over an engine of its own, and what must live as long.
struct Bench {
    session: Rc<Session>,
    connection: Rc<Connection>,
    engine: Engine,
    /// What was told of GPUs that were lost.
    losses: Array,
    /// Those that were opened.
    gpus: Rc<RefCell<Vec<JsValue>>>,
    open: Closure<dyn Fn() -> Promise>,
    _callbacks: [Closure<dyn Fn(JsValue)>; 2],
}

impl Bench {
    async fn open(device: &str) -> Self {
        let turn = Function::new_no_args("return new Promise((done) => setTimeout(done))");
        let losses = Array::new();
        let told = Function::new_with_args("losses", "return (loss) => losses.push(loss)");
        let told: Function = told.call1(&JsValue::UNDEFINED, &losses).unwrap().unchecked_into();
        let engine = Engine::new(1, turn, told);
        // Each side is called after the other has returned, as over a port.
        let later = Function::new_with_args("act", "return (message) => queueMicrotask(() => act(message))");
        let deferred = |act: &Closure<dyn Fn(JsValue)>| -> Function {
            later.call1(&JsValue::UNDEFINED, act.as_ref()).unwrap().unchecked_into()
        };
        let slot: Rc<RefCell<Option<Rc<Connection>>>> = Rc::default();
        let there = slot.clone();
        let out = Closure::new(move |message: JsValue| {
            let connection = there.borrow().clone();
            connection.unwrap().receive(&Uint8Array::from(message));
        });
        let session = Rc::new(Session::new(deferred(&out)));
        let here = session.clone();
        let back = Closure::new(move |message: JsValue| {
            here.receive(&Uint8Array::from(message));
        });
        let load = Function::new_no_args("return Promise.reject(new Error('404 Not Found'))");
        let connection = Rc::new(engine.connect(deferred(&back), load.clone(), load));
        *slot.borrow_mut() = Some(connection.clone());
        let gpus: Rc<RefCell<Vec<JsValue>>> = Rc::default();
        let opened = gpus.clone();
        let open = Closure::new(move || {
            let opened = opened.clone();
            future_to_promise(async move {
                let gpu = JsFuture::from(Gpu::open()).await?;
                opened.borrow_mut().push(gpu.clone());
                Ok(gpu)
            })
        });
        let bench = Self { session, connection, engine, losses, gpus, open, _callbacks: [out, back] };
        match device {
            "cpu" => {}
            "webgpu" => bench.move_to_gpu().await,
            other => panic!("there is no device {other}"),
        }
        bench
    }

    async fn move_to_gpu(&self) {
        let moved = self.engine.move_to_gpu(self.open.as_ref().clone().unchecked_into());
        JsFuture::from(moved).await.unwrap_or_else(|error| panic!("{}", text(error)));
    }

    /// Takes the present GPU away.
    fn lose(&self) {
        let gpu = self.gpus.borrow().last().cloned().unwrap();
        let lose: Function = Reflect::get(&gpu, &"lose".into()).unwrap().unchecked_into();
        lose.call0(&gpu).unwrap();
    }

    fn device(&self) -> String {
        Reflect::get(&self.engine.info(), &"device".into()).unwrap().as_string().unwrap()
    }

    async fn read(&self, tensor: &Tensor) -> Vec<f32> {
        Float32Array::from(JsFuture::from(self.session.read(tensor)).await.unwrap()).to_vec()
    }

    fn counter(&self, name: &str) -> f64 {
        number(&self.engine.counters(), name)
    }

    fn held(&self) -> f64 {
        number(&self.connection.activity(), "held")
    }
}

fn number(object: &JsValue, name: &str) -> f64 {
    Reflect::get(object, &name.into()).unwrap().as_f64().unwrap()
}

fn options(json: &str) -> JsValue {
    JSON::parse(json).unwrap()
}

fn f32s(values: &[f32], shape: &[usize]) -> Tensor {
    let words: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
    Tensor::from_words(&Uint32Array::from(&words[..]), shape.to_vec(), "f32")
        .unwrap_or_else(|error| panic!("{}", text(error)))
}

fn text(error: impl Into<JsValue>) -> String {
    let error: js_sys::Error = error.into().unchecked_into();
    format!("{}: {}", String::from(error.name()), String::from(error.message()))
}

/// Images of two classes: bright in the upper or the lower half.
fn halves(count: usize) -> Dataset {
    let noise = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 16) as f32 / 131_072.0;
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for sample in 0..count {
        let class = sample % 2;
        labels.push(class as u32);
        pixels.extend((0..64).map(|i| if (i >= 32) == (class == 1) { 0.5 + noise(sample * 64 + i) } else { noise(i) }));
    }
    let y = Tensor::from_words(&Uint32Array::from(&labels[..]), vec![count], "i32")
        .unwrap_or_else(|error| panic!("{}", text(error)));
    Dataset::new("halves", &f32s(&pixels, &[count, 1, 8, 8]), &y, vec![])
        .unwrap_or_else(|error| panic!("{}", text(error)))
}

fn lenet() -> Model {
    network(4)
}

fn network(channels: usize) -> Model {
    let layers = Layers::new();
    let conv = format!(r#"{{"out": {channels}, "kernel": 5, "padding": "same"}}"#);
    let kinds = [
        ("conv2d", &*conv),
        ("relu", "{}"),
        ("maxPool2d", r#"{"kernel": 2}"#),
        ("flatten", "{}"),
        ("dense", r#"{"out": 2}"#),
    ];
    for (kind, json) in kinds {
        layers.push(&Model::layer(kind, options(json)).unwrap_or_else(|error| panic!("{}", text(error))));
    }
    layers.block("sequential", JsValue::UNDEFINED).unwrap_or_else(|_| panic!("layers in a row"))
}

/// The losses of the first 20 steps.
async fn losses(device: &str) -> Vec<f64> {
    let listen = Function::new_no_args("");
    train(&Bench::open(device).await, &lenet(), 5, listen).await
}

async fn train(bench: &Bench, model: &Model, epochs: usize, listen: Function) -> Vec<f64> {
    let settings = options(&format!(r#"{{"epochs": {epochs}, "batchSize": 16, "seed": 7, "lr": 0.01}}"#));
    let data = halves(64);
    let run: Promise =
        train::fit(&bench.session, model, &data, None, settings, JsValue::UNDEFINED, None, &[], listen, None, None)
            .unwrap_or_else(|error| panic!("{}", text(error)));
    let history = JsFuture::from(run).await.unwrap_or_else(|error| panic!("{}", text(error)));
    let points = Array::from(&Reflect::get(&history, &"points".into()).unwrap());
    points.iter().map(|point| number(&point, "loss")).collect()
}

#[wasm_bindgen_test]
async fn a_small_network_learns_on_the_cpu() {
    let losses = losses("cpu").await;
    assert_eq!(losses.len(), 20);
    assert!(losses[19] < 0.5 * losses[0], "{losses:?}");
}

#[wasm_bindgen_test]
async fn webgpu_follows_the_cpu() {
    let (cpu, gpu) = (losses("cpu").await, losses("webgpu").await);
    for (step, (a, b)) in cpu.iter().zip(&gpu).enumerate() {
        assert!((a - b).abs() < 1e-3, "step {step}: {a} on the CPU, {b} on WebGPU");
    }
    assert_eq!(gpu.len(), 20);
}

#[wasm_bindgen_test]
async fn a_small_graph_on_both_devices() {
    for device in ["cpu", "webgpu"] {
        let bench = Bench::open(device).await;
        let x = f32s(&[1.0, 2.0, 3.0, 4.0], &[2, 2]);
        let y = x.combine("matmul", &x, vec![]).and_then(|y| y.apply("relu", vec![])).ok().unwrap();
        assert_eq!(bench.read(&y).await, [7.0, 10.0, 15.0, 22.0], "{device}");
        let squares = x.apply("square", vec![]).and_then(|s| s.apply("sum", vec![0.0])).ok().unwrap();
        let wrt = TensorList::new();
        wrt.push(&x);
        let gradients = squares.gradients(&wrt, &TensorList::new()).ok().unwrap();
        let gradient = gradients.at(0).ok().unwrap();
        assert_eq!(bench.read(&gradient).await, [2.0, 4.0, 6.0, 8.0], "{device}");
    }
}

#[wasm_bindgen_test]
async fn memory_stays_flat_over_many_evaluations() {
    let bench = Bench::open("cpu").await;
    let x = f32s(&vec![1.0; 4096], &[64, 64]);
    let mut high = 0.0;
    for round in 0..300 {
        let y = x.combine("matmul", &x, vec![]).and_then(|y| y.apply("relu", vec![])).ok().unwrap();
        bench.read(&y).await;
        drop(y);
        if round == 20 {
            high = bench.counter("liveBytes");
        }
    }
    bench.read(&f32s(&[1.0], &[1]).apply("neg", vec![]).ok().unwrap()).await;
    assert!(
        bench.counter("liveBytes") <= high,
        "{} bytes after 300 rounds, {high} after 20",
        bench.counter("liveBytes")
    );
    assert!(bench.held() < 5.0, "{} values are held", bench.held());
}

#[wasm_bindgen_test]
async fn a_misspelt_option_is_named_with_those_that_there_are() {
    let message = |kind: &str, json: &str| text(Model::layer(kind, options(json)).err().unwrap());
    assert_eq!(
        message("conv2d", r#"{"out": 4, "kernal": 3}"#),
        "ArgumentError: conv2d has no option kernal; did you mean kernel? its options are out, kernel, stride, padding, \
         paddingMode, dilation, groups, bias, init, standardise"
    );
    assert!(message("conv2d", r#"{"out": "four", "kernel": 3}"#).contains("conv2d: out is \"four\""));
    assert!(message("leakyRelu", r#"{"slop": 1}"#).contains("slop"));
    let optimiser = text(Optimizer::new("adam", options(r#"{"beta": [0.9, 0.99]}"#)).err().unwrap());
    assert!(optimiser.contains("adam has no option beta; did you mean betas?"), "{optimiser}");
}

#[wasm_bindgen_test]
async fn bad_input_is_named_with_what_was_expected() {
    let (a, b) = (f32s(&[0.0; 6], &[2, 3]), f32s(&[0.0; 4], &[2, 2]));
    let error = text(a.combine("matmul", &b, vec![]).err().unwrap());
    assert!(error.starts_with("ShapeError: ") && error.contains("[2, 3]") && error.contains("[2, 2]"), "{error}");

    let bench = Bench::open("cpu").await;
    let y = Tensor::from_words(&Uint32Array::from(&[0, 1, 2, 9][..]), vec![4], "i32").ok().unwrap();
    let data = Dataset::new("digits", &f32s(&[0.5; 256], &[4, 1, 8, 8]), &y, vec![]).ok().unwrap();
    let listen = || Function::new_no_args("");
    let run = train::fit(
        &bench.session,
        &lenet(),
        &data,
        None,
        JsValue::UNDEFINED,
        JsValue::UNDEFINED,
        None,
        &[],
        listen(),
        None,
        None,
    )
    .ok()
    .unwrap();
    let error = text(JsFuture::from(run).await.err().unwrap());
    assert!(error.contains("digits") && error.contains('9') && error.contains("labels are 0 to 1"), "{error}");

    let nan = Dataset::new("toy", &f32s(&[0.0, f32::NAN], &[2, 1]), &Tensor::arange(2).ok().unwrap(), vec![]);
    assert!(text(nan.err().unwrap()).contains("x holds NaN in sample 1"));
    let empty = Dataset::new("toy", &f32s(&[], &[0, 1]), &Tensor::arange(0).ok().unwrap(), vec![]);
    assert!(text(empty.err().unwrap()).contains("it is empty"));

    let huge = Tensor::full(vec![1 << 15, 1 << 15], 1.0).and_then(|x| x.apply("exp", vec![])).ok().unwrap();
    let error = text(JsFuture::from(bench.session.read(&huge)).await.err().unwrap());
    assert!(error.starts_with("OutOfMemoryError: "), "{error}");
    assert_eq!(bench.read(&f32s(&[2.0], &[1]).apply("neg", vec![]).ok().unwrap()).await, [-2.0], "it goes on");
}

#[wasm_bindgen_test]
async fn a_data_set_that_cannot_be_loaded_says_why() {
    let bench = Bench::open("cpu").await;
    let error = text(JsFuture::from(bench.session.load("mnist".into())).await.err().unwrap());
    assert_eq!(error, "LoadError: could not load mnist: 404 Not Found");
}

/// A promise that settles with the second report of a run, and what listens to the run.
fn at_second_report() -> (Promise, Function) {
    let parts = Function::new_no_args(
        "let told; let count = 0; const due = new Promise((done) => (told = done));
         return [due, () => { if (++count === 2) told(); }]",
    );
    let parts: Array = parts.call0(&JsValue::UNDEFINED).unwrap().unchecked_into();
    (parts.get(0).unchecked_into(), parts.get(1).unchecked_into())
}

/// The losses of a long run, in whose middle something happens.
async fn disturbed(device: &str, happens: impl AsyncFnOnce(&Bench)) -> (Bench, Vec<f64>) {
    let bench = Bench::open(device).await;
    let (due, listen) = at_second_report();
    let model = network(64);
    let mut training = Box::pin(train(&bench, &model, EPOCHS, listen));
    let mut happening = Box::pin(async {
        JsFuture::from(due).await.unwrap();
        happens(&bench).await;
    });
    let (mut curve, mut is_over) = (None, false);
    let curve = std::future::poll_fn(|context| {
        is_over = is_over || happening.as_mut().poll(context).is_ready();
        if curve.is_none()
            && let Poll::Ready(losses) = training.as_mut().poll(context)
        {
            assert!(is_over, "the run was over before");
            curve = Some(losses);
        }
        curve.take().map_or(Poll::Pending, Poll::Ready)
    })
    .await;
    drop((training, happening));
    (bench, curve)
}

/// 4 steps each.
const EPOCHS: usize = 60;

fn assert_close(curve: &[f64], undisturbed: &[f64]) {
    assert_eq!((curve.len(), undisturbed.len()), (4 * EPOCHS, 4 * EPOCHS));
    for (step, (a, b)) in curve.iter().zip(undisturbed).enumerate() {
        assert!((a - b).abs() < 1e-3, "step {step}: {a}, and {b} undisturbed");
    }
}

#[wasm_bindgen_test]
async fn a_run_moves_in_its_middle_without_a_jump() {
    let undisturbed = train(&Bench::open("cpu").await, &network(64), EPOCHS, Function::new_no_args("")).await;
    let (bench, curve) = disturbed("cpu", async |bench| bench.move_to_gpu().await).await;
    assert_eq!(bench.device(), "webgpu");
    assert_close(&curve, &undisturbed);
    let y = f32s(&[1.0, 2.0], &[2]).apply("exp", vec![]).ok().unwrap();
    bench.read(&y).await;
    JsFuture::from(bench.engine.move_to_cpu()).await.unwrap();
    assert_eq!(bench.device(), "cpu");
    let back = bench.read(&y.apply("log", vec![]).ok().unwrap()).await;
    assert!((back[0] - 1.0).abs() < 1e-5 && (back[1] - 2.0).abs() < 1e-5, "{back:?}");
    assert_eq!(bench.losses.length(), 0);
}

#[wasm_bindgen_test]
async fn a_run_goes_on_when_the_gpu_is_lost() {
    let undisturbed = train(&Bench::open("cpu").await, &network(64), EPOCHS, Function::new_no_args("")).await;
    let (bench, curve) = disturbed("webgpu", async |bench| bench.lose()).await;
    assert_close(&curve, &undisturbed);
    assert_eq!((bench.device().as_str(), bench.losses.length()), ("webgpu", 1));
    let loss = bench.losses.get(0);
    assert!(number(&loss, "repeated") >= 0.0);
    assert_eq!(Reflect::get(&loss, &"device".into()).unwrap(), "webgpu");
    // Nothing waits for it: the engine hears of it by itself. The second time the CPU takes over.
    let y = f32s(&[1.0, 2.0], &[2]).apply("neg", vec![]).ok().unwrap();
    bench.read(&y).await;
    bench.lose();
    while bench.losses.length() < 2 {
        let pause = Function::new_no_args("return new Promise((done) => setTimeout(done, 10))");
        JsFuture::from(Promise::from(pause.call0(&JsValue::UNDEFINED).unwrap())).await.unwrap();
    }
    assert_eq!(bench.device(), "cpu");
    assert_eq!(bench.read(&y.apply("neg", vec![]).ok().unwrap()).await, [1.0, 2.0]);
}
