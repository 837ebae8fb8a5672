//! What a model is made of, as a table.

use super::{Forward, Layer, Params, Record};
use crate::Result;
use gradbook_core::{DType, Shape, Tensor, ir::Op};
use std::fmt;

/// A model's layers and the numbers that it learns.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The layers, innermost first.
    pub layers: Vec<Record>,
    /// How many numbers are learnt, each counted once.
    pub parameters: usize,
    /// Products that the pass adds up in matrix products and convolutions; see [`multiply_adds`].
    pub multiply_adds: u64,
}

/// Looks at a model by a pass over an input of this shape, the batch axis included.
pub fn summary(model: &dyn Layer, input: &[usize]) -> Result<Summary> {
    let mut ctx = Forward::evaluation();
    let output = model.forward(&Tensor::input(Shape::new("summary", input)?, DType::F32), &mut ctx)?;
    let (parameters, multiply_adds) = (Params::of(model).count(), multiply_adds(&[output]));
    Ok(Summary { layers: ctx.records().to_vec(), parameters, multiply_adds })
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
            let output = record.output.shape().to_string();
            writeln!(f, "{:12} {:16} {output:20} {:>10}", record.path, record.kind, record.parameters)?;
        }
        writeln!(f, "{:50} {:>10}", "total", self.parameters)?;
        write!(f, "{:50} {:>10}", "multiply-adds", self.multiply_adds)
    }
}
