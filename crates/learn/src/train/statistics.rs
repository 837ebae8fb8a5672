//! Running statistics from all of a data set, after training (course section 8.4).

use super::evaluate::{prepare, sample};
use crate::{
    Error, Result,
    data::Dataset,
    layers::{Forward, Layer, Params, Role},
    losses::Loss,
};
use gradbook_core::{DType, LoopSpec, Runner, Shape, Tensor};

/// Replaces the running statistics of batch normalisation by the mean of those of all full batches of a data set, with the weights as they are.
/// Dropout and the like are off.
///
/// Errors: a model without running statistics; shapes that do not fit; a stop, after which the statistics are as they were.
pub async fn recompute_statistics(runner: &dyn Runner, model: &dyn Layer, data: &Dataset, batch: usize) -> Result<()> {
    prepare(runner, model, &sample(data, batch), &Loss::Mse, 0).await?;
    let params = Params::of(model);
    let buffers: Vec<_> = params.handles().filter(|param| param.role() == Role::Buffer).cloned().collect();
    if buffers.is_empty() {
        return Err(Error::argument("recomputeStatistics", "the model has no running statistics"));
    }
    runner.evaluate(&[data.x().clone()]).await?;
    let size = batch.clamp(1, data.len());
    let steps = data.len() / size;
    let mut spec = LoopSpec::default();
    let step = LoopSpec::placeholder(&Shape::default(), DType::I32);
    let index = step.mul_scalar(size as f64)?.add(&Tensor::arange(size)?)?;
    let x = data.x().rows("batch", &index)?;
    // Batch number n enters with a share of 1/n: then all count alike.
    let share = step.to_f32()?.add_scalar(1)?.reciprocal()?;
    let inputs: Vec<Tensor> =
        buffers.iter().map(|buffer| LoopSpec::placeholder(&buffer.shape(), buffer.value().dtype())).collect();
    let mut pass = Forward::statistics(share);
    let before: Vec<Tensor> =
        buffers.iter().zip(&inputs).map(|(buffer, input)| buffer.replace(input.clone())).collect();
    let result = model.forward(&x, &mut pass);
    buffers.iter().zip(&before).for_each(|(buffer, value)| drop(buffer.replace(value.clone())));
    result?;
    for ((buffer, input), value) in buffers.iter().zip(inputs).zip(before) {
        spec.push(input, value, pass.updated(buffer).cloned());
    }
    let after = step.add_scalar(1)?;
    spec.push(step, Tensor::i32(&[], &[0])?, Some(after));
    let run = runner.begin(&spec).await?;
    if runner.advance(&run, steps, &mut |_| {}).await?.stopped {
        return Err(gradbook_core::Error::Stopped.into());
    }
    buffers.iter().zip(&run.state).for_each(|(buffer, value)| drop(buffer.replace(value.clone())));
    Ok(())
}
