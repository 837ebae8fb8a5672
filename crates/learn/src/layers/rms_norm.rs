//! Normalisation by the size of a vector alone.

use super::{Forward, Layer, LayerNormConfig, Param, linear::built};
use crate::{Error, Result};
use gradbook_core::Tensor;
use std::cell::OnceCell;

/// x/√(mean(x²) + eps) over the last axes, then scaled: layer normalisation without the mean. The options are those of
/// [`super::LayerNorm`]. Source: Zhang and Sennrich 2019.
///
/// ```
/// use gradbook_learn::layers::{Params, RmsNorm, build};
/// let norm = RmsNorm::default();
/// assert_eq!(build(&norm, &[4, 6], 0)?[..], [4, 6]);
/// assert_eq!(Params::of(&norm).count(), 6);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Default)]
pub struct RmsNorm {
    config: LayerNormConfig,
    weight: OnceCell<Option<Param>>,
}

impl RmsNorm {
    /// With all options.
    pub fn with(config: LayerNormConfig) -> Self {
        Self { config, weight: OnceCell::new() }
    }
}

impl Layer for RmsNorm {
    fn kind(&self) -> &str {
        "rmsNorm"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let LayerNormConfig { axes, eps, affine } = self.config;
        let rank = x.shape().rank();
        if axes == 0 || axes > rank {
            let message = format!("axes is {axes}, x has shape {}; expected 1 to {rank}", x.shape());
            return Err(Error::argument("rmsNorm", message));
        }
        let sizes = &x.shape()[rank - axes..];
        let weight = built(&self.weight, || Ok(affine.then(|| Tensor::ones(sizes)).transpose()?.map(Param::weight)))?;
        let last: Vec<isize> = (1..=axes as isize).map(|i| -i).collect();
        let y = x.mul(&x.square()?.mean(&last, true)?.add_scalar(eps)?.rsqrt()?)?;
        Ok(match weight {
            Some(weight) => y.mul(&weight.value())?,
            None => y,
        })
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        if let Some(Some(weight)) = self.weight.get() {
            visitor("weight", weight);
        }
    }
}
