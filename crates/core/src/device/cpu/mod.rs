//! The SIMD device: the same code natively and in wasm, on one thread.
//!
//! A prepared program holds all that a replay needs: the kernels with their tables, the arena, scratch memory. A replay
//! allocates nothing. Every kernel adds in an order that depends on shapes alone, so a run repeats to the bit.

mod conv;
mod expr;
mod gemm;
mod gemv;
mod index;
mod math;
mod matmul;
mod memory;
mod pool;
mod reduce;
mod scalar;
mod simd;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use super::{BufferId, Counters, Device, DeviceInfo, ExecutableId, LocalFuture, Place, Position};
use crate::{
    DType, Error, Result,
    ir::Window,
    plan::{Kernel, Operand, Program, Rows, View, Walk, program::overlaps, verify},
    reserve::copied,
};
use conv::{Conv, WeightGradient};
use expr::{Blocks, Registers};
use matmul::MatMul;
use memory::{Memory, Reads, Words};
use reduce::{Partial, Reduce};
use rustc_hash::FxHashMap;
use simd::Level;
use std::{cell::RefCell, ops::Range, rc::Rc};

/// The CPU of this machine.
pub struct Cpu {
    level: Level,
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
    /// A device with nothing on it, using the best instructions that the machine has.
    pub fn new() -> Self {
        Self::with_level(Level::detect())
    }

    fn with_level(level: Level) -> Self {
        Self { level, state: RefCell::default() }
    }
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
        DeviceInfo { name: "cpu", detail: format!("{}, 1 thread", self.level.name()), software: false }
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
        let prepared = Prepared::new(self.level, program)?;
        let mut state = self.state.borrow_mut();
        let id = ExecutableId(state.id());
        state.counters.live_bytes += prepared.bytes();
        state.programs.insert(id, Rc::new(RefCell::new(prepared)));
        Ok(id)
    }

    fn release(&self, executable: ExecutableId) {
        let mut state = self.state.borrow_mut();
        if let Some(prepared) = state.programs.remove(&executable) {
            state.counters.live_bytes -= prepared.borrow().bytes();
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
        let (at, steps) = prepared.run(from, iterations, pause);
        prepared.bound.clear();
        self.state.borrow_mut().counters.dispatches += steps;
        Ok(at)
    }

    fn ready(&self) -> LocalFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn failed(message: impl Into<String>) -> Error {
    Error::Device { device: "cpu".into(), message: message.into() }
}

/// A program with all that its replays need.
struct Prepared {
    externals: Vec<crate::plan::External>,
    steps: Vec<Ready>,
    arena: Words,
    scratch: Words,
    registers: Registers,
    partial: Partial,
    walk: Walk,
    /// The buffers of the run under way.
    bound: Vec<Rc<Words>>,
}

/// A step with its kernel prepared.
struct Ready {
    work: Work,
    reads: Vec<Operand>,
    epilogue: Option<Finish>,
    write: Operand,
    /// Where its operands lie in the program, if any moves with the trips of a loop.
    home: Option<Vec<usize>>,
}

/// An epilogue: a pass over what its kernel has just written.
struct Finish {
    blocks: Blocks,
    reads: Vec<Operand>,
}

enum Work {
    Map(Blocks),
    Reduce(Reduce),
    MatMul(MatMul),
    Conv(Conv),
    WeightGradient(WeightGradient),
    MaxPool(Level, Window),
    MaxPoolArg(Level, Window),
    Unpool(Window),
    PoolTake(Window),
    Fold(Window, View),
    Gather(Rows),
    ScatterAdd(Rows),
    ArgSort(usize, DType),
}

impl Prepared {
    fn new(level: Level, program: &Program) -> Result<Self> {
        let walk = Walk::new(program);
        let steps: Vec<Ready> =
            (0..program.steps.len()).map(|i| Ready::new(level, program, &walk, i)).collect::<Result<_>>()?;
        let mut registers = Registers::default();
        steps.iter().flat_map(Ready::blocks).for_each(|blocks| registers.grow_for(blocks));
        let scratch = steps.iter().map(|step| step.work.scratch()).max().unwrap_or(0);
        Ok(Self {
            externals: program.externals.clone(),
            arena: Words::new(program.arena, "intermediate results")?,
            scratch: Words::new(scratch, "scratch memory")?,
            registers,
            partial: Partial::default(),
            walk,
            bound: Vec::with_capacity(program.externals.len()),
            steps,
        })
    }

    fn bytes(&self) -> u64 {
        4 * (self.arena.len() + self.scratch.len()) as u64
    }

    /// Takes the buffers of a run: each long enough, and none that is written bound twice.
    fn bind(&mut self, state: &State, buffers: &[BufferId]) -> Result<()> {
        if buffers.len() != self.externals.len() {
            let message = format!("the program takes {} buffers, not {}", self.externals.len(), buffers.len());
            return Err(failed(message));
        }
        self.bound.clear();
        for (i, (&id, external)) in buffers.iter().zip(&self.externals).enumerate() {
            let words = state.buffer(id)?;
            if words.len() < external.words {
                return Err(failed(format!("buffer {i} has {} words, not {}", words.len(), external.words)));
            }
            let written = |other: usize| external.written || self.externals[other].written;
            if buffers[..i].iter().enumerate().any(|(j, &other)| other == id && written(j)) {
                return Err(failed(format!("buffer {i} is written and bound twice")));
            }
            self.bound.push(words.clone());
        }
        Ok(())
    }

    /// Runs until `iterations` are done or `pause` says so. Returns how far it came, and in how many steps.
    fn run(&mut self, from: Position, iterations: usize, pause: &mut dyn FnMut() -> bool) -> (Position, u64) {
        let (mut at, mut count) = (from, 0);
        if self.steps.is_empty() {
            return (Position { iteration: iterations, step: 0 }, 0);
        }
        self.walk.seek(at.step);
        while at.iteration < iterations {
            let Some(number) = self.walk.step() else {
                at = Position { iteration: at.iteration + 1, step: 0 };
                self.walk.seek(0);
                continue;
            };
            let step = &mut self.steps[number];
            step.place(&self.walk);
            let memory = Memory { arena: &self.arena, externals: &self.bound };
            // SAFETY: this is the only step under way on these buffers, since no caller's code runs within it; written
            // buffers are bound once (`bind`), and operands do not overlap (`Ready::new`). Nobody else has the scratch.
            unsafe {
                let (reads, out) = memory.step(&step.reads, &step.write);
                let scratch = self.scratch.get_mut(0..self.scratch.len()).unwrap_or_default();
                step.work.run(reads, &mut self.registers, &mut self.partial, out, bytemuck::cast_slice_mut(scratch));
                if let Some(epilogue) = &step.epilogue {
                    let (reads, out) = memory.step(&epilogue.reads, &step.write);
                    epilogue.blocks.run(reads, &mut self.registers, out);
                }
            }
            count += 1;
            self.walk.advance();
            at.step = self.walk.done();
            if self.walk.step().is_none() {
                at = Position { iteration: at.iteration + 1, step: 0 };
                self.walk.seek(0);
            }
            if pause() {
                break;
            }
        }
        (at, count)
    }
}

impl Ready {
    /// Prepares a step, having made sure that it reads and writes only what it may.
    fn new(level: Level, program: &Program, walk: &Walk, number: usize) -> Result<Self> {
        verify::step(program, walk, number).map_err(|what| failed(format!("a step of the program {what}")))?;
        let step = &program.steps[number];
        let over: Vec<usize> = (0..step.reads.len()).filter(|&i| overlaps(step.reads[i], step.write)).collect();
        let work = match &step.kernel {
            Kernel::Map { shape, expr } => Work::Map(Blocks::new(level, shape, expr, &over)),
            Kernel::Reduce { outer, inner, op, expr } => Work::Reduce(Reduce::new(level, outer, inner, *op, expr)),
            Kernel::MatMul { a, b } => Work::MatMul(MatMul::new(level, a, b)),
            Kernel::Conv(g) => Work::Conv(Conv::forward(level, g)),
            Kernel::ConvInputGrad(g) => Work::Conv(Conv::input_gradient(level, g)),
            Kernel::ConvWeightGrad(g) => Work::WeightGradient(WeightGradient::new(level, g)),
            Kernel::MaxPool(w) => Work::MaxPool(level, *w),
            Kernel::MaxPoolArg(w) => Work::MaxPoolArg(level, *w),
            Kernel::Unpool(w) => Work::Unpool(*w),
            Kernel::PoolTake(w) => Work::PoolTake(*w),
            Kernel::Fold { window, input } => Work::Fold(*window, input.clone()),
            Kernel::Gather(rows) => Work::Gather(*rows),
            Kernel::ScatterAdd(rows) => Work::ScatterAdd(*rows),
            Kernel::ArgSort { length, dtype, .. } => Work::ArgSort(*length, *dtype),
        };
        let epilogue = step.epilogue.as_ref().map(|epilogue| Finish {
            blocks: Blocks::new(level, &epilogue.shape, &epilogue.expr, &[]),
            reads: epilogue.reads.clone(),
        });
        let home = walk.moves(number).then(|| step.operands().map(|operand| operand.offset).collect());
        Ok(Self { work, reads: step.reads.clone(), epilogue, write: step.write, home })
    }

    /// Puts its operands where they are on this trip.
    fn place(&mut self, walk: &Walk) {
        let Some(home) = &self.home else { return };
        let epilogue = self.epilogue.iter_mut().flat_map(|epilogue| &mut epilogue.reads);
        let operands = [&mut self.write].into_iter().chain(&mut self.reads).chain(epilogue);
        for (i, (operand, home)) in operands.zip(home).enumerate() {
            operand.offset = home.wrapping_add_signed(walk.shift(i));
        }
    }

    /// The expressions that it evaluates.
    fn blocks(&self) -> impl Iterator<Item = &Blocks> {
        self.work.blocks().chain(self.epilogue.iter().map(|epilogue| &epilogue.blocks))
    }
}

impl Work {
    /// The expressions that it evaluates.
    fn blocks(&self) -> impl Iterator<Item = &Blocks> {
        let (one, more) = match self {
            Self::Map(blocks) => (Some(blocks), None),
            Self::Reduce(reduce) => (Some(reduce.blocks()), None),
            Self::MatMul(product) => (None, Some(product.blocks())),
            _ => (None, None),
        };
        one.into_iter().chain(more.into_iter().flatten())
    }

    /// Floats of scratch memory that it needs.
    fn scratch(&self) -> usize {
        match self {
            Self::MatMul(product) => product.scratch(),
            Self::Conv(conv) => conv.scratch(),
            Self::WeightGradient(conv) => conv.scratch(),
            _ => 0,
        }
    }

    fn run(
        &self,
        reads: Reads<'_>,
        registers: &mut Registers,
        partial: &mut Partial,
        out: &mut [u32],
        scratch: &mut [f32],
    ) {
        let floats = bytemuck::cast_slice_mut::<u32, f32>;
        match self {
            Self::Map(blocks) => blocks.run(reads, registers, out),
            Self::Reduce(reduce) => reduce.run(reads, registers, partial, out),
            Self::MatMul(product) => product.run(reads, registers, floats(out), scratch),
            Self::Conv(conv) => conv.run(reads.floats(0), reads.floats(1), floats(out), scratch),
            Self::WeightGradient(conv) => conv.run(reads.floats(0), reads.floats(1), floats(out), scratch),
            Self::MaxPool(level, window) => pool::max_pool(*level, window, reads.floats(0), floats(out)),
            Self::MaxPoolArg(level, window) => pool::max_pool_arg(*level, window, reads.floats(0), out),
            Self::Unpool(window) => pool::unpool(window, reads.floats(0), reads.words(1), floats(out)),
            Self::PoolTake(window) => pool::pool_take(window, reads.words(0), reads.words(1), out),
            Self::Fold(window, input) => pool::fold(window, input, reads.floats(0), floats(out)),
            Self::Gather(rows) => index::gather(rows, reads.words(0), reads.words(1), out),
            Self::ScatterAdd(rows) => index::scatter_add(rows, reads.floats(0), reads.words(1), floats(out)),
            Self::ArgSort(length, dtype) => index::argsort(*length, *dtype, reads.words(0), out),
        }
    }
}
