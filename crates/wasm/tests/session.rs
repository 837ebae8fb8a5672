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
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A session over an engine of its own, and what must live as long.
struct Bench {
    session: Rc<Session>,
    connection: Rc<Connection>,
    engine: Engine,
    _callbacks: [Closure<dyn Fn(JsValue)>; 2],
}

impl Bench {
    async fn open(device: &str) -> Self {
        let turn = Function::new_no_args("return new Promise((done) => setTimeout(done))");
        let engine = match device {
            "cpu" => Engine::on_cpu(1, turn),
            "webgpu" => Engine::on_gpu(JsFuture::from(Gpu::open()).await.unwrap().unchecked_into(), turn),
            other => panic!("there is no device {other}"),
        };
        // Each side is called after the other has returned, as over a port.
        let later = Function::new_with_args("act", "return (message) => queueMicrotask(() => act(message))");
        let deferred = |act: &Closure<dyn Fn(JsValue)>| -> Function {
            later.call1(&JsValue::UNDEFINED, act.as_ref()).unwrap().unchecked_into()
        };
        let slot: Rc<std::cell::RefCell<Option<Rc<Connection>>>> = Rc::default();
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
        let connection = Rc::new(engine.connect(deferred(&back), load));
        *slot.borrow_mut() = Some(connection.clone());
        Self { session, connection, engine, _callbacks: [out, back] }
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
    let layers = Layers::new();
    let kinds = [
        ("conv2d", r#"{"out": 4, "kernel": 3, "padding": "same"}"#),
        ("relu", "{}"),
        ("maxPool2d", r#"{"kernel": 2}"#),
        ("flatten", "{}"),
        ("dense", r#"{"out": 2}"#),
    ];
    for (kind, json) in kinds {
        layers.push(&Model::layer(kind, options(json)).unwrap_or_else(|error| panic!("{}", text(error))));
    }
    layers.sequential()
}

/// The losses of the first 20 steps.
async fn losses(device: &str) -> Vec<f64> {
    let bench = Bench::open(device).await;
    let settings = options(r#"{"epochs": 5, "batchSize": 16, "seed": 7, "lr": 0.01}"#);
    let listen = Function::new_no_args("");
    let (model, data) = (lenet(), halves(64));
    let run: Promise = train::fit(&bench.session, &model, &data, None, settings, JsValue::UNDEFINED, listen)
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
         paddingMode, dilation, groups, bias, init"
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
    let run = train::fit(&bench.session, &lenet(), &data, None, JsValue::UNDEFINED, JsValue::UNDEFINED, listen())
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

#[wasm_bindgen_test]
async fn values_follow_to_another_device() {
    let (cpu, gpu) = (Bench::open("cpu").await, Bench::open("webgpu").await);
    let y = f32s(&[1.0, 2.0], &[2]).apply("exp", vec![]).ok().unwrap();
    cpu.read(&y).await;
    cpu.connection.move_to(&gpu.engine);
    let z = y.apply("log", vec![]).ok().unwrap();
    let back = cpu.read(&z).await;
    assert!((back[0] - 1.0).abs() < 1e-5 && (back[1] - 2.0).abs() < 1e-5, "{back:?}");
    assert!(gpu.counter("dispatches") > 0.0);
}
