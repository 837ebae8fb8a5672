//! The JavaScript binding: handles to tensors, layers and runs, conversions, and errors as JavaScript ones. It computes
//! nothing itself. The classes here are plumbing for `web/api`, which gives them their shape for readers.
//!
//! It has two halves, which are compiled apart. `api` builds graphs and sends them over a [`session::Session`]; `engine`
//! has the device and the [`engine::Engine`] that answers. One path for all uses: bytes between the two, in one thread or
//! through a port.
//!
//! No function calls back into JavaScript while anything is borrowed, and every error is a JavaScript `Error` with a name.
#![cfg(target_arch = "wasm32")]

mod clock;
mod error;
mod js;

#[cfg(feature = "api")]
mod api;
#[cfg(feature = "engine")]
pub mod engine;

#[cfg(feature = "api")]
pub use api::*;

use wasm_bindgen::prelude::*;

/// Panics are bugs; at least they say where.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
