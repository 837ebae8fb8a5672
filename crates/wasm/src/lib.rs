//! The JavaScript binding: handles to tensors, layers and runs, conversions, and errors as JavaScript ones. It computes
//! nothing itself. The classes here are plumbing for `web/api`, which gives them their shape for readers.
//!
//! It has five parts, which are compiled apart. `api` builds graphs and sends them over a [`session::Session`]; `engine`
//! has the [`engine::Engine`] that answers, and the CPU device; `gpu` has the WebGPU device, which an engine drives as an object
//! of JavaScript; `files` reads and writes files of tensors; `host` has
//! functions on arrays that were read, such as metrics. One path for all uses: bytes between session and engine, in one thread or through a port.
//!
//! No function calls back into JavaScript while anything is borrowed, and every error is a JavaScript `Error` with a name,
//! but for those that an open `Gpu` throws to its engine.
#![cfg(target_arch = "wasm32")]

#[cfg(any(feature = "api", feature = "engine", feature = "gpu"))]
mod clock;
mod error;
mod js;

#[cfg(feature = "api")]
mod api;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "gpu")]
pub mod gpu;
#[cfg(feature = "host")]
pub mod host;
#[cfg(any(feature = "api", feature = "host"))]
mod options;
#[cfg(feature = "files")]
pub mod samples;
#[cfg(feature = "files")]
pub mod scenes;
#[cfg(any(feature = "api", feature = "host"))]
mod value;

#[cfg(feature = "api")]
pub use api::*;

use wasm_bindgen::prelude::*;

/// Panics are bugs; at least they say where.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
