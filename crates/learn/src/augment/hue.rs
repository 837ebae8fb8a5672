//! Other colours of the same lightness.

use super::{Batch, Draw, Transform, images, per_sample, within};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// Images \[N, 3, H, W\] with values 0 … 1 whose hue is turned by so many turns (f32 \[N\], or without axes).
pub fn hue(x: &Tensor, turns: &Tensor) -> Result<Tensor> {
    let [_, 3, _, _] = images("hue", x)? else {
        return Err(Error::argument("hue", format!("x has shape {}; expected three channels", x.shape())));
    };
    let [r, g, b] = [x.narrow(1, 0, 1)?, x.narrow(1, 1, 1)?, x.narrow(1, 2, 1)?];
    let value = r.maximum(&g)?.maximum(&b)?;
    let chroma = value.sub(&r.minimum(&g)?.minimum(&b)?)?;
    // Sixths of a turn, by which of the three is the largest.
    let grey = chroma.eq_scalar(0)?;
    let divisor = grey.where_(&chroma.ones_like(), &chroma)?;
    let sector = |p: &Tensor, q: &Tensor, from: f64| p.sub(q)?.div(&divisor)?.add_scalar(from);
    let other = r
        .eq(&value)?
        .where_(&sector(&g, &b, 0.0)?, &g.eq(&value)?.where_(&sector(&b, &r, 2.0)?, &sector(&r, &g, 4.0)?)?)?;
    let sixths = other.add(&per_sample(turns, x)?.mul_scalar(6)?)?;
    // value − chroma·(how far the channel lies from the hue, 0 … 1).
    let channel = |n: f64| {
        let k = sixths.add_scalar(n)?.rem_scalar(6)?;
        let far = k.minimum(&k.scalar_sub(4)?)?.clip(0, 1)?;
        value.sub(&chroma.mul(&far)?)
    };
    Ok(Tensor::concat(&[&channel(5.0)?, &channel(3.0)?, &channel(1.0)?], 1)?.clip(0, 1)?)
}

/// Each sample's hue turned a little.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Hue {
    /// The most to either side, in turns; 0.5 is every hue.
    pub by: f32,
}

impl Default for Hue {
    fn default() -> Self {
        Self { by: 0.05 }
    }
}

impl Transform for Hue {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        within("hue", "by", self.by, 0.0, 0.5)?;
        let turns = draw.uniform(-self.by, self.by)?;
        batch.with_x(|x| hue(x, &turns))
    }
}
