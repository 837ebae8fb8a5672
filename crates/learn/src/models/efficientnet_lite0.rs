//! EfficientNet-Lite0: 4.6 million weights for the 1000 classes of ImageNet. Its batch normalisation is part of the convolutions
//! before it, as it is after training.

use crate::layers::{
    Activation, Conv2d, Conv2dConfig, GlobalAvgPool, InvertedResidual, InvertedResidualConfig, Linear, Padding,
    Sequential,
};

/// Rows of blocks: how many, kernel, stride of the first, expansion, output channels.
const ROWS: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];
const STEM: usize = 32;
const HEAD: usize = 1280;

/// Images \[N, 3, 224, 224\] to scores \[N, 1000\]; other sizes do. Source: Tan and Le 2019; Liu 2020 (EfficientNet-Lite: ReLU6, no
/// squeeze-and-excitation).
///
/// ```
/// use gradbook_learn::{layers::summary, models::efficientnet_lite0};
/// // 4,652,008 with the scale and the shift of each normalisation, of which one is left: the bias.
/// assert_eq!(summary(&efficientnet_lite0(), &[1, 3, 224, 224])?.parameters, 4_631_000);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn efficientnet_lite0() -> Sequential {
    efficientnet_lite0_features().named("classifier", Linear::new(1000))
}

/// The same without its classes: images \[N, 3, H, W\] to what it sees in them, \[N, 1280\], for a last layer of another task.
pub fn efficientnet_lite0_features() -> Sequential {
    let stem = Conv2dConfig {
        out: STEM,
        kernel: 3.into(),
        stride: 2.into(),
        padding: Padding::SAME_UPPER,
        ..Conv2dConfig::default()
    };
    let mut network = Sequential::new().named("stem", Conv2d::with(stem)).named("stemRelu", Activation::Relu6);
    let (mut input, mut number) = (STEM, 0);
    for (repeats, kernel, first_stride, expand, out) in ROWS {
        for i in 0..repeats {
            let stride = if i == 0 { first_stride } else { 1 };
            let config = InvertedResidualConfig { input, out, kernel, stride, expand };
            network = network.named(&format!("block{number}"), InvertedResidual::new(config));
            (input, number) = (out, number + 1);
        }
    }
    network.named("head", Conv2d::new(HEAD, 1)).named("headRelu", Activation::Relu6).named("pool", GlobalAvgPool)
}
