//! Layers side by side, whose results become one.

use super::{Forward, Layer, Param};
use crate::{Error, Result};
use gradbook_core::Tensor;
use std::rc::Rc;

/// Each branch gets the same input; what they make is joined. Inception and Fire modules are made of it. Source: Szegedy et al. 2015.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Conv2d, Forward, Join, Layer, Parallel};
/// let block = Parallel::new(Join::Concat).then(Conv2d::new(4, 1)).then(Conv2d::new(6, 1));
/// let y = block.forward(&Tensor::zeros(&[2, 3, 5, 5])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [2, 10, 5, 5]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Parallel {
    join: Join,
    branches: Vec<(String, Rc<dyn Layer>)>,
}

/// How several results become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Join {
    /// Side by side along axis 1: channels, or features.
    #[default]
    Concat,
    /// Their sum.
    Add,
    /// Their product.
    Mul,
}

impl Join {
    /// Joins at least one tensor. Errors: none; shapes that do not fit.
    pub fn apply(self, what: &str, parts: &[&Tensor]) -> Result<Tensor> {
        let Some((first, rest)) = parts.split_first() else {
            return Err(Error::argument(what, "there is nothing to join; expected at least one"));
        };
        if self == Self::Concat {
            return Ok(Tensor::concat(parts, 1)?);
        }
        if let Some(other) = rest.iter().find(|part| part.shape() != first.shape()) {
            let message = format!("the parts are {} and {}; expected equal shapes", first.shape(), other.shape());
            return Err(Error::argument(what, message));
        }
        rest.iter()
            .try_fold((*first).clone(), |all, part| Ok(if self == Self::Add { all.add(part)? } else { all.mul(part)? }))
    }
}

impl Parallel {
    /// No branch, so far.
    pub fn new(join: Join) -> Self {
        Self { join, branches: Vec::new() }
    }

    /// Adds a branch called by its position.
    pub fn then(self, branch: impl Layer + 'static) -> Self {
        let name = self.branches.len().to_string();
        self.named(&name, branch)
    }

    /// Adds a branch with a name.
    pub fn named(mut self, name: &str, branch: impl Layer + 'static) -> Self {
        self.branches.push((name.to_owned(), Rc::new(branch)));
        self
    }
}

impl Layer for Parallel {
    fn kind(&self) -> &str {
        "parallel"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let parts = self.branches.iter().map(|(name, branch)| ctx.call(name, &**branch, x));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        self.join.apply("parallel", &parts.iter().collect::<Vec<_>>())
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        self.branches.iter().for_each(|(name, branch)| super::visit_named(name, &**branch, visitor));
    }
}
