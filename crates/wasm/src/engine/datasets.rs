//! Files of data sets as tensors: bytes of images become numbers from 0 to 1, sound from −1 to 1; labels and text stay whole
//! numbers, and so does whatever has 32 bits already.

use gradbook_core::{Data, Error, Result, Tensor, remote::Loaded};
use gradbook_formats::idx::{self, Values};
use gradbook_formats::residual;

/// The tensors of a collection, by the labels of its files: IDX, or residual images.
pub fn tensors(what: &str, files: &[(String, Vec<u8>)]) -> Result<Loaded> {
    let tensor = |(label, bytes): &(String, Vec<u8>)| match tensor(bytes) {
        Ok(tensor) => Ok((label.clone(), tensor)),
        Err(message) => Err(Error::Load { what: what.into(), message: format!("{label}: {message}") }),
    };
    files.iter().map(tensor).collect()
}

fn tensor(bytes: &[u8]) -> Result<Tensor, String> {
    if bytes.starts_with(residual::MAGIC) {
        let images = residual::decode(bytes).map_err(|error| error.to_string())?;
        let data = Data::f32(images.dims, &fractions(&images.values));
        return data.map(Tensor::from_data).map_err(|error| error.to_string());
    }
    let array = idx::parse(bytes).map_err(|error| error.to_string())?;
    let data = match (&array.dims[..], &array.values) {
        (&[n], Values::U8(values)) => Data::i32([n], &values.iter().map(|&value| i32::from(value)).collect::<Vec<_>>()),
        (&[n, h, w], Values::U8(values)) => Data::f32([n, 1, h, w], &fractions(values)),
        (&[n, c, h, w], Values::U8(values)) => Data::f32([n, c, h, w], &fractions(values)),
        (&[n, t], Values::I16(values)) => {
            Data::f32([n, t], &values.iter().map(|&value| f32::from(value) / 32768.0).collect::<Vec<_>>())
        }
        (dims, Values::I32(values)) => Data::i32(dims, values),
        (dims, Values::F32(values)) => Data::f32(dims, values),
        (dims, _) => {
            return Err(format!(
                "it has {} axes; expected bytes of labels [N] or of images [N, H, W] or [N, C, H, W], 16-bit sound [N, T], or 32-bit numbers",
                dims.len()
            ));
        }
    };
    data.map(Tensor::from_data).map_err(|error| error.to_string())
}

fn fractions(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}
