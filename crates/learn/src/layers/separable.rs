//! Convolutions in two parts (course section 8.3).

use super::{Conv2d, Conv2dConfig, Forward, Layer, Padding, PaddingMode, Pair, Param, linear::built};
use crate::{Error, Result, init::Scheme};
use gradbook_core::Tensor;
use std::cell::OnceCell;

/// Options of [`SeparableConv2d`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct SeparableConv2dConfig {
    /// Output channels.
    pub out: usize,
    /// Size of the depthwise kernel.
    pub kernel: Pair,
    /// Distance between neighbouring outputs.
    pub stride: Pair,
    /// How much is added around the image.
    pub padding: Padding,
    /// What is added around the image.
    pub padding_mode: PaddingMode,
    /// Distance between neighbouring kernel entries.
    pub dilation: Pair,
    /// Kernels for each input channel.
    pub multiplier: usize,
    /// Whether the pointwise part adds a bias.
    pub bias: bool,
    /// How both weights start.
    pub init: Scheme,
}

impl Default for SeparableConv2dConfig {
    fn default() -> Self {
        let Conv2dConfig { out, kernel, stride, padding, padding_mode, dilation, bias, init, .. } =
            Conv2dConfig::default();
        Self { out, kernel, stride, padding, padding_mode, dilation, multiplier: 1, bias, init }
    }
}

/// A kernel for each channel of \[N, C, H, W\] alone, then a convolution of 1 × 1 that mixes channels: C·K² + C·out weights in place of
/// C·K²·out. Source: Howard et al. 2017 (MobileNet); course section 8.3.
///
/// ```
/// use gradbook_learn::layers::{Params, SeparableConv2d, build};
/// let conv = SeparableConv2d::new(16, 3);
/// assert_eq!(build(&conv, &[1, 8, 10, 10], 0)?[..], [1, 16, 8, 8]);
/// assert_eq!(Params::of(&conv).count(), 8 * 9 + 8 * 16 + 16); // 8·9·16 + 16 for a full convolution
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct SeparableConv2d {
    config: SeparableConv2dConfig,
    parts: OnceCell<[Conv2d; 2]>,
}

impl SeparableConv2d {
    /// With stride 1, no padding and a bias.
    pub fn new(out: usize, kernel: impl Into<Pair>) -> Self {
        Self::with(SeparableConv2dConfig { out, kernel: kernel.into(), ..Default::default() })
    }

    /// With all options.
    pub fn with(config: SeparableConv2dConfig) -> Self {
        Self { config, parts: OnceCell::new() }
    }

    fn build(&self, x: &Tensor) -> Result<[Conv2d; 2]> {
        let SeparableConv2dConfig { out, kernel, stride, padding, padding_mode, dilation, multiplier, bias, init } =
            self.config;
        let [_, channels, _, _] = x.shape()[..] else {
            return Err(Error::argument(
                "separableConv2d",
                format!("x has shape {}; expected [N, C, H, W]", x.shape()),
            ));
        };
        let (groups, depth) = (channels, channels * multiplier);
        let depthwise = Conv2dConfig {
            out: depth,
            kernel,
            stride,
            padding,
            padding_mode,
            dilation,
            groups,
            bias: false,
            init,
            standardise: false,
        };
        let pointwise = Conv2dConfig { out, kernel: 1.into(), bias, init, ..Default::default() };
        Ok([Conv2d::with(depthwise), Conv2d::with(pointwise)])
    }
}

impl Layer for SeparableConv2d {
    fn kind(&self) -> &str {
        "separableConv2d"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let [depthwise, pointwise] = built(&self.parts, || self.build(x))?;
        let each = ctx.call("depthwise", depthwise, x)?;
        ctx.call("pointwise", pointwise, &each)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        let Some([depthwise, pointwise]) = self.parts.get() else { return };
        super::visit_named("depthwise", depthwise, visitor);
        super::visit_named("pointwise", pointwise, visitor);
    }
}
