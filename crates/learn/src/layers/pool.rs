//! Pooling: one number for each window (course section 7.5).

use super::{Forward, Layer, Pair, positive};
use crate::{Error, Result};
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
        Ok(x.max_pool2d(&max_options("maxPool2d", &self.0)?)?)
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

/// Options of pools that make a fixed size.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct PoolSize {
    /// Height and width that come out.
    pub size: Pair,
}

impl Default for PoolSize {
    fn default() -> Self {
        Self { size: Pair::Square(1) }
    }
}

/// \[N, C, H, W\] of any size to one fixed size, so that a network takes larger images than it was trained on.
///
/// ```
/// use gradbook_learn::layers::{AdaptivePool2d, PoolSize, build};
/// let pool = AdaptivePool2d::Avg(PoolSize { size: 3.into() });
/// assert_eq!(build(&pool, &[1, 6, 10, 7], 0)?[..], [1, 6, 3, 3]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub enum AdaptivePool2d {
    /// The mean of every bin.
    Avg(PoolSize),
    /// The maximum of every bin.
    Max(PoolSize),
}

impl Layer for AdaptivePool2d {
    fn kind(&self) -> &str {
        match self {
            Self::Avg(_) => "adaptiveAvgPool2d",
            Self::Max(_) => "adaptiveMaxPool2d",
        }
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        Ok(match self {
            Self::Avg(to) => x.adaptive_avg_pool2d(to.size.both())?,
            Self::Max(to) => x.adaptive_max_pool2d(to.size.both())?,
        })
    }
}

/// The maximum of every window of signals \[N, C, L\]; of each pair of options the second counts.
///
/// ```
/// use gradbook_learn::layers::{MaxPool1d, MaxPool2dConfig, build};
/// let pool = MaxPool1d(MaxPool2dConfig { kernel: 4.into(), ..Default::default() });
/// assert_eq!(build(&pool, &[2, 3, 40], 0)?[..], [2, 3, 10]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct MaxPool1d(pub MaxPool2dConfig);

impl Layer for MaxPool1d {
    fn kind(&self) -> &str {
        "maxPool1d"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        Ok(x.max_pool1d(&max_options("maxPool1d", &self.0)?)?)
    }
}

fn max_options(what: &str, config: &MaxPool2dConfig) -> Result<ops::MaxPool2dOptions> {
    Ok(ops::MaxPool2dOptions {
        kernel: positive(what, "kernel", config.kernel)?,
        stride: positive(what, "stride", config.stride.unwrap_or(config.kernel))?,
        padding: config.padding.both(),
        dilation: positive(what, "dilation", config.dilation)?,
        ceil_mode: config.ceil_mode,
    })
}

/// The mean over all positions: \[N, C, …\] to \[N, C\].
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
        Ok(x.mean(&positions("globalAvgPool", x)?, false)?)
    }
}

/// The maximum over all positions: \[N, C, …\] to \[N, C\].
///
/// ```
/// use gradbook_learn::layers::{GlobalMaxPool, build};
/// assert_eq!(build(&GlobalMaxPool, &[2, 6, 7, 7], 0)?[..], [2, 6]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct GlobalMaxPool;

impl Layer for GlobalMaxPool {
    fn kind(&self) -> &str {
        "globalMaxPool"
    }

    fn forward(&self, x: &Tensor, _: &mut Forward) -> Result<Tensor> {
        positions("globalMaxPool", x)?;
        Ok(x.flatten(2, -1)?.max(2, false)?.0)
    }
}

/// The axes of the positions.
fn positions(what: &str, x: &Tensor) -> Result<Vec<isize>> {
    if x.shape().rank() < 3 {
        return Err(Error::argument(what, format!("x has shape {}; expected [N, C, …]", x.shape())));
    }
    Ok((2..x.shape().rank() as isize).collect())
}
