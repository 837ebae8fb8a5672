//! What the tests share: every device of this build.

use gradbook_core::{LocalRunner, device};
use pollster::block_on;

/// The reference, then all other devices that there are. A WebGPU device that is missing is told; with
/// `GRADBOOK_REQUIRE_GPU=1` in the environment it is a failure.
pub fn devices() -> Vec<(&'static str, LocalRunner)> {
    let mut runners = vec![("interp", LocalRunner::native(device::interp::Interp::new()))];
    #[cfg(feature = "cpu")]
    runners.push(("cpu", LocalRunner::native(device::cpu::Cpu::new())));
    #[cfg(feature = "webgpu")]
    match block_on(device::webgpu::WebGpu::new(device::webgpu::Options::default())) {
        Ok(gpu) => runners.push(("webgpu", LocalRunner::native(gpu))),
        Err(error) => {
            let required = std::env::var("GRADBOOK_REQUIRE_GPU").is_ok_and(|value| value == "1");
            assert!(!required, "GRADBOOK_REQUIRE_GPU is set, but: {error}");
            eprintln!("SKIPPED, NOTHING WAS TESTED ON A GPU: {error}");
        }
    }
    runners
}
