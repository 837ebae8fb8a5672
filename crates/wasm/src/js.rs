//! What the parts of the module say to JavaScript.

use gradbook_core as core;
#[cfg(any(feature = "api", feature = "engine", feature = "files"))]
use js_sys::Uint8Array;
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// What an array of JavaScript's holds, in the module's own memory. Errors: there is no room for it.
#[cfg(any(feature = "api", feature = "engine", feature = "files"))]
pub fn bytes(source: &Uint8Array, what: &str) -> core::Result<Vec<u8>> {
    let length = source.length() as usize;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| out_of_memory(length, what))?;
    bytes.resize(length, 0);
    source.copy_to(&mut bytes);
    Ok(bytes)
}

/// An error that says what there was no room for.
#[cfg(any(feature = "api", feature = "engine", feature = "files", feature = "host"))]
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

/// `{ device, detail, software }`
#[cfg(any(feature = "engine", feature = "gpu"))]
pub fn device_info(info: &core::device::DeviceInfo) -> Object {
    let detail = JsValue::from_str(&info.detail);
    object(&[("device", info.name.into()), ("detail", detail), ("software", info.software.into())])
}

/// What a device has done, by name.
#[cfg(any(feature = "engine", feature = "gpu"))]
pub fn device_counters(counters: &core::device::Counters) -> Object {
    object(&[
        ("dispatches", (counters.dispatches as f64).into()),
        ("submits", (counters.submits as f64).into()),
        ("buffersCreated", (counters.buffers_created as f64).into()),
        ("bindGroupsCreated", (counters.bind_groups_created as f64).into()),
        ("pipelinesCreated", (counters.pipelines_created as f64).into()),
        ("reads", (counters.reads as f64).into()),
        ("emitted", (counters.emitted as f64).into()),
        ("liveBytes", (counters.live_bytes as f64).into()),
    ])
}
