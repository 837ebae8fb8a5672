//! The spread of any figure: by drawing the sample again, or by leaving parts of it out.

use super::{
    measure::{Certainty, Interval, Method, Why},
    special::t_quantile,
};
use crate::{Error, Result};
use gradbook_core::rng;

/// Draws with replacement: calls `each` with the places 0 … n − 1 that a resample takes, for every resample. Bits come from Threefry, so a
/// seed gives the same draws everywhere.
pub fn resamples(n: usize, certainty: &Certainty, mut each: impl FnMut(&[u32])) {
    let mut places = vec![0; n];
    for draw in 0..certainty.resamples as u32 {
        for (pair, two) in places.chunks_mut(2).enumerate() {
            let words = rng::threefry2x32([certainty.seed, BOOTSTRAP], [pair as u32, draw]);
            for (place, word) in two.iter_mut().zip(words) {
                *place = ((u64::from(word) * n as u64) >> 32) as u32;
            }
        }
        each(&places);
    }
}

/// Keeps these draws apart from others of the same seed.
const BOOTSTRAP: u32 = 0x626f_6f74;

/// The middle `level` of what resamples gave, as numpy's quantiles. None if fewer than half of them gave a figure.
pub fn percentiles(mut values: Vec<f64>, certainty: &Certainty) -> Option<Interval> {
    values.retain(|value| value.is_finite());
    if 2 * values.len() < certainty.resamples {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let place = share * (values.len() - 1) as f64;
        let below = values[place.floor() as usize];
        below + (values[place.ceil() as usize] - below) * place.fract()
    };
    let tail = certainty.tail();
    Some(certainty.interval((quantile(tail), quantile(1.0 - tail)), Method::Bootstrap))
}

/// The bootstrap of a mean of given numbers.
pub fn bootstrap_mean(values: &[f64], certainty: &Certainty) -> Option<Interval> {
    let mut means = Vec::with_capacity(certainty.resamples);
    resamples(values.len(), certainty, |places| {
        means.push(places.iter().map(|&place| values[place as usize]).sum::<f64>() / values.len() as f64);
    });
    percentiles(means, certainty)
}

/// The scale on which a figure has no bounds.
#[derive(Clone, Copy)]
pub enum Scale {
    /// Of a share: the logit.
    Share,
    /// Of an agreement between −1 and 1: Fisher's z.
    Agreement,
}

impl Scale {
    /// An interval of a figure with a variance, symmetric on this scale. None at a bound, where the scale ends, or without a spread.
    pub fn interval(self, value: f64, variance: f64, quantile: f64) -> Option<(f64, f64)> {
        let share = match self {
            Self::Share => value,
            Self::Agreement => 0.5 * (value + 1.0),
        };
        let spread = match self {
            Self::Share => variance.sqrt(),
            Self::Agreement => 0.5 * variance.sqrt(),
        };
        if !(share > 0.0 && share < 1.0 && spread > 0.0) {
            return None;
        }
        let centre = (share / (1.0 - share)).ln();
        let half = quantile * spread / (share * (1.0 - share));
        let back = |logit: f64| {
            let share = 1.0 / (1.0 + (-logit).exp());
            match self {
                Self::Share => share,
                Self::Agreement => 2.0 * share - 1.0,
            }
        };
        Some((back(centre - half), back(centre + half)))
    }
}

/// The jackknife of a figure of counts: `without(cell)` is the figure with one sample of a cell left out, of which there are `counts`.
pub fn jackknife(
    value: f64,
    counts: &[u64],
    scale: Scale,
    certainty: &Certainty,
    mut without: impl FnMut(usize) -> f64,
) -> Option<Interval> {
    let n = counts.iter().sum::<u64>() as f64;
    if n < 3.0 {
        return None;
    }
    let left: Vec<(f64, f64)> =
        (0..counts.len()).filter(|&cell| counts[cell] > 0).map(|cell| (counts[cell] as f64, without(cell))).collect();
    let mean = left.iter().map(|(count, value)| count * value).sum::<f64>() / n;
    let squares = left.iter().map(|(count, value)| count * (value - mean).powi(2)).sum::<f64>();
    let variance = squares * (n - 1.0) / n;
    let range = scale.interval(value, variance, t_quantile(n - 1.0, 1.0 - certainty.tail()))?;
    Some(certainty.interval(range, Method::Jackknife))
}

/// The mean of some numbers, such as the accuracies of folds.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Mean {
    /// The mean; none of nothing.
    pub value: Option<f64>,
    /// Why there is no mean, or no interval.
    #[cfg_attr(feature = "serde", serde(serialize_with = "super::measure::said"))]
    pub because: Option<Why>,
    /// Where the true mean lies, by Student's t. Folds share training samples, so theirs are somewhat too short.
    pub interval: Option<Interval>,
    /// How many numbers there are.
    pub n: usize,
    /// Their standard deviation; none of fewer than two.
    pub deviation: Option<f64>,
}

/// The mean of numbers with its interval. Errors: one that is not finite.
pub fn mean_of(values: &[f64], certainty: &Certainty) -> Result<Mean> {
    certainty.check()?;
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        return Err(Error::argument("mean", format!("number {at} is {}", values[at])));
    }
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Ok(Mean {
        value: (n > 0).then_some(mean),
        because: [(0, Why::Empty), (1, Why::Single)].iter().find(|why| why.0 == n).map(|why| why.1),
        interval: student_t(values, certainty),
        n,
        deviation: (n > 1).then(|| (squares / (n as f64 - 1.0)).sqrt()),
    })
}

/// The interval of a mean by Student's t.
pub fn student_t(values: &[f64], certainty: &Certainty) -> Option<Interval> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = t_quantile(n - 1.0, 1.0 - certainty.tail()) * (variance / n).sqrt();
    Some(certainty.interval((mean - half, mean + half), Method::StudentT))
}
