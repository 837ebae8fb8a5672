//! A run that was broken off and goes on from its last checkpoint, in another model, is the run that was not: bit by bit.

use gradbook_core::{Data, LocalRunner, Runner, Tensor, device::cpu::Cpu};
use gradbook_learn::{
    data::Dataset,
    layers::{Activation, BatchNorm, Dropout, Linear, Params, Sequential},
    optim::Optimiser,
    schedule::Schedule,
    train::{Checkpoint, EarlyStop, Event, FitOptions, Flow, History, Keeper, LrChange, fit},
};
use pollster::block_on;
use std::cell::RefCell;
use std::rc::Rc;

const EPOCHS: usize = 6;

fn model() -> Sequential {
    Sequential::new()
        .then(Linear::new(12))
        .then(BatchNorm::default())
        .then(Activation::Relu)
        .then(Dropout::new(0.3))
        .then(Linear::new(3))
}

fn data(name: &str, n: usize) -> Dataset {
    let values: Vec<f32> = (0..n * 4).map(|i| ((i * 37 + name.len()) % 23) as f32 / 11.0 - 1.0).collect();
    let labels: Vec<i32> = (0..n).map(|i| (i * i % 3) as i32).collect();
    Dataset::new(name, Tensor::f32(&[n, 4], &values).unwrap(), Tensor::i32(&[n], &labels).unwrap()).unwrap()
}

/// Everything that a run remembers: moments, running statistics, a falling rate, the best weights; and a smaller last batch.
fn options() -> FitOptions {
    FitOptions {
        epochs: EPOCHS,
        batch_size: 8,
        optimiser: Optimiser::Adam(gradbook_learn::optim::Adam::default()),
        schedule: Schedule::Plateau { factor: 0.5, patience: 0, threshold: 0.0 },
        early_stopping: Some(EarlyStop { patience: 50, ..EarlyStop::default() }),
        seed: 7,
        ..FitOptions::default()
    }
}

/// As a file would keep it: values of the host.
type Stored = (Vec<(String, Data)>, History);

fn keeper(runner: &Rc<LocalRunner>) -> (Keeper, Rc<RefCell<Vec<Stored>>>) {
    let kept: Rc<RefCell<Vec<Stored>>> = Rc::default();
    let (into, runner) = (kept.clone(), runner.clone());
    let keeper = Keeper(Rc::new(move |checkpoint: Checkpoint| {
        let (into, runner) = (into.clone(), runner.clone());
        Box::pin(async move {
            let mut values = Vec::new();
            for (name, value) in &checkpoint.values {
                values.push((name.clone(), runner.read(value).await?));
            }
            into.borrow_mut().push((values, checkpoint.history));
            Ok(())
        })
    }));
    (keeper, kept)
}

fn checkpoint((values, history): &Stored) -> Checkpoint {
    let values = values.iter().map(|(name, data)| (name.clone(), Tensor::from_data(data.copied().unwrap())));
    Checkpoint { values: values.collect(), history: history.clone() }
}

fn run(runner: &LocalRunner, model: &Sequential, options: &FitOptions) -> gradbook_learn::Result<History> {
    block_on(fit(runner, model, &data("train", 45), Some(&data("validation", 20)), options, &mut |_: &Event| {
        Flow::Continue
    }))
}

fn weights(runner: &LocalRunner, model: &Sequential) -> Vec<Vec<u32>> {
    Params::of(model).values().iter().map(|value| block_on(runner.read(value)).unwrap().words).collect()
}

#[test]
fn a_run_that_was_broken_off_is_the_run_that_was_not() {
    for ema in [None, Some(0.9)] {
        goes_on(|| FitOptions { ema, ..options() });
    }
}

/// Each epoch halves the rate that it ended with.
#[test]
fn a_run_whose_rate_was_changed_goes_on_with_what_a_plateau_made_of_it() {
    goes_on(|| FitOptions {
        schedule: Schedule::Plateau { factor: 0.5, patience: 0, threshold: 0.9 },
        lr_changes: [(3, 0.02), (15, 0.03)].map(|(step, lr)| LrChange { step, lr }).to_vec(),
        ..options()
    });
}

fn goes_on(options: impl Fn() -> FitOptions) {
    let runner = Rc::new(LocalRunner::native(Cpu::new()));
    let (checkpoints, kept) = keeper(&runner);
    let whole = model();
    let expected = run(&runner, &whole, &FitOptions { checkpoint: Some(checkpoints), ..options() }).unwrap();
    assert_eq!((expected.epochs.len(), kept.borrow().len()), (EPOCHS, EPOCHS));
    for after in [1, 4, EPOCHS] {
        let again = model();
        let resume = Some(checkpoint(&kept.borrow()[after - 1]));
        let history = run(&runner, &again, &FitOptions { resume, ..options() }).unwrap();
        assert_eq!(history.points, expected.points, "from epoch {after}");
        let told = |history: &History| -> Vec<_> {
            history.epochs.iter().map(|e| (e.epoch, e.step, e.loss, e.val_loss, e.val_accuracy, e.lr)).collect()
        };
        assert_eq!(told(&history), told(&expected), "from epoch {after}");
        assert_eq!(history.restored, expected.restored);
        assert_eq!(weights(&runner, &again), weights(&runner, &whole), "from epoch {after}");
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let runner = Rc::new(LocalRunner::native(Cpu::new()));
    let (keeper, kept) = keeper(&runner);
    run(&runner, &model(), &FitOptions { checkpoint: Some(keeper), ..options() }).unwrap();
    let message = |change: fn(&mut FitOptions)| {
        let mut options = FitOptions { resume: Some(checkpoint(&kept.borrow()[0])), ..options() };
        change(&mut options);
        run(&runner, &model(), &options).unwrap_err().to_string()
    };
    let of_another = "fit: the checkpoint is of another run: ";
    assert_eq!(message(|options| options.seed = 8), format!("{of_another}its seed is 7, not 8"));
    assert!(
        message(|options| options.optimiser = Optimiser::Sgd(gradbook_learn::optim::Sgd::default()))
            .starts_with(of_another)
    );
    assert!(message(|options| options.batch_size = 9).starts_with(of_another));
    let lr_changes = vec![LrChange { step: 3, lr: 0.1 }, LrChange { step: 2, lr: f64::NAN }];
    let mut odd = checkpoint(&kept.borrow()[0]);
    odd.history = History { lr_changes, ..odd.history };
    let options = FitOptions { resume: Some(odd), ..self::options() };
    assert!(run(&runner, &model(), &options).unwrap_err().to_string().contains("must rise"));
    let wider = Sequential::new().then(Linear::new(3));
    let options = FitOptions { resume: Some(checkpoint(&kept.borrow()[0])), ..self::options() };
    assert!(run(&runner, &wider, &options).unwrap_err().to_string().starts_with(of_another));
}
