//! Futures as promises.

use crate::error::Result;
use js_sys::Promise;
use std::pin::Pin;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// A promise of what a future gives.
pub fn promise(future: impl Future<Output = Result<JsValue>> + 'static) -> Promise {
    // Boxed, so that what makes a promise is compiled once and not for every future.
    let future: Pin<Box<dyn Future<Output = Result<JsValue>>>> = Box::pin(future);
    future_to_promise(async move { future.await.map_err(JsValue::from) })
}
