//! Figures of scores and probabilities: rows of `columns` numbers. A binary question is about class `positive` against all others, by its column, or by the only
//! one.

use super::{certainty, floats, ints, plain, plain_or};
use crate::error::{Result, Thrown};
use gradbook_learn::metrics::{self, Interpolation, MultiClass, Ranking, one_vs_rest};
use js_sys::Int32Array;
use wasm_bindgen::prelude::*;

/// The ROC curve with all its points, or why there is none.
#[wasm_bindgen(js_name = rocCurve, unchecked_return_type = "RocCurve | Undefined")]
pub fn roc_curve(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] scores: &JsValue,
    columns: usize,
    positive: usize,
) -> Result<JsValue> {
    let (truth, scores) = binary(truth, scores, columns, positive)?;
    plain_or(Ranking::new(&truth, &scores)?.roc_curve())
}

/// The precision–recall curve with a point for each score, or why there is none.
#[wasm_bindgen(js_name = prCurve, unchecked_return_type = "PrCurve | Undefined")]
pub fn pr_curve(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] scores: &JsValue,
    columns: usize,
    positive: usize,
) -> Result<JsValue> {
    let (truth, scores) = binary(truth, scores, columns, positive)?;
    plain_or(Ranking::new(&truth, &scores)?.pr_curve())
}

/// Every figure at `most` thresholds or fewer, or why there are none: what a view needs that moves the threshold.
#[wasm_bindgen(js_name = operatingPoints, unchecked_return_type = "OperatingPoints | Undefined")]
pub fn operating_points(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] scores: &JsValue,
    columns: usize,
    positive: usize,
    most: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (truth, scores) = binary(truth, scores, columns, positive)?;
    plain_or(metrics::operating_points(&truth, &scores, most, &certainty(options)?)?)
}

/// The area under the ROC curve.
#[wasm_bindgen(js_name = rocAuc, unchecked_return_type = "Measure")]
pub fn roc_auc(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] scores: &JsValue,
    columns: usize,
    positive: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (truth, scores) = binary(truth, scores, columns, positive)?;
    plain(&metrics::roc_auc(&truth, &scores, &certainty(options)?)?)
}

/// The areas of all classes as one: each against all others (`ovr`), or pair by pair (`ovo`).
#[wasm_bindgen(js_name = rocAucMulticlass, unchecked_return_type = "Measure")]
pub fn roc_auc_multiclass(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] scores: &JsValue,
    classes: usize,
    #[wasm_bindgen(unchecked_param_type = "\"ovr\" | \"ovo\"")] multi: &str,
    weighted: bool,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let multi = match multi {
        "ovr" => MultiClass::Ovr,
        "ovo" => MultiClass::Ovo,
        _ => return Err(Thrown::argument(format!("rocAuc: several classes are taken by ovr or ovo; got {multi}"))),
    };
    let (truth, scores) = (ints(truth, "labels")?, floats(scores, "scores")?);
    plain(&metrics::roc_auc_multiclass(&truth, &scores, classes, multi, weighted, &certainty(options)?)?)
}

/// The area under the precision–recall curve.
#[wasm_bindgen(js_name = averagePrecision, unchecked_return_type = "Measure")]
pub fn average_precision(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] scores: &JsValue,
    columns: usize,
    positive: usize,
    #[wasm_bindgen(unchecked_param_type = "Interpolation | undefined")] interpolation: Option<String>,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let interpolation = match interpolation.as_deref() {
        None | Some("none") => Interpolation::None,
        Some("trapezoid") => Interpolation::Trapezoid,
        Some("allPoints") => Interpolation::AllPoints,
        Some("elevenPoint") => Interpolation::ElevenPoint,
        Some("coco101") => Interpolation::Coco101,
        Some(other) => {
            let known = "none, trapezoid, allPoints, elevenPoint and coco101";
            return Err(Thrown::argument(format!("averagePrecision: there is no {other}; there are {known}")));
        }
    };
    let (truth, scores) = binary(truth, scores, columns, positive)?;
    plain(&metrics::average_precision(&truth, &scores, interpolation, &certainty(options)?)?)
}

/// The mean of the average precisions of all classes, each against all others.
#[wasm_bindgen(js_name = meanAveragePrecision, unchecked_return_type = "Measure")]
pub fn mean_average_precision(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] scores: &JsValue,
    classes: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (truth, scores) = (ints(truth, "labels")?, floats(scores, "scores")?);
    plain(&metrics::mean_average_precision(&truth, &scores, classes, &certainty(options)?)?)
}

/// The mean of −log p of the true class. With one column, p is that of class 1.
#[wasm_bindgen(js_name = logLoss, unchecked_return_type = "Measure")]
pub fn log_loss(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] probs: &JsValue,
    columns: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (truth, probs) = (ints(truth, "labels")?, floats(probs, "probabilities")?);
    plain(&metrics::log_loss(&truth, &probs, columns, &certainty(options)?)?)
}

/// The mean of the summed squares of what probabilities are off.
#[wasm_bindgen(js_name = brierScore, unchecked_return_type = "Measure")]
pub fn brier_score(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] probs: &JsValue,
    columns: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (truth, probs) = (ints(truth, "labels")?, floats(probs, "probabilities")?);
    plain(&metrics::brier_score(&truth, &probs, columns, &certainty(options)?)?)
}

/// The share of samples whose true class is among the k largest scores.
#[wasm_bindgen(js_name = topKAccuracy, unchecked_return_type = "Measure")]
pub fn top_k_accuracy(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] scores: &JsValue,
    classes: usize,
    k: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (truth, scores) = (ints(truth, "labels")?, floats(scores, "scores")?);
    plain(&metrics::top_k_accuracy(&truth, &scores, classes, k, &certainty(options)?)?)
}

/// Whether predictions are right as often as they are sure.
#[wasm_bindgen(unchecked_return_type = "Reliability")]
pub fn reliability(
    truth: &Int32Array,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] probs: &JsValue,
    columns: usize,
    bins: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (truth, probs) = (ints(truth, "labels")?, floats(probs, "probabilities")?);
    plain(&metrics::reliability(&truth, &probs, columns, bins, &certainty(options)?)?)
}

pub(super) fn binary(
    truth: &Int32Array,
    scores: &JsValue,
    columns: usize,
    positive: usize,
) -> Result<(Vec<i32>, Vec<f64>)> {
    Ok(one_vs_rest(&ints(truth, "labels")?, &floats(scores, "scores")?, columns, positive)?)
}
