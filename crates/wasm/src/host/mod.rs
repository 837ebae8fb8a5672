//! Host functions on arrays that were read, as plain objects of JavaScript: metrics, folds, duplicates. A module of its own, loaded when the
//! first one is called, beside the cells' code: it has no tensors and no device.

mod classes;
mod compare;
mod scores;
mod sets;
mod types;

use crate::error::{Result, Thrown};
use crate::js::{object, out_of_memory};
use crate::options;
use gradbook_learn::metrics::{Certainty, Why};
use js_sys::{Float32Array, Float64Array, Int32Array};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

/// Something of ours as a plain object; what is missing is null.
fn plain<T: Serialize>(value: &T) -> Result<JsValue> {
    let failed = |error: serde_wasm_bindgen::Error| Thrown::argument(error.to_string());
    value.serialize(&Serializer::json_compatible()).map_err(failed)
}

/// The same, or `{ because }`.
fn plain_or<T: Serialize>(value: Result<T, Why>) -> Result<JsValue> {
    match value {
        Ok(value) => plain(&value),
        Err(why) => Ok(object(&[("because", why.to_string().into())]).into()),
    }
}

/// How sure figures are to be told; undefined is the default.
fn certainty(given: &JsValue) -> Result<Certainty> {
    let certainty: Certainty = options::read("certainty", given)?;
    certainty.check()?;
    Ok(certainty)
}

/// Labels, in the module's own memory.
fn ints(given: &Int32Array, what: &str) -> Result<Vec<i32>> {
    let mut values = room(given.length(), what)?;
    values.resize(given.length() as usize, 0);
    given.copy_to(&mut values);
    Ok(values)
}

/// Numbers in double precision.
fn floats(given: &JsValue, what: &str) -> Result<Vec<f64>> {
    if let Some(given) = given.dyn_ref::<Float64Array>() {
        let mut values = room(given.length(), what)?;
        values.resize(given.length() as usize, 0.0);
        given.copy_to(&mut values);
        return Ok(values);
    }
    let singles = singles(given, what)?;
    let mut values = room(singles.len() as u32, what)?;
    values.extend(singles.iter().map(|&value| f64::from(value)));
    Ok(values)
}

/// Numbers in single precision.
fn singles(given: &JsValue, what: &str) -> Result<Vec<f32>> {
    let given: &Float32Array =
        given.dyn_ref().ok_or_else(|| Thrown::argument(format!("{what}: a Float32Array is expected")))?;
    let mut values = room(given.length(), what)?;
    values.resize(given.length() as usize, 0.0);
    given.copy_to(&mut values);
    Ok(values)
}

fn room<T>(len: u32, what: &str) -> Result<Vec<T>> {
    let mut list = Vec::new();
    let refused = |_| out_of_memory(len as usize * size_of::<T>(), what);
    list.try_reserve_exact(len as usize).map_err(refused)?;
    Ok(list)
}
