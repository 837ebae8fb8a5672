//! Adam that looks ahead.

use super::{Now, Rule, bias_correction, blend, decayed};
use crate::Result;
use gradbook_core::Tensor;

/// Adam with Nesterov momentum, whose share grows over time. As `torch.optim.NAdam`. Source: Dozat 2016.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Nadam {
    /// How slowly both averages follow.
    pub betas: [f32; 2],
    /// Keeps the denominator away from 0.
    pub eps: f32,
    /// Pull towards 0, added to the gradient.
    pub weight_decay: f32,
    /// How fast the momentum grows.
    pub momentum_decay: f32,
}

impl Default for Nadam {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, momentum_decay: 0.004 }
    }
}

impl Rule for Nadam {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![param.zeros_like(), param.zeros_like(), Tensor::scalar(1.0)])
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let grad = decayed(grad, param, self.weight_decay)?;
        let m = blend(&state[0], &grad, self.betas[0])?;
        let v = blend(&state[1], &grad.square()?, self.betas[1])?;
        // μₜ = β₁(1 − 0.96^(t·momentum_decay)/2)
        let mu = |step: &Tensor| {
            let fade = step.mul_scalar(0.96f64.ln() * f64::from(self.momentum_decay))?.exp()?;
            fade.mul_scalar(-0.5)?.add_scalar(1)?.mul_scalar(self.betas[0])
        };
        let (mu, next) = (mu(&now.step)?, mu(&now.step.add_scalar(1)?)?);
        let product = state[2].mul(&mu)?;
        let of_grad = mu.scalar_sub(1)?.div(&product.scalar_sub(1)?)?;
        let of_average = next.div(&product.mul(&next)?.scalar_sub(1)?)?;
        let root = v.div(&bias_correction(self.betas[1], &now.step)?)?.sqrt()?.add_scalar(self.eps)?;
        let direction = of_grad.mul(&grad)?.add(&of_average.mul(&m)?)?;
        Ok((param.sub(&now.lr.mul(&direction)?.div(&root)?)?, vec![m, v, product]))
    }
}
