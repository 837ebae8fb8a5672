//! Saliency: how much each pixel would change the score.

use crate::{
    Error, Result,
    layers::{Forward, Layer},
};
use gradbook_core::{DType, Tensor};

/// The class whose score is explained.
#[derive(Clone, Debug)]
pub enum Target {
    /// The same for all images.
    Class(usize),
    /// One for each image, i32 \[N\].
    Each(Tensor),
    /// The class that the model says, for each image.
    Predicted,
}

/// The gradient of the target's logit for every pixel, with its sign: the shape of x. Its magnitude ([`Tensor::abs`]) is
/// the usual map. Images do not influence each other's maps.
///
/// Errors: the model's output is not \[N, classes\]; a class that does not exist; a model that x does not reach.
/// Source: Simonyan et al. 2014; course section 15.2.2.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::{explain::{Target, saliency}, layers::{Activation, Flatten, Linear, Sequential}};
/// let model = Sequential::new().then(Flatten).then(Linear::new(8)).then(Activation::Relu).then(Linear::new(3));
/// let map = saliency(&model, &Tensor::zeros(&[2, 1, 4, 4])?, &Target::Class(1))?;
/// assert_eq!(map.shape()[..], [2, 1, 4, 4]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn saliency(model: &dyn Layer, x: &Tensor, target: &Target) -> Result<Tensor> {
    let logits = model.forward(x, &mut Forward::evaluation())?;
    Ok(target_score(&logits, target)?.grad(&[x])?.remove(0))
}

/// The sum over images of the logit of their target class, without axes, for logits \[N, classes\].
pub fn target_score(logits: &Tensor, target: &Target) -> Result<Tensor> {
    Ok(target_scores(logits, target)?.sum_all()?)
}

/// The logit of the target class for each image, \[N\].
pub(super) fn target_scores(logits: &Tensor, target: &Target) -> Result<Tensor> {
    let fail = |message: String| Err(Error::argument("explain", message));
    let [images, classes] = logits.shape()[..] else {
        return fail(format!(
            "the model gives shape {}; expected one score for each class, [N, classes]",
            logits.shape()
        ));
    };
    let index = match target {
        Target::Class(class) if *class >= classes => {
            return fail(format!("class {class} of a model that tells {classes} apart; expected 0 to {}", classes - 1));
        }
        Target::Class(class) => return Ok(logits.select(1, *class as isize)?),
        Target::Each(index) if index.dtype() != DType::I32 || index.shape()[..] != [images] => {
            let got = format!("{}{}", index.dtype(), index.shape());
            return fail(format!("the target is {got}; expected a class for each image, i32[{images}]"));
        }
        Target::Each(index) => index.clone(),
        Target::Predicted => logits.argmax(1, false)?,
    };
    Ok(logits.mul(&index.one_hot(classes)?)?.sum(&[1], false)?)
}
