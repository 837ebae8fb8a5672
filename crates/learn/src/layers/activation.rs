//! Activation functions as layers (course section 1.6). The formulas stand with the tensor's methods of the same names.

use super::{Forward, Layer, Param, linear::built};
use crate::Result;
use gradbook_core::Tensor;
use std::cell::OnceCell;

/// A function of each element, or along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)
)]
pub enum Activation {
    /// x
    Identity,
    /// max(0, x)
    Relu,
    /// x above 0, else slope·x (course: 0.1).
    LeakyRelu {
        /// Factor below 0.
        #[cfg_attr(feature = "serde", serde(default = "leak"))]
        slope: f32,
    },
    /// 1/(1 + e⁻ˣ)
    Sigmoid,
    /// tanh x
    Tanh,
    /// sin x
    Sin,
    /// Softmax along an axis.
    Softmax {
        /// The axis.
        #[cfg_attr(feature = "serde", serde(default = "last"))]
        dim: isize,
    },
    /// The logarithm of the softmax along an axis.
    LogSoftmax {
        /// The axis.
        #[cfg_attr(feature = "serde", serde(default = "last"))]
        dim: isize,
    },
    /// ln(1 + e^(βx))/β
    Softplus {
        /// β
        #[cfg_attr(feature = "serde", serde(default = "one"))]
        beta: f32,
        /// Above this βx it is the identity.
        #[cfg_attr(feature = "serde", serde(default = "twenty"))]
        threshold: f32,
    },
    /// x above 0, else α(eˣ − 1).
    Elu {
        /// α
        #[cfg_attr(feature = "serde", serde(default = "one"))]
        alpha: f32,
    },
    /// Self-normalising ELU.
    Selu,
    /// x·Φ(x)
    Gelu {
        /// By tanh instead of erf.
        #[cfg_attr(feature = "serde", serde(default))]
        approximate: bool,
    },
    /// x·sigmoid(x)
    Silu,
    /// x·tanh(softplus(x))
    Mish,
    /// x/(1 + |x|)
    Softsign,
    /// ln(sigmoid(x))
    Logsigmoid,
    /// min(max(0, x), 6)
    Relu6,
    /// Limited to a range.
    Hardtanh {
        /// Lower bound.
        #[cfg_attr(feature = "serde", serde(default = "minus_one"))]
        min: f32,
        /// Upper bound.
        #[cfg_attr(feature = "serde", serde(default = "one"))]
        max: f32,
    },
    /// x/6 + 1/2 limited to 0…1.
    Hardsigmoid,
    /// x·hardsigmoid(x)
    Hardswish,
}

impl Activation {
    /// The function itself.
    ///
    /// ```
    /// use gradbook_core::Tensor;
    /// use gradbook_learn::layers::Activation;
    /// let y = Activation::LeakyRelu { slope: 0.1 }.apply(&Tensor::f32(&[2], &[-1.0, 2.0])?)?;
    /// assert_eq!(y.shape()[..], [2]);
    /// # Ok::<(), gradbook_learn::Error>(())
    /// ```
    pub fn apply(self, x: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Self::Identity => x.clone(),
            Self::Relu => x.relu()?,
            Self::LeakyRelu { slope } => x.leaky_relu(slope)?,
            Self::Sigmoid => x.sigmoid()?,
            Self::Tanh => x.tanh()?,
            Self::Sin => x.sin()?,
            Self::Softmax { dim } => x.softmax(dim)?,
            Self::LogSoftmax { dim } => x.log_softmax(dim)?,
            Self::Softplus { beta, threshold } => x.softplus(beta, threshold)?,
            Self::Elu { alpha } => x.elu(alpha)?,
            Self::Selu => x.selu()?,
            Self::Gelu { approximate: false } => x.gelu()?,
            Self::Gelu { approximate: true } => x.gelu_tanh()?,
            Self::Silu => x.silu()?,
            Self::Mish => x.mish()?,
            Self::Softsign => x.softsign()?,
            Self::Logsigmoid => x.logsigmoid()?,
            Self::Relu6 => x.relu6()?,
            Self::Hardtanh { min, max } => x.hardtanh(min, max)?,
            Self::Hardsigmoid => x.hardsigmoid()?,
            Self::Hardswish => x.hardswish()?,
        })
    }
}

impl Layer for Activation {
    fn kind(&self) -> &str {
        match self {
            Self::Identity => "identity",
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leakyRelu",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Sin => "sin",
            Self::Softmax { .. } => "softmax",
            Self::LogSoftmax { .. } => "logSoftmax",
            Self::Softplus { .. } => "softplus",
            Self::Elu { .. } => "elu",
            Self::Selu => "selu",
            Self::Gelu { .. } => "gelu",
            Self::Silu => "silu",
            Self::Mish => "mish",
            Self::Softsign => "softsign",
            Self::Logsigmoid => "logsigmoid",
            Self::Relu6 => "relu6",
            Self::Hardtanh { .. } => "hardtanh",
            Self::Hardsigmoid => "hardsigmoid",
            Self::Hardswish => "hardswish",
        }
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        self.apply(x)
    }
}

/// Leaky ReLU that learns one slope for each channel (axis 1), from 0.25 on. Source: He et al. 2015.
#[derive(Default)]
pub struct Prelu {
    weight: OnceCell<Param>,
}

impl Layer for Prelu {
    fn kind(&self) -> &str {
        "prelu"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let channels = if x.shape().rank() > 1 { x.shape()[1] } else { 1 };
        let weight = built(&self.weight, || Ok(Param::weight(Tensor::full(&[channels], 0.25)?)))?;
        Ok(x.prelu(&weight.value())?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        if let Some(weight) = self.weight.get() {
            visitor("weight", weight);
        }
    }
}

#[cfg(feature = "serde")]
fn leak() -> f32 {
    0.01
}

#[cfg(feature = "serde")]
fn one() -> f32 {
    1.0
}

#[cfg(feature = "serde")]
fn minus_one() -> f32 {
    -1.0
}

#[cfg(feature = "serde")]
fn twenty() -> f32 {
    20.0
}

#[cfg(feature = "serde")]
fn last() -> isize {
    -1
}
