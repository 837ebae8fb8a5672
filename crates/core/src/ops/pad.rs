//! Padding at the ends of axes.

use crate::{DType, Error, Result, Tensor};

/// What stands outside of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PadMode {
    /// One number.
    Constant(f32),
    /// The entries mirrored, without the one at the end.
    Reflect,
    /// The entry at the end.
    Replicate,
    /// The entries from the other end.
    Circular,
}

impl Tensor {
    /// `[before, after]` more entries along each of the last axes, in their order: `pad(&[[1, 1], [2, 0]], …)` takes
    /// \[…, H, W\] to \[…, H + 2, W + 2\].
    ///
    /// Errors: more pairs than axes; a reflection of as many entries as there are, or a repetition of more.
    pub fn pad(&self, widths: &[[usize; 2]], mode: PadMode) -> Result<Self> {
        let rank = self.shape().rank();
        if widths.len() > rank {
            let message = format!("{} pairs of widths for the {rank} axes of shape {}", widths.len(), self.shape());
            return Err(Error::argument("pad", message));
        }
        let mut padded = self.clone();
        for (axis, &[low, high]) in (rank - widths.len()..).zip(widths) {
            padded = match mode {
                PadMode::Constant(_) => padded.zero_pad(axis, low, high)?,
                _ if low + high == 0 => padded,
                PadMode::Reflect => padded.around(axis, [low, high], mode, |x, [low, high], n| {
                    let mirror = |start, size| x.cut(axis, start, 1, size)?.flip(&[axis as isize]);
                    Ok([mirror(1, low)?, mirror(n - 1 - high, high)?])
                })?,
                PadMode::Replicate => padded.around(axis, [low, high], mode, |x, [low, high], n| {
                    let edge = |at, size| x.cut(axis, at, 1, 1)?.repeat_interleave(size, axis as isize);
                    Ok([edge(0, low)?, edge(n - 1, high)?])
                })?,
                PadMode::Circular => padded.around(axis, [low, high], mode, |x, [low, high], n| {
                    Ok([x.cut(axis, n - low, 1, low)?, x.cut(axis, 0, 1, high)?])
                })?,
            };
        }
        match mode {
            PadMode::Constant(value) if value != 0.0 => self.inside(widths)?.where_(&padded, &padded.full_like(value)),
            _ => Ok(padded),
        }
    }

    /// Whether an entry of the padded shape is one of this tensor's (bool).
    pub(super) fn inside(&self, widths: &[[usize; 2]]) -> Result<Self> {
        let mut mask = Self::constant(self.shape().clone(), DType::Bool, 1.0);
        for (axis, &[low, high]) in (self.shape().rank() - widths.len()..).zip(widths) {
            mask = mask.zero_pad(axis, low, high)?;
        }
        Ok(mask)
    }

    /// Joined with what `ends` makes of it, after checking that it is long enough.
    fn around(
        &self,
        axis: usize,
        widths: [usize; 2],
        mode: PadMode,
        ends: impl Fn(&Self, [usize; 2], usize) -> Result<[Self; 2]>,
    ) -> Result<Self> {
        let n = self.shape()[axis];
        let (most, name) = match mode {
            PadMode::Reflect => (n.saturating_sub(1), "reflected"),
            PadMode::Replicate => (if n == 0 { 0 } else { usize::MAX }, "replicated"),
            PadMode::Circular | PadMode::Constant(_) => (n, "repeated"),
        };
        if widths[0].max(widths[1]) > most {
            let message = format!(
                "{} entries cannot be {name} along axis {axis} of shape {}; at most {most} can",
                widths[0].max(widths[1]),
                self.shape()
            );
            return Err(Error::argument("pad", message));
        }
        let [before, after] = ends(self, widths, n)?;
        let parts: Vec<&Self> = [&before, self, &after].into_iter().filter(|t| t.shape()[axis] > 0).collect();
        Self::concat(&parts, axis as isize)
    }
}
