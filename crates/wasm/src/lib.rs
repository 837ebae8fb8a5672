//! The JavaScript binding: handles to tensors, layers and runs, conversions, and errors as JavaScript ones. It computes
//! nothing itself. The classes here are plumbing for `web/api`, which gives them their shape for readers.
//!
//! Two halves, which a page loads as two modules so that each stays small. The feature `api` builds graphs and sends them
//! over a [`session::Session`]; the feature `engine` has the [`engine::Engine`] that answers, in the same thread or at the
//! other end of a port. Both speak bytes only.
//!
//! No function calls back into JavaScript while anything is borrowed, and every error is a JavaScript `Error` with a name.
#![cfg(target_arch = "wasm32")]

mod clock;
#[cfg(feature = "api")]
pub mod dataset;
#[cfg(feature = "engine")]
pub mod engine;
mod error;
#[cfg(feature = "api")]
pub mod explain;
#[cfg(feature = "api")]
mod function;
mod js;
#[cfg(feature = "api")]
pub mod list;
#[cfg(feature = "api")]
pub mod model;
#[cfg(feature = "api")]
mod options;
#[cfg(feature = "api")]
pub mod seed;
#[cfg(feature = "api")]
pub mod session;
#[cfg(feature = "api")]
pub mod tensor;
#[cfg(feature = "api")]
pub mod train;

use wasm_bindgen::prelude::*;

/// Panics are bugs; at least they say where.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
