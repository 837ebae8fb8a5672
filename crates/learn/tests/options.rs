//! Options as callers write them: names in camelCase, unknown ones refused.

#![cfg(feature = "serde")]

use gradbook_learn::{
    layers::{Activation, Conv2dConfig, DropoutConfig, DropoutForm, MaxPool2dConfig, Padding, Pair},
    losses::{CrossEntropy, Loss},
    optim::{Adam, Optimiser, Sgd},
    schedule::Schedule,
    train::{FitOptions, Remainder, Unit},
};
use serde::de::DeserializeOwned;

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn training_options() {
    let options: FitOptions = read(
        r#"{
            "epochs": 5, "batchSize": 64, "lr": 0.1, "seed": 7, "shuffle": false, "clipNorm": 1, "weightDecay": 0.01,
            "optimizer": {"sgd": {"momentum": 0.9, "nesterov": true}},
            "loss": {"crossEntropy": {"labelSmoothing": 0.1}},
            "schedule": {"warmup": {"steps": 3, "then": {"cosine": {"tMax": 20}}}},
            "scheduleUnit": "step", "remainder": "drop", "earlyStopping": {"patience": 2}
        }"#,
    )
    .unwrap();
    assert_eq!((options.epochs, options.batch_size, options.seed, options.shuffle), (5, 64, 7, false));
    assert_eq!(options.optimiser, Optimiser::Sgd(Sgd { momentum: 0.9, nesterov: true, ..Sgd::default() }));
    assert!(matches!(options.loss, Loss::CrossEntropy(CrossEntropy { label_smoothing, .. }) if label_smoothing == 0.1));
    let cosine = Box::new(Schedule::Cosine { t_max: 20, eta_min: 0.0 });
    assert_eq!(options.schedule, Schedule::Warmup { steps: 3, then: cosine });
    assert_eq!((options.schedule_unit, options.remainder), (Unit::Step, Remainder::Drop));
    let early = options.early_stopping.unwrap();
    assert_eq!((early.patience, early.restore_best), (2, true));
}

#[test]
fn layer_options() {
    let conv: Conv2dConfig = read(r#"{"out": 16, "kernel": 3, "padding": "same", "stride": [2, 1]}"#).unwrap();
    assert_eq!((conv.out, conv.kernel, conv.padding), (16, Pair::Square(3), Padding::SAME));
    assert_eq!((conv.stride, conv.groups, conv.bias), (Pair::Each([2, 1]), 1, true));
    let conv: Conv2dConfig =
        read(r#"{"out": 1, "kernel": [3, 5], "padding": [1, 2], "paddingMode": "reflect"}"#).unwrap();
    assert_eq!((conv.kernel.both(), conv.padding), ([3, 5], Padding::Pixels(Pair::Each([1, 2]))));
    let pool: MaxPool2dConfig = read(r#"{"kernel": 2, "ceilMode": true}"#).unwrap();
    assert_eq!((pool.stride, pool.ceil_mode), (None, true));
    let dropout: DropoutConfig = read(r#"{"p": 0.2, "form": "course"}"#).unwrap();
    assert_eq!(dropout, DropoutConfig { p: 0.2, form: DropoutForm::Course });
    assert_eq!(read(r#"{"leakyRelu": {}}"#), Ok(Activation::LeakyRelu { slope: 0.01 }));
    assert_eq!(read(r#""relu""#), Ok(Activation::Relu));
}

#[test]
fn what_does_not_exist_is_refused_by_name() {
    let error = |result: Result<String, String>| result.unwrap_err();
    let told = error(read::<FitOptions>(r#"{"epoch": 3}"#).map(|_| String::new()));
    assert!(told.starts_with("unknown field `epoch`, expected one of `epochs`, `batchSize`"), "{told}");
    let told = error(read::<FitOptions>(r#"{"optimiser": {"adam": {"beta": 1}}}"#).map(|_| String::new()));
    assert!(told.starts_with("unknown field `beta`, expected one of `betas`"), "{told}");
    let told = error(read::<Loss>(r#"{"crossEntropy": {"smoothing": 1}}"#).map(|_| String::new()));
    assert!(told.starts_with("unknown field `smoothing`, expected one of `weight`, `labelSmoothing`"), "{told}");
    let told = error(read::<Schedule>(r#"{"step": {"every": 1, "factor": 1}}"#).map(|_| String::new()));
    assert!(told.starts_with("unknown field `factor`"), "{told}");
    let told = error(read::<Conv2dConfig>(r#"{"padding": "big"}"#).map(|_| String::new()));
    let expected =
        "invalid value: string \"big\", expected a number of pixels, [height, width], 'same', 'valid' or 'full'";
    assert!(told.starts_with(expected), "{told}");
    let told = error(read::<Adam>(r#"{"betas": [0.9]}"#).map(|_| String::new()));
    assert!(told.starts_with("invalid length 1"), "{told}");
}
