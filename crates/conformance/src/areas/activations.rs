//! Activation functions.

use crate::{
    call::{Call, Function, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::{Tensor, ops::gradients};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "relu_at_zero" => relu_at_zero,
        "double_backward" => double_backward,
        _ if OPS.iter().any(|(name, _)| *name == op) => |c| output(apply(c, &c.case.op)?),
        _ => return None,
    }))
}

type Activation = fn(&Call, &Tensor) -> Result<Tensor>;

const OPS: &[(&str, Activation)] = &[
    ("identity", |_, x| Ok(x.clone())),
    ("sigmoid", |_, x| Ok(x.sigmoid()?)),
    ("relu", |_, x| Ok(x.relu()?)),
    ("leaky_relu", |c, x| Ok(x.leaky_relu(c.f32("negative_slope")?)?)),
    ("prelu", |c, x| Ok(x.prelu(&c.tensor("weight")?)?)),
    ("tanh", |_, x| Ok(x.tanh()?)),
    ("sin", |_, x| Ok(x.sin()?)),
    ("softmax", |c, x| Ok(x.softmax(c.axis("dim")?)?)),
    ("log_softmax", |c, x| Ok(x.log_softmax(c.axis("dim")?)?)),
    ("softplus", |c, x| Ok(x.softplus(c.f32("beta")?, c.f32("threshold")?)?)),
    ("elu", |c, x| Ok(x.elu(c.f32("alpha")?)?)),
    ("selu", |_, x| Ok(x.selu()?)),
    ("gelu", |c, x| match c.text("approximate") {
        Some("tanh") => Ok(x.gelu_tanh()?),
        _ => Ok(x.gelu()?),
    }),
    ("silu", |_, x| Ok(x.silu()?)),
    ("mish", |_, x| Ok(x.mish()?)),
    ("softsign", |_, x| Ok(x.softsign()?)),
    ("logsigmoid", |_, x| Ok(x.logsigmoid()?)),
    ("relu6", |_, x| Ok(x.relu6()?)),
    ("hardtanh", |c, x| Ok(x.hardtanh(c.f32("min_val")?, c.f32("max_val")?)?)),
    ("hardsigmoid", |_, x| Ok(x.hardsigmoid()?)),
    ("hardswish", |_, x| Ok(x.hardswish()?)),
];

fn apply(c: &Call, op: &str) -> Result<Tensor> {
    let (_, function) = OPS.iter().find(|(name, _)| *name == op).ok_or(Error::Unsupported)?;
    function(c, &c.tensor("x")?)
}

fn relu_at_zero(c: &Call) -> Result<Outputs> {
    let (x, slope) = (c.tensor("x")?, c.f32("negative_slope")?);
    let y = match (c.text("convention"), slope == 0.0) {
        (Some("torch"), true) => x.relu()?,
        (Some("torch"), false) => x.leaky_relu(slope)?,
        (Some("course"), true) => x.relu_course()?,
        (Some("course"), false) => x.leaky_relu_course(slope)?,
        _ => return Err(Error::text("convention")),
    };
    let derivative = y.sum_all()?.grad(&[&x])?.remove(0);
    Ok(vec![("output".into(), y.into()), ("derivative".into(), derivative.into())])
}

fn double_backward(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let y = apply(c, c.text("op").unwrap_or_default())?;
    let grad = y.mul(&c.tensor("cotangent")?)?.sum_all()?.grad(&[&x])?.remove(0);
    let grad2 = gradients(&grad.mul(&c.tensor("v")?)?.sum_all()?, &[&x])?.remove(0);
    Ok(vec![("grad".into(), grad.into()), ("grad2".into(), grad2.into())])
}
