//! What a model is made of, as a table.

use super::{Forward, Layer, Params, Record};
use crate::Result;
use gradbook_core::{DType, Shape, Tensor};
use std::fmt;

/// A model's layers and the numbers that it learns.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The layers, innermost first.
    pub layers: Vec<Record>,
    /// How many numbers are learnt, each counted once.
    pub parameters: usize,
}

/// Looks at a model by a pass over an input of this shape, the batch axis included.
pub fn summary(model: &dyn Layer, input: &[usize]) -> Result<Summary> {
    let mut ctx = Forward::evaluation();
    model.forward(&Tensor::input(Shape::new("summary", input)?, DType::F32), &mut ctx)?;
    Ok(Summary { layers: ctx.records().to_vec(), parameters: Params::of(model).count() })
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:12} {:16} {:20} {:>10}", "layer", "kind", "output", "parameters")?;
        for record in &self.layers {
            let output = record.output.shape().to_string();
            writeln!(f, "{:12} {:16} {output:20} {:>10}", record.path, record.kind, record.parameters)?;
        }
        write!(f, "{:50} {:>10}", "total", self.parameters)
    }
}
