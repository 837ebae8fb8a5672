//! Two-dimensional convolutions (course sections 7.2 to 7.4).

use super::{
    Forward, Layer, Pair, Param,
    linear::{built, visit_pair},
    positive,
};
use crate::{Error, Result, init::Scheme};
use gradbook_core::{Tensor, ops, ops::PadMode};
use std::cell::OnceCell;

/// Options of [`Conv2d`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Conv2dConfig {
    /// Output channels.
    pub out: usize,
    /// Kernel size.
    pub kernel: Pair,
    /// Distance between neighbouring outputs.
    pub stride: Pair,
    /// How much is added around the image.
    pub padding: Padding,
    /// What is added around the image.
    pub padding_mode: PaddingMode,
    /// Distance between neighbouring kernel entries.
    pub dilation: Pair,
    /// Channels are split into so many groups that do not see each other; as many as channels: depthwise.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How the weight starts.
    pub init: Scheme,
    /// Whether each output channel's weights are brought to mean 0 and variance 1 before they are used. Source: Qiao et al. 2019; course
    /// section 5.4.
    pub standardise: bool,
}

impl Default for Conv2dConfig {
    fn default() -> Self {
        Self {
            out: 0,
            kernel: Pair::Square(0),
            stride: Pair::Square(1),
            padding: Padding::Pixels(Pair::Square(0)),
            padding_mode: PaddingMode::Zeros,
            dilation: Pair::Square(1),
            groups: 1,
            bias: true,
            init: Scheme::default(),
            standardise: false,
        }
    }
}

/// How much is added around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// By what it achieves.
    Named(NamedPadding),
    /// So many zeros on each side.
    Pixels(Pair),
}

/// What is added around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum PaddingMode {
    /// 0.
    #[default]
    Zeros,
    /// The nearest pixel.
    Replicate,
    /// The image mirrored, without the border pixel.
    Reflect,
    /// The image from its other end.
    Circular,
    /// The mean of the plane, as a constant.
    Mean,
}

/// What padding achieves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum NamedPadding {
    /// The output is as large as the input (stride 1).
    Same,
    /// None.
    Valid,
    /// The output has ⌈size/stride⌉ pixels; an odd pixel is added at the end. Source: `SAME` of TensorFlow, `SAME_UPPER` of ONNX.
    SameUpper,
    /// Every overlap of kernel and image counts.
    Full,
}

impl Padding {
    /// The output is as large as the input (stride 1).
    pub const SAME: Self = Self::Named(NamedPadding::Same);
    /// The output has ⌈size/stride⌉ pixels.
    pub const SAME_UPPER: Self = Self::Named(NamedPadding::SameUpper);
    /// None.
    pub const VALID: Self = Self::Named(NamedPadding::Valid);
    /// Every overlap of kernel and image counts.
    pub const FULL: Self = Self::Named(NamedPadding::Full);
}

impl Padding {
    /// As the op of that name takes it.
    ///
    /// Errors: `SameUpper`, which depends on the image, so that the layer conv2d adds it itself.
    pub fn of(self, what: &str) -> Result<ops::Padding> {
        Ok(match self {
            Self::Named(NamedPadding::Same) => ops::Padding::Same,
            Self::Named(NamedPadding::Valid) => ops::Padding::Valid,
            Self::Named(NamedPadding::Full) => ops::Padding::Full,
            Self::Named(NamedPadding::SameUpper) => {
                let message = "padding 'sameUpper' goes with the layers conv2d and separableConv2d; 'same' or pixels will do here";
                return Err(Error::argument(what, message));
            }
            Self::Pixels(pair) => ops::Padding::Explicit(pair.both()),
        })
    }
}

impl From<PaddingMode> for ops::ConvPadMode {
    fn from(mode: PaddingMode) -> Self {
        match mode {
            PaddingMode::Zeros => Self::Zeros,
            PaddingMode::Replicate => Self::Replicate,
            PaddingMode::Reflect => Self::Reflect,
            PaddingMode::Circular => Self::Circular,
            PaddingMode::Mean => Self::Mean,
        }
    }
}

/// Cross-correlation of \[N, C, H, W\] with a weight \[out, C/groups, KH, KW\], plus a bias \[out\].
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Conv2d, Conv2dConfig, Forward, Layer, Padding};
/// let conv = Conv2d::with(Conv2dConfig { out: 16, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
/// let y = conv.forward(&Tensor::zeros(&[2, 3, 28, 28])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [2, 16, 28, 28]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Conv2d {
    config: Conv2dConfig,
    params: OnceCell<(Param, Option<Param>)>,
}

/// Keeps the root of a channel's variance away from 0.
const STANDARDISE_EPS: f32 = 1e-5;

impl Conv2d {
    /// With stride 1, no padding and a bias.
    pub fn new(out: usize, kernel: impl Into<Pair>) -> Self {
        Self::with(Conv2dConfig { out, kernel: kernel.into(), ..Conv2dConfig::default() })
    }

    /// With all options.
    pub fn with(config: Conv2dConfig) -> Self {
        Self { config, params: OnceCell::new() }
    }

    fn build(&self, x: &Tensor, ctx: &mut Forward) -> Result<(Param, Option<Param>)> {
        let Conv2dConfig { out, kernel, groups, bias, init, .. } = self.config;
        if out == 0 {
            return Err(Error::argument("conv2d", "out is missing or 0; it is the number of output channels"));
        }
        let [kh, kw] = positive("conv2d", "kernel", kernel)?;
        let [_, channels, _, _] = x.shape()[..] else {
            return Err(Error::argument("conv2d", format!("x has shape {}; expected [N, C, H, W]", x.shape())));
        };
        super::check_groups("conv2d", groups, channels, out)?;
        let weight = Param::weight(ctx.init().weight(init, &[out, channels / groups, kh, kw])?);
        let bias = if bias { Some(Param::weight(Tensor::zeros(&[out])?)) } else { None };
        Ok((weight, bias))
    }

    /// The image with as many zeros as `SameUpper` needs.
    fn padded(&self, x: &Tensor, stride: [usize; 2], dilation: [usize; 2]) -> Result<Tensor> {
        let kernel = self.config.kernel.both();
        let around = |axis: usize| {
            let size = x.shape()[2 + axis];
            let reach = (size.div_ceil(stride[axis]) - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
            let more = reach.saturating_sub(size);
            [more / 2, more.div_ceil(2)]
        };
        let mode = match self.config.padding_mode {
            PaddingMode::Zeros => PadMode::Constant(0.0),
            other => {
                let message = format!("paddingMode {other:?} goes with other paddings, such as 'same'");
                return Err(Error::argument("conv2d", message));
            }
        };
        Ok(x.pad(&[around(0), around(1)], mode)?)
    }
}

impl Layer for Conv2d {
    fn kind(&self) -> &str {
        "conv2d"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let (weight, bias) = built(&self.params, || self.build(x, ctx))?;
        let options = ops::Conv2dOptions {
            stride: positive("conv2d", "stride", self.config.stride)?,
            padding: match self.config.padding {
                Padding::SAME_UPPER => ops::Padding::Valid,
                other => other.of("conv2d")?,
            },
            dilation: positive("conv2d", "dilation", self.config.dilation)?,
            groups: self.config.groups,
            mode: self.config.padding_mode.into(),
        };
        let (weight, bias) = (weight.value(), bias.as_ref().map(Param::value));
        let weight = if self.config.standardise { weight.weight_standardise(STANDARDISE_EPS)? } else { weight };
        if self.config.padding == Padding::SAME_UPPER {
            let x = self.padded(x, options.stride, options.dilation)?;
            return Ok(x.conv2d(&weight, bias.as_ref(), &options)?);
        }
        Ok(x.conv2d(&weight, bias.as_ref(), &options)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        visit_pair(&self.params, visitor);
    }
}
