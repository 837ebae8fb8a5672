//! Arrays as files of numbers hold them, whatever the file: an element type, sizes and bytes; and what becomes of them where
//! an element is one 32-bit word.

use crate::{Error, Result};
use half::{bf16, f16};
use std::borrow::Cow;

/// The type of a file's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it: letter for the kind of number, then bits")]
pub enum Kind {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    Bf16,
    F32,
    F64,
}

impl Kind {
    /// Bytes of an element.
    pub fn width(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// An array as it lies in a file, checked: as many bytes as type and sizes say.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw<'a> {
    kind: Kind,
    dims: Vec<usize>,
    bytes: Cow<'a, [u8]>,
}

/// The elements of an array, a word each.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers with a fraction. Those of 64 bits are rounded.
    F32(Vec<f32>),
    /// Whole numbers.
    I32(Vec<i32>),
    /// Whole numbers of a type without a sign and 32 bits.
    U32(Vec<u32>),
    /// True or false.
    Bool(Vec<bool>),
}

impl<'a> Raw<'a> {
    /// An array of little-endian elements in row-major order; none if sizes and bytes do not agree.
    pub fn new(kind: Kind, dims: Vec<usize>, bytes: impl Into<Cow<'a, [u8]>>) -> Option<Self> {
        let bytes = bytes.into();
        let size = dims.iter().try_fold(kind.width(), |size, &dim| size.checked_mul(dim));
        (size == Some(bytes.len())).then_some(Self { kind, dims, bytes })
    }

    /// The type of the elements.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The length of each axis, outermost first.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The elements, little-endian.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The elements as words. Numbers of more than 32 bits lose what does not fit: those with a fraction are rounded.
    ///
    /// # Errors
    /// A whole number needs more than 32 bits; there is no memory.
    pub fn values(&self) -> Result<Values> {
        let bytes = &self.bytes[..];
        Ok(match self.kind {
            Kind::Bool => Values::Bool(each(bytes, |[byte]| byte != 0)?),
            Kind::U8 => Values::I32(each(bytes, |[byte]| i32::from(byte))?),
            Kind::I8 => Values::I32(each(bytes, |byte| i32::from(i8::from_le_bytes(byte)))?),
            Kind::U16 => Values::I32(each(bytes, |word| i32::from(u16::from_le_bytes(word)))?),
            Kind::I16 => Values::I32(each(bytes, |word| i32::from(i16::from_le_bytes(word)))?),
            Kind::U32 => Values::U32(each(bytes, u32::from_le_bytes)?),
            Kind::I32 => Values::I32(each(bytes, i32::from_le_bytes)?),
            Kind::U64 => Values::I32(whole(bytes, u64::from_le_bytes)?),
            Kind::I64 => Values::I32(whole(bytes, i64::from_le_bytes)?),
            Kind::F16 => Values::F32(each(bytes, |word| f16::from_le_bytes(word).to_f32())?),
            Kind::Bf16 => Values::F32(each(bytes, |word| bf16::from_le_bytes(word).to_f32())?),
            Kind::F32 => Values::F32(each(bytes, f32::from_le_bytes)?),
            Kind::F64 => Values::F32(each(bytes, |word| f64::from_le_bytes(word) as f32)?),
        })
    }
}

impl Raw<'static> {
    /// An array of words, to be written; none if sizes and elements do not agree.
    ///
    /// # Errors
    /// There is no memory.
    pub fn of(dims: Vec<usize>, values: &Values) -> Result<Option<Self>> {
        let (kind, bytes) = match values {
            Values::F32(values) => (Kind::F32, joined(values, |value| value.to_le_bytes())?),
            Values::I32(values) => (Kind::I32, joined(values, |value| value.to_le_bytes())?),
            Values::U32(values) => (Kind::U32, joined(values, |value| value.to_le_bytes())?),
            Values::Bool(values) => (Kind::Bool, joined(values, |value| [u8::from(value)])?),
        };
        Ok(Self::new(kind, dims, bytes))
    }

    /// Numbers with a fraction as 16 bits, the nearest that there are; others as they are.
    ///
    /// # Errors
    /// There is no memory.
    pub fn halved(self) -> Result<Self> {
        if self.kind != Kind::F32 {
            return Ok(self);
        }
        let bytes = joined(&each(&self.bytes, f32::from_le_bytes)?, |value| f16::from_f32(value).to_le_bytes())?;
        Ok(Self { kind: Kind::F16, dims: self.dims, bytes: bytes.into() })
    }
}

impl Raw<'_> {
    /// Numbers with a fraction as whole ones of 8 bits, −127 to 127, with a scale for each place along the first axis: number and scale
    /// multiplied give the value to within half a scale. A place that is all 0 has the scale 1. None if there is no axis, or these are
    /// no single-precision numbers, all finite.
    ///
    /// # Errors
    /// There is no memory.
    pub fn quantised(&self) -> Result<Option<(Raw<'static>, Raw<'static>)>> {
        let (Kind::F32, Some(&places)) = (self.kind, self.dims.first()) else { return Ok(None) };
        let values = each(&self.bytes, f32::from_le_bytes)?;
        if places == 0 || values.iter().any(|value| !value.is_finite()) {
            return Ok(None);
        }
        let (mut whole, mut scales) = (room(values.len())?, room(places)?);
        for values in values.chunks(values.len().div_ceil(places).max(1)) {
            let greatest = values.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            // Numbers so small that their scale is 0 are 0.
            let scale = if greatest / 127.0 > 0.0 { greatest / 127.0 } else { 1.0 };
            whole.extend(values.iter().map(|value| (value / scale).round().clamp(-127.0, 127.0) as i8 as u8));
            scales.push(scale);
        }
        scales.resize(places, 1.0);
        let scales = Raw::of(vec![places], &Values::F32(scales))?;
        Ok(Raw::new(Kind::I8, self.dims.clone(), whole).zip(scales))
    }
}

/// An empty list with room for so many items.
pub(crate) fn room<T>(length: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    let refused = |_| Error::OutOfMemory { bytes: length.saturating_mul(size_of::<T>()) };
    list.try_reserve_exact(length).map_err(refused)?;
    Ok(list)
}

/// Elements of `N` bytes, which divide `bytes`.
fn each<const N: usize, T>(bytes: &[u8], decode: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
    let (words, _) = bytes.as_chunks::<N>();
    let mut values = room(words.len())?;
    values.extend(words.iter().map(|&word| decode(word)));
    Ok(values)
}

fn whole<T: TryInto<i32> + Copy + std::fmt::Display>(bytes: &[u8], decode: fn([u8; 8]) -> T) -> Result<Vec<i32>> {
    let mut values = room(bytes.len() / 8)?;
    for &word in bytes.as_chunks::<8>().0 {
        let value = decode(word);
        values.push(value.try_into().map_err(|_| Error::TooLarge { value: value.to_string() })?);
    }
    Ok(values)
}

fn joined<T: Copy, const N: usize>(values: &[T], encode: impl Fn(T) -> [u8; N]) -> Result<Vec<u8>> {
    let mut bytes = room(N * values.len())?;
    values.iter().for_each(|&value| bytes.extend(encode(value)));
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_becomes_words() {
        let values = |kind, bytes: &[u8]| Raw::new(kind, vec![bytes.len() / kind.width()], bytes).unwrap().values();
        let cases: [(Kind, &[u8], Values); 13] = [
            (Kind::Bool, &[0, 1, 2], Values::Bool(vec![false, true, true])),
            (Kind::U8, &[1, 255], Values::I32(vec![1, 255])),
            (Kind::I8, &[1, 255], Values::I32(vec![1, -1])),
            (Kind::U16, &[1, 255], Values::I32(vec![0xff01])),
            (Kind::I16, &[1, 255], Values::I32(vec![-255])),
            (Kind::U32, &[0, 0, 0, 128], Values::U32(vec![1 << 31])),
            (Kind::I32, &[0, 0, 0, 128], Values::I32(vec![i32::MIN])),
            (Kind::U64, &[7, 0, 0, 0, 0, 0, 0, 0], Values::I32(vec![7])),
            (Kind::I64, &[255; 8], Values::I32(vec![-1])),
            // Sign, 5 bits of exponent (15 more), 10 of fraction: 1.5, and −2.
            (Kind::F16, &[0x00, 0x3e, 0x00, 0xc0], Values::F32(vec![1.5, -2.0])),
            (Kind::Bf16, &[0xc0, 0x3f], Values::F32(vec![1.5])),
            (Kind::F32, &[0, 0, 0xc0, 0x3f], Values::F32(vec![1.5])),
            (Kind::F64, &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f], Values::F32(vec![1.5])),
        ];
        for (kind, bytes, expected) in cases {
            assert_eq!(values(kind, bytes), Ok(expected), "{kind:?}");
        }
        let message = values(Kind::I64, &[0, 0, 0, 0, 1, 0, 0, 0]).unwrap_err().to_string();
        assert_eq!(message, "the whole number 4294967296 does not fit 32 bits");
        assert!(values(Kind::U64, &[0, 0, 0, 128, 0, 0, 0, 0]).is_err());
    }

    #[test]
    fn sizes_and_bytes_must_agree() {
        assert!(Raw::new(Kind::F32, vec![2, 3], vec![0; 24]).is_some());
        assert!(Raw::new(Kind::F32, vec![2, 3], vec![0; 23]).is_none());
        assert!(Raw::new(Kind::F32, vec![usize::MAX, 2], vec![]).is_none());
        assert_eq!(Raw::of(vec![2], &Values::I32(vec![1])), Ok(None));
    }

    #[test]
    fn each_place_has_a_scale_of_its_own() {
        let values = vec![0.5, -127.0, 0.0, 0.0, 254.0, 3.0];
        let raw = Raw::of(vec![3, 2], &Values::F32(values)).unwrap().unwrap();
        let (whole, scales) = raw.quantised().unwrap().unwrap();
        assert_eq!(scales.values(), Ok(Values::F32(vec![1.0, 1.0, 2.0])));
        // Halves are rounded away from 0.
        assert_eq!(whole.values(), Ok(Values::I32(vec![1, -127, 0, 0, 127, 2])));
        let odd = Raw::of(vec![1, 2], &Values::F32(vec![f32::NAN, 1.0])).unwrap().unwrap();
        assert_eq!(odd.quantised(), Ok(None));
    }

    #[test]
    fn half_of_the_bits_keep_the_nearest_number() {
        let raw = Raw::of(vec![3], &Values::F32(vec![1.0, 1.0 + 1.0 / 4096.0, 65520.0])).unwrap().unwrap();
        // Eleven bits: the second is nearer to 1 than to 1 + 1/1024; the third is past the greatest.
        assert_eq!(raw.halved().unwrap().values(), Ok(Values::F32(vec![1.0, 1.0, f32::INFINITY])));
        let whole = Raw::of(vec![1], &Values::I32(vec![5])).unwrap().unwrap();
        assert_eq!(whole.clone().halved(), Ok(whole));
    }
}
