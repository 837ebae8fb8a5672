//! Leakage: images that two sets share, as they are or nearly.
//!
//! Each image becomes a *fingerprint*: means of 8 × 8 areas a channel, less their mean and scaled to length 1, so that brightness and
//! contrast count for nothing, nor does noise. The similarity of two images is the product of their fingerprints, a correlation. They are
//! written by the cosine transform, coarse waves first: what the first eight numbers of two images leave open bounds the similarity (Cauchy
//! and Schwarz), and nearly all pairs are done with. A pair that is found is compared pixel by pixel, so that *equal* means what it says.

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
/// Errors: sizes that do not fit, numbers that are not
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
    let (ours, theirs) = (Prints::of(first, size), Prints::of(second, size));
    let mut found = Duplicates::default();
    let mut all = Vec::new();
    let mut coarse = vec![0.0; ours.flat.len()];
    for (j, image) in second.chunks_exact(pixels).enumerate() {
        let before = all.len();
        ours.coarse(&theirs, j, &mut coarse);
        for (i, &coarse) in coarse.iter().enumerate() {
            // Images without contrast are like their equals only.
            let similarity = match (ours.flat[i], theirs.flat[j]) {
                (false, false) => ours.similarity(i, &theirs, j, coarse, least as f32 - SLACK),
                (true, true) => Some(1.0),
                _ => None,
            };
            let Some(similarity) = similarity else { continue };
            let equal = similarity > 1.0 - 10.0 * SLACK && first[i * pixels..][..pixels] == *image;
            if equal || !ours.flat[i] {
                let similarity = if equal { 1.0 } else { f64::from(similarity).min(1.0) };
                all.push(Duplicate { first: i, second: j, similarity, equal });
                found.equal += usize::from(equal);
            }
        }
        found.images += usize::from(all.len() > before);
        found.found += all.len() - before;
        // Millions of pairs would say no more than the best of them.
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
/// Of a similarity, what roundings of single precision make.
const SLACK: f32 = 1e-6;

/// Fingerprints, their first eight numbers apart from the others.
struct Prints {
    /// A list for each of the eight, so that lanes are images.
    coarse: [Vec<f32>; 8],
    /// The length of what the first eight leave.
    left: Vec<f32>,
    fine: Vec<f32>,
    /// How many numbers come after the first eight.
    more: usize,
    /// Whether the image has no contrast.
    flat: Vec<bool>,
}

impl Prints {
    fn of(images: &[f32], size: [usize; 3]) -> Self {
        let [channels, height, width] = size;
        let sides = [height.min(SIDE), width.min(SIDE)];
        let more = (channels * sides[0] * sides[1]).saturating_sub(8);
        let waves = sides.map(waves);
        let areas = [shares(height, sides[0]), shares(width, sides[1])];
        let mut made = Self { coarse: Default::default(), left: vec![], fine: vec![], more, flat: vec![] };
        for image in images.chunks_exact(channels * height * width) {
            let print = fingerprint(image, size, &areas, &waves);
            made.flat.push(print.iter().all(|&value| value == 0.0));
            let mut first = [0.0; 8];
            first.iter_mut().zip(&print).for_each(|(to, &value)| *to = value);
            made.left.push((1.0 - product(&first, &first)).max(0.0).sqrt());
            made.coarse.iter_mut().zip(first).for_each(|(list, value)| list.push(value));
            made.fine.extend(print.into_iter().skip(8));
        }
        made
    }

    /// Of each image, what the first eight numbers add to its similarity to another one.
    fn coarse(&self, other: &Self, j: usize, sums: &mut [f32]) {
        sums.fill(0.0);
        for (list, factors) in self.coarse.iter().zip(&other.coarse) {
            let factor = factors[j];
            sums.iter_mut().zip(list).for_each(|(sum, value)| *sum += factor * value);
        }
    }

    /// The similarity of two images, if it is at least that; `coarse` is known.
    fn similarity(&self, i: usize, other: &Self, j: usize, coarse: f32, least: f32) -> Option<f32> {
        if coarse + self.left[i] * other.left[j] < least {
            return None;
        }
        let fine = |prints: &Self, at: usize| at * prints.more..(at + 1) * prints.more;
        let similarity = coarse + product(&self.fine[fine(self, i)], &other.fine[fine(other, j)]);
        (similarity >= least).then_some(similarity)
    }
}

/// Means of areas as waves, coarse ones first; zeros for an image without contrast.
fn fingerprint(
    image: &[f32],
    [_, height, width]: [usize; 3],
    [down, across]: &[Areas; 2],
    [tall, wide]: &[Vec<Vec<f64>>; 2],
) -> Vec<f32> {
    let (rows, columns) = (tall.len(), wide.len());
    let mut print = Vec::new();
    for plane in image.chunks_exact(height * width) {
        let mut means = vec![0f64; rows * columns];
        for (line, areas) in plane.chunks_exact(width).zip(down) {
            let mut sums = [0f64; SIDE];
            for (&value, areas) in line.iter().zip(across) {
                areas.iter().for_each(|&(column, share)| sums[column] += share * f64::from(value));
            }
            for &(row, share) in areas {
                means[row * columns..][..columns].iter_mut().zip(sums).for_each(|(area, sum)| *area += share * sum);
            }
        }
        print.extend(means);
    }
    let mean = print.iter().sum::<f64>() / print.len() as f64;
    print.iter_mut().for_each(|value| *value -= mean);
    let norm = print.iter().map(|value| value * value).sum::<f64>().sqrt();
    // What is left of an even image is rounding.
    let scale = if norm > 1e-6 * (1.0 + mean.abs()) { 1.0 / norm } else { 0.0 };
    let mut found = Vec::with_capacity(print.len());
    for (channel, plane) in print.chunks_exact(rows * columns).enumerate() {
        for (u, down) in tall.iter().enumerate() {
            for (v, across) in wide.iter().enumerate() {
                let line = |row: &[f64]| row.iter().zip(across).map(|(x, c)| x * c).sum::<f64>();
                let value = plane.chunks_exact(columns).zip(down).map(|(row, c)| c * line(row)).sum::<f64>();
                found.push(((u + v, channel, u), (scale * value) as f32));
            }
        }
    }
    found.sort_by_key(|&(order, _)| order);
    found.into_iter().map(|(_, value)| value).collect()
}

/// The cosine transform of so many values, a row a wave, coarse ones first; it changes no length.
fn waves(n: usize) -> Vec<Vec<f64>> {
    let wave = |k: usize| {
        let scale = if k == 0 { 1.0 / n as f64 } else { 2.0 / n as f64 };
        let at = |x: usize| scale.sqrt() * (std::f64::consts::PI / n as f64 * (x as f64 + 0.5) * k as f64).cos();
        (0..n).map(at).collect()
    };
    (0..n).map(wave).collect()
}

/// Of each pixel of a line, the areas that it lies in, with the shares of them.
type Areas = Vec<Vec<(usize, f64)>>;

/// Of each pixel of a line, the areas that it lies in, with the shares of it.
fn shares(pixels: usize, areas: usize) -> Areas {
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
