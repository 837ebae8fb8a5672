//! IDX, the format of MNIST and its successors: four bytes that name the element type and the number of axes, the
//! length of each axis as a big-endian `u32`, then the elements in row-major order, big-endian.
//!
//! Source: the description on the MNIST page of LeCun, Cortes and Burges. Compressed files are unpacked by the caller.

use crate::{Error, Result};

const FORMAT: &str = "IDX";
/// More axes than any data set has; the header could say 255.
const MOST_AXES: usize = 8;

/// An array as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Array<'a> {
    /// The length of each axis, outermost first.
    pub dims: Vec<usize>,
    /// The elements in row-major order.
    pub values: Values<'a>,
}

/// The elements, by type. Bytes are borrowed from the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Values<'a> {
    /// Type 0x08: images and labels.
    U8(&'a [u8]),
    /// Type 0x09.
    I8(Vec<i8>),
    /// Type 0x0B.
    I16(Vec<i16>),
    /// Type 0x0C.
    I32(Vec<i32>),
    /// Type 0x0D.
    F32(Vec<f32>),
    /// Type 0x0E.
    F64(Vec<f64>),
}

/// The type of the elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 0x08.
    U8,
    /// 0x09.
    I8,
    /// 0x0B.
    I16,
    /// 0x0C.
    I32,
    /// 0x0D.
    F32,
    /// 0x0E.
    F64,
}

/// What stands before the elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The length of each axis, outermost first.
    pub dims: Vec<usize>,
    /// The type of the elements.
    pub kind: Kind,
    /// Where in the file the elements begin; from there on it has exactly as many as the axes say.
    pub data: usize,
}

impl Header {
    /// How many elements there are.
    pub fn elements(&self) -> usize {
        self.dims.iter().product()
    }
}

/// Reads a whole file.
///
/// # Errors
/// When the first four bytes are not those of IDX, the length is not exactly what the header promises, or there is no memory.
pub fn parse(bytes: &[u8]) -> Result<Array<'_>> {
    let Header { dims, kind, data } = header(bytes)?;
    let data = &bytes[data..];
    let values = match kind {
        Kind::U8 => Values::U8(data),
        Kind::I8 => Values::I8(big_endian(data, i8::from_be_bytes)?),
        Kind::I16 => Values::I16(big_endian(data, i16::from_be_bytes)?),
        Kind::I32 => Values::I32(big_endian(data, i32::from_be_bytes)?),
        Kind::F32 => Values::F32(big_endian(data, f32::from_be_bytes)?),
        Kind::F64 => Values::F64(big_endian(data, f64::from_be_bytes)?),
    };
    Ok(Array { dims, values })
}

/// Looks at a whole file without reading its elements.
///
/// # Errors
/// When the first four bytes are not those of IDX, or the length is not exactly what the header promises.
pub fn header(bytes: &[u8]) -> Result<Header> {
    let not_idx = |reason: String| Error::NotThisFormat { format: FORMAT, reason };
    let Some((&[zero, zero_too, code, axes], rest)) = bytes.split_first_chunk::<4>() else {
        return Err(not_idx(format!("it has {} bytes", bytes.len())));
    };
    if (zero, zero_too) == (0x1f, 0x8b) {
        return Err(not_idx("it is compressed with gzip; unpack it first".to_owned()));
    }
    if (zero, zero_too) != (0, 0) {
        return Err(not_idx(format!("it starts with {zero:02x} {zero_too:02x}, not 00 00")));
    }
    let (kind, width) = element(code).ok_or_else(|| not_idx(format!("{code:#04x} is no element type")))?;
    let axes = usize::from(axes);
    if axes > MOST_AXES {
        return Err(not_idx(format!("it has {axes} axes; at most {MOST_AXES} are read")));
    }
    let Some((header, data)) = rest.split_at_checked(4 * axes) else {
        return Err(Error::Size {
            format: FORMAT,
            promised: format!("{axes} axes"),
            held: format!("{} bytes of their lengths", rest.len()),
        });
    };
    let dims: Vec<usize> = big_endian(header, |word| u32::from_be_bytes(word) as usize)?;
    let size = dims.iter().try_fold(width, |size, &dim| size.checked_mul(dim));
    if size != Some(data.len()) {
        let shape = dims.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
        return Err(Error::Size {
            format: FORMAT,
            promised: format!("{shape} elements of {width} bytes"),
            held: format!("{} bytes of them", data.len()),
        });
    }
    Ok(Header { dims, kind, data: bytes.len() - data.len() })
}

/// Writes bytes as an IDX file of unsigned bytes.
///
/// # Errors
/// When the axes do not multiply to the number of bytes, are too many, or are too long for 32 bits.
pub fn encode_u8(dims: &[usize], values: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = written_header(0x08, dims, values.len())?;
    bytes.extend(values);
    Ok(bytes)
}

/// Writes numbers as an IDX file of signed 16-bit integers.
///
/// # Errors
/// As [`encode_u8`].
pub fn encode_i16(dims: &[usize], values: &[i16]) -> Result<Vec<u8>> {
    let mut bytes = written_header(0x0b, dims, values.len())?;
    bytes.extend(values.iter().flat_map(|value| value.to_be_bytes()));
    Ok(bytes)
}

fn written_header(code: u8, dims: &[usize], elements: usize) -> Result<Vec<u8>> {
    let unwritable = |reason: String| Error::Unwritable { format: FORMAT, reason };
    if dims.len() > MOST_AXES {
        return Err(unwritable(format!("{} axes are more than {MOST_AXES}", dims.len())));
    }
    let size = dims.iter().try_fold(1usize, |size, &dim| size.checked_mul(dim));
    if size != Some(elements) {
        return Err(unwritable(format!("{elements} values do not fill the axes {dims:?}")));
    }
    let mut bytes = vec![0, 0, code, dims.len() as u8];
    for &dim in dims {
        let length = u32::try_from(dim).map_err(|_| unwritable(format!("an axis of {dim} is too long")))?;
        bytes.extend(length.to_be_bytes());
    }
    Ok(bytes)
}

fn element(code: u8) -> Option<(Kind, usize)> {
    Some(match code {
        0x08 => (Kind::U8, 1),
        0x09 => (Kind::I8, 1),
        0x0b => (Kind::I16, 2),
        0x0c => (Kind::I32, 4),
        0x0d => (Kind::F32, 4),
        0x0e => (Kind::F64, 8),
        _ => return None,
    })
}

/// Decodes words of `N` bytes; the caller has made sure that they divide `bytes`. Errors: there is no room for them.
fn big_endian<const N: usize, T>(bytes: &[u8], decode: fn([u8; N]) -> T) -> Result<Vec<T>> {
    let words = bytes.chunks_exact(N);
    let mut values = Vec::new();
    let size = words.len().saturating_mul(size_of::<T>());
    values.try_reserve_exact(words.len()).map_err(|_| Error::OutOfMemory { bytes: size })?;
    values.extend(words.map(|word| decode(word.try_into().expect("chunks_exact gives N bytes"))));
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_type() {
        let file = |code: u8, data: &[u8]| [&[0, 0, code, 1, 0, 0, 0, 2], data].concat();
        let cases = [
            (file(0x08, &[1, 255]), Values::U8(&[1, 255])),
            (file(0x09, &[1, 255]), Values::I8(vec![1, -1])),
            (file(0x0b, &[1, 0, 255, 254]), Values::I16(vec![256, -2])),
            (file(0x0c, &[0, 0, 0, 7, 255, 255, 255, 255]), Values::I32(vec![7, -1])),
            (file(0x0d, &[0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]), Values::F32(vec![1.0, -2.0])),
            (file(0x0e, &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0]), Values::F64(vec![1.0, -2.0])),
        ];
        for (bytes, values) in &cases {
            assert_eq!(parse(bytes), Ok(Array { dims: vec![2], values: values.clone() }));
        }
    }

    #[test]
    fn a_header_says_where_the_elements_are() {
        let file = [&[0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2][..], &[1, 0, 255, 254]].concat();
        let expected = Header { dims: vec![1, 2], kind: Kind::I16, data: 12 };
        assert_eq!(header(&file), Ok(expected.clone()));
        assert_eq!(expected.elements(), 2);
        assert!(header(&file[..15]).is_err());
    }

    #[test]
    fn no_axes_is_one_element_and_a_zero_axis_is_none() {
        assert_eq!(parse(&[0, 0, 8, 0, 5]).unwrap().values, Values::U8(&[5]));
        let empty = parse(&[0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 28]).unwrap();
        assert_eq!((empty.dims, empty.values), (vec![0, 28], Values::U8(&[])));
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        assert_eq!(message(&[0, 0]), "this is no IDX file: it has 2 bytes");
        assert_eq!(message(&[0x1f, 0x8b, 8, 0, 0]), "this is no IDX file: it is compressed with gzip; unpack it first");
        assert_eq!(message(b"PK\x03\x04"), "this is no IDX file: it starts with 50 4b, not 00 00");
        assert_eq!(message(&[0, 0, 7, 1]), "this is no IDX file: 0x07 is no element type");
        assert_eq!(message(&[0, 0, 8, 9]), "this is no IDX file: it has 9 axes; at most 8 are read");
        assert_eq!(message(&[0, 0, 8, 3, 0, 0, 0]), "this IDX file promises 3 axes but holds 3 bytes of their lengths");
        assert_eq!(
            message(&[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5]),
            "this IDX file promises 2 x 3 elements of 1 bytes but holds 5 bytes of them"
        );
    }

    #[test]
    fn a_header_that_promises_everything_allocates_nothing() {
        let mut bytes = vec![0, 0, 0x0e, 8];
        bytes.extend([0xff; 32]);
        assert!(matches!(parse(&bytes), Err(Error::Size { .. })));
    }

    #[test]
    fn only_what_can_be_read_is_written() {
        assert!(encode_u8(&[2, 2], &[1, 2, 3]).is_err());
        assert!(encode_u8(&[1; 9], &[1]).is_err());
        assert!(encode_u8(&[usize::MAX, 2], &[]).is_err());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(dims in proptest::collection::vec(0usize..5, 0..5), seed: u8) {
            let values: Vec<u8> = (0..dims.iter().product()).map(|i: usize| i as u8 ^ seed).collect();
            let bytes = encode_u8(&dims, &values).unwrap();
            prop_assert_eq!(parse(&bytes), Ok(Array { dims: dims.clone(), values: Values::U8(&values) }));
            let wide: Vec<i16> = values.iter().map(|&value| i16::from(value) * 128 - 16384).collect();
            let bytes = encode_i16(&dims, &wide).unwrap();
            prop_assert_eq!(parse(&bytes), Ok(Array { dims, values: Values::I16(wide) }));
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..64), real: bool) {
            if real && bytes.len() > 4 {
                bytes[..2].fill(0);
                bytes[2] = 8 + bytes[2] % 7;
                bytes[3] %= 4;
            }
            let _ = parse(&bytes);
        }

        #[test]
        fn a_truncated_file_is_refused(cut in 0usize..20) {
            let bytes = encode_u8(&[2, 3, 2], &[7; 12]).unwrap();
            prop_assert!(parse(&bytes[..bytes.len() - 1 - cut]).is_err());
        }
    }
}
