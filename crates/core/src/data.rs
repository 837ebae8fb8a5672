//! Values on the host: what goes into a graph and what comes back.

use crate::{
    DType, Error, Result, Shape,
    reserve::{HOST, copied},
};

/// A tensor's elements in host memory, row-major, one 32-bit word each.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Sizes of the axes.
    pub shape: Shape,
    /// How to read the words.
    pub dtype: DType,
    /// The elements.
    pub words: Vec<u32>,
}

impl Data {
    /// Elements of a shape; an error if their number differs.
    pub fn new(shape: Shape, dtype: DType, words: Vec<u32>) -> Result<Self> {
        if shape.len() != words.len() {
            let message = format!("{} values for shape {shape}, which has {} elements", words.len(), shape.len());
            return Err(Error::shape("tensor", message));
        }
        Ok(Self { shape, dtype, words })
    }

    /// Single-precision elements.
    pub fn f32(shape: impl Into<Vec<usize>>, values: &[f32]) -> Result<Self> {
        Self::new(Shape::new("tensor", shape)?, DType::F32, copied(HOST, bytemuck::cast_slice(values), "a tensor")?)
    }

    /// Whole numbers.
    pub fn i32(shape: impl Into<Vec<usize>>, values: &[i32]) -> Result<Self> {
        Self::new(Shape::new("tensor", shape)?, DType::I32, copied(HOST, bytemuck::cast_slice(values), "a tensor")?)
    }

    /// The same again. Errors: out of memory.
    pub fn copied(&self) -> Result<Self> {
        let words = copied(HOST, &self.words, "a copy of a tensor")?;
        Ok(Self { shape: self.shape.clone(), dtype: self.dtype, words })
    }

    /// The words read as single precision, whatever the type says.
    pub fn as_f32(&self) -> &[f32] {
        bytemuck::cast_slice(&self.words)
    }

    /// The words read as signed whole numbers, whatever the type says.
    pub fn as_i32(&self) -> &[i32] {
        bytemuck::cast_slice(&self.words)
    }
}
