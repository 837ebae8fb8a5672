//! Steps scaled by all gradients so far.

use super::{Now, Rule, blend, decayed};
use crate::Result;
use gradbook_core::Tensor;

/// w ← w − lr/(1 + (t − 1)·lr_decay)·g/(√s + eps) with the sum s of g². As `torch.optim.Adagrad`. Source: Duchi et al. 2011.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Adagrad {
    /// How fast the learning rate falls by itself.
    pub lr_decay: f32,
    /// Keeps the denominator away from 0.
    pub eps: f32,
    /// The sum at the start.
    pub initial_accumulator_value: f32,
    /// Pull towards 0, added to the gradient.
    pub weight_decay: f32,
}

impl Default for Adagrad {
    fn default() -> Self {
        Self { lr_decay: 0.0, eps: 1e-10, initial_accumulator_value: 0.0, weight_decay: 0.0 }
    }
}

impl Rule for Adagrad {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![param.full_like(self.initial_accumulator_value)])
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let grad = decayed(grad, param, self.weight_decay)?;
        let sum = state[0].add(&grad.square()?)?;
        let rate = now.lr.div(&now.step.sub_scalar(1)?.mul_scalar(self.lr_decay)?.add_scalar(1)?)?;
        let param = param.sub(&rate.mul(&grad)?.div(&sum.sqrt()?.add_scalar(self.eps)?)?)?;
        Ok((param, vec![sum]))
    }
}

/// Steps as large as recent steps were: w ← w − lr·√(u + eps)/√(v + eps)·g with averages v of g² and u of the steps' squares.
/// As `torch.optim.Adadelta`. Source: Zeiler 2012.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Adadelta {
    /// How slowly both averages follow.
    pub rho: f32,
    /// Keeps both roots away from 0.
    pub eps: f32,
    /// Pull towards 0, added to the gradient.
    pub weight_decay: f32,
}

impl Default for Adadelta {
    fn default() -> Self {
        Self { rho: 0.9, eps: 1e-6, weight_decay: 0.0 }
    }
}

impl Rule for Adadelta {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![param.zeros_like(); 2])
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let grad = decayed(grad, param, self.weight_decay)?;
        let v = blend(&state[0], &grad.square()?, self.rho)?;
        let root = |x: &Tensor| x.add_scalar(self.eps)?.sqrt();
        let delta = root(&state[1])?.div(&root(&v)?)?.mul(&grad)?;
        let u = blend(&state[1], &delta.square()?, self.rho)?;
        Ok((param.sub(&now.lr.mul(&delta)?)?, vec![v, u]))
    }
}
