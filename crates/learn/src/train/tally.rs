//! The confusion matrix of an epoch, counted where training and validation run. It rides on what is read from there anyway, the log of
//! steps and the sums of a pass: no step makes another submit, and nothing more is read.

use crate::{
    Error, Result,
    metrics::{Accuracy, Confusion},
};
use gradbook_core::{Tensor, ops::PadMode};

/// The most classes that are counted: the log is read every few tens of milliseconds, and counts are the square of it.
const MOST_CLASSES: usize = 128;

/// Counts that were read, added up.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    classes: usize,
    counts: Vec<u64>,
}

impl Tally {
    /// Of so many classes; of none it counts nothing.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Adds counts; what lies behind them is no count.
    pub fn add(&mut self, counts: &[f32]) {
        self.counts.iter_mut().zip(counts).for_each(|(sum, &count)| *sum += count as u64);
    }

    /// The matrix, if classes were counted.
    pub fn confusion(self) -> Option<Confusion> {
        (self.classes > 0).then(|| Confusion::from_counts(self.classes, self.counts).expect("counts are a square"))
    }
}

/// How many classes there are to be counted. Errors: outputs are not scores of classes, or of too many.
pub(super) fn classes(output: &Tensor, answer: &Tensor) -> Result<usize> {
    if !Accuracy::applies(output, answer) {
        let (output, answer) = (output.shape(), answer.shape());
        let message = format!("countClasses is for labels of classes; outputs are {output}, targets {answer}");
        return Err(Error::argument("fit", message));
    }
    match output.shape()[1] {
        classes if classes <= MOST_CLASSES => Ok(classes),
        classes => {
            Err(Error::argument("fit", format!("countClasses takes up to {MOST_CLASSES} classes, not {classes}")))
        }
    }
}

/// The counts of a batch, f32 \[classes²\]: a row for each true class, a column for each predicted one. A target that is no class counts
/// nowhere. Up to 2²⁴ a cell they are exact.
pub(super) fn counts(output: &Tensor, answer: &Tensor, classes: usize) -> Result<Tensor> {
    let hot = |indices: &Tensor| -> Result<Tensor> { Ok(indices.flatten(0, -1)?.one_hot(classes)?) };
    let predicted = output.argmax(1, false)?;
    Ok(hot(answer)?.t()?.matmul(&hot(&predicted)?)?.flatten(0, -1)?)
}

/// Counts as rows of a log with so many columns, zeros behind them.
pub(super) fn rows(counts: &Tensor, columns: usize) -> Result<Tensor> {
    let cells = counts.shape().len();
    let padded = counts.pad(&[[0, cells.div_ceil(columns) * columns - cells]], PadMode::Constant(0.0))?;
    Ok(padded.reshape(&[-1, columns as isize])?)
}

#[cfg(test)]
#[path = "../../tests/support/gpu.rs"]
mod gpu;

#[cfg(test)]
mod tests {
    use super::super::{
        Event, FitOptions, Flow,
        body::{Batches, Task, body},
        fit,
        groups::settings,
        predict,
    };
    use super::gpu::gpu;
    use crate::{
        data::Dataset,
        layers::{Activation, Conv2d, Conv2dConfig, Flatten, Linear, MaxPool2d, Padding, Params, Sequential, build},
        metrics::{Confusion, Counted},
    };
    use gradbook_core::{
        LocalRunner, Runner, Tensor,
        device::cpu::Cpu,
        runner::{Profile, ProgramSpec, Variable},
    };
    use pollster::block_on;

    /// Samples of three classes, whose label is half right.
    fn toy(n: usize, seed: u64) -> Dataset {
        let x = Tensor::uniform(&Tensor::key(seed), 0, &[n, 4], -1.0, 1.0).unwrap();
        let y: Vec<i32> = (0..n).map(|i| (i * i + i / 3) as i32 % 3).collect();
        Dataset::new("toy", x, Tensor::i32(&[n], &y).unwrap()).unwrap()
    }

    #[test]
    fn an_epoch_tells_what_was_taken_for_what() {
        let runner = LocalRunner::native(Cpu::new());
        // 50 samples in batches of 16 leave 2; 150 of validation in batches of 128 leave 22.
        let (train, validation) = (toy(50, 1), toy(150, 2));
        let model = Linear::new(3);
        let options = FitOptions { epochs: 3, batch_size: 16, count_classes: true, ..FitOptions::default() };
        let history =
            block_on(fit(&runner, &model, &train, Some(&validation), &options, &mut |_| Flow::Continue)).unwrap();
        let labels = |set: &Dataset| block_on(runner.read(set.y())).unwrap().as_i32().to_vec();
        for epoch in &history.epochs {
            let confusion = epoch.confusion.as_ref().unwrap();
            assert_eq!(confusion.total(), 50);
            let own = labels(&train);
            for class in 0..3 {
                assert_eq!(confusion.support(class), own.iter().filter(|&&l| l == class as i32).count() as u64);
            }
            let accuracy = confusion.figure(Counted::Accuracy).unwrap().value;
            assert!((accuracy - f64::from(epoch.accuracy.unwrap())).abs() < 1e-6);
        }
        let x = block_on(validation.settle(&runner)).and_then(|()| validation.x()).unwrap();
        let scores = block_on(predict(&runner, &model, &x, 50)).unwrap();
        let predicted = scores.argmax(1, false).unwrap();
        block_on(runner.evaluate(std::slice::from_ref(&predicted))).unwrap();
        let predicted = block_on(runner.read(&predicted)).unwrap().as_i32().to_vec();
        let wanted = Confusion::new(3, &labels(&validation), &predicted).unwrap();
        assert_eq!(history.epochs[2].val_confusion.as_ref(), Some(&wanted));

        // Not wanted, not told, and the same bits otherwise.
        let other = Linear::new(3);
        let options = FitOptions { count_classes: false, ..options };
        let plain =
            block_on(fit(&runner, &other, &train, Some(&validation), &options, &mut |_| Flow::Continue)).unwrap();
        assert!(plain.epochs.iter().all(|epoch| epoch.confusion.is_none() && epoch.val_confusion.is_none()));
        assert_eq!(plain.points, history.points);

        let line = Dataset::new("line", Tensor::zeros(&[4, 1]).unwrap(), Tensor::zeros(&[4, 1]).unwrap()).unwrap();
        let options = FitOptions { count_classes: true, loss: crate::losses::Loss::Mse, ..options };
        let error =
            block_on(fit(&runner, &Linear::new(1), &line, None, &options, &mut |_| Flow::Continue)).unwrap_err();
        assert!(error.to_string().contains("countClasses is for labels of classes"), "{error}");
    }

    /// The network of the benchmarks: 16 and 32 channels, a dense layer of 128.
    fn lenet() -> Sequential {
        let conv =
            |out| Conv2d::with(Conv2dConfig { out, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
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

    fn digits(n: usize) -> Dataset {
        let images = Tensor::uniform(&Tensor::key(3), 0, &[n, 1, 28, 28], 0.0, 1.0).unwrap();
        let labels: Vec<i32> = (0..n as i32).map(|i| i * 7 % 10).collect();
        Dataset::new("digits", images, Tensor::i32(&[n], &labels).unwrap()).unwrap()
    }

    /// What a step of training costs.
    fn step(runner: &dyn Runner, count_classes: bool) -> Profile {
        let (model, data) = (lenet(), digits(256));
        build(&model, &[64, 1, 28, 28], 1).unwrap();
        let params = Params::of(&model);
        let options = FitOptions { batch_size: 64, count_classes, ..FitOptions::default() };
        let settings = settings(&params, &options).unwrap();
        let task = Task {
            model: &model,
            params: &params,
            data: &data,
            options: &options,
            settings: &settings,
            classes: Some(10),
        };
        let batches = Batches { size: 64, count: 4, of: 4, last: false };
        let spec = body(&task, batches).unwrap().spec;
        let values: Vec<Tensor> = spec.state.iter().map(|state| state.initial.clone()).collect();
        block_on(runner.evaluate(&values)).unwrap();
        let state = spec.state.into_iter().zip(values);
        let state = state.map(|(state, value)| Variable { input: state.input, value, next: state.next }).collect();
        let program = ProgramSpec { arguments: vec![], state, outputs: vec![] };
        let prepared = block_on(runner.prepare(&program)).unwrap();
        block_on(runner.explain(&prepared)).unwrap()
    }

    #[test]
    fn counting_costs_a_step_next_to_nothing() {
        let gpu = gpu().map(|gpu| Box::new(LocalRunner::native(gpu)) as Box<dyn Runner>);
        for runner in [Some(Box::new(LocalRunner::native(Cpu::new())) as Box<dyn Runner>), gpu].into_iter().flatten() {
            let (with, without) = (step(&*runner, true), step(&*runner, false));
            let told = format!(
                "{}: steps {} and {}, flops {} and {}, bytes needed {} and {}, moved {} and {}",
                with.device,
                with.steps.len(),
                without.steps.len(),
                with.flops(),
                without.flops(),
                with.needed(),
                without.needed(),
                with.moved(),
                without.moved()
            );
            println!("{told}");
            assert!(with.flops() > without.flops() && with.flops() <= 1.03 * without.flops(), "{told}");
            assert!(with.needed() <= 1.03 * without.needed() && with.moved() <= 1.03 * without.moved(), "{told}");
            assert_eq!(with.submits, without.submits, "{told}");
        }
    }

    /// How often a run reads is a matter of time: each report is a read.
    #[test]
    fn counting_reads_nothing_more() {
        let reads = |count_classes| {
            let runner = LocalRunner::native(Cpu::new());
            let options = FitOptions { epochs: 2, batch_size: 16, count_classes, ..FitOptions::default() };
            let data = toy(50, 1);
            let mut reports = 0;
            let mut listen = |event: &Event| {
                reports += u64::from(matches!(event, Event::Steps(_)));
                Flow::Continue
            };
            block_on(fit(&runner, &Linear::new(3), &data, Some(&data), &options, &mut listen)).unwrap();
            let reads = runner.device().counters().reads;
            assert!(reads > reports, "{reads} reads, {reports} reports");
            reads - reports
        };
        assert_eq!(reads(true), reads(false));
    }
}
