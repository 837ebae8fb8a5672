//! From images to vectors.

use super::{Forward, Layer};
use crate::Result;
use gradbook_core::Tensor;

/// \[N, …\] to \[N, the product of the rest\].
pub struct Flatten;

impl Layer for Flatten {
    fn kind(&self) -> &str {
        "flatten"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        Ok(x.flatten(1, -1)?)
    }
}
