//! Blocks in which every layer sees all before it (course chapter 9).

use super::{Forward, Layer, Param};
use crate::Result;
use gradbook_core::Tensor;
use std::rc::Rc;

/// Each layer gets the input and all earlier results side by side along axis 1, and so does whoever follows. Source: Huang et al. 2017
/// (DenseNet).
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Conv2d, Conv2dConfig, DenseBlock, Forward, Layer, Padding};
/// let grow = || Conv2d::with(Conv2dConfig { out: 4, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
/// let block = DenseBlock::new().then(grow()).then(grow());
/// let y = block.forward(&Tensor::zeros(&[2, 3, 6, 6])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [2, 3 + 4 + 4, 6, 6]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Default)]
pub struct DenseBlock {
    layers: Vec<(String, Rc<dyn Layer>)>,
}

impl DenseBlock {
    /// The identity, so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer called by its position.
    pub fn then(mut self, layer: impl Layer + 'static) -> Self {
        self.layers.push((self.layers.len().to_string(), Rc::new(layer)));
        self
    }
}

impl Layer for DenseBlock {
    fn kind(&self) -> &str {
        "denseBlock"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        self.layers.iter().try_fold(x.clone(), |all, (name, layer)| {
            let fresh = ctx.call(name, &**layer, &all)?;
            Ok(Tensor::concat(&[&all, &fresh], 1)?)
        })
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        self.layers.iter().for_each(|(name, layer)| super::visit_named(name, &**layer, visitor));
    }
}
