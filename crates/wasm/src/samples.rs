//! Files of samples as plain objects of JavaScript: arrays, sound, tables. What becomes of them is the page's affair.

use crate::error::{Result, Thrown};
use crate::js::{self, object};
use gradbook_formats::array::Kind;
use gradbook_formats::{self as formats, cifar, idx, npy, table, wav};
use js_sys::{Array, Float32Array, Int16Array, Int32Array, JsString, Object, Uint8Array};
use wasm_bindgen::prelude::*;

/// What a file of this format ("npy", "idx", "cifar", "wav" or "text") holds: `{ dims, values }`, the values being bytes as they are, else
/// 16-bit whole numbers, 32-bit ones or numbers with a fraction; for CIFAR `{ classes, labels, pixels }`, for sound
/// `{ rate, samples }`, for a table `{ rows, gaps, columns: [{ name, numbers }, { name, codes, words }] }`. Errors: it is damaged, or
/// of another format.
#[wasm_bindgen(js_name = readSamples)]
pub fn read_samples(file: &str, bytes: &Uint8Array, format: &str) -> Result<Object> {
    let bytes = js::bytes(bytes, file)?;
    let read = match format {
        "npy" => npy_array(&bytes),
        "idx" => idx::parse(&bytes).map(|array| dims_and_values(&array.dims, idx_values(array.values))),
        "cifar" => cifar::parse(&bytes).map(|records| {
            object(&[
                ("classes", (records.classes as f64).into()),
                ("labels", Uint8Array::from(&records.labels[..]).into()),
                ("pixels", Uint8Array::from(&records.pixels[..]).into()),
            ])
        }),
        "wav" => wav::parse(&bytes).map(|sound| {
            object(&[("rate", sound.rate.into()), ("samples", Int16Array::from(&sound.samples[..]).into())])
        }),
        "text" => table::parse(&bytes).map(table_object),
        _ => return Err(Thrown::argument(format!("there is no format {format}"))),
    };
    read.map_err(|error| Thrown::Named { name: "FileError", message: error.to_string() })
}

fn npy_array(bytes: &[u8]) -> formats::Result<Object> {
    use gradbook_formats::array::Values;
    let raw = npy::parse(bytes)?;
    let values: JsValue = match raw.kind() {
        // Bytes of images, which are scaled as such.
        Kind::U8 => Uint8Array::from(raw.bytes()).into(),
        _ => match raw.values()? {
            Values::F32(values) => Float32Array::from(&values[..]).into(),
            Values::I32(values) => Int32Array::from(&values[..]).into(),
            Values::U32(values) => Float32Array::from(&values.iter().map(|&v| v as f32).collect::<Vec<_>>()[..]).into(),
            Values::Bool(values) => {
                Int32Array::from(&values.iter().map(|&v| i32::from(v)).collect::<Vec<_>>()[..]).into()
            }
        },
    };
    Ok(dims_and_values(raw.dims(), values))
}

fn idx_values(values: idx::Values) -> JsValue {
    use idx::Values;
    match values {
        Values::U8(values) => Uint8Array::from(values).into(),
        Values::I8(values) => Int32Array::from(&values.into_iter().map(i32::from).collect::<Vec<_>>()[..]).into(),
        Values::I16(values) => Int32Array::from(&values.into_iter().map(i32::from).collect::<Vec<_>>()[..]).into(),
        Values::I32(values) => Int32Array::from(&values[..]).into(),
        Values::F32(values) => Float32Array::from(&values[..]).into(),
        Values::F64(values) => Float32Array::from(&values.into_iter().map(|v| v as f32).collect::<Vec<_>>()[..]).into(),
    }
}

fn dims_and_values(dims: &[usize], values: JsValue) -> Object {
    let dims: Array = dims.iter().map(|&dim| JsValue::from_f64(dim as f64)).collect();
    object(&[("dims", dims.into()), ("values", values)])
}

fn table_object(table: table::Table) -> Object {
    let columns = table.columns.into_iter().map(|column| {
        let name = ("name", JsValue::from(&column.name));
        let fields = match column.values {
            table::Values::Numbers(numbers) => vec![name, ("numbers", Float32Array::from(&numbers[..]).into())],
            table::Values::Words { codes, words } => {
                let words: Array = words.into_iter().map(JsString::from).collect();
                vec![name, ("codes", Int32Array::from(&codes[..]).into()), ("words", words.into())]
            }
        };
        JsValue::from(object(&fields))
    });
    object(&[
        ("rows", (table.rows as f64).into()),
        ("gaps", (table.gaps as f64).into()),
        ("columns", columns.collect::<Array>().into()),
    ])
}
