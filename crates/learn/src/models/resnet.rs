//! Networks of residual blocks (course chapter 9).

use super::{conv, conv_norm_relu};
use crate::layers::{Activation, BatchNorm, GlobalAvgPool, Linear, Residual, Sequential};

/// Three stages of residual blocks, each with twice the channels and half the size of the one before: the form for small images, of depth
/// 6·blocks + 2. Source: He et al. 2016, section 4.2, with shortcuts by projection.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct ResNet {
    /// Classes.
    pub out: usize,
    /// Blocks of a stage.
    pub blocks: usize,
    /// Channels of the first stage.
    pub channels: usize,
    /// Whether anything passes by the blocks: no shows why it must.
    pub skips: bool,
}

impl Default for ResNet {
    fn default() -> Self {
        Self { out: 10, blocks: 1, channels: 16, skips: true }
    }
}

impl ResNet {
    /// The network.
    pub fn build(&self) -> Sequential {
        let mut model = Sequential::new().named("stem", conv_norm_relu(self.channels, 3, 1, 1));
        for stage in 0..3 {
            for block in 0..self.blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("stage{}.{block}", stage + 1);
                model = model.named(&name, self.block(self.channels << stage, stride));
            }
        }
        model.named("pool", GlobalAvgPool).named("head", Linear::new(self.out))
    }

    fn block(&self, out: usize, stride: usize) -> Sequential {
        let body = conv_norm_relu(out, 3, stride, 1).then(conv(out, 3, 1, 1)).then(BatchNorm::default());
        if !self.skips {
            return body.then(Activation::Relu);
        }
        let mut residual = Residual::new(body);
        if stride > 1 {
            residual =
                residual.with_shortcut(Sequential::new().then(conv(out, 1, stride, 1)).then(BatchNorm::default()));
        }
        Sequential::new().then(residual).then(Activation::Relu)
    }
}
