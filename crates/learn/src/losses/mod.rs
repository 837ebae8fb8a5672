//! What training makes small: functions of what a model says and what is true, built from tensors (course section 2.1).
//!
//! Library conventions by default: the mean over samples. `Reduction::Sum` gives the course's forms.

mod binary;
mod cosine;
mod cross_entropy;
mod dice;
mod divergence;
mod focal;
mod margin;
mod regression;

pub use binary::{bce_with_logits, binary_cross_entropy};
pub use cosine::cosine_similarity_loss;
pub use cross_entropy::{CrossEntropy, cross_entropy, nll_loss, one_hot};
pub use dice::{dice_loss, dice_loss_multiclass};
pub use divergence::{distillation_loss, kl_div};
pub use focal::{focal_loss_binary, focal_loss_multiclass, focal_loss_probs};
pub use margin::{hinge_loss, multi_margin_loss};
pub use regression::{huber_loss, l1_loss, mse_loss, smooth_l1_loss};

use crate::{Error, Result};
use gradbook_core::{DType, Tensor};
use std::{fmt, rc::Rc};

/// What becomes of the losses of single entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Reduction {
    /// They stay.
    None,
    /// They are added up.
    Sum,
    /// Their mean.
    #[default]
    Mean,
    /// Their sum divided by the size of the first axis.
    BatchMean,
}

impl Reduction {
    /// Reduces losses of single entries.
    pub fn apply(self, losses: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Self::None => losses.clone(),
            Self::Sum => losses.sum_all()?,
            Self::Mean => losses.mean_all()?,
            Self::BatchMean => {
                let batch = losses.shape().first().copied().unwrap_or(1);
                losses.sum_all()?.div_scalar(batch as f64)?
            }
        })
    }
}

/// The loss that training takes as an option.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::losses::Loss;
/// let (y, t) = (Tensor::zeros(&[4, 1])?, Tensor::ones(&[4, 1])?);
/// let own = Loss::custom(|output, target| Ok(output.sub(target)?.pow_scalar(4)?.mean_all()?));
/// assert_eq!(own.mean(&y, &t)?.shape(), Loss::Mse.mean(&y, &t)?.shape());
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)
)]
pub enum Loss {
    /// See [`cross_entropy`].
    CrossEntropy(CrossEntropy),
    /// See [`mse_loss`].
    Mse,
    /// See [`l1_loss`].
    L1,
    /// See [`smooth_l1_loss`].
    SmoothL1 {
        /// Where the parabola ends.
        #[cfg_attr(feature = "serde", serde(default = "one"))]
        beta: f32,
    },
    /// See [`huber_loss`].
    Huber {
        /// Where the parabola ends.
        #[cfg_attr(feature = "serde", serde(default = "one"))]
        delta: f32,
    },
    /// See [`binary_cross_entropy`].
    Bce,
    /// See [`bce_with_logits`].
    BceWithLogits,
    /// See [`hinge_loss`].
    Hinge,
    /// See [`multi_margin_loss`].
    MultiMargin {
        /// How far the right class must lead.
        #[cfg_attr(feature = "serde", serde(default = "one"))]
        margin: f32,
    },
    /// See [`focal_loss_multiclass`].
    Focal {
        /// How much easy samples are discounted.
        #[cfg_attr(feature = "serde", serde(default = "two"))]
        gamma: f32,
    },
    /// See [`dice_loss`] for targets of f32 and the shape of the output, [`dice_loss_multiclass`] for class indices.
    Dice {
        /// Keeps the quotient defined.
        #[cfg_attr(feature = "serde", serde(default = "one"))]
        smooth: f32,
    },
    /// See [`kl_div`]: outputs are logarithms of probabilities, targets probabilities; the mean is over samples.
    Kl,
    /// A function of the model's output and the targets that gives one number.
    #[cfg_attr(feature = "serde", serde(skip))]
    Custom(Custom),
}

/// A caller's own loss: one number from the model's output and the targets.
pub type LossFunction = dyn Fn(&Tensor, &Tensor) -> Result<Tensor>;

/// A caller's own loss as an option.
#[derive(Clone)]
pub struct Custom(pub Rc<LossFunction>);

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function")
    }
}

impl Default for Loss {
    fn default() -> Self {
        Self::CrossEntropy(CrossEntropy::default())
    }
}

impl Loss {
    /// A caller's own loss.
    pub fn custom(function: impl Fn(&Tensor, &Tensor) -> Result<Tensor> + 'static) -> Self {
        Self::Custom(Custom(Rc::new(function)))
    }

    /// The mean loss of a batch, without axes.
    ///
    /// Errors: shapes or types that do not fit; a caller's function that gives more than one number.
    pub fn mean(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        self.reduced(output, target, Reduction::Mean)
    }

    /// The loss of a batch, reduced in another way. Dice and a caller's own give one number in any case.
    ///
    /// Errors: those of [`Self::mean`].
    pub fn reduced(&self, output: &Tensor, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
        match self {
            Self::CrossEntropy(options) => cross_entropy(output, target, options, reduction),
            Self::Mse => mse_loss(output, target, reduction),
            Self::L1 => l1_loss(output, target, reduction),
            Self::SmoothL1 { beta } => smooth_l1_loss(output, target, *beta, reduction),
            Self::Huber { delta } => huber_loss(output, target, *delta, reduction),
            Self::Bce => binary_cross_entropy(output, target, reduction),
            Self::BceWithLogits => bce_with_logits(output, target, None, None, reduction),
            Self::Hinge => hinge_loss(output, target, reduction),
            Self::MultiMargin { margin } => multi_margin_loss(output, target, *margin, reduction),
            Self::Focal { gamma } => focal_loss_multiclass(output, target, *gamma, None, reduction),
            Self::Dice { smooth } if target.dtype() == DType::I32 => dice_loss_multiclass(output, target, *smooth),
            Self::Dice { smooth } => dice_loss(output, target, *smooth),
            Self::Kl if reduction == Reduction::Mean => kl_div(output, target, false, Reduction::BatchMean),
            Self::Kl => kl_div(output, target, false, reduction),
            Self::Custom(Custom(function)) => {
                let loss = function(output, target)?;
                if loss.shape().len() != 1 || loss.dtype() != DType::F32 {
                    let message = format!("it gave {}{}; expected one f32", loss.dtype(), loss.shape());
                    return Err(Error::argument("loss function", message));
                }
                Ok(loss.reshape(&[])?)
            }
        }
    }
}

/// An error unless output and target have one shape: broadcasting here hides mistakes.
fn same_shape(loss: &str, input: &Tensor, target: &Tensor) -> Result<()> {
    if input.shape() == target.shape() {
        return Ok(());
    }
    let message =
        format!("the input has shape {}, the target {}; expected equal shapes", input.shape(), target.shape());
    Err(Error::argument(loss, message))
}

#[cfg(feature = "serde")]
fn one() -> f32 {
    1.0
}

#[cfg(feature = "serde")]
fn two() -> f32 {
    2.0
}
