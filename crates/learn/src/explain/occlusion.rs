//! Occlusion: what happens to the score when a part of the image is covered.

use super::saliency::{Target, target_scores};
use crate::{
    Error, Result,
    layers::{Forward, Layer},
};
use gradbook_core::Tensor;

/// Options of [`occlusion`].
#[derive(Clone, Debug)]
pub struct Occlusion {
    /// The class that is explained.
    pub target: Target,
    /// Rows and columns of the cover.
    pub window: [usize; 2],
    /// Distance between neighbouring positions of the cover; the last is cut at the border.
    pub stride: [usize; 2],
    /// What covers.
    pub baseline: f32,
}

/// The maps of [`occlusion`].
#[derive(Clone, Debug)]
pub struct OcclusionMaps {
    /// f(x) − f(x with the window covered) for each position, \[N, rows, columns\].
    pub sensitivity: Tensor,
    /// The mean over the windows that cover a pixel, \[N, H, W\]; 0 where none does.
    pub map: Tensor,
}

/// How much the score falls when a window is covered, all channels together. One pass for each position of the window.
///
/// Errors: x is not \[N, C, H, W\]; a window or stride of 0 or a window larger than the image; those of [`super::saliency`].
/// Source: Zeiler and Fergus 2014; course section 15.2.3.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::explain::{Occlusion, Target, occlusion};
/// use gradbook_learn::layers::{Flatten, Linear, Sequential};
/// let model = Sequential::new().then(Flatten).then(Linear::new(10));
/// let options = Occlusion { target: Target::Predicted, window: [4, 4], stride: [4, 4], baseline: 0.0 };
/// let maps = occlusion(&model, &Tensor::zeros(&[1, 1, 28, 28])?, &options)?;
/// assert_eq!((&maps.sensitivity.shape()[..], &maps.map.shape()[..]), (&[1, 7, 7][..], &[1, 28, 28][..]));
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn occlusion(model: &dyn Layer, x: &Tensor, options: &Occlusion) -> Result<OcclusionMaps> {
    let fail = |message: String| Err(Error::argument("occlusion", message));
    let [n, _, h, w] = x.shape()[..] else {
        return fail(format!("x has shape {}; expected [N, C, H, W]", x.shape()));
    };
    let Occlusion { window, stride, .. } = *options;
    let fits = |i: usize, size: usize| (1..=size).contains(&window[i]) && stride[i] > 0;
    if !fits(0, h) || !fits(1, w) {
        return fail(format!(
            "window {window:?}, stride {stride:?} on an image [{h}, {w}]; expected windows inside, strides of at least 1"
        ));
    }
    let mut ctx = Forward::evaluation();
    let mut target = options.target.clone();
    let logits = model.forward(x, &mut ctx)?;
    if matches!(target, Target::Predicted) {
        // What the model says of the whole image stays the question.
        target = Target::Each(logits.argmax(1, false)?);
    }
    let score = target_scores(&logits, &target)?;
    let positions = |i: usize, size: usize| (size - window[i]).div_ceil(stride[i]) + 1;
    let (rows, columns) = (positions(0, h), positions(1, w));
    let mut falls = Vec::with_capacity(rows * columns);
    let mut sum = Tensor::zeros(&[n, h, w])?;
    let mut count = Tensor::zeros(&[h, w])?;
    for row in 0..rows {
        for column in 0..columns {
            let (top, left) = (row * stride[0], column * stride[1]);
            let cover = inside(h, top, window[0])?.unsqueeze(1)?.logical_and(&inside(w, left, window[1])?)?;
            let covered = cover.where_(&x.full_like(options.baseline), x)?;
            let fall = score.sub(&target_scores(&model.forward(&covered, &mut ctx)?, &target)?)?;
            let share = cover.to_f32()?;
            sum = sum.add(&fall.reshape(&[n as isize, 1, 1])?.mul(&share)?)?;
            count = count.add(&share)?;
            falls.push(fall);
        }
    }
    let falls = Tensor::stack(&falls.iter().collect::<Vec<_>>(), 1)?;
    Ok(OcclusionMaps {
        sensitivity: falls.reshape(&[n as isize, rows as isize, columns as isize])?,
        map: sum.div(&count.maximum_scalar(1)?)?,
    })
}

/// Whether a coordinate lies in start … start + length − 1 (bool, \[size\]).
fn inside(size: usize, start: usize, length: usize) -> Result<Tensor> {
    let at = Tensor::arange(size)?;
    Ok(at.ge_scalar(start as f64)?.logical_and(&at.lt_scalar((start + length) as f64)?)?)
}
