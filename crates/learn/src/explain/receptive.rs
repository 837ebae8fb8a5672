//! How much each pixel counts for the middle of a layer's output (course section 7.6).

use crate::{
    Error, Result,
    layers::{Forward, Layer},
};
use gradbook_core::Tensor;

/// The magnitude of the gradient of the middle position of a layer's output [N, K, h, w], all channels together, for every pixel of
/// x \[N, C, H, W\]: \[N, H, W\]. Where it is not 0 lies within the theoretical field; most of it is found in the middle of that.
/// Source: Luo et al. 2016.
///
/// Errors: no layer of that name; its output is not \[N, K, h, w\].
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::{explain::effective_receptive_field, layers::{Conv2d, Sequential}};
/// let model = Sequential::new().then(Conv2d::new(4, 3)).then(Conv2d::new(4, 3));
/// let map = effective_receptive_field(&model, &Tensor::zeros(&[2, 1, 20, 20])?, "1")?;
/// assert_eq!(map.shape()[..], [2, 20, 20]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn effective_receptive_field(model: &dyn Layer, x: &Tensor, layer: &str) -> Result<Tensor> {
    let mut ctx = Forward::evaluation();
    model.forward(x, &mut ctx)?;
    let output = ctx.output(layer)?;
    let ([_, _, h, w], 4) = (output.shape().last_chunk().copied().unwrap_or([0; 4]), x.shape().rank()) else {
        let message = format!("layer {layer} gives shape {}; expected a feature map [N, K, h, w]", output.shape());
        return Err(Error::argument("receptiveField", message));
    };
    let middle = output.narrow(2, h / 2, 1)?.narrow(3, w / 2, 1)?;
    Ok(middle.sum_all()?.grad(&[x])?.remove(0).abs()?.sum(&[1], false)?)
}
