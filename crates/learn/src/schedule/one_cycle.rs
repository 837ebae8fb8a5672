//! One rise and one fall over the whole run. Source: Smith and Topin, "Super-convergence"; as in `torch.optim.lr_scheduler.OneCycleLR`.

use super::cosine::wave;

/// The shape of the cycle.
///
/// ```
/// use gradbook_learn::schedule::OneCycle;
/// let cycle = OneCycle { total: 100, ..OneCycle::default() };
/// assert!((cycle.lr(0.1, 0) - 0.004).abs() < 1e-9); // a 25th of the peak
/// assert!((cycle.lr(0.1, 29) - 0.1).abs() < 1e-9);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct OneCycle {
    /// Steps of the whole cycle.
    pub total: usize,
    /// The share of the cycle that rises.
    pub pct_start: f64,
    /// How it rises and falls.
    pub anneal: Anneal,
    /// It starts at the peak divided by this.
    pub div_factor: f64,
    /// It ends at the start divided by this.
    pub final_div_factor: f64,
    /// Fall back to the start as long as it rose, then on to the end.
    pub three_phase: bool,
}

/// The curve between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Anneal {
    /// Half a wave of a cosine.
    #[default]
    Cos,
    /// A straight line.
    Linear,
}

impl Default for OneCycle {
    fn default() -> Self {
        let anneal = Anneal::Cos;
        Self { total: 0, pct_start: 0.3, anneal, div_factor: 25.0, final_div_factor: 1e4, three_phase: false }
    }
}

impl OneCycle {
    /// The learning rate at step t of the cycle with its peak at `lr`.
    pub fn lr(&self, lr: f64, t: usize) -> f64 {
        let start = lr / self.div_factor;
        self.between([start, lr, start, start / self.final_div_factor], t)
    }

    /// The momentum that goes with it: high where the learning rate is low.
    pub fn momentum(&self, base: f64, max: f64, t: usize) -> f64 {
        self.between([max, base, max, max], t)
    }

    /// Values at the start, the peak, the end of the first fall (three phases) and the end.
    fn between(&self, [start, peak, back, end]: [f64; 4], t: usize) -> f64 {
        let total = self.total as f64;
        let top = self.pct_start * total - 1.0;
        let last = total - 1.0;
        let phases = if self.three_phase {
            vec![(0.0, top, start, peak), (top, 2.0 * top, peak, back), (2.0 * top, last, back, end)]
        } else {
            vec![(0.0, top, start, peak), (top, last, peak, end)]
        };
        let t = (t as f64).min(last);
        let phase = phases.iter().find(|phase| t <= phase.1).or(phases.last());
        let Some(&(from, to, a, b)) = phase else { return end };
        let at = if to > from { (t - from) / (to - from) } else { 1.0 };
        match self.anneal {
            Anneal::Cos => wave(a, b, at),
            Anneal::Linear => a + (b - a) * at,
        }
    }
}
