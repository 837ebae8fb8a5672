//! What the tests share: a runner and its values.

use gradbook_core::{LocalRunner, Runner, Tensor, device::interp::Interp};
pub use pollster::block_on;

/// The test's runner, on the device that defines every op. One for all: a value belongs to the runner that has it.
pub fn runner() -> LocalRunner {
    thread_local!(static RUNNER: LocalRunner = LocalRunner::native(Interp::new()));
    RUNNER.with(LocalRunner::clone)
}

/// The values of an f32 tensor.
pub fn values(tensor: &Tensor) -> Vec<f32> {
    block_on(runner().read(tensor)).unwrap().as_f32().to_vec()
}
