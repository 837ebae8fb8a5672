//! Pooling: one number for each window (course section 7.5).

use super::{Forward, Layer, Pair, positive};
use crate::Result;
use gradbook_core::{Tensor, ops};

/// Options of [`MaxPool2d`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct MaxPool2dConfig {
    /// Window size.
    pub kernel: Pair,
    /// Distance between neighbouring windows; that of the kernel if none.
    pub stride: Option<Pair>,
    /// Pixels around the image, which never win.
    pub padding: Pair,
    /// Distance between neighbouring entries of a window.
    pub dilation: Pair,
    /// Windows that reach over the end count too.
    pub ceil_mode: bool,
}

impl Default for MaxPool2dConfig {
    fn default() -> Self {
        let (kernel, padding, dilation) = (Pair::Square(2), Pair::Square(0), Pair::Square(1));
        Self { kernel, stride: None, padding, dilation, ceil_mode: false }
    }
}

/// The maximum of every window of \[N, C, H, W\].
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Forward, Layer, MaxPool2d};
/// let y = MaxPool2d::new(2).forward(&Tensor::zeros(&[2, 6, 28, 28])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [2, 6, 14, 14]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct MaxPool2d(pub MaxPool2dConfig);

impl MaxPool2d {
    /// Windows side by side.
    pub fn new(kernel: impl Into<Pair>) -> Self {
        Self(MaxPool2dConfig { kernel: kernel.into(), ..MaxPool2dConfig::default() })
    }
}

impl Layer for MaxPool2d {
    fn kind(&self) -> &str {
        "maxPool2d"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let config = &self.0;
        let options = ops::MaxPool2dOptions {
            kernel: positive("maxPool2d", "kernel", config.kernel)?,
            stride: positive("maxPool2d", "stride", config.stride.unwrap_or(config.kernel))?,
            padding: config.padding.both(),
            dilation: positive("maxPool2d", "dilation", config.dilation)?,
            ceil_mode: config.ceil_mode,
        };
        Ok(x.max_pool2d(&options)?)
    }
}

/// Options of [`AvgPool2d`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct AvgPool2dConfig {
    /// Window size.
    pub kernel: Pair,
    /// Distance between neighbouring windows; that of the kernel if none.
    pub stride: Option<Pair>,
    /// Zeros around the image.
    pub padding: Pair,
    /// Windows that reach over the end count too.
    pub ceil_mode: bool,
    /// Whether zeros around the image count as pixels.
    pub count_include_pad: bool,
}

impl Default for AvgPool2dConfig {
    fn default() -> Self {
        let (kernel, padding) = (Pair::Square(2), Pair::Square(0));
        Self { kernel, stride: None, padding, ceil_mode: false, count_include_pad: true }
    }
}

/// The mean of every window of \[N, C, H, W\].
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{AvgPool2d, AvgPool2dConfig, Forward, Layer};
/// let pool = AvgPool2d(AvgPool2dConfig { kernel: 3.into(), stride: Some(2.into()), ..Default::default() });
/// let y = pool.forward(&Tensor::zeros(&[1, 6, 9, 9])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [1, 6, 4, 4]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct AvgPool2d(pub AvgPool2dConfig);

impl AvgPool2d {
    /// Windows side by side.
    pub fn new(kernel: impl Into<Pair>) -> Self {
        Self(AvgPool2dConfig { kernel: kernel.into(), ..AvgPool2dConfig::default() })
    }
}

impl Layer for AvgPool2d {
    fn kind(&self) -> &str {
        "avgPool2d"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        let config = &self.0;
        let options = ops::AvgPool2dOptions {
            kernel: positive("avgPool2d", "kernel", config.kernel)?,
            stride: positive("avgPool2d", "stride", config.stride.unwrap_or(config.kernel))?,
            padding: config.padding.both(),
            ceil_mode: config.ceil_mode,
            count_include_pad: config.count_include_pad,
        };
        Ok(x.avg_pool2d(&options)?)
    }
}

/// The mean of every plane: \[N, C, H, W\] to \[N, C\].
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Forward, GlobalAvgPool, Layer};
/// let y = GlobalAvgPool.forward(&Tensor::zeros(&[2, 6, 7, 7])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [2, 6]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct GlobalAvgPool;

impl Layer for GlobalAvgPool {
    fn kind(&self) -> &str {
        "globalAvgPool"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        Ok(x.global_avg_pool2d()?)
    }
}
