//! Normalisation that depends on one sample alone (course section 8.5).

use super::{Forward, Layer, Param, linear::built, norm::scale_and_shift};
use crate::{Error, Result};
use gradbook_core::Tensor;
use std::cell::OnceCell;

/// Options of [`GroupNorm`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct GroupNormConfig {
    /// How many groups the channels are split into; 0 is one for each channel.
    pub groups: usize,
    /// Keeps the root away from 0.
    pub eps: f32,
    /// Whether scale and shift are learnt.
    pub affine: bool,
}

impl Default for GroupNormConfig {
    fn default() -> Self {
        Self { groups: 0, eps: 1e-5, affine: true }
    }
}

/// Each group of channels (axis 1) of each sample with mean 0 and variance 1 over its channels and positions, then each channel scaled and
/// shifted. A group for each channel is instance normalisation. Any batch size will do. Source: Wu and He 2018; Ulyanov et al. 2016.
///
/// ```
/// use gradbook_learn::layers::{GroupNorm, Params, build};
/// let norm = GroupNorm::new(2);
/// assert_eq!(build(&norm, &[1, 8, 4, 4], 0)?[..], [1, 8, 4, 4]);
/// assert_eq!(Params::of(&norm).count(), 16);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct GroupNorm {
    config: GroupNormConfig,
    params: OnceCell<Option<(Param, Param)>>,
}

impl GroupNorm {
    /// So many groups.
    pub fn new(groups: usize) -> Self {
        Self::with(GroupNormConfig { groups, ..GroupNormConfig::default() })
    }

    /// With all options.
    pub fn with(config: GroupNormConfig) -> Self {
        Self { config, params: OnceCell::new() }
    }
}

impl Layer for GroupNorm {
    fn kind(&self) -> &str {
        if self.config.groups == 0 { "instanceNorm" } else { "groupNorm" }
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let GroupNormConfig { groups, eps, affine } = self.config;
        let [samples, channels, ..] = x.shape()[..] else {
            return Err(Error::argument(self.kind(), format!("x has shape {}; expected [N, C, …]", x.shape())));
        };
        let groups = if groups == 0 { channels } else { groups };
        if channels == 0 || !channels.is_multiple_of(groups) {
            let message = format!("groups is {groups}; it must divide the {channels} channels");
            return Err(Error::argument("groupNorm", message));
        }
        let params = built(&self.params, || affine.then(|| scale_and_shift(&[channels])).transpose())?;
        let grouped = x.reshape(&[samples as isize, groups as isize, -1])?;
        let centred = grouped.sub(&grouped.mean(&[2], true)?)?;
        let scale = centred.square()?.mean(&[2], true)?.add_scalar(eps)?.rsqrt()?;
        let whole: Vec<isize> = x.shape().iter().map(|&size| size as isize).collect();
        let y = centred.mul(&scale)?.reshape(&whole)?;
        let Some((weight, bias)) = params else { return Ok(y) };
        let mut each = vec![1; x.shape().rank()];
        each[1] = channels as isize;
        Ok(y.mul(&weight.value().reshape(&each)?)?.add(&bias.value().reshape(&each)?)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        if let Some(Some((weight, bias))) = self.params.get() {
            visitor("weight", weight);
            visitor("bias", bias);
        }
    }
}
