//! The first convolutional network that read digits (course chapter 7).

use crate::layers::{Activation, Conv2d, Flatten, Linear, MaxPool2d, Sequential};

/// Two convolutions of 5 × 5 with pooling, and three fully connected layers; with ReLU and maxima, as it is built today. Source: LeCun et al. 1998.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct LeNet {
    /// Classes.
    pub out: usize,
}

impl Default for LeNet {
    fn default() -> Self {
        Self { out: 10 }
    }
}

impl LeNet {
    /// The network, for images of 28² or 32².
    pub fn build(&self) -> Sequential {
        Sequential::new()
            .then(Conv2d::new(6, 5))
            .then(Activation::Relu)
            .then(MaxPool2d::new(2))
            .then(Conv2d::new(16, 5))
            .then(Activation::Relu)
            .then(MaxPool2d::new(2))
            .then(Flatten)
            .then(Linear::new(120))
            .then(Activation::Relu)
            .then(Linear::new(84))
            .then(Activation::Relu)
            .then(Linear::new(self.out))
    }
}
