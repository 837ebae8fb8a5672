//! What training can do besides going down a gradient: augmentation, groups of parameters, penalties, averages, teachers, range tests,
//! statistics, and telling where a NaN comes from.

#[path = "support/corners.rs"]
mod corners;
mod support;

use corners::corners;
use gradbook_core::{Runner, Tensor};
use gradbook_learn::{
    Error,
    augment::{
        Affine, Augment, Batch, Cutmix, Cutout, GaussianBlur, HorizontalFlip, Hue, LabelNoise, Mixup, Noise,
        PitchShift, RandomCrop, ResizeTo, Sampling, augment, crop_boxes,
    },
    data::Dataset,
    init::Scheme,
    layers::{
        Activation, BatchNorm, Conv1d, Conv1dConfig, ConvTranspose2d, ConvTranspose2dConfig, DenseBlock, Embedding,
        EmbeddingConfig, Flatten, Forward, Graph, GroupNorm, Join, Layer, Linear, LinearConfig, Padding, Parallel,
        Params, Residual, ResizeMode, Role, SeparableConv2d, Sequential, build,
    },
    losses::{Loss, Reduction, mse_loss},
    models::ResNet,
    optim::{Optimiser, Sgd},
    train::{
        EarlyStop, FitOptions, Flow, Group, History, Remainder, Teacher, evaluate, fit, predict, range_test,
        recompute_statistics,
    },
};
use std::rc::Rc;
use support::{block_on, runner, values};

fn train(model: &dyn Layer, data: &Dataset, options: &FitOptions) -> Result<History, Error> {
    block_on(fit(&runner(), model, data, None, options, &mut |_| Flow::Continue))
}

fn weights(model: &dyn Layer) -> Vec<(String, Vec<f32>)> {
    Params::of(model).0.iter().map(|(name, param)| (name.clone(), values(&param.value()))).collect()
}

fn mlp() -> Sequential {
    Sequential::new().then(Flatten).named("body", Linear::new(12)).then(Activation::Relu).named("head", Linear::new(4))
}

fn sgd(lr: f64) -> FitOptions {
    FitOptions { optimiser: Optimiser::Sgd(Sgd::default()), lr: Some(lr), batch_size: 8, ..FitOptions::default() }
}

/// A positions-only image: pixel (r, c) is r·W + c, mask and box say where the middle 2×2 is.
fn marked() -> Batch {
    let x: Vec<f32> = (0..64).map(|i| if [27, 28, 35, 36].contains(&(i % 64)) { 1.0 } else { 0.0 }).collect();
    let masks: Vec<i32> = x.iter().map(|&v| v as i32).collect();
    Batch {
        x: Tensor::f32(&[1, 1, 8, 8], &x).unwrap().repeat(&[16, 1, 1, 1]).unwrap(),
        labels: None,
        masks: Some(Tensor::i32(&[1, 8, 8], &masks).unwrap().repeat(&[16, 1, 1]).unwrap()),
        boxes: Some(Tensor::f32(&[1, 1, 4], &[3.0, 3.0, 5.0, 5.0]).unwrap().repeat(&[16, 1, 1]).unwrap()),
        classes: None,
    }
}

/// The box about the pixels that a mask names; all 0 if there are none.
fn hull(mask: &[i32], width: usize) -> [f32; 4] {
    let on: Vec<(usize, usize)> =
        mask.iter().enumerate().filter(|(_, v)| **v == 1).map(|(i, _)| (i / width, i % width)).collect();
    let Some(first) = on.first() else { return [0.0; 4] };
    let fold =
        |f: fn(usize, usize) -> usize, at: fn(&(usize, usize)) -> usize| on.iter().map(at).fold(at(first), f) as f32;
    [
        fold(usize::min, |p| p.1),
        fold(usize::min, |p| p.0),
        fold(usize::max, |p| p.1) + 1.0,
        fold(usize::max, |p| p.0) + 1.0,
    ]
}

#[test]
fn masks_and_boxes_follow_their_images() {
    let list = [
        Augment::HorizontalFlip(HorizontalFlip::default()),
        Augment::RandomCrop(RandomCrop { padding: 2.into(), ..Default::default() }),
    ];
    let moved = augment(&list, marked(), Tensor::key(5)).unwrap();
    let (x, boxes) = (values(&moved.x), values(&moved.boxes.unwrap()));
    let masks = block_on(runner().read(&moved.masks.unwrap())).unwrap().as_i32().to_vec();
    assert_eq!(x.iter().map(|&v| v as i32).collect::<Vec<_>>(), masks);
    let hulls: Vec<[f32; 4]> = masks.chunks(64).map(|mask| hull(mask, 8)).collect();
    assert_eq!(hulls.concat(), boxes);
    // And they differ from sample to sample.
    assert!(hulls.iter().any(|hull| *hull != hulls[0]));
}

#[test]
fn a_box_that_was_cut_off_does_not_come_back() {
    let boxes = Tensor::f32(&[1, 2, 4], &[1.0, 1.0, 3.0, 7.0, 5.0, 2.0, 7.0, 4.0]).unwrap();
    let batch = Batch { boxes: Some(boxes), masks: None, ..marked() };
    let batch = Batch { x: batch.x.narrow(0, 0, 1).unwrap(), ..batch };
    let corner = Tensor::f32(&[1], &[4.0]).unwrap();
    let (cut, _) = crop_boxes(&batch.boxes.clone().unwrap(), &corner.zeros_like(), &corner, [8, 4]).unwrap();
    let batch = Batch { x: batch.x.narrow(3, 4, 4).unwrap(), boxes: Some(cut), ..batch };
    let turns = Affine { degrees: 40.0, ..Default::default() };
    let list = [Augment::Affine(turns), Augment::HorizontalFlip(HorizontalFlip { p: 1.0 })];
    let boxes = values(&augment(&list, batch, Tensor::key(1)).unwrap().boxes.unwrap());
    let area = |b: &[f32]| (b[2] - b[0]) * (b[3] - b[1]);
    assert_eq!(area(&boxes[..4]), 0.0);
    assert!(area(&boxes[4..]) > 4.0, "{boxes:?}");
}

/// A target that is the image itself stays that, however it is moved and mixed; so do classes, by what moves whole pixels.
#[test]
fn targets_of_pixels_move_as_their_images() {
    let x = Tensor::uniform(&Tensor::key(3), 0, &[5, 2, 8, 8], 0.0, 1.0).unwrap();
    let moves = [
        Augment::HorizontalFlip(HorizontalFlip::default()),
        Augment::Affine(Affine { degrees: 20.0, scale: [0.8, 1.2], ..Default::default() }),
        Augment::RandomCrop(RandomCrop { padding: 2.into(), ..Default::default() }),
        Augment::Mixup(Mixup::default()),
        Augment::Cutmix(Cutmix::default()),
        Augment::ResizeTo(ResizeTo { size: 6.into(), mode: ResizeMode::Bilinear }),
    ];
    let made = augment(&moves, Batch::new(x.clone(), x.clone(), None), Tensor::key(4)).unwrap();
    assert!(made.labels.is_none());
    assert_eq!(made.x.shape()[..], [5, 2, 6, 6]);
    assert_eq!(values(made.target().unwrap()), values(&made.x));

    let whole = x.mul_scalar(9).unwrap().to_i32().unwrap();
    let classes = Batch::new(whole.to_f32().unwrap(), whole, None);
    let made = augment(&[moves[2].clone(), moves[4].clone()], classes.clone(), Tensor::key(5)).unwrap();
    assert_eq!(values(&made.target().unwrap().to_f32().unwrap()), values(&made.x));
    let error = augment(&moves[3..4], classes, Tensor::key(5)).unwrap_err().to_string();
    assert_eq!(error, "mixup: masks are classes, of which there is no mixture; cutmix takes them");
}

#[test]
fn draws_depend_on_the_key_alone_and_differ_between_samples() {
    let x = Tensor::uniform(&Tensor::key(1), 0, &[6, 3, 16, 16], 0.0, 1.0).unwrap();
    let labels = Tensor::i32(&[6], &[0, 1, 2, 0, 1, 2]).unwrap();
    let all = [
        Augment::LabelNoise(LabelNoise::default()),
        Augment::Affine(Affine {
            degrees: 20.0,
            translate: 0.1,
            scale: [0.8, 1.2],
            shear: [5.0, 5.0],
            ..Default::default()
        }),
        Augment::Hue(Hue::default()),
        Augment::GaussianBlur(GaussianBlur::default()),
        Augment::Noise(Noise::default()),
        Augment::Cutout(Cutout::default()),
        Augment::Mixup(Mixup::default()),
        Augment::Cutmix(Cutmix::default()),
        Augment::ResizeTo(ResizeTo { size: 12.into(), mode: ResizeMode::Bilinear }),
    ];
    let run = |key: u64| {
        let batch = Batch::new(x.clone(), labels.clone(), Some(3));
        let changed = augment(&all, batch, Tensor::key(key)).unwrap();
        assert_eq!(changed.x.shape()[..], [6, 3, 12, 12]);
        (values(&changed.x), values(&changed.labels.unwrap()))
    };
    let ((a, labels_a), (b, labels_b), (other, _)) = (run(1), run(1), run(2));
    assert_eq!((&a, &labels_a), (&b, &labels_b));
    assert_ne!(a, other);
    assert!(a.iter().all(|v| v.is_finite()));
    assert!(
        labels_a.chunks(3).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row.iter().all(|&p| p >= -1e-6))
    );
}

#[test]
fn a_mistake_in_augmentation_is_told() {
    let batch = || Batch::new(Tensor::ones(&[2, 1, 8, 8]).unwrap(), Tensor::i32(&[2], &[0, 1]).unwrap(), Some(2));
    let told = |transform: Augment| augment(&[transform], batch(), Tensor::key(0)).unwrap_err().to_string();
    let crop = RandomCrop { size: Some(12.into()), padding: 1.into() };
    assert_eq!(told(Augment::RandomCrop(crop)), "randomCrop: a part of 12 pixels of 8 with 1 on both sides");
    assert_eq!(told(Augment::HorizontalFlip(HorizontalFlip { p: 2.0 })), "horizontalFlip: p is 2; expected 0 to 1");
    assert_eq!(told(Augment::Hue(Hue::default())), "hue: x has shape [2, 1, 8, 8]; expected three channels");
    assert_eq!(
        told(Augment::PitchShift(PitchShift::default())),
        "pitchShift: x has shape [2, 1, 8, 8]; expected signals [N, C, L]"
    );
    let mixed = augment(
        &[Augment::Mixup(Mixup::default()), Augment::LabelNoise(LabelNoise::default())],
        batch(),
        Tensor::key(0),
    );
    assert_eq!(
        mixed.unwrap_err().to_string(),
        "labelNoise: labels are f32[2, 2]; expected i32[N], before mixup or cutmix"
    );
}

/// A tone of 1/32 moves to 1/16 at twice the pitch: the correlation with that tone is the larger one.
#[test]
fn a_pitch_shift_changes_the_pitch_and_not_the_length() {
    let tone =
        |frequency: f32| (0..2048).map(|i| (std::f32::consts::TAU * frequency * i as f32).sin()).collect::<Vec<_>>();
    let x = Tensor::f32(&[1, 1, 2048], &tone(1.0 / 32.0)).unwrap();
    let shifted = values(&gradbook_learn::augment::pitch_shift(&x, &Tensor::f32(&[1], &[2.0]).unwrap(), 256).unwrap());
    assert_eq!(shifted.len(), 2048);
    let power = |frequency: f32| {
        let part = |phase: f32| {
            let wave = |i: usize| (std::f32::consts::TAU * frequency * i as f32 + phase).sin();
            shifted[512..1536].iter().enumerate().map(|(i, v)| v * wave(i)).sum::<f32>()
        };
        part(0.0).hypot(part(std::f32::consts::FRAC_PI_2))
    };
    assert!(power(1.0 / 16.0) > 10.0 * power(1.0 / 32.0), "{} {}", power(1.0 / 16.0), power(1.0 / 32.0));
}

#[test]
fn training_with_augmentation_learns_and_repeats() {
    let run = || {
        let list = vec![
            Augment::RandomCrop(RandomCrop { padding: 1.into(), ..Default::default() }),
            Augment::Affine(Affine { degrees: 8.0, sampling: Sampling::Nearest, ..Default::default() }),
            Augment::Mixup(Mixup::default()),
        ];
        let options = FitOptions { epochs: 8, augment: list, seed: 2, ..sgd(0.2) };
        train(&mlp(), &corners(30), &options).unwrap()
    };
    let (a, b) = (run(), run());
    assert_eq!(a.points, b.points);
    assert!(a.epochs[7].loss < 0.8 * a.epochs[0].loss && a.epochs[7].accuracy.unwrap() > 0.5, "{:?}", a.epochs);
}

#[test]
fn frozen_parameters_stay_and_rates_are_scaled() {
    let (data, model) = (corners(32), mlp());
    build(&model, &[1, 1, 8, 8], 1).unwrap();
    let before = weights(&model);
    let frozen = Group { params: "body.*".into(), frozen: Some(true), ..Group::default() };
    train(&model, &data, &FitOptions { groups: vec![frozen], ..sgd(0.1) }).unwrap();
    let after = weights(&model);
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2], after[2]);
    // One step at a tenth of the rate goes a tenth of the way.
    let way = |groups: Vec<Group>| {
        let model = mlp();
        build(&model, &[1, 1, 8, 8], 1).unwrap();
        let before = weights(&model);
        train(&model, &data, &FitOptions { groups, batch_size: 32, ..sgd(0.1) }).unwrap();
        let after = weights(&model);
        before[2].1.iter().zip(&after[2].1).map(|(a, b)| b - a).collect::<Vec<_>>()
    };
    let (whole, tenth) =
        (way(vec![]), way(vec![Group { params: "head.weight".into(), lr_scale: Some(0.1), ..Group::default() }]));
    assert!(whole.iter().zip(&tenth).all(|(a, b)| (a * 0.1 - b).abs() < 1e-5));
    let error = train(
        &model,
        &data,
        &FitOptions { groups: vec![Group { params: "tail.*".into(), ..Group::default() }], ..sgd(0.1) },
    );
    let expected = "fit: no weight is called tail.*; there are body.weight, body.bias, head.weight, head.bias";
    assert_eq!(error.unwrap_err().to_string(), expected);
}

#[test]
fn running_statistics_of_what_is_frozen_stay() {
    let model = Sequential::new()
        .then(Flatten)
        .named("body", BatchNorm::default())
        .named("free", BatchNorm::default())
        .then(Linear::new(4));
    build(&model, &[1, 1, 8, 8], 1).unwrap();
    let before = weights(&model);
    let frozen = Group { params: "body.*".into(), frozen: Some(true), ..Group::default() };
    train(&model, &corners(20), &FitOptions { groups: vec![frozen], ..sgd(0.1) }).unwrap();
    for ((name, before), (_, after)) in before.iter().zip(&weights(&model)) {
        assert_eq!(before == after, name.starts_with("body."), "{name}");
    }
}

/// w = 0.5 without data: only the penalty pulls. By hand: 0.5 − 0.1·(2·0.3·0.5) and 0.5 − 0.1·0.3.
#[test]
fn penalties_pull_as_their_formulas_say() {
    let pulled = |options: FitOptions| {
        let model = Linear::with(LinearConfig { out: 1, bias: false, init: Scheme::Zeros });
        build(&model, &[1, 1], 0).unwrap();
        Params::of(&model).set(&[Tensor::full(&[1, 1], 0.5).unwrap()]);
        let data = Dataset::new("nothing", Tensor::zeros(&[4, 1]).unwrap(), Tensor::zeros(&[4, 1]).unwrap()).unwrap();
        let history = train(&model, &data, &FitOptions { loss: Loss::Mse, ..options }).unwrap();
        assert_eq!(history.points[0].loss, 0.0);
        weights(&model)[0].1[0]
    };
    assert!((pulled(FitOptions { l2: Some(0.3), ..sgd(0.1) }) - 0.47).abs() < 1e-6);
    assert!((pulled(FitOptions { l1: Some(0.3), ..sgd(0.1) }) - 0.47).abs() < 1e-6);
    let group = Group { params: "bi*".into(), l1: Some(0.3), ..Group::default() };
    let error = train(&mlp(), &corners(8), &FitOptions { groups: vec![group], ..sgd(0.1) }).unwrap_err().to_string();
    assert!(error.starts_with("fit: no weight is called bi*"), "{error}");
}

#[test]
fn an_average_of_weights_is_validated_and_kept() {
    let (data, model) = (corners(40), mlp());
    let options = FitOptions { epochs: 3, ema: Some(0.9), seed: 4, ..sgd(0.2) };
    let history = block_on(fit(&runner(), &model, &data, Some(&data), &options, &mut |_| Flow::Continue)).unwrap();
    let score = block_on(evaluate(&runner(), &model, &data, &Loss::default(), 40)).unwrap();
    assert!((score.loss - history.epochs[2].val_loss.unwrap()).abs() < 1e-5, "{score:?} {:?}", history.epochs);
    // By hand over the steps of a run without an average.
    let plain = mlp();
    let mut average: Option<Vec<f32>> = None;
    for steps in 0..=5 {
        let model = mlp();
        build(&model, &[1, 1, 8, 8], 7).unwrap();
        let options = FitOptions {
            epochs: steps.max(1),
            batch_size: 40,
            shuffle: false,
            seed: 7,
            ..sgd(if steps == 0 { 1e-30 } else { 0.2 })
        };
        train(&model, &data, &options).unwrap();
        let now = weights(&model)[2].1.clone();
        average = Some(match average {
            None => now,
            Some(before) => {
                let t = (steps - 1) as f32;
                let decay = ((1.0 + t) / (10.0 + t)).min(0.9);
                before.iter().zip(&now).map(|(a, v)| a * decay + v * (1.0 - decay)).collect()
            }
        });
    }
    build(&plain, &[1, 1, 8, 8], 7).unwrap();
    let options = FitOptions { epochs: 5, batch_size: 40, shuffle: false, seed: 7, ema: Some(0.9), ..sgd(0.2) };
    train(&plain, &data, &options).unwrap();
    let got = weights(&plain)[2].1.clone();
    assert!(average.unwrap().iter().zip(&got).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn a_student_learns_what_its_teacher_says() {
    let (data, teacher) = (corners(64), Rc::new(mlp()));
    train(&*teacher, &data, &FitOptions { epochs: 20, ..sgd(0.3) }).unwrap();
    let before = weights(&*teacher);
    // Labels are wrong; the teacher knows better.
    let wrong = Dataset::new("wrong", data.x().unwrap(), Tensor::i32(&[64], &[0; 64]).unwrap()).unwrap();
    let student = mlp();
    let teacher = Teacher { model: teacher, temperature: 2.0, alpha: 1.0 };
    let options = FitOptions { epochs: 30, teacher: Some(teacher.clone()), seed: 9, ..sgd(0.3) };
    train(&student, &wrong, &options).unwrap();
    let score = block_on(evaluate(&runner(), &student, &data, &Loss::default(), 64)).unwrap();
    assert!(score.accuracy.unwrap() > 0.9, "{score:?}");
    assert_eq!(before, weights(&*teacher.model));
    let options = FitOptions { loss: Loss::Mse, teacher: Some(teacher), ..sgd(0.3) };
    let error = train(&mlp(), &wrong, &options).unwrap_err().to_string();
    assert_eq!(error, "fit: with a teacher the loss is the plain cross-entropy; leave out loss");
}

#[test]
fn a_loss_that_is_not_a_number_names_step_layer_and_op() {
    struct Logarithm;
    impl Layer for Logarithm {
        fn kind(&self) -> &str {
            "logarithm"
        }
        fn forward(&self, x: &Tensor, _: &mut Forward) -> gradbook_learn::Result<Tensor> {
            Ok(x.log()?)
        }
    }
    // Sample 5 is what the logarithm does not like; the order is that of the set, two samples a step.
    let x: Vec<f32> = (0..8).map(|i| if i == 5 { -1.0 } else { 1.0 + i as f32 }).collect();
    let data = Dataset::new("logs", Tensor::f32(&[8, 1], &x).unwrap(), Tensor::zeros(&[8, 1]).unwrap()).unwrap();
    let model = Sequential::new().named("log", Logarithm).then(Linear::new(1));
    build(&model, &[1, 1], 0).unwrap();
    let before = weights(&model);
    let options = FitOptions { batch_size: 2, shuffle: false, loss: Loss::Mse, ..sgd(0.01) };
    let error = train(&model, &data, &options).unwrap_err();
    let Error::Diverged { step: 3, cause: Some((3, cause)), .. } = &error else { panic!("{error}") };
    assert!(cause.starts_with("layer log (logarithm): log: 1 NaN and 0 infinite of 2 elements [2, 1]"), "{cause}");
    assert_eq!(before, weights(&model));
    // A rate that is too large: the step before the loss breaks is to blame.
    let line =
        Dataset::new("line", Tensor::f32(&[4, 1], &[0.0, 1.0, 2.0, 3.0]).unwrap(), Tensor::ones(&[4, 1]).unwrap())
            .unwrap();
    let options = FitOptions { batch_size: 2, epochs: 3, loss: Loss::Mse, ..sgd(1e30) };
    let error = train(&Linear::new(1), &line, &options).unwrap_err();
    assert!(matches!(&error, Error::Diverged { cause: Some(_), .. }), "{error}");
}

#[test]
fn a_range_test_finds_where_the_loss_falls_and_puts_the_weights_back() {
    let (data, model) = (corners(64), mlp());
    build(&model, &[1, 1, 8, 8], 3).unwrap();
    let before = weights(&model);
    let found = block_on(range_test(&runner(), &model, &data, &sgd(1.0), [1e-5, 100.0], 80)).unwrap();
    assert_eq!(before, weights(&model));
    let suggestion = found.suggestion.unwrap();
    assert!((1e-3..10.0).contains(&suggestion), "{suggestion} {:?}", found.losses);
    assert!(found.lrs.len() <= 80 && (found.lrs[0] - 1e-5).abs() < 1e-12 && found.lrs.len() == found.losses.len());
    // The model is built for what augmentation leaves of the images, and epochs without a remainder are shorter.
    let list = vec![Augment::ResizeTo(ResizeTo { size: 6.into(), mode: ResizeMode::Bilinear })];
    let options = FitOptions { augment: list, remainder: Remainder::Drop, batch_size: 40, ..sgd(1.0) };
    let smaller = mlp();
    let found = block_on(range_test(&runner(), &smaller, &data, &options, [1e-6, 1e-3], 12)).unwrap();
    assert_eq!((found.lrs.len(), &weights(&smaller)[0].1.len()), (12, &(12 * 36)));
    let options = FitOptions { ema: Some(0.9), ..sgd(1.0) };
    let error = block_on(range_test(&runner(), &model, &data, &options, [1e-5, 100.0], 80)).unwrap_err().to_string();
    assert_eq!(error, "lrRangeTest: leave out ema: it is no part of a range test");
}

/// Two batches: running statistics become the mean of those of both, variance unbiased within each.
#[test]
fn statistics_are_those_of_the_whole_set() {
    let model = Sequential::new().then(BatchNorm::default()).then(Linear::new(1));
    let x = Tensor::f32(&[4, 1], &[1.0, 3.0, 10.0, 20.0]).unwrap();
    let data = Dataset::new("four", x.clone(), Tensor::zeros(&[4, 1]).unwrap()).unwrap();
    block_on(recompute_statistics(&runner(), &model, &data, 2)).unwrap();
    let found = weights(&model);
    assert_eq!((&found[2].0[..], &found[2].1[..]), ("0.running_mean", &[8.5][..]));
    assert_eq!((&found[3].0[..], &found[3].1[..]), ("0.running_var", &[26.0][..]));
    let y = block_on(predict(&runner(), &model, &x, 4)).unwrap();
    assert_eq!(y.shape()[..], [4, 1]);
    // The remainder counts by its size: (3·(14/3) + 2·25)/5.
    let five = Tensor::f32(&[5, 1], &[1.0, 3.0, 10.0, 20.0, 30.0]).unwrap();
    let five = Dataset::new("five", five, Tensor::zeros(&[5, 1]).unwrap()).unwrap();
    block_on(recompute_statistics(&runner(), &model, &five, 3)).unwrap();
    assert!((weights(&model)[2].1[0] - 12.8).abs() < 1e-5, "{:?}", weights(&model)[2]);
    let error = block_on(recompute_statistics(&runner(), &Linear::new(1), &data, 2)).unwrap_err().to_string();
    assert_eq!(error, "recomputeStatistics: the model has no running statistics");
}

#[test]
fn training_stops_once_the_loss_hardly_changes() {
    let stop = EarlyStop { patience: 1000, min_change: Some(1e-3), restore_best: false, ..EarlyStop::default() };
    let options = FitOptions { epochs: 500, batch_size: 32, early_stopping: Some(stop), ..sgd(0.5) };
    let history = train(&mlp(), &corners(32), &options).unwrap();
    let losses: Vec<f32> = history.epochs.iter().map(|epoch| epoch.loss).collect();
    let changes: Vec<f32> = losses.windows(2).map(|pair| (pair[0] - pair[1]).abs()).collect();
    let (last, before) = changes.split_last().unwrap();
    assert!(losses.len() < 500 && *last <= 1e-3 && before.iter().all(|&change| change > 1e-3), "{losses:?}");
}

#[test]
fn the_norm_of_every_gradient_is_told() {
    for skips in [true, false] {
        let model = ResNet { out: 4, blocks: 3, channels: 4, skips }.build();
        let options = FitOptions { gradient_norms: true, seed: 1, ..sgd(1e-6) };
        let history = train(&model, &corners(8), &options).unwrap();
        let params = Params::of(&model);
        let learnt = params.0.iter().filter(|(_, param)| param.role() == Role::Weight).map(|(name, _)| name);
        assert!(learnt.eq(&history.watched));
        let norms = &history.points[0].norms;
        assert_eq!(norms.len(), history.watched.len());
        assert!(norms.iter().all(|norm| norm.is_finite() && *norm > 0.0), "{norms:?}");
    }
}

#[test]
fn every_parameter_of_every_block_receives_a_gradient() {
    let up =
        ConvTranspose2dConfig { out: 6, kernel: 4.into(), stride: 2.into(), padding: 1.into(), ..Default::default() };
    let images = Sequential::new()
        .named("up", ConvTranspose2d::with(up))
        .named("norm", GroupNorm::new(3))
        .named("dense", DenseBlock::new().then(SeparableConv2d::new(2, 1)))
        .named("both", Parallel::new(Join::Mul).then(SeparableConv2d::new(4, 3)).then(SeparableConv2d::new(4, 3)))
        .named("skip", Residual::new(SeparableConv2d::new(4, 1)))
        .then(Flatten);
    let signals = Sequential::new()
        .then(Embedding::with(EmbeddingConfig { count: 5, out: 3, padding: None }))
        .then(Conv1d::new(4, 2))
        .then(Flatten);
    let graph = Graph::new()
        .node("a", Linear::new(4), &["x"], Join::Concat)
        .and_then(|graph| graph.node("b", Linear::new(4), &["a", "x"], Join::Concat))
        .and_then(|graph| graph.node("sum", Linear::new(2), &["a", "b"], Join::Add))
        .unwrap();
    let inputs = [
        Tensor::normal(&Tensor::key(1), 0, &[3, 2, 5, 5], 0.0, 1.0).unwrap(),
        Tensor::f32(&[2, 4], &[0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 1.0, 2.0]).unwrap(),
        Tensor::normal(&Tensor::key(2), 0, &[3, 4], 0.0, 1.0).unwrap(),
    ];
    let models: [&dyn Layer; 3] = [&images, &signals, &graph];
    for (model, x) in models.iter().zip(inputs) {
        let y = model.forward(&x, &mut Forward::training(Tensor::key(0)).seeded(5)).unwrap();
        let loss = mse_loss(&y, &y.ones_like(), Reduction::Mean).unwrap();
        let params = Params::of(*model);
        let learnt: Vec<_> = params.0.iter().filter(|(_, param)| param.role() == Role::Weight).collect();
        let inputs: Vec<Tensor> = learnt.iter().map(|(_, param)| param.value()).collect();
        let grads = loss.grad(&inputs.iter().collect::<Vec<_>>()).unwrap();
        for ((name, _), grad) in learnt.iter().zip(&grads) {
            let size = values(grad).iter().fold(0f32, |most, g| most.max(g.abs()));
            // What all channels of a group share, the normalisation takes away.
            assert!(size.is_finite() && size > 1e-8, "{name}: {size}");
        }
    }
}

/// Of a group only its own channels meet in an output: their number sets the scale.
#[test]
fn weights_of_transposed_convolutions_are_scaled_by_their_group() {
    let deviation = |groups: usize| {
        let config =
            ConvTranspose2dConfig { out: 64, kernel: 3.into(), groups, init: Scheme::HeNormal, ..Default::default() };
        let up = ConvTranspose2d::with(config);
        build(&up, &[1, 64, 4, 4], 2).unwrap();
        let weight = &weights(&up)[0].1;
        assert_eq!(weight.len(), 64 * 64 / groups * 9);
        (weight.iter().map(|w| w * w).sum::<f32>() / weight.len() as f32).sqrt()
    };
    for groups in [1, 4] {
        let expected = (2.0 / (64.0 / groups as f32 * 9.0)).sqrt();
        assert!((deviation(groups) / expected - 1.0).abs() < 0.05, "{groups}: {} {expected}", deviation(groups));
    }
}

#[test]
fn mistakes_in_blocks_are_told() {
    let told = |layer: &dyn Layer| build(layer, &[2, 3, 6, 6], 0).unwrap_err().to_string();
    let upper = Conv1dConfig { out: 2, kernel: 3, padding: Padding::SAME_UPPER, ..Default::default() };
    let message =
        "conv1d: padding 'sameUpper' goes with the layers conv2d and separableConv2d; 'same' or pixels will do here";
    assert_eq!(build(&Conv1d::with(upper), &[2, 3, 6], 0).unwrap_err().to_string(), message);
    let residual = Residual::new(SeparableConv2d::new(4, 1));
    let message = "residual: the body gives [2, 4, 6, 6], the input is [2, 3, 6, 6]; give it a shortcut that makes them alike, such as a \
                   conv2d of kernel 1";
    assert_eq!(told(&residual), message);
    let sum = Parallel::new(Join::Add).then(Activation::Relu).then(SeparableConv2d::new(3, 3));
    assert_eq!(told(&sum), "parallel: the parts are [2, 3, 6, 6] and [2, 3, 4, 4]; expected equal shapes");
    assert_eq!(told(&GroupNorm::new(2)), "groupNorm: groups is 2; it must divide the 3 channels");
    let unknown = Graph::new().node("a", Activation::Relu, &["b"], Join::Add).err().unwrap().to_string();
    assert_eq!(unknown, "graph: node a takes b, which does not come before it; there are x");
}
