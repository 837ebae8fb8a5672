//! The schedule that transformers are trained with. `t` counts from 0.

/// A straight rise to `lr` in `warmup` steps, then a fall with the root of the count: lr · min((t + 1)/warmup, √(warmup/(t + 1))).
/// Source: Vaswani et al. 2017, section 5.3.
///
/// ```
/// use gradbook_learn::schedule::inverse_sqrt;
/// assert_eq!([0, 3, 15].map(|t| inverse_sqrt(0.4, 4, t)), [0.1, 0.4, 0.2]);
/// ```
pub fn inverse_sqrt(lr: f64, warmup: usize, t: usize) -> f64 {
    let (warmup, count) = (warmup.max(1) as f64, (t + 1) as f64);
    lr * (count / warmup).min((warmup / count).sqrt())
}
