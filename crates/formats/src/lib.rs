//! Bytes in and out: the file formats that data sets and models come in. Parsers take a slice and check every size
//! before they allocate, so a broken or hostile file is an error and never a panic. Nothing here knows a device.

#[cfg(feature = "tensors")]
pub mod array;
#[cfg(feature = "samples")]
pub mod cifar;
pub mod error;
pub mod idx;
#[cfg(feature = "tensors")]
pub mod npy;
#[cfg(feature = "tensors")]
pub mod npz;
pub mod residual;
#[cfg(feature = "tensors")]
pub mod safetensors;
#[cfg(feature = "samples")]
pub mod table;
#[cfg(feature = "tensors")]
pub mod tensors;
#[cfg(feature = "samples")]
pub mod wav;

pub use error::{Error, Result};
