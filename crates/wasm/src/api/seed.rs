//! The seed where the caller gave none; it is shown with every result, so that a run can be repeated.

use crate::error::{Result, Thrown};
use wasm_bindgen::prelude::*;

/// A seed of 32 bits from the platform's source of randomness.
#[wasm_bindgen(js_name = randomSeed)]
pub fn random_seed() -> Result<u32> {
    getrandom::u32().map_err(|error| Thrown::argument(format!("no seed was given, and none could be drawn: {error}")))
}
