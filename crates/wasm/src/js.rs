//! What both halves of the module say to JavaScript.

use crate::error::Result;
use gradbook_core as core;
use js_sys::{Object, Promise, Reflect, Uint8Array};
use std::pin::Pin;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// A promise of what a future gives.
pub fn promise(future: impl Future<Output = Result<JsValue>> + 'static) -> Promise {
    // Boxed, so that what makes a promise is compiled once and not for every future.
    let future: Pin<Box<dyn Future<Output = Result<JsValue>>>> = Box::pin(future);
    future_to_promise(async move { future.await.map_err(JsValue::from) })
}

/// What an array of JavaScript's holds, in the module's own memory. Errors: there is no room for it.
pub fn bytes(source: &Uint8Array, what: &str) -> core::Result<Vec<u8>> {
    let length = source.length() as usize;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| out_of_memory(length, what))?;
    bytes.resize(length, 0);
    source.copy_to(&mut bytes);
    Ok(bytes)
}

/// An error that says what there was no room for.
pub fn out_of_memory(bytes: usize, what: &str) -> core::Error {
    core::Error::OutOfMemory { device: "the page".into(), bytes, what: what.into() }
}

/// A plain object.
pub fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a field of a new plain object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object
}
