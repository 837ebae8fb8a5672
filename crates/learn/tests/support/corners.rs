//! A small data set that small networks learn.

use gradbook_core::Tensor;
use gradbook_learn::data::Dataset;

/// 8×8 images of noise with a bright corner, which is the class.
pub fn corners(samples: usize) -> Dataset {
    let noise = |i: usize| (i * 7919 % 1009) as f32 / 2018.0;
    let mut x: Vec<f32> = (0..samples * 64).map(noise).collect();
    let y: Vec<i32> = (0..samples).map(|i| (i % 4) as i32).collect();
    for (i, image) in x.chunks_mut(64).enumerate() {
        let (top, left) = (i % 4 / 2 * 5, i % 2 * 5);
        (0..9).for_each(|p| image[(top + p / 3) * 8 + left + p % 3] += 0.7);
    }
    Dataset::new("corners", Tensor::f32(&[samples, 1, 8, 8], &x).unwrap(), Tensor::i32(&[samples], &y).unwrap())
        .unwrap()
}
