//! NPY, one array of NumPy's: a magic word, a version, a header that is a Python dictionary written out, then the elements.
//! Objects of Python's, which are programs in disguise, are refused.
//!
//! Source: `numpy.lib.format`, versions 1.0 to 3.0.

use crate::array::{Kind, Raw, room};
use crate::{Error, Result};

const FORMAT: &str = "NPY";
/// What such a file begins with.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy itself refuses longer headers.
const LONGEST_HEADER: usize = 10_000;
const MOST_AXES: usize = 32;

/// Reads a whole file.
///
/// # Errors
/// When it is no such file, holds no numbers, or is not exactly as long as its header says.
pub fn parse(bytes: &[u8]) -> Result<Raw<'_>> {
    let not_npy = |reason: &str| Error::NotThisFormat { format: FORMAT, reason: reason.to_owned() };
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err(not_npy("it does not start with \\x93NUMPY"));
    };
    let cut = || not_npy("it ends within its header");
    let (&[major, _], rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = match major {
        1 => {
            let (&length, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
            (u16::from_le_bytes(length) as usize, rest)
        }
        2 | 3 => {
            let (&length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            (u32::from_le_bytes(length) as usize, rest)
        }
        _ => return Err(not_npy(&format!("its version is {major}; 1 to 3 are read"))),
    };
    if length > LONGEST_HEADER {
        return Err(not_npy(&format!("its header has {length} bytes; at most {LONGEST_HEADER} are read")));
    }
    let (header, data) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = str::from_utf8(header).map_err(|_| not_npy("its header is no text"))?;
    let Header { kind, swapped, by_columns, dims } = Header::parse(header)?;
    let promised = || Error::Size {
        format: FORMAT,
        promised: format!("{dims:?} elements of {} bytes", kind.width()),
        held: format!("{} bytes of them", data.len()),
    };
    if !swapped && !by_columns {
        return Raw::new(kind, dims.clone(), data).ok_or_else(promised);
    }
    if Raw::new(kind, dims.clone(), data).is_none() {
        return Err(promised());
    }
    let mut bytes = room(data.len())?;
    bytes.extend_from_slice(data);
    if swapped {
        bytes.chunks_exact_mut(kind.width()).for_each(<[u8]>::reverse);
    }
    if by_columns {
        bytes = by_rows(&bytes, &dims, kind.width())?;
    }
    Raw::new(kind, dims.clone(), bytes).ok_or_else(promised)
}

/// Writes an array as a file, of version 1.0.
///
/// # Errors
/// When NumPy has no such element type, or the array has too many axes; when there is no memory.
pub fn encode(array: &Raw) -> Result<Vec<u8>> {
    let unwritable = |reason: String| Error::Unwritable { format: FORMAT, reason };
    let descr = descr(array.kind()).ok_or_else(|| unwritable("NumPy has no bfloat16".to_owned()))?;
    if array.dims().len() > MOST_AXES {
        return Err(unwritable(format!("{} axes are more than {MOST_AXES}", array.dims().len())));
    }
    let dims: String = array.dims().iter().map(|dim| format!("{dim}, ")).collect();
    let shape = if array.dims().len() == 1 { dims.trim_end() } else { dims.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    // Elements begin at a multiple of 64 bytes.
    let start = (MAGIC.len() + 4 + header.len() + 1).next_multiple_of(64);
    header.extend(std::iter::repeat_n(' ', start - MAGIC.len() - 4 - header.len() - 1));
    header.push('\n');
    let mut bytes = room(start + array.bytes().len())?;
    bytes.extend_from_slice(MAGIC);
    bytes.extend([1, 0]);
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(array.bytes());
    Ok(bytes)
}

fn descr(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Bool => "|b1",
        Kind::U8 => "|u1",
        Kind::I8 => "|i1",
        Kind::U16 => "<u2",
        Kind::I16 => "<i2",
        Kind::U32 => "<u4",
        Kind::I32 => "<i4",
        Kind::U64 => "<u8",
        Kind::I64 => "<i8",
        Kind::F16 => "<f2",
        Kind::F32 => "<f4",
        Kind::F64 => "<f8",
        Kind::Bf16 => return None,
    })
}

struct Header {
    kind: Kind,
    /// The most significant byte comes first.
    swapped: bool,
    /// The first axis varies fastest.
    by_columns: bool,
    dims: Vec<usize>,
}

impl Header {
    /// Of a dictionary such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, its keys in any order.
    fn parse(text: &str) -> Result<Self> {
        let bad = |reason: String| Error::NotThisFormat { format: FORMAT, reason };
        let odd = || bad(format!("its header is {:?}", text.trim_end().chars().take(200).collect::<String>()));
        let (mut kind, mut by_columns, mut dims) = (None, None, None);
        let mut rest = text.trim().strip_prefix('{').ok_or_else(odd)?;
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            if rest == "}" {
                break;
            }
            let (key, after) = quoted(rest).ok_or_else(odd)?;
            let value = after.trim_start().strip_prefix(':').ok_or_else(odd)?.trim_start();
            rest = match key {
                "descr" => {
                    if value.starts_with('[') {
                        return Err(bad(
                            "its elements are records of several fields; save each field by itself".to_owned()
                        ));
                    }
                    let (descr, after) = quoted(value).ok_or_else(odd)?;
                    kind = Some(element(descr)?);
                    after
                }
                "fortran_order" => {
                    let word = if value.starts_with("True") { "True" } else { "False" };
                    by_columns = Some(word == "True");
                    value.strip_prefix(word).ok_or_else(odd)?
                }
                "shape" => {
                    let (inside, after) = value.strip_prefix('(').and_then(|v| v.split_once(')')).ok_or_else(odd)?;
                    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
                    // Old versions of Python wrote 3L.
                    let sizes = sizes.map(|size| size.trim_end_matches('L').parse::<usize>());
                    dims = Some(sizes.collect::<Result<Vec<_>, _>>().map_err(|_| odd())?);
                    after
                }
                _ => return Err(odd()),
            };
        }
        let (Some((kind, swapped)), Some(by_columns), Some(dims)) = (kind, by_columns, dims) else { return Err(odd()) };
        if dims.len() > MOST_AXES {
            return Err(bad(format!("it has {} axes; at most {MOST_AXES} are read", dims.len())));
        }
        Ok(Self { kind, swapped, by_columns, dims })
    }
}

/// What stands in quotes at the start, and what comes after.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    text[1..].split_once(quote)
}

/// The element type of a NumPy code such as `<f4`, and whether its bytes are the other way round.
fn element(code: &str) -> Result<(Kind, bool)> {
    let bad = |reason: String| Error::NotThisFormat { format: FORMAT, reason };
    let (swapped, name) = match code.split_at_checked(1) {
        Some(("<" | "|" | "=", name)) => (false, name),
        Some((">", name)) => (true, name),
        _ => (false, code),
    };
    let kind = match name {
        "b1" | "?" => Kind::Bool,
        "u1" => Kind::U8,
        "i1" => Kind::I8,
        "u2" => Kind::U16,
        "i2" => Kind::I16,
        "u4" => Kind::U32,
        "i4" => Kind::I32,
        "u8" => Kind::U64,
        "i8" => Kind::I64,
        "f2" => Kind::F16,
        "f4" => Kind::F32,
        "f8" => Kind::F64,
        _ if name.starts_with('O') => {
            return Err(bad(
                "it holds Python objects, which are programs and not numbers; save an array of numbers".to_owned()
            ));
        }
        _ if name.starts_with(['U', 'S']) => return Err(bad("it holds text; only numbers are read".to_owned())),
        _ => {
            return Err(bad(format!("its elements are of type {code:?}; whole numbers, floats and booleans are read")));
        }
    };
    Ok((kind, swapped && kind.width() > 1))
}

/// Elements whose first axis varies fastest, in row-major order.
fn by_rows(bytes: &[u8], dims: &[usize], width: usize) -> Result<Vec<u8>> {
    let mut rows = room(bytes.len())?;
    let mut steps = Vec::with_capacity(dims.len());
    let mut step = width;
    for &dim in dims {
        steps.push(step);
        // The sizes multiply to the number of bytes, or one of them is 0 and nothing is walked.
        step = step.saturating_mul(dim);
    }
    let mut index = vec![0; dims.len()];
    let mut at = 0;
    for _ in 0..bytes.len() / width {
        rows.extend_from_slice(&bytes[at..at + width]);
        for axis in (0..dims.len()).rev() {
            index[axis] += 1;
            at += steps[axis];
            if index[axis] < dims[axis] {
                break;
            }
            at -= steps[axis] * dims[axis];
            index[axis] = 0;
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Values;
    use proptest::prelude::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [MAGIC, &[1, 0][..], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn reads_what_numpy_writes() {
        let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }    \n";
        let raw = file(header, &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]);
        let array = parse(&raw).unwrap();
        assert_eq!((array.dims(), array.values().unwrap()), (&[2, 3][..], Values::I32(vec![1, 2, 3, 4, 5, 6])));
        // np.asfortranarray: columns one after the other, and here the most significant byte first.
        let header = "{\"shape\": (2, 3), 'fortran_order': True, 'descr': '>i2'}\n";
        let raw = file(header, &[0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6]);
        assert_eq!(parse(&raw).unwrap().values().unwrap(), Values::I32(vec![1, 2, 3, 4, 5, 6]));
        let scalar = file("{'descr': '|b1', 'fortran_order': False, 'shape': (), }\n", &[1]);
        assert_eq!(parse(&scalar).unwrap().values().unwrap(), Values::Bool(vec![true]));
    }

    #[test]
    fn the_header_is_numpys_own_to_the_byte() {
        // np.save of np.zeros(3, 'f4') by NumPy 2: 128 bytes, then the elements.
        let bytes = encode(&Raw::new(Kind::F32, vec![3], vec![0; 12]).unwrap()).unwrap();
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
        assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
        assert_eq!(bytes[10..10 + header.len()], *header.as_bytes());
        assert_eq!((bytes[127], bytes.len()), (b'\n', 140));
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        let header = |descr: &str, shape: &str| {
            file(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"), &[0; 8])
        };
        assert_eq!(message(b"NUMPY"), "this is no NPY file: it does not start with \\x93NUMPY");
        assert_eq!(message(b"\x93NUMPY\x01\x00\xff"), "this is no NPY file: it ends within its header");
        assert_eq!(message(b"\x93NUMPY\x04\x00\xff\xff"), "this is no NPY file: its version is 4; 1 to 3 are read");
        assert_eq!(
            message(b"\x93NUMPY\x02\x00\xff\xff\xff\xff"),
            "this is no NPY file: its header has 4294967295 bytes; at most 10000 are read"
        );
        assert_eq!(
            message(&header("'|O'", "(1,)")),
            "this is no NPY file: it holds Python objects, which are programs and not numbers; save an array of numbers"
        );
        assert_eq!(message(&header("'<U5'", "(1,)")), "this is no NPY file: it holds text; only numbers are read");
        assert!(message(&header("[('x', '<f4'), ('y', '<f4')]", "(1,)")).contains("records of several fields"));
        assert!(message(&header("'<c8'", "(1,)")).contains("of type \"<c8\""));
        assert_eq!(
            message(&header("'<f4'", "(3,)")),
            "this NPY file promises [3] elements of 4 bytes but holds 8 bytes of them"
        );
        assert!(message(&header("'<f4'", "(-1,)")).contains("its header is"));
        assert!(message(&header("'<f4'", "(99999999999999999999,)")).contains("its header is"));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(dims in proptest::collection::vec(0usize..4, 0..5), seed: u32) {
            let size: usize = dims.iter().product();
            let values = Values::U32((0..size as u32).map(|i| i.wrapping_mul(seed)).collect());
            let bytes = encode(&Raw::of(dims.clone(), &values).unwrap().unwrap()).unwrap();
            prop_assert_eq!(bytes.len() % 4, 0);
            let array = parse(&bytes).unwrap();
            prop_assert_eq!(array.dims(), &dims);
            prop_assert_eq!(array.values().unwrap(), values);
            prop_assert!(parse(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn columns_become_rows(dims in proptest::collection::vec(1usize..4, 0..4)) {
            let size: usize = dims.iter().product();
            // The element at an index is the index's place in row-major order; here it is laid down column by column.
            let mut bytes = vec![0; size];
            for place in 0..size {
                let (mut left, mut at, mut step) = (place, 0, size);
                let index: Vec<usize> = dims.iter().rev().map(|dim| { let i = left % dim; left /= dim; i }).collect();
                for (i, dim) in index.iter().zip(dims.iter().rev()) {
                    step /= dim;
                    at += i * step;
                }
                bytes[at] = place as u8;
            }
            let text = dims.iter().map(|dim| format!("{dim},")).collect::<String>();
            let raw = file(&format!("{{'descr': '|u1', 'fortran_order': True, 'shape': ({text})}}"), &bytes);
            let expected: Vec<i32> = (0..size as i32).collect();
            prop_assert_eq!(parse(&raw).unwrap().values().unwrap(), Values::I32(expected));
        }
    }
}
