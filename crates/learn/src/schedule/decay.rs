//! Learning rates that only fall. `t` counts from 0.

/// lr · gammaᵏ where k counts the positive multiples of `every` up to t. Source: course eq 19, with the reduction already at t = every.
///
/// ```
/// assert_eq!(gradbook_learn::schedule::step(0.1, 3, 0.5, 7), 0.025);
/// ```
pub fn step(lr: f64, every: usize, gamma: f64, t: usize) -> f64 {
    lr * gamma.powf((t / every.max(1)) as f64)
}

/// lr · gammaᵏ where k counts the milestones up to t.
pub fn multistep(lr: f64, milestones: &[usize], gamma: f64, t: usize) -> f64 {
    let passed = milestones.iter().filter(|&&m| m <= t).count();
    lr * gamma.powf(passed as f64)
}

/// lr · gammaᵗ
pub fn exponential(lr: f64, gamma: f64, t: usize) -> f64 {
    lr * gamma.powf(t as f64)
}

/// lr · (1 − min(t, total)/total)^power
pub fn polynomial(lr: f64, total: usize, power: f64, t: usize) -> f64 {
    lr * (1.0 - t.min(total) as f64 / total.max(1) as f64).powf(power)
}

/// lr / (t + 1)^alpha. Source: course eq 20, whose t counts from 1.
pub fn polynomial_course(lr: f64, alpha: f64, t: usize) -> f64 {
    lr / ((t + 1) as f64).powf(alpha)
}
