//! Networks whose trained weights come with the page: how they are built, and what they expect of an image.

use super::{Preprocess, efficientnet_lite0, efficientnet_lite0_features, squeezenet, squeezenet_features};
use crate::layers::Sequential;

/// A network that can be had with trained weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pretrained {
    /// SqueezeNet 1.1.
    SqueezeNet,
    /// EfficientNet-Lite0.
    EfficientNetLite0,
}

impl Pretrained {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::SqueezeNet, Self::EfficientNetLite0];

    /// By the kind of its layer.
    pub fn by_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.kind() == kind)
    }

    /// What its layer is called.
    pub fn kind(self) -> &'static str {
        match self {
            Self::SqueezeNet => "squeezenet",
            Self::EfficientNetLite0 => "efficientnetLite0",
        }
    }

    /// The network, nothing drawn yet.
    pub fn network(self) -> Sequential {
        match self {
            Self::SqueezeNet => squeezenet(),
            Self::EfficientNetLite0 => efficientnet_lite0(),
        }
    }

    /// The network without its last layer, the classes; nothing drawn yet. Its parameters are called as in the whole.
    pub fn features(self) -> Sequential {
        match self {
            Self::SqueezeNet => squeezenet_features(),
            Self::EfficientNetLite0 => efficientnet_lite0_features(),
        }
    }

    /// What it was trained to expect of an image.
    pub fn preprocess(self) -> Preprocess {
        match self {
            // Channels in the order blue, green, red, 0…255, less the mean of each.
            Self::SqueezeNet => {
                Preprocess { size: 227, share: 1.0, reversed: true, mean: [104.0, 117.0, 123.0], deviation: 1.0 }
            }
            Self::EfficientNetLite0 => {
                Preprocess { size: 224, share: 1.0, reversed: false, mean: [127.0; 3], deviation: 128.0 }
            }
        }
    }
}
