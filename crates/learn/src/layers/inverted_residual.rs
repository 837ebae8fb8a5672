//! The block of mobile networks: many channels in between, convolved each by itself.

use super::{Conv2d, Conv2dConfig, Forward, Layer, Padding, Param};
use crate::Result;
use gradbook_core::Tensor;

/// Options of [`InvertedResidual`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvertedResidualConfig {
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub out: usize,
    /// Kernel size of the depthwise convolution.
    pub kernel: usize,
    /// Distance between neighbouring outputs.
    pub stride: usize,
    /// How many times as many channels there are in between; 1: no convolution before the depthwise one.
    pub expand: usize,
}

/// A 1 × 1 convolution to many channels, a depthwise one, and a 1 × 1 one to the output's channels, which is linear; ReLU6 after the
/// first two. Where input and output have the same shape, the input is added. Source: Sandler et al. 2018 (MobileNetV2), section 3.3;
/// padding as in TensorFlow.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Forward, InvertedResidual, InvertedResidualConfig, Layer};
/// let config = InvertedResidualConfig { input: 16, out: 24, kernel: 3, stride: 2, expand: 6 };
/// let y = InvertedResidual::new(config).forward(&Tensor::zeros(&[1, 16, 9, 9])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [1, 24, 5, 5]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct InvertedResidual {
    config: InvertedResidualConfig,
    expand: Option<Conv2d>,
    depthwise: Conv2d,
    project: Conv2d,
}

impl InvertedResidual {
    /// With these options.
    pub fn new(config: InvertedResidualConfig) -> Self {
        let InvertedResidualConfig { input, out, kernel, stride, expand } = config;
        let between = input * expand;
        let depthwise = Conv2dConfig {
            out: between,
            groups: between,
            kernel: kernel.into(),
            stride: stride.into(),
            padding: Padding::SAME_UPPER,
            ..Conv2dConfig::default()
        };
        Self {
            config,
            expand: (expand > 1).then(|| Conv2d::new(between, 1)),
            depthwise: Conv2d::with(depthwise),
            project: Conv2d::new(out, 1),
        }
    }
}

impl Layer for InvertedResidual {
    fn kind(&self) -> &str {
        "invertedResidual"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let many = match &self.expand {
            Some(expand) => ctx.call("expand", expand, x)?.relu6()?,
            None => x.clone(),
        };
        let seen = ctx.call("depthwise", &self.depthwise, &many)?.relu6()?;
        let y = ctx.call("project", &self.project, &seen)?;
        let InvertedResidualConfig { input, out, stride, .. } = self.config;
        Ok(if stride == 1 && input == out { y.add(x)? } else { y })
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        let expand = self.expand.as_ref().map(|layer| ("expand", layer));
        for (name, layer) in expand.into_iter().chain([("depthwise", &self.depthwise), ("project", &self.project)]) {
            layer.visit(&mut |inner, param| visitor(&format!("{name}.{inner}"), param));
        }
    }
}
