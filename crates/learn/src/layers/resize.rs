//! Images made larger or smaller between layers (course sections 5.1 and 14.2).

use super::{Forward, Layer, Pair, positive};
use crate::{Error, Result};
use gradbook_core::{Tensor, ops};

/// Options of [`Resize`]: a size, or a factor.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct ResizeConfig {
    /// Height and width that come out.
    pub size: Option<Pair>,
    /// How many times as large it becomes.
    pub scale: Option<Pair>,
    /// How values between pixels are made.
    pub mode: ResizeMode,
    /// Whether corner pixels keep their values, instead of pixels being areas.
    pub align_corners: bool,
}

/// How values between pixels are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum ResizeMode {
    /// The nearest pixel.
    #[default]
    Nearest,
    /// Linear along each axis.
    Bilinear,
    /// By a cubic along each axis.
    Bicubic,
}

impl From<ResizeMode> for ops::Interpolation {
    fn from(mode: ResizeMode) -> Self {
        match mode {
            ResizeMode::Nearest => Self::Nearest,
            ResizeMode::Bilinear => Self::Bilinear,
            ResizeMode::Bicubic => Self::Bicubic,
        }
    }
}

/// \[N, C, H, W\] at another size.
///
/// ```
/// use gradbook_learn::layers::{Resize, ResizeConfig, build};
/// let up = Resize(ResizeConfig { scale: Some(2.into()), ..Default::default() });
/// assert_eq!(build(&up, &[1, 3, 5, 7], 0)?[..], [1, 3, 10, 14]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Resize(pub ResizeConfig);

impl Layer for Resize {
    fn kind(&self) -> &str {
        "resize"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let ResizeConfig { size, scale, mode, align_corners } = self.0;
        let [_, _, height, width] = x.shape()[..] else {
            return Err(Error::argument("resize", format!("x has shape {}; expected [N, C, H, W]", x.shape())));
        };
        let size = match (size, scale) {
            (Some(size), None) => positive("resize", "size", size)?,
            (None, Some(scale)) => {
                let [y, x] = positive("resize", "scale", scale)?;
                [height * y, width * x]
            }
            _ => return Err(Error::argument("resize", "expected either a size or a scale")),
        };
        Ok(x.upsample(size, mode.into(), align_corners)?)
    }
}
