//! A training step by hand: a function of a batch and a learning rate, traced once and called for every batch.
//!
//! `cargo run --release -p gradbook-learn --example step`

use gradbook_core::{LocalRunner, Runner, Tensor, device::cpu::Cpu};
use gradbook_learn::{
    Result,
    data::{Dataset, permutation},
    layers::{Activation, Linear, Params, Sequential, build},
    losses::Loss,
    optim::{Clip, Memory, Optimiser},
    train::{Argument, Draws, Step, forward},
};

fn main() -> Result<()> {
    pollster::block_on(train())
}

async fn train() -> Result<()> {
    let runner = LocalRunner::native(Cpu::new());
    let data = rings(512)?;
    runner.evaluate(&[data.x()?, data.y().clone()]).await?;
    let model = Sequential::new().then(Linear::new(32)).then(Activation::Tanh).then(Linear::new(2));
    build(&model, &[1, 2], 7)?;
    let (adam, memory, draws) = (Optimiser::default(), Memory::new(), Draws::new(7));

    let mut step: Option<Step> = None;
    for epoch in 0..30 {
        let mut last = None;
        for numbers in permutation(7, epoch, data.len()).chunks(64) {
            let index = Tensor::i32(&[numbers.len()], numbers)?;
            let lr = Tensor::f32(&[], &[if epoch < 20 { 0.01 } else { 0.002 }])?;
            let given = [data.x()?.rows("batch", &index)?, data.y().rows("batch", &index)?, lr];
            if step.is_none() {
                let arguments: Vec<Argument> = given.iter().map(Argument::of).collect();
                step = Some(Step::trace(&draws, &arguments, |given| -> Result<_> {
                    let loss = Loss::default().mean(&forward(&model, &given[0], 7)?, &given[1])?;
                    let weights: Vec<_> = Params::of(&model).handles().cloned().collect();
                    memory.minimise(&adam, &given[2], Clip::default(), &loss, &weights)?;
                    Ok(vec![loss])
                })?);
            }
            if let Some(step) = &step {
                last = step.call(&runner, &given).await?.pop();
            }
        }
        if let (Some(loss), 9) = (last, epoch % 10) {
            println!("epoch {}: loss {:.4}", epoch + 1, runner.read(&loss).await?.as_f32()[0]);
        }
    }
    Ok(())
}

/// Points on two rings, with the ring as their class.
fn rings(samples: usize) -> Result<Dataset> {
    let mut x = Vec::new();
    for i in 0..samples {
        let (angle, radius) = (i as f32 * 2.4, 1.0 + (i % 2) as f32);
        x.extend([radius * angle.cos(), radius * angle.sin()]);
    }
    let y: Vec<i32> = (0..samples).map(|i| (i % 2) as i32).collect();
    Dataset::new("rings", Tensor::f32(&[samples, 2], &x)?, Tensor::i32(&[samples], &y)?)
}
