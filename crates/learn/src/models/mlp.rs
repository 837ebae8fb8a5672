//! A fully connected network on a flattened image (course section 1.2).

use crate::layers::{Activation, Dropout, Flatten, Linear, Sequential};

/// Hidden layers with a ReLU each, and a layer of scores.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Mlp {
    /// Classes.
    pub out: usize,
    /// Neurons of each hidden layer.
    pub hidden: Vec<usize>,
    /// The share of neurons that dropout silences behind each of them.
    pub dropout: f32,
}

impl Default for Mlp {
    fn default() -> Self {
        Self { out: 10, hidden: vec![128], dropout: 0.0 }
    }
}

impl Mlp {
    /// The network.
    pub fn build(&self) -> Sequential {
        let flat = Sequential::new().then(Flatten);
        let body = self.hidden.iter().fold(flat, |model, &neurons| {
            let model = model.then(Linear::new(neurons)).then(Activation::Relu);
            if self.dropout > 0.0 { model.then(Dropout::new(self.dropout)) } else { model }
        });
        body.then(Linear::new(self.out))
    }
}
