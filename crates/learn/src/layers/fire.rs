//! The fire module of SqueezeNet: few channels in between, then two kernels side by side.

use super::{Conv2d, Conv2dConfig, Forward, Layer, Padding, Param};
use crate::Result;
use gradbook_core::Tensor;

/// A 1 × 1 convolution to few channels, then a 1 × 1 and a 3 × 3 convolution beside each other, each followed by ReLU: \[N, C, H, W\]
/// to \[N, 2·expand, H, W\]. Source: Iandola et al. 2016, section 3.2.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Fire, Forward, Layer};
/// let y = Fire::new(16, 64).forward(&Tensor::zeros(&[1, 64, 8, 8])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [1, 128, 8, 8]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Fire {
    squeeze: Conv2d,
    expand1: Conv2d,
    expand3: Conv2d,
}

impl Fire {
    /// With so many channels in between, and so many from each of the two kernels.
    pub fn new(squeeze: usize, expand: usize) -> Self {
        let same = Conv2dConfig { out: expand, kernel: 3.into(), padding: Padding::SAME, ..Conv2dConfig::default() };
        Self { squeeze: Conv2d::new(squeeze, 1), expand1: Conv2d::new(expand, 1), expand3: Conv2d::with(same) }
    }
}

impl Layer for Fire {
    fn kind(&self) -> &str {
        "fire"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let few = ctx.call("squeeze", &self.squeeze, x)?.relu()?;
        let one = ctx.call("expand1", &self.expand1, &few)?.relu()?;
        let three = ctx.call("expand3", &self.expand3, &few)?.relu()?;
        Ok(Tensor::concat(&[&one, &three], 1)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        for (name, layer) in [("squeeze", &self.squeeze), ("expand1", &self.expand1), ("expand3", &self.expand3)] {
            layer.visit(&mut |inner, param| visitor(&format!("{name}.{inner}"), param));
        }
    }
}
