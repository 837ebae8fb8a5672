//! Layers that keep activations in range (course section 8.4).

use super::{Forward, Layer, Param, linear::built};
use crate::{Error, Result};
use gradbook_core::Tensor;
use std::cell::OnceCell;

/// Options of [`BatchNorm`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct BatchNormConfig {
    /// Keeps the root away from 0.
    pub eps: f32,
    /// Share of the batch in the running statistics of each step.
    pub momentum: f32,
    /// Whether scale and shift are learnt.
    pub affine: bool,
}

impl Default for BatchNormConfig {
    fn default() -> Self {
        Self { eps: 1e-5, momentum: 0.1, affine: true }
    }
}

/// Each channel (axis 1) with mean 0 and variance 1 over the batch and its positions, then scaled and shifted; outside of
/// training by running statistics. Source: Ioffe and Szegedy 2015, course section 8.4.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{BatchNorm, Forward, Layer, Params};
/// let norm = BatchNorm::default();
/// norm.forward(&Tensor::zeros(&[2, 8, 4, 4])?, &mut Forward::evaluation())?;
/// let names: Vec<String> = Params::of(&norm).0.into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["weight", "bias", "running_mean", "running_var"]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Default)]
pub struct BatchNorm {
    config: BatchNormConfig,
    params: OnceCell<BatchNormParams>,
}

struct BatchNormParams {
    affine: Option<(Param, Param)>,
    mean: Param,
    var: Param,
}

impl BatchNorm {
    /// With all options.
    pub fn with(config: BatchNormConfig) -> Self {
        Self { config, params: OnceCell::new() }
    }

    fn build(&self, x: &Tensor) -> Result<BatchNormParams> {
        let [_, channels, ..] = x.shape()[..] else {
            return Err(Error::argument("batchNorm", format!("x has shape {}; expected [N, C, …]", x.shape())));
        };
        Ok(BatchNormParams {
            affine: self.config.affine.then(|| scale_and_shift(&[channels])).transpose()?,
            mean: Param::buffer(Tensor::zeros(&[channels])?),
            var: Param::buffer(Tensor::ones(&[channels])?),
        })
    }
}

impl Layer for BatchNorm {
    fn kind(&self) -> &str {
        "batchNorm"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let BatchNormConfig { eps, momentum, .. } = self.config;
        let params = built(&self.params, || self.build(x))?;
        let channels = params.mean.shape().len();
        let mut shape = vec![1; x.shape().rank()];
        shape[1] = channels as isize;
        let (mean, var) = if let Some(share) = ctx.batch_share(momentum) {
            let axes: Vec<isize> = (0..x.shape().rank() as isize).filter(|&axis| axis != 1).collect();
            let count = x.shape().len() / channels.max(1);
            if count < 2 {
                let message = format!("x has shape {}; training needs at least two values for each channel", x.shape());
                return Err(Error::argument("batchNorm", message));
            }
            let mean = x.mean(&axes, true)?;
            let var = x.sub(&mean)?.square()?.mean(&axes, true)?;
            let unbiased = var.mul_scalar(count as f64 / (count - 1) as f64)?;
            for (running, batch) in [(&params.mean, &mean), (&params.var, &unbiased)] {
                let batch = batch.detach()?.reshape(&[channels as isize])?;
                // A layer that is called twice in a step moves them twice.
                let before = ctx.updated(running).cloned().unwrap_or_else(|| running.value());
                let kept = before.mul(&share.scalar_sub(1)?)?;
                ctx.update(running, kept.add(&batch.mul(&share)?)?);
            }
            (mean, var)
        } else {
            (params.mean.value().reshape(&shape)?, params.var.value().reshape(&shape)?)
        };
        let y = x.sub(&mean)?.mul(&var.add_scalar(eps)?.rsqrt()?)?;
        let Some((weight, bias)) = &params.affine else { return Ok(y) };
        Ok(y.mul(&weight.value().reshape(&shape)?)?.add(&bias.value().reshape(&shape)?)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        let Some(params) = self.params.get() else { return };
        if let Some((weight, bias)) = &params.affine {
            visitor("weight", weight);
            visitor("bias", bias);
        }
        visitor("running_mean", &params.mean);
        visitor("running_var", &params.var);
    }
}

/// Options of [`LayerNorm`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct LayerNormConfig {
    /// How many of the last axes are normalised together.
    pub axes: usize,
    /// Keeps the root away from 0.
    pub eps: f32,
    /// Whether scale and shift are learnt.
    pub affine: bool,
}

impl Default for LayerNormConfig {
    fn default() -> Self {
        Self { axes: 1, eps: 1e-5, affine: true }
    }
}

/// Each sample with mean 0 and variance 1 over its last axes, then scaled and shifted. Source: Ba et al. 2016.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Forward, Layer, LayerNorm, LayerNormConfig, Params};
/// let norm = LayerNorm::with(LayerNormConfig { axes: 2, ..Default::default() });
/// norm.forward(&Tensor::zeros(&[8, 5, 3])?, &mut Forward::evaluation())?;
/// assert_eq!(Params::of(&norm).values()[0].shape()[..], [5, 3]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Default)]
pub struct LayerNorm {
    config: LayerNormConfig,
    params: OnceCell<Option<(Param, Param)>>,
}

impl LayerNorm {
    /// With all options.
    pub fn with(config: LayerNormConfig) -> Self {
        Self { config, params: OnceCell::new() }
    }
}

impl Layer for LayerNorm {
    fn kind(&self) -> &str {
        "layerNorm"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let LayerNormConfig { axes, eps, affine } = self.config;
        let rank = x.shape().rank();
        if axes == 0 || axes > rank {
            let message = format!("axes is {axes}, x has shape {}; expected 1 to {rank}", x.shape());
            return Err(Error::argument("layerNorm", message));
        }
        let sizes = &x.shape()[rank - axes..];
        let params = built(&self.params, || affine.then(|| scale_and_shift(sizes)).transpose())?;
        let last: Vec<isize> = (1..=axes as isize).map(|i| -i).collect();
        let centred = x.sub(&x.mean(&last, true)?)?;
        let y = centred.mul(&centred.square()?.mean(&last, true)?.add_scalar(eps)?.rsqrt()?)?;
        let Some((weight, bias)) = params else { return Ok(y) };
        Ok(y.mul(&weight.value())?.add(&bias.value())?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        if let Some(Some((weight, bias))) = self.params.get() {
            visitor("weight", weight);
            visitor("bias", bias);
        }
    }
}

pub(super) fn scale_and_shift(shape: &[usize]) -> Result<(Param, Param)> {
    Ok((Param::weight(Tensor::ones(shape)?), Param::weight(Tensor::zeros(shape)?)))
}
