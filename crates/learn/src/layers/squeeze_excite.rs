//! Channels weighed by what the whole image shows.

use super::{Forward, Layer, Linear, Param, linear::built, positives, visit_named};
use crate::{Error, Result};
use gradbook_core::Tensor;
use std::cell::OnceCell;

/// Options of [`SqueezeExcite`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct SqueezeExciteConfig {
    /// How many times fewer features than channels lie in between.
    pub reduction: usize,
}

impl Default for SqueezeExciteConfig {
    fn default() -> Self {
        Self { reduction: 16 }
    }
}

/// x · sigmoid(W₂ relu(W₁ m + b₁) + b₂) with the mean m of each channel (axis 1) over its positions: \[N, C, …\] to the same shape.
/// Source: Hu et al. 2018.
///
/// Errors: x without positions; a reduction of 0.
///
/// ```
/// use gradbook_learn::layers::{Params, SqueezeExcite, build};
/// let layer = SqueezeExcite::default();
/// assert_eq!(build(&layer, &[1, 32, 8, 8], 0)?[..], [1, 32, 8, 8]);
/// // 32 · 2 + 2, and 2 · 32 + 32.
/// assert_eq!(Params::of(&layer).count(), 162);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Default)]
pub struct SqueezeExcite {
    config: SqueezeExciteConfig,
    parts: OnceCell<[Linear; 2]>,
}

impl SqueezeExcite {
    /// With all options.
    pub fn with(config: SqueezeExciteConfig) -> Self {
        Self { config, parts: OnceCell::new() }
    }
}

impl Layer for SqueezeExcite {
    fn kind(&self) -> &str {
        "squeezeExcite"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let SqueezeExciteConfig { reduction } = self.config;
        positives("squeezeExcite", &[("reduction", reduction)])?;
        let &[n, channels, _, ..] = &x.shape()[..] else {
            let message = format!("x has shape {}; expected [N, C, …] with positions", x.shape());
            return Err(Error::argument("squeezeExcite", message));
        };
        let [squeeze, excite] =
            built(&self.parts, || Ok([Linear::new((channels / reduction).max(1)), Linear::new(channels)]))?;
        let rank = x.shape().rank();
        let positions: Vec<isize> = (2..rank as isize).collect();
        let few = ctx.call("squeeze", squeeze, &x.mean(&positions, false)?)?.relu()?;
        let gate = ctx.call("excite", excite, &few)?.sigmoid()?;
        let mut shape = vec![1; rank];
        (shape[0], shape[1]) = (n as isize, channels as isize);
        Ok(x.mul(&gate.reshape(&shape)?)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        if let Some([squeeze, excite]) = self.parts.get() {
            visit_named("squeeze", squeeze, visitor);
            visit_named("excite", excite, visitor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::{LocalRunner, Runner, device::interp::Interp};

    /// With weights of 0 every gate is 1/2; with the second bias far below 0 all are shut.
    #[test]
    fn gates_follow_the_weights() {
        let layer = SqueezeExcite::with(SqueezeExciteConfig { reduction: 2 });
        let x = Tensor::ones(&[2, 4, 3, 3]).unwrap();
        super::super::build(&layer, x.shape(), 1).unwrap();
        let runner = LocalRunner::native(Interp::new());
        for (bias, expected) in [(0.0, 0.5), (-100.0, 0.0)] {
            layer.visit(&mut |name, param| {
                param.replace(param.value().full_like(if name == "excite.bias" { bias } else { 0.0 }));
            });
            let y = layer.forward(&x, &mut Forward::evaluation()).unwrap();
            pollster::block_on(runner.evaluate(std::slice::from_ref(&y))).unwrap();
            let y = pollster::block_on(runner.read(&y)).unwrap();
            assert!(y.as_f32().iter().all(|&value| (value - expected).abs() < 1e-6), "{bias}: {:?}", y.as_f32());
        }
    }
}
