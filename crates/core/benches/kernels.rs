//! How long each kernel of the CPU device takes on its own, through the way that every graph goes: built, compiled, prepared, run.
//! `cargo bench -p gradbook-core [-- NAME]`. Items are floating point operations, a multiply-add being two, or elements.

use divan::{Bencher, counter::ItemsCount};
use gradbook_core::{
    DType, Result, Shape, Tensor,
    device::{BufferId, Device, ExecutableId, Position, cpu::Cpu},
    ir::{Graph, simplify},
    ops::{Conv2dOptions, MaxPool2dOptions, Padding},
    plan::{Options, Target, compile},
    rng,
};
use std::fmt;

fn main() {
    divan::main();
}

/// A graph that is ready to be run over and over on noise.
struct Ready {
    device: Cpu,
    program: ExecutableId,
    buffers: Vec<BufferId>,
}

impl Ready {
    fn new(inputs: &[Tensor], results: &[(Tensor, Target)]) -> Result<Self> {
        let (outputs, targets): (Vec<Tensor>, Vec<Target>) = results.iter().cloned().unzip();
        let graph = simplify(&Graph::trace_with(inputs, &outputs).graph);
        let program = compile(&graph, &targets, &Options::default())?;
        let device = Cpu::new();
        let mut buffers = Vec::new();
        for (i, external) in program.externals.iter().enumerate() {
            let buffer = device.alloc(external.words, "a benchmark")?;
            device.write(buffer, 0, &noise(external.words, i as u32))?;
            buffers.push(buffer);
        }
        Ok(Self { program: device.prepare(&program)?, device, buffers })
    }

    fn run(&self) {
        let all = self.device.run(self.program, &self.buffers, Position::default(), 1, &mut || false);
        all.expect("a run of what was prepared");
    }
}

/// Numbers in 0.1…1.1.
fn noise(words: usize, seed: u32) -> Vec<u32> {
    let value = |i: usize| rng::bits([seed, 1], 0, i as u32) as f32 / u32::MAX as f32;
    (0..words).map(|i| (0.1 + value(i)).to_bits()).collect()
}

fn input(dims: &[usize]) -> Result<Tensor> {
    Ok(Tensor::input(Shape::new("input", dims)?, DType::F32))
}

/// Measures the outputs that `make` gives for inputs of these shapes.
fn measure(bencher: Bencher, items: usize, shapes: &[&[usize]], make: impl Fn(&[Tensor]) -> Result<Tensor>) {
    let ready = || {
        let inputs = shapes.iter().map(|dims| input(dims)).collect::<Result<Vec<_>>>()?;
        Ready::new(&inputs, &[(make(&inputs)?, Target::New)])
    };
    let ready = ready().expect("shapes that fit");
    bencher.counter(ItemsCount::new(items)).bench_local(|| ready.run());
}

#[divan::bench(args = [64, 128, 256, 512, 1024])]
fn matmul(bencher: Bencher, n: usize) {
    measure(bencher, 2 * n * n * n, &[&[n, n], &[n, n]], |x| x[0].matmul(&x[1]));
}

/// Rows, inner size and columns of a dense layer: the LeNet's, and with a single sample.
#[divan::bench(args = [(64, 1568, 128), (64, 128, 10), (1, 1568, 128)])]
fn dense(bencher: Bencher, (m, k, n): (usize, usize, usize)) {
    measure(bencher, 2 * m * k * n, &[&[m, k], &[k, n]], |x| x[0].matmul(&x[1]));
}

/// The gradient of a dense layer's weight, whose input comes transposed.
#[divan::bench(args = [(64, 1568, 128)])]
fn dense_weight_gradient(bencher: Bencher, (m, k, n): (usize, usize, usize)) {
    measure(bencher, 2 * m * k * n, &[&[m, k], &[m, n]], |x| x[0].transpose(0, 1)?.matmul(&x[1]));
}

/// A convolution of 3 × 3 that keeps the size of images.
#[derive(Clone, Copy)]
struct Convolution {
    samples: usize,
    channels: usize,
    outputs: usize,
    size: usize,
    groups: usize,
}

const LENET_1: Convolution = Convolution { samples: 64, channels: 1, outputs: 16, size: 28, groups: 1 };
const LENET_2: Convolution = Convolution { samples: 64, channels: 16, outputs: 32, size: 14, groups: 1 };
/// That of the benchmark in the browser.
const LARGE: Convolution = Convolution { samples: 32, channels: 16, outputs: 32, size: 28, groups: 1 };
const DEPTHWISE: Convolution = Convolution { samples: 32, channels: 64, outputs: 64, size: 14, groups: 64 };
const CONVOLUTIONS: [Convolution; 4] = [LENET_1, LENET_2, LARGE, DEPTHWISE];

impl fmt::Display for Convolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, channels, outputs, size, groups } = self;
        write!(f, "{samples}×{channels}×{size}² → {outputs}")?;
        if *groups > 1 { write!(f, ", {groups} groups") } else { Ok(()) }
    }
}

impl Convolution {
    fn flop(&self) -> usize {
        2 * 9 * self.samples * self.outputs * self.channels / self.groups * self.size * self.size
    }

    fn shapes(&self) -> [Vec<usize>; 3] {
        let Self { samples, channels, outputs, size, groups } = *self;
        let images = |channels| vec![samples, channels, size, size];
        [images(channels), vec![outputs, channels / groups, 3, 3], images(outputs)]
    }

    /// The gradient for images (0) or weight (1); without either, the output.
    fn measure(&self, bencher: Bencher, gradient: Option<usize>) {
        let options = Conv2dOptions { padding: Padding::Same, groups: self.groups, ..Conv2dOptions::default() };
        let [x, w, y] = &self.shapes();
        measure(bencher, self.flop(), &[x, w, y], |inputs| {
            let output = inputs[0].conv2d(&inputs[1], None, &options)?;
            let Some(which) = gradient else { return Ok(output) };
            let product = output.mul(&inputs[2])?.sum_all()?;
            Ok(product.grad(&[&inputs[which]])?.remove(0))
        });
    }
}

#[divan::bench(args = CONVOLUTIONS)]
fn conv(bencher: Bencher, convolution: Convolution) {
    convolution.measure(bencher, None);
}

#[divan::bench(args = CONVOLUTIONS)]
fn conv_input_gradient(bencher: Bencher, convolution: Convolution) {
    convolution.measure(bencher, Some(0));
}

#[divan::bench(args = CONVOLUTIONS)]
fn conv_weight_gradient(bencher: Bencher, convolution: Convolution) {
    convolution.measure(bencher, Some(1));
}

/// The LeNet's first feature map.
const MAP: [usize; 4] = [64, 16, 28, 28];
const MAP_ELEMENTS: usize = 64 * 16 * 28 * 28;

#[divan::bench]
fn max_pool(bencher: Bencher) {
    measure(bencher, MAP_ELEMENTS, &[&MAP], |x| x[0].max_pool2d(&MaxPool2dOptions::new([2, 2])));
}

#[divan::bench]
fn max_pool_gradient(bencher: Bencher) {
    measure(bencher, MAP_ELEMENTS, &[&MAP, &[64, 16, 14, 14]], |x| {
        let pooled = x[0].max_pool2d(&MaxPool2dOptions::new([2, 2]))?;
        Ok(pooled.mul(&x[1])?.sum_all()?.grad(&[&x[0]])?.remove(0))
    });
}

#[divan::bench(args = [(64, 10), (1024, 64), (256, 1000)])]
fn softmax(bencher: Bencher, (rows, classes): (usize, usize)) {
    measure(bencher, rows * classes, &[&[rows, classes]], |x| x[0].softmax(-1));
}

#[divan::bench]
fn batch_norm(bencher: Bencher) {
    normalise(bencher, &[32, 16, 32, 32], &[0, 2, 3]);
}

#[divan::bench]
fn layer_norm(bencher: Bencher) {
    normalise(bencher, &[1024, 128], &[1]);
}

fn normalise(bencher: Bencher, shape: &[usize], axes: &[isize]) {
    measure(bencher, shape.iter().product(), &[shape], |x| {
        let mean = x[0].mean(axes, true)?;
        let scale = x[0].var(axes, 0.0, true)?.add_scalar(1e-5)?.rsqrt()?;
        x[0].sub(&mean)?.mul(&scale)
    });
}

const MAPPED: usize = 1 << 18;

#[divan::bench]
fn exp(bencher: Bencher) {
    measure(bencher, MAPPED, &[&[MAPPED]], |x| x[0].exp());
}

#[divan::bench]
fn tanh(bencher: Bencher) {
    measure(bencher, MAPPED, &[&[MAPPED]], |x| x[0].tanh());
}

#[divan::bench]
fn sigmoid(bencher: Bencher) {
    measure(bencher, MAPPED, &[&[MAPPED]], |x| x[0].sigmoid());
}

/// Of as many parameters as the LeNet has, in place.
#[divan::bench]
fn adam_update(bencher: Bencher) {
    const PARAMETERS: usize = 206_922;
    let update = || {
        let inputs = (0..4).map(|_| input(&[PARAMETERS])).collect::<Result<Vec<_>>>()?;
        let [parameter, mean, square, gradient] = &inputs[..] else { unreachable!("there are four") };
        let next_mean = mean.mul_scalar(0.9)?.add(&gradient.mul_scalar(0.1)?)?;
        let next_square = square.mul_scalar(0.999)?.add(&gradient.square()?.mul_scalar(0.001)?)?;
        let direction = next_mean.div(&next_square.sqrt()?.add_scalar(1e-8)?)?;
        let next = parameter.sub(&direction.mul_scalar(1e-3)?)?;
        Ready::new(&inputs, &[(next, Target::Leaf(0)), (next_mean, Target::Leaf(1)), (next_square, Target::Leaf(2))])
    };
    let ready = update().expect("shapes that fit");
    bencher.counter(ItemsCount::new(PARAMETERS)).bench_local(|| ready.run());
}
