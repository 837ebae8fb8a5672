//! Where a loss that is not a number comes from: the step that failed is made once more, op by op.

use super::body::{Batches, Inputs, Task, look, proceed};
use crate::{Result, layers::Record};
use gradbook_core::{Error, Runner, Tensor};

/// What in a step from these values makes the first NaN or infinity: the layer, gradient or weight and the op. None if all is finite.
pub(super) async fn cause(
    runner: &dyn Runner,
    task: &Task<'_>,
    batches: Batches,
    inputs: &Inputs,
) -> Result<Option<String>> {
    let look = look(task, batches, inputs)?;
    if let Some(fault) = fault(runner, &look.loss).await? {
        return Ok(Some(match layer(runner, look.pass.records()).await? {
            Some((record, fault)) => format!("layer {} ({}): {fault}", record.path, record.kind),
            None => format!("the loss: {fault}"),
        }));
    }
    let names: Vec<&str> = look.trained.iter().map(|&i| task.params.0[i].0.as_str()).collect();
    // Gradients come from the loss backwards.
    for (name, grad) in names.iter().zip(&look.grads).rev() {
        if let Some(fault) = fault(runner, grad).await? {
            return Ok(Some(format!("the gradient of {name}: {fault}")));
        }
    }
    let (stepped, _) = proceed(task, &look, inputs)?;
    for (name, value) in names.iter().zip(&stepped) {
        if let Some(fault) = fault(runner, value).await? {
            return Ok(Some(format!("the new value of {name}: {fault}")));
        }
    }
    Ok(None)
}

/// The first layer whose output is not finite.
async fn layer<'a>(runner: &dyn Runner, records: &'a [Record]) -> Result<Option<(&'a Record, String)>> {
    for record in records {
        if let Some(fault) = fault(runner, &record.output).await? {
            return Ok(Some((record, fault)));
        }
    }
    Ok(None)
}

async fn fault(runner: &dyn Runner, tensor: &Tensor) -> Result<Option<String>> {
    match runner.check(std::slice::from_ref(tensor)).await {
        Ok(()) => Ok(None),
        Err(Error::NotFinite(fault)) => Ok(Some(fault.to_string())),
        Err(error) => Err(error.into()),
    }
}
