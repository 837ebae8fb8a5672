//! What the tests share: a runner, and futures without a runtime.

use gradbook_core::{LocalRunner, Runner, Tensor, device::interp::Interp};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// The test's runner, on the device that defines every op. One for all: a value belongs to the runner that has it.
pub fn runner() -> LocalRunner {
    thread_local!(static RUNNER: LocalRunner = LocalRunner::native(Interp::new()));
    RUNNER.with(LocalRunner::clone)
}

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// The values of an f32 tensor.
pub fn values(tensor: &Tensor) -> Vec<f32> {
    block_on(runner().read(tensor)).unwrap().as_f32().to_vec()
}
