//! What a model is made of, as a table.

use super::{
    Forward, Layer, Params, Record,
    field::{Field, receptive_fields},
};
use crate::Result;
use gradbook_core::{DType, Shape, Tensor, ir::Op};
use std::fmt;

/// A model's layers and the numbers that it learns.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The layers, innermost first.
    pub layers: Vec<LayerSummary>,
    /// How many numbers are learnt, each counted once.
    pub parameters: usize,
    /// Products that the pass adds up in matrix products and convolutions; see [`multiply_adds`].
    pub multiply_adds: u64,
}

/// One layer of a model.
#[derive(Clone, Debug)]
pub struct LayerSummary {
    /// The layer's name in the model: `0`, `encoder.2`.
    pub path: String,
    /// What it is: `conv2d`.
    pub kind: String,
    /// The shape of what it is given.
    pub input: Shape,
    /// The shape of what it makes.
    pub output: Shape,
    /// How many numbers it learns.
    pub parameters: usize,
    /// Its share of [`Summary::multiply_adds`].
    pub multiply_adds: u64,
    /// Rows and columns of the model's input that one of its outputs can depend on, where that can be said.
    pub receptive_field: Option<[Field; 2]>,
}

/// Looks at a model by a pass over an input of this shape, the batch axis included.
pub fn summary(model: &dyn Layer, input: &[usize]) -> Result<Summary> {
    let mut ctx = Forward::evaluation();
    let x = Tensor::input(Shape::new("summary", input)?, DType::F32);
    let output = model.forward(&x, &mut ctx)?;
    let mut records = ctx.records().to_vec();
    if records.is_empty() {
        // A layer by itself is its only row.
        let (kind, parameters) = (model.kind().into(), Params::of(model).count());
        records.push(Record { path: String::new(), kind, input: x.clone(), output: output.clone(), parameters });
    }
    let outputs: Vec<Tensor> = records.iter().map(|record| record.output.clone()).collect();
    let fields = receptive_fields(&x, &outputs);
    let layer = |(record, receptive_field): (&Record, Option<[Field; 2]>)| LayerSummary {
        path: record.path.clone(),
        kind: record.kind.clone(),
        input: record.input.shape().clone(),
        output: record.output.shape().clone(),
        parameters: record.parameters,
        multiply_adds: multiply_adds(std::slice::from_ref(&record.output))
            .saturating_sub(multiply_adds(std::slice::from_ref(&record.input))),
        receptive_field,
    };
    let layers = records.iter().zip(fields).map(layer).collect();
    let (parameters, multiply_adds) = (Params::of(model).count(), multiply_adds(&[output]));
    Ok(Summary { layers, parameters, multiply_adds })
}

/// How many products the matrix products and convolutions add up on which these tensors depend: about half of the floating-point
/// operations. Element-wise steps and reductions are left out, as is custom.
pub fn multiply_adds(tensors: &[Tensor]) -> u64 {
    let cost = |node: &Tensor| match &*node.op() {
        Op::MatMul => node.shape().len() * node.inputs()[0].shape()[2],
        Op::Conv(g) | Op::ConvInputGrad(g) | Op::ConvWeightGrad(g) => {
            g.y_shape().iter().product::<usize>() * (g.c / g.groups) * g.kernel[0] * g.kernel[1]
        }
        _ => 0,
    };
    Tensor::ancestors(tensors).iter().map(|node| cost(node) as u64).sum()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:12} {:16} {:20} {:>10}", "layer", "kind", "output", "parameters")?;
        for record in &self.layers {
            let output = record.output.to_string();
            writeln!(f, "{:12} {:16} {output:20} {:>10}", record.path, record.kind, record.parameters)?;
        }
        writeln!(f, "{:50} {:>10}", "total", self.parameters)?;
        write!(f, "{:50} {:>10}", "multiply-adds", self.multiply_adds)
    }
}
