//! Samples that do not fit on a device reach a loop through a window: one tensor that holds the next batches, in the order in which the
//! loop takes them, and is filled again when they are used up.

use super::{Dataset, dataset::Streamed};
use crate::Result;
use gradbook_core::{DType, LoopRun, LoopSpec, Runner, Shape, Tensor, device::LocalFuture};
use std::ops::Range;

/// Where a loop over batches finds its samples, if they are streamed.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    samples: Streamed,
    /// Samples in a batch.
    size: usize,
    /// Batches in the window.
    batches: usize,
}

impl Window {
    /// For so many batches of a size; none if the samples lie where they are computed on.
    pub fn over(data: &Dataset, size: usize, count: usize) -> Option<Self> {
        let samples = data.streamed()?;
        let most = (samples.stored.window() / size).clamp(1, count.max(1));
        // As many windows as there must be, of equal length.
        let batches = count.max(1).div_ceil(count.max(1).div_ceil(most));
        Some(Self { samples, size, batches })
    }

    /// What stands for it in a body.
    pub fn placeholder(&self) -> Result<Tensor> {
        let shape = [&[self.batches * self.size], &self.samples.shape[1..]].concat();
        Ok(LoopSpec::placeholder(&Shape::new("window", shape)?, DType::F32))
    }

    /// The samples of the batch with this number (i32, the first of the loop is 0).
    pub fn batch(&self, window: &Tensor, number: &Tensor) -> Result<Tensor> {
        let places = number.rem_scalar(self.batches as f64)?.mul_scalar(self.size as f64)?;
        self.samples.finished(&window.rows("batch", &places.add(&Tensor::arange(self.size)?)?)?)
    }

    /// How many batches the window still holds after so many.
    pub fn left(&self, done: usize) -> usize {
        self.batches - done % self.batches
    }

    /// Fills the window, if it is used up after so many batches, from samples in the order of the loop's batches.
    pub fn fill<'a>(
        &'a self,
        runner: &'a dyn Runner,
        window: &'a Tensor,
        order: &'a [i32],
        done: usize,
    ) -> LocalFuture<'a, Result<()>> {
        Box::pin(self.filled(runner, window, order, done))
    }

    async fn filled(&self, runner: &dyn Runner, window: &Tensor, order: &[i32], done: usize) -> Result<()> {
        if !done.is_multiple_of(self.batches) {
            return Ok(());
        }
        let rest = &order[done * self.size..];
        let mut numbers = rest[..rest.len().min(self.batches * self.size)].to_vec();
        // The last window of a loop may be longer than what is left.
        numbers.resize(self.batches * self.size, numbers.last().copied().unwrap_or_default());
        Ok(runner.assign(window, &self.samples.gathered(runner, &numbers).await?).await?)
    }
}

/// Repeats a loop for these of its batches, and fills the window on the way if there is one. Gives whether it was stopped.
pub(crate) async fn advance(
    runner: &dyn Runner,
    run: &LoopRun,
    window: Option<(&Window, &Tensor)>,
    order: &[i32],
    batches: Range<usize>,
) -> Result<bool> {
    let mut done = batches.start;
    while done < batches.end {
        let mut many = batches.end - done;
        if let Some((window, state)) = window {
            window.fill(runner, state, order, done).await?;
            many = many.min(window.left(done));
        }
        let end = runner.advance(run, many, &mut |_| {}).await?;
        if end.stopped {
            return Ok(true);
        }
        done += many;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::runner::{Bytes, Stored};
    use std::rc::Rc;

    fn set(resident: usize) -> Dataset {
        let shape = Shape::new("test", [100, 2, 3]).unwrap();
        let bytes = Bytes::new(&shape, vec![0; 600], 0).unwrap();
        let stored = Stored::new(shape, Rc::new(bytes)).unwrap().with_resident(resident);
        Dataset::stored("test", stored, Tensor::i32(&[100], &[0; 100]).unwrap()).unwrap()
    }

    #[test]
    fn windows_are_as_long_as_memory_allows_and_equal() {
        // A window may have 480/16 = 30 numbers, 5 samples; so 2 batches of 2, and of the 7 batches each window has 2.
        let window = Window::over(&set(480), 2, 7).unwrap();
        assert_eq!(window.placeholder().unwrap().shape()[..], [4, 2, 3]);
        assert_eq!([0, 1, 2, 5].map(|done| window.left(done)), [2, 1, 2, 1]);
        // 20 of the 50 batches would do: three windows of 17.
        assert_eq!(Window::over(&set(480 * 8), 2, 50).unwrap().left(0), 17);
        // One batch has to fit.
        assert_eq!(Window::over(&set(16), 50, 2).unwrap().left(0), 1);
        assert_eq!(Window::over(&set(1 << 20), 2, 3).unwrap().left(0), 3);
    }
}
