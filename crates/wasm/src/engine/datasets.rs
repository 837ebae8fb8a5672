//! Files of data sets as tensors: bytes of images become numbers from 0 to 1, sound from −1 to 1; labels and text stay whole
//! numbers, and so does whatever has 32 bits already. Arrays that were read elsewhere stay what they are.

use crate::js::{self, out_of_memory};
use gradbook_core::{DType, Data, Error, Result, Shape, Tensor, remote::Loaded};
use gradbook_formats::idx::{self, Values};
use gradbook_formats::residual;
use js_sys::{Array, Float32Array, Int32Array, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;

/// A file of a collection.
pub enum File {
    /// As it was stored: IDX, or residual images.
    Packed(Vec<u8>),
    /// Read already.
    Array(Data),
}

/// The tensors of a collection, by the labels of its files.
pub fn tensors(what: &str, files: Vec<(String, File)>) -> Result<Loaded> {
    let tensor = |(label, file)| match file {
        File::Array(data) => Ok((label, Tensor::from_data(data))),
        File::Packed(bytes) => match tensor(&bytes) {
            Ok(tensor) => Ok((label, tensor)),
            Err(message) => Err(Error::Load { what: what.into(), message: format!("{label}: {message}") }),
        },
    };
    files.into_iter().map(tensor).collect()
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
        (&[n, t], Values::I16(values)) => floats(&[n, t], values, |value| f32::from(value) / 32768.0),
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
