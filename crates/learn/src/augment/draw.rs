//! Random numbers of a batch, one for each sample.

use crate::Result;
use gradbook_core::Tensor;

/// Draws from a key; each draw has a stream of its own.
pub struct Draw {
    key: Tensor,
    stream: u32,
    samples: usize,
}

impl Draw {
    /// For so many samples, from a key (u32 \[2\]).
    pub fn new(key: Tensor, samples: usize) -> Self {
        Self { key, stream: 0, samples }
    }

    /// low ≤ number < high, \[N\].
    pub fn uniform(&mut self, low: f32, high: f32) -> Result<Tensor> {
        let stream = self.next();
        Ok(Tensor::uniform(&self.key, stream, &[self.samples], low, high)?)
    }

    /// Whole numbers 0 … count − 1, i32 \[N\].
    pub fn below(&mut self, count: usize) -> Result<Tensor> {
        // The product may round up to the count itself.
        let scaled = self.uniform(0.0, count as f32)?.floor()?;
        Ok(scaled.minimum_scalar(count.saturating_sub(1) as f64)?.to_i32()?)
    }

    /// True with probability p, bool \[N\].
    pub fn chance(&mut self, p: f32) -> Result<Tensor> {
        let stream = self.next();
        Ok(Tensor::bernoulli(&self.key, stream, &[self.samples], p)?)
    }

    /// Normal numbers of mean 0 and deviation 1, of any shape.
    pub fn normal(&mut self, shape: &[usize]) -> Result<Tensor> {
        let stream = self.next();
        Ok(Tensor::normal(&self.key, stream, shape, 0.0, 1.0)?)
    }

    /// The samples in a random order, i32 \[N\].
    pub fn permutation(&mut self) -> Result<Tensor> {
        Ok(self.uniform(0.0, 1.0)?.argsort(0, false)?)
    }

    fn next(&mut self) -> u32 {
        self.stream += 1;
        self.stream - 1
    }
}
