//! Whether a value is what a case expects.

use crate::{
    case::{Array, Case, Given},
    error::{Error, Result},
};
use gradbook_core::{DType, Data};

/// A value that was computed.
pub(crate) enum Got {
    Number(f64),
    List(Vec<f64>),
    Data(Data),
}

/// Compares one value; returns the largest absolute difference of its floats.
pub(crate) fn compare(case: &Case, label: &str, expected: &Given, got: &Got) -> Result<f64> {
    let tolerance = Tolerance { relative: case.rtol, absolute: case.atol };
    match (expected, got) {
        (Given::Number(want), Got::Number(got)) => tolerance.check(label, &[*want], &[*got]),
        (Given::List(want), Got::List(got)) => {
            check_shape(label, &[got.len()], &[want.len()])?;
            tolerance.check(label, want, got)
        }
        (Given::Number(want), Got::Data(got)) => {
            check_shape(label, &got.shape, &[])?;
            tolerance.check(label, &[*want], &values(got))
        }
        (Given::List(want), Got::Data(got)) => {
            check_shape(label, &got.shape, &[want.len()])?;
            tolerance.check(label, want, &values(got))
        }
        (Given::Array(want), Got::Data(got)) => array(&tolerance, label, want, got),
        (Given::Array(want), Got::List(got)) => {
            check_shape(label, &[got.len()], &want.shape)?;
            tolerance.check(label, &want.values, got)
        }
        _ => Err(Error::text(format!("{label} is of another kind"))),
    }
}

/// Compares one number of a statistical case, which has its own tolerance or that of the case.
pub(crate) fn compare_statistic(case: &Case, name: &str, expected: &Given, got: &Got) -> Result<f64> {
    let number = |key: &str| match case.expects(key) {
        Some(Given::Number(value)) => Some(*value),
        _ => None,
    };
    let label = format!("expected.{name}");
    if name == "shape" {
        return compare(case, &label, expected, got);
    }
    let got = match got {
        Got::Data(data) => values(data),
        Got::List(list) => list.clone(),
        Got::Number(number) => vec![*number],
    };
    let want = match expected {
        Given::Number(number) => vec![*number],
        Given::List(values) | Given::Array(Array { values, .. }) => values.clone(),
        Given::Text | Given::Null => return Err(Error::text(format!("{label} is of another kind"))),
    };
    check_shape(&label, &[got.len()], &[want.len()])?;
    if name == "max_abs" {
        let above = got.iter().zip(&want).find(|(got, want)| got.is_nan() || got.abs() > **want);
        return match above {
            Some((got, want)) => Err(Error::text(format!("{label} {got} is above {want}"))),
            None => Ok(0.0),
        };
    }
    let absolute = number(&format!("{name}_tol")).or_else(|| number("tol")).unwrap_or(0.0);
    Tolerance { relative: 0.0, absolute }.check(&label, &want, &got)
}

fn array(tolerance: &Tolerance, label: &str, want: &Array, got: &Data) -> Result<f64> {
    check_shape(label, &got.shape, &want.shape)?;
    if got.dtype != want.dtype {
        return Err(Error::text(format!("{label} dtype {} not {}", got.dtype, want.dtype)));
    }
    if want.dtype == DType::F32 {
        return tolerance.check(label, &want.values, &values(got));
    }
    let different = values(got).iter().zip(&want.values).position(|(got, want)| got != want);
    match different {
        Some(at) => Err(Error::text(format!("{label} {} not {} at {at}", values(got)[at], want.values[at]))),
        None => Ok(0.0),
    }
}

fn check_shape(label: &str, got: &[usize], want: &[usize]) -> Result<()> {
    if got == want {
        return Ok(());
    }
    let show = |dims: &[usize]| dims.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    Err(Error::text(format!("{label} shape [{}] not [{}]", show(got), show(want))))
}

fn values(data: &Data) -> Vec<f64> {
    match data.dtype {
        DType::F32 => data.as_f32().iter().map(|&v| f64::from(v)).collect(),
        DType::I32 => data.as_i32().iter().map(|&v| f64::from(v)).collect(),
        DType::U32 | DType::Bool => data.words.iter().map(|&v| f64::from(v)).collect(),
    }
}

struct Tolerance {
    relative: f64,
    absolute: f64,
}

impl Tolerance {
    /// The largest absolute difference, or where it is too large. Infinities and NaN must be the same.
    fn check(&self, label: &str, want: &[f64], got: &[f64]) -> Result<f64> {
        let mut largest: f64 = 0.0;
        let mut worst: Option<(usize, f64)> = None;
        for (i, (&want, &got)) in want.iter().zip(got).enumerate() {
            if want == got || (want.is_nan() && got.is_nan()) {
                continue;
            }
            let error = (got - want).abs();
            if error.is_nan() || !want.is_finite() {
                return Err(Error::text(format!("{label} {got} not {want} at {i}")));
            }
            largest = largest.max(error);
            if error > self.absolute + self.relative * want.abs() && worst.is_none_or(|(_, e)| error > e) {
                worst = Some((i, error));
            }
        }
        match worst {
            Some((at, error)) => Err(Error::text(format!("{label} max_abs_err {error:.3e} at {at}"))),
            None => Ok(largest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_fails() {
        let t = Tolerance { relative: 1e-4, absolute: 1e-5 };
        assert_eq!(t.check("x", &[1.0, f64::NAN, f64::INFINITY], &[1.0, f64::NAN, f64::INFINITY]).unwrap(), 0.0);
        assert!(t.check("x", &[1.0], &[1.00009]).is_ok());
        assert!(t.check("x", &[1.0], &[1.0002]).is_err());
        assert!(t.check("x", &[1.0], &[f64::NAN]).is_err());
        assert!(t.check("x", &[f64::NAN], &[1.0]).is_err());
        assert!(t.check("x", &[1.0], &[f64::INFINITY]).is_err());
        assert!(t.check("x", &[f64::INFINITY], &[1.0]).is_err());
        assert!(check_shape("x", &[2, 3], &[3, 2]).is_err());
    }
}
