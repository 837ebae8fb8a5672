//! The GPU, for tests that need one.

use gradbook_core::device::webgpu::{Options, WebGpu};
use pollster::block_on;

/// A device on the GPU. Says loudly that a test was skipped where there is none; with `GRADBOOK_REQUIRE_GPU=1` in the
/// environment that is a failure.
pub fn gpu() -> Option<WebGpu> {
    match block_on(WebGpu::new(Options::default())) {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            let required = std::env::var("GRADBOOK_REQUIRE_GPU").is_ok_and(|value| value == "1");
            assert!(!required, "GRADBOOK_REQUIRE_GPU is set, but: {error}");
            eprintln!("SKIPPED, NOTHING WAS TESTED ON A GPU: {error}");
            None
        }
    }
}
