//! The SIMD device: the same code natively and in wasm, on one or several threads.
//!
//! A prepared program holds all that a replay needs: the kernels with their tables, the arena, scratch memory. A replay
//! allocates nothing. Every kernel adds in an order that depends on shapes alone, so a run repeats to the bit, on any
//! number of threads.

mod conv;
mod emit;
mod expr;
mod gemm;
mod gemv;
mod index;
mod math;
mod matmul;
mod memory;
mod pool;
mod prepared;
mod real;
mod reduce;
mod scalar;
mod simd;
mod team;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod work;

pub use emit::{Linker, set_linker};

use super::{BufferId, Counters, Device, DeviceInfo, ExecutableId, LocalFuture, Place, Position, Realisation};
use crate::{Error, Result, plan::Program, reserve::copied};
use memory::Words;
use prepared::{Grain, Prepared};
use rustc_hash::FxHashMap;
use simd::Level;
use std::{cell::RefCell, ops::Range, rc::Rc};

/// The CPU of this machine.
pub struct Cpu {
    level: Level,
    threads: usize,
    grain: Grain,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    next: u32,
    buffers: FxHashMap<BufferId, Rc<Words>>,
    programs: FxHashMap<ExecutableId, Rc<RefCell<Prepared>>>,
    counters: Counters,
}

impl Cpu {
    /// A device with nothing on it, using the best instructions that the machine has, on one thread.
    pub fn new() -> Self {
        Self::with_threads(1)
    }

    /// The same on up to so many threads, 16 at most. Results do not depend on their number, to the bit.
    ///
    /// Natively, threads that help are started when they are needed first, and stay. In wasm they are workers that share the
    /// memory and have called `help`.
    pub fn with_threads(threads: usize) -> Self {
        let threads = threads.clamp(1, team::MOST);
        #[cfg(not(target_arch = "wasm32"))]
        team::TEAM.recruit(threads - 1);
        Self { level: Level::detect(), threads, grain: Grain::default(), state: RefCell::default() }
    }

    /// The same, where everything that can be cut is cut however little it saves, and what can be emitted is emitted at once: for
    /// tests of both.
    pub fn eager(threads: usize) -> Self {
        Self { grain: Grain { part: 1e-3, program: 0.0, share: 0.0, often: 1 }, ..Self::with_threads(threads) }
    }
}

/// This thread helps all devices of this memory from now on, and never returns: what a worker that shares the memory of a
/// wasm instance with the device's own is for.
#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub fn help() {
    team::TEAM.join();
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn id(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn buffer(&self, id: BufferId) -> Result<&Rc<Words>> {
        self.buffers.get(&id).ok_or_else(|| failed("there is no such buffer"))
    }
}

impl Device for Cpu {
    fn info(&self) -> DeviceInfo {
        let threads = if self.threads == 1 { "1 thread".into() } else { format!("{} threads", self.threads) };
        DeviceInfo { name: "cpu", detail: format!("{}, {threads}", self.level.name()), software: false }
    }

    fn counters(&self) -> Counters {
        self.state.borrow().counters
    }

    fn alloc(&self, words: usize, what: &str) -> Result<BufferId> {
        let buffer = Rc::new(Words::new(words, what)?);
        let mut state = self.state.borrow_mut();
        let id = BufferId(state.id());
        state.buffers.insert(id, buffer);
        state.counters.buffers_created += 1;
        state.counters.live_bytes += 4 * words as u64;
        Ok(id)
    }

    fn free(&self, buffer: BufferId) {
        let mut state = self.state.borrow_mut();
        if let Some(words) = state.buffers.remove(&buffer) {
            state.counters.live_bytes -= 4 * words.len() as u64;
        }
    }

    fn write(&self, buffer: BufferId, offset: usize, words: &[u32]) -> Result<()> {
        let state = self.state.borrow();
        // SAFETY: slices of buffers live only within a call of this device, and it is not in another one: a step is
        // never under way while a caller's code runs.
        let target = unsafe { state.buffer(buffer)?.get_mut(offset..offset.saturating_add(words.len())) };
        target.ok_or_else(|| failed("the range to write is not in the buffer"))?.copy_from_slice(words);
        Ok(())
    }

    fn copy(&self, from: Place, to: Place, words: usize) -> Result<()> {
        let state = self.state.borrow();
        let (source, target) = (state.buffer(from.buffer)?, state.buffer(to.buffer)?);
        let range = |place: Place| place.offset..place.offset.saturating_add(words);
        if from.buffer == to.buffer {
            // SAFETY: as in `write`.
            let all = unsafe { target.get_mut(0..target.len()) }.unwrap_or_default();
            if range(from).end > all.len() || range(to).end > all.len() {
                return Err(failed("the range to copy is not in the buffer"));
            }
            all.copy_within(range(from), to.offset);
            return Ok(());
        }
        // SAFETY: as in `write`; the buffers are distinct.
        let (source, target) = unsafe { (source.get(range(from)), target.get_mut(range(to))) };
        let (Some(source), Some(target)) = (source, target) else {
            return Err(failed("the range to copy is not in the buffer"));
        };
        target.copy_from_slice(source);
        Ok(())
    }

    fn read(&self, buffer: BufferId, words: Range<usize>) -> LocalFuture<'_, Result<Vec<u32>>> {
        let mut state = self.state.borrow_mut();
        state.counters.reads += 1;
        let read = state.buffer(buffer).and_then(|buffer| {
            // SAFETY: as in `write`.
            let words = unsafe { buffer.get(words) };
            let words = words.ok_or_else(|| failed("the range to read is not in the buffer"))?;
            copied("cpu", words, "reading back")
        });
        Box::pin(std::future::ready(read))
    }

    fn prepare(&self, program: &Program) -> Result<ExecutableId> {
        let mut prepared = Prepared::new(self.level, self.threads, self.grain, program)?;
        let mut state = self.state.borrow_mut();
        let id = ExecutableId(state.id());
        state.counters.live_bytes += prepared.bytes();
        state.programs.insert(id, Rc::new(RefCell::new(prepared)));
        Ok(id)
    }

    fn realisation(&self, executable: ExecutableId) -> Result<Realisation> {
        let prepared = self.state.borrow().programs.get(&executable).cloned();
        let prepared = prepared.ok_or_else(|| failed("there is no such program"))?;
        let mut prepared = prepared.try_borrow_mut().map_err(|_| failed("the program is running"))?;
        Ok(prepared.realisation())
    }

    fn release(&self, executable: ExecutableId) {
        let mut state = self.state.borrow_mut();
        if let Some(prepared) = state.programs.remove(&executable) {
            state.counters.live_bytes -= prepared.borrow_mut().bytes();
        }
    }

    fn run(
        &self,
        executable: ExecutableId,
        externals: &[BufferId],
        from: Position,
        iterations: usize,
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<Position> {
        let prepared = self.state.borrow().programs.get(&executable).cloned();
        let prepared = prepared.ok_or_else(|| failed("there is no such program"))?;
        let mut prepared = prepared.try_borrow_mut().map_err(|_| failed("the program is running already"))?;
        prepared.bind(&self.state.borrow(), externals)?;
        let emitted = prepared.emit_once_often(from, iterations) as u64;
        let (at, steps) = prepared.run(from, iterations, pause);
        prepared.unbind();
        let counters = &mut self.state.borrow_mut().counters;
        counters.dispatches += steps;
        counters.emitted += emitted;
        Ok(at)
    }

    fn ready(&self) -> LocalFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn failed(message: impl Into<String>) -> Error {
    Error::Device { device: "cpu".into(), message: message.into() }
}
