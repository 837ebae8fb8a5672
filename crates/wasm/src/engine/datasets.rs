//! Files of data sets as tensors: bytes of images become numbers from 0 to 1, sound from −1 to 1; labels and text stay whole
//! numbers, and so does whatever has 32 bits already. Arrays that were read elsewhere stay what they are.

use crate::js::{self, out_of_memory};
use gradbook_core::remote::{Item, Loaded};
use gradbook_core::runner::{Bytes, RESIDENT, Rows};
use gradbook_core::{DType, Data, Error, Result, Shape, Stored, Tensor};
use gradbook_formats::idx::{self, Kind, Values};
use gradbook_formats::residual;
use js_sys::{Array, Float32Array, Int32Array, Uint8Array, Uint32Array};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A file of a collection.
pub enum File {
    /// As it was stored: IDX, or residual images.
    Packed(Vec<u8>),
    /// Read already.
    Array(Data),
}

/// What a collection holds, by the labels of its files. Samples that are too many for a device stay as they were stored.
pub fn items(what: &str, files: Vec<(String, File)>) -> Result<Loaded> {
    let item = |(label, file)| match file {
        File::Array(data) => Ok((label, Tensor::from_data(data).into())),
        File::Packed(bytes) => match item(bytes) {
            Ok(item) => Ok((label, item)),
            Err(message) => Err(Error::Load { what: what.into(), message: format!("{label}: {message}") }),
        },
    };
    files.into_iter().map(item).collect()
}

/// Elements of a typed array with their sizes: Float32Array, Int32Array, Uint32Array, or Uint8Array of 0 and 1. Errors: neither
/// of them, sizes that do not fit; no memory.
pub fn array(label: &str, elements: &JsValue, shape: &JsValue) -> Result<Data> {
    let odd = || Error::Load { what: label.into(), message: "its elements are no typed array with a shape".into() };
    let sizes = Array::from(shape).into_iter().map(|size| size.as_f64().map(|size| size as usize));
    let shape = Shape::new(label, sizes.collect::<Option<Vec<_>>>().ok_or_else(odd)?)?;
    let room = |length: u32| {
        let mut words: Vec<u32> = Vec::new();
        let bytes = 4 * length as usize;
        words.try_reserve_exact(length as usize).map_err(|_| out_of_memory(bytes, label))?;
        words.resize(length as usize, 0);
        Ok::<_, Error>(words)
    };
    if let Some(bytes) = elements.dyn_ref::<Uint8Array>() {
        let mut words = room(bytes.length())?;
        js::bytes(bytes, label)?.into_iter().zip(&mut words).for_each(|(byte, word)| *word = u32::from(byte != 0));
        return Data::new(shape, DType::Bool, words);
    }
    let (dtype, bits) = if let Some(floats) = elements.dyn_ref::<Float32Array>() {
        (
            DType::F32,
            Uint32Array::new_with_byte_offset_and_length(&floats.buffer(), floats.byte_offset(), floats.length()),
        )
    } else if let Some(whole) = elements.dyn_ref::<Int32Array>() {
        (DType::I32, Uint32Array::new_with_byte_offset_and_length(&whole.buffer(), whole.byte_offset(), whole.length()))
    } else {
        (DType::U32, elements.dyn_ref::<Uint32Array>().ok_or_else(odd)?.clone())
    };
    let mut words = room(bits.length())?;
    bits.copy_to(&mut words);
    Data::new(shape, dtype, words)
}

/// A value as `[label, elements, shape]`.
pub fn triple(label: &str, data: &Data) -> JsValue {
    let words = Uint32Array::from(&data.words[..]);
    let elements: JsValue = match data.dtype {
        DType::F32 => Float32Array::new(&words.buffer()).into(),
        DType::I32 => Int32Array::new(&words.buffer()).into(),
        DType::U32 => words.into(),
        DType::Bool => Uint8Array::new(&words).into(),
    };
    let shape: Array = data.shape.iter().map(|&size| JsValue::from_f64(size as f64)).collect();
    Array::of3(&label.into(), &elements, &shape.into()).into()
}

fn item(bytes: Vec<u8>) -> Result<Item, String> {
    match idx::header(&bytes) {
        Ok(header) if header.elements() > RESIDENT => stored(bytes, header),
        _ => tensor(&bytes).map(Item::Tensor),
    }
}

/// Samples that are read row by row.
fn stored(bytes: Vec<u8>, header: idx::Header) -> Result<Item, String> {
    let idx::Header { dims, kind, data } = header;
    let shape = match (&dims[..], kind) {
        (&[n, h, w], Kind::U8) => Shape::new("tensor", [n, 1, h, w]),
        (&[_, _, _, _], Kind::U8) | (&[_, _], Kind::I16) => Shape::new("tensor", dims),
        _ => {
            return Err(format!(
                "it is {} numbers, and at most {RESIDENT} of this kind fit",
                dims.iter().product::<usize>()
            ));
        }
    };
    let shape = shape.map_err(|error| error.to_string())?;
    let rows: Rc<dyn Rows> = match kind {
        Kind::U8 => Rc::new(Bytes::new(&shape, bytes, data).map_err(|error| error.to_string())?),
        _ => Rc::new(Sound { bytes, data, length: shape[1] }),
    };
    Stored::new(shape, rows).map(Item::Stored).map_err(|error| error.to_string())
}

/// Sound as it stands in a file.
struct Sound {
    bytes: Vec<u8>,
    /// Where it begins.
    data: usize,
    /// Numbers of a recording.
    length: usize,
}

impl Rows for Sound {
    fn write(&self, row: usize, words: &mut [u32]) {
        let bytes = &self.bytes[self.data + 2 * row * self.length..];
        let values = bytes.as_chunks().0.iter().map(|&word| sample(i16::from_be_bytes(word)).to_bits());
        words.iter_mut().zip(values).for_each(|(word, value)| *word = value);
    }
}

fn sample(value: i16) -> f32 {
    f32::from(value) / 32768.0
}

fn tensor(bytes: &[u8]) -> Result<Tensor, String> {
    if bytes.starts_with(residual::MAGIC) {
        let images = residual::decode(bytes).map_err(|error| error.to_string())?;
        let data = floats(&images.dims, &images.values, fraction);
        return data.map(Tensor::from_data).map_err(|error| error.to_string());
    }
    let array = idx::parse(bytes).map_err(|error| error.to_string())?;
    let data = match (&array.dims[..], &array.values) {
        (&[n], Values::U8(values)) => words(&[n], DType::I32, values, u32::from),
        (&[n, h, w], Values::U8(values)) => floats(&[n, 1, h, w], values, fraction),
        (&[n, c, h, w], Values::U8(values)) => floats(&[n, c, h, w], values, fraction),
        (&[n, t], Values::I16(values)) => floats(&[n, t], values, sample),
        (dims, Values::I32(values)) => Data::i32(dims, values),
        (dims, Values::F32(values)) => Data::f32(dims, values),
        (dims, _) => {
            return Err(format!(
                "it has {} axes; expected bytes of labels [N] or of images [N, H, W] or [N, C, H, W], 16-bit sound [N, T], or 32-bit numbers",
                dims.len()
            ));
        }
    };
    data.map(Tensor::from_data).map_err(|error| error.to_string())
}

fn fraction(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

fn floats<T: Copy>(dims: &[usize], values: &[T], float: impl Fn(T) -> f32) -> Result<Data> {
    words(dims, DType::F32, values, |value| float(value).to_bits())
}

/// Values as words of their own. Errors: there is no room for them.
fn words<T: Copy>(dims: &[usize], dtype: DType, values: &[T], word: impl Fn(T) -> u32) -> Result<Data> {
    let mut words = Vec::new();
    let bytes = values.len().saturating_mul(4);
    words.try_reserve_exact(values.len()).map_err(|_| out_of_memory(bytes, "a data set"))?;
    words.extend(values.iter().map(|&value| word(value)));
    Data::new(Shape::new("tensor", dims)?, dtype, words)
}
