//! Loops over time whose step is a JavaScript function.

use crate::api::{
    function::{call, thrown},
    list::TensorList,
};
use crate::error::{Result, Thrown};
use gradbook_core::{self as core, ops};
use js_sys::Function;
use wasm_bindgen::prelude::*;

/// Repeats a step for every slice of `xs`. `step` is called once, with the carries and the slices, and gives the next carries, then
/// what is stacked. The result has the last carries, then the stacked outputs.
#[wasm_bindgen]
pub fn scan(init: &TensorList, xs: &TensorList, reverse: bool, step: &Function) -> Result<TensorList> {
    let (init, xs) = (init.tensors(), xs.tensors());
    let carries = init.len();
    let run = |carry: &[core::Tensor], x: &[core::Tensor]| {
        let [carry, x] = [carry, x].map(|list| TensorList::from(list.to_vec()).into());
        let given = call::<TensorList>(step, "scan", "a list of tensors", carry, x);
        let mut next =
            given.map_err(|error| core::Error::Argument { op: "scan".into(), message: error.to_string() })?.tensors();
        let outputs = next.split_off(carries.min(next.len()));
        Ok((next, outputs))
    };
    let (first, slices): (Vec<&core::Tensor>, Vec<&core::Tensor>) = (init.iter().collect(), xs.iter().collect());
    let scanned = if reverse { ops::scan_reverse(&first, &slices, run) } else { ops::scan(&first, &slices, run) };
    let scanned = scanned.map_err(|error| match thrown(&error.to_string()) {
        Some(exception) => Thrown::Exception(exception),
        None => error.into(),
    })?;
    Ok([scanned.carry, scanned.outputs].concat().into())
}
