//! Convolutions.

use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::{
    Tensor,
    ops::{
        Conv2dOptions, ConvPadMode, ConvTranspose2dOptions, Padding, conv_output_size, conv_param_count,
        conv_transpose_output_size, receptive_field,
    },
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
        "receptive_field" => |c| {
            let [kernel, stride, dilation] = ["kernel", "stride", "dilation"].map(|name| c.sizes(name));
            let layers: Vec<_> = (0..kernel.len()).map(|i| (kernel[i], stride[i], dilation[i])).collect();
            let (fields, jumps) = receptive_field(&layers)?.iter().map(|&(f, j)| (f as f64, j as f64)).unzip();
            Ok(vec![("receptive_field".into(), Output::List(fields)), ("jump".into(), Output::List(jumps))])
        },
        "conv_param_count" => param_count,
        "effective_receptive_field" => effective_receptive_field,
        "weight_standardisation" => |c| {
            let (weight, eps) = (c.tensor("weight")?, c.f32("eps")?);
            output(match (c.flag("unbiased"), c.flag("eps_inside")) {
                (false, true) => weight.weight_standardise(eps)?,
                (true, false) => weight.weight_standardise_unbiased(eps)?,
                _ => return Err(Error::Unsupported),
            })
        },
        "ws_conv2d" => |c| {
            let weight = c.tensor("weight")?.weight_standardise(c.f32("eps")?)?;
            output(c.tensor("x")?.conv2d(&weight, c.optional("bias").as_ref(), &options(c)?)?)
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

fn param_count(c: &Call) -> Result<Outputs> {
    let (out, bias) = (c.size("c_out")?, c.flag("bias"));
    let count = match (c.text("kind"), &c.sizes("image")[..]) {
        (Some("standard"), _) => conv_param_count(c.size("c_in")?, out, c.pair("kernel", 1), c.size("groups")?, bias)?,
        (Some("depthwise_separable"), _) => {
            let channels = c.size("c_in")?;
            conv_param_count(channels, channels, c.pair("kernel", 1), channels, bias)?
                + conv_param_count(channels, out, [1, 1], 1, bias)?
        }
        // A dense layer is a convolution whose kernel is the image.
        (Some("linear"), &[height, width, channels]) => conv_param_count(channels, out, [height, width], 1, bias)?,
        _ => return Err(Error::Unsupported),
    };
    number("count", count)
}

/// How the unit in the middle depends on each pixel, through 3×3 convolutions that keep the size.
fn effective_receptive_field(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let same = Conv2dOptions { padding: Padding::Same, ..Default::default() };
    let mut y = x.clone();
    for layer in 0..c.size("layers")? {
        y = y.conv2d(&c.tensor(&format!("w{layer}"))?, None, &same)?;
        if c.text("activation") == Some("relu") {
            y = y.relu()?;
        }
    }
    let [height, width] = [y.shape()[2], y.shape()[3]];
    let middle = y.narrow(2, height / 2, 1)?.narrow(3, width / 2, 1)?;
    Ok(vec![("map".into(), middle.grad_with(&middle.ones_like(), &[&x])?.remove(0).into())])
}

fn number(name: &str, value: usize) -> Result<Outputs> {
    Ok(vec![(name.into(), Output::Number(value as f64))])
}
