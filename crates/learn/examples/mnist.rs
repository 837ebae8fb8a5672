//! Trains a LeNet on the packed MNIST, natively: `cargo run --release -p gradbook-learn --example mnist [EPOCHS] [SEEDS]`.

use flate2::read::GzDecoder;
use gradbook_core::{LocalRunner, Tensor, device::cpu::Cpu};
use gradbook_formats::idx;
use gradbook_learn::{
    data::Dataset,
    layers::{Activation, Conv2d, Conv2dConfig, Flatten, Linear, MaxPool2d, NamedPadding, Padding, Sequential},
    schedule::Schedule,
    train::{Event, FitOptions, Flow, Unit, evaluate, fit},
};
use std::{error::Error, io::Read, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse());
    let epochs = arguments.next().transpose()?.unwrap_or(6);
    let seeds: usize = arguments.next().transpose()?.unwrap_or(3);
    let (train, test) = (Part::load("train")?, Part::load("test")?);
    let mut scores = Vec::new();
    for seed in 1..=seeds {
        let runner = LocalRunner::native(Cpu::new());
        let options = FitOptions {
            epochs,
            batch_size: 32,
            lr: Some(2e-3),
            schedule: Schedule::Cosine { t_max: 0, eta_min: 0.0 },
            schedule_unit: Unit::Step,
            seed: seed as u32,
            ..FitOptions::default()
        };
        let model = lenet();
        let (train, test) = (train.dataset()?, test.dataset()?);
        let start = Instant::now();
        let mut tell = |event: &Event| {
            if let Event::Epoch(report) = event {
                println!("seed {seed}  {report:?}");
            }
            Flow::Continue
        };
        pollster::block_on(fit(&runner, &model, &train, None, &options, &mut tell))?;
        let score = pollster::block_on(evaluate(&runner, &model, &test, &options.loss, 256))?;
        println!("seed {seed}: {score:?} after {:.1} s", start.elapsed().as_secs_f64());
        scores.push(score.accuracy.unwrap_or(0.0));
    }
    println!("mean accuracy {:.4}", scores.iter().sum::<f32>() / scores.len() as f32);
    Ok(())
}

fn lenet() -> Sequential {
    let conv = |out| {
        let padding = Padding::Named(NamedPadding::Same);
        Conv2d::with(Conv2dConfig { out, kernel: 3.into(), padding, ..Conv2dConfig::default() })
    };
    Sequential::new()
        .then(conv(16))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(conv(32))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Flatten)
        .then(Linear::new(128))
        .then(Activation::Relu)
        .then(Linear::new(10))
}

/// A part of the set in host memory. A tensor belongs to the runner that first uses it, so each run makes its own.
struct Part {
    name: String,
    pixels: Vec<f32>,
    classes: Vec<i32>,
}

impl Part {
    fn load(part: &str) -> Result<Self, Box<dyn Error>> {
        let pixels = bytes(part, "images")?.iter().map(|&b| f32::from(b) / 255.0).collect();
        let classes = bytes(part, "labels")?.iter().map(|&b| i32::from(b)).collect();
        Ok(Self { name: format!("mnist {part}"), pixels, classes })
    }

    fn dataset(&self) -> gradbook_learn::Result<Dataset> {
        let x = Tensor::f32(&[self.classes.len(), 1, 28, 28], &self.pixels)?;
        Dataset::new(&self.name, x, Tensor::i32(&[self.classes.len()], &self.classes)?)
    }
}

fn bytes(part: &str, what: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let path = format!("{}/../../web/assets/mnist/{part}-{what}.idx.gz", env!("CARGO_MANIFEST_DIR"));
    let mut file = Vec::new();
    GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut file)?;
    match idx::parse(&file)?.values {
        idx::Values::U8(values) => Ok(values.to_vec()),
        _ => Err("the set is of bytes".into()),
    }
}
