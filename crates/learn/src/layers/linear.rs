//! Fully connected layers (course section 1.5).

use super::{Forward, Layer, Param};
use crate::{Error, Result, init::Scheme};
use gradbook_core::Tensor;
use std::cell::OnceCell;

/// Options of [`Linear`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct LinearConfig {
    /// Output features.
    pub out: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How the weight starts.
    pub init: Scheme,
}

impl Default for LinearConfig {
    fn default() -> Self {
        Self { out: 0, bias: true, init: Scheme::default() }
    }
}

/// y = x Wᵀ + b on the last axis of x. W: \[out, in\], b: \[out\]. Source: course eq 2.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Forward, Layer, Linear};
/// let y = Linear::new(10).forward(&Tensor::zeros(&[32, 84])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [32, 10]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Linear {
    config: LinearConfig,
    params: OnceCell<(Param, Option<Param>)>,
}

impl Linear {
    /// With a bias and the usual start.
    pub fn new(out: usize) -> Self {
        Self::with(LinearConfig { out, ..LinearConfig::default() })
    }

    /// With all options.
    pub fn with(config: LinearConfig) -> Self {
        Self { config, params: OnceCell::new() }
    }

    fn build(&self, x: &Tensor, ctx: &mut Forward) -> Result<(Param, Option<Param>)> {
        let LinearConfig { out, bias, init } = self.config;
        if out == 0 {
            return Err(Error::argument("dense", "out is missing or 0; it is the number of output features"));
        }
        let Some(&input) = x.shape().last() else {
            return Err(Error::argument("dense", "x has no axes; expected [N, features]"));
        };
        let weight = Param::weight(ctx.init().weight(init, &[out, input])?);
        let bias = if bias { Some(Param::weight(Tensor::zeros(&[out])?)) } else { None };
        Ok((weight, bias))
    }
}

impl Layer for Linear {
    fn kind(&self) -> &str {
        "dense"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let (weight, bias) = built(&self.params, || self.build(x, ctx))?;
        let y = x.matmul(&weight.value().t()?)?;
        Ok(match bias {
            Some(bias) => y.add(&bias.value())?,
            None => y,
        })
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        visit_pair(&self.params, visitor);
    }
}

/// What a cell holds, made at the first call.
pub(crate) fn built<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if cell.get().is_none() {
        let _ = cell.set(make()?);
    }
    Ok(cell.get().expect("set above"))
}

/// Shows a weight and its bias.
pub(super) fn visit_pair(params: &OnceCell<(Param, Option<Param>)>, visitor: &mut dyn FnMut(&str, &Param)) {
    if let Some((weight, bias)) = params.get() {
        visitor("weight", weight);
        if let Some(bias) = bias {
            visitor("bias", bias);
        }
    }
}
