//! Samples changed at random while a network learns from them, inside of the compiled step (course section 5.2): every epoch sees other
//! pictures, and labels, boxes and masks follow them.
//!
//! Each file has an idea twice: as a function of images and of given numbers, which conformance cases check, and as a [`Transform`] that draws
//! the numbers, one for each sample, from counter-based random bits.

mod affine;
mod audio;
mod blur;
mod boxes;
mod colour;
mod crop;
mod cutout;
mod draw;
mod flip;
mod hue;
mod labels;
mod mix;
mod noise;
mod pad;
mod perspective;
mod posterize;
mod resize;
mod tone;
mod views;
mod warp;

pub use affine::{Affine, AffineParams, affine, rotate};
pub use audio::{Gain, PitchShift, Speed, gain, pitch_shift, speed};
pub use blur::{GaussianBlur, Sharpness, gaussian_blur, sharpness};
pub use boxes::{affine_boxes, crop_boxes, flip_boxes, resize_boxes};
pub use colour::{Brightness, Contrast, Grayscale, Saturation, brightness, contrast, grayscale, saturation};
pub use crop::{CenterCrop, CornerCrop, RandomCrop, center_crop, crop, five_crop, ten_crop};
pub use cutout::{Cutout, cutout};
pub use draw::Draw;
pub use flip::{HorizontalFlip, VerticalFlip, rot90};
pub use hue::{Hue, hue};
pub use labels::{LabelNoise, label_noise, label_smooth_onehot};
pub use mix::{Cutmix, Mixup, cutmix, mixup};
pub use noise::{Noise, additive_noise};
pub use pad::{Edge, pad};
pub use perspective::perspective;
pub use posterize::{Posterize, posterize};
pub use resize::{ResizeTo, resize};
pub use tone::{Autocontrast, Gamma, Invert, Solarize, autocontrast, gamma, invert, solarize};
pub use tone::{channel_mean_std, per_image_standardise};
pub use views::tta_mean;
pub use warp::{Sampling, warp};

use crate::{Error, Result};
use gradbook_core::Tensor;

/// Samples and what is true of them, which change together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Images \[N, C, H, W\] or signals \[N, C, L\], f32.
    pub x: Tensor,
    /// Class labels (i32 \[N\]), or probabilities and other numbers (f32 \[N, …\]).
    pub labels: Option<Tensor>,
    /// Targets for each pixel, \[N, …, H, W\]: classes (i32), or numbers (f32), which are sampled as the images are.
    pub masks: Option<Tensor>,
    /// Corners x1, y1, x2, y2 in pixels, f32 \[N, K, 4\]. A box without area is none.
    pub boxes: Option<Tensor>,
    /// How many classes labels tell apart, where that is known.
    pub classes: Option<usize>,
}

impl Batch {
    /// Samples and the targets that they are trained on: targets of three or more axes whose last two are those of the images are
    /// masks, all else are labels.
    pub fn new(x: Tensor, y: Tensor, classes: Option<usize>) -> Self {
        let rank = y.shape().rank();
        let pixels = x.shape().rank() == 4 && rank >= 3 && y.shape()[rank - 2..] == x.shape()[2..];
        let (labels, masks) = if pixels { (None, Some(y)) } else { (Some(y), None) };
        Self { x, labels, masks, boxes: None, classes }
    }

    /// The targets that [`Self::new`] was given, as they are now.
    pub fn target(&self) -> Option<&Tensor> {
        self.masks.as_ref().or(self.labels.as_ref())
    }

    /// Masks after a change of images \[N, C, H, W\], which takes them for such.
    fn changed_masks(&self, change: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Option<Tensor>> {
        let Some(masks) = &self.masks else { return Ok(None) };
        let [n, middle @ .., h, w] = &masks.shape()[..] else {
            let message = format!("masks have shape {}; expected [N, …, H, W]", masks.shape());
            return Err(Error::argument("augment", message));
        };
        let whole = |sizes: &[usize]| sizes.iter().map(|&size| size as isize).collect::<Vec<_>>();
        let planes = masks.reshape(&whole(&[*n, middle.iter().product(), *h, *w]))?;
        let changed = change(&planes)?;
        Ok(Some(changed.reshape(&whole(&[&[*n][..], middle, &changed.shape()[2..]].concat()))?))
    }

    /// \[N, C, H, W\]. Errors: these are no images.
    fn images(&self, what: &str) -> Result<[usize; 4]> {
        images(what, &self.x)
    }

    /// The same with other images.
    fn with_x(self, change: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Self> {
        Ok(Self { x: change(&self.x)?, ..self })
    }
}

/// A change of samples that draws its numbers.
pub trait Transform {
    /// Changes a batch. Errors: samples of another kind, options out of range.
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch>;
}

/// The transforms that training takes as options: one line each.
macro_rules! listing {
    ($($name:ident: $doc:literal,)*) => {
        /// A transform and its options.
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
        pub enum Augment {
            $(#[doc = $doc] $name($name),)*
        }

        impl Augment {
            fn transform(&self) -> &dyn Transform {
                match self { $(Self::$name(transform) => transform,)* }
            }
        }
    };
}

listing! {
    HorizontalFlip: "Mirrors left and right.",
    VerticalFlip: "Mirrors top and bottom.",
    RandomCrop: "Cuts a part out at random.",
    CenterCrop: "Cuts the middle out.",
    CornerCrop: "Cuts one of the four corners or the middle out.",
    ResizeTo: "Brings images to a size.",
    Affine: "Turns, moves, scales and shears.",
    Brightness: "Lighter or darker.",
    Contrast: "More or less contrast.",
    Saturation: "More or less colour.",
    Hue: "Other colours.",
    Gamma: "Another curve of tones.",
    Grayscale: "Without colour.",
    Invert: "Negatives.",
    Solarize: "Bright tones inverted.",
    Posterize: "Few tones.",
    Autocontrast: "Tones stretched to the whole range.",
    Sharpness: "Sharper or softer.",
    GaussianBlur: "Out of focus.",
    Noise: "Normal noise on every pixel.",
    Cutout: "A rectangle without image.",
    Mixup: "Two samples, and their labels, on top of each other.",
    Cutmix: "A part of another sample pasted in, and its label with it.",
    LabelNoise: "Labels that are wrong.",
    Speed: "Signals played faster or slower, with the pitch.",
    PitchShift: "Signals at another pitch, as fast as before.",
    Gain: "Signals louder or softer.",
}

/// Applies transforms one after the other, with numbers from a key (u32 \[2\]).
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::augment::{Augment, Batch, HorizontalFlip, RandomCrop, augment};
/// let batch = Batch::new(Tensor::ones(&[8, 3, 32, 32])?, Tensor::i32(&[8], &[0; 8])?, Some(10));
/// let list = [
///     Augment::HorizontalFlip(HorizontalFlip::default()),
///     Augment::RandomCrop(RandomCrop { padding: 4.into(), ..Default::default() }),
/// ];
/// assert_eq!(augment(&list, batch, Tensor::key(7))?.x.shape()[..], [8, 3, 32, 32]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn augment(list: &[Augment], batch: Batch, key: Tensor) -> Result<Batch> {
    let mut draw = Draw::new(key, batch.x.shape().first().copied().unwrap_or(0));
    list.iter().try_fold(batch, |batch, augment| augment.transform().apply(batch, &mut draw))
}

/// \[N, C, H, W\]. Errors: these are no images.
fn images(what: &str, x: &Tensor) -> Result<[usize; 4]> {
    match x.shape()[..] {
        [n, c, h, w] => Ok([n, c, h, w]),
        _ => Err(Error::argument(what, format!("x has shape {}; expected images [N, C, H, W]", x.shape()))),
    }
}

/// One number for each sample \[N\] under the axes of x: \[N, 1, …\]. A number without axes stays.
fn per_sample(numbers: &Tensor, x: &Tensor) -> Result<Tensor> {
    if numbers.shape().rank() == 0 {
        return Ok(numbers.clone());
    }
    let mut shape = vec![1; x.shape().rank()];
    shape[0] = numbers.shape()[0] as isize;
    Ok(numbers.reshape(&shape)?)
}

/// `changed` for the samples that are chosen (bool \[N\]), `x` for the others.
fn choose(chosen: &Tensor, changed: &Tensor, x: &Tensor) -> Result<Tensor> {
    Ok(per_sample(chosen, x)?.where_(changed, x)?)
}

/// An error unless an option lies within a range.
fn within(what: &str, option: &str, value: f32, low: f32, high: f32) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::argument(what, format!("{option} is {value}; expected {low} to {high}")))
}
