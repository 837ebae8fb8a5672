//! Networks that are ready: small forms of the famous ones, for images of a few dozen pixels, each made of the layers of this crate and no
//! more, so that it can be read as an example; and two whose trained weights come with the page.

mod densenet;
mod efficientnet_lite0;
mod lenet;
mod mlp;
mod mobilenet;
mod preprocess;
mod pretrained;
mod resnet;
mod squeezenet;

pub use densenet::DenseNet;
pub use efficientnet_lite0::{efficientnet_lite0, efficientnet_lite0_features};
pub use lenet::LeNet;
pub use mlp::Mlp;
pub use mobilenet::MobileNet;
pub use preprocess::Preprocess;
pub use pretrained::Pretrained;
pub use resnet::ResNet;
pub use squeezenet::{squeezenet, squeezenet_features};

use crate::layers::{Activation, BatchNorm, Conv2d, Conv2dConfig, Padding, Sequential};

/// A convolution that keeps the size (but for its stride), batch normalisation and a ReLU.
fn conv_norm_relu(out: usize, kernel: usize, stride: usize, groups: usize) -> Sequential {
    Sequential::new().then(conv(out, kernel, stride, groups)).then(BatchNorm::default()).then(Activation::Relu)
}

/// A convolution without a bias, whose output has 1/stride of the size.
fn conv(out: usize, kernel: usize, stride: usize, groups: usize) -> Conv2d {
    let padding = Padding::Pixels((kernel / 2).into());
    let (kernel, stride) = (kernel.into(), stride.into());
    Conv2d::with(Conv2dConfig { out, kernel, stride, padding, groups, bias: false, ..Default::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Params, build};

    fn parameters(model: &Sequential, input: &[usize]) -> usize {
        assert_eq!(build(model, input, 0).unwrap()[..], [input[0], 10]);
        Params::of(model).count()
    }

    #[test]
    fn counts_are_those_of_the_papers() {
        // LeCun et al. 1998, as it is built today: 61,706 for images of 32².
        assert_eq!(parameters(&LeNet::default().build(), &[1, 1, 32, 32]), 61_706);
        // By hand: 784·128 + 128 + 128·64 + 64 + 64·10 + 10.
        assert_eq!(parameters(&Mlp { hidden: vec![128, 64], ..Default::default() }.build(), &[1, 1, 28, 28]), 109_386);
        // He et al. 2016, table 6: 0.27 M for ResNet-20 (three blocks a stage), with shortcuts by projection.
        assert_eq!(parameters(&ResNet { blocks: 3, ..Default::default() }.build(), &[2, 3, 32, 32]), 272_474);
        // Huang et al. 2017, table 2: 1.0 M for depth 40 and growth 12 (twelve layers a block).
        let deep = DenseNet { growth: 12, layers: 12, compression: 1.0, channels: 16, ..Default::default() };
        let count = parameters(&deep.build(), &[2, 3, 32, 32]);
        assert!((1_000_000..1_060_000).contains(&count), "{count}");
        assert!(parameters(&MobileNet::default().build(), &[2, 3, 32, 32]) < 60_000);
    }
}
