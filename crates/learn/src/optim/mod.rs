//! How parameters follow their gradients: each optimiser is a pure rule from (parameter, gradient, state) to (parameter, state).
//!
//! Learning rate and step come as tensors, so a step that was compiled once is right for all. The loop over parameters and
//! clipping are shared. Source: course chapter 3, and the papers named at each rule.

mod adagrad;
mod adam;
mod clip;
mod lion;
mod memory;
mod nadam;
mod penalty;
mod rmsprop;
mod sgd;

pub use adagrad::{Adadelta, Adagrad};
pub use adam::{Adam, AdamW, Adamax};
pub use clip::{Clip, adaptive_grad_clip, clip_by_norm, clip_by_value};
pub use lion::Lion;
pub use memory::Memory;
pub use nadam::Nadam;
pub use penalty::{ema_weights, l1_penalty, l2_penalty};
pub use rmsprop::RmsProp;
pub use sgd::{MomentumForm, Sgd};

use crate::Result;
use gradbook_core::Tensor;
use std::fmt::Debug;

/// What is the same for all parameters of one step.
#[derive(Clone, Debug)]
pub struct Now {
    /// The learning rate, f32 without axes.
    pub lr: Tensor,
    /// The step's number from 1, f32 without axes.
    pub step: Tensor,
    /// The sum of squares of all gradients, f32 without axes.
    pub squared_norm: Tensor,
}

impl Now {
    /// A step with these gradients.
    pub fn new(lr: Tensor, step: Tensor, gradients: &[Tensor]) -> Result<Self> {
        Ok(Self { lr, step, squared_norm: clip::squared_norm(gradients)? })
    }
}

/// The rule of an optimiser for one parameter.
pub trait Rule: Debug {
    /// What it remembers of a parameter, before the first step.
    fn state(&self, param: &Tensor) -> Result<Vec<Tensor>>;

    /// The parameter after a step, and what is remembered then.
    fn step(&self, now: &Now, param: &Tensor, grad: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)>;
}

/// The rules: one line each, with the learning rate where the caller names none (PyTorch's, and 0.01 for SGD).
macro_rules! listing {
    ($($name:ident: $lr:literal,)*) => {
        /// An optimiser and its options.
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
        pub enum Optimiser {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)*
        }

        impl Optimiser {
            /// The rule.
            pub fn rule(&self) -> &dyn Rule {
                match self { $(Self::$name(rule) => rule,)* }
            }

            /// The learning rate where the caller names none.
            pub fn default_lr(&self) -> f64 {
                match self { $(Self::$name(_) => $lr,)* }
            }

            /// Replaces the weight decay.
            pub fn set_weight_decay(&mut self, value: f32) {
                match self { $(Self::$name(rule) => rule.weight_decay = value,)* }
            }
        }
    };
}

listing! {
    Sgd: 0.01,
    Adam: 0.001,
    AdamW: 0.001,
    RmsProp: 0.01,
    Adagrad: 0.01,
    Adadelta: 1.0,
    Adamax: 0.002,
    Nadam: 0.002,
    Lion: 0.0001,
}

impl Default for Optimiser {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

/// One step of a rule for all parameters: their values and states afterwards.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::optim::{Now, Sgd, update};
/// let (w, g) = (Tensor::ones(&[3])?, Tensor::ones(&[3])?);
/// let now = Now::new(Tensor::scalar(0.1), Tensor::scalar(1.0), &[g.clone()])?;
/// let (params, _) = update(&Sgd::default(), &now, &[w], &[g], &[vec![]])?; // 0.9
/// assert_eq!(params[0].shape()[..], [3]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn update(
    rule: &dyn Rule,
    now: &Now,
    params: &[Tensor],
    grads: &[Tensor],
    state: &[Vec<Tensor>],
) -> Result<(Vec<Tensor>, Vec<Vec<Tensor>>)> {
    let each = params.iter().zip(grads).zip(state);
    let made: Vec<_> = each.map(|((param, grad), state)| rule.step(now, param, grad, state)).collect::<Result<_>>()?;
    Ok(made.into_iter().unzip())
}

/// decay·average + (1 − decay)·value
fn blend(average: &Tensor, value: &Tensor, decay: f32) -> Result<Tensor> {
    Ok(average.mul_scalar(decay)?.add(&value.mul_scalar(1.0 - f64::from(decay))?)?)
}

/// grad + weight_decay·param
fn decayed(grad: &Tensor, param: &Tensor, weight_decay: f32) -> Result<Tensor> {
    if weight_decay == 0.0 {
        return Ok(grad.clone());
    }
    Ok(grad.add(&param.mul_scalar(weight_decay)?)?)
}

/// 1 − βᵗ, exact for β near 1.
fn bias_correction(beta: f32, step: &Tensor) -> Result<Tensor> {
    if beta == 0.0 {
        return Ok(step.ones_like());
    }
    Ok(step.mul_scalar(f64::from(beta).ln())?.expm1()?.neg()?)
}
