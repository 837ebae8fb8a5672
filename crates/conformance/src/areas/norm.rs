//! Normalisation and dropout.

use super::networks::set;
use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::Tensor;
use gradbook_learn::layers::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, DropoutForm, Forward, GroupNorm, GroupNormConfig, Layer,
    LayerNorm, LayerNormConfig, Params, RmsNorm, adain, build, dropout_given_mask, local_response_norm, normalise,
    pixel_norm, spectral_norm,
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "batch_norm" => batch_norm,
        "layer_norm" => |c| output(layer_norm(c)?),
        "rms_norm" => |c| output(normed(c, &RmsNorm::with(last_axes(c)?))?),
        "group_norm" => |c| output(normed(c, &GroupNorm::with(groups(c, c.size("num_groups")?)?))?),
        "instance_norm" => |c| output(normed(c, &GroupNorm::with(groups(c, 0)?))?),
        "adain" => |c| output(adain(&c.tensor("x")?, &c.tensor("y_s")?, &c.tensor("y_b")?, c.f32("eps")?)?),
        "pixel_norm" => |c| output(pixel_norm(&c.tensor("x")?, c.f32("eps")?)?),
        "local_response_norm" => |c| {
            let [alpha, beta, k] = [c.f32("alpha")?, c.f32("beta")?, c.f32("k")?];
            output(local_response_norm(&c.tensor("x")?, c.size("size")?, alpha, beta, k)?)
        },
        "spectral_norm" => |c| {
            let (weight, u) = (c.tensor("weight")?, c.tensor("u")?);
            let normed = spectral_norm(&weight, &u, c.size("n_power_iterations")?, c.f32("eps")?)?;
            let named = [("output", normed.weight), ("sigma", normed.sigma), ("u", normed.u), ("v", normed.v)];
            Ok(named.map(|(name, value)| (name.into(), value.into())).into())
        },
        "input_normalise" => |c| output(normalise(&c.tensor("x")?, &c.tensor("mean_c")?, &c.tensor("std_c")?)?),
        "dropout_given_mask" => |c| output(dropout_given_mask(&c.tensor("x")?, &c.tensor("mask")?, c.f32("p")?)?),
        "dropout_eval" => |c| output(Dropout::new(c.f32("p")?).forward(&c.tensor("x")?, &mut Forward::evaluation())?),
        "dropout_stats" => dropout_stats,
        "double_backward" => double_backward,
        _ => return None,
    }))
}

fn layer_norm(c: &Call) -> Result<Tensor> {
    normed(c, &LayerNorm::with(last_axes(c)?))
}

fn last_axes(c: &Call) -> Result<LayerNormConfig> {
    let axes = c.maybe("normalized_shape").map_or(c.list("normalized_shape").len(), |_| 1).max(1);
    Ok(LayerNormConfig { axes, eps: c.f32("eps")?, affine: c.optional("weight").is_some() })
}

fn groups(c: &Call, groups: usize) -> Result<GroupNormConfig> {
    Ok(GroupNormConfig { groups, eps: c.f32("eps")?, affine: c.optional("weight").is_some() })
}

/// What a layer with the case's parameters makes of x.
fn normed(c: &Call, layer: &dyn Layer) -> Result<Tensor> {
    let x = c.tensor("x")?;
    prepare(c, layer, &x)?;
    Ok(layer.forward(&x, &mut Forward::evaluation())?)
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
