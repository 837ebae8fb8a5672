//! Programs with all that their replays need: a replay allocates nothing, but for the one that emits expressions.

use super::{
    State,
    expr::{self, Blocks, Registers},
    failed,
    memory::{Memory, Out, Words},
    reduce::Partial,
    simd::Level,
    team::{TEAM, Taken},
    work::{Split, Work},
};
use crate::{
    Result,
    device::{BufferId, Passes, Position, Realisation},
    plan::{Operand, Program, Walk, verify},
};
use std::{cell::UnsafeCell, ops::Range, rc::Rc};

/// How much work is worth a thread of its own, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grain {
    /// A part: handing it to a thread that looks for one costs a tenth of the default.
    pub(super) part: f64,
    /// A program's run: threads that sleep take a while to wake.
    pub(super) program: f64,
    /// How many times what each part repeats a part has to last, to be one of many.
    pub(super) share: f64,
    /// From so many runs on expressions are emitted.
    pub(super) often: u32,
}

impl Default for Grain {
    fn default() -> Self {
        Self { part: 8_000.0, program: 300_000.0, share: 20.0, often: 3 }
    }
}

/// The most parts for each thread: several, so that one that is held up does not hold up all.
const PARTS_PER_THREAD: usize = 12;

/// A program with all that its replays need.
pub(super) struct Prepared {
    externals: Vec<crate::plan::External>,
    steps: Vec<Ready>,
    arena: Words,
    /// What the parts of a step share.
    common: Words,
    threads: Vec<Local>,
    walk: Walk,
    /// Runs until its expressions are emitted.
    runs_left: u32,
    /// The buffers of the run under way.
    bound: Vec<Rc<Words>>,
}

/// What each thread has for itself: memory for kernels, and registers of epilogues.
struct Local(UnsafeCell<(Scratch, Registers)>);

// SAFETY: only the thread whose number it has uses it, within a step.
unsafe impl Sync for Local {}

/// Memory of a thread for the step under way.
pub(super) struct Scratch {
    /// For expressions that kernels evaluate.
    pub(super) registers: Registers,
    /// For reductions.
    pub(super) partial: Partial,
    /// Packed operands.
    pub(super) packed: Words,
}

/// A step with its kernel prepared.
struct Ready {
    work: Work,
    reads: Vec<Operand>,
    epilogue: Option<Finish>,
    write: Operand,
    /// Where its operands lie in the program, if any moves with the trips of a loop.
    home: Option<Vec<usize>>,
    cut: Parts,
    /// What its parts share, if they do: done before them.
    common: Option<(Parts, usize)>,
}

/// In how many parts units are done, and how long each is.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    count: usize,
    units: usize,
    part: usize,
}

impl Parts {
    /// What is worth it for so many threads.
    fn of(Split { units, step, cost, repeated }: Split, threads: usize, grain: Grain) -> Self {
        // Finely where little is repeated, else one part for each thread if that still saves time: such a part may be a third as
        // long, still three times what it costs to hand over.
        let fine = cost / grain.part.max(repeated * grain.share);
        let even = (threads as f64).min(3.0 * cost / grain.part).floor();
        let saves = cost - cost / even > repeated * grain.share / 10.0;
        let parts = if fine < even && saves { even } else { fine };
        let parts = (parts as usize).min(threads * PARTS_PER_THREAD).min(units.div_ceil(step));
        if threads == 1 || parts <= 1 {
            return Self { count: 1, units, part: units };
        }
        let part = units.div_ceil(parts).next_multiple_of(step);
        Self { count: units.div_ceil(part), units, part }
    }

    /// Those of one of them.
    fn units(self, number: usize) -> Range<usize> {
        number * self.part..((number + 1) * self.part).min(self.units)
    }

    /// Does all, with the team if there is one; `run` gets units and the thread's number.
    fn run(self, team: Option<&Taken<'_>>, run: &(dyn Fn(Range<usize>, usize) + Sync)) {
        match team {
            Some(team) if self.count > 1 => team.run(self.count, &|number, thread| run(self.units(number), thread)),
            _ => (0..self.count).for_each(|number| run(self.units(number), 0)),
        }
    }
}

/// An epilogue: a pass over what its kernel has just written.
struct Finish {
    blocks: Blocks,
    reads: Vec<Operand>,
}

impl Prepared {
    pub(super) fn new(level: Level, threads: usize, grain: Grain, program: &Program) -> Result<Self> {
        let walk = Walk::new(program);
        let mut steps: Vec<Ready> =
            (0..program.steps.len()).map(|i| Ready::new(level, program, &walk, i)).collect::<Result<_>>()?;
        let total: f64 = steps.iter().map(|step| step.work.cost()).sum();
        let threads = if total < grain.program { 1 } else { threads };
        steps.iter_mut().for_each(|step| step.cut(threads, grain));
        let threads = if steps.iter().any(Ready::is_cut) { threads } else { 1 };
        let common = steps.iter().filter_map(|step| step.common).map(|(_, words)| words).max().unwrap_or(0);
        let packed = steps.iter().map(|step| step.work.scratch()).max().unwrap_or(0);
        let local = || {
            let (mut registers, mut finish) = (Registers::default(), Registers::default());
            for step in &steps {
                step.work.blocks().for_each(|blocks| registers.grow_for(blocks));
                step.epilogue.iter().for_each(|epilogue| finish.grow_for(&epilogue.blocks));
            }
            let packed = Words::new(packed, "scratch memory")?;
            let scratch = Scratch { registers, partial: Partial::default(), packed };
            Ok(Local(UnsafeCell::new((scratch, finish))))
        };
        Ok(Self {
            externals: program.externals.clone(),
            arena: Words::new(program.arena, "intermediate results")?,
            common: Words::new(common, "packed operands")?,
            threads: (0..threads).map(|_| local()).collect::<Result<_>>()?,
            walk,
            runs_left: grain.often,
            bound: Vec::with_capacity(program.externals.len()),
            steps,
        })
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&mut self) -> u64 {
        let packed: usize = self.threads.iter_mut().map(|local| local.0.get_mut().0.packed.len()).sum();
        4 * (self.arena.len() + self.common.len() + packed) as u64
    }

    /// See [`crate::device::Device::realisation`].
    pub(super) fn realisation(&mut self) -> Realisation {
        // What is packed, transformed or laid out is written once and read once.
        let passes = |step: &Ready| {
            let copied = step.work.copied();
            Passes { dispatches: 1, read: copied, written: copied }
        };
        let scratch = self.bytes() as usize / 4;
        Realisation { submits: 0, scratch, steps: self.steps.iter().map(passes).collect() }
    }

    /// Takes the buffers of a run: each long enough, and none that is written bound twice.
    pub(super) fn bind(&mut self, state: &State, buffers: &[BufferId]) -> Result<()> {
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

    /// Lets go of the buffers.
    pub(super) fn unbind(&mut self) {
        self.bound.clear();
    }

    /// Counts the runs that begin, and emits the expressions of a program that runs often. Returns how many functions that made.
    pub(super) fn emit_once_often(&mut self, from: Position, iterations: usize) -> usize {
        let begin = iterations.saturating_sub(from.iteration + usize::from(from.step > 0));
        if self.runs_left == 0 || begin == 0 {
            return 0;
        }
        self.runs_left = self.runs_left.saturating_sub(begin.min(u32::MAX as usize) as u32);
        if self.runs_left > 0 { 0 } else { expr::emit(self.steps.iter().flat_map(Ready::blocks)) }
    }

    /// Runs until `iterations` are done or `pause` says so. Returns how far it came, and in how many steps.
    pub(super) fn run(
        &mut self,
        from: Position,
        iterations: usize,
        pause: &mut dyn FnMut() -> bool,
    ) -> (Position, u64) {
        let (mut at, mut count) = (from, 0);
        if self.steps.is_empty() {
            return (Position { iteration: iterations, step: 0 }, 0);
        }
        let team = TEAM.take(self.threads.len());
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
            // buffers are bound once (`bind`), and operands do not overlap (`Ready::new`).
            unsafe { step.run(memory, &self.common, &self.threads, team.as_ref()) };
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
        let over: Vec<(usize, usize)> =
            (0..step.reads.len()).filter_map(|i| Some((i, step.value_over(step.reads[i])?))).collect();
        let work = Work::new(level, &step.kernel, &over);
        let epilogue = step.epilogue.as_ref().map(|epilogue| Finish {
            blocks: Blocks::new(level, &epilogue.shape, &epilogue.expr).in_runs(),
            reads: epilogue.reads.clone(),
        });
        let home = walk.moves(number).then(|| step.operands().map(|operand| operand.offset).collect());
        let (reads, write) = (step.reads.clone(), step.write);
        let mut ready = Self { work, reads, epilogue, write, home, cut: Parts::default(), common: None };
        ready.cut(1, Grain::default());
        Ok(ready)
    }

    /// The expressions that it evaluates.
    fn blocks(&self) -> impl Iterator<Item = &Blocks> {
        self.work.blocks().chain(self.epilogue.iter().map(|epilogue| &epilogue.blocks))
    }

    /// Cuts it for so many threads, as far as it is worth that.
    fn cut(&mut self, threads: usize, grain: Grain) {
        if threads > 1 && self.work.cost() > 3.0 * grain.part {
            self.work.share(threads);
        }
        self.common = self.work.common().map(|(split, words)| (Parts::of(split, threads, grain), words));
        self.cut = Parts::of(self.work.split(), threads, grain);
    }

    /// Whether it is done in more than one part, or what its parts share is.
    fn is_cut(&self) -> bool {
        self.cut.count > 1 || self.common.is_some_and(|(parts, _)| parts.count > 1)
    }

    /// Does it, with the team if there is one.
    ///
    /// # Safety
    /// No other slices of the step's operands or of `common` exist, and they do not overlap as `Memory::step` asks.
    unsafe fn run(&self, memory: Memory<'_>, common: &Words, threads: &[Local], team: Option<&Taken<'_>>) {
        let mut shared: &[u32] = &[];
        if let Some((parts, words)) = self.common {
            // SAFETY: the caller's promise.
            let (reads, all) = unsafe { (memory.step(&self.reads, &self.write).0, common.get_mut(0..words)) };
            let out = Out::new(all.expect("room for the largest"));
            parts.run(team, &|units, thread| {
                // SAFETY: the thread's scratch is its own.
                let (scratch, _) = unsafe { &mut *threads[thread].0.get() };
                self.work.run_common(units, reads, scratch, out);
            });
            // SAFETY: nobody writes to it any more.
            shared = unsafe { common.get(0..words) }.unwrap_or_default();
        }
        self.cut.run(team, &|units, thread| {
            // SAFETY: the parts have distinct units, so they write distinct words; the thread's scratch is its own.
            unsafe { self.run_part(memory, units, shared, &mut *threads[thread].0.get()) }
        });
    }

    /// Some units of the kernel, each range of the output being finished while it is in the cache.
    ///
    /// # Safety
    /// As for `run`, and nobody else does these units or has this scratch.
    unsafe fn run_part(
        &self,
        memory: Memory<'_>,
        units: Range<usize>,
        common: &[u32],
        local: &mut (Scratch, Registers),
    ) {
        let (scratch, registers) = local;
        // SAFETY: the caller's promise.
        let (reads, out) = unsafe { memory.step(&self.reads, &self.write) };
        let Some(Finish { blocks, reads: more }) = &self.epilogue else {
            return self.work.run(units, reads, common, scratch, out, &mut |_| ());
        };
        // SAFETY: the caller's promise.
        let (more, _) = unsafe { memory.step(more, &self.write) };
        blocks.begin(more, registers);
        self.work.run(units, reads, common, scratch, out, &mut |range| {
            // SAFETY: the kernel is through with what it says is done.
            unsafe { blocks.run(more, registers, range, out) };
        });
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
}
