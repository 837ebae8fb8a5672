//! What a function of the API is called with: the inputs as tensors, the params as options.

use crate::{
    case::{Array, Case, Given, number},
    error::{Error, Result},
};
use gradbook_core::{Data, Runner, Tensor, device::LocalFuture};
use std::collections::HashMap;

/// A case to be computed.
pub(crate) struct Call<'a> {
    pub case: &'a Case,
    tensors: HashMap<&'a str, Tensor>,
}

/// A named result: part of a graph, or computed on the host.
pub(crate) enum Output {
    Tensor(Tensor),
    Number(f64),
    List(Vec<f64>),
}

/// The results of a call by name.
pub(crate) type Outputs = Vec<(String, Output)>;

/// How an op is computed.
pub(crate) enum Function {
    /// By a graph, whose gradients may be asked for.
    Graph(fn(&Call) -> Result<Outputs>),
    /// By something that runs graphs itself, such as a training loop.
    Session(for<'a> fn(&'a Call<'a>, &'a dyn Runner) -> LocalFuture<'a, Result<Outputs>>),
}

impl From<Tensor> for Output {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

/// The results of a call with one output.
pub(crate) fn output(tensor: Tensor) -> Result<Outputs> {
    Ok(vec![("output".into(), Output::Tensor(tensor))])
}

impl<'a> Call<'a> {
    pub fn new(case: &'a Case) -> Result<Self> {
        let mut tensors = HashMap::new();
        for (name, value) in &case.inputs {
            let data = match value {
                Given::Array(array) => array.data()?,
                Given::Number(value) => Data::f32([], &[*value as f32])?,
                Given::List(values) => {
                    Data::f32([values.len()], &values.iter().map(|&v| v as f32).collect::<Vec<_>>())?
                }
                Given::Text | Given::Null => continue,
            };
            tensors.insert(name.as_str(), Tensor::from_data(data));
        }
        Ok(Self { case, tensors })
    }

    /// An input.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        self.optional(name).ok_or_else(|| Error::text(format!("the case has no input '{name}'")))
    }

    /// An input that may be absent.
    pub fn optional(&self, name: &str) -> Option<Tensor> {
        self.tensors.get(name).cloned()
    }

    /// An input's elements on the host.
    pub fn array(&self, name: &str) -> Result<&'a Array> {
        match self.case.inputs.iter().find(|(key, _)| key == name) {
            Some((_, Given::Array(array))) => Ok(array),
            _ => Err(Error::text(format!("the case has no array '{name}'"))),
        }
    }

    /// A number among the params.
    pub fn number(&self, name: &str) -> Result<f64> {
        self.maybe(name).ok_or_else(|| Error::text(format!("the case has no number '{name}'")))
    }

    /// A number among the params that may be absent.
    pub fn maybe(&self, name: &str) -> Option<f64> {
        self.case.params.get(name).and_then(number)
    }

    /// A number among the params as single precision.
    pub fn f32(&self, name: &str) -> Result<f32> {
        Ok(self.number(name)? as f32)
    }

    /// A whole number among the params that is not negative.
    pub fn size(&self, name: &str) -> Result<usize> {
        Ok(self.number(name)? as usize)
    }

    /// An axis, or whole number of either sign.
    pub fn axis(&self, name: &str) -> Result<isize> {
        Ok(self.number(name)? as isize)
    }

    /// Whether a flag among the params is set; absent is not.
    pub fn flag(&self, name: &str) -> bool {
        self.maybe(name).is_some_and(|value| value != 0.0)
    }

    /// A text among the params.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.case.params.get(name)?.as_str()
    }

    /// A list of numbers among the params; a single number is a list of one, an absent value is empty.
    pub fn list(&self, name: &str) -> Vec<f64> {
        match self.case.params.get(name) {
            Some(serde_json::Value::Array(list)) => list.iter().filter_map(number).collect(),
            Some(value) => number(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// A list of axes.
    pub fn axes(&self, name: &str) -> Vec<isize> {
        self.list(name).iter().map(|&v| v as isize).collect()
    }

    /// A list of sizes.
    pub fn sizes(&self, name: &str) -> Vec<usize> {
        self.list(name).iter().map(|&v| v as usize).collect()
    }

    /// Two sizes; one stands for both, an absent value is `default`.
    pub fn pair(&self, name: &str, default: usize) -> [usize; 2] {
        match self.sizes(name)[..] {
            [a, b] => [a, b],
            [both] => [both; 2],
            _ => [default; 2],
        }
    }
}
