//! Files of data sets as tensors: bytes of images become numbers from 0 to 1, labels stay whole numbers.

use gradbook_core::{Data, Error, Result, Tensor, remote::Loaded};
use gradbook_formats::idx::{self, Values};

/// The tensors of a collection, by the labels of its IDX files.
pub fn tensors(what: &str, files: &[(String, Vec<u8>)]) -> Result<Loaded> {
    let tensor = |(label, bytes): &(String, Vec<u8>)| match tensor(bytes) {
        Ok(tensor) => Ok((label.clone(), tensor)),
        Err(message) => Err(Error::Load { what: what.into(), message: format!("{label}: {message}") }),
    };
    files.iter().map(tensor).collect()
}

fn tensor(bytes: &[u8]) -> Result<Tensor, String> {
    let array = idx::parse(bytes).map_err(|error| error.to_string())?;
    let Values::U8(values) = array.values else { return Err("its elements are not bytes".into()) };
    let data = match array.dims[..] {
        [n] => Data::i32([n], &values.iter().map(|&value| i32::from(value)).collect::<Vec<_>>()),
        [n, h, w] => Data::f32([n, 1, h, w], &fractions(values)),
        [n, c, h, w] => Data::f32([n, c, h, w], &fractions(values)),
        _ => {
            return Err(format!(
                "it has {} axes; expected labels [N] or images [N, H, W] or [N, C, H, W]",
                array.dims.len()
            ));
        }
    };
    data.map(Tensor::from_data).map_err(|error| error.to_string())
}

fn fractions(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}
