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
    /// It scales each gradient as it comes: m ← momentum·m + lr·g; w ← w − m. With Nesterov g is the gradient at w − momentum·m, and
    /// that point is what is kept. Source: course section 3.3.
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
        let fresh = grad.mul_scalar(1.0 - f64::from(self.dampening))?;
        if self.form == MomentumForm::Course {
            let m = old.mul_scalar(self.momentum)?.add(&now.lr.mul(&fresh)?)?;
            let step = if self.nesterov { m.mul_scalar(self.momentum)?.add(&now.lr.mul(&grad)?)? } else { m.clone() };
            return Ok((param.sub(&step)?, vec![m]));
        }
        let mut buffer = old.mul_scalar(self.momentum)?.add(&fresh)?;
        if self.dampening != 0.0 {
            buffer = now.step.le_scalar(1)?.where_(&grad, &buffer)?;
        }
        let direction = if self.nesterov { grad.add(&buffer.mul_scalar(self.momentum)?)? } else { buffer.clone() };
        Ok((param.sub(&now.lr.mul(&direction)?)?, vec![buffer]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::{LocalRunner, Runner, device::interp::Interp};

    /// The course's Nesterov, as it is printed, on w²/2, whose gradient at v is v.
    fn printed(lrs: &[f64], alpha: f64) -> f64 {
        let (mut w, mut m) = (1.0, 0.0);
        for lr in lrs {
            m = alpha * m + lr * (w - alpha * m);
            w -= m;
        }
        w - alpha * m
    }

    #[test]
    fn the_course_s_nesterov_keeps_the_point_where_the_gradient_is_taken() {
        let rule = Sgd { momentum: 0.8, nesterov: true, form: MomentumForm::Course, ..Default::default() };
        let lrs = [0.3, 0.3, 0.1, 0.05];
        let mut point = Tensor::scalar(1.0);
        let mut state = rule.state(&point).unwrap();
        for (step, lr) in lrs.iter().enumerate() {
            let grad = point.clone();
            let (lr, step) = (Tensor::scalar(*lr as f32), Tensor::scalar(step as f32 + 1.0));
            let now = Now { lr, step, squared_norm: grad.square().unwrap() };
            (point, state) = rule.step(&now, &point, &grad, &state).unwrap();
        }
        let found = pollster::block_on(LocalRunner::native(Interp::new()).read(&point)).unwrap().as_f32()[0];
        assert!((f64::from(found) - printed(&lrs, 0.8)).abs() < 1e-6, "{found}");
    }
}
