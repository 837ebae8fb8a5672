//! Whether 80 % sure is right 80 % of the time.

use super::{
    measure::{Certainty, Given, Interval, Measure, Method, Why},
    metric::{CALIBRATION_ERROR, MAX_CALIBRATION_ERROR},
    probability::two_columns,
    proportion::proportion,
    resample::{percentiles, resamples},
};
use crate::{Error, Result};

/// Predictions by how sure they are.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Reliability {
    /// The mean over samples of |accuracy − confidence| of their bin (ECE). It is above 0 by chance even for a model that is calibrated,
    /// the more so the fewer samples a bin has; its bootstrap interval shares that.
    pub error: Measure,
    /// The largest of them (MCE).
    pub largest: Measure,
    /// The bins in rising order.
    pub bins: Vec<Bin>,
}

/// Predictions that are about equally sure.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Bin {
    /// The bin's range: above this,
    pub above: f64,
    /// and up to this.
    pub to: f64,
    /// How many predictions it has.
    pub count: usize,
    /// The share of them that is right; 0 if there are none.
    pub accuracy: f64,
    /// Their mean probability; 0 if there are none.
    pub confidence: f64,
    /// Where the true share lies.
    pub interval: Option<Interval>,
}

/// Bins of equal width over (0, 1] by the largest probability of each row, and whether its class is the true one. With one column of
/// probabilities, of class 1: by that, and whether the sample is of class 1. Source: Guo et al. 2017.
pub fn reliability(
    y_true: &[i32],
    probs: &[f64],
    classes: usize,
    bins: usize,
    certainty: &Certainty,
) -> Result<Reliability> {
    certainty.check()?;
    if !(1..=1000).contains(&bins) {
        return Err(Error::argument("reliability", format!("bins is {bins}; it is 1 to 1000")));
    }
    let n = y_true.len();
    two_columns("reliability", y_true, probs, classes)?;
    let each: Vec<(f64, bool)> = probs
        .chunks_exact(classes)
        .zip(y_true)
        .map(|(row, &label)| {
            // The first of the largest, as argmax.
            let best = (1..classes).fold(0, |best, class| if row[class] > row[best] { class } else { best });
            (row[best], if classes == 1 { label == 1 } else { best == label as usize })
        })
        .collect();
    let places: Vec<usize> =
        each.iter().map(|&(p, _)| ((p * bins as f64).ceil() as usize).clamp(1, bins) - 1).collect();
    let mut sums = vec![Sums::default(); bins];
    each.iter().zip(&places).for_each(|(&(p, right), &place)| sums[place].add(p, right));
    let figure = |value: f64| if n == 0 { Err(Why::Empty) } else { Ok(Given::found(value)) };
    let (error, largest) = errors(&sums);
    let drawn = n > 0 && matches!(certainty.method, None | Some(Method::Bootstrap));
    let (mut errors_drawn, mut largest_drawn) = (Vec::new(), Vec::new());
    if drawn {
        let mut drawn = vec![Sums::default(); bins];
        resamples(n, certainty, |rows| {
            drawn.fill(Sums::default());
            for &row in rows {
                let (p, right) = each[row as usize];
                drawn[places[row as usize]].add(p, right);
            }
            let (error, largest) = errors(&drawn);
            errors_drawn.push(error);
            largest_drawn.push(largest);
        });
    }
    let upward = "bins with few samples push this figure, and its interval, up";
    let interval = |values: Vec<f64>| percentiles(values, certainty).map(|interval| interval.noted(upward));
    let of_bin = Certainty { method: None, ..*certainty };
    Ok(Reliability {
        error: Measure::new(&CALIBRATION_ERROR, n, figure(error), |_| interval(errors_drawn)),
        largest: Measure::new(&MAX_CALIBRATION_ERROR, n, figure(largest), |_| interval(largest_drawn)),
        bins: sums
            .iter()
            .enumerate()
            .map(|(bin, sums)| Bin {
                above: bin as f64 / bins as f64,
                to: (bin + 1) as f64 / bins as f64,
                count: sums.count,
                accuracy: sums.accuracy(),
                confidence: sums.confidence(),
                interval: proportion(sums.right, sums.count, &of_bin),
            })
            .collect(),
    })
}

#[derive(Clone, Default)]
struct Sums {
    count: usize,
    right: usize,
    confidence: f64,
}

impl Sums {
    fn add(&mut self, confidence: f64, right: bool) {
        self.count += 1;
        self.right += usize::from(right);
        self.confidence += confidence;
    }

    fn accuracy(&self) -> f64 {
        self.right as f64 / self.count.max(1) as f64
    }

    fn confidence(&self) -> f64 {
        self.confidence / self.count.max(1) as f64
    }
}

fn errors(bins: &[Sums]) -> (f64, f64) {
    let n: usize = bins.iter().map(|bin| bin.count).sum();
    let apart = |bin: &Sums| (bin.accuracy() - bin.confidence()).abs();
    let mean = bins.iter().map(|bin| bin.count as f64 * apart(bin)).sum::<f64>() / n.max(1) as f64;
    (mean, bins.iter().map(apart).fold(0.0, f64::max))
}
