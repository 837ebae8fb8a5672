//! Half waves of a cosine. `t` counts from 0.

use std::f64::consts::PI;

/// eta_min + (lr − eta_min)(1 + cos(π t/t_max))/2, which rises again past t_max.
/// Source: Loshchilov and Hutter, "SGDR", eq 5.
///
/// ```
/// let halfway = gradbook_learn::schedule::cosine(0.2, 10, 0.0, 5);
/// assert!((halfway - 0.1).abs() < 1e-12);
/// ```
pub fn cosine(lr: f64, t_max: usize, eta_min: f64, t: usize) -> f64 {
    wave(lr, eta_min, t as f64 / t_max.max(1) as f64)
}

/// Half waves that start over: the first takes `t_0`, each next one `t_mult` times as long as the one before.
pub fn cosine_restarts(lr: f64, t_0: usize, t_mult: usize, eta_min: f64, t: usize) -> f64 {
    let (mut length, mut start) = (t_0.max(1), 0);
    while t >= start + length {
        start += length;
        length *= t_mult.max(1);
    }
    wave(lr, eta_min, (t - start) as f64 / length as f64)
}

/// From `high` at 0 to `low` at 1.
pub(super) fn wave(high: f64, low: f64, at: f64) -> f64 {
    low + (high - low) * (1.0 + (PI * at).cos()) / 2.0
}
