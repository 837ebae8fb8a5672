//! The SIMD device.
#![allow(dead_code)]

pub(crate) mod conv;
pub(crate) mod gemm;
pub(crate) mod math;
pub(crate) mod simd;
#[cfg(test)]
mod testing;
