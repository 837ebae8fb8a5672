//! Training steps and devices that several tests use.
#![allow(dead_code, reason = "each test uses a part")]

use gradbook_core::{
    DType, LocalRunner, LoopSpec, Result, Shape, Tensor,
    device::interp::Interp,
    ir::{Graph, simplify},
    ops::{Conv2dOptions, MaxPool2dOptions, Padding},
    plan::{Leaf, Options, Program, Target, compile_at},
};

/// A device on the GPU. Says loudly that a test was skipped where there is none; with `GRADBOOK_REQUIRE_GPU=1` in the
/// environment that is a failure.
#[cfg(feature = "webgpu")]
pub fn gpu() -> Option<LocalRunner> {
    use gradbook_core::device::webgpu::{Options, WebGpu};
    match pollster::block_on(WebGpu::new(Options::default())) {
        Ok(gpu) => Some(LocalRunner::native(gpu)),
        Err(error) => {
            let required = std::env::var("GRADBOOK_REQUIRE_GPU").is_ok_and(|value| value == "1");
            assert!(!required, "GRADBOOK_REQUIRE_GPU is set, but: {error}");
            eprintln!("SKIPPED, NOTHING WAS TESTED ON A GPU: {error}");
            None
        }
    }
}

#[cfg(not(feature = "webgpu"))]
pub fn gpu() -> Option<LocalRunner> {
    None
}

/// The reference, then all other devices that there are.
pub fn devices() -> Vec<(&'static str, LocalRunner)> {
    let mut runners = vec![("interp", LocalRunner::native(Interp::new()))];
    #[cfg(feature = "cpu")]
    runners.push(("cpu", LocalRunner::native(gradbook_core::device::cpu::Cpu::new())));
    runners.extend(gpu().map(|runner| ("webgpu", runner)));
    runners
}

/// A placeholder.
pub fn input(dims: &[usize], dtype: DType) -> Result<Tensor> {
    Ok(Tensor::input(Shape::new("input", dims)?, dtype))
}

/// Numbers around 0, the same each time.
pub fn noise(dims: &[usize], seed: u32, scale: f32) -> Result<Tensor> {
    let value = |i: usize| gradbook_core::rng::bits([seed, 1], 0, i as u32) as f32 / u32::MAX as f32 - 0.5;
    let values: Vec<f32> = (0..dims.iter().product()).map(|i| 2.0 * scale * value(i)).collect();
    Tensor::f32(dims, &values)
}

/// The values of a loop whose parameters follow their gradients by Adam, with what drives it.
pub struct Training {
    pub spec: LoopSpec,
    /// The step's number, from 0; i32.
    pub step: Tensor,
    pub params: Vec<Tensor>,
    /// The most that all gradients together may have as their norm.
    pub clip_norm: Option<f64>,
    initial: Vec<Tensor>,
}

impl Training {
    pub fn new(shapes: &[&[usize]]) -> Result<Self> {
        let params = shapes.iter().map(|dims| input(dims, DType::F32)).collect::<Result<Vec<_>>>()?;
        let scale = |dims: &[usize]| 1.0 / (dims.iter().skip(1).product::<usize>() as f32).sqrt();
        let initial =
            shapes.iter().zip(7..).map(|(dims, seed)| noise(dims, seed, scale(dims))).collect::<Result<_>>()?;
        Ok(Self { spec: LoopSpec::default(), step: input(&[], DType::I32)?, params, clip_norm: None, initial })
    }

    /// Adds the update of all parameters, the step counter, and a log of the loss that is one of the state's values.
    pub fn minimise(mut self, loss: &Tensor) -> Result<LoopSpec> {
        let grads = loss.grad(&self.params.iter().collect::<Vec<_>>())?;
        let grads = match self.clip_norm {
            Some(limit) => clipped(&grads, limit)?,
            None => grads,
        };
        let number = self.step.to_f32()?.add_scalar(1)?;
        let correction = |beta: f64| Tensor::scalar(beta as f32).pow(&number)?.neg()?.add_scalar(1);
        let rate = Tensor::scalar(2e-3).div(&correction(0.9)?)?;
        let root = correction(0.999)?.sqrt()?;
        for ((param, grad), initial) in self.params.iter().zip(&grads).zip(&self.initial) {
            let (m, v) = (input(param.shape(), DType::F32)?, input(param.shape(), DType::F32)?);
            let new_m = m.mul_scalar(0.9)?.add(&grad.mul_scalar(0.1)?)?;
            let new_v = v.mul_scalar(0.999)?.add(&grad.square()?.mul_scalar(0.001)?)?;
            let new = param.sub(&rate.mul(&new_m)?.div(&new_v.sqrt()?.div(&root)?.add_scalar(1e-8)?)?)?;
            self.spec.push(param.clone(), initial.clone(), Some(new));
            self.spec.push(m, initial.zeros_like(), Some(new_m));
            self.spec.push(v, initial.zeros_like(), Some(new_v));
        }
        let log = input(&[64], DType::F32)?;
        let here = Tensor::arange(64)?.eq(&self.step.rem_scalar(64)?)?;
        self.spec.push(log.clone(), Tensor::f32(&[64], &[0.0; 64])?, Some(here.where_(loss, &log)?));
        self.spec.push(self.step.clone(), Tensor::i32(&[], &[0])?, Some(self.step.add_scalar(1)?));
        Ok(self.spec)
    }

    /// Rows of `data`, so many each step in turn.
    pub fn batch(&self, data: &Tensor, size: usize) -> Result<Tensor> {
        let batches = data.shape()[0] / size;
        let first = self.step.rem_scalar(batches as f64)?.mul_scalar(size as f64)?;
        data.index_select(0, &Tensor::arange(size)?.add(&first)?)
    }
}

fn clipped(grads: &[Tensor], limit: f64) -> Result<Vec<Tensor>> {
    let mut squared = Tensor::scalar(0.0);
    for grad in grads {
        squared = squared.add(&grad.square()?.sum_all()?)?;
    }
    let scale = Tensor::scalar(limit as f32).div(&squared.sqrt()?.add_scalar(1e-6)?)?.minimum_scalar(1)?;
    grads.iter().map(|grad| grad.mul(&scale)).collect()
}

/// The shapes of the LeNet's parameters: two convolutions of so many channels, two dense layers, from 28 × 28 pixels.
pub fn lenet_shapes() -> [&'static [usize]; 8] {
    [&[16, 1, 3, 3], &[16], &[32, 16, 3, 3], &[32], &[128, 1568], &[128], &[10, 128], &[10]]
}

/// Scores of ten classes.
pub fn lenet(x: &Tensor, p: &[Tensor]) -> Result<Tensor> {
    let same = Conv2dOptions { padding: Padding::Same, ..Default::default() };
    let pool = MaxPool2dOptions::new([2, 2]);
    let h = x.conv2d(&p[0], Some(&p[1]), &same)?.relu()?.max_pool2d(&pool)?;
    let h = h.conv2d(&p[2], Some(&p[3]), &same)?.relu()?.max_pool2d(&pool)?.flatten(1, -1)?;
    let h = h.matmul(&p[4].t()?)?.add(&p[5])?.relu()?;
    h.matmul(&p[6].t()?)?.add(&p[7])
}

/// The mean cross-entropy of scores and labels.
pub fn cross_entropy(scores: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let (n, classes) = (scores.shape()[0], scores.shape()[1]);
    let peak = scores.peak(&[1])?;
    let right = labels.one_hot(classes)?.mul(scores)?.sum(&[1], true)?;
    let sum = scores.sub(&peak)?.exp()?.sum(&[1], true)?;
    sum.log()?.add(&peak.sub(&right)?)?.sum_all()?.div_scalar(n as f64)
}

/// A training step of the LeNet of the benchmarks: a batch of so many of 256 digits, Adam.
pub fn lenet_step(batch: usize) -> Result<LoopSpec> {
    let training = Training::new(&lenet_shapes())?;
    let data = noise(&[256, 1, 28, 28], 1, 1.0)?;
    let labels = Tensor::i32(&[256], &(0..256).map(|i| i * 7 % 10).collect::<Vec<_>>())?;
    let (x, y) = (training.batch(&data, batch)?, training.batch(&labels, batch)?);
    let loss = cross_entropy(&lenet(&x, &training.params)?, &y)?;
    training.minimise(&loss)
}

/// A training step of a small network with a convolution, clipped by the norm of all gradients: all that passes touch, quickly.
pub fn small_step() -> Result<LoopSpec> {
    let mut training = Training::new(&[&[4, 1, 3, 3], &[4], &[6, 36], &[6], &[5, 6], &[5]])?;
    training.clip_norm = Some(0.5);
    let data = noise(&[16, 1, 6, 6], 1, 1.0)?;
    let labels = Tensor::i32(&[16], &(0..16).map(|i| i * 3 % 5).collect::<Vec<_>>())?;
    let (x, y) = (training.batch(&data, 4)?, training.batch(&labels, 4)?);
    let p = &training.params;
    let same = Conv2dOptions { padding: Padding::Same, ..Default::default() };
    let h = x.conv2d(&p[0], Some(&p[1]), &same)?.relu()?.max_pool2d(&MaxPool2dOptions::new([2, 2]))?.flatten(1, -1)?;
    let h = h.matmul(&p[2].t()?)?.add(&p[3])?.tanh()?;
    let loss = cross_entropy(&h.matmul(&p[4].t()?)?.add(&p[5])?, &y)?;
    training.minimise(&loss)
}

/// A step of a critic whose gradient's norm is drawn to 1: second order through convolution, leaky rectifier, a normalisation
/// by batch statistics, and pooling.
pub fn penalised_step() -> Result<LoopSpec> {
    let training = Training::new(&[&[4, 1, 3, 3], &[4], &[4], &[1, 36]])?;
    let data = noise(&[16, 1, 6, 6], 1, 1.0)?;
    let x = training.batch(&data, 4)?;
    let p = &training.params;
    let same = Conv2dOptions { padding: Padding::Same, ..Default::default() };
    let h = x.conv2d(&p[0], None, &same)?;
    let centred = h.sub(&h.mean(&[0, 2, 3], true)?)?;
    let deviation = centred.square()?.mean(&[0, 2, 3], true)?.add_scalar(1e-5)?.sqrt()?;
    let per_channel = |t: &Tensor| t.reshape(&[1, 4, 1, 1]);
    let h = centred.div(&deviation)?.mul(&per_channel(&p[1])?)?.add(&per_channel(&p[2])?)?;
    let h = h.leaky_relu(0.2)?.max_pool2d(&MaxPool2dOptions::new([2, 2]))?.flatten(1, -1)?;
    let scores = h.matmul(&p[3].t()?)?;
    let slopes = scores.sum_all()?.grad(&[&x])?.remove(0).flatten(1, -1)?;
    let norm = slopes.square()?.sum(&[1], false)?.add_scalar(1e-12)?.sqrt()?;
    let penalty = norm.add_scalar(-1)?.square()?.mean_all()?;
    let loss = scores.mean_all()?.add(&penalty.mul_scalar(10)?)?;
    training.minimise(&loss)
}

/// A step of one head of self-attention that learns to copy.
pub fn attention_step() -> Result<LoopSpec> {
    let training = Training::new(&[&[8, 8], &[8, 8], &[8, 8], &[8, 8]])?;
    let data = noise(&[16, 5, 8], 1, 1.0)?;
    let x = training.batch(&data, 4)?;
    let p = &training.params;
    let project = |i: usize| x.matmul(&p[i].t()?);
    let (q, k, v) = (project(0)?, project(1)?, project(2)?);
    let weights = q.matmul(&k.transpose(1, 2)?)?.mul_scalar(1.0 / 8f64.sqrt())?.softmax(-1)?;
    let y = weights.matmul(&v)?.matmul(&p[3].t()?)?;
    training.minimise(&y.sub(&x)?.square()?.mean_all()?)
}

/// The program of a loop's body.
pub fn program(spec: &LoopSpec, options: &Options) -> Result<Program> {
    let inputs: Vec<Tensor> = spec.state.iter().map(|state| state.input.clone()).collect();
    let outputs: Vec<Tensor> = spec.state.iter().filter_map(|state| state.next.clone()).collect();
    let traced = Graph::trace_with(&inputs, &outputs);
    let fixed = &traced.leaves[inputs.len()..];
    let words: Vec<usize> = fixed.iter().map(|leaf| leaf.shape().len()).collect();
    let mut leaves = vec![Leaf::State; inputs.len()];
    leaves.extend((0..fixed.len()).map(|buffer| Leaf::At { buffer, offset: 0 }));
    let changing = spec.state.iter().enumerate().filter(|(_, state)| state.next.is_some());
    let targets: Vec<Target> = changing.map(|(i, _)| Target::Leaf(i)).collect();
    let graph = if options.simplify { simplify(&traced.graph) } else { traced.graph };
    Ok(compile_at(&graph, &leaves, &words, &targets, options)?.program)
}
