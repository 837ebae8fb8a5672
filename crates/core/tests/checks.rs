//! Checked runs on every device: what made the first NaN or infinity is found by the bits of stored values.

#[cfg(feature = "webgpu")]
mod support;

use gradbook_core::{
    Error, LocalRunner, NotFinite, Result, Runner, Tensor,
    device::{cpu::Cpu, interp::Interp},
};
use pollster::block_on;

fn fault(runner: &LocalRunner, tensor: &Tensor) -> Option<NotFinite> {
    match block_on(runner.check(std::slice::from_ref(tensor))) {
        Ok(()) => None,
        Err(Error::NotFinite(fault)) => Some(*fault),
        Err(other) => panic!("{other}"),
    }
}

fn vector(values: &[f32]) -> Result<Tensor> {
    Tensor::f32(&[values.len()], values)
}

fn finds_what_made_it(runner: &LocalRunner) -> Result<()> {
    let x = vector(&[-1.0, 0.0, 2.0, 3.0])?;
    let large = vector(&[3e38, 3e38, 1.0, 1.0])?;
    let tail = |t: Tensor| t.reshape(&[2, 2])?.mul_scalar(0.5)?.sum_all();
    // A tensor, the op that is at fault, how much of its value is NaN and how much infinite.
    let cases = [
        (tail(x.log()?)?, "log", 1, 1),
        (tail(x.sqrt()?)?, "sqrt", 1, 0),
        (tail(x.div(&x.mul_scalar(0.0)?)?)?, "div", 1, 3),
        (tail(large.mul_scalar(2.0)?)?, "mul", 0, 2),
        (tail(large.add(&large)?)?, "add", 0, 2),
        (large.reshape(&[2, 2])?.sum(&[1], false)?, "sum", 0, 1),
        (large.reshape(&[2, 2])?.matmul(&Tensor::ones(&[2, 3])?)?, "matmul", 0, 3),
        (x.add_scalar(100.0)?.exp()?.sum_all()?, "exp", 0, 4),
        (tail(x.mul_scalar(f32::NAN)?)?, "full", 4, 0),
        (x.log()?.sum_all()?.grad(&[&x])?.remove(0), "div", 0, 1),
    ];
    for (tensor, op, nan, infinite) in &cases {
        let found = fault(runner, tensor).unwrap_or_else(|| panic!("no fault was found; it is {op}'s"));
        assert_eq!((found.op.as_str(), found.nan, found.infinite), (*op, *nan, *infinite));
        assert!(tensor.handle().is_none(), "nothing was evaluated for good");
    }
    assert_eq!(fault(runner, &x.square()?.add_scalar(1.0)?.log()?), None);
    let leaf = fault(runner, &vector(&[1.0, f32::NEG_INFINITY])?.neg()?).unwrap();
    assert_eq!((leaf.op.as_str(), leaf.infinite), (NotFinite::LEAF, 1));
    // Whole numbers and an empty value have no such words.
    assert_eq!(fault(runner, &Tensor::i32(&[1], &[0x7fc0_0000])?.add_scalar(0)?), None);
    assert_eq!(fault(runner, &Tensor::zeros(&[0, 3])?.exp()?), None);
    Ok(())
}

#[test]
fn on_interp() -> Result<()> {
    finds_what_made_it(&LocalRunner::native(Interp::new()))
}

#[test]
fn on_the_cpu() -> Result<()> {
    finds_what_made_it(&LocalRunner::native(Cpu::new()))
}

#[cfg(feature = "webgpu")]
#[test]
fn on_webgpu() -> Result<()> {
    support::gpu().map_or(Ok(()), |runner| finds_what_made_it(&runner))
}
