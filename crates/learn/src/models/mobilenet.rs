//! Networks of depthwise-separable convolutions (course section 8.3).

use super::conv_norm_relu;
use crate::layers::{
    Activation, BatchNorm, GlobalAvgPool, Linear, Padding, SeparableConv2d, SeparableConv2dConfig, Sequential,
};

/// A convolution and blocks of depthwise and pointwise ones, every second of which halves the size and doubles the channels. Source: Howard
/// et al. 2017, for small images.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct MobileNet {
    /// Classes.
    pub out: usize,
    /// Channels of the first convolution.
    pub channels: usize,
    /// Blocks.
    pub blocks: usize,
}

impl Default for MobileNet {
    fn default() -> Self {
        Self { out: 10, channels: 16, blocks: 6 }
    }
}

impl MobileNet {
    /// The network.
    pub fn build(&self) -> Sequential {
        let mut model = Sequential::new().named("stem", conv_norm_relu(self.channels, 3, 1, 1));
        let mut out = self.channels;
        for block in 0..self.blocks {
            let stride = if block % 2 == 1 { 2 } else { 1 };
            out *= stride;
            let (kernel, stride, padding) = (3.into(), stride.into(), Padding::Pixels(1.into()));
            let config = SeparableConv2dConfig { out, kernel, stride, padding, bias: false, ..Default::default() };
            let layers = Sequential::new().then(SeparableConv2d::with(config)).then(BatchNorm::default());
            model = model.named(&format!("block{}", block + 1), layers.then(Activation::Relu6));
        }
        model.named("pool", GlobalAvgPool).named("head", Linear::new(self.out))
    }
}
