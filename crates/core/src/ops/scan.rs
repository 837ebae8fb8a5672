//! A loop over time, composed from a function of one trip: recurrent networks, running sums, simulations.

use crate::{
    Error, Result, Shape, Tensor,
    ir::{self, Scan},
};

/// What a loop computed.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// The carries after the last trip.
    pub carry: Vec<Tensor>,
    /// What each trip gave, stacked along a new first axis in the order of the slices.
    pub outputs: Vec<Tensor>,
}

/// Repeats `step` for every slice of `xs` along their first axis. `step` gets the carries and one slice of each of `xs`, and gives the
/// next carries and what the trip adds to the outputs. It is called once, with placeholders: it must not read values, and what
/// it computes from other tensors alone is computed before the loop.
///
/// `init` are the carries before the first trip; they keep their shape and type. Errors: no `xs` (their length says how many trips
/// there are), different lengths, other carries than `init`. Gradients of any order go through the loop.
pub fn scan(
    init: &[&Tensor],
    xs: &[&Tensor],
    step: impl FnOnce(&[Tensor], &[Tensor]) -> Result<(Vec<Tensor>, Vec<Tensor>)>,
) -> Result<Scanned> {
    run(init, xs, false, step)
}

/// The same from the last slice to the first.
pub fn scan_reverse(
    init: &[&Tensor],
    xs: &[&Tensor],
    step: impl FnOnce(&[Tensor], &[Tensor]) -> Result<(Vec<Tensor>, Vec<Tensor>)>,
) -> Result<Scanned> {
    run(init, xs, true, step)
}

fn run(
    init: &[&Tensor],
    xs: &[&Tensor],
    reverse: bool,
    step: impl FnOnce(&[Tensor], &[Tensor]) -> Result<(Vec<Tensor>, Vec<Tensor>)>,
) -> Result<Scanned> {
    let trips = trips(xs)?;
    let like = |shape: &[usize], of: &Tensor| Ok(Tensor::input(Shape::new("scan", shape)?, of.dtype()));
    let carries = init.iter().map(|t| like(t.shape(), t)).collect::<Result<Vec<_>>>()?;
    let slices = xs.iter().map(|t| like(&t.shape()[1..], t)).collect::<Result<Vec<_>>>()?;
    let (next, outputs) = step(&carries, &slices)?;
    if next.len() != init.len() {
        let message = format!("the step gave {} carries; there are {} before the first trip", next.len(), init.len());
        return Err(Error::argument("scan", message));
    }
    for (i, (next, init)) in next.iter().zip(init).enumerate() {
        if next.shape() != init.shape() || next.dtype() != init.dtype() {
            let (a, b) = (format!("{}{}", init.dtype(), init.shape()), format!("{}{}", next.dtype(), next.shape()));
            let message = format!("carry {i} begins as {a} and is {b} after a trip; a carry keeps its shape and type");
            return Err(Error::shape("scan", message));
        }
    }
    let all = [&next[..], &outputs].concat();
    let (scan, constants) = ir::close([&carries, &slices], &all, trips, reverse)?;
    let inputs: Vec<Tensor> = init.iter().chain(xs).copied().cloned().chain(constants).collect();
    let mut carry = (0..scan.results()).map(|pick| Scan::pick(&scan, &inputs, pick)).collect::<Result<Vec<_>>>()?;
    let outputs = carry.split_off(init.len());
    Ok(Scanned { carry, outputs })
}

/// How many slices there are.
fn trips(xs: &[&Tensor]) -> Result<usize> {
    let mut trips = None;
    for (i, x) in xs.iter().enumerate() {
        let Some(&length) = x.shape().first() else {
            return Err(Error::shape("scan", format!("xs {i} is a number; a loop takes slices along the first axis")));
        };
        if trips.is_some_and(|trips| trips != length) {
            let message = format!("xs 0 has {} slices, xs {i} has {length}", trips.unwrap_or_default());
            return Err(Error::shape("scan", message));
        }
        trips = Some(length);
    }
    let none = "there are no xs to say how many trips; give for example Tensor::arange(trips)";
    trips.ok_or_else(|| Error::argument("scan", none))
}
