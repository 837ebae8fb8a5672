//! Training from end to end on the device that defines every op.

mod support;

use gradbook_core::{Data, Runner, Tensor};
use gradbook_learn::{
    Error,
    data::Dataset,
    layers::{
        Activation, BatchNorm, Conv2d, Conv2dConfig, Dropout, Flatten, Forward, Layer, Linear, LinearConfig, MaxPool2d,
        Padding, Param, Params, Sequential,
    },
    losses::Loss,
    optim::{Adam, Optimiser, Sgd},
    schedule::Schedule,
    train::{EarlyStop, Event, FitOptions, Flow, History, LiveLr, LrChange, Remainder, Unit, evaluate, fit, predict},
};
use std::{cell::Cell, rc::Rc};
use support::{block_on, runner, values};

/// 6×6 images with one bright row (class 0) or column (class 1), and noise.
fn bars(samples: usize, seed: u64) -> Dataset {
    let noise = values(&Tensor::uniform(&Tensor::key(seed), 0, &[samples * 36], 0.0, 0.5).unwrap());
    let mut x = noise;
    let mut y = Vec::new();
    for i in 0..samples {
        let (class, line) = (i % 2, i / 2 % 6);
        for k in 0..6 {
            x[i * 36 + if class == 0 { line * 6 + k } else { k * 6 + line }] += 1.0;
        }
        y.push(class as i32);
    }
    Dataset::new("bars", Tensor::f32(&[samples, 1, 6, 6], &x).unwrap(), Tensor::i32(&[samples], &y).unwrap()).unwrap()
}

/// y = 2x + 1 at whole numbers.
fn line(samples: usize) -> Dataset {
    let x: Vec<f32> = (0..samples).map(|i| i as f32 / samples as f32).collect();
    let y: Vec<f32> = x.iter().map(|x| 2.0 * x + 1.0).collect();
    Dataset::new("line", Tensor::f32(&[samples, 1], &x).unwrap(), Tensor::f32(&[samples, 1], &y).unwrap()).unwrap()
}

fn cnn() -> Sequential {
    let conv = Conv2d::with(Conv2dConfig { out: 4, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
    Sequential::new()
        .then(conv)
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Dropout::new(0.1))
        .then(Flatten)
        .then(Linear::new(2))
}

fn zero_linear() -> Linear {
    Linear::with(LinearConfig { out: 1, init: gradbook_learn::init::Scheme::Zeros, ..Default::default() })
}

fn sgd() -> Optimiser {
    Optimiser::Sgd(Sgd::default())
}

fn train(model: &dyn Layer, data: &Dataset, options: &FitOptions) -> Result<History, Error> {
    block_on(fit(&runner(), model, data, None, options, &mut |_| Flow::Continue))
}

#[test]
fn a_small_cnn_learns_rows_from_columns() {
    let (data, validation, runner, model) = (bars(96, 1), bars(40, 2), runner(), cnn());
    let options = FitOptions { epochs: 6, batch_size: 20, lr: Some(0.01), seed: 3, ..FitOptions::default() };
    let mut told = 0;
    let mut listen = |event: &Event| {
        if let Event::Steps(report) = event {
            told += report.points.len();
        }
        Flow::Continue
    };
    let history = block_on(fit(&runner, &model, &data, Some(&validation), &options, &mut listen)).unwrap();
    let last = history.epochs.last().unwrap();
    assert_eq!((history.epochs.len(), last.step, history.points.len(), told), (6, 30, 30, 30));
    assert!(last.val_accuracy.unwrap() > 0.9, "{last:?}");
    assert!(last.loss < 0.8 * history.epochs[0].loss, "{last:?}");
    assert_eq!((last.epoch, last.seed, history.stopped), (6, 3, false));

    // The weights live on in the model, and looking at it agrees with what was told.
    let score = block_on(evaluate(&runner, &model, &validation, &Loss::default(), 16)).unwrap();
    assert_eq!(score.accuracy, last.val_accuracy);
    assert!((score.loss - last.val_loss.unwrap()).abs() < 1e-5);
    let scores = block_on(predict(&runner, &model, &validation.x().unwrap(), 16)).unwrap();
    assert_eq!(scores.shape()[..], [40, 2]);
    let labels = block_on(runner.read(&scores.argmax(1, false).unwrap())).unwrap();
    let right = labels.as_i32().iter().enumerate().filter(|(i, label)| **label == (i % 2) as i32).count();
    assert_eq!(right as f32 / 40.0, score.accuracy.unwrap());
}

#[test]
fn a_seed_repeats_a_run_to_the_bit() {
    let options = |seed| FitOptions { epochs: 2, batch_size: 10, seed, ..FitOptions::default() };
    let losses = |seed| -> Vec<u32> {
        let history = train(&cnn(), &bars(24, 1), &options(seed)).unwrap();
        history.points.iter().map(|point| point.loss.to_bits()).collect()
    };
    assert_eq!(losses(5), losses(5));
    assert_ne!(losses(5), losses(6));
}

/// Gradient descent by hand on mean squared error, batches in order, the last one smaller.
#[test]
fn the_last_batch_is_smaller_and_counts_as_such() {
    let (n, batch, lr, epochs) = (7, 3, 0.1, 3);
    let model = zero_linear();
    let options = FitOptions {
        epochs,
        batch_size: batch,
        lr: Some(lr),
        optimiser: sgd(),
        loss: Loss::Mse,
        shuffle: false,
        ..FitOptions::default()
    };
    let runner = runner();
    let history = block_on(fit(&runner, &model, &line(n), None, &options, &mut |_| Flow::Continue)).unwrap();

    let (mut w, mut b, mut losses) = (0f64, 0f64, Vec::new());
    let samples: Vec<(f64, f64)> = (0..n).map(|i| i as f64 / n as f64).map(|x| (x, 2.0 * x + 1.0)).collect();
    for _ in 0..epochs {
        for part in samples.chunks(batch) {
            let errors: Vec<f64> = part.iter().map(|(x, y)| w * x + b - y).collect();
            let count = part.len() as f64;
            losses.push(errors.iter().map(|e| e * e).sum::<f64>() / count);
            w -= lr * errors.iter().zip(part).map(|(e, (x, _))| 2.0 * e * x).sum::<f64>() / count;
            b -= lr * errors.iter().map(|e| 2.0 * e).sum::<f64>() / count;
        }
    }
    let got: Vec<f32> = history.points.iter().map(|point| point.loss).collect();
    assert_eq!(got.len(), losses.len());
    for (got, expected) in got.iter().zip(&losses) {
        assert!((f64::from(*got) - expected).abs() < 1e-5, "{got} {expected}");
    }
    assert_eq!(history.points.iter().map(|point| point.step).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
    let read = |value: &Tensor| block_on(runner.read(value)).unwrap().as_f32()[0];
    let learnt: Vec<f32> = Params::of(&model).values().iter().map(read).collect();
    assert!((f64::from(learnt[0]) - w).abs() < 1e-5 && (f64::from(learnt[1]) - b).abs() < 1e-5, "{learnt:?} {w} {b}");
    let mean = (3.0 * losses[6] + 3.0 * losses[7] + losses[8]) / 7.0;
    assert!((f64::from(history.epochs[2].loss) - mean).abs() < 1e-5);
}

#[test]
fn dropping_the_remainder_makes_fewer_steps() {
    let options = FitOptions {
        batch_size: 3,
        optimiser: sgd(),
        loss: Loss::Mse,
        remainder: Remainder::Drop,
        ..FitOptions::default()
    };
    assert_eq!(train(&zero_linear(), &line(7), &options).unwrap().points.len(), 2);
    // A batch larger than the set is the set.
    let options = FitOptions { batch_size: 100, ..options };
    assert_eq!(train(&zero_linear(), &line(7), &options).unwrap().points.len(), 1);
}

#[test]
fn the_listener_stops_a_run_and_weights_stay() {
    let model = zero_linear();
    let options = FitOptions { epochs: 100, optimiser: sgd(), loss: Loss::Mse, ..FitOptions::default() };
    let mut listen = |event: &Event| match event {
        Event::Epoch(report) if report.epoch == 3 => Flow::Stop,
        _ => Flow::Continue,
    };
    let runner = runner();
    let history = block_on(fit(&runner, &model, &line(8), None, &options, &mut listen)).unwrap();
    assert!(history.stopped);
    assert_eq!(history.epochs.len(), 3);
    let weight = block_on(runner.read(&Params::of(&model).values()[0])).unwrap();
    assert_ne!(weight.as_f32()[0], 0.0);
    // And a second run goes on from there.
    let again = block_on(fit(&runner, &model, &line(8), None, &options, &mut listen)).unwrap();
    assert!(again.points[0].loss < history.points[0].loss);
}

/// A reader halves the rate in the second epoch and sets it anew in the third; the same again by the record alone, to the bit.
#[test]
fn a_live_learning_rate_acts_at_once_and_its_record_repeats_the_run() {
    let wanted = Rc::new(Cell::new(0.1));
    let told = wanted.clone();
    let options = FitOptions {
        epochs: 4,
        batch_size: 3,
        lr: Some(0.1),
        live_lr: Some(LiveLr(Rc::new(move || told.get()))),
        optimiser: sgd(),
        loss: Loss::Mse,
        schedule: Schedule::Exponential { gamma: 0.5 },
        seed: 3,
        ..FitOptions::default()
    };
    let mut changes = Vec::new();
    let mut listen = |event: &Event| {
        match event {
            Event::Epoch(report) => wanted.set([0.1, 0.05, 0.2, 0.2, 0.2][report.epoch]),
            Event::LrChange(change) => changes.push(*change),
            _ => {}
        }
        Flow::Continue
    };
    let (runner, model) = (runner(), zero_linear());
    let history = block_on(fit(&runner, &model, &line(8), None, &options, &mut listen)).unwrap();
    let expected = [(1, 0.1), (4, 0.05), (7, 0.2)].map(|(step, lr)| LrChange { step, lr }).to_vec();
    assert_eq!((&history.lr_changes, &changes), (&expected, &expected));
    // The schedule goes on from the new rate: 0.1, 0.05 / 2, 0.2 / 4, 0.2 / 8.
    let lrs: Vec<f64> = history.epochs.iter().map(|report| report.lr).collect();
    assert_eq!(lrs, [0.1, 0.025, 0.05, 0.025]);

    let again = FitOptions { live_lr: None, lr: None, lr_changes: history.lr_changes.clone(), ..options.clone() };
    let other = zero_linear();
    let repeated = block_on(fit(&runner, &other, &line(8), None, &again, &mut |_| Flow::Continue)).unwrap();
    assert_eq!((&repeated.points, &repeated.lr_changes), (&history.points, &history.lr_changes));
    let plain = FitOptions { lr: Some(0.1), lr_changes: Vec::new(), ..again.clone() };
    assert_ne!(train(&zero_linear(), &line(8), &plain).unwrap().points, history.points);

    wanted.set(f64::NAN);
    let error = block_on(fit(&runner, &zero_linear(), &line(8), None, &options, &mut |_| Flow::Continue)).unwrap_err();
    assert_eq!(error.to_string(), "fit: from step 1 on, lr is NaN; it must not be negative");
    for steps in [[0, 1], [2, 2]] {
        let lr_changes = steps.map(|step| LrChange { step, lr: 0.1 }).to_vec();
        let error = train(&zero_linear(), &line(8), &FitOptions { lr_changes, ..again.clone() }).unwrap_err();
        assert!(error.to_string().contains("must rise"), "{error}");
    }
}

/// The reader asks for 0.1 all the time; what a plateau makes of it stays.
#[test]
fn a_live_learning_rate_that_nobody_moves_leaves_a_plateau_alone() {
    let options = FitOptions {
        epochs: 4,
        lr: Some(0.1),
        live_lr: Some(LiveLr(Rc::new(|| 0.1))),
        optimiser: sgd(),
        loss: Loss::Mse,
        schedule: Schedule::Plateau { factor: 0.5, patience: 0, threshold: 0.9 },
        ..FitOptions::default()
    };
    let history = train(&zero_linear(), &line(8), &options).unwrap();
    assert_eq!(history.lr_changes, [LrChange { step: 1, lr: 0.1 }]);
    let lrs: Vec<f64> = history.epochs.iter().map(|report| report.lr).collect();
    assert_eq!(lrs, [0.1, 0.1, 0.05, 0.025]);
}

#[test]
fn a_loss_that_is_not_a_number_stops_with_the_last_good_weights() {
    let (runner, model) = (runner(), zero_linear());
    let mut options = FitOptions { optimiser: sgd(), loss: Loss::Mse, batch_size: 2, ..FitOptions::default() };
    block_on(fit(&runner, &model, &line(8), None, &options, &mut |_| Flow::Continue)).unwrap();
    let good = block_on(runner.read(&Params::of(&model).values()[0])).unwrap();
    options.lr = Some(1e30);
    let error = block_on(fit(&runner, &model, &line(8), None, &options, &mut |_| Flow::Continue)).unwrap_err();
    assert!(matches!(error, Error::Diverged { epoch: 1, step: 2 | 3, .. }), "{error}");
    assert!(error.to_string().starts_with("training stopped in epoch 1: the loss of step "), "{error}");
    let kept = block_on(runner.read(&Params::of(&model).values()[0])).unwrap();
    assert_eq!(good, kept);
}

#[test]
fn labels_out_of_range_and_shapes_that_do_not_fit_are_told() {
    let x = || Tensor::zeros(&[4, 3]).unwrap();
    let labels = Dataset::new("toy", x(), Tensor::i32(&[4], &[0, 1, 2, 1]).unwrap()).unwrap();
    let error = train(&Linear::new(2), &labels, &FitOptions::default()).unwrap_err().to_string();
    assert_eq!(error, "data set toy: there is a label 2; the model tells 2 classes apart, so labels are 0 to 1");
    let nan = x().add_scalar(f32::NAN).unwrap();
    let set = Dataset::new("toy", nan, Tensor::i32(&[4], &[0; 4]).unwrap()).unwrap();
    let error = train(&Linear::new(2), &set, &FitOptions::default()).unwrap_err().to_string();
    assert_eq!(error, "data set toy: x holds NaN in sample 0 (entry 0); expected finite numbers");
    let model = Sequential::new().then(Conv2d::new(4, 3));
    let error = train(&model, &labels, &FitOptions::default()).unwrap_err().to_string();
    assert_eq!(error, "layer 0 (conv2d): x has shape [4, 3]; expected [N, C, H, W]");
    let error = train(&Flatten, &labels, &FitOptions::default()).unwrap_err().to_string();
    assert_eq!(error, "fit: the loss does not depend on any parameter of the model; there is nothing to train");
    let options = FitOptions { lr: Some(-1.0), ..FitOptions::default() };
    let error = train(&Linear::new(3), &labels, &options).unwrap_err().to_string();
    assert_eq!(error, "fit: lr is -1; it must be a positive number");
}

#[test]
fn early_stopping_brings_the_best_weights_back() {
    let (runner, model) = (runner(), zero_linear());
    // The learning rate grows until the loss does.
    let options = FitOptions {
        epochs: 60,
        lr: Some(0.05),
        optimiser: sgd(),
        loss: Loss::Mse,
        schedule: Schedule::Exponential { gamma: 1.2 },
        early_stopping: Some(EarlyStop { patience: 2, ..EarlyStop::default() }),
        ..FitOptions::default()
    };
    let data = line(8);
    let history = block_on(fit(&runner, &model, &data, Some(&data), &options, &mut |_| Flow::Continue)).unwrap();
    let losses: Vec<f32> = history.epochs.iter().map(|epoch| epoch.val_loss.unwrap()).collect();
    let best = losses.iter().copied().fold(f32::INFINITY, f32::min);
    assert!(losses.len() < 60 && history.restored.map(|epoch| losses[epoch - 1]) == Some(best), "{losses:?}");
    let score = block_on(evaluate(&runner, &model, &data, &Loss::Mse, 8)).unwrap();
    assert!((score.loss - best).abs() < 1e-6 * best.max(1.0), "{score:?} {best}");
}

#[test]
fn the_schedule_counts_steps_or_epochs() {
    let rates = |unit| {
        let options = FitOptions {
            epochs: 2,
            batch_size: 4,
            lr: Some(1e-3),
            schedule: Schedule::Step { every: 1, gamma: 0.5 },
            schedule_unit: unit,
            loss: Loss::Mse,
            ..FitOptions::default()
        };
        train(&zero_linear(), &line(8), &options).unwrap().epochs.iter().map(|epoch| epoch.lr).collect::<Vec<_>>()
    };
    assert_eq!(rates(Unit::Epoch), [1e-3, 5e-4]);
    assert_eq!(rates(Unit::Step), [5e-4, 1.25e-4]);
}

/// One step of size lr per entry is what Adam's first step is, whatever the gradient.
#[test]
fn adam_steps_by_the_learning_rate_at_first() {
    let model = zero_linear();
    let options = FitOptions {
        batch_size: 8,
        lr: Some(0.25),
        optimiser: Optimiser::Adam(Adam::default()),
        loss: Loss::Mse,
        ..FitOptions::default()
    };
    let runner = runner();
    block_on(fit(&runner, &model, &line(8), None, &options, &mut |_| Flow::Continue)).unwrap();
    for value in Params::of(&model).values() {
        let value = block_on(runner.read(&value)).unwrap();
        assert!((value.as_f32()[0] - 0.25).abs() < 1e-5, "{value:?}");
    }
}

/// Running statistics go to those of the data, and evaluation uses them: the output is what training would make of the set.
#[test]
fn batch_norm_learns_the_statistics_of_the_data() {
    let values: Vec<f32> = (0..32).map(|i| 10.0 + (i % 4) as f32).collect();
    let data =
        Dataset::new("steps", Tensor::f32(&[32, 1], &values).unwrap(), Tensor::zeros(&[32, 1]).unwrap()).unwrap();
    let (runner, model) = (runner(), Sequential::new().then(BatchNorm::default()).then(Linear::new(1)));
    let options = FitOptions { epochs: 80, batch_size: 32, optimiser: sgd(), loss: Loss::Mse, ..FitOptions::default() };
    block_on(fit(&runner, &model, &data, None, &options, &mut |_| Flow::Continue)).unwrap();
    let params = Params::of(&model);
    let buffer = |name: &str| {
        let (_, param) = params.0.iter().find(|(other, _)| other == name).unwrap();
        block_on(runner.read(&param.value())).unwrap().as_f32()[0]
    };
    // Mean 11.5; the unbiased variance of four equal quarters is 1.25·32/31.
    assert!((buffer("0.running_mean") - 11.5).abs() < 0.01, "{}", buffer("0.running_mean"));
    assert!((buffer("0.running_var") - 1.25 * 32.0 / 31.0).abs() < 0.01);
}

/// A model with a parameter that the loss does not see.
struct Spare {
    used: Linear,
    spare: Param,
}

impl Layer for Spare {
    fn kind(&self) -> &str {
        "spare"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor, Error> {
        self.used.forward(x, ctx)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        self.used.visit(visitor);
        visitor("spare", &self.spare);
    }
}

#[test]
fn parameters_that_do_not_count_stay_as_they_are() {
    let model = Spare { used: zero_linear(), spare: Param::weight(Tensor::ones(&[2]).unwrap()) };
    let runner = runner();
    let options = FitOptions { loss: Loss::Mse, weight_decay: Some(0.1), ..FitOptions::default() };
    block_on(fit(&runner, &model, &line(4), None, &options, &mut |_| Flow::Continue)).unwrap();
    assert_eq!(block_on(runner.read(&model.spare.value())).unwrap(), Data::f32([2], &[1.0, 1.0]).unwrap());
}

#[test]
fn many_runs_hold_no_more_memory_than_one() {
    let runner = runner();
    let data = line(4);
    let model = zero_linear();
    let options = FitOptions { loss: Loss::Mse, ..FitOptions::default() };
    let once = || block_on(fit(&runner, &model, &data, None, &options, &mut |_| Flow::Continue)).unwrap();
    once();
    let before = runner.device().counters().live_bytes;
    for _ in 0..20 {
        once();
    }
    assert_eq!(runner.device().counters().live_bytes, before);
}
