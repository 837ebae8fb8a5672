//! How far numbers are off.

use super::{
    measure::{Certainty, Figure, Given, Measure, Method, Why},
    metric::{MEAN_ABSOLUTE_ERROR, MEAN_SQUARED_ERROR, R2, ROOT_MEAN_SQUARED_ERROR},
    probability::mean,
    resample::{percentiles, resamples},
    special::t_quantile,
};
use crate::{Error, Result};

/// Errors of predicted numbers.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Regression {
    /// The mean of |prediction − target|.
    pub mean_absolute_error: Measure,
    /// The mean of its square.
    pub mean_squared_error: Measure,
    /// The root of that.
    pub root_mean_squared_error: Measure,
    /// The share of the targets' variance that is explained; below 0 if their mean would do better.
    pub r2: Measure,
}

/// The usual errors. Errors: lists of different lengths, or a number that is not finite, which is named.
pub fn regression(y_true: &[f64], y_pred: &[f64], certainty: &Certainty) -> Result<Regression> {
    certainty.check()?;
    if y_true.len() != y_pred.len() {
        let message = format!("{} targets, but {} predictions", y_true.len(), y_pred.len());
        return Err(Error::argument("regression", message));
    }
    for (what, values) in [("target", y_true), ("prediction", y_pred)] {
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::argument("regression", format!("row {row} has the {what} {}", values[row])));
        }
    }
    let apart = || y_true.iter().zip(y_pred).map(|(t, p)| p - t);
    let squared = mean(&MEAN_SQUARED_ERROR, apart().map(|d| d * d).collect(), certainty)?;
    let root = Measure {
        metric: &ROOT_MEAN_SQUARED_ERROR,
        value: squared.value.map(f64::sqrt),
        interval: squared.interval.clone().map(|interval| interval.map(f64::sqrt)),
        ..squared
    };
    Ok(Regression {
        mean_absolute_error: mean(&MEAN_ABSOLUTE_ERROR, apart().map(f64::abs).collect(), certainty)?,
        mean_squared_error: squared,
        root_mean_squared_error: root,
        r2: r2(y_true, y_pred, certainty),
    })
}

/// 1 − Σ (p − t)² / Σ (t − mean)². By default its interval is Student's t on the scale log (1 − R²), with the variance that each sample's part
/// has. Coverage at 95 %,
/// measured by 10,000 draws of an R² of 0.8 (`tests/coverage.rs`): 89.7 % of 10 samples, 91.7 % of 20, 93.6 % of 50, 94.6 % of 100, 94.8 % of 999.
fn r2(y_true: &[f64], y_pred: &[f64], certainty: &Certainty) -> Measure {
    let n = y_true.len();
    let of = |rows: &mut dyn Iterator<Item = usize>| {
        let (mut count, mut sum, mut squares, mut left) = (0.0, 0.0, 0.0, 0.0);
        // Around the first target: sums of squares of what is far from 0 lose their digits.
        let around = y_true[0];
        for row in rows {
            let t = y_true[row] - around;
            count += 1.0;
            sum += t;
            squares += t * t;
            left += (y_pred[row] - y_true[row]).powi(2);
        }
        (left, squares - sum * sum / count)
    };
    let figure: Figure = match n {
        0 => Err(Why::Empty),
        1 => Err(Why::Single),
        _ => match of(&mut (0..n)) {
            (left, _) if y_true.iter().all(|&t| t == y_true[0]) => {
                Ok(Given::convention(if left == 0.0 { 1.0 } else { 0.0 }, Why::EqualTargets))
            }
            (left, all) => Ok(Given::found(1.0 - left / all)),
        },
    };
    Measure::new(&R2, n, figure, |value| match certainty.method {
        None | Some(Method::StudentT) => {
            let (left, all) = of(&mut (0..n));
            let middle = y_true.iter().sum::<f64>() / n as f64;
            let part = |row: usize| (y_pred[row] - y_true[row]).powi(2) / left - (y_true[row] - middle).powi(2) / all;
            let variance = (0..n).map(|row| part(row).powi(2)).sum::<f64>() * n as f64 / (n as f64 - 1.0);
            let half = t_quantile(n as f64 - 1.0, 1.0 - certainty.tail()) * variance.sqrt();
            let end = |sign: f64| 1.0 - (1.0 - value) * (sign * half).exp();
            (left > 0.0).then(|| certainty.interval((end(1.0), end(-1.0)), Method::StudentT))
        }
        Some(Method::Bootstrap) => {
            let mut values = Vec::with_capacity(certainty.resamples);
            resamples(n, certainty, |places| {
                let (left, all) = of(&mut places.iter().map(|&place| place as usize));
                values.push(1.0 - left / all);
            });
            percentiles(values, certainty)
        }
        Some(_) => None,
    })
}
