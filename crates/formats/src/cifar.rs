//! The binary version of CIFAR-10 and CIFAR-100: a record is one byte of label (CIFAR-100: a coarse one, then a fine one), then
//! 32 × 32 bytes of red, as many of green and of blue, row by row. There is no header: the length says which it is.
//!
//! Source: Krizhevsky, "The CIFAR-10 dataset", section "Binary version".

use crate::{Error, Result};

const FORMAT: &str = "CIFAR binary";
const PIXELS: usize = 3 * 32 * 32;

/// Images \[N, 3, 32, 32\] with a label each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// How many classes the labels are of: 10, or 100.
    pub classes: usize,
    /// A label for each image; the fine one of CIFAR-100.
    pub labels: Vec<u8>,
    /// The images' bytes, one image after the other.
    pub pixels: Vec<u8>,
}

/// Reads a whole file.
///
/// # Errors
/// When the length is not that of whole records of either kind, or a label is none of their classes.
pub fn parse(bytes: &[u8]) -> Result<Records> {
    let fits = |classes, before: usize| records(bytes, classes, before);
    if bytes.is_empty() {
        return Err(Error::NotThisFormat { format: FORMAT, reason: "it is empty".to_owned() });
    }
    // A length that fits both is told apart by the labels.
    match (bytes.len() % (1 + PIXELS), bytes.len() % (2 + PIXELS)) {
        (0, 0) => fits(10, 1).or_else(|_| fits(100, 2)),
        (0, _) => fits(10, 1),
        (_, 0) => fits(100, 2),
        _ => Err(Error::Size {
            format: FORMAT,
            promised: format!("whole records of {} or {} bytes", 1 + PIXELS, 2 + PIXELS),
            held: format!("{} bytes", bytes.len()),
        }),
    }
}

fn records(bytes: &[u8], classes: usize, before: usize) -> Result<Records> {
    let length = before + PIXELS;
    let count = bytes.len() / length;
    let (mut labels, mut pixels) = (Vec::with_capacity(count), Vec::with_capacity(count * PIXELS));
    for (number, record) in bytes.chunks_exact(length).enumerate() {
        let label = record[before - 1];
        if usize::from(label) >= classes {
            let reason = format!("record {number} has the label {label}; there are {classes} classes");
            return Err(Error::NotThisFormat { format: FORMAT, reason });
        }
        labels.push(label);
        pixels.extend(&record[before..]);
    }
    Ok(Records { classes, labels, pixels })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(labels: &[&[u8]]) -> Vec<u8> {
        let pixels = |n: usize| (0..PIXELS).map(move |i| (i + n) as u8);
        labels.iter().enumerate().flat_map(|(n, label)| label.iter().copied().chain(pixels(n))).collect()
    }

    #[test]
    fn one_label_is_of_ten_classes_and_the_second_of_two_of_a_hundred() {
        let ten = parse(&file(&[&[3], &[9]])).unwrap();
        assert_eq!((ten.classes, &ten.labels[..]), (10, &[3, 9][..]));
        assert_eq!(ten.pixels[..3], [0, 1, 2]);
        assert_eq!(ten.pixels[PIXELS..PIXELS + 3], [1, 2, 3]);
        let hundred = parse(&file(&[&[3, 99]])).unwrap();
        assert_eq!((hundred.classes, &hundred.labels[..], hundred.pixels.len()), (100, &[99][..], PIXELS));
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        assert_eq!(message(&[]), "this is no CIFAR binary file: it is empty");
        assert_eq!(
            message(&[0; 3072]),
            "this CIFAR binary file promises whole records of 3073 or 3074 bytes but holds 3072 bytes"
        );
        assert_eq!(
            message(&file(&[&[1], &[10]])),
            "this is no CIFAR binary file: record 1 has the label 10; there are 10 classes"
        );
    }
}
