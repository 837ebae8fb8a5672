//! Images as what is left when each pixel is guessed from its neighbours: mostly small numbers, which gzip then packs well.
//! This is how the photographs that come with the page are stored. A program that reads them needs no image decoder, and gets
//! the same bytes in a browser, in a worker and in Node.
//!
//! The guess is the median edge detector of LOCO-I; a channel after the first is guessed as a difference from the channel
//! before it. With `near` = 0 nothing is lost; otherwise residuals are rounded to multiples of 2 `near` + 1 in a closed loop, so
//! no byte is off by more than `near`. Source: Weinberger, Seroussi, Sapiro: The LOCO-I lossless image compression
//! algorithm (2000), sections III.A and VI; entropy coding is left to gzip.
//!
//! A file is `GBR1`, a byte `near`, the lengths of the axes \[N, C, H, W\] as big-endian `u32`, and a byte for each element.

use crate::{Error, Result};

const FORMAT: &str = "residual image";
/// What such a file begins with.
pub const MAGIC: &[u8; 4] = b"GBR1";
const HEADER: usize = 21;
/// The greatest `near`: residuals must fit a signed byte at any step.
const MOST_NEAR: u8 = 63;

/// Images \[N, C, H, W\] as unsigned bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Images, channels, height, width.
    pub dims: [usize; 4],
    /// The elements in row-major order.
    pub values: Vec<u8>,
}

/// Reads a whole file.
///
/// # Errors
/// When it is no such file, or its length is not exactly what the header promises. Memory is taken in proportion to the file.
pub fn decode(bytes: &[u8]) -> Result<Images> {
    let not_this = |reason: String| Error::NotThisFormat { format: FORMAT, reason };
    let Some((header, residuals)) = bytes.split_at_checked(HEADER) else {
        return Err(not_this(format!("it has {} bytes", bytes.len())));
    };
    if header[..4] != *MAGIC {
        return Err(not_this("it does not start with GBR1".to_owned()));
    }
    let near = header[4];
    if near > MOST_NEAR {
        return Err(not_this(format!("it may be off by {near}; at most {MOST_NEAR} is read")));
    }
    let dim = |axis: usize| {
        let word = header[5 + 4 * axis..9 + 4 * axis].try_into().expect("four bytes of the header");
        u32::from_be_bytes(word) as usize
    };
    let dims = [dim(0), dim(1), dim(2), dim(3)];
    if elements(&dims) != Some(residuals.len()) {
        return Err(Error::Size {
            format: FORMAT,
            promised: format!("{} x {} x {} x {} bytes", dims[0], dims[1], dims[2], dims[3]),
            held: format!("{} bytes of them", residuals.len()),
        });
    }
    let mut values = vec![0; residuals.len()];
    walk(dims, &mut values, |at, guess| restore(guess, residuals[at] as i8, near));
    Ok(Images { dims, values })
}

/// Writes images so that no byte of what is read again is off by more than `near`, 0 to 63.
///
/// # Errors
/// When the axes do not multiply to the number of bytes, or are too long for 32 bits; when `near` is too large.
pub fn encode(dims: [usize; 4], values: &[u8], near: u8) -> Result<Vec<u8>> {
    let unwritable = |reason: String| Error::Unwritable { format: FORMAT, reason };
    if elements(&dims) != Some(values.len()) {
        return Err(unwritable(format!("{} values do not fill the axes {dims:?}", values.len())));
    }
    if near > MOST_NEAR {
        return Err(unwritable(format!("near is {near}; at most {MOST_NEAR} is possible")));
    }
    let mut bytes = [MAGIC.as_slice(), &[near]].concat();
    for dim in dims {
        let length = u32::try_from(dim).map_err(|_| unwritable(format!("an axis of {dim} is too long")))?;
        bytes.extend(length.to_be_bytes());
    }
    let mut read_again = vec![0; values.len()];
    let mut residuals = vec![0; values.len()];
    walk(dims, &mut read_again, |at, guess| {
        let residual = round(values[at], guess, near);
        residuals[at] = residual as u8;
        restore(guess, residual, near)
    });
    bytes.extend(residuals);
    Ok(bytes)
}

fn elements(dims: &[usize; 4]) -> Option<usize> {
    dims.iter().try_fold(1usize, |size, &dim| size.checked_mul(dim))
}

/// Fills `known` in order: `next` gets the place of a byte and the guess from those before it.
fn walk([n, c, h, w]: [usize; 4], known: &mut [u8], mut next: impl FnMut(usize, u8) -> u8) {
    if known.is_empty() {
        // The axes may multiply to more than fits, but for one of 0.
        return;
    }
    let plane = h * w;
    for image in 0..n * c {
        let start = image * plane;
        let is_first = image.checked_rem(c) == Some(0);
        for place in 0..plane {
            let (y, x) = (place / w, place % w);
            let at = start + place;
            // A channel after the first is told as its difference from the one before.
            let under = |at: usize| if is_first { 0 } else { i16::from(known[at - plane]) };
            let difference = |at: usize| i16::from(known[at]) - under(at);
            let guess = match (y, x) {
                (0, 0) if is_first => 128,
                (0, 0) => 0,
                (0, _) => difference(at - 1),
                (_, 0) => difference(at - w),
                _ => median_edge(difference(at - 1), difference(at - w), difference(at - w - 1)),
            };
            let guess = (guess + under(at)).clamp(0, 255) as u8;
            known[at] = next(at, guess);
        }
    }
}

/// Left or above where an edge runs beside the pixel, else the plane through the three.
fn median_edge(left: i16, above: i16, corner: i16) -> i16 {
    let (low, high) = (left.min(above), left.max(above));
    (left + above - corner).clamp(low, high)
}

fn round(value: u8, guess: u8, near: u8) -> i8 {
    if near == 0 {
        return value.wrapping_sub(guess) as i8;
    }
    let (error, near) = (i16::from(value) - i16::from(guess), i16::from(near));
    ((error + error.signum() * near) / (2 * near + 1)) as i8
}

fn restore(guess: u8, residual: i8, near: u8) -> u8 {
    if near == 0 {
        return guess.wrapping_add(residual as u8);
    }
    (i16::from(guess) + i16::from(residual) * (2 * i16::from(near) + 1)).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slope_leaves_nothing() {
        // By hand: the first byte is 10 below 128, the first row goes by 1, and what is below it is as above.
        let slope: Vec<u8> = (0..3).flat_map(|_| (0..4).map(|x| 118 + x)).collect();
        let bytes = encode([1, 1, 3, 4], &slope, 0).unwrap();
        assert_eq!(bytes[HEADER..], [246, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(decode(&bytes).unwrap().values, slope);
    }

    #[test]
    fn a_grey_image_in_three_channels_is_told_once() {
        let grey: Vec<u8> = (0..9).map(|i| 100 + i * i).collect();
        let bytes = encode([1, 3, 3, 3], &grey.repeat(3), 0).unwrap();
        assert_eq!(bytes[HEADER + 9..], [0; 18]);
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        assert_eq!(message(b"GBR1"), "this is no residual image file: it has 4 bytes");
        assert_eq!(message(&[0; 30]), "this is no residual image file: it does not start with GBR1");
        let mut bytes = encode([1, 1, 2, 3], &[7; 6], 2).unwrap();
        bytes.pop();
        assert_eq!(message(&bytes), "this residual image file promises 1 x 1 x 2 x 3 bytes but holds 5 bytes of them");
        bytes[4] = 64;
        assert_eq!(message(&bytes), "this is no residual image file: it may be off by 64; at most 63 is read");
        assert!(encode([1, 1, 2, 3], &[0; 5], 0).is_err());
        assert!(encode([1, 1, 1, 1], &[0], 64).is_err());
    }

    #[test]
    fn a_header_that_promises_everything_allocates_nothing() {
        let mut bytes = encode([0, 0, 0, 0], &[], 0).unwrap();
        assert!(decode(&bytes).unwrap().values.is_empty());
        let mut with = |dims: [u32; 4]| {
            let header = dims.map(u32::to_be_bytes);
            bytes[5..].copy_from_slice(header.as_flattened());
            decode(&bytes)
        };
        assert!(matches!(with([u32::MAX; 4]), Err(Error::Size { .. })));
        // As many bytes as are there: none; a walk over the other axes would not end.
        for dims in [[u32::MAX, u32::MAX, 0, 0], [0, 1, u32::MAX, u32::MAX], [0, u32::MAX, 1, u32::MAX]] {
            assert!(!matches!(with(dims), Ok(images) if !images.values.is_empty()), "{dims:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_off_by_more_than_was_allowed(
            dims in (0usize..3, 1usize..4, 1usize..6, 1usize..6),
            near in 0u8..64,
            bytes in proptest::collection::vec(any::<u8>(), 300),
        ) {
            let dims = [dims.0, dims.1, dims.2, dims.3];
            let values = &bytes[..dims.iter().product()];
            let images = decode(&encode(dims, values, near).unwrap()).unwrap();
            prop_assert_eq!(images.dims, dims);
            for (&was, &is) in values.iter().zip(&images.values) {
                prop_assert!(was.abs_diff(is) <= near, "{} became {}", was, is);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..64), real: bool) {
            if real && bytes.len() > HEADER {
                bytes[..4].copy_from_slice(MAGIC);
                for axis in 0..4 {
                    bytes[5 + 4 * axis..8 + 4 * axis].fill(0);
                    bytes[8 + 4 * axis] %= 4;
                }
            }
            let _ = decode(&bytes);
        }
    }
}
