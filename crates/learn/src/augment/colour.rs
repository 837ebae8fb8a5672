//! Light and colour (course section 5.2). Images are \[N, C, H, W\] with values 0 … 1, three channels where colour matters.

use super::{Batch, Draw, Transform, choose, images, per_sample, within};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// Shares of red, green and blue in grey.
const GREY: [f32; 3] = [0.2989, 0.587, 0.114];

/// Times a factor (f32 \[N\], or without axes), within 0 … 1.
pub fn brightness(x: &Tensor, factor: &Tensor) -> Result<Tensor> {
    Ok(x.mul(&per_sample(factor, x)?)?.clip(0, 1)?)
}

/// Away from the mean of the grey image (factor above 1) or towards it, within 0 … 1.
pub fn contrast(x: &Tensor, factor: &Tensor) -> Result<Tensor> {
    blend(x, &grey(x)?.mean(&[1, 2, 3], true)?, factor)
}

/// Away from the grey image or towards it, within 0 … 1.
pub fn saturation(x: &Tensor, factor: &Tensor) -> Result<Tensor> {
    blend(x, &grey(x)?, factor)
}

/// The grey image on three channels.
pub fn grayscale(x: &Tensor) -> Result<Tensor> {
    Ok(grey(x)?.broadcast_to(x.shape())?)
}

/// factor·x + (1 − factor)·other, within 0 … 1.
pub(super) fn blend(x: &Tensor, other: &Tensor, factor: &Tensor) -> Result<Tensor> {
    let difference = x.sub(other)?;
    Ok(difference.mul(&per_sample(factor, x)?)?.add(other)?.clip(0, 1)?)
}

/// \[N, 1, H, W\]; one channel is grey as it is.
fn grey(x: &Tensor) -> Result<Tensor> {
    match images("grayscale", x)?[1] {
        1 => Ok(x.clone()),
        3 => Ok(x.mul(&Tensor::f32(&[1, 3, 1, 1], &GREY)?)?.sum(&[1], true)?),
        channels => Err(Error::argument("grayscale", format!("x has {channels} channels; expected 1 or 3"))),
    }
}

macro_rules! jitters {
    ($($(#[$doc:meta])* $name:ident: $function:ident, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Deserialize),
            serde(rename_all = "camelCase", deny_unknown_fields, default)
        )]
        pub struct $name {
            /// Factors lie between 1 − by and 1 + by.
            pub by: f32,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { by: 0.2 }
            }
        }

        impl Transform for $name {
            fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
                within($kind, "by", self.by, 0.0, 1.0)?;
                batch.images($kind)?;
                let factor = draw.uniform(1.0 - self.by, 1.0 + self.by)?;
                batch.with_x(|x| $function(x, &factor))
            }
        }
    )*};
}
pub(super) use jitters;

jitters! {
    /// Each sample lighter or darker.
    Brightness: brightness, "brightness";
    /// Each sample with more or less contrast.
    Contrast: contrast, "contrast";
    /// Each sample with more or less colour.
    Saturation: saturation, "saturation";
}

/// A share of the samples without colour.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Grayscale {
    /// The share of samples.
    pub p: f32,
}

impl Default for Grayscale {
    fn default() -> Self {
        Self { p: 0.1 }
    }
}

impl Transform for Grayscale {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        within("grayscale", "p", self.p, 0.0, 1.0)?;
        let chosen = draw.chance(self.p)?;
        batch.with_x(|x| choose(&chosen, &grayscale(x)?, x))
    }
}
