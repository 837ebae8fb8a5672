//! Every threshold of a binary problem at once: what a reader who moves the threshold sees.

use super::{
    confusion::{Counts, f1, precision, recall, specificity},
    measure::{Certainty, Why},
    proportion::proportion,
    ranking::Ranking,
};
use crate::{Error, Result};

/// The figures at some thresholds, falling; a list has an entry for each.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct OperatingPoints {
    /// A sample is predicted to be of class 1 if its score is at least this; the first is infinity.
    pub thresholds: Vec<f64>,
    /// Of class 1 and found.
    pub tp: Vec<u64>,
    /// Of class 0, but taken for class 1.
    pub fp: Vec<u64>,
    /// Of class 1 and missed.
    #[cfg_attr(feature = "serde", serde(rename = "fn"))]
    pub missed: Vec<u64>,
    /// Of class 0 and left alone.
    pub tn: Vec<u64>,
    /// The share of right answers.
    pub accuracy: Rates,
    /// tp / (tp + fp).
    pub precision: Rates,
    /// tp / (tp + fn).
    pub recall: Rates,
    /// tn / (tn + fp).
    pub specificity: Rates,
    /// 2tp / (2tp + fp + fn).
    pub f1: Rates,
}

/// A figure at each threshold with its interval; null where it is undefined (scikit-learn says 0).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rates {
    /// The figures.
    pub value: Vec<Option<f64>>,
    /// Lower ends.
    pub low: Vec<Option<f64>>,
    /// Upper ends.
    pub high: Vec<Option<f64>>,
}

/// The figures at `most` thresholds or fewer: all distinct scores, or of more those that are evenly spread among samples. Errors: as of
/// [`Ranking::new`]; `most` below 2. Undefined without samples of both classes.
pub fn operating_points(
    y_true: &[i32],
    scores: &[f64],
    most: usize,
    certainty: &Certainty,
) -> Result<Result<OperatingPoints, Why>> {
    certainty.check()?;
    if most < 2 {
        return Err(Error::argument("operatingPoints", format!("most is {most}; it is at least 2")));
    }
    let ranking = Ranking::new(y_true, scores)?;
    if let Err(why) = ranking.roc_curve() {
        return Ok(Err(why));
    }
    let mut points = OperatingPoints::default();
    let (positives, negatives) = (ranking.positives(), ranking.negatives());
    points.push(f64::INFINITY, Counts { tp: 0, fp: 0, missed: positives, tn: negatives }, certainty);
    let (all, last) = (ranking.thresholds.len(), ranking.thresholds.len() - 1);
    let steps = (most - 1) as u64;
    let mut shown = 0;
    for step in 0..all {
        let (tp, fp) = (ranking.tp[step], ranking.fp[step]);
        // Which of so many equal parts of the samples, a part of both classes each, this threshold ends.
        let reached = (tp * steps / positives + fp * steps / negatives) / 2;
        if all as u64 <= steps || reached > shown || step == last {
            shown = reached;
            let counts = Counts { tp, fp, missed: positives - tp, tn: negatives - fp };
            points.push(ranking.thresholds[step], counts, certainty);
        }
    }
    Ok(Ok(points))
}

/// The decisions at one threshold: class 1 where a score is at least that. Errors: as of [`Ranking::new`].
pub fn binary_counts(y_true: &[i32], scores: &[f64], threshold: f64) -> Result<Counts> {
    super::ranking::check_scores("binaryCounts", y_true, scores, 1)?;
    super::confusion::check_classes("binaryCounts", 2, y_true)?;
    let mut counts = Counts::default();
    for (&label, &score) in y_true.iter().zip(scores) {
        *match (label == 1, score >= threshold) {
            (true, true) => &mut counts.tp,
            (false, true) => &mut counts.fp,
            (true, false) => &mut counts.missed,
            (false, false) => &mut counts.tn,
        } += 1;
    }
    Ok(counts)
}

impl OperatingPoints {
    fn push(&mut self, threshold: f64, counts: Counts, certainty: &Certainty) {
        let Counts { tp, fp, missed, tn } = counts;
        self.thresholds.push(threshold);
        self.tp.push(tp);
        self.fp.push(fp);
        self.missed.push(missed);
        self.tn.push(tn);
        let certainty = Certainty { method: None, ..*certainty };
        let share = |of: u64, all: u64| proportion(of as usize, all as usize, &certainty).map(|i| (i.low, i.high));
        let n = tp + fp + missed + tn;
        self.accuracy.push(Some((tp + tn) as f64 / n as f64), share(tp + tn, n));
        for (rates, figure, ends) in [
            (&mut self.precision, precision(counts, 1), share(tp, tp + fp)),
            (&mut self.recall, recall(counts, 1), share(tp, tp + missed)),
            (&mut self.specificity, specificity(counts, 1), share(tn, tn + fp)),
            (
                &mut self.f1,
                f1(counts, 1),
                share(tp, tp + fp + missed).map(|(low, high)| (harmonic(low), harmonic(high))),
            ),
        ] {
            rates.push(figure.because.is_none().then_some(figure.value), ends);
        }
    }
}

impl Rates {
    fn push(&mut self, value: Option<f64>, ends: Option<(f64, f64)>) {
        self.value.push(value);
        self.low.push(ends.map(|ends| ends.0));
        self.high.push(ends.map(|ends| ends.1));
    }
}

/// F1 by the share tp / (tp + fp + fn).
pub(super) fn harmonic(share: f64) -> f64 {
    2.0 * share / (1.0 + share)
}
