//! Steps of one size, whatever the gradient's.

use super::{Now, Rule, blend};
use crate::Result;
use gradbook_core::Tensor;

/// w ← w − lr·(sign(β₁m + (1 − β₁)g) + weight_decay·w), then m ← β₂m + (1 − β₂)g: half the memory of Adam. Each weight moves by the
/// learning rate in each step, so that should be a third to a tenth of Adam's. Source: Chen et al. 2023, "Symbolic Discovery of
/// Optimization Algorithms", algorithm 2.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Lion {
    /// How much of the average is in a step, and how slowly the average follows.
    pub betas: [f32; 2],
    /// Pull towards 0, beside the gradient.
    pub weight_decay: f32,
}

impl Default for Lion {
    fn default() -> Self {
        Self { betas: [0.9, 0.99], weight_decay: 0.0 }
    }
}

impl Rule for Lion {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![param.zeros_like()])
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let direction = blend(&state[0], grad, self.betas[0])?.sign()?;
        let step = direction.add(&param.mul_scalar(self.weight_decay)?)?;
        let average = blend(&state[0], grad, self.betas[1])?;
        Ok((param.sub(&now.lr.mul(&step)?)?, vec![average]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::{LocalRunner, Runner, device::interp::Interp};

    /// By hand, with lr 0.1, betas 0.5 and 0.75, decay 0.5: of w = 1, g = 2 the step is 0.1 · (1 + 0.5), the average 0.5;
    /// then of g = −1 the sign of 0.25 − 0.5 is negative: 0.85 − 0.1 · (−1 + 0.425).
    #[test]
    fn two_steps_by_hand() {
        let rule = Lion { betas: [0.5, 0.75], weight_decay: 0.5 };
        let mut param = Tensor::scalar(1.0);
        let mut state = rule.state(&param).unwrap();
        for (step, grad) in [2.0, -1.0].into_iter().enumerate() {
            let grad = Tensor::scalar(grad);
            let step = Tensor::scalar(step as f32 + 1.0);
            let now = Now::new(Tensor::scalar(0.1), step, std::slice::from_ref(&grad)).unwrap();
            (param, state) = rule.step(&now, &param, &grad, &state).unwrap();
        }
        let runner = LocalRunner::native(Interp::new());
        pollster::block_on(runner.evaluate(std::slice::from_ref(&param))).unwrap();
        let value = pollster::block_on(runner.read(&param)).unwrap().as_f32()[0];
        assert!((value - 0.9075).abs() < 1e-6, "{value}");
    }
}
