//! Runs reference cases through the public Rust API of core and learn, on any device, natively and in a browser.
//!
//! A case is an op with inputs and expected values, gradients among them (see `tests/conformance/README.md`). An area's file under
//! [`areas`] says which function of the API an op is; what an area does not list is skipped. Nothing here computes
//! what is compared.

mod areas;
mod call;
mod case;
mod compare;
mod error;
#[cfg(target_arch = "wasm32")]
mod page;
mod run;

pub use case::Area;
pub use error::Error;
pub use run::{Counts, run_area};
