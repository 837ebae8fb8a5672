//! Whole networks: a case's list of nodes as a model of the library's layers.

use crate::{
    call::{Call, Function, Output, Outputs},
    error::{Error, Result},
};
use gradbook_core::Tensor;
use gradbook_learn::{
    layers::{
        Activation, AvgPool2d, AvgPool2dConfig, BatchNorm, BatchNormConfig, Conv2d, Conv2dConfig, ConvTranspose2d,
        ConvTranspose2dConfig, Flatten, Forward, GlobalAvgPool, Graph, Join, Layer, Linear, LinearConfig, MaxPool2d,
        MaxPool2dConfig, Padding, Pair, Param, Params, Reshape, Resize, ResizeConfig, build,
    },
    losses::{CrossEntropy, Reduction, bce_with_logits, cross_entropy, mse_loss},
    optim::{Adam, Now, Rule, Sgd, update},
};
use serde_json::Value;
use std::rc::Rc;

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "network" => network,
        "network_train" => network_train,
        _ => return None,
    }))
}

/// The model of a list of nodes, with parameters that `value` gives by `ID.NAME`.
pub(super) fn graph(list: &Value, x: &Tensor, value: impl Fn(&str) -> Option<Tensor>) -> Result<Graph> {
    let list = list.as_array().ok_or_else(|| Error::text("there is no graph"))?;
    let mut graph = Graph::new();
    for node in list {
        let text = |key: &str| node[key].as_str().ok_or_else(|| Error::text(format!("a node without '{key}'")));
        let inputs = node["in"].as_array().into_iter().flatten();
        let inputs = inputs.filter_map(|input| input.as_str().map(str::to_owned)).collect();
        let (layer, join): (Rc<dyn Layer>, Join) = match text("op")? {
            "add" => (Rc::new(Activation::Identity), Join::Add),
            "concat" => (Rc::new(Activation::Identity), Join::Concat),
            op => (layer(op, text("id")?, node, &value)?, Join::default()),
        };
        graph.push(text("id")?, layer, inputs, join)?;
    }
    build(&graph, x.shape(), 0)?;
    set(&graph, value)?;
    Ok(graph)
}

/// Replaces the parameters that `value` knows.
pub(super) fn set(layer: &dyn Layer, value: impl Fn(&str) -> Option<Tensor>) -> Result<()> {
    for (name, param) in Params::of(layer).0 {
        if let Some(value) = value(&name) {
            if value.shape() != &param.shape() {
                return Err(Error::text(format!("{name} has shape {}, the layer {}", value.shape(), param.shape())));
            }
            param.replace(value);
        }
    }
    Ok(())
}

/// The layer of a node.
fn layer(op: &str, id: &str, node: &Value, value: impl Fn(&str) -> Option<Tensor>) -> Result<Rc<dyn Layer>> {
    let number = |key: &str, default: f64| node[key].as_f64().unwrap_or(default);
    let size = |key: &str, default: f64| Pair::Square(number(key, default) as usize);
    let bias = value(&format!("{id}.bias")).is_some();
    let weight = || {
        let weight = value(&format!("{id}.weight"));
        weight.map(|w| w.shape().clone()).ok_or_else(|| Error::text(format!("{id} has no weight")))
    };
    Ok(match op {
        "linear" => Rc::new(Linear::with(LinearConfig { out: weight()?[0], bias, ..Default::default() })),
        "conv2d" => {
            let shape = weight()?;
            Rc::new(Conv2d::with(Conv2dConfig {
                out: shape[0],
                kernel: Pair::Each([shape[2], shape[3]]),
                stride: size("stride", 1.0),
                padding: Padding::Pixels(size("padding", 0.0)),
                groups: number("groups", 1.0) as usize,
                bias,
                ..Default::default()
            }))
        }
        "conv_transpose2d" => {
            let shape = weight()?;
            Rc::new(ConvTranspose2d::with(ConvTranspose2dConfig {
                out: shape[1],
                kernel: Pair::Each([shape[2], shape[3]]),
                stride: size("stride", 1.0),
                padding: size("padding", 0.0),
                bias,
                ..Default::default()
            }))
        }
        "batch_norm" => Rc::new(BatchNorm::with(BatchNormConfig {
            eps: number("eps", 1e-5) as f32,
            momentum: number("momentum", 0.1) as f32,
            affine: true,
        })),
        "relu" => Rc::new(Activation::Relu),
        "leaky_relu" => Rc::new(Activation::LeakyRelu { slope: number("slope", 0.01) as f32 }),
        "tanh" => Rc::new(Activation::Tanh),
        "sigmoid" => Rc::new(Activation::Sigmoid),
        "softplus" => Rc::new(Activation::Softplus { beta: 1.0, threshold: 20.0 }),
        "softmax" => Rc::new(Activation::Softmax { dim: 1 }),
        "max_pool2d" => {
            let stride = Some(size("stride", number("kernel", 1.0)));
            Rc::new(MaxPool2d(MaxPool2dConfig { kernel: size("kernel", 1.0), stride, ..Default::default() }))
        }
        "avg_pool2d" => {
            let stride = Some(size("stride", number("kernel", 1.0)));
            Rc::new(AvgPool2d(AvgPool2dConfig { kernel: size("kernel", 1.0), stride, ..Default::default() }))
        }
        "global_avg_pool" => Rc::new(GlobalAvgPool),
        "flatten" => Rc::new(Flatten),
        "upsample" => Rc::new(Resize(ResizeConfig { scale: Some(size("scale", 2.0)), ..Default::default() })),
        "reshape" => {
            let shape = node["shape"].as_array().into_iter().flatten().filter_map(Value::as_i64);
            Rc::new(Reshape { shape: shape.map(|size| size as isize).collect() })
        }
        _ => return Err(Error::Unsupported),
    })
}

/// The network of a case's params, with its weights.
pub(super) fn read(c: &Call, x: &Tensor) -> Result<Graph> {
    let list = c.case.params.get("graph").ok_or_else(|| Error::text("there is no graph"))?;
    graph(list, x, |name| c.optional(name))
}

fn loss(c: &Call, output: &Tensor, target: &Tensor) -> Result<Tensor> {
    Ok(match c.text("loss_kind") {
        Some("cross_entropy" | "pixel_cross_entropy") => {
            cross_entropy(output, target, &CrossEntropy::default(), Reduction::Mean)?
        }
        Some("mse") => mse_loss(output, target, Reduction::Mean)?,
        Some("bce_with_logits") => bce_with_logits(output, target, None, None, Reduction::Mean)?,
        _ => return Err(Error::Unsupported),
    })
}

fn pass(c: &Call) -> Forward {
    if c.flag("training") { Forward::training(Tensor::key(0)) } else { Forward::evaluation() }
}

fn network(c: &Call) -> Result<Outputs> {
    let (x, target) = (c.tensor("x")?, c.tensor("target")?);
    let model = read(c, &x)?;
    let mut ctx = pass(c);
    let y = model.forward(&x, &mut ctx)?;
    let mut outputs: Outputs = vec![("loss".into(), loss(c, &y, &target)?.into()), ("output".into(), y.into())];
    for (name, param) in Params::of(&model).0.into_iter().filter(|(name, _)| name.contains(".running_")) {
        let after = ctx.updated(&param).cloned().unwrap_or_else(|| param.value());
        outputs.push((name, Output::Tensor(after)));
    }
    Ok(outputs)
}

fn network_train(c: &Call) -> Result<Outputs> {
    let (x, target) = (c.tensor("x")?, c.tensor("target")?);
    let model = read(c, &x)?;
    let all = Params::of(&model).0;
    let order = c.case.params.get("param_order").and_then(Value::as_array).into_iter().flatten();
    let params = order
        .filter_map(Value::as_str)
        .map(|name| all.iter().find(|(n, _)| n == name).map(|(_, param)| param.clone()))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::text("param_order names a parameter that the network does not have"))?;
    let buffers: Vec<&Param> = all.iter().filter(|(name, _)| name.contains(".running_")).map(|(_, p)| p).collect();
    let (rule, lr) = optimiser(c)?;
    let mut state = params.iter().map(|p| rule.state(&p.value())).collect::<gradbook_learn::Result<Vec<_>>>()?;
    let mut losses = Vec::new();
    for step in 0..c.size("steps")? {
        let mut ctx = pass(c);
        let loss = loss(c, &model.forward(&x, &mut ctx)?, &target)?;
        let values: Vec<Tensor> = params.iter().map(Param::value).collect();
        let grads = loss.grad(&values.iter().collect::<Vec<_>>())?;
        let now = Now::new(Tensor::scalar(lr), Tensor::scalar((step + 1) as f32), &grads)?;
        let (after, next) = update(&*rule, &now, &values, &grads, &state)?;
        state = next;
        for (param, value) in params.iter().zip(after) {
            param.replace(value);
        }
        for buffer in &buffers {
            if let Some(value) = ctx.updated(buffer) {
                buffer.replace(value.clone());
            }
        }
        losses.push(loss);
    }
    let each = |measure: fn(&Tensor) -> gradbook_core::Result<Tensor>| {
        let numbers = params.iter().map(|p| measure(&p.value())).collect::<gradbook_core::Result<Vec<_>>>()?;
        Tensor::stack(&numbers.iter().collect::<Vec<_>>(), 0)
    };
    Ok(vec![
        ("losses".into(), Tensor::stack(&losses.iter().collect::<Vec<_>>(), 0)?.into()),
        ("final_sum".into(), each(Tensor::sum_all)?.into()),
        ("final_l2".into(), each(|w| w.norm(2.0, &[], false))?.into()),
        ("final_absmax".into(), each(|w| w.abs()?.amax(&[], false))?.into()),
        ("final_output".into(), model.forward(&x, &mut Forward::evaluation())?.into()),
    ])
}

fn optimiser(c: &Call) -> Result<(Box<dyn Rule>, f32)> {
    let options = c.case.params.get("optimizer").ok_or_else(|| Error::text("there is no optimizer"))?;
    let number = |key: &str, default: f64| options[key].as_f64().unwrap_or(default) as f32;
    let rule: Box<dyn Rule> = match options["kind"].as_str() {
        Some("sgd") => Box::new(Sgd { momentum: number("momentum", 0.0), ..Default::default() }),
        Some("adam") => {
            let beta = |i: usize, default: f64| options["betas"][i].as_f64().unwrap_or(default) as f32;
            Box::new(Adam { betas: [beta(0, 0.9), beta(1, 0.999)], eps: number("eps", 1e-8), ..Default::default() })
        }
        _ => return Err(Error::Unsupported),
    };
    Ok((rule, number("lr", 0.0)))
}
