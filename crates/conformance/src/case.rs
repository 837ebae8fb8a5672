//! The format of reference cases: JSON with one list of cases a file.

use crate::error::{Error, Result};
use gradbook_core::{DType, Data, Shape};
use serde_json::{Map, Value};

/// The cases of one file.
pub struct Area {
    /// Its name, which stands in every line of the report.
    pub name: String,
    pub(crate) cases: Vec<Case>,
}

/// One case.
pub(crate) struct Case {
    pub name: String,
    pub op: String,
    pub params: Map<String, Value>,
    pub inputs: Vec<(String, Given)>,
    /// In the order of the file: the first is the primary output.
    pub expected: Vec<(String, Given)>,
    pub grads: Vec<(String, Given)>,
    pub rtol: f64,
    pub atol: f64,
}

/// A value of a case.
pub(crate) enum Given {
    Number(f64),
    Text,
    List(Vec<f64>),
    Array(Array),
    /// An absent value.
    Null,
}

/// Elements with a shape.
pub(crate) struct Array {
    pub shape: Vec<usize>,
    pub dtype: DType,
    pub values: Vec<f64>,
}

impl Area {
    /// Reads the text of a file. Errors: it is not in the format.
    pub fn parse(text: &str) -> Result<Self> {
        let file: Value = serde_json::from_str(text).map_err(|error| Error::text(format!("not JSON: {error}")))?;
        let name = text_of(&file, "area")?;
        let cases = file["cases"].as_array().ok_or_else(|| Error::text("there is no list of cases"))?;
        let read = |case: &Value| Case::read(case).map_err(|error| Error::text(format!("a case of {name}: {error}")));
        Ok(Self { cases: cases.iter().map(read).collect::<Result<_>>()?, name })
    }
}

impl Case {
    fn read(case: &Value) -> Result<Self> {
        let values = |key: &str| match &case[key] {
            Value::Null => Ok(Vec::new()),
            Value::Object(map) => map.iter().map(|(name, value)| Ok((name.clone(), Given::read(value)?))).collect(),
            _ => Err(Error::text(format!("'{key}' is not an object"))),
        };
        Ok(Self {
            name: text_of(case, "name")?,
            op: text_of(case, "op")?,
            params: case["params"].as_object().cloned().unwrap_or_default(),
            inputs: values("inputs")?,
            expected: values("expected")?,
            grads: values("grads")?,
            rtol: case["rtol"].as_f64().unwrap_or(1e-4),
            atol: case["atol"].as_f64().unwrap_or(1e-5),
        })
    }

    pub fn expects(&self, name: &str) -> Option<&Given> {
        self.expected.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl Given {
    fn read(value: &Value) -> Result<Self> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Number(f64::from(u8::from(*value))),
            Value::String(_) => number(value).map_or(Self::Text, Self::Number),
            Value::Number(_) => Self::Number(number(value).ok_or_else(|| Error::text(format!("the number {value}")))?),
            Value::Array(list) => {
                let numbers = list.iter().map(number).collect::<Option<Vec<_>>>();
                Self::List(numbers.ok_or_else(|| Error::text("a list of other things than numbers"))?)
            }
            Value::Object(_) => Self::Array(Array::read(value)?),
        })
    }
}

impl Array {
    fn read(value: &Value) -> Result<Self> {
        let list = |key: &str| value[key].as_array().ok_or_else(|| Error::text(format!("a tensor without '{key}'")));
        let shape = list("shape")?.iter().map(|n| n.as_u64().map(|n| n as usize)).collect::<Option<Vec<_>>>();
        let values = list("data")?.iter().map(number).collect::<Option<Vec<_>>>();
        let (Some(shape), Some(values)) = (shape, values) else { return Err(Error::text("a tensor's numbers")) };
        let dtype = match value["dtype"].as_str() {
            Some("f32") => DType::F32,
            Some("i32" | "u8") => DType::I32,
            Some("bool") => DType::Bool,
            other => return Err(Error::text(format!("the element type {other:?}"))),
        };
        if shape.iter().product::<usize>() != values.len() {
            return Err(Error::text(format!("{} values for shape {shape:?}", values.len())));
        }
        Ok(Self { shape, dtype, values })
    }

    /// As a value on the host.
    pub fn data(&self) -> Result<Data> {
        let word = |&value: &f64| match self.dtype {
            DType::F32 => (value as f32).to_bits(),
            DType::I32 | DType::U32 => value as i32 as u32,
            DType::Bool => u32::from(value != 0.0),
        };
        let shape = Shape::new("case", &self.shape[..])?;
        Ok(Data::new(shape, self.dtype, self.values.iter().map(word).collect())?)
    }
}

/// A number, or one of the strings that stand for what JSON cannot say.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
        None => value.as_f64().or_else(|| value.as_bool().map(|b| f64::from(u8::from(b)))),
    }
}

fn text_of(value: &Value, key: &str) -> Result<String> {
    value[key].as_str().map(str::to_owned).ok_or_else(|| Error::text(format!("there is no '{key}'")))
}
