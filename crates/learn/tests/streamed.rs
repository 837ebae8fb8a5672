//! Samples that do not fit on a device: whatever is done with them batch by batch gives the bits that it gives where they do.

use gradbook_core::{
    LocalRunner, Runner, Shape, Stored, Tensor,
    device::{cpu::Cpu, interp::Interp},
    runner::Bytes,
};
use gradbook_learn::{
    Error,
    augment::{Augment, Mixup},
    data::Dataset,
    layers::{Activation, BatchNorm, Conv2d, Conv2dConfig, Dropout, Flatten, Linear, Padding, Params, Sequential},
    losses::Loss,
    train::{
        Checkpoint, Event, FitOptions, Flow, History, Keeper, Remainder, evaluate, fit, predict, predict_all,
        recompute_statistics,
    },
};
use pollster::block_on;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

const SHAPE: [usize; 4] = [53, 2, 4, 4];

fn bytes() -> Vec<u8> {
    (0..SHAPE.iter().product::<usize>()).map(|i| (i * i * 31 % 251) as u8).collect()
}

fn labels() -> Tensor {
    Tensor::i32(&[53], &(0..53).map(|i| i * i % 3).collect::<Vec<_>>()).unwrap()
}

/// The set where so many numbers may lie on the device.
fn stored(resident: usize) -> Dataset {
    let shape = Shape::new("test", SHAPE).unwrap();
    let rows = Bytes::new(&shape, bytes(), 0).unwrap();
    Dataset::stored("many", Stored::new(shape, Rc::new(rows)).unwrap().with_resident(resident), labels()).unwrap()
}

/// The same with windows of 12 samples.
fn streamed() -> Dataset {
    let set = stored(16 * 12 * 32);
    assert!(!set.is_streamed(), "these few may lie there");
    stored(16 * 12 * 8).scaled(mean(), deviation()).unwrap()
}

fn mean() -> Tensor {
    Tensor::f32(&[1, 2, 1, 1], &[0.5, 0.4]).unwrap()
}

fn deviation() -> Tensor {
    Tensor::f32(&[1, 2, 1, 1], &[0.3, 0.2]).unwrap()
}

fn resident() -> Dataset {
    let values: Vec<f32> = bytes().iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let x = Tensor::f32(&SHAPE, &values).unwrap();
    Dataset::new("many", x, labels()).unwrap().scaled(mean(), deviation()).unwrap()
}

fn model() -> Sequential {
    let conv = Conv2dConfig { out: 5, kernel: 3.into(), padding: Padding::SAME, ..Default::default() };
    Sequential::new()
        .then(Conv2d::with(conv))
        .then(BatchNorm::default())
        .then(Activation::Relu)
        .then(Dropout::new(0.2))
        .then(Flatten)
        .then(Linear::new(3))
}

fn options() -> FitOptions {
    let augment = vec![Augment::Mixup(Mixup::default())];
    FitOptions { epochs: 3, batch_size: 4, lr: Some(0.01), seed: 5, augment, ..FitOptions::default() }
}

fn quiet(_: &Event) -> Flow {
    Flow::Continue
}

fn run(runner: &LocalRunner, set: &Dataset, model: &Sequential, options: &FitOptions) -> History {
    let order: Vec<usize> = (0..53).map(|i| i * 20 % 53).collect();
    let (train, validation) = (set.take(&order[..43]).unwrap(), set.take(&order[2..41]).unwrap());
    let mut history = block_on(fit(runner, model, &train, Some(&validation), options, &mut quiet)).unwrap();
    history.epochs.iter_mut().for_each(|epoch| epoch.steps_per_second = None);
    history
}

fn weights(runner: &LocalRunner, model: &Sequential) -> Vec<Vec<u32>> {
    Params::of(model).values().iter().map(|value| block_on(runner.read(value)).unwrap().words).collect()
}

#[test]
fn a_run_is_the_same_to_the_bit() {
    let runner = LocalRunner::native(Cpu::new());
    assert!(streamed().is_streamed());
    let cases = [
        options(),
        FitOptions { augment: Vec::new(), batch_size: 5, remainder: Remainder::Drop, ..options() },
        FitOptions { augment: Vec::new(), batch_size: 40, shuffle: false, ..options() },
    ];
    for options in cases {
        let (here, there) = (model(), model());
        let (expected, got) = (run(&runner, &resident(), &here, &options), run(&runner, &streamed(), &there, &options));
        assert_eq!(got.points, expected.points, "batches of {}", options.batch_size);
        assert_eq!(got.epochs, expected.epochs, "batches of {}", options.batch_size);
        assert_eq!(weights(&runner, &there), weights(&runner, &here));
    }
}

#[test]
fn what_is_held_on_the_device_does_not_grow_with_the_set() {
    let runner = LocalRunner::native(Interp::new());
    let (set, most) = (streamed(), Cell::new(0));
    let mut listen = |_: &Event| {
        most.set(most.get().max(runner.device().counters().live_bytes));
        Flow::Continue
    };
    let model = Linear::new(3);
    let flat = Sequential::new().then(Flatten).then(model);
    let options = FitOptions { epochs: 2, batch_size: 4, lr: Some(0.01), ..FitOptions::default() };
    block_on(fit(&runner, &flat, &set, Some(&set), &options, &mut listen)).unwrap();
    // Windows of 12 of the 53 samples for training and for its rest of one, and of 53 at most in one batch for validation.
    assert!(most.get() > 0 && most.get() < 4 * 32 * (6 + 1 + 53 + 53), "{} bytes", most.get());
}

#[test]
fn scores_predictions_and_statistics_are_the_same() {
    let runner = LocalRunner::native(Cpu::new());
    let model = model();
    run(&runner, &resident(), &model, &FitOptions { epochs: 1, ..options() });
    let score = |set: &Dataset, batch| block_on(evaluate(&runner, &model, set, &Loss::default(), batch)).unwrap();
    for batch in [4, 7, 53, 100] {
        assert_eq!(score(&streamed(), batch), score(&resident(), batch), "batches of {batch}");
    }
    let read = |x: &Tensor| block_on(runner.read(x)).unwrap();
    let x = resident().x().unwrap();
    let expected = read(&block_on(predict(&runner, &model, &x, 8)).unwrap());
    assert_eq!(read(&block_on(predict_all(&runner, &model, &streamed(), 8)).unwrap()), expected);
    assert_eq!(read(&block_on(predict_all(&runner, &model, &resident(), 8)).unwrap()), expected);
    let before = weights(&runner, &model);
    block_on(recompute_statistics(&runner, &model, &streamed(), 4)).unwrap();
    let streamed = weights(&runner, &model);
    assert_ne!(streamed, before);
    block_on(recompute_statistics(&runner, &model, &resident(), 4)).unwrap();
    assert_eq!(streamed, weights(&runner, &model));
}

#[test]
fn a_run_goes_on_from_a_checkpoint() {
    let runner = Rc::new(LocalRunner::native(Cpu::new()));
    let kept: Rc<RefCell<Option<Checkpoint>>> = Rc::default();
    let (into, reader) = (kept.clone(), runner.clone());
    let keep = Keeper(Rc::new(move |checkpoint: Checkpoint| {
        let (into, reader) = (into.clone(), reader.clone());
        Box::pin(async move {
            let mut values = Vec::new();
            for (name, value) in &checkpoint.values {
                values.push((name.clone(), Tensor::from_data(reader.read(value).await?)));
            }
            into.replace(Some(Checkpoint { values, ..checkpoint }));
            Ok(())
        })
    }));
    let broken_off = FitOptions { epochs: 1, checkpoint: Some(keep), ..options() };
    assert_eq!(run(&runner, &streamed(), &model(), &broken_off).epochs.len(), 1);
    let rest = FitOptions { resume: kept.take(), ..options() };
    let (expected, got) = (run(&runner, &resident(), &model(), &options()), run(&runner, &streamed(), &model(), &rest));
    assert_eq!(got.points, expected.points);
}

#[test]
fn a_loss_that_is_not_a_number_is_traced_to_its_step() {
    let runner = LocalRunner::native(Cpu::new());
    let options = FitOptions { lr: Some(1e20), augment: Vec::new(), ..options() };
    let cause = |set: Dataset| {
        let model = Sequential::new().then(Flatten).then(Linear::new(8)).then(Linear::new(3));
        let error = block_on(fit(&runner, &model, &set, None, &options, &mut quiet)).unwrap_err();
        let Error::Diverged { step, cause, .. } = error else { panic!("{error}") };
        (step, cause.unwrap())
    };
    assert_eq!(cause(streamed()), cause(resident()));
}

#[test]
fn a_scale_is_of_one_sample() {
    for set in [streamed(), resident()] {
        let error = set.scaled(Tensor::zeros(&[53, 1, 1, 1]).unwrap(), deviation()).unwrap_err().to_string();
        assert!(error.contains("a mean of shape [53, 1, 1, 1]") && error.contains("[1, 2, 4, 4]"), "{error}");
        assert!(set.scaled(mean(), Tensor::zeros(&[3, 1, 1, 2, 1, 1]).unwrap()).is_err());
        assert!(set.scaled(Tensor::zeros(&[3]).unwrap(), deviation()).is_err());
    }
}

#[test]
fn a_part_that_fits_is_moved_and_the_whole_says_why_it_is_not() {
    let runner = LocalRunner::native(Interp::new());
    let set = streamed();
    let error = set.x().unwrap_err().to_string();
    assert!(
        error.starts_with("data set many: its samples are 1696 numbers that stay on the host, of which 1536"),
        "{error}"
    );
    assert!(error.contains("take(n)"), "{error}");
    let part = set.take(&[7, 52, 7]).unwrap();
    assert!(!part.is_streamed() && part.x().is_err());
    block_on(part.settle(&runner)).unwrap();
    let expected = resident().take(&[7, 52, 7]).unwrap().x().unwrap();
    assert_eq!(block_on(runner.read(&part.x().unwrap())), block_on(runner.read(&expected)));
    let (first, second) = set.split(0.5, 3).unwrap();
    assert_eq!((first.len(), second.len()), (27, 26));
    assert!(set.take(&[53]).unwrap_err().to_string().contains("sample 53 of 53"));
}
