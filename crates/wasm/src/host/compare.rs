//! Two models on the same samples.

use super::scores::binary;
use super::{certainty, ints, plain_or};
use crate::error::Result;
use gradbook_learn::metrics::{self, correct};
use js_sys::Int32Array;
use wasm_bindgen::prelude::*;

/// McNemar's exact test of the classes that two models predict.
#[wasm_bindgen(unchecked_return_type = "McNemar | Undefined")]
pub fn mcnemar(
    truth: &Int32Array,
    first: &Int32Array,
    second: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let truth = ints(truth, "labels")?;
    let right = |predicted: &Int32Array| Ok(correct(&truth, &ints(predicted, "predictions")?)?);
    let (first, second): (Result<Vec<bool>>, Result<Vec<bool>>) = (right(first), right(second));
    plain_or(metrics::mcnemar(&first?, &second?, &certainty(options)?)?)
}

/// DeLong's test of the areas under two ROC curves.
#[wasm_bindgen(js_name = delongTest, unchecked_return_type = "DelongTest | Undefined")]
pub fn delong_test(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] first: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] second: &JsValue,
    columns: usize,
    positive: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (labels, first) = binary(truth, first, columns, positive)?;
    let (_, second) = binary(truth, second, columns, positive)?;
    plain_or(metrics::delong_test(&labels, &first, &second, &certainty(options)?)?)
}
