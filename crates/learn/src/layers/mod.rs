//! Building blocks of networks: each a struct of options and parameters with a `forward` that reads like its formula.
//!
//! Layers learn the sizes of their inputs at the first call and draw their parameters then. No layer knows a device or a
//! gradient; both come from the graph that `forward` builds.

mod activation;
mod channel_norm;
mod conv1d;
mod conv2d;
mod conv_transpose2d;
mod dense_block;
mod dropout;
mod embedding;
mod field;
mod fire;
mod flatten;
mod forward;
mod graph;
mod group_norm;
mod inverted_residual;
pub(crate) mod linear;
mod norm;
mod parallel;
mod param;
#[cfg(feature = "serde")]
mod parse;
mod pool;
mod residual;
mod resize;
mod rms_norm;
mod separable;
mod sequential;
mod spectral_norm;
mod squeeze_excite;
mod summary;
pub(crate) mod trace;

pub use activation::{Activation, Prelu};
pub use channel_norm::{Normalise, adain, local_response_norm, normalise, pixel_norm};
pub use conv_transpose2d::{ConvTranspose2d, ConvTranspose2dConfig};
pub use conv1d::{Conv1d, Conv1dConfig};
pub use conv2d::{Conv2d, Conv2dConfig, NamedPadding, Padding, PaddingMode};
pub use dense_block::DenseBlock;
pub use dropout::{Dropout, Dropout2d, DropoutConfig, DropoutForm, dropout_given_mask};
pub use embedding::{Embedding, EmbeddingConfig};
pub use field::Field;
pub use fire::Fire;
pub use flatten::{Flatten, Reshape};
pub use forward::{Forward, Record};
pub use graph::Graph;
pub use group_norm::{GroupNorm, GroupNormConfig};
pub use inverted_residual::{InvertedResidual, InvertedResidualConfig};
pub use linear::{Linear, LinearConfig};
pub use norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig};
pub use parallel::{Join, Parallel};
pub use param::{Param, Params, Role};
pub use pool::{
    AdaptivePool2d, AvgPool2d, AvgPool2dConfig, GlobalAvgPool, GlobalMaxPool, MaxPool1d, MaxPool2d, MaxPool2dConfig,
    PoolSize,
};
pub use residual::Residual;
pub use resize::{Resize, ResizeConfig, ResizeMode};
pub use rms_norm::RmsNorm;
pub use separable::{SeparableConv2d, SeparableConv2dConfig};
pub use sequential::Sequential;
pub use spectral_norm::{SpectralNorm, spectral_norm};
pub use squeeze_excite::{SqueezeExcite, SqueezeExciteConfig};
pub use summary::{LayerSummary, Summary, multiply_adds, summary};

use crate::{Error, Result};
use gradbook_core::{DType, Shape, Tensor};
use std::rc::Rc;

/// A function with parameters: a layer, a block or a whole model.
pub trait Layer {
    /// What it is, in one word: `conv2d`.
    fn kind(&self) -> &str;

    /// What it makes of its input. The first call fixes the sizes of its parameters.
    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor>;

    /// Shows each parameter with its name inside of this layer; none before the first call.
    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        let _ = visitor;
    }
}

impl<L: Layer + ?Sized> Layer for Rc<L> {
    fn kind(&self) -> &str {
        (**self).kind()
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        (**self).forward(x, ctx)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        (**self).visit(visitor);
    }
}

/// Draws the parameters of a model that have not been drawn yet, by a pass over an input of this shape, the batch axis
/// included. Returns the shape of the output.
///
/// ```
/// use gradbook_learn::layers::{build, Linear, Params};
/// let layer = Linear::new(3);
/// assert_eq!(build(&layer, &[1, 4], 7)?[..], [1, 3]);
/// assert_eq!(Params::of(&layer).count(), 15);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn build(model: &dyn Layer, input: &[usize], seed: u32) -> Result<Shape> {
    let x = Tensor::input(Shape::new("model", input)?, DType::F32);
    Ok(model.forward(&x, &mut Forward::evaluation().seeded(seed))?.shape().clone())
}

/// A number for both axes or one for each, height first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// The same for both.
    Square(usize),
    /// Height, width.
    Each([usize; 2]),
}

impl Pair {
    /// Height, width.
    pub fn both(self) -> [usize; 2] {
        match self {
            Self::Square(n) => [n, n],
            Self::Each(sizes) => sizes,
        }
    }
}

impl From<usize> for Pair {
    fn from(n: usize) -> Self {
        Self::Square(n)
    }
}

/// Height, width, or an error if either is 0.
fn positive(what: &str, option: &str, pair: Pair) -> Result<[usize; 2]> {
    let sizes = pair.both();
    if sizes.contains(&0) {
        return Err(Error::argument(what, format!("{option} is {sizes:?}; it must be at least 1")));
    }
    Ok(sizes)
}

/// An error if one of these options is missing or 0.
fn positives(what: &str, options: &[(&str, usize)]) -> Result<()> {
    match options.iter().find(|(_, value)| *value == 0) {
        Some((option, _)) => Err(Error::argument(what, format!("{option} is missing or 0; it must be at least 1"))),
        None => Ok(()),
    }
}

/// An error unless the groups divide input and output channels.
fn check_groups(what: &str, groups: usize, channels: usize, out: usize) -> Result<()> {
    if groups == 0 || !channels.is_multiple_of(groups) || !out.is_multiple_of(groups) {
        let message = format!("groups is {groups}; it must divide the {channels} input and {out} output channels");
        return Err(Error::argument(what, message));
    }
    Ok(())
}

/// Shows the parameters of a part of a layer, under the part's name.
fn visit_named(name: &str, part: &dyn Layer, visitor: &mut dyn FnMut(&str, &Param)) {
    part.visit(&mut |inner, param| visitor(&format!("{name}.{inner}"), param));
}
