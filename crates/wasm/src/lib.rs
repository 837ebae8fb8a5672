//! The JavaScript binding: handles to tensors, layers and runs, conversions, and errors as JavaScript ones. It computes
//! nothing itself. The classes here are plumbing for `web/api`, which gives them their shape for readers.
//!
//! One path for all uses: what is exported here builds graphs and sends them over a [`session::Session`]; with the feature
//! `engine` the module also has the [`engine::Engine`] that answers, in the same thread or at the other end of a port.
//!
//! No function calls back into JavaScript while anything is borrowed, and every error is a JavaScript `Error` with a name.
#![cfg(target_arch = "wasm32")]

mod clock;
pub mod dataset;
mod error;
pub mod explain;
mod function;
pub mod list;
pub mod model;
mod options;
pub mod seed;
pub mod session;
pub mod tensor;
pub mod train;

#[cfg(feature = "engine")]
pub mod engine;

use wasm_bindgen::prelude::*;

/// Panics are bugs; at least they say where.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
