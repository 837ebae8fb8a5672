//! A training loop for tests.

use gradbook_core::{
    DType, LoopSpec, Result, Shape, Tensor,
    ops::{Conv2dOptions, MaxPool2dOptions, gradients},
};

/// A small classifier with momentum as a loop over batches of its data.
pub fn training(width: usize) -> Result<LoopSpec> {
    let key = Tensor::key(3);
    let images = Tensor::uniform(&key, 1, &[12, 1, 6, 6], 0.0, 1.0)?;
    let labels = Tensor::i32(&[12], &[0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2])?;
    let mut spec = LoopSpec::default();
    let step = LoopSpec::placeholder(&Shape::new("step", [])?, DType::I32);
    spec.push(step.clone(), Tensor::i32(&[], &[0])?, Some(step.add_scalar(1)?));
    let order = step.mul_scalar(4)?.add(&Tensor::arange(4)?)?.rem_scalar(12)?;
    let (x, y) = (images.index_select(0, &order)?, labels.index_select(0, &order)?);

    let shapes: [&[usize]; 3] = [&[width, 1, 3, 3], &[4 * width, 3], &[3]];
    let starts = shapes.iter().map(|shape| Tensor::uniform(&key, 2, shape, -0.3, 0.3)).collect::<Result<Vec<_>>>()?;
    let weights: Vec<Tensor> = starts.iter().map(|w| LoopSpec::placeholder(w.shape(), DType::F32)).collect();
    let hidden = x.conv2d(&weights[0], None, &Conv2dOptions::default())?.relu()?;
    let hidden = hidden.max_pool2d(&MaxPool2dOptions::new([2, 2]))?.flatten(1, -1)?;
    let scores = hidden.matmul(&weights[1])?.add(&weights[2])?.log_softmax(1)?;
    let loss = scores.mul(&y.one_hot(3)?)?.sum_all()?.mul_scalar(-0.25)?;
    for ((weight, start), slope) in
        weights.iter().zip(starts).zip(gradients(&loss, &weights.iter().collect::<Vec<_>>())?)
    {
        let speed = LoopSpec::placeholder(weight.shape(), DType::F32);
        let faster = speed.mul_scalar(0.9)?.add(&slope)?;
        spec.push(weight.clone(), start, Some(weight.sub(&faster.mul_scalar(0.05)?)?));
        spec.push(speed.clone(), speed.zeros_like(), Some(faster));
    }
    Ok(spec)
}
