//! The WebGPU device: in the browser through its own API, natively through Vulkan.
//!
//! A step becomes one or two dispatches ([`emit`]); a prepared program ([`executable`]) is replayed by recording its dispatches
//! into one compute pass per submit, with pipelines, bind groups and buffers made before. Nothing is ever read back but by
//! [`Device::read`]. Runs only enter the queue: a few submits ahead at most, each about as long as a slice.

mod buffers;
mod emit;
mod executable;
mod open;
mod pipelines;
mod signal;
#[cfg(test)]
pub(crate) mod tests;
mod tune;

pub use emit::{Tiling, Tuning};
pub use open::Options;
pub use pipelines::Compile;

use super::{BufferId, Counters, Device, DeviceInfo, ExecutableId, Life, LocalFuture, Place, Position, Realisation};
use crate::{Error, Result, plan::Program};
use buffers::{Buffers, Staging};
use executable::{Arena, Executable};
use pipelines::Pipelines;
use rustc_hash::FxHashMap;
use signal::Signal;
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    ops::Range,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
};

/// A GPU, or what pretends to be one.
pub struct WebGpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    limits: wgpu::Limits,
    info: DeviceInfo,
    options: Options,
    tuning: Cell<Tuning>,
    signal: Arc<Signal>,
    next: Cell<u32>,
    buffers: RefCell<Buffers>,
    pipelines: RefCell<Pipelines>,
    executables: RefCell<FxHashMap<ExecutableId, Rc<Executable>>>,
    arena: RefCell<Arena>,
    counters: RefCell<Counters>,
    /// Copies that go into the queue with the next submit.
    copies: RefCell<Option<wgpu::CommandEncoder>>,
    /// Error scopes around large allocations whose outcome is not known yet.
    doubts: RefCell<Vec<Doubt>>,
}

/// An allocation that may turn out to have failed.
struct Doubt {
    outcome: Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>,
    bytes: usize,
    what: String,
}

/// Submits that may be under way at a time.
const DEPTH: u32 = 2;
/// Allocations from this size on are watched for failure one by one.
const LARGE: usize = 1 << 20;

impl WebGpu {
    /// The device is destroyed, as if the system had taken it away: all that follows fails.
    pub fn lose(&self) {
        self.device.destroy();
        // Natively nothing is called back unless somebody waits.
        #[cfg(not(target_arch = "wasm32"))]
        self.signal.lose("it was destroyed");
    }

    /// Why the device was lost, once it is.
    pub fn until_lost(&self) -> impl Future<Output = String> + use<> {
        let signal = self.signal.clone();
        poll_fn(move |context| signal.poll_lost(context.waker()))
    }

    fn fresh(&self) -> u32 {
        self.next.replace(self.next.get() + 1)
    }

    /// A buffer on the GPU. Errors: larger than the device allows; whether there was memory is known at the next wait.
    fn buffer(&self, bytes: usize, usage: wgpu::BufferUsages, what: &str) -> Result<wgpu::Buffer> {
        let (buffer, doubt) = self.create(bytes, usage, what, bytes >= LARGE)?;
        self.doubts.borrow_mut().extend(doubt);
        Ok(buffer)
    }

    /// The same for one who awaits himself whether there was memory, if it is to be watched.
    fn create(
        &self,
        bytes: usize,
        usage: wgpu::BufferUsages,
        what: &str,
        watched: bool,
    ) -> Result<(wgpu::Buffer, Option<Doubt>)> {
        let size = bytes.max(4) as u64;
        let storage = usage.contains(wgpu::BufferUsages::STORAGE);
        let limit = if storage { self.limits.max_storage_buffer_binding_size } else { u64::MAX };
        if size > limit.min(self.limits.max_buffer_size) {
            return Err(out_of_memory(bytes, what));
        }
        let scope = watched.then(|| self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory));
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        let buffer = self.device.create_buffer(&descriptor);
        let doubt = scope.map(|scope| Doubt { outcome: Box::pin(scope.pop()), bytes, what: what.into() });
        let mut counters = self.counters.borrow_mut();
        counters.buffers_created += 1;
        counters.live_bytes += size;
        Ok((buffer, doubt))
    }

    /// Gives a buffer's memory back once work under way is done with it.
    fn drop_buffer(&self, buffer: &wgpu::Buffer) {
        self.flush();
        self.counters.borrow_mut().live_bytes -= buffer.size();
        buffer.destroy();
    }

    fn encoder(&self) -> wgpu::CommandEncoder {
        let waiting = self.copies.take();
        let descriptor = wgpu::CommandEncoderDescriptor { label: None };
        waiting.unwrap_or_else(|| self.device.create_command_encoder(&descriptor))
    }

    /// Hands over copies that wait: before whatever does not go through [`Self::submit`].
    fn flush(&self) {
        if self.copies.borrow().is_some() {
            self.submit(|_| (), |_| ());
        }
    }

    /// Records commands and hands them to the queue; `done` is told how many milliseconds they took.
    fn submit(&self, record: impl FnOnce(&mut wgpu::CommandEncoder), done: impl FnOnce(f64) + Send + 'static) {
        let mut encoder = self.encoder();
        record(&mut encoder);
        let now = self.options.now;
        let start = now();
        self.queue.submit([encoder.finish()]);
        self.counters.borrow_mut().submits += 1;
        self.signal.submitted();
        let signal = self.signal.clone();
        self.queue.on_submitted_work_done(move || done(signal.done(start, now())));
    }

    /// Waits until `test` has an answer; it is asked again whenever work is done or the device is lost.
    async fn until<T>(&self, mut test: impl FnMut() -> Option<T>) -> T {
        poll_fn(move |context| {
            if let Some(answer) = test() {
                return Poll::Ready(answer);
            }
            self.signal.wake_later(context.waker());
            // Natively nothing is called back unless somebody waits.
            #[cfg(not(target_arch = "wasm32"))]
            {
                let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
                if let Some(answer) = test() {
                    return Poll::Ready(answer);
                }
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await
    }

    /// Errors of allocations made so far.
    async fn settle(&self) -> Result<()> {
        let doubts = self.doubts.take();
        let mut result = Ok(());
        for doubt in doubts {
            result = result.and(self.cleared(doubt).await);
        }
        result
    }

    /// The error of an allocation that failed.
    async fn cleared(&self, doubt: Doubt) -> Result<()> {
        if doubt.outcome.await.is_none() {
            return Ok(());
        }
        // Whatever used the buffer has failed as well.
        self.signal.forgive();
        Err(out_of_memory(doubt.bytes, &doubt.what))
    }

    /// What a staging buffer holds once its copy has been made.
    async fn fetch(&self, mut staging: Staging<'_>, words: usize) -> Result<Vec<u32>> {
        let outcome = staging.map(words);
        let mapped = self.until(|| outcome.get().or_else(|| self.signal.lost().map(|_| false))).await;
        if !mapped {
            if let Some(doubt) = staging.doubt() {
                self.cleared(doubt).await?;
            }
            // If the buffer is there, the device is not: of that a browser tells later than of the mapping.
            self.until(|| self.signal.lost()).await;
        }
        self.settle().await?;
        self.signal.check()?;
        staging.take(words)
    }
}

impl Device for WebGpu {
    fn info(&self) -> DeviceInfo {
        self.info.clone()
    }

    fn counters(&self) -> Counters {
        *self.counters.borrow()
    }

    fn life(&self) -> Life {
        self.signal.lost().map_or(Life::Open, Life::Lost)
    }

    fn alloc(&self, words: usize, what: &str) -> Result<BufferId> {
        self.signal.alive()?;
        let buffer = self.buffer(words.saturating_mul(4), buffers::USAGE, what)?;
        let id = BufferId(self.fresh());
        self.buffers.borrow_mut().insert(id, buffer, words);
        Ok(id)
    }

    fn free(&self, buffer: BufferId) {
        for executable in self.executables.borrow().values() {
            executable.forget(buffer);
        }
        if let Some(buffer) = self.buffers.borrow_mut().remove(buffer) {
            self.drop_buffer(&buffer);
        }
    }

    fn write(&self, buffer: BufferId, offset: usize, words: &[u32]) -> Result<()> {
        self.signal.alive()?;
        let buffers = self.buffers.borrow();
        let target = buffers.range(buffer, offset..offset + words.len())?;
        if !words.is_empty() {
            self.flush();
            self.queue.write_buffer(target, 4 * offset as u64, bytemuck::cast_slice(words));
        }
        Ok(())
    }

    fn copy(&self, from: Place, to: Place, words: usize) -> Result<()> {
        self.signal.alive()?;
        let buffers = self.buffers.borrow();
        let range = |place: Place| place.offset..place.offset.saturating_add(words);
        let source = buffers.range(from.buffer, range(from))?;
        let target = buffers.range(to.buffer, range(to))?;
        let (from_byte, to_byte, bytes) = (4 * from.offset as u64, 4 * to.offset as u64, 4 * words as u64);
        if from == to || words == 0 {
            return Ok(());
        }
        if from.buffer != to.buffer {
            let mut encoder = self.encoder();
            encoder.copy_buffer_to_buffer(source, from_byte, target, to_byte, bytes);
            self.copies.replace(Some(encoder));
            return Ok(());
        }
        // WebGPU copies between different buffers only.
        let between = self.buffer(4 * words, buffers::USAGE, "a copy within a buffer")?;
        let record = |encoder: &mut wgpu::CommandEncoder| {
            encoder.copy_buffer_to_buffer(source, from_byte, &between, 0, bytes);
            encoder.copy_buffer_to_buffer(&between, 0, target, to_byte, bytes);
        };
        self.submit(record, |_| ());
        self.drop_buffer(&between);
        Ok(())
    }

    fn read(&self, buffer: BufferId, words: Range<usize>) -> LocalFuture<'_, Result<Vec<u32>>> {
        let staged = (|| {
            self.signal.alive()?;
            let source = self.buffers.borrow().range(buffer, words.clone())?.clone();
            if words.is_empty() {
                return Ok(None);
            }
            let staging = Staging::new(self, words.len())?;
            let (offset, bytes) = (4 * words.start as u64, 4 * words.len() as u64);
            self.submit(|encoder| encoder.copy_buffer_to_buffer(&source, offset, staging.buffer(), 0, bytes), |_| ());
            self.counters.borrow_mut().reads += 1;
            Ok(Some(staging))
        })();
        Box::pin(async move {
            match staged? {
                Some(staging) => self.fetch(staging, words.len()).await,
                None => Ok(Vec::new()),
            }
        })
    }

    fn prepare(&self, program: &Program) -> Result<ExecutableId> {
        self.signal.alive()?;
        let executable = Executable::new(self, program)?;
        let id = ExecutableId(self.fresh());
        self.executables.borrow_mut().insert(id, Rc::new(executable));
        Ok(id)
    }

    fn realisation(&self, executable: ExecutableId) -> Result<Realisation> {
        let executables = self.executables.borrow();
        let executable = executables.get(&executable).ok_or_else(|| device_error("no such program"))?;
        Ok(executable.realisation())
    }

    fn release(&self, executable: ExecutableId) {
        if let Some(executable) = self.executables.borrow_mut().remove(&executable) {
            executable.release(self);
        }
        let needed = self.executables.borrow().values().map(|e| e.arena_words()).max().unwrap_or(0);
        self.arena.borrow_mut().shrink(self, needed);
    }

    fn run(
        &self,
        executable: ExecutableId,
        externals: &[BufferId],
        from: Position,
        iterations: usize,
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<Position> {
        self.signal.alive()?;
        let executable = self.executables.borrow().get(&executable).cloned();
        let executable = executable.ok_or_else(|| device_error("no such program"))?;
        // Whole repetitions only: a pause falls between submits.
        let mut at = Position { iteration: from.iteration, step: 0 };
        if executable.is_empty() {
            return Ok(Position { iteration: iterations.max(at.iteration), step: 0 });
        }
        let groups = executable.bind(self, externals)?;
        while at.iteration < iterations {
            let count = executable.batch(self.options.slice).min(iterations - at.iteration);
            executable.submit(self, &groups, count);
            at.iteration += count;
            if self.signal.under_way() >= DEPTH || pause() {
                break;
            }
        }
        Ok(at)
    }

    fn ready(&self) -> LocalFuture<'_, Result<()>> {
        Box::pin(async move {
            self.settle().await?;
            self.flush();
            let compiling = self.pipelines.borrow_mut().under_way();
            for pipeline in compiling {
                pipeline.await;
            }
            self.until(|| (self.signal.under_way() < DEPTH || self.signal.lost().is_some()).then_some(())).await;
            self.signal.check()
        })
    }
}

fn device_error(message: &str) -> Error {
    Error::Device { device: "webgpu".into(), message: message.into() }
}

fn out_of_memory(bytes: usize, what: &str) -> Error {
    Error::OutOfMemory { device: "webgpu".into(), bytes, what: what.into() }
}
