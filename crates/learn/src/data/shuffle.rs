//! Random orders, the same everywhere for a seed.

use gradbook_core::rng;

/// A random order of 0 … n − 1 for an epoch of a run. Source: Fisher and Yates; bits from Threefry.
///
/// ```
/// let mut order = gradbook_learn::data::permutation(42, 0, 10);
/// assert_ne!(order, gradbook_learn::data::permutation(42, 1, 10));
/// order.sort();
/// assert_eq!(order, (0..10).collect::<Vec<i32>>());
/// ```
pub fn permutation(seed: u32, epoch: u32, n: usize) -> Vec<i32> {
    let mut order: Vec<i32> = (0..n as i32).collect();
    for i in (1..n).rev() {
        let [high, low] = rng::threefry2x32([seed, epoch], [i as u32, SHUFFLE]);
        let word = u64::from(high) << 32 | u64::from(low);
        // The word's place in 2^64, scaled to i + 1 places.
        let j = (u128::from(word) * (i as u128 + 1)) >> 64;
        order.swap(i, j as usize);
    }
    order
}

/// Keeps these draws apart from others of the same seed.
const SHUFFLE: u32 = 0x7368_7566;
