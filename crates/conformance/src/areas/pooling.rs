//! Pooling and resizing.

use crate::{
    call::{Call, Function, output},
    error::Result,
};
use gradbook_core::{
    Tensor,
    ops::{AvgPool2dOptions, Interpolation, MaxPool2dOptions},
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "max_pool2d" => |c| {
            let (values, indices) = c.tensor("x")?.max_pool2d_with_indices(&max_options(c))?;
            Ok(vec![("output".into(), values.into()), ("indices".into(), indices.into())])
        },
        "max_pool1d" => |c| output(c.tensor("x")?.max_pool1d(&max_options(c))?),
        "avg_pool2d" => |c| {
            let kernel = c.pair("kernel_size", 1);
            let options = AvgPool2dOptions {
                kernel,
                stride: stride(c, kernel),
                padding: c.pair("padding", 0),
                ceil_mode: c.flag("ceil_mode"),
                count_include_pad: c.flag("count_include_pad"),
            };
            output(c.tensor("x")?.avg_pool2d(&options)?)
        },
        "adaptive_avg_pool2d" => |c| output(c.tensor("x")?.adaptive_avg_pool2d(c.pair("output_size", 1))?),
        "adaptive_max_pool2d" => |c| output(c.tensor("x")?.adaptive_max_pool2d(c.pair("output_size", 1))?),
        "global_avg_pool2d" => |c| output(c.tensor("x")?.global_avg_pool2d()?),
        "global_max_pool2d" => |c| output(c.tensor("x")?.global_max_pool2d()?),
        "max_unpool2d" => |c| output(c.tensor("x")?.max_unpool2d(&c.tensor("indices")?, c.pair("output_size", 1))?),
        "upsample_nearest" => |c| output(upsample(c, Interpolation::Nearest)?),
        "upsample_bilinear" => |c| output(upsample(c, Interpolation::Bilinear)?),
        "upsample_bicubic" => |c| output(upsample(c, Interpolation::Bicubic)?),
        "pixel_shuffle" => |c| output(c.tensor("x")?.pixel_shuffle(c.size("factor")?)?),
        "pixel_unshuffle" => |c| output(c.tensor("x")?.pixel_unshuffle(c.size("factor")?)?),
        _ => return None,
    }))
}

fn max_options(c: &Call) -> MaxPool2dOptions {
    let kernel = c.pair("kernel_size", 1);
    MaxPool2dOptions {
        kernel,
        stride: stride(c, kernel),
        padding: c.pair("padding", 0),
        dilation: c.pair("dilation", 1),
        ceil_mode: c.flag("ceil_mode"),
    }
}

/// As large as the kernel where a case does not say.
fn stride(c: &Call, kernel: [usize; 2]) -> [usize; 2] {
    if c.list("stride").is_empty() { kernel } else { c.pair("stride", 1) }
}

fn upsample(c: &Call, interpolation: Interpolation) -> Result<Tensor> {
    Ok(c.tensor("x")?.upsample(c.pair("size", 1), interpolation, c.flag("align_corners"))?)
}
