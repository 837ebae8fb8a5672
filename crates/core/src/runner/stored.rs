//! Samples that are too many to lie on a device: they stay on the host, packed as their source has them, and a runner gives some of them
//! at a time.

use crate::{
    DType, Data, Error, Result, Shape,
    ir::Resident,
    reserve::{HOST, zeros},
};
use std::{fmt, ops::Range, rc::Rc};

/// Where rows come from.
pub trait Rows {
    /// Writes the numbers of a row, which are finite, as words of f32 into a slice of their length.
    fn write(&self, row: usize, words: &mut [u32]);
}

/// Rows of f32 that stay on the host, \[N, …\]. A handle: clones share them.
#[derive(Clone)]
pub struct Stored {
    shape: Shape,
    resident: usize,
    rows: Held,
}

#[derive(Clone)]
enum Held {
    Here(Rc<dyn Rows>),
    /// By the other side of a port.
    There(Rc<Resident>),
}

/// So many numbers may lie on a device: 256 MB.
pub const RESIDENT: usize = 1 << 26;

impl Stored {
    /// Rows of this host. Errors: no rows, or nothing in them.
    pub fn new(shape: Shape, rows: Rc<dyn Rows>) -> Result<Self> {
        Self::held(shape, RESIDENT, Held::Here(rows))
    }

    /// The same where only so many numbers may lie on a device at once.
    pub fn with_resident(self, resident: usize) -> Self {
        Self { resident, ..self }
    }

    pub(crate) fn there(shape: Shape, resident: usize, handle: Rc<Resident>) -> Result<Self> {
        Self::held(shape, resident, Held::There(handle))
    }

    fn held(shape: Shape, resident: usize, rows: Held) -> Result<Self> {
        if shape.rank() == 0 || shape.is_empty() {
            return Err(Error::argument(
                "stored",
                format!("the rows have shape {shape}; expected [N, …] of at least one"),
            ));
        }
        Ok(Self { shape, resident, rows })
    }

    /// \[N, …\]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How many numbers may lie on a device at once.
    pub fn resident(&self) -> usize {
        self.resident
    }

    /// The name on the other side of a port, if they are there.
    pub(crate) fn handle(&self) -> Option<&Rc<Resident>> {
        match &self.rows {
            Held::There(handle) => Some(handle),
            Held::Here(_) => None,
        }
    }

    /// The shape of so many rows.
    pub(crate) fn shape_of(&self, rows: usize) -> Result<Shape> {
        Shape::new("rows", [&[rows], &self.shape[1..]].concat())
    }

    /// Errors: there is no such row; no memory; they are on the other side of a port.
    pub(crate) fn gather(&self, rows: &[u32]) -> Result<Data> {
        let Held::Here(source) = &self.rows else {
            return Err(Error::Wire("these samples are on the other side of another port".into()));
        };
        if let Some(row) = rows.iter().find(|&&row| row as usize >= self.shape[0]) {
            return Err(Error::argument("rows", format!("row {row} of {}", self.shape[0])));
        }
        let shape = self.shape_of(rows.len())?;
        let mut words = zeros(HOST, shape.len(), "samples on their way to a device")?;
        let each = self.shape.len() / self.shape[0];
        words.chunks_exact_mut(each).zip(rows).for_each(|(words, &row)| source.write(row as usize, words));
        Data::new(shape, DType::F32, words)
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stored({})", self.shape)
    }
}

/// Bytes of images from somewhere in a file on: each is a number from 0 to 1.
pub struct Bytes {
    bytes: Vec<u8>,
    from: usize,
    each: usize,
}

impl Bytes {
    /// Errors: there are not as many bytes as the shape \[N, …\] says.
    pub fn new(shape: &Shape, bytes: Vec<u8>, from: usize) -> Result<Self> {
        if bytes.len().checked_sub(from) != Some(shape.len()) || shape.rank() == 0 {
            let message = format!("{} bytes from byte {from} on for the shape {shape}", bytes.len());
            return Err(Error::shape("stored", message));
        }
        let each = shape.len() / shape[0].max(1);
        Ok(Self { bytes, from, each })
    }

    fn row(&self, row: usize) -> Range<usize> {
        self.from + row * self.each..self.from + (row + 1) * self.each
    }
}

impl Rows for Bytes {
    fn write(&self, row: usize, words: &mut [u32]) {
        let bytes = &self.bytes[self.row(row)];
        words.iter_mut().zip(bytes).for_each(|(word, &byte)| *word = (f32::from(byte) / 255.0).to_bits());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_the_order_that_they_are_asked_for() {
        let shape = Shape::new("test", [3, 2]).unwrap();
        let bytes = Bytes::new(&shape, vec![9, 0, 255, 51, 102, 153, 204], 1).unwrap();
        let stored = Stored::new(shape, Rc::new(bytes)).unwrap();
        let data = stored.gather(&[2, 0, 2]).unwrap();
        assert_eq!(data.shape[..], [3, 2]);
        assert_eq!(data.as_f32(), [0.6, 0.8, 0.0, 1.0, 0.6, 0.8]);
        assert_eq!(stored.gather(&[3]).unwrap_err().to_string(), "rows: row 3 of 3");
    }

    #[test]
    fn what_does_not_fill_its_shape_is_refused() {
        let shape = Shape::new("test", [3, 2]).unwrap();
        assert!(Bytes::new(&shape, vec![0; 7], 0).is_err());
        assert!(Bytes::new(&shape, vec![0; 2], 3).is_err());
        let none = Shape::new("test", [0, 2]).unwrap();
        assert!(Stored::new(none.clone(), Rc::new(Bytes::new(&none, Vec::new(), 0).unwrap())).is_err());
    }
}
