//! The SIMD device.
