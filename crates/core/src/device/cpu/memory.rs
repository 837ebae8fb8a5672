//! The device's memory, and the one place that turns a step's operands into slices.

use crate::{
    Error, Result,
    plan::{Buffer, Operand},
};
use std::{alloc, marker::PhantomData, ops::Range, ptr::NonNull, rc::Rc};

/// Cache lines, and the widest vectors, begin at multiples of this many bytes.
const ALIGNMENT: usize = 64;

/// A fixed number of words, all 0 at first.
#[derive(Debug)]
pub(crate) struct Words {
    start: NonNull<u32>,
    len: usize,
}

impl Words {
    /// So many words for `what`. Errors: out of memory.
    pub(crate) fn new(len: usize, what: &str) -> Result<Self> {
        let out_of_memory =
            || Error::OutOfMemory { device: "cpu".into(), bytes: len.saturating_mul(4), what: what.into() };
        if len == 0 {
            return Ok(Self { start: NonNull::dangling(), len });
        }
        let layout = Self::layout(len).ok_or_else(out_of_memory)?;
        // SAFETY: the layout has a size that is not 0.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        Ok(Self { start: NonNull::new(start.cast()).ok_or_else(out_of_memory)?, len })
    }

    fn layout(len: usize) -> Option<alloc::Layout> {
        alloc::Layout::from_size_align(len.checked_mul(4)?, ALIGNMENT).ok()
    }

    /// Number of words.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Some of the words, if they exist.
    ///
    /// # Safety
    /// While the slice lives, nobody writes to these words.
    pub(crate) unsafe fn get(&self, range: Range<usize>) -> Option<&[u32]> {
        if range.start > range.end || range.end > self.len {
            return None;
        }
        // SAFETY: the range is inside; words are always initialised; the caller excludes writers.
        Some(unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(range.start), range.len()) })
    }

    /// Some of the words to write to, if they exist.
    ///
    /// # Safety
    /// While the slice lives, nobody else reads or writes these words.
    #[expect(clippy::mut_from_ref, reason = "the caller excludes every other use")]
    pub(crate) unsafe fn get_mut(&self, range: Range<usize>) -> Option<&mut [u32]> {
        if range.start > range.end || range.end > self.len {
            return None;
        }
        // SAFETY: the range is inside; words are always initialised; the caller excludes every other use.
        Some(unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(range.start), range.len()) })
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        if let Some(layout) = Self::layout(self.len).filter(|layout| layout.size() > 0) {
            // SAFETY: it was allocated with this layout.
            unsafe { alloc::dealloc(self.start.as_ptr().cast(), layout) }
        }
    }
}

/// The buffers that a program's operands lie in.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'a> {
    pub(crate) arena: &'a Words,
    pub(crate) externals: &'a [Rc<Words>],
}

impl<'a> Memory<'a> {
    fn find(&self, operand: &Operand) -> (&'a Words, Range<usize>) {
        let words = match operand.buffer {
            Buffer::Arena => self.arena,
            Buffer::External(i) => &*self.externals[i],
        };
        (words, operand.offset..operand.offset + operand.words)
    }

    /// What a step reads and writes. A read that is the same range as `write` is left out: [`Reads::words`] panics for it.
    ///
    /// # Safety
    /// No other slices of the buffers exist but those of the parts of this step, buffers are distinct, and the other reads do
    /// not overlap `write`.
    pub(crate) unsafe fn step(self, reads: &'a [Operand], write: &'a Operand) -> (Reads<'a>, Out<'a>) {
        let (words, range) = self.find(write);
        // SAFETY: the caller excludes other slices, and `Reads` gives out none that overlap this one.
        let out = unsafe { words.get_mut(range) }.expect("operands were checked when the program was bound");
        (Reads { memory: self, reads, write }, Out::new(out))
    }
}

/// What a step writes, to be shared by the threads that do its parts.
#[derive(Clone, Copy)]
pub(crate) struct Out<'a> {
    start: NonNull<u32>,
    len: usize,
    _words: PhantomData<&'a mut [u32]>,
}

// SAFETY: words go only through `range`, whose callers exclude each other.
unsafe impl Send for Out<'_> {}
// SAFETY: as above.
unsafe impl Sync for Out<'_> {}

impl<'a> Out<'a> {
    /// All of these words.
    pub(crate) fn new(words: &'a mut [u32]) -> Self {
        Self { start: NonNull::from(&mut *words).cast(), len: words.len(), _words: PhantomData }
    }

    /// Number of words.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Some of the words. Panics if there are not so many.
    ///
    /// # Safety
    /// While the slice lives, no other one of these words is used.
    #[inline(always)]
    pub(crate) unsafe fn range(self, range: Range<usize>) -> &'a mut [u32] {
        assert!(range.start <= range.end && range.end <= self.len, "a step writes past its output");
        // SAFETY: the range is inside, and the caller excludes every other use.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(range.start), range.len()) }
    }

    /// The same as floats.
    ///
    /// # Safety
    /// As for [`Out::range`].
    #[inline(always)]
    pub(crate) unsafe fn floats(self, range: Range<usize>) -> &'a mut [f32] {
        // SAFETY: the caller's promise.
        bytemuck::cast_slice_mut(unsafe { self.range(range) })
    }
}

// SAFETY: the threads that do the parts of a step only look at what is inside; none counts references.
unsafe impl Sync for Memory<'_> {}
// SAFETY: as above.
unsafe impl Send for Memory<'_> {}

/// What a step reads.
#[derive(Clone, Copy)]
pub(crate) struct Reads<'a> {
    memory: Memory<'a>,
    reads: &'a [Operand],
    write: &'a Operand,
}

impl<'a> Reads<'a> {
    /// The words of read number `i`.
    pub(crate) fn words(&self, i: usize) -> &'a [u32] {
        let operand = &self.reads[i];
        assert!(operand != self.write || operand.words == 0, "a step in place reads its output");
        let (words, range) = self.memory.find(operand);
        // SAFETY: `Memory::step` promises that nobody writes to them.
        unsafe { words.get(range) }.expect("operands were checked when the program was bound")
    }

    /// The same as floats.
    pub(crate) fn floats(&self, i: usize) -> &'a [f32] {
        bytemuck::cast_slice(self.words(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_zeroed_and_checked() {
        let words = Words::new(1000, "a test").unwrap();
        // SAFETY: nobody else has the words.
        unsafe {
            assert!(words.get(0..1000).unwrap().iter().all(|&w| w == 0));
            assert_eq!(words.get(0..1).unwrap().as_ptr() as usize % ALIGNMENT, 0);
            words.get_mut(999..1000).unwrap()[0] = 7;
            assert_eq!(words.get(998..1000).unwrap(), [0, 7]);
            assert!(words.get(999..1001).is_none());
            assert!(Words::new(0, "nothing").unwrap().get(0..0).unwrap().is_empty());
        }
    }

    #[test]
    fn too_much_is_an_error_that_says_what_for() {
        let error = Words::new(usize::MAX / 8, "the whole web").unwrap_err().to_string();
        assert!(error.contains("the whole web") && error.contains("bytes"), "{error}");
    }
}
