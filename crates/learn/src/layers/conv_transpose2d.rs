//! Convolutions that make images larger (course section 14.2).

use super::{
    Forward, Layer, Pair, Param,
    linear::{built, visit_pair},
    positive,
};
use crate::{Error, Result, init::Scheme};
use gradbook_core::{Tensor, ops};
use std::cell::OnceCell;

/// Options of [`ConvTranspose2d`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct ConvTranspose2dConfig {
    /// Output channels.
    pub out: usize,
    /// Kernel size.
    pub kernel: Pair,
    /// Distance between neighbouring inputs in the output.
    pub stride: Pair,
    /// Rows and columns cut off on both sides of the output.
    pub padding: Pair,
    /// Rows and columns more at the end of the output.
    pub output_padding: Pair,
    /// Distance between neighbouring kernel entries.
    pub dilation: Pair,
    /// Channels are split into so many groups that do not see each other.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How the weight starts.
    pub init: Scheme,
}

impl Default for ConvTranspose2dConfig {
    fn default() -> Self {
        let [zero, one] = [0, 1].map(Pair::Square);
        Self {
            out: 0,
            kernel: zero,
            stride: one,
            padding: zero,
            output_padding: zero,
            dilation: one,
            groups: 1,
            bias: true,
            init: Scheme::default(),
        }
    }
}

/// The transpose of a convolution on \[N, C, H, W\], with a weight \[C, out/groups, KH, KW\] and a bias \[out\]: with a stride, it spreads
/// pixels apart.
///
/// ```
/// use gradbook_learn::layers::{ConvTranspose2d, ConvTranspose2dConfig, build};
/// let up = ConvTranspose2d::with(ConvTranspose2dConfig { out: 8, kernel: 4.into(), stride: 2.into(), padding: 1.into(), ..Default::default() });
/// assert_eq!(build(&up, &[1, 3, 7, 7], 0)?[..], [1, 8, 14, 14]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct ConvTranspose2d {
    config: ConvTranspose2dConfig,
    params: OnceCell<(Param, Option<Param>)>,
}

impl ConvTranspose2d {
    /// With all options.
    pub fn with(config: ConvTranspose2dConfig) -> Self {
        Self { config, params: OnceCell::new() }
    }

    fn build(&self, x: &Tensor, ctx: &mut Forward) -> Result<(Param, Option<Param>)> {
        let ConvTranspose2dConfig { out, kernel, groups, bias, init, .. } = self.config;
        super::positives("convTranspose2d", &[("out", out)])?;
        let [kh, kw] = positive("convTranspose2d", "kernel", kernel)?;
        let [_, channels, _, _] = x.shape()[..] else {
            return Err(Error::argument(
                "convTranspose2d",
                format!("x has shape {}; expected [N, C, H, W]", x.shape()),
            ));
        };
        super::check_groups("convTranspose2d", groups, channels, out)?;
        // Drawn as [out, in, …], so that the inputs of an output set the scale: those of its group.
        let drawn = ctx.init().weight(init, &[out, channels / groups, kh, kw])?;
        let sizes = [groups, out / groups, channels / groups, kh, kw].map(|size| size as isize);
        let whole = [channels, out / groups, kh, kw].map(|size| size as isize);
        let weight = drawn.reshape(&sizes)?.transpose(1, 2)?.reshape(&whole)?;
        let bias = if bias { Some(Param::weight(Tensor::zeros(&[out])?)) } else { None };
        Ok((Param::weight(weight), bias))
    }
}

impl Layer for ConvTranspose2d {
    fn kind(&self) -> &str {
        "convTranspose2d"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let (weight, bias) = built(&self.params, || self.build(x, ctx))?;
        let options = ops::ConvTranspose2dOptions {
            stride: positive("convTranspose2d", "stride", self.config.stride)?,
            padding: self.config.padding.both(),
            output_padding: self.config.output_padding.both(),
            dilation: positive("convTranspose2d", "dilation", self.config.dilation)?,
            groups: self.config.groups,
        };
        Ok(x.conv_transpose2d(&weight.value(), bias.as_ref().map(Param::value).as_ref(), &options)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        visit_pair(&self.params, visitor);
    }
}
