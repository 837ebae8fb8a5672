//! Safetensors, the format in which weights are passed on: the length of a header, a header in JSON that gives each tensor
//! its type, shape and place, then the elements, little-endian. The work is that of the crate of this name.
//!
//! Source: the format's description at huggingface/safetensors.

use crate::array::{Kind, Raw};
use crate::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use std::collections::BTreeMap;

const FORMAT: &str = "safetensors";

/// What a file of tensors holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensors<'a> {
    /// The tensors by name, in the order in which they lie in the file.
    pub tensors: Vec<(String, Raw<'a>)>,
    /// What else it says, by name.
    pub metadata: BTreeMap<String, String>,
}

/// Reads a whole file. Elements are not copied.
///
/// # Errors
/// When it is no such file, is cut short or goes on too long, or a tensor is of a type that no array here has.
pub fn parse(bytes: &[u8]) -> Result<Tensors<'_>> {
    let not_this = |error| described(&error, bytes.len());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(not_this)?;
    let metadata = header.metadata().iter().flatten().map(|(name, text)| (name.clone(), text.clone())).collect();
    let mut tensors = Vec::new();
    let all = SafeTensors::deserialize(bytes).map_err(not_this)?;
    for name in header.offset_keys() {
        let view = all.tensor(&name).map_err(not_this)?;
        let kind = kind(view.dtype()).ok_or_else(|| Error::NotThisFormat {
            format: FORMAT,
            reason: format!(
                "{name} is of type {}; floats of 16 to 64 bits, whole numbers and booleans are read",
                view.dtype()
            ),
        })?;
        let raw = Raw::new(kind, view.shape().to_vec(), view.data()).ok_or_else(|| Error::Size {
            format: FORMAT,
            promised: format!("{:?} elements of {name}", view.shape()),
            held: format!("{} bytes of them", view.data().len()),
        })?;
        tensors.push((name, raw));
    }
    Ok(Tensors { tensors, metadata })
}

/// Writes tensors as a file.
///
/// # Errors
/// When a name occurs twice, or the header would be too long.
pub fn encode(tensors: &[(String, Raw<'_>)], metadata: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let unwritable = |reason: String| Error::Unwritable { format: FORMAT, reason };
    let mut views = Vec::with_capacity(tensors.len());
    let mut names = std::collections::BTreeSet::new();
    for (name, array) in tensors {
        if !names.insert(name) || name == "__metadata__" {
            return Err(unwritable(format!("the name {name:?} is taken")));
        }
        let view = TensorView::new(dtype(array.kind()), array.dims().to_vec(), array.bytes());
        views.push((name, view.map_err(|error| unwritable(format!("{name}: {error}")))?));
    }
    let metadata = (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect());
    safetensors::serialize(views, metadata).map_err(|error| unwritable(error.to_string()))
}

fn described(error: &SafeTensorError, length: usize) -> Error {
    let reason = match error {
        SafeTensorError::HeaderTooSmall => format!("it has {length} bytes"),
        SafeTensorError::HeaderTooLarge => "its header is longer than 100 MB".to_owned(),
        SafeTensorError::InvalidHeaderLength => "its header is longer than the file".to_owned(),
        SafeTensorError::MetadataIncompleteBuffer => {
            let promised = "the tensors of its header".to_owned();
            return Error::Size { format: FORMAT, promised, held: format!("{length} bytes, which is another length") };
        }
        other => other.to_string(),
    };
    Error::NotThisFormat { format: FORMAT, reason }
}

fn kind(dtype: Dtype) -> Option<Kind> {
    Some(match dtype {
        Dtype::BOOL => Kind::Bool,
        Dtype::U8 => Kind::U8,
        Dtype::I8 => Kind::I8,
        Dtype::U16 => Kind::U16,
        Dtype::I16 => Kind::I16,
        Dtype::U32 => Kind::U32,
        Dtype::I32 => Kind::I32,
        Dtype::U64 => Kind::U64,
        Dtype::I64 => Kind::I64,
        Dtype::F16 => Kind::F16,
        Dtype::BF16 => Kind::Bf16,
        Dtype::F32 => Kind::F32,
        Dtype::F64 => Kind::F64,
        _ => return None,
    })
}

fn dtype(kind: Kind) -> Dtype {
    match kind {
        Kind::Bool => Dtype::BOOL,
        Kind::U8 => Dtype::U8,
        Kind::I8 => Dtype::I8,
        Kind::U16 => Dtype::U16,
        Kind::I16 => Dtype::I16,
        Kind::U32 => Dtype::U32,
        Kind::I32 => Dtype::I32,
        Kind::U64 => Dtype::U64,
        Kind::I64 => Dtype::I64,
        Kind::F16 => Dtype::F16,
        Kind::Bf16 => Dtype::BF16,
        Kind::F32 => Dtype::F32,
        Kind::F64 => Dtype::F64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Values;

    fn two() -> Vec<(String, Raw<'static>)> {
        let weight = Raw::of(vec![2, 2], &Values::F32(vec![1.0, 2.0, 3.0, 4.0])).unwrap().unwrap();
        let bias = Raw::new(Kind::I8, vec![3], vec![1, 2, 255]).unwrap();
        vec![("0.weight".to_owned(), weight), ("0.bias".to_owned(), bias)]
    }

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn what_was_written_is_read() {
        let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        let bytes = encode(&two(), &metadata).unwrap();
        assert_eq!(parse(&bytes).unwrap(), Tensors { tensors: two(), metadata });
        let nothing = encode(&[], &BTreeMap::new()).unwrap();
        assert_eq!(parse(&nothing).unwrap().tensors, []);
    }

    #[test]
    fn reads_a_file_written_by_hand() {
        let bytes = file(r#"{"a":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]}}"#, &[0, 0x3e, 0, 0xc0]);
        let tensors = parse(&bytes).unwrap().tensors;
        assert_eq!((tensors[0].1.dims(), tensors[0].1.values().unwrap()), (&[1, 2][..], Values::F32(vec![1.5, -2.0])));
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        assert_eq!(message(&[1, 2, 3]), "this is no safetensors file: it has 3 bytes");
        let endless = [&(1u64 << 60).to_le_bytes()[..], b"{}"].concat();
        assert_eq!(message(&endless), "this is no safetensors file: its header is longer than 100 MB");
        let cut = [&1000u64.to_le_bytes()[..], b"{}"].concat();
        assert_eq!(message(&cut), "this is no safetensors file: its header is longer than the file");
        let short = file(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &[0; 7]);
        assert_eq!(
            message(&short),
            "this safetensors file promises the tensors of its header but holds 69 bytes, which is another length"
        );
        for header in [
            r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}}"#,
            r#"{"a":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]}}"#,
            r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
            r#"{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#,
            "{",
        ] {
            assert!(message(&file(header, &[0; 8])).starts_with("this is no safetensors file: "), "{header}");
        }
    }

    #[test]
    fn a_name_is_written_once() {
        let [(name, array), _] = two().try_into().unwrap();
        let twice = [(name.clone(), array.clone()), (name, array.clone())];
        assert!(encode(&twice, &BTreeMap::new()).unwrap_err().to_string().contains("\"0.weight\" is taken"));
        assert!(encode(&[("__metadata__".to_owned(), array)], &BTreeMap::new()).is_err());
    }
}
