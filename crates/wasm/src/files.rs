//! Files of tensors as plain objects of JavaScript: what is in them, and how they are written. A module of its own, loaded
//! when the first file is read or written; the engine makes tensors of what it gives.

use crate::error::{Result, Thrown};
use crate::js::{self, object};
use gradbook_formats::array::{Raw, Values};
use gradbook_formats::tensors::{self, Format, Named};
use js_sys::{Array, Float32Array, Int32Array, JsString, Object, Reflect, Uint8Array, Uint32Array};
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

/// The tensors of a file: `{ tensors: [[name, elements, shape]], metadata }`, the elements being a Float32Array, Int32Array or
/// Uint32Array, or a Uint8Array of 0 and 1. Errors: its bytes are of no format that is known, or damaged; they begin with the file's name.
#[wasm_bindgen(js_name = readTensors)]
pub fn read_tensors(file: &str, bytes: &Uint8Array) -> Result<Object> {
    let bytes = js::bytes(bytes, file)?;
    let (tensors, metadata) = tensors::read(&bytes).map_err(|error| thrown(file, &error))?;
    let said: Array = metadata.iter().map(|(name, text)| Array::of2(&name.into(), &text.into())).collect();
    let metadata = Object::from_entries(&said).unwrap_or_default();
    let tensors: Array = tensors.into_iter().map(triple).collect();
    Ok(object(&[("tensors", tensors.into()), ("metadata", metadata.into())]))
}

/// A file of tensors, in the format that its name ends with: `.npz`, else safetensors. Each is `[name, elements, shape]` as above;
/// with `half`, numbers with a fraction are written with 16 bits. Errors: they cannot be written so.
#[wasm_bindgen(js_name = writeTensors)]
pub fn write_tensors(file: &str, tensors: &Array, metadata: &Object, half: bool) -> Result<Uint8Array> {
    let failed = |error: gradbook_formats::Error| thrown(file, &error);
    let mut named = Vec::with_capacity(tensors.length() as usize);
    for triple in tensors.iter() {
        let triple: Array = triple.dyn_into().map_err(|_| unlike(file))?;
        let name = triple.get(0).as_string().ok_or_else(|| unlike(file))?;
        let shape: Array = triple.get(2).dyn_into().map_err(|_| unlike(file))?;
        let dims = shape.iter().map(|size| size.as_f64().map(|size| size as usize));
        let dims: Vec<usize> = dims.collect::<Option<_>>().ok_or_else(|| unlike(file))?;
        let values = elements(&triple.get(1)).ok_or_else(|| unlike(file))?;
        let raw = Raw::of(dims, &values).map_err(failed)?.ok_or_else(|| unlike(file))?;
        named.push((name, if half { raw.halved().map_err(failed)? } else { raw }));
    }
    let mut said = BTreeMap::new();
    for name in Object::keys(metadata).iter() {
        let text = Reflect::get(metadata, &name).unwrap_or_default();
        let text = JsString::from(text.as_string().ok_or_else(|| unlike(file))?);
        said.insert(name.as_string().unwrap_or_default(), text.into());
    }
    let bytes = tensors::write(Format::of(file), &named, &said).map_err(failed)?;
    Ok(Uint8Array::from(&bytes[..]))
}

fn triple((name, dims, values): Named) -> Array {
    let elements: JsValue = match values {
        Values::F32(values) => Float32Array::from(&values[..]).into(),
        Values::I32(values) => Int32Array::from(&values[..]).into(),
        Values::U32(values) => Uint32Array::from(&values[..]).into(),
        Values::Bool(values) => Uint8Array::from(&values.into_iter().map(u8::from).collect::<Vec<_>>()[..]).into(),
    };
    let shape: Array = dims.iter().map(|&size| JsValue::from_f64(size as f64)).collect();
    Array::of3(&name.into(), &elements, &shape.into())
}

fn elements(given: &JsValue) -> Option<Values> {
    if let Some(values) = given.dyn_ref::<Float32Array>() {
        return Some(Values::F32(values.to_vec()));
    }
    if let Some(values) = given.dyn_ref::<Int32Array>() {
        return Some(Values::I32(values.to_vec()));
    }
    if let Some(values) = given.dyn_ref::<Uint32Array>() {
        return Some(Values::U32(values.to_vec()));
    }
    let values = given.dyn_ref::<Uint8Array>()?;
    Some(Values::Bool(values.to_vec().into_iter().map(|value| value != 0).collect()))
}

fn unlike(file: &str) -> Thrown {
    Thrown::argument(format!("{file}: a tensor to be written is a name, a typed array and a shape that fits it"))
}

fn thrown(file: &str, error: &gradbook_formats::Error) -> Thrown {
    Thrown::Named { name: "FileError", message: format!("{file}: {error}") }
}
