//! Steps scaled by the recent size of the gradient.

use super::{MomentumForm, Now, Rule, blend, decayed};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// w ← w − lr·g/(√v + eps) with a moving average v of g², entry by entry. As `torch.optim.RMSprop`.
/// The course's form (eq 22) averages the squared norm of the whole gradient and has eps inside of the root.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct RmsProp {
    /// How slowly the average follows.
    pub alpha: f32,
    /// Keeps the denominator away from 0.
    pub eps: f32,
    /// Subtract the square of the average gradient: v becomes a variance.
    pub centered: bool,
    /// Share of the past step that goes on.
    pub momentum: f32,
    /// Pull towards 0, added to the gradient.
    pub weight_decay: f32,
    /// Entry by entry, or one number for all.
    pub form: MomentumForm,
}

impl Default for RmsProp {
    fn default() -> Self {
        let form = MomentumForm::Library;
        Self { alpha: 0.99, eps: 1e-8, centered: false, momentum: 0.0, weight_decay: 0.0, form }
    }
}

impl Rule for RmsProp {
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>> {
        if self.form == MomentumForm::Course {
            if self.centered || self.momentum != 0.0 {
                return Err(Error::argument(
                    "rmsprop",
                    "the course's form has no momentum and is not centred; leave them out",
                ));
            }
            return Ok(vec![Tensor::scalar(0.0)]);
        }
        Ok(vec![param.zeros_like(); 1 + usize::from(self.centered) + usize::from(self.momentum != 0.0)])
    }

    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let grad = decayed(grad, param, self.weight_decay)?;
        if self.form == MomentumForm::Course {
            let v = blend(&state[0], &now.squared_norm, self.alpha)?;
            let rate = now.lr.div(&v.add_scalar(self.eps)?.sqrt()?)?;
            return Ok((param.sub(&rate.mul(&grad)?)?, vec![v]));
        }
        let v = blend(&state[0], &grad.square()?, self.alpha)?;
        let mut after = vec![v.clone()];
        let mut spread = v;
        if self.centered {
            let average = blend(&state[1], &grad, self.alpha)?;
            spread = spread.sub(&average.square()?)?;
            after.push(average);
        }
        let mut direction = grad.div(&spread.sqrt()?.add_scalar(self.eps)?)?;
        if self.momentum != 0.0 {
            direction = state[after.len()].mul_scalar(self.momentum)?.add(&direction)?;
            after.push(direction.clone());
        }
        Ok((param.sub(&now.lr.mul(&direction)?)?, after))
    }
}
