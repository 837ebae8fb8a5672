//! Steps of the caller's own: the same as `fit` to the bit, state in place, and what a trace notes.

mod support;

use gradbook_core::{
    LocalRunner, Runner, Tensor,
    device::{cpu::Cpu, webgpu},
};
use gradbook_learn::{
    Error,
    data::{Dataset, permutation},
    layers::{
        Activation, BatchNorm, Conv2d, Conv2dConfig, Dropout, Flatten, Layer, Linear, MaxPool2d, Padding, Param,
        Params, Role, Sequential, build,
    },
    losses::Loss,
    optim::{Adam, Clip, Memory, Optimiser, Sgd},
    train::{Argument, Draws, FitOptions, Flow, Step, fit, forward},
};
use support::{block_on, runner, values};

const SEED: u32 = 7;
const BATCH: usize = 16;

/// Noise in the form of digits, with labels.
fn digits(samples: usize) -> Dataset {
    let x = Tensor::uniform(&Tensor::key(3), 0, &[samples, 1, 12, 12], 0.0, 1.0).unwrap();
    let labels: Vec<i32> = (0..samples as i32).map(|i| i * 7 % 10).collect();
    let x = Tensor::from_data(block_on(runner().read(&x)).unwrap());
    Dataset::new("digits", x, Tensor::i32(&[samples], &labels).unwrap()).unwrap()
}

fn lenet() -> Sequential {
    let conv = |out| Conv2d::with(Conv2dConfig { out, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
    Sequential::new()
        .then(conv(4))
        .then(BatchNorm::default())
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(conv(6))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Flatten)
        .then(Dropout::new(0.2))
        .then(Linear::new(10))
}

fn weights(model: &dyn Layer) -> Vec<Param> {
    Params::of(model).handles().filter(|param| param.role() == Role::Weight).cloned().collect()
}

fn step(
    model: &dyn Layer,
    draws: &Draws,
    optimiser: &Optimiser,
    memory: &Memory,
    clip: Clip,
    given: &[Tensor],
) -> Step {
    let arguments: Vec<Argument> = given.iter().map(Argument::of).collect();
    let trace = |given: &[Tensor]| {
        let loss = Loss::default().mean(&forward(model, &given[0], 0)?, &given[1])?;
        memory.minimise(optimiser, &Tensor::f32(&[], &[0.01])?, clip, &loss, &weights(model))?;
        Ok::<_, Error>(vec![loss])
    };
    Step::trace(draws, &arguments, trace).unwrap()
}

fn batch(data: &Dataset, order: &[i32]) -> [Tensor; 2] {
    let index = Tensor::i32(&[order.len()], order).unwrap();
    [data.x().unwrap().rows("batch", &index).unwrap(), data.y().rows("batch", &index).unwrap()]
}

/// Two epochs with a smaller last batch, by hand and by `fit`: the same losses and weights to the bit.
fn same_as_fit(optimiser: Optimiser, clip: Clip) {
    let (runner, data) = (LocalRunner::native(Cpu::new()), digits(40));
    let options = FitOptions {
        epochs: 2,
        batch_size: BATCH,
        lr: Some(0.01),
        optimiser: optimiser.clone(),
        seed: SEED,
        clip_norm: clip.norm,
        clip_value: clip.value,
        ..FitOptions::default()
    };
    let fitted = lenet();
    let history = block_on(fit(&runner, &fitted, &data, None, &options, &mut |_| Flow::Continue)).unwrap();

    let (model, memory, draws) = (lenet(), Memory::new(), Draws::new(SEED));
    build(&model, &[BATCH, 1, 12, 12], SEED).unwrap();
    let mut steps: Vec<(usize, Step)> = Vec::new();
    let mut losses = Vec::new();
    for epoch in 0..2 {
        for order in permutation(SEED, epoch, data.len()).chunks(BATCH) {
            let given = batch(&data, order);
            if !steps.iter().any(|(size, _)| *size == order.len()) {
                steps.push((order.len(), step(&model, &draws, &optimiser, &memory, clip, &given)));
            }
            let (_, step) = steps.iter().find(|(size, _)| *size == order.len()).unwrap();
            let outputs = block_on(step.call(&runner, &given)).unwrap();
            losses.push(block_on(runner.read(&outputs[0])).unwrap().as_f32()[0]);
        }
    }
    assert_eq!(steps.len(), 2, "one for full batches, one for the last");
    assert_eq!(losses, history.points.iter().map(|point| point.loss).collect::<Vec<_>>());
    for ((name, ours), (_, theirs)) in Params::of(&model).0.iter().zip(&Params::of(&fitted).0) {
        let read = |param: &Param| block_on(runner.read(&param.value())).unwrap();
        assert_eq!(read(ours).words, read(theirs).words, "{name}");
    }
}

#[test]
fn a_step_by_hand_is_fit_to_the_bit() {
    same_as_fit(Optimiser::Adam(Adam::default()), Clip { norm: Some(0.5), value: None });
    let momentum = Sgd { momentum: 0.9, ..Sgd::default() };
    same_as_fit(Optimiser::Sgd(momentum), Clip { norm: None, value: Some(0.01) });
}

#[test]
fn a_step_goes_on_where_fit_ended_and_the_other_way_round() {
    let (runner, data, model) = (LocalRunner::native(Cpu::new()), digits(32), lenet());
    let options = FitOptions { batch_size: BATCH, seed: SEED, ..FitOptions::default() };
    let fitting = || block_on(fit(&runner, &model, &data, None, &options, &mut |_| Flow::Continue)).unwrap();
    let weight = || block_on(runner.read(&weights(&model)[0].value())).unwrap().words;
    fitting();
    let (memory, draws, adam) = (Memory::new(), Draws::new(1), Optimiser::default());
    let given = batch(&data, &[1, 2, 3, 4]);
    let step = step(&model, &draws, &adam, &memory, Clip::default(), &given);
    let mut seen = vec![weight()];
    for round in 0..4 {
        if round == 2 {
            fitting();
        } else {
            block_on(step.call(&runner, &given)).unwrap();
        }
        seen.push(weight());
    }
    for (i, words) in seen.iter().enumerate() {
        assert!(!seen[..i].contains(words), "nothing changed in round {i}");
    }
}

#[test]
fn a_trace_that_fails_changes_nothing() {
    let w = Param::weight(Tensor::scalar(2.0));
    let draws = Draws::new(1);
    let failed = Step::trace(&draws, &[], |_| {
        w.replace(Tensor::scalar(5.0));
        Err(Error::Data { name: "x".into(), message: "no".into() })
    });
    assert!(failed.is_err());
    assert_eq!(values(&w.value()), [2.0]);
    let nested = Step::trace(&draws, &[], |_| Step::trace(&draws, &[], |_| Ok::<_, Error>(vec![])).map(|_| vec![]));
    assert!(nested.err().unwrap().to_string().contains("being traced already"));
}

#[test]
fn draws_differ_from_call_to_call_and_repeat_from_a_seed() {
    let run = |seed| {
        let draws = Draws::new(seed);
        let trace = |_: &[Tensor]| {
            let draw = || Tensor::uniform(&gradbook_learn::train::draw().unwrap().unwrap(), 0, &[3], 0.0, 1.0);
            Ok::<_, Error>(vec![draw().unwrap(), draw().unwrap()])
        };
        let step = Step::trace(&draws, &[], |given| trace(given)).unwrap();
        let call = |_| block_on(step.call(&runner(), &[])).unwrap().iter().map(values).collect::<Vec<_>>();
        (0..3).flat_map(call).collect::<Vec<_>>()
    };
    let first = run(1);
    assert!((0..6).all(|i| !first[..i].contains(&first[i])), "{first:?}");
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
}

#[test]
fn misuse_is_named() {
    let w = Param::weight(Tensor::scalar(2.0));
    let (memory, sgd, lr) = (Memory::new(), Optimiser::Sgd(Sgd::default()), Tensor::scalar(0.1));
    let minimise = |loss: &Tensor| memory.minimise(&sgd, &lr, Clip::default(), loss, std::slice::from_ref(&w));
    let error = minimise(&Tensor::scalar(1.0)).unwrap_err();
    assert!(error.to_string().contains("does not depend on any"), "{error}");
    let twice = Step::trace(&Draws::new(1), &[], |_| {
        let loss = w.value().square()?;
        minimise(&loss)?;
        minimise(&loss)?;
        Ok::<_, Error>(vec![])
    });
    assert!(twice.err().unwrap().to_string().contains("computed before its parameters changed"));
    let grads = [Tensor::zeros(&[3]).unwrap()];
    let error = memory.apply(&sgd, &lr, Clip::default(), &grads, std::slice::from_ref(&w)).unwrap_err();
    assert!(error.to_string().contains("gradient 0 has shape [3], its parameter []"), "{error}");

    let x = Tensor::zeros(&[3]).unwrap();
    let step = Step::trace(&Draws::new(1), &[Argument::of(&x)], |given| Ok::<_, Error>(given.to_vec())).unwrap();
    assert_eq!(values(&block_on(step.call(&runner(), std::slice::from_ref(&x))).unwrap()[0]), [0.0; 3]);
    let error = block_on(step.call(&runner(), &[Tensor::zeros(&[4]).unwrap()])).err().unwrap();
    assert_eq!(error.to_string(), "step: argument 0 is f32[4]; it was traced for f32[3]: trace it again");
}

/// After the first call each one is a single submit that makes nothing and reads nothing.
#[test]
fn a_call_on_webgpu_is_one_submit() {
    let gpu = match block_on(webgpu::WebGpu::new(webgpu::Options::default())) {
        Ok(gpu) => LocalRunner::native(gpu),
        Err(error) => {
            let required = std::env::var("GRADBOOK_REQUIRE_GPU").is_ok_and(|value| value == "1");
            assert!(!required, "GRADBOOK_REQUIRE_GPU is set, but: {error}");
            return eprintln!("SKIPPED, NOTHING WAS TESTED ON A GPU: {error}");
        }
    };
    let (model, data, draws, memory) = (lenet(), digits(40), Draws::new(SEED), Memory::new());
    block_on(gpu.evaluate(&[data.x().unwrap(), data.y().clone()])).unwrap();
    let order = permutation(SEED, 0, 32);
    for resident in [false, true] {
        // Two batches in turns, so that each is brought anew: rows of the data set, or tensors on the device.
        let batches = [batch(&data, &order[..BATCH]), batch(&data, &order[BATCH..])];
        if resident {
            block_on(gpu.evaluate(batches.as_flattened())).unwrap();
        }
        let step = step(&model, &draws, &Optimiser::default(), &memory, Clip::default(), &batches[0]);
        block_on(step.call(&gpu, &batches[1])).unwrap();
        let before = gpu.device().counters();
        for call in 0..10 {
            block_on(step.call(&gpu, &batches[call % 2])).unwrap();
        }
        let after = gpu.device().counters();
        assert_eq!(after.submits - before.submits, 10);
        assert_eq!(
            (after.buffers_created, after.bind_groups_created, after.pipelines_created, after.reads),
            (before.buffers_created, before.bind_groups_created, before.pipelines_created, before.reads)
        );
    }
}
