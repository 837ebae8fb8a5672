//! From images to vectors, and back.

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

/// \[N, …\] to \[N, shape…\].
///
/// ```
/// use gradbook_learn::layers::{Reshape, build};
/// assert_eq!(build(&Reshape { shape: vec![3, 4, -1] }, &[2, 60], 0)?[..], [2, 3, 4, 5]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Reshape {
    /// The sizes behind the batch axis; one may be −1.
    pub shape: Vec<isize>,
}

impl Layer for Reshape {
    fn kind(&self) -> &str {
        "reshape"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let samples = x.shape().first().map_or(1, |&samples| samples as isize);
        Ok(x.reshape(&[&[samples], &self.shape[..]].concat())?)
    }
}
