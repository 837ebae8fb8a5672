//! One layer after the other.

use super::{Forward, Layer, Param};
use crate::Result;
use gradbook_core::Tensor;
use std::rc::Rc;

/// Layers in a row; parameters are called `0.weight`, `0.bias`, `2.weight` … or by the names that were given.
///
/// ```
/// use gradbook_learn::layers::{Activation, Flatten, Linear, Sequential, summary};
/// let mlp = Sequential::new()
///     .then(Flatten)
///     .then(Linear::new(32))
///     .then(Activation::Relu)
///     .named("head", Linear::new(10));
/// assert_eq!(summary(&mlp, &[1, 1, 28, 28])?.parameters, 784 * 32 + 32 + 32 * 10 + 10);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Default)]
pub struct Sequential {
    layers: Vec<(String, Rc<dyn Layer>)>,
}

impl Sequential {
    /// The identity, so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer called by its position.
    pub fn then(self, layer: impl Layer + 'static) -> Self {
        let name = self.layers.len().to_string();
        self.named(&name, layer)
    }

    /// Adds a layer with a name.
    pub fn named(mut self, name: &str, layer: impl Layer + 'static) -> Self {
        self.layers.push((name.to_owned(), Rc::new(layer)));
        self
    }

    /// The layers and their names.
    pub fn layers(&self) -> &[(String, Rc<dyn Layer>)] {
        &self.layers
    }
}

impl FromIterator<Rc<dyn Layer>> for Sequential {
    fn from_iter<I: IntoIterator<Item = Rc<dyn Layer>>>(layers: I) -> Self {
        Self { layers: layers.into_iter().enumerate().map(|(i, layer)| (i.to_string(), layer)).collect() }
    }
}

impl Layer for Sequential {
    fn kind(&self) -> &str {
        "sequential"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        self.layers.iter().try_fold(x.clone(), |x, (name, layer)| ctx.call(name, &**layer, &x))
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        self.layers.iter().for_each(|(name, layer)| super::visit_named(name, &**layer, visitor));
    }
}
