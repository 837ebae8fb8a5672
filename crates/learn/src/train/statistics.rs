//! Running statistics from all of a data set, after training (course section 8.4).

use super::evaluate::{prepare, sample};
use crate::{
    Error, Result,
    data::{Dataset, Window, advance},
    layers::{Forward, Layer, Param, Params, Role},
    losses::Loss,
};
use gradbook_core::{DType, LoopSpec, Runner, Shape, Tensor};

/// Replaces the running statistics of batch normalisation by the mean of those of all batches of a data set, each by its share of the samples,
/// with the weights as they are. Dropout and the like are off.
///
/// Errors: a model without running statistics; shapes that do not fit; a stop, after which the statistics are as they were.
pub async fn recompute_statistics(runner: &dyn Runner, model: &dyn Layer, data: &Dataset, batch: usize) -> Result<()> {
    prepare(runner, model, &sample(data, batch), &Loss::Mse, 0).await?;
    data.settle(runner).await?;
    let params = Params::of(model);
    let buffers: Vec<_> = params.handles().filter(|param| param.role() == Role::Buffer).cloned().collect();
    if buffers.is_empty() {
        return Err(Error::argument("recomputeStatistics", "the model has no running statistics"));
    }
    if data.streamed().is_none() {
        runner.evaluate(&[data.x()?]).await?;
    }
    let size = batch.clamp(1, data.len());
    let (steps, rest) = (data.len() / size, data.len() % size);
    let mut values: Vec<Tensor> = buffers.iter().map(Param::value).collect();
    values = collected(runner, model, data, (&buffers[..], values), [0, size, steps]).await?;
    if rest > 0 {
        values = collected(runner, model, data, (&buffers[..], values), [data.len() - rest, rest, 1]).await?;
    }
    buffers.iter().zip(values).for_each(|(buffer, value)| drop(buffer.replace(value)));
    Ok(())
}

/// The statistics of `first` samples, after so many batches of a size more.
async fn collected(
    runner: &dyn Runner,
    model: &dyn Layer,
    data: &Dataset,
    (buffers, values): (&[Param], Vec<Tensor>),
    [first, size, steps]: [usize; 3],
) -> Result<Vec<Tensor>> {
    let mut spec = LoopSpec::default();
    let step = LoopSpec::placeholder(&Shape::default(), DType::I32);
    let start = step.mul_scalar(size as f64)?.add_scalar(first as f64)?;
    let window = Window::over(data, size, steps);
    let samples = window.as_ref().map(Window::placeholder).transpose()?;
    let x = match (&window, &samples) {
        (Some(window), Some(samples)) => window.batch(samples, &step)?,
        _ => data.x()?.rows("batch", &start.add(&Tensor::arange(size)?)?)?,
    };
    // A batch enters with its share of the samples so far: then all count alike.
    let seen = start.add_scalar(size as f64)?.to_f32()?;
    let share = seen.full_like(size as f64).div(&seen)?;
    let inputs: Vec<Tensor> =
        buffers.iter().map(|buffer| LoopSpec::placeholder(&buffer.shape(), buffer.value().dtype())).collect();
    let mut pass = Forward::statistics(share);
    let before: Vec<Tensor> =
        buffers.iter().zip(&inputs).map(|(buffer, input)| buffer.replace(input.clone())).collect();
    let result = model.forward(&x, &mut pass);
    buffers.iter().zip(before).for_each(|(buffer, value)| drop(buffer.replace(value)));
    result?;
    for ((buffer, input), value) in buffers.iter().zip(inputs).zip(values) {
        spec.push(input, value, pass.updated(buffer).cloned());
    }
    let after = step.add_scalar(1)?;
    spec.push(step, Tensor::i32(&[], &[0])?, Some(after));
    if let Some(samples) = samples {
        spec.push(samples.clone(), samples.zeros_like(), None);
    }
    let run = runner.begin(&spec).await?;
    let order: Vec<i32> = (first as i32..(first + size * steps) as i32).collect();
    if advance(runner, &run, window.as_ref().zip(run.state.last()), &order, 0..steps).await? {
        return Err(gradbook_core::Error::Stopped.into());
    }
    Ok(run.state[..buffers.len()].to_vec())
}
