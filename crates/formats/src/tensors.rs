//! Any file of named tensors, whichever format it is in.

use crate::array::{Raw, Values};
use crate::{Result, npy, npz, safetensors};
use std::collections::BTreeMap;

/// A tensor of a file: its name, the lengths of its axes, its elements.
pub type Named = (String, Vec<usize>, Values);

/// The formats in which tensors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Weights as they are passed on, with metadata.
    Safetensors,
    /// NumPy's archive of arrays.
    Npz,
}

impl Format {
    /// That of a file's name; safetensors if the name says nothing.
    pub fn of(name: &str) -> Self {
        if name.to_ascii_lowercase().ends_with(".npz") { Self::Npz } else { Self::Safetensors }
    }
}

/// The tensors of a file and what else it says. Its first bytes say which format it is; the only array of an NPY file has no
/// name.
///
/// # Errors
/// Those of the formats; there is no memory; a whole number does not fit.
pub fn read(bytes: &[u8]) -> Result<(Vec<Named>, BTreeMap<String, String>)> {
    let named = |(name, raw): (String, Raw)| Ok((name, raw.dims().to_vec(), raw.values()?));
    if bytes.starts_with(npy::MAGIC) {
        return Ok((vec![named((String::new(), npy::parse(bytes)?))?], BTreeMap::new()));
    }
    if bytes.starts_with(npz::MAGIC) {
        let files = npz::unpack(bytes)?;
        let arrays = files.iter().map(|(name, file)| named((name.clone(), npy::parse(file)?)));
        return Ok((arrays.collect::<Result<_>>()?, BTreeMap::new()));
    }
    let safetensors::Tensors { tensors, metadata } = safetensors::parse(bytes)?;
    Ok((tensors.into_iter().map(named).collect::<Result<_>>()?, metadata))
}

/// Writes tensors as a file. NPZ has no place for metadata.
///
/// # Errors
/// Those of the formats; there is no memory.
pub fn write(format: Format, tensors: &[(String, Raw<'_>)], metadata: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    match format {
        Format::Safetensors => safetensors::encode(tensors, metadata),
        Format::Npz => npz::encode(tensors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Kind;
    use proptest::prelude::*;

    fn one() -> Vec<(String, Raw<'static>)> {
        vec![("w".to_owned(), Raw::new(Kind::U8, vec![2], vec![3, 4]).unwrap())]
    }

    #[test]
    fn the_bytes_say_which_format_it_is() {
        let expected = vec![("w".to_owned(), vec![2], Values::I32(vec![3, 4]))];
        for format in [Format::Safetensors, Format::Npz] {
            let file = write(format, &one(), &BTreeMap::new()).unwrap();
            assert_eq!(read(&file).unwrap().0, expected, "{format:?}");
        }
        let array = npy::encode(&one()[0].1).unwrap();
        assert_eq!(read(&array).unwrap().0, [(String::new(), vec![2], Values::I32(vec![3, 4]))]);
        assert_eq!((Format::of("a.NPZ"), Format::of("a")), (Format::Npz, Format::Safetensors));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            noise in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in any::<prop::sample::Index>(),
            which in 0..3,
        ) {
            let mut file = match which {
                0 => npy::encode(&one()[0].1).unwrap(),
                1 => npz::encode(&one()).unwrap(),
                _ => safetensors::encode(&one(), &BTreeMap::new()).unwrap(),
            };
            for (at, byte) in noise {
                let at = at.index(file.len());
                file[at] = byte;
            }
            let _ = read(&file);
            let _ = read(&file[..cut.index(file.len())]);
        }
    }
}
