//! One answer from several views of a sample: test-time augmentation.

use crate::{Error, Result};
use gradbook_core::Tensor;

/// The mean probabilities \[N, C\] of the logits of several views \[V, N, C\], and the class that they say (i32 \[N\]).
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::augment::tta_mean;
/// let (probabilities, classes) = tta_mean(&Tensor::zeros(&[5, 2, 10])?)?;
/// assert_eq!((&probabilities.shape()[..], &classes.shape()[..]), (&[2, 10][..], &[2][..]));
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn tta_mean(logits: &Tensor) -> Result<(Tensor, Tensor)> {
    if logits.shape().rank() != 3 {
        return Err(Error::argument("tta", format!("logits have shape {}; expected [views, N, C]", logits.shape())));
    }
    let probabilities = logits.softmax(2)?.mean(&[0], false)?;
    let classes = probabilities.argmax(1, false)?;
    Ok((probabilities, classes))
}
