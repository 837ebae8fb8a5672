//! Intervals of a proportion: so many of so many.
//!
//! Coverage at 95 %, over all counts for p in 0.1 … 0.9 (`tests/coverage.rs` draws them): Clopper–Pearson never below 95 %;
//! Wilson 93–98 % from 40 samples on. Below that, or with fewer than five on one side, Wilson can fall under 90 %, and the default is
//! Clopper–Pearson.

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
