//! Where a loss that is not a number comes from: the step that failed is made once more, op by op.

use super::body::{Batches, Inputs, Task, look, proceed};
use crate::Result;
use gradbook_core::{Error, Runner, Tensor};

/// What in a step from these values makes the first NaN or infinity: the layer, gradient or weight and the op. None if all is finite.
pub(super) async fn cause(
    runner: &dyn Runner,
    task: &Task<'_>,
    batches: Batches,
    inputs: &Inputs,
) -> Result<Option<String>> {
    let look = look(task, batches, inputs)?;
    let (stepped, _) = proceed(task, &look, inputs)?;
    let layers = look.pass.records().iter().map(|record| {
        let label = format!("layer {} ({})", record.path, record.kind);
        (label, record.output.clone())
    });
    let names: Vec<&str> = look.trained.iter().map(|&i| task.params.0[i].0.as_str()).collect();
    let named = |what: &str, tensors: &[Tensor]| -> Vec<(String, Tensor)> {
        names.iter().zip(tensors).map(|(name, tensor)| (format!("the {what} of {name}"), tensor.clone())).collect()
    };
    let mut made: Vec<(String, Tensor)> = layers.collect();
    made.push(("the loss".into(), look.loss.clone()));
    // Gradients come from the loss backwards.
    made.extend(named("gradient", &look.grads).into_iter().rev());
    made.extend(named("new value", &stepped));
    let (labels, tensors): (Vec<String>, Vec<Tensor>) = made.into_iter().unzip();
    let Some(mut found) = fault(runner, &tensors).await? else { return Ok(None) };
    // The fewest from the front among which there is a fault, by halves: a check computes all that comes before.
    let (mut sound, mut faulty) = (0, tensors.len());
    while faulty - sound > 1 {
        let middle = sound.midpoint(faulty);
        match fault(runner, &tensors[..middle]).await? {
            Some(fault) => (faulty, found) = (middle, fault),
            None => sound = middle,
        }
    }
    Ok(Some(format!("{}: {found}", labels[faulty - 1])))
}

async fn fault(runner: &dyn Runner, tensors: &[Tensor]) -> Result<Option<String>> {
    match runner.check(tensors).await {
        Ok(()) => Ok(None),
        Err(Error::NotFinite(fault)) => Ok(Some(fault.to_string())),
        Err(error) => Err(error.into()),
    }
}
