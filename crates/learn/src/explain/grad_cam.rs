//! Grad-CAM: where in a feature map the evidence for a class lies.

use super::saliency::{Target, target_score};
use crate::{
    Error, Result,
    layers::{Forward, Layer},
};
use gradbook_core::{Tensor, ops::Interpolation};

/// The maps of [`grad_cam`].
#[derive(Clone, Debug)]
pub struct GradCamMaps {
    /// \[N, 1, h, w\], the size of the feature map.
    pub raw: Tensor,
    /// \[N, 1, H, W\], the size of the images.
    pub upsampled: Tensor,
    /// How much each channel counts, \[N, K\].
    pub channel_weights: Tensor,
}

/// Options of [`grad_cam`].
#[derive(Clone, Debug)]
pub struct GradCam {
    /// The layer whose output is looked at, by its name in the model (`3`, `features.2`): usually the last convolution or the
    /// activation after it.
    pub layer: String,
    /// The class that is explained.
    pub target: Target,
    /// How the map is brought to the size of the images.
    pub interpolation: Interpolation,
}

impl GradCam {
    /// For a layer and a class, brought to size bilinearly.
    pub fn new(layer: &str, target: Target) -> Self {
        Self { layer: layer.into(), target, interpolation: Interpolation::Bilinear }
    }
}

/// relu(Σ w_k A_k) over the channels A_k of a layer's output, where w_k is the mean of the gradient of the class's logit
/// over the channel. Source: Selvaraju et al. 2017; course section 15.2.2.
///
/// Errors: no layer of that name; its output is not \[N, K, h, w\]; those of [`super::saliency`].
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::explain::{GradCam, Target, grad_cam};
/// use gradbook_learn::layers::{Activation, Conv2d, Flatten, Linear, MaxPool2d, Sequential};
/// let model = Sequential::new()
///     .then(Conv2d::new(4, 3))
///     .named("features", Activation::Relu)
///     .then(MaxPool2d::new(2))
///     .then(Flatten)
///     .then(Linear::new(10));
/// let maps = grad_cam(&model, &Tensor::zeros(&[2, 1, 28, 28])?, &GradCam::new("features", Target::Predicted))?;
/// assert_eq!((&maps.raw.shape()[..], &maps.upsampled.shape()[..]), (&[2, 1, 26, 26][..], &[2, 1, 28, 28][..]));
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn grad_cam(model: &dyn Layer, x: &Tensor, options: &GradCam) -> Result<GradCamMaps> {
    let mut ctx = Forward::evaluation();
    let logits = model.forward(x, &mut ctx)?;
    let features = ctx.output(&options.layer)?;
    let ([_, _, h, w], 4) = (x.shape().last_chunk().copied().unwrap_or([0; 4]), features.shape().rank()) else {
        let (name, shape) = (&options.layer, features.shape());
        return Err(Error::argument(
            "gradCam",
            format!("layer {name} gives shape {shape}; expected a feature map [N, K, h, w]"),
        ));
    };
    let gradient = target_score(&logits, &options.target)?.grad(&[&features])?.remove(0);
    let weights = gradient.mean(&[2, 3], true)?;
    let raw = weights.mul(&features)?.sum(&[1], true)?.relu()?;
    let upsampled = raw.upsample([h, w], options.interpolation, false)?;
    Ok(GradCamMaps { raw, upsampled, channel_weights: weights.flatten(1, -1)? })
}
