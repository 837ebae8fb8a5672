//! Training on devices that change under it: a GPU that is lost, a GPU that is ready only when training has begun.

#[path = "support/corners.rs"]
mod corners;
#[path = "support/gpu.rs"]
mod gpu;

use corners::corners;
use gpu::gpu;
use gradbook_core::{
    Host, LocalRunner, Shape, Stored, Tensor,
    device::{
        Device, LocalFuture,
        cpu::Cpu,
        lasting::{Lasting, Recovery, Surroundings},
        webgpu::{Options, WebGpu},
    },
    runner::Bytes,
};
use gradbook_learn::{
    data::Dataset,
    layers::{Activation, Conv2d, Conv2dConfig, Dropout, Flatten, Linear, MaxPool2d, Padding, Sequential},
    train::{FitOptions, Flow, fit},
};
use pollster::block_on;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// The losses of 40 steps of a network with dropout: random bits must be the same, too.
async fn curve(runner: &LocalRunner) -> Vec<f32> {
    let conv = Conv2dConfig { out: 6, kernel: 3.into(), padding: Padding::SAME, ..Default::default() };
    let model = Sequential::new()
        .then(Conv2d::with(conv))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Flatten)
        .then(Dropout::new(0.2))
        .then(Linear::new(4));
    let data = corners(64);
    let options = FitOptions { epochs: 5, batch_size: 8, lr: Some(3e-3), seed: 1, ..FitOptions::default() };
    let history = fit(runner, &model, &data, Some(&data), &options, &mut |_| Flow::Continue).await.unwrap();
    history.points.iter().map(|point| point.loss).collect()
}

fn assert_same(got: &[f32], expected: &[f32], when: usize) {
    assert_eq!((got.len(), expected.len()), (40, 40), "at moment {when}");
    for (step, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() <= 1e-3, "at moment {when}, step {step}: {got}, not {expected}");
    }
}

/// Something that happens at a moment, of which every look at the clock is one; 25 ms go by between two.
type Happening = Rc<RefCell<Box<dyn FnMut(usize)>>>;

struct Bench {
    runner: LocalRunner,
    device: Rc<Lasting>,
    recovered: Rc<RefCell<Vec<Recovery>>>,
    moments: Rc<Cell<usize>>,
}

fn bench(first: Rc<dyn Device>, happens: impl FnMut(usize) + 'static) -> Bench {
    let happening: Happening = Rc::new(RefCell::new(Box::new(happens)));
    let moments: Rc<Cell<usize>> = Rc::default();
    let count = moments.clone();
    let now = move || {
        happening.borrow_mut()(count.get());
        25.0 * count.replace(count.get() + 1) as f64
    };
    let recovered: Rc<RefCell<Vec<Recovery>>> = Rc::default();
    let told = recovered.clone();
    let surroundings = Surroundings {
        now: Box::new(now.clone()),
        turn: Box::new(turn),
        reopen: Box::new(|| {
            Box::pin(async { WebGpu::new(Options::default()).await.map(|gpu| Rc::new(gpu) as Rc<dyn Device>) })
        }),
        refuge: Box::new(|| Rc::new(Cpu::new())),
        told: Box::new(move |recovery| told.borrow_mut().push(recovery)),
        heavy: Box::new(|| ()),
    };
    let device = Rc::new(Lasting::new(first, surroundings));
    let runner = LocalRunner::new(device.clone(), Host { now: Box::new(now), turn: Box::new(turn) });
    Bench { runner, device, recovered, moments }
}

fn turn() -> LocalFuture<'static, ()> {
    let mut waited = false;
    Box::pin(std::future::poll_fn(move |context| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    }))
}

#[test]
fn a_gpu_lost_at_any_moment_leaves_the_curve_as_it_was() {
    let Some(gpu) = gpu().map(Rc::new) else { return };
    let undisturbed = block_on(curve(&LocalRunner::native(Cpu::new())));
    let calm = bench(gpu, |_| {});
    assert_same(&block_on(curve(&calm.runner)), &undisturbed, 0);
    let (moments, mut losses) = (calm.moments.get(), 0);
    assert!(moments > 50 && calm.recovered.borrow().is_empty(), "{moments}");
    for i in 0..50 {
        let Some(gpu) = self::gpu().map(Rc::new) else { return };
        let (when, lost) = (i * moments / 50 + i * 7 % (moments / 50), gpu.clone());
        let bench = bench(gpu, move |moment| {
            if moment == when {
                lost.lose()
            }
        });
        assert_same(&block_on(curve(&bench.runner)), &undisturbed, when);
        losses += bench.recovered.borrow().len();
        assert_eq!(bench.device.info().name, "webgpu");
    }
    // How often the clock is looked at depends on how fast the device is, so some moments come after the end.
    assert!(losses > 20, "{losses}");
}

/// The losses of 40 steps over samples that are streamed, two batches at a time.
async fn streamed_curve(runner: &LocalRunner) -> Vec<f32> {
    let shape = Shape::new("test", [64, 1, 6, 6]).unwrap();
    let bytes = (0..64 * 36).map(|i| if i / 36 % 4 == i % 4 { 200 } else { (i * 31 % 97) as u8 }).collect();
    let rows = Bytes::new(&shape, bytes, 0).unwrap();
    let stored = Stored::new(shape, Rc::new(rows)).unwrap().with_resident(16 * 16 * 36);
    let data =
        Dataset::stored("many", stored, Tensor::i32(&[64], &(0..64).map(|i| i % 4).collect::<Vec<_>>()).unwrap());
    let data = data.unwrap().scaled(Tensor::scalar(0.2), Tensor::scalar(0.3)).unwrap();
    let model = Sequential::new().then(Flatten).then(Dropout::new(0.2)).then(Linear::new(4));
    let options = FitOptions { epochs: 5, batch_size: 8, lr: Some(3e-3), seed: 1, ..FitOptions::default() };
    let history = fit(runner, &model, &data, Some(&data), &options, &mut |_| Flow::Continue).await.unwrap();
    history.points.iter().map(|point| point.loss).collect()
}

#[test]
fn a_streamed_run_outlives_a_gpu() {
    let Some(gpu) = gpu().map(Rc::new) else { return };
    let undisturbed = block_on(streamed_curve(&LocalRunner::native(Cpu::new())));
    let calm = bench(gpu, |_| {});
    assert_same(&block_on(streamed_curve(&calm.runner)), &undisturbed, 0);
    let (moments, mut losses) = (calm.moments.get(), 0);
    for i in 0..10 {
        let Some(gpu) = self::gpu().map(Rc::new) else { return };
        let (when, lost) = (i * moments / 10, gpu.clone());
        let bench = bench(gpu, move |moment| {
            if moment == when {
                lost.lose()
            }
        });
        assert_same(&block_on(streamed_curve(&bench.runner)), &undisturbed, when);
        losses += bench.recovered.borrow().len();
    }
    assert!(losses > 3, "{losses}");
}

#[test]
fn a_run_that_moves_has_the_curve_of_one_that_does_not() {
    let Some(_) = gpu() else { return };
    let undisturbed = block_on(curve(&LocalRunner::native(Cpu::new())));
    for turns in [0, 5, 10, 20, 30] {
        let bench = bench(Rc::new(Cpu::new()), |_| {});
        let moves = async {
            for _ in 0..turns {
                turn().await;
            }
            let Some(gpu) = gpu().map(Rc::new) else { return };
            for to in [gpu as Rc<dyn Device>, Rc::new(Cpu::new())] {
                let warm = bench.device.warm(to).await.unwrap();
                bench.runner.between_steps(bench.device.move_to(warm)).await.unwrap();
            }
        };
        let (mut moves, mut run) = (Box::pin(moves), Box::pin(curve(&bench.runner)));
        let (mut losses, mut is_over) = (None, false);
        let losses = block_on(std::future::poll_fn(|context| {
            is_over = is_over || moves.as_mut().poll(context).is_ready();
            if losses.is_none()
                && let std::task::Poll::Ready(curve) = run.as_mut().poll(context)
            {
                losses = Some((curve, is_over));
            }
            if is_over && let Some(losses) = losses.take() {
                return std::task::Poll::Ready(losses);
            }
            std::task::Poll::Pending
        }));
        assert_same(&losses.0, &undisturbed, turns);
        assert!(bench.recovered.borrow().is_empty());
    }
}
