//! Initialisation.

use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::Tensor;
use gradbook_learn::init::{self, Fan};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "fan" => |c| {
            let (fan_in, fan_out) = init::fan(&c.sizes("shape"))?;
            Ok(vec![
                ("fan_in".into(), Output::Number(fan_in as f64)),
                ("fan_out".into(), Output::Number(fan_out as f64)),
            ])
        },
        "gain" => |c| {
            let name = c.text("nonlinearity").ok_or(Error::Unsupported)?;
            Ok(vec![("gain".into(), Output::Number(init::gain(name, c.maybe("param"))?))])
        },
        "orthogonal_from_gaussian" => |c| {
            let a = c.array("a")?;
            let values: Vec<f32> = a.values.iter().map(|&v| v as f32).collect();
            let made = init::orthogonal_from_gaussian(&values, a.shape[0], a.shape[1], c.number("gain")?)?;
            output(Tensor::f32(&a.shape, &made)?)
        },
        "init_orthogonal" => |c| {
            let shape = c.sizes("shape");
            let weight = init::orthogonal(SEED, 0, &shape, c.number("gain")?)?.flatten(1, -1)?;
            let [rows, columns] = weight.shape()[..] else { return Err(Error::Unsupported) };
            let small = if rows > columns { weight.t()?.matmul(&weight)? } else { weight.matmul(&weight.t()?)? };
            let ideal = Tensor::eye(rows.min(columns))?.mul_scalar(c.number("gain")?.powi(2))?;
            let error = small.sub(&ideal)?.abs()?.amax(&[], false)?;
            Ok(vec![sizes(&shape), ("gram_error".into(), error.into())])
        },
        "init_zeros"
        | "init_xavier_course"
        | "init_xavier_normal"
        | "init_xavier_uniform"
        | "init_he_normal"
        | "init_he_uniform"
        | "init_trunc_normal" => statistics,
        _ => return None,
    }))
}

const SEED: u32 = 7;

/// Shape, mean, standard deviation and largest magnitude of a draw.
fn statistics(c: &Call) -> Result<Outputs> {
    let (key, shape) = (Tensor::key(SEED.into()), c.sizes("shape"));
    let a = c.maybe("a").unwrap_or(0.0);
    let mode = if c.text("mode") == Some("fan_out") { Fan::Out } else { Fan::In };
    let weight = match c.case.op.as_str() {
        "init_zeros" => Tensor::zeros(&shape)?,
        "init_xavier_course" => init::xavier_course(&key, 0, &shape)?,
        "init_xavier_normal" => init::xavier_normal(&key, 0, &shape, c.number("gain")?)?,
        "init_xavier_uniform" => init::xavier_uniform(&key, 0, &shape, c.number("gain")?)?,
        "init_he_normal" => init::he_normal(&key, 0, &shape, a, mode)?,
        "init_he_uniform" => init::he_uniform(&key, 0, &shape, a, mode)?,
        "init_trunc_normal" => init::trunc_normal(SEED, 0, &shape, c.number("std")?)?,
        _ => return Err(Error::Unsupported),
    };
    Ok(vec![
        sizes(&shape),
        ("mean".into(), weight.mean_all()?.into()),
        ("std".into(), weight.std(&[], 0.0, false)?.into()),
        ("max_abs".into(), weight.abs()?.amax(&[], false)?.into()),
    ])
}

fn sizes(shape: &[usize]) -> (String, Output) {
    ("shape".into(), Output::List(shape.iter().map(|&n| n as f64).collect()))
}
