//! Figures of classes that were predicted.

use super::{certainty, floats, ints, plain};
use crate::error::{Result, Thrown};
use gradbook_learn::metrics::{self, Confusion, Counted, METRICS, Over, Weights, class_figures};
use js_sys::Int32Array;
use wasm_bindgen::prelude::*;

/// The table of metrics: name, title, direction, unit.
#[wasm_bindgen(js_name = metricTable, unchecked_return_type = "Metric[]")]
pub fn metric_table() -> Result<JsValue> {
    plain(&METRICS)
}

/// Counts of samples, a row for each true class and a column for each predicted one, row by row. Errors: a class that is not
/// 0 … classes − 1, with its row.
#[wasm_bindgen(js_name = confusionMatrix)]
pub fn confusion_matrix(truth: &Int32Array, predicted: &Int32Array, classes: usize) -> Result<Vec<f64>> {
    let confusion = Confusion::new(classes, &ints(truth, "labels")?, &ints(predicted, "predictions")?)?;
    Ok(confusion.counts().iter().map(|&count| count as f64).collect())
}

/// All figures that follow from the counts of a confusion matrix.
#[wasm_bindgen(js_name = classFigures, unchecked_return_type = "ClassFigures")]
pub fn figures(
    counts: &[f64],
    classes: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    plain(&class_figures(&matrix(counts, classes)?, &certainty(options)?))
}

/// One of them: accuracy, balancedAccuracy, cohenKappa (by average also linear or quadratic), matthewsCorrcoef, or precision, recall,
/// specificity and f1 of a class by its number, macro, micro or weighted.
#[wasm_bindgen(js_name = classFigure, unchecked_return_type = "Measure")]
pub fn figure(
    name: &str,
    #[wasm_bindgen(unchecked_param_type = "number | Average | undefined")] average: &JsValue,
    counts: &[f64],
    classes: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let confusion = matrix(counts, classes)?;
    plain(&confusion.measure(counted(name, average, classes)?, &certainty(options)?))
}

/// The interval of a share; null of nothing.
#[wasm_bindgen(unchecked_return_type = "Interval | null")]
pub fn proportion(
    successes: usize,
    n: usize,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    if successes > n {
        return Err(Thrown::argument(format!("proportion: {successes} of {n}")));
    }
    plain(&metrics::proportion(successes, n, &certainty(options)?))
}

/// The mean of numbers such as the accuracies of folds, and its interval by Student's t.
#[wasm_bindgen(js_name = meanOf, unchecked_return_type = "Mean")]
pub fn mean_of(
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] values: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    plain(&metrics::mean_of(&floats(values, "numbers")?, &certainty(options)?)?)
}

/// How far predicted numbers are off.
#[wasm_bindgen(unchecked_return_type = "Regression")]
pub fn regression(
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] truth: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float32Array | Float64Array")] predicted: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Certainty | undefined")] options: &JsValue,
) -> Result<JsValue> {
    let (truth, predicted) = (floats(truth, "targets")?, floats(predicted, "predictions")?);
    plain(&metrics::regression(&truth, &predicted, &certainty(options)?)?)
}

fn matrix(counts: &[f64], classes: usize) -> Result<Confusion> {
    let whole = |&count: &f64| (count >= 0.0 && count.fract() == 0.0).then_some(count as u64);
    let counts: Option<Vec<u64>> = counts.iter().map(whole).collect();
    let counts = counts.ok_or_else(|| Thrown::argument("confusionMatrix: counts are whole numbers from 0 on"))?;
    Ok(Confusion::from_counts(classes, counts)?)
}

fn counted(name: &str, average: &JsValue, classes: usize) -> Result<Counted> {
    let text = average.as_string();
    let over = || match (text.as_deref(), average.as_f64()) {
        (Some("macro"), _) => Ok(Over::Macro),
        (Some("micro"), _) => Ok(Over::Micro),
        (Some("weighted"), _) => Ok(Over::Weighted),
        (_, Some(class)) if class >= 0.0 && (class as usize) < classes => Ok(Over::Class(class as usize)),
        _ => {
            let message = format!("{name}: average is macro, micro, weighted or a class from 0 to {}", classes - 1);
            Err(Thrown::argument(message))
        }
    };
    Ok(match name {
        "accuracy" => Counted::Accuracy,
        "balancedAccuracy" => Counted::BalancedAccuracy,
        "matthewsCorrcoef" => Counted::Matthews,
        "cohenKappa" => Counted::CohenKappa(match text.as_deref() {
            None => Weights::None,
            Some("linear") => Weights::Linear,
            Some("quadratic") => Weights::Quadratic,
            Some(other) => {
                return Err(Thrown::argument(format!(
                    "cohenKappa: weights are linear, quadratic or none; got {other}"
                )));
            }
        }),
        "precision" => Counted::Precision(over()?),
        "recall" => Counted::Recall(over()?),
        "specificity" => Counted::Specificity(over()?),
        "f1" => Counted::F1(over()?),
        _ => return Err(Thrown::argument(format!("{name} does not follow from a confusion matrix"))),
    })
}
