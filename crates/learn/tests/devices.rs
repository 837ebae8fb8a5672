//! The same training run on every device: the same losses from the same seed, as far as rounding lets them.

#[path = "support/corners.rs"]
mod corners;
#[path = "support/gpu.rs"]
mod gpu;

use corners::corners;
use gpu::gpu;
use gradbook_core::{
    Host, LocalRunner, Runner,
    device::{cpu::Cpu, interp::Interp},
};
use gradbook_learn::{
    Error,
    explain::{GradCam, Target, grad_cam, saliency},
    layers::{
        Activation, BatchNorm, Conv2d, Conv2dConfig, Dropout, Flatten, Linear, MaxPool2d, Padding, Params, Sequential,
    },
    train::{FitOptions, Flow, History, fit},
};
use pollster::block_on;
use std::rc::Rc;

fn cnn() -> Sequential {
    let conv = |out, bias| {
        Conv2d::with(Conv2dConfig { out, kernel: 3.into(), padding: Padding::SAME, bias, ..Default::default() })
    };
    // A bias before a normalisation has a gradient of rounding errors, of which Adam makes whole steps.
    Sequential::new()
        .then(conv(6, false))
        .then(BatchNorm::default())
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(conv(8, true))
        .named("features", Activation::Relu)
        .then(Flatten)
        .then(Dropout::new(0.2))
        .then(Linear::new(4))
}

/// 20 steps, every fifth of a smaller batch; then a saliency map and a Grad-CAM.
fn run(runner: &dyn Runner) -> (History, Vec<f32>, Vec<f32>) {
    let (model, data) = (cnn(), corners(39));
    let options = FitOptions { epochs: 4, batch_size: 8, lr: Some(3e-3), seed: 1, ..FitOptions::default() };
    let history = block_on(fit(runner, &model, &data, Some(&data), &options, &mut |_| Flow::Continue)).unwrap();
    let images = data.x().unwrap().narrow(0, 0, 3).unwrap();
    let slopes = saliency(&model, &images, &Target::Each(data.y().narrow(0, 0, 3).unwrap())).unwrap();
    let maps = grad_cam(&model, &images, &GradCam::new("features", Target::Class(2))).unwrap();
    let values = |tensor| block_on(runner.read(tensor)).unwrap().as_f32().to_vec();
    (history, values(&slopes), values(&maps.upsampled))
}

fn close(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() <= tolerance * expected.abs().max(1.0), "entry {i}: {got}, not {expected}");
    }
}

fn follows_the_interpreter(runner: &dyn Runner) {
    let (expected, slopes, map) = run(&LocalRunner::native(Interp::new()));
    let (got, other_slopes, other_map) = run(runner);
    let losses = |history: &History| history.points.iter().map(|point| point.loss).collect::<Vec<_>>();
    assert_eq!(losses(&got).len(), 20);
    close(&losses(&got), &losses(&expected), 1e-3);
    let scores = |history: &History| history.epochs.iter().map(|epoch| epoch.val_loss.unwrap()).collect::<Vec<_>>();
    close(&scores(&got), &scores(&expected), 1e-3);
    close(&other_slopes, &slopes, 5e-3);
    close(&other_map, &map, 5e-3);
    assert!(losses(&got)[19] < losses(&got)[0]);
}

/// A learning rate that throws the weights out of the numbers is told, and the weights come back.
fn tells_of_a_loss_that_is_not_a_number(runner: &dyn Runner) {
    let (model, data) = (cnn(), corners(16));
    let mut options = FitOptions { epochs: 3, batch_size: 8, lr: Some(1e30), seed: 1, ..FitOptions::default() };
    options.optimiser = gradbook_learn::optim::Optimiser::Sgd(Default::default());
    let error = block_on(fit(runner, &model, &data, None, &options, &mut |_| Flow::Continue)).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
    for value in Params::of(&model).values() {
        assert!(block_on(runner.read(&value)).unwrap().as_f32().iter().all(|v| v.is_finite() && v.abs() < 1e3));
    }
}

#[test]
fn the_cpu_follows_the_interpreter() {
    let runner = LocalRunner::native(Cpu::new());
    follows_the_interpreter(&runner);
    tells_of_a_loss_that_is_not_a_number(&runner);
}

#[test]
fn webgpu_follows_the_interpreter() {
    let Some(runner) = gpu().map(LocalRunner::native) else { return };
    follows_the_interpreter(&runner);
    tells_of_a_loss_that_is_not_a_number(&runner);
}

/// A device behind a host whose clock never moves reports at the end only; nothing is lost.
#[test]
fn every_step_is_told_however_rarely_the_runner_reports() {
    let host = Host { now: Box::new(|| 0.0), turn: Box::new(|| Box::pin(std::future::ready(()))) };
    let runner = LocalRunner::new(Rc::new(Cpu::new()), host);
    let options = FitOptions { epochs: 2, batch_size: 1, seed: 1, ..FitOptions::default() };
    let history =
        block_on(fit(&runner, &cnn_without_norm(), &corners(100), None, &options, &mut |_| Flow::Continue)).unwrap();
    let steps: Vec<usize> = history.points.iter().map(|point| point.step).collect();
    assert_eq!(steps, (1..=200).collect::<Vec<_>>());
}

fn cnn_without_norm() -> Sequential {
    Sequential::new().then(Flatten).then(Linear::new(4))
}
