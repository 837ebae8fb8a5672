//! Buffers by their names, and the pool of mappable ones through which words come back to the host.

use super::{Doubt, WebGpu, device_error};
use crate::{Result, device::BufferId, reserve::zeros};
use rustc_hash::FxHashMap;
use std::{
    cell::Cell,
    ops::Range,
    sync::{Arc, Mutex},
};

/// What a caller's buffer may be used for.
pub const USAGE: wgpu::BufferUsages =
    wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_SRC).union(wgpu::BufferUsages::COPY_DST);

/// The callers' buffers, and staging buffers that are not in use.
#[derive(Default)]
pub struct Buffers {
    named: FxHashMap<BufferId, (wgpu::Buffer, usize)>,
    spare: Vec<wgpu::Buffer>,
}

/// Staging buffers that are kept, and how large each may be.
const SPARE: usize = 4;
const SPARE_BYTES: u64 = 1 << 24;

impl Buffers {
    pub fn insert(&mut self, id: BufferId, buffer: wgpu::Buffer, words: usize) {
        self.named.insert(id, (buffer, words));
    }

    pub fn remove(&mut self, id: BufferId) -> Option<wgpu::Buffer> {
        self.named.remove(&id).map(|(buffer, _)| buffer)
    }

    /// The buffer, which has these words.
    pub fn range(&self, id: BufferId, range: Range<usize>) -> Result<&wgpu::Buffer> {
        let fits = |words: usize| range.start <= range.end && range.end <= words;
        let found = self.named.get(&id).filter(|(_, words)| fits(*words));
        found.map(|(buffer, _)| buffer).ok_or_else(|| device_error("no such buffer or range"))
    }

    /// A spare staging buffer of at least this size, and not many times more.
    fn reuse(&mut self, bytes: u64) -> Option<wgpu::Buffer> {
        let fitting = |b: &wgpu::Buffer| b.size() >= bytes && b.size() <= bytes.saturating_mul(4).max(1 << 16);
        let index = self.spare.iter().position(fitting)?;
        Some(self.spare.swap_remove(index))
    }
}

/// A mappable buffer in use; goes back to the pool when its words were taken, else it is dropped.
pub struct Staging<'a> {
    gpu: &'a WebGpu,
    buffer: wgpu::Buffer,
    doubt: Option<Doubt>,
    reusable: Cell<bool>,
}

/// The outcome of a mapping that was asked for.
pub struct Mapping(Arc<Mutex<Option<bool>>>);

impl Mapping {
    /// Whether it worked, once that is known.
    pub fn get(&self) -> Option<bool> {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<'a> Staging<'a> {
    pub fn new(gpu: &'a WebGpu, words: usize) -> Result<Self> {
        let bytes = words.saturating_mul(4);
        let reused = gpu.buffers.borrow_mut().reuse(bytes as u64);
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        // Those that may be used again have sizes that others can use.
        let size = if bytes as u64 <= SPARE_BYTES { bytes.next_power_of_two().max(256) } else { bytes };
        let (buffer, doubt) = match reused {
            Some(buffer) => (buffer, None),
            None => gpu.create(size, usage, "reading back", true)?,
        };
        Ok(Self { gpu, buffer, doubt, reusable: Cell::new(false) })
    }

    /// Whether there was memory for it, if that is not known.
    pub fn doubt(&mut self) -> Option<Doubt> {
        self.doubt.take()
    }

    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Asks for the first words to be mapped once the copy into them is done.
    pub fn map(&self, words: usize) -> Mapping {
        let outcome = Arc::new(Mutex::new(None));
        let (told, signal) = (outcome.clone(), self.gpu.signal.clone());
        self.buffer.map_async(wgpu::MapMode::Read, ..4 * words as u64, move |result| {
            *told.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(result.is_ok());
            signal.wake();
        });
        Mapping(outcome)
    }

    /// The words, now that they are mapped.
    pub fn take(&self, words: usize) -> Result<Vec<u32>> {
        let failed = |_| device_error("a buffer could not be mapped");
        let view = self.buffer.get_mapped_range(..4 * words as u64).map_err(failed)?;
        let mut result = zeros("webgpu", words, "reading back")?;
        bytemuck::cast_slice_mut(&mut result).copy_from_slice(&view);
        drop(view);
        self.buffer.unmap();
        self.reusable.set(true);
        Ok(result)
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        let mut buffers = self.gpu.buffers.borrow_mut();
        if self.reusable.get() && buffers.spare.len() < SPARE && self.buffer.size() <= SPARE_BYTES {
            buffers.spare.push(self.buffer.clone());
        } else {
            self.gpu.drop_buffer(&self.buffer);
        }
    }
}
