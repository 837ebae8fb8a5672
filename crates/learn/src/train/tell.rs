//! Turns the log of a loop into reports.

use super::{Event, Flow, LrChange, Point, StepReport, fit::Loop, tally::Tally};
use crate::metrics::Confusion;
use gradbook_core::Progress;

/// Reads the log of an epoch as it grows.
pub(super) struct Teller<'a> {
    pub epoch: usize,
    /// What the listener wants.
    pub flow: Flow,
    /// Counts of classes as the loop of full batches had them last, and the loop of the rest.
    counts: [Vec<f32>; 2],
    /// The learning rate of each step of the epoch.
    pub lrs: Vec<f64>,
    /// Steps of the run.
    steps: usize,
    /// Steps of the epoch that were told.
    told: usize,
    points: &'a mut Vec<Point>,
    /// Where in `points` the epoch begins.
    first: usize,
    listen: &'a mut dyn FnMut(&Event) -> Flow,
}

impl<'a> Teller<'a> {
    pub fn new(
        epoch: usize,
        lrs: Vec<f64>,
        steps: usize,
        points: &'a mut Vec<Point>,
        listen: &'a mut dyn FnMut(&Event) -> Flow,
    ) -> Self {
        let first = points.len();
        Self {
            epoch,
            flow: Flow::Continue,
            counts: [Vec::new(), Vec::new()],
            lrs,
            steps,
            told: 0,
            points,
            first,
            listen,
        }
    }

    /// Tells of the steps of the epoch that are new: `before` were done when the loop set out.
    pub fn tell(&mut self, of: &Loop, before: usize, progress: &Progress) {
        let done = before + progress.done;
        let Some(log) = progress.watched.as_ref().filter(|_| done > self.told) else { return };
        let (rows, columns) = (of.rows, log.shape[1]);
        self.counts[usize::from(of.batches.last)] = log.as_f32()[rows * columns..].to_vec();
        // More steps than the log has rows between two reports: the oldest are gone.
        let from = self.told.max(done.saturating_sub(rows));
        let earlier = self.epoch * self.lrs.len();
        let fresh: Vec<Point> = (from..done)
            .map(|i| {
                let row = &log.as_f32()[i % rows * columns..][..columns];
                let accuracy = (of.answers > 0).then_some(row[1] / of.answers as f32);
                Point { step: earlier + i + 1, loss: row[0], accuracy, norms: row[2..].to_vec() }
            })
            .collect();
        self.told = done;
        self.points.extend_from_slice(&fresh);
        let lr = self.lrs[done - 1];
        let report = StepReport { epoch: self.epoch + 1, step: earlier + done, steps: self.steps, lr, points: fresh };
        if (self.listen)(&Event::Steps(report)) == Flow::Stop {
            self.flow = Flow::Stop;
        }
    }

    /// Tells of a change of the learning rate, which gives these to the epoch.
    pub fn change(&mut self, change: LrChange, lrs: Vec<f64>) {
        self.lrs = lrs;
        if (self.listen)(&Event::LrChange(change)) == Flow::Stop {
            self.flow = Flow::Stop;
        }
    }

    /// How classes were taken for each other in the epoch, if that is wanted.
    pub fn confusion(&self, classes: usize) -> Option<Confusion> {
        let mut tally = Tally::new(classes);
        self.counts.iter().for_each(|counts| tally.add(counts));
        tally.confusion()
    }

    /// The first step of the epoch whose loss is not a number, and the loss.
    pub fn diverged(&self) -> Option<(usize, f32)> {
        self.points[self.first..].iter().find(|point| !point.loss.is_finite()).map(|point| (point.step, point.loss))
    }
}
