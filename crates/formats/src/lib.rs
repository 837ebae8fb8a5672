//! Bytes in and out: the file formats that data sets and models come in. Parsers take a slice and check every size
//! before they allocate, so a broken or hostile file is an error and never a panic. Nothing here knows a device.

pub mod cifar;
pub mod error;
pub mod idx;
pub mod residual;
pub mod table;
pub mod wav;

pub use error::{Error, Result};
