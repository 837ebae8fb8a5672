//! Convolutions of signals (course section 7.2).

use super::{
    Forward, Layer, Padding, PaddingMode, Pair, Param,
    linear::{built, visit_pair},
};
use crate::{Error, Result, init::Scheme};
use gradbook_core::{Tensor, ops};
use std::cell::OnceCell;

/// Options of [`Conv1d`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Conv1dConfig {
    /// Output channels.
    pub out: usize,
    /// Kernel size.
    pub kernel: usize,
    /// Distance between neighbouring outputs.
    pub stride: usize,
    /// How much is added at both ends.
    pub padding: Padding,
    /// What is added at both ends.
    pub padding_mode: PaddingMode,
    /// Distance between neighbouring kernel entries.
    pub dilation: usize,
    /// Channels are split into so many groups that do not see each other.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How the weight starts.
    pub init: Scheme,
}

impl Default for Conv1dConfig {
    fn default() -> Self {
        Self {
            out: 0,
            kernel: 0,
            stride: 1,
            padding: Padding::Pixels(Pair::Square(0)),
            padding_mode: PaddingMode::Zeros,
            dilation: 1,
            groups: 1,
            bias: true,
            init: Scheme::default(),
        }
    }
}

/// Cross-correlation of \[N, C, L\] with a weight \[out, C/groups, K\], plus a bias \[out\].
///
/// ```
/// use gradbook_learn::layers::{Conv1d, Conv1dConfig, Padding, build};
/// let conv = Conv1d::with(Conv1dConfig { out: 8, kernel: 5, padding: Padding::SAME, ..Default::default() });
/// assert_eq!(build(&conv, &[2, 3, 40], 0)?[..], [2, 8, 40]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Conv1d {
    config: Conv1dConfig,
    params: OnceCell<(Param, Option<Param>)>,
}

impl Conv1d {
    /// With stride 1, no padding and a bias.
    pub fn new(out: usize, kernel: usize) -> Self {
        Self::with(Conv1dConfig { out, kernel, ..Conv1dConfig::default() })
    }

    /// With all options.
    pub fn with(config: Conv1dConfig) -> Self {
        Self { config, params: OnceCell::new() }
    }

    fn build(&self, x: &Tensor, ctx: &mut Forward) -> Result<(Param, Option<Param>)> {
        let Conv1dConfig { out, kernel, groups, bias, init, .. } = self.config;
        let [_, channels, _] = x.shape()[..] else {
            return Err(Error::argument("conv1d", format!("x has shape {}; expected [N, C, L]", x.shape())));
        };
        super::positives("conv1d", &[("out", out), ("kernel", kernel)])?;
        super::check_groups("conv1d", groups, channels, out)?;
        let weight = Param::weight(ctx.init().weight(init, &[out, channels / groups, kernel])?);
        let bias = if bias { Some(Param::weight(Tensor::zeros(&[out])?)) } else { None };
        Ok((weight, bias))
    }
}

impl Layer for Conv1d {
    fn kind(&self) -> &str {
        "conv1d"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let Conv1dConfig { stride, padding, padding_mode, dilation, groups, .. } = self.config;
        super::positives("conv1d", &[("stride", stride), ("dilation", dilation)])?;
        let (weight, bias) = built(&self.params, || self.build(x, ctx))?;
        let options = ops::Conv2dOptions {
            stride: [1, stride],
            padding: padding.of("conv1d")?,
            dilation: [1, dilation],
            groups,
            mode: padding_mode.into(),
        };
        Ok(x.conv1d(&weight.value(), bias.as_ref().map(Param::value).as_ref(), &options)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        visit_pair(&self.params, visitor);
    }
}
