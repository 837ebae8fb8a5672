//! Dropout: neurons that are silent for a step (course section 6.3).

use super::{Forward, Layer};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// Options of [`Dropout`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct DropoutConfig {
    /// A probability; of what says the form.
    pub p: f32,
    /// What p means.
    pub form: DropoutForm,
}

/// What the probability of a dropout layer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum DropoutForm {
    /// p of the neurons are silenced, as in the libraries.
    #[default]
    Library,
    /// p of the neurons are kept, as in course section 6.3.
    Course,
}

impl Default for DropoutConfig {
    fn default() -> Self {
        Self { p: 0.5, form: DropoutForm::Library }
    }
}

/// In training silences neurons at random and divides the others by the share that is kept; the identity otherwise.
/// Source: Srivastava et al. 2014.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Dropout, Forward, Layer};
/// let x = Tensor::ones(&[8, 100])?;
/// let y = Dropout::new(0.5).forward(&x, &mut Forward::training(Tensor::key(1)))?;
/// assert_eq!(y.shape(), x.shape());
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Dropout(pub DropoutConfig);

impl Dropout {
    /// Silences `p` of the neurons.
    pub fn new(p: f32) -> Self {
        Self(DropoutConfig { p, ..DropoutConfig::default() })
    }
}

impl Layer for Dropout {
    fn kind(&self) -> &str {
        "dropout"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        silenced("dropout", &self.0, x, x.shape(), ctx)
    }
}

/// The same for whole channels (axis 1) of a sample at once: neighbouring pixels say the same, so that single ones would not be missed.
/// Source: Tompson et al. 2015.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Dropout2d, DropoutConfig, Forward, Layer};
/// let x = Tensor::ones(&[8, 16, 4, 4])?;
/// let y = Dropout2d(DropoutConfig::default()).forward(&x, &mut Forward::training(Tensor::key(1)))?;
/// assert_eq!(y.shape(), x.shape());
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Dropout2d(pub DropoutConfig);

impl Layer for Dropout2d {
    fn kind(&self) -> &str {
        "dropout2d"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let [samples, channels, ..] = x.shape()[..] else {
            return Err(Error::argument("dropout2d", format!("x has shape {}; expected [N, C, …]", x.shape())));
        };
        let mut each = vec![1; x.shape().rank()];
        each[..2].copy_from_slice(&[samples, channels]);
        silenced("dropout2d", &self.0, x, &each, ctx)
    }
}

/// x with entries silenced at random, which `shape` counts; it is broadcast to that of x.
fn silenced(what: &str, config: &DropoutConfig, x: &Tensor, shape: &[usize], ctx: &mut Forward) -> Result<Tensor> {
    let DropoutConfig { p, form } = *config;
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::argument(what, format!("p is {p}; a probability lies between 0 and 1")));
    }
    let keep = if form == DropoutForm::Library { 1.0 - p } else { p };
    if !ctx.is_training() || keep == 1.0 {
        return Ok(x.clone());
    }
    if keep == 0.0 {
        return Ok(x.zeros_like());
    }
    let (key, stream) = ctx.random()?;
    let kept = Tensor::bernoulli(&key, stream, shape, keep)?;
    dropout_given_mask(x, &kept.to_f32()?, 1.0 - keep)
}

/// x·mask/(1 − p), where the mask (f32) is 1 for the neurons that are kept.
pub fn dropout_given_mask(x: &Tensor, mask: &Tensor, p: f32) -> Result<Tensor> {
    Ok(x.mul(mask)?.div_scalar(1.0 - p)?)
}
