//! Mirrored images, and quarter turns.

use super::{Batch, Draw, Transform, choose, flip_boxes, within};
use crate::Result;
use gradbook_core::Tensor;

/// Images \[…, H, W\] turned counter-clockwise by `k` quarters.
pub fn rot90(x: &Tensor, k: i32) -> Result<Tensor> {
    Ok(match k.rem_euclid(4) {
        1 => x.transpose(-2, -1)?.flip(&[-2])?,
        2 => x.flip(&[-2, -1])?,
        3 => x.transpose(-2, -1)?.flip(&[-1])?,
        _ => x.clone(),
    })
}

macro_rules! flips {
    ($($(#[$doc:meta])* $name:ident: $axis:literal, $horizontal:literal, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Deserialize),
            serde(rename_all = "camelCase", deny_unknown_fields, default)
        )]
        pub struct $name {
            /// The share of samples.
            pub p: f32,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { p: 0.5 }
            }
        }

        impl Transform for $name {
            fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
                flipped($kind, self.p, $axis, $horizontal, batch, draw)
            }
        }
    )*};
}

flips! {
    /// Mirrors left and right for a share of the samples; masks and boxes follow.
    HorizontalFlip: -1, true, "horizontalFlip";
    /// Mirrors top and bottom for a share of the samples; masks and boxes follow.
    VerticalFlip: -2, false, "verticalFlip";
}

fn flipped(what: &str, p: f32, axis: isize, horizontal: bool, batch: Batch, draw: &mut Draw) -> Result<Batch> {
    within(what, "p", p, 0.0, 1.0)?;
    let [_, _, h, w] = batch.images(what)?;
    let chosen = draw.chance(p)?;
    let mirror = |t: &Tensor| choose(&chosen, &t.flip(&[axis])?, t);
    let masks = batch.masks.as_ref().map(mirror).transpose()?;
    let boxes = batch.boxes.as_ref().map(|b| choose(&chosen, &flip_boxes(b, horizontal, [h, w])?, b)).transpose()?;
    Batch { masks, boxes, ..batch }.with_x(mirror)
}
