//! Convolutions.

use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::{
    Tensor,
    ops::{Conv2dOptions, ConvPadMode, ConvTranspose2dOptions, Padding, conv_output_size, conv_transpose_output_size},
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "conv2d" => |c| {
            let bias = c.optional("bias");
            output(c.tensor("x")?.conv2d(&c.tensor("weight")?, bias.as_ref(), &options(c)?)?)
        },
        "conv1d" => |c| {
            let bias = c.optional("bias");
            output(c.tensor("x")?.conv1d(&c.tensor("weight")?, bias.as_ref(), &options(c)?)?)
        },
        "conv_transpose2d" => |c| {
            let bias = c.optional("bias");
            output(c.tensor("x")?.conv_transpose2d(&c.tensor("weight")?, bias.as_ref(), &transpose_options(c))?)
        },
        "conv_transpose1d" => |c| {
            let bias = c.optional("bias");
            output(c.tensor("x")?.conv_transpose1d(&c.tensor("weight")?, bias.as_ref(), &transpose_options(c))?)
        },
        "dilated_conv1d_course" => dilated_course,
        "depthwise_separable" => depthwise_separable,
        "conv_output_size" => |c| {
            let [n, kernel, padding] = [c.size("n")?, c.size("kernel")?, c.size("padding")?];
            number("n_out", conv_output_size(n, kernel, padding, c.size("stride")?, c.size("dilation")?)?)
        },
        "conv_transpose_output_size" => |c| {
            let [n, kernel, padding] = [c.size("n")?, c.size("kernel")?, c.size("padding")?];
            let [stride, dilation] = [c.size("stride")?, c.size("dilation")?];
            let output_padding = c.size("output_padding")?;
            number("n_out", conv_transpose_output_size(n, kernel, padding, stride, dilation, output_padding)?)
        },
        "double_backward" => double_backward,
        _ => return None,
    }))
}

fn options(c: &Call) -> Result<Conv2dOptions> {
    Ok(Conv2dOptions {
        stride: c.pair("stride", 1),
        padding: match c.text("padding") {
            None => Padding::Explicit(c.pair("padding", 0)),
            Some("valid") => Padding::Valid,
            Some("same") => Padding::Same,
            Some("full") => Padding::Full,
            Some(other) => return Err(Error::text(format!("padding {other}"))),
        },
        dilation: c.pair("dilation", 1),
        groups: c.maybe("groups").map_or(1, |groups| groups as usize),
        mode: match c.text("padding_mode") {
            None | Some("zeros") => ConvPadMode::Zeros,
            Some("replicate") => ConvPadMode::Replicate,
            Some("reflect") => ConvPadMode::Reflect,
            Some("circular") => ConvPadMode::Circular,
            Some("mean") => ConvPadMode::Mean,
            Some(other) => return Err(Error::text(format!("padding_mode {other}"))),
        },
    })
}

fn transpose_options(c: &Call) -> ConvTranspose2dOptions {
    ConvTranspose2dOptions {
        stride: c.pair("stride", 1),
        padding: c.pair("padding", 0),
        output_padding: c.pair("output_padding", 0),
        dilation: c.pair("dilation", 1),
        groups: c.maybe("groups").map_or(1, |groups| groups as usize),
    }
}

/// A signal and a kernel without batch and channels.
fn dilated_course(c: &Call) -> Result<Outputs> {
    let rate = c.size("rate")?;
    let options = Conv2dOptions { dilation: [1, rate], ..Default::default() };
    let single = |t: Tensor| t.reshape(&[1, 1, -1]);
    output(single(c.tensor("x")?)?.conv1d(&single(c.tensor("w")?)?, None, &options)?.flatten(0, -1)?)
}

fn depthwise_separable(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let depthwise = Conv2dOptions { groups: x.shape()[1], ..options(c)? };
    let y = x.conv2d(&c.tensor("depthwise")?, None, &depthwise)?;
    let bias = c.optional("bias");
    output(y.conv2d(&c.tensor("pointwise")?, bias.as_ref(), &Conv2dOptions::default())?)
}

fn double_backward(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let y = x.tanh()?.conv2d(&c.tensor("weight")?, None, &options(c)?)?;
    let gx = y.grad_with(&c.tensor("direction")?, &[&x])?.remove(0);
    Ok(vec![("penalty".into(), gx.square()?.sum_all()?.into()), ("gx".into(), gx.into())])
}

fn number(name: &str, value: usize) -> Result<Outputs> {
    Ok(vec![(name.into(), Output::Number(value as f64))])
}
