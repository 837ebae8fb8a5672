//! From images to vectors.

use super::{Forward, Layer};
use crate::Result;
use gradbook_core::Tensor;

/// \[N, …\] to \[N, the product of the rest\].
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Flatten, Forward, Layer};
/// let y = Flatten.forward(&Tensor::zeros(&[2, 1, 28, 28])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [2, 784]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Flatten;

impl Layer for Flatten {
    fn kind(&self) -> &str {
        "flatten"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        Ok(x.flatten(1, -1)?)
    }
}
