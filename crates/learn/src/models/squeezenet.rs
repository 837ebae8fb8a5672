//! SqueezeNet 1.1: 1.2 million weights for the 1000 classes of ImageNet.

use crate::layers::{Activation, Conv2d, Conv2dConfig, Fire, GlobalAvgPool, MaxPool2d, MaxPool2dConfig, Sequential};

/// Images \[N, 3, 227, 227\] to scores \[N, 1000\]; other sizes from 31 pixels do. Source: Iandola et al. 2016, in the version 1.1 of its
/// authors, which needs 2.4 times less computation. Its pools round sizes down, as in the package that the trained weights are from: with
/// sizes rounded up, which some frameworks do, they are right of fewer photographs.
///
/// ```
/// use gradbook_learn::{layers::summary, models::squeezenet};
/// assert_eq!(summary(&squeezenet(), &[1, 3, 227, 227])?.parameters, 1_235_496);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn squeezenet() -> Sequential {
    body().named("conv10", Conv2d::new(1000, 1)).named("relu10", Activation::Relu).named("pool10", GlobalAvgPool)
}

/// The same without its classes: images \[N, 3, H, W\] to what it sees in them, \[N, 512\], for a last layer of another task.
pub fn squeezenet_features() -> Sequential {
    body().named("pool10", GlobalAvgPool)
}

fn body() -> Sequential {
    let pool = || MaxPool2d(MaxPool2dConfig { kernel: 3.into(), stride: Some(2.into()), ..MaxPool2dConfig::default() });
    let first = Conv2dConfig { out: 64, kernel: 3.into(), stride: 2.into(), ..Conv2dConfig::default() };
    Sequential::new()
        .named("conv1", Conv2d::with(first))
        .named("relu1", Activation::Relu)
        .named("pool1", pool())
        .named("fire2", Fire::new(16, 64))
        .named("fire3", Fire::new(16, 64))
        .named("pool3", pool())
        .named("fire4", Fire::new(32, 128))
        .named("fire5", Fire::new(32, 128))
        .named("pool5", pool())
        .named("fire6", Fire::new(48, 192))
        .named("fire7", Fire::new(48, 192))
        .named("fire8", Fire::new(64, 256))
        .named("fire9", Fire::new(64, 256))
}

#[cfg(test)]
mod tests {
    use super::squeezenet;
    use crate::layers::{build, summary};

    #[test]
    fn the_last_map_is_that_of_the_trained_weights() {
        // (227 − 3)/2 + 1 = 113, then ⌊(n − 3)/2⌋ + 1: 56, 27, 13.
        let summary = summary(&squeezenet(), &[1, 3, 227, 227]).unwrap();
        let side = |name: &str| summary.layers.iter().find(|layer| layer.path == name).unwrap().output[2];
        assert_eq!(["conv1", "pool1", "pool3", "pool5"].map(side), [113, 56, 27, 13]);
    }

    #[test]
    fn the_smallest_image_fills_one_window_of_the_last_pool() {
        // From behind: 3 pixels before pool5, 7 before pool3, 15 before pool1, 31 before conv1.
        assert_eq!(build(&squeezenet(), &[1, 3, 31, 31], 0).unwrap()[..], [1, 1000]);
        let message = build(&squeezenet(), &[1, 3, 30, 31], 0).unwrap_err().to_string();
        assert!(message.contains("pool5"), "{message}");
    }
}
