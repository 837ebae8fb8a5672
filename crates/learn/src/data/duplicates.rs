//! Leakage: images that two sets share, as they are or nearly.
//!
//! Each image becomes a *fingerprint* of 8 × 8 means a channel, less its own mean and scaled to length 1: brightness and contrast count for nothing, nor does
//! noise. The similarity of two images is the product of their fingerprints, a correlation. That is far cheaper than pixels, and a pair that it finds
//! is compared pixel by pixel then, so that *equal* means what it says.

use crate::{Error, Result};

/// A pair of images that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Duplicate {
    /// Its place in the first set.
    pub first: usize,
    /// Its place in the second.
    pub second: usize,
    /// The correlation of the two fingerprints, up to 1.
    pub similarity: f64,
    /// Whether all pixels are equal.
    pub equal: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Duplicates {
    /// The pairs, the most similar first; as many as were asked for.
    pub pairs: Vec<Duplicate>,
    /// How many pairs there are in all.
    pub found: usize,
    /// How many of them are equal in all pixels.
    pub equal: usize,
    /// How many images of the second set have a partner in the first.
    pub images: usize,
}

/// All pairs of an image of `first` and one of `second` whose similarity is at least `least`, or that are equal; at most `most` are listed. Images of
/// `size` \[channels, height, width\], one after the other. An image without any contrast is similar to its equals only.
///
/// 5,000 against 5,000 images take about half a second: 25 million products of 64 numbers. Errors: sizes that do not fit, numbers that are not
/// finite.
pub fn duplicates(first: &[f32], second: &[f32], size: [usize; 3], least: f64, most: usize) -> Result<Duplicates> {
    let pixels = size.iter().product::<usize>();
    for (which, images) in [("first", first), ("second", second)] {
        if pixels == 0 || images.len() % pixels != 0 {
            let message =
                format!("the {which} set has {} numbers; images of {size:?} have {pixels} each", images.len());
            return Err(Error::argument("duplicates", message));
        }
        if let Some(at) = images.iter().position(|value| !value.is_finite()) {
            let message = format!("image {} of the {which} set has the pixel {}", at / pixels, images[at]);
            return Err(Error::argument("duplicates", message));
        }
    }
    if !(least > 0.0 && least <= 1.0) {
        return Err(Error::argument("duplicates", format!("similarity is {least}; it is above 0 and up to 1")));
    }
    let prints =
        |images: &[f32]| images.chunks_exact(pixels).flat_map(|image| fingerprint(image, size)).collect::<Vec<f32>>();
    let (ours, theirs, length) = (prints(first), prints(second), length(size));
    let mut found = Duplicates::default();
    let mut all = Vec::new();
    for (j, other) in theirs.chunks_exact(length).enumerate() {
        let image = &second[j * pixels..][..pixels];
        let before = all.len();
        let flat = other.iter().all(|&value| value == 0.0);
        for (i, one) in ours.chunks_exact(length).enumerate() {
            // Roundings of single precision are a few units of 1e-7.
            let similarity = f64::from(product(one, other)).min(1.0);
            if similarity + 1e-6 < least && !flat {
                continue;
            }
            let equal = similarity > 1.0 - 1e-5 || flat;
            let equal = equal && first[i * pixels..][..pixels] == *image;
            if equal || (!flat && similarity + 1e-6 >= least) {
                let similarity = if equal { 1.0 } else { similarity };
                all.push(Duplicate { first: i, second: j, similarity, equal });
                found.equal += usize::from(equal);
            }
        }
        found.images += usize::from(all.len() > before);
        // Millions of pairs would say no more than the best of them.
        found.found += all.len() - before;
        if all.len() > most.saturating_mul(2).max(1 << 16) {
            keep(&mut all, most);
        }
    }
    keep(&mut all, most);
    found.pairs = all;
    Ok(found)
}

fn keep(pairs: &mut Vec<Duplicate>, most: usize) {
    let rank = |pair: &Duplicate| (!pair.equal, -pair.similarity, pair.second, pair.first);
    pairs.sort_by(|a, b| rank(a).partial_cmp(&rank(b)).expect("similarities are finite"));
    pairs.truncate(most);
}

const SIDE: usize = 8;

fn length([channels, height, width]: [usize; 3]) -> usize {
    channels * height.min(SIDE) * width.min(SIDE)
}

/// Means of 8 × 8 areas, pixels counting with the share of them that lies inside; zeros for an image without contrast.
fn fingerprint(image: &[f32], [channels, height, width]: [usize; 3]) -> Vec<f32> {
    let (rows, columns) = (height.min(SIDE), width.min(SIDE));
    let (down, across) = (shares(height, rows), shares(width, columns));
    let mut print = vec![0f64; channels * rows * columns];
    for (channel, plane) in image.chunks_exact(height * width).enumerate() {
        for (y, line) in plane.chunks_exact(width).enumerate() {
            let mut sums = [0f64; SIDE];
            for (x, &value) in line.iter().enumerate() {
                across[x].iter().for_each(|&(column, share)| sums[column] += share * f64::from(value));
            }
            for &(row, share) in &down[y] {
                let at = (channel * rows + row) * columns;
                print[at..at + columns].iter_mut().zip(sums).for_each(|(area, sum)| *area += share * sum);
            }
        }
    }
    let mean = print.iter().sum::<f64>() / print.len() as f64;
    print.iter_mut().for_each(|value| *value -= mean);
    let norm = print.iter().map(|value| value * value).sum::<f64>().sqrt();
    // What is left of an even image is rounding.
    let scale = if norm > 1e-6 * (1.0 + mean.abs()) { 1.0 / norm } else { 0.0 };
    print.into_iter().map(|value| (value * scale) as f32).collect()
}

/// Of each pixel of a line, the areas that it lies in, with the shares of it.
fn shares(pixels: usize, areas: usize) -> Vec<Vec<(usize, f64)>> {
    let edge = |area: usize| area as f64 * pixels as f64 / areas as f64;
    let inside = |pixel: usize, area: usize| {
        (edge(area + 1).min(pixel as f64 + 1.0) - edge(area).max(pixel as f64)) / (edge(1) - edge(0))
    };
    let of = |pixel| (0..areas).map(|area| (area, inside(pixel, area))).filter(|area| area.1 > 1e-12).collect();
    (0..pixels).map(of).collect()
}

/// Eight sums at once, which compilers turn into lanes.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    let (a, rest_a) = a.as_chunks::<8>();
    let (b, rest_b) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::rng;

    /// Smooth images: a sum of a few waves.
    fn image(number: u32, side: usize) -> Vec<f32> {
        let word = |place| f64::from(rng::threefry2x32([number, 5], [place, 0])[0]) / 2f64.powi(32);
        (0..side * side)
            .map(|at| {
                let (x, y) = ((at % side) as f64, (at / side) as f64);
                let wave = |i: u32| (word(3 * i) * 0.6 * x + word(3 * i + 1) * 0.6 * y + 6.3 * word(3 * i + 2)).sin();
                (0.5 + 0.1 * (0..4).map(wave).sum::<f64>()) as f32
            })
            .collect()
    }

    #[test]
    fn finds_what_was_planted_and_nothing_else() {
        let side = 28;
        let first: Vec<f32> = (0..60).flat_map(|number| image(number, side)).collect();
        let mut second: Vec<f32> = (100..140).flat_map(|number| image(number, side)).collect();
        let mut put = |at: usize, image: Vec<f32>| second[at * side * side..][..side * side].copy_from_slice(&image);
        put(3, image(7, side));
        put(5, image(9, side).iter().map(|v| 0.6 * v + 0.3).collect());
        let noise = |at: usize| rng::threefry2x32([1, 1], [at as u32, 0])[0] as f32 / u32::MAX as f32 - 0.5;
        put(8, image(11, side).iter().enumerate().map(|(at, v)| v + 0.05 * noise(at)).collect());
        put(9, vec![0.5; side * side]);
        let found = duplicates(&first, &second, [1, side, side], 0.99, 10).unwrap();
        let pairs: Vec<_> = found.pairs.iter().map(|pair| (pair.first, pair.second, pair.equal)).collect();
        assert_eq!(pairs[0], (7, 3, true));
        let mut rest = pairs[1..].to_vec();
        rest.sort_unstable();
        assert_eq!(rest, [(9, 5, false), (11, 8, false)]);
        assert_eq!((found.found, found.equal, found.images), (3, 1, 3));
        // Even images: equal ones only.
        let even: Vec<f32> = [vec![0.5; 16], vec![0.25; 16]].concat();
        let found = duplicates(&even, &even, [1, 4, 4], 0.9, 10).unwrap();
        assert_eq!((found.found, found.equal), (2, 2));
        assert_eq!(duplicates(&even, &even, [1, 4, 4], 0.9, 1).unwrap().pairs.len(), 1);
        assert!(duplicates(&even, &even[1..], [1, 4, 4], 0.9, 1).is_err());
        assert!(duplicates(&[f32::NAN; 16], &even, [1, 4, 4], 0.9, 1).is_err());
    }
}
