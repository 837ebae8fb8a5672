//! Why a model decides.

use super::networks::read;
use crate::{
    call::{Call, Function, Outputs},
    error::Result,
};
use gradbook_core::ops::Interpolation;
use gradbook_learn::explain::{self, GradCam, Occlusion, Target};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "saliency" => |c| {
            let x = c.tensor("x")?;
            let map = explain::saliency(&read(c, &x)?, &x, &target(c)?)?;
            Ok(vec![("output".into(), map.clone().into()), ("absolute".into(), map.abs()?.into())])
        },
        "grad_cam" => grad_cam,
        "occlusion" => occlusion,
        _ => return None,
    }))
}

fn target(c: &Call) -> Result<Target> {
    Ok(Target::Class(c.size("target")?))
}

fn grad_cam(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let options = GradCam {
        interpolation: Interpolation::Bilinear,
        ..GradCam::new(c.text("layer").unwrap_or_default(), target(c)?)
    };
    let maps = explain::grad_cam(&read(c, &x)?, &x, &options)?;
    Ok(vec![
        ("raw".into(), maps.raw.into()),
        ("upsampled".into(), maps.upsampled.into()),
        ("channel_weights".into(), maps.channel_weights.into()),
    ])
}

fn occlusion(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let (window, stride) = (c.pair("window", 1), c.pair("stride", 1));
    let options = Occlusion { target: target(c)?, window, stride, baseline: c.f32("baseline")? };
    let maps = explain::occlusion(&read(c, &x)?, &x, &options)?;
    Ok(vec![("sensitivity".into(), maps.sensitivity.into()), ("map".into(), maps.map.into())])
}
