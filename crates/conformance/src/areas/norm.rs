//! Normalisation and dropout.

use super::networks::set;
use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::Tensor;
use gradbook_learn::layers::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, DropoutForm, Forward, Layer, LayerNorm, LayerNormConfig,
    Params, build, dropout_given_mask,
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "batch_norm" => batch_norm,
        "layer_norm" => |c| output(layer_norm(c)?),
        "dropout_given_mask" => |c| output(dropout_given_mask(&c.tensor("x")?, &c.tensor("mask")?, c.f32("p")?)?),
        "dropout_eval" => |c| output(Dropout::new(c.f32("p")?).forward(&c.tensor("x")?, &mut Forward::evaluation())?),
        "dropout_stats" => dropout_stats,
        "double_backward" => double_backward,
        _ => return None,
    }))
}

fn layer_norm(c: &Call) -> Result<Tensor> {
    let x = c.tensor("x")?;
    let axes = c.maybe("normalized_shape").map_or(c.list("normalized_shape").len(), |_| 1).max(1);
    let norm = LayerNorm::with(LayerNormConfig { axes, eps: c.f32("eps")?, affine: c.optional("weight").is_some() });
    prepare(c, &norm, &x)?;
    Ok(norm.forward(&x, &mut Forward::evaluation())?)
}

fn batch_norm(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let momentum = c.maybe("momentum").unwrap_or(0.1) as f32;
    let affine = c.optional("weight").is_some();
    let norm = BatchNorm::with(BatchNormConfig { eps: c.f32("eps")?, momentum, affine });
    prepare(c, &norm, &x)?;
    let mut ctx = if c.flag("training") { Forward::training(Tensor::key(0)) } else { Forward::evaluation() };
    let y = norm.forward(&x, &mut ctx)?;
    let mut outputs = output(y)?;
    for (name, param) in Params::of(&norm).0.into_iter().filter(|(name, _)| name.starts_with("running")) {
        let after = ctx.updated(&param).cloned().unwrap_or_else(|| param.value());
        outputs.push((name, Output::Tensor(after)));
    }
    Ok(outputs)
}

/// Gives a layer the case's parameters.
fn prepare(c: &Call, layer: &dyn Layer, x: &Tensor) -> Result<()> {
    build(layer, x.shape(), 0)?;
    set(layer, |name| c.optional(name))
}

fn dropout_stats(c: &Call) -> Result<Outputs> {
    let form = if c.text("convention") == Some("course") { DropoutForm::Course } else { DropoutForm::Library };
    let x = Tensor::ones(&c.sizes("shape"))?;
    let dropout = Dropout(DropoutConfig { p: c.f32("p")?, form });
    let y = dropout.forward(&x, &mut Forward::training(Tensor::key(5)))?;
    Ok(vec![
        ("kept".into(), y.ne_scalar(0)?.to_f32()?.mean_all()?.into()),
        ("kept_value".into(), y.amax(&[], false)?.into()),
        ("mean".into(), y.mean_all()?.into()),
    ])
}

fn double_backward(c: &Call) -> Result<Outputs> {
    let (x, weight) = (c.tensor("x")?, c.tensor("weight")?);
    let mut ctx = Forward::training(Tensor::key(0));
    let eps = c.f32("eps")?;
    let layer: Box<dyn Layer> = match c.text("op") {
        Some("batch_norm") => Box::new(BatchNorm::with(BatchNormConfig { eps, ..Default::default() })),
        Some("layer_norm") => Box::new(LayerNorm::with(LayerNormConfig { eps, ..Default::default() })),
        _ => return Err(Error::Unsupported),
    };
    build(&*layer, x.shape(), 0)?;
    set(&*layer, |name| (name == "weight").then(|| weight.clone()))?;
    let mut y = layer.forward(&x, &mut ctx)?;
    if c.text("then") == Some("tanh") {
        y = y.tanh()?;
    }
    let gx = y.grad_with(&c.tensor("direction")?, &[&x])?.remove(0);
    Ok(vec![("penalty".into(), gx.square()?.sum_all()?.into()), ("gx".into(), gx.into())])
}
