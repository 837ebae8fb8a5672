//! Arithmetic of shapes: sizes, broadcasting, axes counted from the end. Knows no ops.

use crate::{Error, Result};
use std::{fmt, ops::Deref};

/// The sizes of a tensor's axes, outermost first. No axes: one element.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// A shape whose number of elements fits a 32-bit index, or an error that names the op.
    pub fn new(op: &str, dims: impl Into<Vec<usize>>) -> Result<Self> {
        let shape = Self(dims.into());
        let count = shape.0.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        match count {
            Some(n) if n <= MAX_ELEMENTS => Ok(shape),
            _ => Err(Error::shape(op, format!("{shape} has more than 2^30 elements"))),
        }
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.0.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.0.contains(&0)
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// `axis` (negative: from the end) as an index, or an error that names the op.
    pub fn axis(&self, op: &str, axis: isize) -> Result<usize> {
        let rank = self.rank() as isize;
        let index = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&index) {
            Ok(index as usize)
        } else {
            Err(Error::argument(op, format!("axis {axis} of a tensor with shape {self}; it has {rank} axes")))
        }
    }

    /// `axes` as sorted indices without repetition; an empty list means all axes.
    pub fn axes(&self, op: &str, axes: &[isize]) -> Result<Vec<usize>> {
        if axes.is_empty() {
            return Ok((0..self.rank()).collect());
        }
        let mut list = axes.iter().map(|&a| self.axis(op, a)).collect::<Result<Vec<_>>>()?;
        list.sort_unstable();
        if list.windows(2).any(|w| w[0] == w[1]) {
            return Err(Error::argument(op, format!("an axis is named twice in {axes:?}")));
        }
        Ok(list)
    }

    /// The shape that both broadcast to, trailing axes aligned.
    pub fn broadcast(&self, other: &Self, op: &str) -> Result<Self> {
        let rank = self.rank().max(other.rank());
        let mut dims = vec![0; rank];
        for (i, dim) in dims.iter_mut().enumerate() {
            let at = |s: &Self| (i + s.rank()).checked_sub(rank).map_or(1, |j| s[j]);
            *dim = match (at(self), at(other)) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => {
                    let message = format!(
                        "shapes {self} and {other} do not broadcast; sizes must be equal or 1, counted from the last axis"
                    );
                    return Err(Error::shape(op, message));
                }
            };
        }
        Self::new(op, dims)
    }

    /// Row-major strides in elements.
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.rank()];
        for i in (1..self.rank()).rev() {
            strides[i - 1] = strides[i] * self.0[i];
        }
        strides
    }

    /// The shape with the given axes shrunk to 1.
    pub fn reduced(&self, axes: &[usize]) -> Self {
        Self(self.0.iter().enumerate().map(|(i, &d)| if axes.contains(&i) { 1 } else { d }).collect())
    }
}

const MAX_ELEMENTS: usize = 1 << 30;

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[")?;
        for (i, d) in self.0.iter().enumerate() {
            write!(f, "{}{d}", if i == 0 { "" } else { ", " })?;
        }
        write!(f, "]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new("test", dims).unwrap()
    }

    #[test]
    fn broadcasting_aligns_the_last_axes() {
        assert_eq!(shape(&[2, 1, 4]).broadcast(&shape(&[3, 1]), "add").unwrap(), shape(&[2, 3, 4]));
        assert_eq!(shape(&[]).broadcast(&shape(&[0, 2]), "add").unwrap(), shape(&[0, 2]));
        let error = shape(&[2, 3]).broadcast(&shape(&[2]), "add").unwrap_err().to_string();
        assert!(error.starts_with("add: shapes [2, 3] and [2] do not broadcast"), "{error}");
    }

    #[test]
    fn axes_count_from_the_end_and_are_checked() {
        assert_eq!(shape(&[2, 3, 4]).axes("sum", &[-1, 0]).unwrap(), [0, 2]);
        assert!(shape(&[2]).axis("sum", 1).is_err());
        assert!(shape(&[2, 3]).axes("sum", &[0, -2]).is_err());
    }

    #[test]
    fn a_shape_beyond_32_bit_indices_is_refused() {
        assert!(Shape::new("zeros", [1 << 20, 1 << 20]).is_err());
        assert!(Shape::new("zeros", [usize::MAX, 2]).is_err());
    }
}
