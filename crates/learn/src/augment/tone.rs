//! Curves of tones, and images brought to standard statistics.

use super::{Batch, Draw, Transform, choose, images, per_sample, within};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// gain·x^gamma within 0 … 1; gamma f32 \[N\], or without axes.
pub fn gamma(x: &Tensor, gamma: &Tensor, gain: f32) -> Result<Tensor> {
    Ok(x.pow(&per_sample(gamma, x)?.broadcast_to(x.shape())?)?.mul_scalar(gain)?.clip(0, 1)?)
}

/// 1 − x
pub fn invert(x: &Tensor) -> Result<Tensor> {
    Ok(x.scalar_sub(1)?)
}

/// 1 − x from a threshold on.
pub fn solarize(x: &Tensor, threshold: f32) -> Result<Tensor> {
    Ok(x.ge_scalar(threshold)?.where_(&invert(x)?, x)?)
}

/// Each channel of each image \[N, C, H, W\] stretched to 0 … 1; one of a single tone stays.
pub fn autocontrast(x: &Tensor) -> Result<Tensor> {
    images("autocontrast", x)?;
    let (low, high) = (x.amin(&[2, 3], true)?, x.amax(&[2, 3], true)?);
    let range = high.sub(&low)?;
    let flat = range.eq_scalar(0)?;
    let low = flat.where_(&low.zeros_like(), &low)?;
    let range = flat.where_(&range.ones_like(), &range)?;
    Ok(x.sub(&low)?.div(&range)?.clip(0, 1)?)
}

/// Mean and deviation (n in the divisor) of each channel over all images \[N, C, H, W\]. Source: course eq 25.
pub fn channel_mean_std(x: &Tensor) -> Result<(Tensor, Tensor)> {
    images("channelMeanStd", x)?;
    let mean = x.mean(&[0, 2, 3], true)?;
    let std = x.sub(&mean)?.square()?.mean(&[0, 2, 3], false)?.sqrt()?;
    Ok((mean.flatten(0, -1)?, std))
}

/// Each image with mean 0 and deviation 1 over all its values; the deviation counts as at least 1/√n, so that a flat image stays flat.
pub fn per_image_standardise(x: &Tensor) -> Result<Tensor> {
    images("perImageStandardise", x)?;
    let centred = x.sub(&x.mean(&[1, 2, 3], true)?)?;
    let least = 1.0 / ((x.shape().len() / x.shape()[0].max(1)) as f64).sqrt();
    let std = centred.square()?.mean(&[1, 2, 3], true)?.sqrt()?.maximum_scalar(least)?;
    Ok(centred.div(&std)?)
}

/// Each sample with an exponent of its own.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Gamma {
    /// The lowest and the highest exponent.
    pub gamma: [f32; 2],
}

impl Default for Gamma {
    fn default() -> Self {
        Self { gamma: [0.8, 1.25] }
    }
}

impl Transform for Gamma {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        let [low, high] = self.gamma;
        if !(low > 0.0 && high >= low) {
            return Err(Error::argument(
                "gamma",
                format!("gamma is [{low}, {high}]; expected [lowest, highest] above 0"),
            ));
        }
        let exponent = draw.uniform(low, high)?;
        batch.with_x(|x| gamma(x, &exponent, 1.0))
    }
}

macro_rules! sometimes {
    ($($(#[$doc:meta])* $name:ident: $kind:literal, $function:expr, { $($(#[$field_doc:meta])* $field:ident: $default:expr)? };)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Deserialize),
            serde(rename_all = "camelCase", deny_unknown_fields, default)
        )]
        pub struct $name {
            /// The share of samples.
            pub p: f32,
            $($(#[$field_doc])* pub $field: f32,)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self { p: 0.5, $($field: $default)? }
            }
        }

        impl Transform for $name {
            fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
                within($kind, "p", self.p, 0.0, 1.0)?;
                let chosen = draw.chance(self.p)?;
                let function: fn(&Self, &Tensor) -> Result<Tensor> = $function;
                batch.with_x(|x| choose(&chosen, &function(self, x)?, x))
            }
        }
    )*};
}

sometimes! {
    /// A share of the samples as negatives.
    Invert: "invert", |_, x| invert(x), {};
    /// A share of the samples with bright tones inverted.
    Solarize: "solarize", |options, x| solarize(x, options.threshold), {
        /// Tones from here on are inverted.
        threshold: 0.5
    };
    /// A share of the samples with tones stretched to the whole range.
    Autocontrast: "autocontrast", |_, x| autocontrast(x), {};
}
