//! Whether one model is right more often than another on the same samples.

use super::{
    measure::{Certainty, Interval, Method, Why},
    special::beta_cdf,
};
use crate::{Error, Result};

/// What two models get right, and whether the difference may be chance.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct McNemar {
    /// How many samples only the first gets right.
    pub only_first: usize,
    /// How many only the second.
    pub only_second: usize,
    /// How many both.
    pub both: usize,
    /// How many neither.
    pub neither: usize,
    /// How probable such a split of the samples on which they differ, or one further from half, would be between equal models. It is
    /// exact, by the binomial distribution, for any number.
    pub p_value: f64,
    /// McNemar's χ² with Edwards's correction, for comparison; 0 if they never differ.
    pub chi_squared: f64,
    /// The accuracy of the first less that of the second.
    pub difference: f64,
    /// Where the true difference lies: Wald's interval with half a sample added to each count. Source: Agresti and Min 2005.
    pub interval: Interval,
    /// How many samples there are.
    pub n: usize,
}

/// Which predictions are right. Errors: lists of different lengths.
pub fn correct(y_true: &[i32], y_pred: &[i32]) -> Result<Vec<bool>> {
    if y_true.len() != y_pred.len() {
        let message = format!("{} true classes, but {} predicted ones", y_true.len(), y_pred.len());
        return Err(Error::argument("mcnemar", message));
    }
    Ok(y_true.iter().zip(y_pred).map(|(truth, prediction)| truth == prediction).collect())
}

/// McNemar's test of which samples two models get right. Errors: lists of different lengths. Undefined without samples.
///
/// ```
/// use gradbook_learn::metrics::{Certainty, mcnemar};
/// let (first, second) = ([true, true, true, true, false], [false, false, true, true, false]);
/// let test = mcnemar(&first, &second, &Certainty::default())?.unwrap();
/// assert_eq!((test.only_first, test.only_second), (2, 0));
/// assert!((test.p_value - 0.5).abs() < 1e-12); // two coins that fall alike
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn mcnemar(first: &[bool], second: &[bool], certainty: &Certainty) -> Result<Result<McNemar, Why>> {
    certainty.check()?;
    if first.len() != second.len() {
        let message = format!("{} answers of the first model, {} of the second", first.len(), second.len());
        return Err(Error::argument("mcnemar", message));
    }
    if first.is_empty() {
        return Ok(Err(Why::Empty));
    }
    let count = |wanted: (bool, bool)| first.iter().zip(second).filter(|&(&a, &b)| (a, b) == wanted).count();
    let (only_first, only_second) = (count((true, false)), count((false, true)));
    let (n, b, c) = (first.len() as f64, only_first as f64, only_second as f64);
    let (apart, less) = (b + c, b.min(c));
    // P(X ≤ less) of apart coins is a beta probability.
    let p_value = if b == c { 1.0 } else { (2.0 * beta_cdf(apart - less, less + 1.0, 0.5)).min(1.0) };
    let chi_squared = if apart == 0.0 { 0.0 } else { ((b - c).abs() - 1.0).max(0.0).powi(2) / apart };
    let (more, centre) = (n + 2.0, (b - c) / (n + 2.0));
    let half = certainty.z() * ((apart + 1.0 - (b - c).powi(2) / more).max(0.0)).sqrt() / more;
    Ok(Ok(McNemar {
        only_first,
        only_second,
        both: count((true, true)),
        neither: count((false, false)),
        p_value,
        chi_squared,
        difference: (b - c) / n,
        interval: certainty.interval(((centre - half).max(-1.0), (centre + half).min(1.0)), Method::Normal),
        n: first.len(),
    }))
}
