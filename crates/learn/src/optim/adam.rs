//! Adam and its relatives: steps scaled by moving averages of the gradient and its square.

use super::{Now, Rule, bias_correction, blend, decayed};
use crate::Result;
use gradbook_core::Tensor;

/// w ← w − lr·m̂/(√v̂ + eps) with bias-corrected averages m of g and v of g². As `torch.optim.Adam`.
/// Source: Kingma and Ba 2015; course section 3.5.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Adam {
    /// How slowly both averages follow.
    pub betas: [f32; 2],
    /// Keeps the denominator away from 0.
    pub eps: f32,
    /// Pull towards 0, added to the gradient.
    pub weight_decay: f32,
    /// Use the largest v so far.
    pub amsgrad: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, amsgrad: false }
    }
}

impl Rule for Adam {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![param.zeros_like(); if self.amsgrad { 3 } else { 2 }])
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let grad = decayed(grad, param, self.weight_decay)?;
        let m = blend(&state[0], &grad, self.betas[0])?;
        let v = blend(&state[1], &grad.square()?, self.betas[1])?;
        let peak = if self.amsgrad { Some(state[2].maximum(&v)?) } else { None };
        // √v̂ = √v/√(1 − β₂ᵗ): the corrections are one number each, so the step costs one root an entry.
        let correction = bias_correction(self.betas[1], &now.step)?.sqrt()?;
        let root = peak.as_ref().unwrap_or(&v).sqrt()?.div(&correction)?;
        let rate = now.lr.div(&bias_correction(self.betas[0], &now.step)?)?;
        let param = param.sub(&rate.mul(&m)?.div(&root.add_scalar(self.eps)?)?)?;
        Ok((param, [m, v].into_iter().chain(peak).collect()))
    }
}

/// Adam with the pull towards 0 applied to the weights: w ← w(1 − lr·weight_decay) first. As `torch.optim.AdamW`.
/// Source: Loshchilov and Hutter 2019; course eq 23.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct AdamW {
    /// How slowly both averages follow.
    pub betas: [f32; 2],
    /// Keeps the denominator away from 0.
    pub eps: f32,
    /// Pull towards 0.
    pub weight_decay: f32,
    /// Use the largest v so far.
    pub amsgrad: bool,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01, amsgrad: false }
    }
}

impl AdamW {
    fn adam(&self) -> Adam {
        Adam { betas: self.betas, eps: self.eps, weight_decay: 0.0, amsgrad: self.amsgrad }
    }
}

impl Rule for AdamW {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        self.adam().state(param)
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let shrink = now.lr.mul_scalar(-f64::from(self.weight_decay))?.add_scalar(1)?;
        self.adam().step(now, &param.mul(&shrink)?, grad, state)
    }
}

/// Adam with the largest recent magnitude in place of √v̂. As `torch.optim.Adamax`. Source: Kingma and Ba 2015.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Adamax {
    /// How slowly average and magnitude follow.
    pub betas: [f32; 2],
    /// Keeps the denominator away from 0.
    pub eps: f32,
    /// Pull towards 0, added to the gradient.
    pub weight_decay: f32,
}

impl Default for Adamax {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 }
    }
}

impl Rule for Adamax {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![param.zeros_like(); 2])
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let grad = decayed(grad, param, self.weight_decay)?;
        let m = blend(&state[0], &grad, self.betas[0])?;
        let u = state[1].mul_scalar(self.betas[1])?.maximum(&grad.abs()?.add_scalar(self.eps)?)?;
        let rate = now.lr.div(&bias_correction(self.betas[0], &now.step)?)?;
        Ok((param.sub(&rate.mul(&m)?.div(&u)?)?, vec![m, u]))
    }
}
