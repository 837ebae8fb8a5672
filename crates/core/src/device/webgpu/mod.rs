//! The WebGPU device.
