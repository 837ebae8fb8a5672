//! What a device is: memory, and something that runs programs. Devices know plans, never layers.

use crate::{Result, plan::Program};
use std::{future::Future, ops::Range, pin::Pin};

#[cfg(feature = "cpu")]
pub mod cpu;
pub mod interp;
pub mod lasting;
#[cfg(test)]
mod property;
#[cfg(feature = "webgpu")]
pub mod webgpu;

/// A future of this thread: nothing in the core moves between threads.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A buffer of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub u32);

/// Where words begin in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which buffer.
    pub buffer: BufferId,
    /// First word.
    pub offset: usize,
}

/// A program that a device has prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExecutableId(pub u32);

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    /// Whole repetitions done.
    pub iteration: usize,
    /// Steps done of the next one.
    pub step: usize,
}

/// What the status bar says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// `interp`, `cpu` or `webgpu`.
    pub name: &'static str,
    /// Instruction set or adapter, threads.
    pub detail: String,
    /// Whether a GPU device is really a program on the CPU.
    pub software: bool,
}

/// Whether a device still is what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// It cannot be lost.
    Safe,
    /// It is there, and the system may take it away.
    Open,
    /// It is gone with all that lay on it, for this reason.
    Lost(String),
}

/// What a device has done since it was made; only ever grows, but for the live figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Steps executed.
    pub dispatches: u64,
    /// Batches of work handed over (WebGPU: queue submits).
    pub submits: u64,
    /// Buffers made.
    pub buffers_created: u64,
    /// Bind groups made (WebGPU).
    pub bind_groups_created: u64,
    /// Pipelines made (WebGPU).
    pub pipelines_created: u64,
    /// Reads back to the host.
    pub reads: u64,
    /// Functions emitted at run time (CPU in WebAssembly).
    pub emitted: u64,
    /// Bytes held now.
    pub live_bytes: u64,
}

/// How a device does a program that it has prepared.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Realisation {
    /// Batches of work that one run hands over.
    pub submits: usize,
    /// Words of scratch memory.
    pub scratch: usize,
    /// Step by step, each on one trip.
    pub steps: Vec<Passes>,
}

/// What a device makes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Passes {
    /// As [`Counters::dispatches`] counts.
    pub dispatches: usize,
    /// Words that it reads beyond what the step must: intermediates, packed copies, operands once more.
    pub read: usize,
    /// Words that it writes besides the result.
    pub written: usize,
}

/// Memory and something that runs programs.
pub trait Device {
    /// What it is.
    fn info(&self) -> DeviceInfo;

    /// What it has done.
    fn counters(&self) -> Counters;

    /// Whether it can be lost, or is. What is asked of a lost device is an error.
    fn life(&self) -> Life {
        Life::Safe
    }

    /// A buffer of so many words, all 0. Errors: out of memory.
    fn alloc(&self, words: usize, what: &str) -> Result<BufferId>;

    /// Gives a buffer back; work under way that uses it still ends well.
    fn free(&self, buffer: BufferId);

    /// Writes words from the host at an offset (in words), in order with runs.
    fn write(&self, buffer: BufferId, offset: usize, words: &[u32]) -> Result<()>;

    /// Copies so many words from one place to another, in order with runs. The places may overlap.
    fn copy(&self, from: Place, to: Place, words: usize) -> Result<()>;

    /// Words of a buffer after all that was asked for before.
    fn read(&self, buffer: BufferId, words: Range<usize>) -> LocalFuture<'_, Result<Vec<u32>>>;

    /// Makes a program ready to be run often: its scratch memory, pipelines, whatever a replay would else allocate.
    fn prepare(&self, program: &Program) -> Result<ExecutableId>;

    /// How it does a prepared program. What stays in registers, caches or a workgroup's own memory does not count as moved.
    fn realisation(&self, executable: ExecutableId) -> Result<Realisation>;

    /// Forgets a prepared program.
    fn release(&self, executable: ExecutableId);

    /// Runs a prepared program over these external buffers from `from` until `iterations` are done or `pause` says so;
    /// returns how far it came. `pause` is asked between steps or, where steps only enter a queue, between submits;
    /// at least one step is made.
    fn run(
        &self,
        executable: ExecutableId,
        externals: &[BufferId],
        from: Position,
        iterations: usize,
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<Position>;

    /// Resolves when the device wants more work: at once where runs are synchronous, else when its queue is short.
    fn ready(&self) -> LocalFuture<'_, Result<()>>;
}
