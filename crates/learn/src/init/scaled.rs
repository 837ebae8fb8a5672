//! Random weights scaled so that layers keep the variance of what passes through them (course section 5.3).

use crate::{Error, Result};
use gradbook_core::Tensor;

/// Which side of a layer sets the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Fan {
    /// The inputs of a neuron: keeps the variance of activations.
    #[default]
    In,
    /// The outputs of an input: keeps the variance of gradients.
    Out,
}

/// Inputs of a neuron and outputs of an input of a weight `[out, in]` or `[out, in/groups, kernel…]`.
///
/// ```
/// assert_eq!(gradbook_learn::init::fan(&[16, 3, 5, 5])?, (75, 400));
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn fan(shape: &[usize]) -> Result<(usize, usize)> {
    let [out, input, kernel @ ..] = shape else {
        let message = format!("a weight of shape {shape:?} has no inputs and outputs; expected [out, in, …]");
        return Err(Error::argument("fan", message));
    };
    let area: usize = kernel.iter().product();
    Ok((input * area, out * area))
}

/// The factor by which a nonlinearity shrinks what passes, undone: `linear`, `sigmoid`, `tanh`, `relu`, `leaky_relu` (with its
/// slope as `param`, 0.01 if none) or `selu`. As `torch.nn.init.calculate_gain`.
pub fn gain(nonlinearity: &str, param: Option<f64>) -> Result<f64> {
    Ok(match nonlinearity {
        "linear" | "sigmoid" | "conv1d" | "conv2d" => 1.0,
        "tanh" => 5.0 / 3.0,
        "relu" => 2f64.sqrt(),
        "leaky_relu" => (2.0 / (1.0 + param.unwrap_or(0.01).powi(2))).sqrt(),
        "selu" => 0.75,
        other => {
            let known = "linear, conv1d, conv2d, sigmoid, tanh, relu, leaky_relu, selu";
            return Err(Error::argument("gain", format!("no gain is known for {other}; expected one of {known}")));
        }
    })
}

/// Normal with standard deviation √(1/fan in). Source: course eq 26; LeCun's scheme elsewhere.
pub fn xavier_course(key: &Tensor, stream: u32, shape: &[usize]) -> Result<Tensor> {
    let (fan_in, _) = fan(shape)?;
    normal(key, stream, shape, over(1.0, fan_in).sqrt())
}

/// Normal with standard deviation gain·√(2/(fan in + fan out)). Source: Glorot and Bengio 2010.
pub fn xavier_normal(key: &Tensor, stream: u32, shape: &[usize], gain: f64) -> Result<Tensor> {
    let (fan_in, fan_out) = fan(shape)?;
    normal(key, stream, shape, gain * over(2.0, fan_in + fan_out).sqrt())
}

/// Uniform in ±gain·√(6/(fan in + fan out)). Source: Glorot and Bengio 2010.
pub fn xavier_uniform(key: &Tensor, stream: u32, shape: &[usize], gain: f64) -> Result<Tensor> {
    let (fan_in, fan_out) = fan(shape)?;
    uniform(key, stream, shape, gain * over(6.0, fan_in + fan_out).sqrt())
}

/// Normal with standard deviation √(2/((1 + a²)·fan)), where a is the slope below 0 of the leaky ReLU that follows.
/// Source: course eq 27 (a = 0, fan in); He et al. 2015.
pub fn he_normal(key: &Tensor, stream: u32, shape: &[usize], a: f64, mode: Fan) -> Result<Tensor> {
    normal(key, stream, shape, over(2.0, side(shape, mode)?).sqrt() / (1.0 + a * a).sqrt())
}

/// Uniform in ±√(6/((1 + a²)·fan)). Source: He et al. 2015.
pub fn he_uniform(key: &Tensor, stream: u32, shape: &[usize], a: f64, mode: Fan) -> Result<Tensor> {
    uniform(key, stream, shape, over(6.0, side(shape, mode)?).sqrt() / (1.0 + a * a).sqrt())
}

fn side(shape: &[usize], mode: Fan) -> Result<usize> {
    let (fan_in, fan_out) = fan(shape)?;
    Ok(if mode == Fan::In { fan_in } else { fan_out })
}

fn over(variance: f64, fan: usize) -> f64 {
    variance / fan.max(1) as f64
}

fn normal(key: &Tensor, stream: u32, shape: &[usize], std: f64) -> Result<Tensor> {
    Ok(Tensor::normal(key, stream, shape, 0.0, std as f32)?)
}

fn uniform(key: &Tensor, stream: u32, shape: &[usize], bound: f64) -> Result<Tensor> {
    Ok(Tensor::uniform(key, stream, shape, -bound as f32, bound as f32)?)
}
