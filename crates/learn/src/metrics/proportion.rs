//! Intervals of a proportion: so many of so many.
//!
//! Coverage at 95 %, weighed over all counts (`tests/coverage.rs`), for probabilities from 0.1 to 0.9: Clopper–Pearson at least 95.0 % for any
//! number of samples; Wilson 91.6–98.5 % of 10, 92.7–98.1 % of 20, 92.8–97.4 % of 40, 93.2–96.8 % of 60, 93.6–96.5 % of 100 and 94.0–96.1 % of 200.
//! So the default is Clopper–Pearson below 60 samples, or with fewer than five on one side, where Wilson is too short as well; the default then
//! covers at least 93.2 %.

use super::{
    measure::{Certainty, Interval, Method},
    special::{beta_quantile, normal_quantile},
};

/// The default for a proportion: Wilson, or Clopper–Pearson where Wilson may not hold.
pub fn proportion(successes: usize, n: usize, certainty: &Certainty) -> Option<Interval> {
    let level = certainty.level;
    let few = n < 60 || successes.min(n - successes) < 5;
    Some(match certainty.method {
        _ if n == 0 => return None,
        Some(Method::Wilson) => certainty.interval(wilson(successes, n, level), Method::Wilson),
        Some(Method::ClopperPearson) => {
            certainty.interval(clopper_pearson(successes, n, level), Method::ClopperPearson)
        }
        Some(Method::Normal) => certainty.interval(normal(successes, n, level), Method::Normal),
        _ if few => certainty
            .interval(clopper_pearson(successes, n, level), Method::ClopperPearson)
            .noted("Wilson's interval may be too short for so few"),
        _ => certainty.interval(wilson(successes, n, level), Method::Wilson),
    })
}

/// Wilson's score interval. Source: Wilson 1927.
///
/// ```
/// let (low, high) = gradbook_learn::metrics::wilson(45, 50, 0.95);
/// assert!((low - 0.786).abs() < 1e-3 && (high - 0.957).abs() < 1e-3);
/// ```
pub fn wilson(successes: usize, n: usize, level: f64) -> (f64, f64) {
    let (s, n) = (successes as f64, n as f64);
    let z = normal_quantile(0.5 * (1.0 + level));
    let centre = (s + 0.5 * z * z) / (n + z * z);
    let half = z / (n + z * z) * (s * (n - s) / n + 0.25 * z * z).sqrt();
    // Exact at the ends, where roundings would leave a rest.
    let low = if successes == 0 { 0.0 } else { centre - half };
    (low, if s == n { 1.0 } else { centre + half })
}

/// The exact interval. Source: Clopper and Pearson 1934.
pub fn clopper_pearson(successes: usize, n: usize, level: f64) -> (f64, f64) {
    let (s, n, tail) = (successes as f64, n as f64, 0.5 * (1.0 - level));
    let low = if successes == 0 { 0.0 } else { beta_quantile(s, n - s + 1.0, tail) };
    (low, if s == n { 1.0 } else { beta_quantile(s + 1.0, n - s, 1.0 - tail) })
}

/// The normal approximation, clipped to 0 and 1 (Wald): what textbooks begin with, and too short near 0 and 1.
pub fn normal(successes: usize, n: usize, level: f64) -> (f64, f64) {
    let p = successes as f64 / n as f64;
    let half = normal_quantile(0.5 * (1.0 + level)) * (p * (1.0 - p) / n as f64).sqrt();
    ((p - half).max(0.0), (p + half).min(1.0))
}
