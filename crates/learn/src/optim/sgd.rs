//! Stochastic gradient descent.

use super::{Now, Rule, decayed};
use crate::Result;
use gradbook_core::Tensor;

/// w ← w − lr·b with b ← momentum·b + (1 − dampening)·g, b = g at first; Nesterov: w ← w − lr·(g + momentum·b).
/// As `torch.optim.SGD`. Source: course sections 2.3 and 3.3.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Sgd {
    /// Share of the past step that goes on.
    pub momentum: f32,
    /// Share of the gradient that momentum leaves out.
    pub dampening: f32,
    /// Look ahead along the momentum.
    pub nesterov: bool,
    /// Pull towards 0, added to the gradient.
    pub weight_decay: f32,
    /// Apply the pull to the weights themselves: w(1 − lr·weight_decay). Source: course eq 21.
    pub decoupled: bool,
    /// Where the learning rate enters.
    pub form: MomentumForm,
}

/// Where the learning rate enters the momentum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum MomentumForm {
    /// It scales the whole momentum: w ← w − lr·b.
    #[default]
    Library,
    /// It scales each gradient as it comes: m ← momentum·m + lr·g; w ← w − m. Source: course section 3.3.
    Course,
}

impl Rule for Sgd {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        Ok(if self.momentum == 0.0 { vec![] } else { vec![param.zeros_like()] })
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let (param, grad) = if self.decoupled {
            let shrink = now.lr.mul_scalar(-f64::from(self.weight_decay))?.add_scalar(1)?;
            (param.mul(&shrink)?, grad.clone())
        } else {
            (param.clone(), decayed(grad, param, self.weight_decay)?)
        };
        let [old] = state else {
            return Ok((param.sub(&now.lr.mul(&grad)?)?, vec![]));
        };
        if self.form == MomentumForm::Course {
            let m = old.mul_scalar(self.momentum)?.add(&now.lr.mul(&grad)?)?;
            return Ok((param.sub(&m)?, vec![m]));
        }
        let fresh = grad.mul_scalar(1.0 - f64::from(self.dampening))?;
        let mut buffer = old.mul_scalar(self.momentum)?.add(&fresh)?;
        if self.dampening != 0.0 {
            buffer = now.step.le_scalar(1)?.where_(&grad, &buffer)?;
        }
        let direction = if self.nesterov { grad.add(&buffer.mul_scalar(self.momentum)?)? } else { buffer.clone() };
        Ok((param.sub(&now.lr.mul(&direction)?)?, vec![buffer]))
    }
}
