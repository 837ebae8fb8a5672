//! Schedules that listen: they act when a loss no longer falls.

/// Multiplies the learning rate by `factor` once the loss has not improved for more than `patience` reports.
/// As `torch.optim.lr_scheduler.ReduceLROnPlateau` with mode `min` and a relative threshold.
///
/// ```
/// use gradbook_learn::schedule::Plateau;
/// let mut plateau = Plateau::new(0.1, 0.5, 0, 0.0);
/// assert_eq!([1.0, 0.5, 0.6].map(|loss| plateau.report(loss)), [0.1, 0.1, 0.05]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    lr: f64,
    factor: f64,
    patience: usize,
    threshold: f64,
    best: f64,
    bad: usize,
}

impl Plateau {
    /// Starts at `lr`. An improvement is a loss below best · (1 − threshold).
    pub fn new(lr: f64, factor: f64, patience: usize, threshold: f64) -> Self {
        Self { lr, factor, patience, threshold, best: f64::INFINITY, bad: 0 }
    }

    /// Goes on from another learning rate.
    pub fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }

    /// Takes a loss and returns the learning rate from here on.
    pub fn report(&mut self, loss: f64) -> f64 {
        if loss < self.best * (1.0 - self.threshold) {
            self.best = loss;
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        if self.bad > self.patience {
            self.lr *= self.factor;
            self.bad = 0;
        }
        self.lr
    }
}

/// Says when to stop: after `patience` reports in a row without an improvement of more than `min_delta`.
/// Source: course section 6.4.
///
/// ```
/// use gradbook_learn::schedule::EarlyStopping;
/// let mut early = EarlyStopping::new(2, 0.0);
/// assert_eq!([0.5, 0.3, 0.4, 0.6].map(|loss| early.report(loss)), [false, false, false, true]);
/// assert_eq!(early.best(), (0.3, 1));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStopping {
    patience: usize,
    min_delta: f64,
    best: f64,
    best_epoch: usize,
    reports: usize,
}

impl EarlyStopping {
    /// Nothing reported yet.
    pub fn new(patience: usize, min_delta: f64) -> Self {
        Self { patience, min_delta, best: f64::INFINITY, best_epoch: 0, reports: 0 }
    }

    /// Takes the loss of the next epoch and returns whether it is time to stop.
    pub fn report(&mut self, loss: f64) -> bool {
        if loss < self.best - self.min_delta {
            self.best = loss;
            self.best_epoch = self.reports;
        }
        self.reports += 1;
        self.reports - 1 - self.best_epoch >= self.patience
    }

    /// The best loss so far and the epoch it came from, counted from 0.
    pub fn best(&self) -> (f64, usize) {
        (self.best, self.best_epoch)
    }

    /// Whether the last report was the best.
    pub fn improved(&self) -> bool {
        self.reports > 0 && self.best_epoch == self.reports - 1
    }
}
