//! The driver: hands a compiled step to the runner, epoch after epoch, and tells what comes back.

use super::{
    BeginReport, Checkpoint, EpochReport, Event, FitOptions, Flow, History, Keeper, LiveLr, LrChange, Remainder, Unit,
    body::{Batches, Body, Inputs, Places, Task, body},
    evaluate::{Passes, Score, prepare, sample},
    fault::cause,
    groups::settings,
    rate,
    tell::Teller,
};
use crate::{
    Error, Result,
    augment::{Batch, augment},
    data::{Dataset, Window, advance, permutation},
    layers::{Layer, Params},
    metrics::Confusion,
    schedule::{EarlyStopping, Plateau, Schedule},
};
use gradbook_core::{DType, LoopRun, LoopSpec, Progress, Runner, Shape, Tensor};
use std::{cell::RefCell, ops::Range, rc::Rc};

/// Trains a model on a data set: all steps run where the runner computes, and `listen` hears of them every few tens of
/// milliseconds, after each epoch, and before the first step, which is the moment to say that it is not wanted any more. From then on the model's parameters are the run's live values; they stay when it is
/// stopped.
///
/// Errors: options out of range; shapes, types and labels that do not fit; a loss that is not a number, after which the
/// weights are those at the start of the epoch. The epoch is made again up to there, to tell which layer and op it comes from.
///
/// ```
/// use gradbook_core::{LocalRunner, Tensor, device::interp::Interp};
/// use gradbook_learn::{data::Dataset, layers::Linear, losses::Loss, train::{FitOptions, Flow, fit}};
/// let x = Tensor::f32(&[4, 1], &[0.0, 1.0, 2.0, 3.0])?;
/// let y = Tensor::f32(&[4, 1], &[1.0, 3.0, 5.0, 7.0])?;
/// let data = Dataset::new("line", x, y)?;
/// let options = FitOptions { epochs: 50, lr: Some(0.1), loss: Loss::Mse, ..FitOptions::default() };
/// let runner = LocalRunner::native(Interp::new());
/// let history = pollster::block_on(fit(&runner, &Linear::new(1), &data, None, &options, &mut |_| Flow::Continue))?;
/// assert!(history.epochs[49].loss < history.epochs[0].loss);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub async fn fit(
    runner: &dyn Runner,
    model: &dyn Layer,
    train: &Dataset,
    validation: Option<&Dataset>,
    options: &FitOptions,
    listen: &mut dyn FnMut(&Event) -> Flow,
) -> Result<History> {
    options.check()?;
    train.settle(runner).await?;
    let classes = prepare(runner, model, &input(train, options)?, &options.loss, options.seed).await?;
    if let Some(teacher) = &options.teacher {
        runner.evaluate(&Params::of(&*teacher.model).values()).await?;
    }
    train.prepare(runner, classes).await?;
    if let Some(validation) = validation {
        validation.prepare(runner, classes).await?;
    }
    let params = Params::of(model);
    let settings = settings(&params, options)?;
    let task = Task { model, params: &params, data: train, options, settings: &settings, classes };
    let run = Run::begin(runner, task).await?;
    if let Some(checkpoint) = &options.resume {
        run.resume(checkpoint).await?;
    }
    params.set(&run.main.state[run.main.places.params.clone()]);
    let passes = match validation {
        Some(data) => {
            let batch = options.batch_size.max(EVALUATION_BATCH);
            Some(Passes::begin(runner, model, data, &options.loss, batch, options.count_classes).await?)
        }
        None => None,
    };
    let history = run.train(passes.as_ref(), listen).await?;
    if history.restored.is_none() {
        run.copy(run.main.places.average.clone(), run.main.places.params.clone()).await?;
    }
    Ok(history)
}

/// The shape of a batch as the model sees it. Class labels are of no more than two classes here: only shapes matter.
pub(super) fn input(train: &Dataset, options: &FitOptions) -> Result<Vec<usize>> {
    let shape = sample(train, options.batch_size);
    if options.augment.is_empty() {
        return Ok(shape);
    }
    let like = |all: &Shape, dtype: DType| -> Result<Tensor> {
        let shape = [&shape[..1], &all[1..]].concat();
        Ok(LoopSpec::placeholder(&Shape::new("fit", shape)?, dtype))
    };
    let (x, y) = (like(train.shape(), DType::F32)?, like(train.y().shape(), train.y().dtype())?);
    let batch = Batch::new(x, y, Some(2));
    Ok(augment(&options.augment, batch, Tensor::key(0))?.x.shape().to_vec())
}

/// The least batch of an evaluation: larger ones are faster, and no result depends on it.
const EVALUATION_BATCH: usize = 128;

/// A training run on its way.
struct Run<'a> {
    runner: &'a dyn Runner,
    task: Task<'a>,
    options: &'a FitOptions,
    /// How many samples there are.
    samples: usize,
    batches: Batches,
    /// All full batches.
    main: Loop,
    /// The rest of an epoch.
    rest: Option<Loop>,
    /// Where in the main loop's state what loops share is kept as it was at the start of the epoch.
    kept: Range<usize>,
    /// Where the weights of the best epoch are kept.
    best: Option<Range<usize>>,
    /// Where the weights are kept while their averages are validated.
    aside: Option<Range<usize>>,
}

/// A loop that has begun.
pub(super) struct Loop {
    pub run: LoopRun,
    pub state: Vec<Tensor>,
    pub places: Places,
    pub batches: Batches,
    /// Entries that can be right, in a step; 0 if there are no right answers.
    pub answers: usize,
    /// Names of the parameters whose gradient norms are told.
    pub watched: Vec<String>,
    /// Rows of the log that are steps.
    pub rows: usize,
    /// How many classes are counted; 0 if they are not.
    classes: usize,
    window: Option<Window>,
    /// The samples of an epoch in the order of its batches.
    order: RefCell<Rc<[i32]>>,
}

impl Loop {
    async fn begin(runner: &dyn Runner, body: Body, batches: Batches) -> Result<Self> {
        let run = runner.begin(&body.spec).await?;
        let Body { places, answers, watched, rows, classes, window, .. } = body;
        let (state, order) = (run.state.clone(), RefCell::new(Rc::from([])));
        Ok(Self { state, run, places, batches, answers, watched, rows, classes, window, order })
    }

    /// How samples are streamed, and the state that they are streamed to; if they are.
    fn window(&self) -> Option<(&Window, &Tensor)> {
        self.window.as_ref().zip(self.places.window.map(|at| &self.state[at]))
    }

    fn order(&self) -> Rc<[i32]> {
        self.order.borrow().clone()
    }

    /// What a step from the present state reads.
    fn inputs(&self) -> Inputs {
        let part = |range: Range<usize>| self.state[range].to_vec();
        let mut slots = &self.state[self.places.params.end..];
        let memory = self.places.slots.iter().map(|&count| {
            let (these, others) = slots.split_at(count);
            slots = others;
            these.to_vec()
        });
        Inputs {
            params: part(self.places.params.clone()),
            memory: memory.collect(),
            average: part(self.places.average.clone()),
            step: self.state[self.places.shared.end - 1].clone(),
            order: self.state[self.places.order].clone(),
            lrs: self.state[self.places.lrs].clone(),
            window: self.places.window.map(|at| self.state[at].clone()),
        }
    }
}

impl<'a> Run<'a> {
    async fn begin(runner: &'a dyn Runner, task: Task<'a>) -> Result<Self> {
        let options = task.options;
        let samples = task.data.len();
        let size = options.batch_size.min(samples);
        let count = samples / size;
        let left = if options.remainder == Remainder::Keep { samples % size } else { 0 };
        let batches = Batches { size, count, of: count + usize::from(left > 0), last: false };
        let mut first = body(&task, batches)?;
        let (shared, params) = (first.places.shared.clone(), first.places.params.clone());
        let kept = copies(&mut first, shared);
        let restores = options.early_stopping.as_ref().is_some_and(|stop| stop.restore_best);
        let best = restores.then(|| copies(&mut first, params.clone()));
        let aside = options.ema.is_some().then(|| copies(&mut first, params));
        let main = Loop::begin(runner, first, batches).await?;
        let mut rest = None;
        if left > 0 {
            let batches = Batches { size: left, count: 1, last: true, ..batches };
            rest = Some(Loop::begin(runner, body(&task, batches)?, batches).await?);
        }
        Ok(Self { runner, task, options, samples, batches, main, rest, kept, best, aside })
    }

    /// What a checkpoint holds, by name: what the loops share, with the weights that stand here, and the best weights.
    fn state(&self, weights: Range<usize>) -> Vec<(String, Tensor)> {
        let Places { names, params, shared, .. } = &self.main.places;
        let shared =
            names.iter().cloned().zip(weights.chain(params.end..shared.end).map(|i| self.main.state[i].clone()));
        let best = self.best.clone().unwrap_or_default().zip(params.clone());
        let best = best.map(|(best, param)| (format!("best.{}", names[param]), self.main.state[best].clone()));
        shared.chain(best).collect()
    }

    /// Takes the state of an earlier run like this one.
    async fn resume(&self, checkpoint: &Checkpoint) -> Result<()> {
        let History { epochs, seed, lr_changes, .. } = &checkpoint.history;
        rate::check(lr_changes)?;
        let state = self.state(self.main.places.params.clone());
        let values = checkpoint.values_for(&state, self.options.seed)?;
        if let Some(last) = epochs.last()
            && last.step != epochs.len() * self.batches.of
        {
            let message = format!(
                "the checkpoint is of another run: after {} epochs it had done {} steps, and this one would have done {} (seed {seed})",
                epochs.len(),
                last.step,
                epochs.len() * self.batches.of
            );
            return Err(Error::argument("fit", message));
        }
        for ((_, own), value) in state.iter().zip(&values) {
            self.runner.assign(own, value).await?;
        }
        Ok(())
    }

    async fn train(&self, passes: Option<&Passes>, listen: &mut dyn FnMut(&Event) -> Flow) -> Result<History> {
        let options = self.options;
        let clock = options.clock();
        let now = || clock.as_ref().map(|clock| (clock.0)());
        let params = || self.main.places.params.clone();
        let average = self.main.places.average.clone();
        let watched = self.main.watched.clone();
        let mut history = History { seed: options.seed, watched: watched.clone(), ..History::default() };
        let mut base = options.base_lr();
        // Steps that are asked for at once.
        let mut piece = if options.live_lr.is_some() { 8 } else { 32 };
        let mut plateau = match options.schedule {
            Schedule::Plateau { factor, patience, threshold } => Some(Plateau::new(base, factor, patience, threshold)),
            _ => None,
        };
        let least = options.early_stopping.as_ref().and_then(|stop| stop.min_change);
        // The loss that was watched after the epoch before.
        let mut before = f64::INFINITY;
        let mut still = |watched: f64| {
            let change = (watched - std::mem::replace(&mut before, watched)).abs();
            least.is_some_and(|least| change <= least)
        };
        let mut early = options.early_stopping.as_ref().map(|stop| EarlyStopping::new(stop.patience, stop.min_delta));
        let mut over = false;
        if let Some(checkpoint) = &options.resume {
            history =
                History { stopped: false, restored: None, watched: history.watched, ..checkpoint.history.clone() };
            for (epoch, report) in history.epochs.iter().enumerate() {
                let watched = judged(report);
                base = rate::at(self.of_epoch(&history.lr_changes, epoch), report.step, base);
                plateau.iter_mut().for_each(|plateau| plateau.set_lr(base));
                base = plateau.as_mut().map_or(base, |plateau| plateau.report(watched));
                over = early.as_mut().is_some_and(|early| early.report(watched)) | still(watched);
            }
        }
        let ahead = BeginReport { steps: options.epochs * self.batches.of, seed: options.seed, watched };
        if listen(&Event::Begin(ahead)) == Flow::Stop {
            history.stopped = true;
            return Ok(history);
        }
        let from = if over { options.epochs } else { history.epochs.len() };
        for epoch in from..options.epochs {
            for &change in self.of_epoch(&options.lr_changes, epoch) {
                history.lr_changes.push(change);
                listen(&Event::LrChange(change));
            }
            self.copy(self.main.places.shared.clone(), self.kept.clone()).await?;
            self.assign_order(epoch).await?;
            let (began, first) = (now(), history.points.len());
            let (mut flow, confusion) = self.steps(epoch, base, &mut piece, &mut history, listen).await?;
            let changed = self.of_epoch(&history.lr_changes, epoch);
            let lrs = self.lrs(epoch, base, changed);
            base = rate::at(changed, (epoch + 1) * self.batches.of, base);
            let seconds = now().zip(began).map(|(end, began)| end - began);
            let (mut score, mut val_confusion) = (None, None);
            if let Some(aside) = &self.aside {
                self.copy(params(), aside.clone()).await?;
                self.copy(average.clone(), params()).await?;
            }
            if let (Some(passes), Flow::Continue) = (passes, flow) {
                match passes.run(self.runner).await {
                    Err(Error::Core(gradbook_core::Error::Stopped)) => flow = Flow::Stop,
                    result => {
                        let passed = result?;
                        (score, val_confusion) = (Some(passed.0), passed.1);
                    }
                }
            }
            if flow == Flow::Stop {
                history.stopped = true;
                return Ok(history);
            }
            let mut report = self.report(&history, first, score);
            (report.epoch, report.lr) = (epoch + 1, lrs[lrs.len() - 1]);
            (report.confusion, report.val_confusion) = (confusion, val_confusion);
            report.steps_per_second = seconds.filter(|&s| s > 0.0).map(|s| lrs.len() as f64 / s);
            let watched = judged(&report);
            history.epochs.push(report.clone());
            if let Some(plateau) = &mut plateau {
                plateau.set_lr(base);
                base = plateau.report(watched);
            }
            over = early.as_mut().is_some_and(|early| early.report(watched)) | still(watched);
            let improved = early.as_ref().is_some_and(EarlyStopping::improved);
            if let (true, Some(best)) = (improved, self.best.clone()) {
                self.copy(params(), best).await?;
            }
            if let Some(Keeper(keep)) = &options.checkpoint {
                keep(Checkpoint {
                    values: self.state(self.aside.clone().unwrap_or(params())),
                    history: history.clone(),
                })
                .await?;
            }
            if listen(&Event::Epoch(report)) == Flow::Stop {
                history.stopped = epoch + 1 < options.epochs;
                return Ok(history);
            }
            if over {
                break;
            }
            if let Some(aside) = self.aside.clone() {
                self.copy(aside, params()).await?;
            }
        }
        if let (Some(early), Some(best)) = (&early, self.best.clone()) {
            self.copy(best, params()).await?;
            history.restored = Some(early.best().1 + 1);
        }
        Ok(history)
    }

    /// All steps of an epoch, and how classes were taken for each other in it, if that is wanted. Errors: a loss that is not a number; the weights are then those at the start of the epoch.
    async fn steps(
        &self,
        epoch: usize,
        base: f64,
        piece: &mut usize,
        history: &mut History,
        listen: &mut dyn FnMut(&Event) -> Flow,
    ) -> Result<(Flow, Option<Confusion>)> {
        let History { points, lr_changes, .. } = history;
        let first = epoch * self.batches.of + 1;
        let before = lr_changes.partition_point(|change| change.step < first);
        let lrs = self.lrs(epoch, base, &lr_changes[before..]);
        self.assign_lrs(&lrs).await?;
        let mut teller = Teller::new(epoch, lrs, self.options.epochs * self.batches.of, points, listen);
        // A live rate acts with the next piece.
        let most_reports = if self.options.live_lr.is_some() { 2 } else { 4 };
        // Pieces that take a few reports: long enough to keep the device busy, short enough to act on what comes back.
        // No longer than the log, so that every step is told.
        let rows = self.main.rows;
        let mut done = 0;
        let order = self.main.order();
        while done < self.batches.count {
            self.follow(epoch, first + done, base, lr_changes, before, &mut teller).await?;
            let mut size = (self.batches.count - done).min(*piece).min(rows);
            if let Some((window, state)) = self.main.window() {
                window.fill(self.runner, state, &order, done).await?;
                size = size.min(window.left(done));
            }
            let mut reports = 0;
            let mut watch = |progress: Progress| {
                reports += 1;
                teller.tell(&self.main, done, &progress);
            };
            let end = self.runner.advance(&self.main.run, size, &mut watch).await?;
            done += end.done;
            self.check(&teller).await?;
            if end.stopped || teller.flow == Flow::Stop {
                return Ok((Flow::Stop, None));
            }
            if reports < most_reports && size == *piece {
                *piece *= 2;
            }
        }
        let Some(rest) = &self.rest else { return Ok((Flow::Continue, teller.confusion(self.main.classes))) };
        self.share(&self.main, rest).await?;
        self.follow(epoch, first + done, base, lr_changes, before, &mut teller).await?;
        let mut watch = |progress: Progress| teller.tell(rest, done, &progress);
        if let Some((window, state)) = rest.window() {
            window.fill(self.runner, state, &rest.order(), 0).await?;
        }
        let end = self.runner.advance(&rest.run, 1, &mut watch).await?;
        self.share(rest, &self.main).await?;
        self.check(&teller).await?;
        Ok((if end.stopped { Flow::Stop } else { teller.flow }, teller.confusion(self.main.classes)))
    }

    /// Takes the learning rate that is wanted now, from a step on. `changes` are those of the run, from `before` on those of the epoch.
    async fn follow(
        &self,
        epoch: usize,
        step: usize,
        base: f64,
        changes: &mut Vec<LrChange>,
        before: usize,
        teller: &mut Teller<'_>,
    ) -> Result<()> {
        let Some(LiveLr(wanted)) = &self.options.live_lr else { return Ok(()) };
        let change = LrChange { step, lr: wanted() }.check()?;
        // The first one is told as well: the record says all. What a plateau made of the last one since stays until another is set.
        if changes.last().is_some_and(|last| last.lr == change.lr) {
            return Ok(());
        }
        changes.push(change);
        let lrs = self.lrs(epoch, base, &changes[before..]);
        self.assign_lrs(&lrs).await?;
        teller.change(change, lrs);
        Ok(())
    }

    /// An error if a loss is not a number, and what it comes from.
    async fn check(&self, teller: &Teller<'_>) -> Result<()> {
        let Some((step, loss)) = teller.diverged() else { return Ok(()) };
        let shared = || self.main.places.shared.clone();
        self.copy(self.kept.clone(), shared()).await?;
        let cause = self.cause(teller.epoch, (step - 1) % self.batches.of).await?;
        self.copy(self.kept.clone(), shared()).await?;
        Err(Error::Diverged { epoch: teller.epoch + 1, step, loss, cause })
    }

    /// Repeats an epoch from its start up to a step whose loss is not a number: that step, or the one before it, made the first number
    /// that is not finite. None if it cannot be found, or the reader stops the search.
    async fn cause(&self, epoch: usize, step: usize) -> Result<Option<(usize, String)>> {
        // Steps of one run repeat to the bit.
        let early = step.saturating_sub(1);
        let (window, order) = (self.main.window(), self.main.order());
        for (at, before) in [(early, 0), (step, early)] {
            if advance(self.runner, &self.main.run, window, &order, before..at.min(self.batches.count)).await? {
                return Ok(None);
            }
            let part = match &self.rest {
                Some(rest) if at >= self.batches.count => {
                    self.share(&self.main, rest).await?;
                    rest
                }
                _ => {
                    if let Some((window, samples)) = window {
                        window.fill(self.runner, samples, &order, at).await?;
                    }
                    &self.main
                }
            };
            if let Some(cause) = cause(self.runner, &self.task, part.batches, &part.inputs()).await? {
                return Ok(Some((epoch * self.batches.of + at + 1, cause)));
            }
        }
        Ok(None)
    }

    /// The mean over the steps from `first` on, and the validation's score; the caller fills in the rest.
    fn report(&self, history: &History, first: usize, score: Option<Score>) -> EpochReport {
        let sizes =
            std::iter::repeat_n(self.batches.size, self.batches.count).chain(self.rest.iter().map(|r| r.batches.size));
        let (mut loss, mut accuracy, mut seen) = (0.0, 0.0, 0.0);
        for (point, size) in history.points[first..].iter().zip(sizes) {
            let size = size as f64;
            loss += f64::from(point.loss) * size;
            accuracy += f64::from(point.accuracy.unwrap_or(0.0)) * size;
            seen += size;
        }
        EpochReport {
            epoch: 0,
            step: history.points.last().map_or(0, |point| point.step),
            loss: (loss / seen) as f32,
            accuracy: (self.main.answers > 0).then_some((accuracy / seen) as f32),
            val_loss: score.map(|score| score.loss),
            val_accuracy: score.and_then(|score| score.accuracy),
            confusion: None,
            val_confusion: None,
            lr: 0.0,
            seed: self.options.seed,
            steps_per_second: None,
        }
    }

    /// Sends the order of samples of an epoch.
    async fn assign_order(&self, epoch: usize) -> Result<()> {
        let order = if self.options.shuffle {
            permutation(self.options.seed, epoch as u32, self.samples)
        } else {
            (0..self.samples as i32).collect()
        };
        let mut order = &order[..];
        for part in std::iter::once(&self.main).chain(&self.rest) {
            let (now, later) = order.split_at(part.batches.count * part.batches.size);
            self.runner.assign(&part.state[part.places.order], &Tensor::i32(&[now.len()], now)?).await?;
            part.order.replace(now.into());
            order = later;
        }
        Ok(())
    }

    /// Sends the learning rates of an epoch.
    async fn assign_lrs(&self, lrs: &[f64]) -> Result<()> {
        let lrs: Vec<f32> = lrs.iter().map(|&lr| lr as f32).collect();
        let lrs = Tensor::f32(&[lrs.len()], &lrs)?;
        for part in std::iter::once(&self.main).chain(&self.rest) {
            self.runner.assign(&part.state[part.places.lrs], &lrs).await?;
        }
        Ok(())
    }

    /// Those changes of a run that are of this epoch.
    fn of_epoch<'c>(&self, changes: &'c [LrChange], epoch: usize) -> &'c [LrChange] {
        let [first, end] =
            [epoch, epoch + 1].map(|epoch| changes.partition_point(|change| change.step <= epoch * self.batches.of));
        &changes[first..end]
    }

    /// The learning rate of each step of an epoch, which begins with a base that these changes replace.
    fn lrs(&self, epoch: usize, base: f64, changes: &[LrChange]) -> Vec<f64> {
        let (epochs, steps, schedule) = (self.options.epochs, self.batches.of, &self.options.schedule);
        let lr = |step| {
            let base = rate::at(changes, epoch * steps + step + 1, base);
            match self.options.schedule_unit {
                Unit::Epoch => schedule.lr(base, epoch, epochs),
                Unit::Step => schedule.lr(base, epoch * steps + step, epochs * steps),
            }
        };
        (0..steps).map(lr).collect()
    }

    /// Copies values within the main loop's state.
    async fn copy(&self, from: Range<usize>, to: Range<usize>) -> Result<()> {
        for (from, to) in self.main.state[from].iter().zip(&self.main.state[to]) {
            self.runner.assign(to, from).await?;
        }
        Ok(())
    }

    /// Copies what both loops share from one to the other.
    async fn share(&self, from: &Loop, to: &Loop) -> Result<()> {
        for (from, to) in from.state[from.places.shared.clone()].iter().zip(&to.state) {
            self.runner.assign(to, from).await?;
        }
        Ok(())
    }
}

/// The loss that schedules and early stopping follow.
fn judged(report: &EpochReport) -> f64 {
    f64::from(report.val_loss.unwrap_or(report.loss))
}

/// Adds a copy of each of these values to a loop's state, which only assignments change.
fn copies(body: &mut Body, of: Range<usize>) -> Range<usize> {
    let start = body.spec.state.len();
    for i in of {
        let initial = body.spec.state[i].initial.clone();
        body.spec.push(LoopSpec::placeholder(initial.shape(), initial.dtype()), initial, None);
    }
    start..body.spec.state.len()
}
