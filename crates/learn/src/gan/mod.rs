//! Networks that compete (course chapter 16): what keeps their training together.

mod penalty;

pub use penalty::{GradientPenalty, gradient_penalty, r1_penalty, r2_penalty};
