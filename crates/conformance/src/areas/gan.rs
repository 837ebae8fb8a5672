//! Networks that compete.

use super::networks::read;
use crate::{
    call::{Call, Function, Outputs},
    error::Result,
};
use gradbook_core::Tensor;
use gradbook_learn::{
    gan,
    layers::{Forward, Layer},
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "gradient_penalty" => gradient_penalty,
        "r1_penalty" => r1_penalty,
        _ => return None,
    }))
}

fn gradient_penalty(c: &Call) -> Result<Outputs> {
    let real = c.tensor("real")?;
    let network = read(c, &real)?;
    let critic = |x: &Tensor| network.forward(x, &mut Forward::evaluation());
    let found = gan::gradient_penalty(&critic, &real, &c.tensor("fake")?, &c.tensor("alpha")?, c.f32("lambda")?)?;
    Ok(vec![("penalty".into(), found.penalty.into()), ("norms".into(), found.norms.into())])
}

fn r1_penalty(c: &Call) -> Result<Outputs> {
    let real = c.tensor("real")?;
    let network = read(c, &real)?;
    let critic = |x: &Tensor| network.forward(x, &mut Forward::evaluation());
    Ok(vec![("penalty".into(), gan::r1_penalty(&critic, &real, c.f32("gamma")?)?.into())])
}
