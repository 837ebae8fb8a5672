//! Vectors that are learnt for things that are numbered (course section 12.1).

use super::{Forward, Layer, Param, linear::built};
use crate::Result;
use gradbook_core::{DType, Tensor};
use std::cell::OnceCell;

/// Options of [`Embedding`].
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct EmbeddingConfig {
    /// How many different things there are.
    pub count: usize,
    /// Length of a vector.
    pub out: usize,
    /// The thing whose vector gets no gradient.
    pub padding: Option<i32>,
}

/// Row i of a table \[count, out\] for each whole number i of x, of type i32 or f32: shape of x ++ \[out\]. The table starts normal with
/// deviation 1.
///
/// ```
/// use gradbook_learn::layers::{Embedding, EmbeddingConfig, build};
/// let layer = Embedding::with(EmbeddingConfig { count: 30, out: 8, ..Default::default() });
/// assert_eq!(build(&layer, &[2, 5], 0)?[..], [2, 5, 8]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Embedding {
    config: EmbeddingConfig,
    weight: OnceCell<Param>,
}

impl Embedding {
    /// With all options.
    pub fn with(config: EmbeddingConfig) -> Self {
        Self { config, weight: OnceCell::new() }
    }
}

impl Layer for Embedding {
    fn kind(&self) -> &str {
        "embedding"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let EmbeddingConfig { count, out, padding } = self.config;
        super::positives("embedding", &[("count", count), ("out", out)])?;
        let weight = built(&self.weight, || Ok(Param::weight(ctx.init().normal(&[count, out], 1.0)?)))?;
        let index = if x.dtype() == DType::F32 { x.to_i32()? } else { x.clone() };
        Ok(weight.value().embedding(&index, padding)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        if let Some(weight) = self.weight.get() {
            visitor("weight", weight);
        }
    }
}
