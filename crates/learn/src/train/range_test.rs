//! Which learning rate to begin with: a run in which it grows from step to step.

use super::{Event, FitOptions, Flow, Remainder, Unit, fit, fit::input};
use crate::{
    Error, Result,
    data::Dataset,
    layers::{Layer, Params, build},
    schedule::Schedule,
};
use gradbook_core::{Runner, Tensor};

/// Learning rates of a range test and the losses that came with them.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct RangeTest {
    /// The learning rate of each step.
    pub lrs: Vec<f64>,
    /// The loss of each step, smoothed over about ten.
    pub losses: Vec<f64>,
    /// Where the loss falls fastest, if it falls: a rate to begin with.
    pub suggestion: Option<f64>,
}

/// Trains for `steps` steps while the learning rate grows evenly on a logarithmic scale from `low` to `high`, or until the loss is four times
/// the smallest; the weights are then what they were. The other options hold.
/// Source: Smith 2017; the suggestion is that of fastai.
///
/// Errors: rates that do not grow; fewer than two steps; epochs, a schedule, early stopping, an average, checkpoints, which have no place in
/// it; what [`fit`] refuses.
pub async fn range_test(
    runner: &dyn Runner,
    model: &dyn Layer,
    data: &Dataset,
    options: &FitOptions,
    [low, high]: [f64; 2],
    steps: usize,
) -> Result<RangeTest> {
    if !(low > 0.0 && high > low && high.is_finite()) || steps < 2 {
        let message =
            format!("from {low} to {high} in {steps} steps; expected rates that grow from above 0, in at least 2");
        return Err(Error::argument("lrRangeTest", message));
    }
    let defaults = FitOptions::default();
    let taken = [
        ("epochs", options.epochs != defaults.epochs),
        ("schedule", options.schedule != defaults.schedule),
        ("earlyStopping", options.early_stopping.is_some()),
        ("ema", options.ema.is_some()),
        ("checkpoint", options.checkpoint.is_some()),
        ("resume", options.resume.is_some()),
    ];
    if let Some((name, _)) = taken.iter().find(|(_, given)| *given) {
        return Err(Error::argument("lrRangeTest", format!("leave out {name}: it is no part of a range test")));
    }
    options.check()?;
    let growth = (high / low).powf(1.0 / (steps - 1) as f64);
    build(model, &input(data, options)?, options.seed)?;
    let params = Params::of(model);
    let before = params.values();
    // The run copies them; these stay.
    runner.evaluate(&before).await?;
    let held: Vec<Tensor> = before.iter().map(|value| value.add_scalar(0)).collect::<gradbook_core::Result<_>>()?;
    runner.evaluate(&held).await?;
    let size = options.batch_size.min(data.len());
    let per_epoch = match options.remainder {
        Remainder::Keep => data.len().div_ceil(size),
        Remainder::Drop => data.len() / size,
    };
    let options = FitOptions {
        epochs: steps.div_ceil(per_epoch),
        lr: Some(low),
        live_lr: None,
        lr_changes: Vec::new(),
        schedule: Schedule::Exponential { gamma: growth },
        schedule_unit: Unit::Step,
        ..options.clone()
    };
    let mut curve = Curve::default();
    let mut listen = |event: &Event| {
        let Event::Steps(report) = event else { return Flow::Continue };
        let over =
            report.points.iter().any(|point| curve.push(low * growth.powi(point.step as i32 - 1), point.loss.into()));
        if over || report.step >= steps { Flow::Stop } else { Flow::Continue }
    };
    let result = fit(runner, model, data, None, &options, &mut listen).await;
    params.set(&held);
    match result {
        Ok(_) | Err(Error::Diverged { .. }) => {}
        Err(error) => return Err(error),
    }
    let Curve { mut lrs, mut losses, .. } = curve;
    lrs.truncate(steps);
    losses.truncate(steps);
    let suggestion = steepest(&lrs, &losses);
    Ok(RangeTest { lrs, losses, suggestion })
}

#[derive(Default)]
struct Curve {
    lrs: Vec<f64>,
    losses: Vec<f64>,
    average: f64,
}

impl Curve {
    /// Adds a step; whether the loss has gone up for good.
    fn push(&mut self, lr: f64, loss: f64) -> bool {
        if !loss.is_finite() {
            return true;
        }
        self.average = SMOOTHING * self.average + (1.0 - SMOOTHING) * loss;
        self.lrs.push(lr);
        self.losses.push(self.average / (1.0 - SMOOTHING.powi(self.lrs.len() as i32)));
        let least = self.losses.iter().copied().fold(f64::INFINITY, f64::min);
        self.losses.len() > 10 && self.losses[self.losses.len() - 1] > 4.0 * least
    }
}

/// How much of the average of losses stays from step to step.
const SMOOTHING: f64 = 0.9;

/// The rate in the middle of the tenth of the test over which the loss falls most on the logarithmic scale, before its lowest point: shorter
/// stretches say more about batches than about rates.
fn steepest(lrs: &[f64], losses: &[f64]) -> Option<f64> {
    let lowest = (0..losses.len()).min_by(|&i, &j| losses[i].total_cmp(&losses[j]))?;
    let span = (losses.len() / 10).max(1);
    let fall = |i: usize| losses[i + span] - losses[i];
    let ends = (0..(lowest + 1).saturating_sub(span)).filter(|&i| fall(i) < 0.0);
    ends.min_by(|&i, &j| fall(i).total_cmp(&fall(j))).map(|i| lrs[i + span / 2])
}

#[cfg(test)]
mod tests {
    use super::steepest;

    #[test]
    fn noise_at_the_start_does_not_decide() {
        let lrs: Vec<f64> = (0..40).map(|i| 1e-4 * 1.3f64.powi(i)).collect();
        // A jump by 0.3 and back within the first steps, then a fall of 1 over ten from step 20 on.
        let loss = |i: usize| match i {
            1 => 2.3,
            0..20 => 2.0,
            20..30 => 2.0 - 0.1 * (i - 20) as f64,
            _ => 1.0 + 0.2 * (i - 30) as f64,
        };
        let losses: Vec<f64> = (0..40).map(loss).collect();
        let found = steepest(&lrs, &losses).unwrap();
        assert!((lrs[20]..lrs[30]).contains(&found), "{found}");
        assert_eq!(steepest(&lrs[..3], &[1.0, 2.0, 3.0]), None);
    }
}
