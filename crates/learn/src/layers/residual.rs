//! Skips around layers (course chapter 9).

use super::{Forward, Layer, Param};
use crate::{Error, Result};
use gradbook_core::Tensor;
use std::rc::Rc;

/// body(x) + shortcut(x): what passes by the body keeps its gradient however deep the network is. Without a shortcut the input
/// itself is added. Source: He et al. 2016; course eq 33.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Conv2d, Conv2dConfig, Forward, Layer, Padding, Residual};
/// let body = Conv2d::with(Conv2dConfig { out: 8, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
/// let block = Residual::new(body).with_shortcut(Conv2d::new(8, 1));
/// let y = block.forward(&Tensor::zeros(&[2, 3, 6, 6])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [2, 8, 6, 6]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Residual {
    body: Rc<dyn Layer>,
    shortcut: Option<Rc<dyn Layer>>,
}

impl Residual {
    /// The input itself is added.
    pub fn new(body: impl Layer + 'static) -> Self {
        Self::of(Rc::new(body), None)
    }

    /// What a layer, such as a convolution of 1 × 1, makes of the input is added in its place.
    pub fn with_shortcut(self, shortcut: impl Layer + 'static) -> Self {
        Self { shortcut: Some(Rc::new(shortcut)), ..self }
    }

    /// Of layers that are shared.
    pub fn of(body: Rc<dyn Layer>, shortcut: Option<Rc<dyn Layer>>) -> Self {
        Self { body, shortcut }
    }
}

impl Layer for Residual {
    fn kind(&self) -> &str {
        "residual"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let y = ctx.call("body", &*self.body, x)?;
        let past = match &self.shortcut {
            Some(shortcut) => ctx.call("shortcut", &**shortcut, x)?,
            None => x.clone(),
        };
        if y.shape() != past.shape() {
            let (way, cure) = match self.shortcut {
                Some(_) => ("the shortcut", "give both the same channels and stride"),
                None => ("the input", "give it a shortcut that makes them alike, such as a conv2d of kernel 1"),
            };
            let message = format!("the body gives {}, {way} is {}; {cure}", y.shape(), past.shape());
            return Err(Error::argument("residual", message));
        }
        Ok(y.add(&past)?)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        super::visit_named("body", &*self.body, visitor);
        if let Some(shortcut) = &self.shortcut {
            super::visit_named("shortcut", &**shortcut, visitor);
        }
    }
}
