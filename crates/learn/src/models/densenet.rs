//! Networks of dense blocks (course chapter 9).

use super::conv;
use crate::Result;
use crate::layers::{
    Activation, AvgPool2d, BatchNorm, DenseBlock, Forward, GlobalAvgPool, Layer, Linear, Param, Sequential,
    linear::built,
};
use gradbook_core::Tensor;
use std::cell::OnceCell;

/// Three dense blocks with transitions between them. Source: Huang et al. 2017, the form for small images.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct DenseNet {
    /// Classes.
    pub out: usize,
    /// Channels that each layer adds.
    pub growth: usize,
    /// Layers of a block.
    pub layers: usize,
    /// Channels of the first convolution.
    pub channels: usize,
    /// The share of channels that a transition keeps.
    pub compression: f32,
}

impl Default for DenseNet {
    fn default() -> Self {
        Self { out: 10, growth: 12, layers: 4, channels: 24, compression: 0.5 }
    }
}

impl DenseNet {
    /// The network.
    pub fn build(&self) -> Sequential {
        let mut model = Sequential::new().named("stem", conv(self.channels, 3, 1, 1));
        for stage in 1..=3 {
            let layer =
                || Sequential::new().then(BatchNorm::default()).then(Activation::Relu).then(conv(self.growth, 3, 1, 1));
            let block = (0..self.layers).fold(DenseBlock::new(), |block, _| block.then(layer()));
            model = model.named(&format!("block{stage}"), block);
            if stage < 3 {
                let transition = Sequential::new()
                    .then(BatchNorm::default())
                    .then(Activation::Relu)
                    .then(Compress { share: self.compression, conv: OnceCell::new() })
                    .then(AvgPool2d::new(2));
                model = model.named(&format!("transition{stage}"), transition);
            }
        }
        model
            .named("norm", BatchNorm::default())
            .named("relu", Activation::Relu)
            .named("pool", GlobalAvgPool)
            .named("head", Linear::new(self.out))
    }
}

/// A convolution of 1 × 1 that keeps a share of the channels.
struct Compress {
    share: f32,
    conv: OnceCell<crate::layers::Conv2d>,
}

impl Layer for Compress {
    fn kind(&self) -> &str {
        "conv2d"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let channels = x.shape().get(1).copied().unwrap_or(0) as f32;
        let conv = built(&self.conv, || Ok(conv(((channels * self.share) as usize).max(1), 1, 1, 1)))?;
        conv.forward(x, ctx)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        if let Some(conv) = self.conv.get() {
            conv.visit(visitor);
        }
    }
}
