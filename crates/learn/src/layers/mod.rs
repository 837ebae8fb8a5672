//! Building blocks of networks: each a struct of options and parameters with a `forward` that reads like its formula.
//!
//! Layers learn the sizes of their inputs at the first call and draw their parameters then. No layer knows a device or a
//! gradient; both come from the graph that `forward` builds.

mod activation;
mod conv2d;
mod dropout;
mod fire;
mod flatten;
mod forward;
mod inverted_residual;
mod linear;
mod norm;
mod param;
#[cfg(feature = "serde")]
mod parse;
mod pool;
mod sequential;
mod summary;
pub(crate) mod trace;

pub use activation::{Activation, Prelu};
pub use conv2d::{Conv2d, Conv2dConfig, NamedPadding, Padding, PaddingMode};
pub use dropout::{Dropout, DropoutConfig, DropoutForm, dropout_given_mask};
pub use fire::Fire;
pub use flatten::Flatten;
pub use forward::{Forward, Record};
pub use inverted_residual::{InvertedResidual, InvertedResidualConfig};
pub use linear::{Linear, LinearConfig};
pub use norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig};
pub use param::{Param, Params, Role};
pub use pool::{AvgPool2d, AvgPool2dConfig, GlobalAvgPool, MaxPool2d, MaxPool2dConfig};
pub use sequential::Sequential;
pub use summary::{Summary, multiply_adds, summary};

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
