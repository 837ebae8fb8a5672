//! What a call of a prepared program comes to: its dispatches, and the bytes that move, set against those that must. Nothing is run;
//! `profile` adds how long it takes.

use super::{call::Callable, local::Inner};
use crate::{
    Result,
    device::{Passes, Realisation},
    plan::{Program, Step, Walk},
};
use std::fmt;

/// What a call of a program does on a device and, where calls were timed, how long its steps take.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Profile {
    /// The device: `interp`, `cpu` or `webgpu`.
    pub device: String,
    /// Calls that were timed; 0 if nothing was run.
    pub calls: usize,
    /// Batches of work that a call hands over to the device's queue (WebGPU: submits).
    pub submits: usize,
    /// Bytes of arguments that are brought to the program's own memory, and of results that are copied out of it.
    pub copied: f64,
    /// Bytes of scratch memory of the device for this program.
    pub arena: f64,
    /// Bytes of state that calls read and change.
    pub state: f64,
    /// Buffers besides the arena: how many.
    pub buffers: usize,
    /// Their length together, in bytes.
    pub buffer_bytes: f64,
    /// Step by step, in the program's order.
    pub steps: Vec<StepProfile>,
}

/// One step of a profile. Figures are those of a call, all trips of a loop together.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StepProfile {
    /// The kernel and what finishes its elements, as the program prints them.
    pub kernel: String,
    /// Milliseconds, the mean over all timed calls; 0 if there are none.
    pub ms: f64,
    /// Dispatches on the device; on a CPU a step is one.
    pub dispatches: usize,
    /// Floating-point operations.
    pub flops: f64,
    /// Bytes that it must read: the distinct words that its result depends on, once.
    pub read: f64,
    /// Bytes that it must write: the result, once.
    pub written: f64,
    /// Bytes that the device reads and writes for it: the above, and all intermediates of its passes, packed copies, second
    /// readings.
    pub moved: f64,
}

impl Profile {
    /// Milliseconds of a call.
    pub fn total(&self) -> f64 {
        self.steps.iter().map(|step| step.ms).sum()
    }

    /// Dispatches of a call.
    pub fn dispatches(&self) -> usize {
        self.steps.iter().map(|step| step.dispatches).sum()
    }

    /// Floating-point operations of a call.
    pub fn flops(&self) -> f64 {
        self.steps.iter().map(|step| step.flops).sum()
    }

    /// Bytes that the steps must read and write.
    pub fn needed(&self) -> f64 {
        self.steps.iter().map(StepProfile::bytes).sum()
    }

    /// Bytes that a call reads and writes in all, copies of arguments and results included.
    pub fn moved(&self) -> f64 {
        self.steps.iter().map(|step| step.moved).sum::<f64>() + 2.0 * self.copied
    }

    /// All but the device and the steps, in the order of the fields.
    pub fn numbers(&self) -> [f64; 7] {
        let [calls, submits, buffers] = [self.calls, self.submits, self.buffers].map(|count| count as f64);
        [calls, submits, self.copied, self.arena, self.state, buffers, self.buffer_bytes]
    }

    /// From numbers in that order.
    pub(crate) fn from_numbers(device: String, numbers: [f64; 7], steps: Vec<StepProfile>) -> Self {
        let [calls, submits, copied, arena, state, buffers, buffer_bytes] = numbers;
        let [calls, submits, buffers] = [calls, submits, buffers].map(|count| count as usize);
        Self { device, calls, submits, copied, arena, state, buffers, buffer_bytes, steps }
    }

    fn times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        writeln!(f, "{total:.3} ms a call, mean of {}", self.calls)?;
        writeln!(f, "      ms  share  GFLOP/s    GB/s  step")?;
        for step in &self.steps {
            let StepProfile { kernel, ms, flops, .. } = step;
            let rate = |amount: f64| amount / (ms * 1e6).max(f64::MIN_POSITIVE);
            let share = 100.0 * ms / total.max(f64::MIN_POSITIVE);
            writeln!(f, "{ms:8.4} {share:5.1}% {:8.2} {:7.2}  {kernel}", rate(*flops), rate(step.bytes()))?;
        }
        Ok(())
    }
}

impl StepProfile {
    /// Bytes that it must read and write.
    pub fn bytes(&self) -> f64 {
        self.read + self.written
    }

    /// All but the kernel, in the order of the fields.
    pub fn numbers(&self) -> [f64; 6] {
        [self.ms, self.dispatches as f64, self.flops, self.read, self.written, self.moved]
    }

    /// From numbers in that order.
    pub(crate) fn from_numbers(kernel: String, numbers: [f64; 6]) -> Self {
        let [ms, dispatches, flops, read, written, moved] = numbers;
        Self { kernel, ms, dispatches: dispatches as usize, flops, read, written, moved }
    }
}

/// The times, if calls were timed, else what moves.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.calls > 0 {
            return self.times(f);
        }
        let kb = |bytes: f64| bytes / 1e3;
        let (device, dispatches, submits) = (&self.device, self.dispatches(), self.submits);
        let [needed, moved, copied] = [self.needed(), self.moved(), self.copied].map(kb);
        writeln!(f, "{device}: {dispatches} dispatches, {submits} submits; {needed:.1} kB must move, {moved:.1} do")?;
        let [arena, state, buffers] = [self.arena, self.state, self.buffer_bytes].map(kb);
        let count = self.buffers;
        writeln!(f, "arena {arena:.1} kB, state {state:.1} kB, {count} buffers of {buffers:.1} kB")?;
        writeln!(f, "dispatches   kB read  kB written  kB moved     MFLOP  step")?;
        for StepProfile { kernel, dispatches, flops, read, written, moved, .. } in &self.steps {
            let [read, written, moved] = [*read, *written, *moved].map(kb);
            writeln!(f, "{dispatches:10} {read:9.1} {written:11.1} {moved:9.1} {:9.3}  {kernel}", flops / 1e6)?;
        }
        let twice = 2.0 * copied;
        writeln!(f, "{:10} {copied:9.1} {copied:11.1} {twice:9.1} {:9.3}  arguments and results", 0, 0.0)
    }
}

impl Inner {
    /// What a call of a program does.
    pub(super) fn explain(&self, body: &Callable) -> Result<Profile> {
        let Realisation { submits, scratch, steps: passes } = body.realisation()?;
        let plan = body.program();
        let bytes = |words: usize| 4.0 * words as f64;
        let explained = |(step, passes): (&Step, &Passes)| {
            let (cost, Passes { dispatches, read, written }) = (step.cost(), *passes);
            StepProfile {
                kernel: name(step),
                ms: 0.0,
                dispatches,
                flops: cost.flops,
                read: cost.read,
                written: cost.written,
                moved: cost.bytes() + bytes(read + written),
            }
        };
        let mut steps: Vec<StepProfile> = plan.steps.iter().zip(&passes).map(explained).collect();
        for (step, trips) in steps.iter_mut().zip(trips(plan)) {
            step.dispatches *= trips;
            for amount in [&mut step.flops, &mut step.read, &mut step.written, &mut step.moved] {
                *amount *= trips as f64;
            }
        }
        let [copied, state] = body.words().map(bytes);
        Ok(Profile {
            device: self.device.info().name.into(),
            calls: 0,
            submits,
            copied,
            arena: bytes(scratch),
            state,
            buffers: plan.externals.len(),
            buffer_bytes: plan.externals.iter().map(|external| bytes(external.words)).sum(),
            steps,
        })
    }
}

/// How often each step of a program runs.
pub(super) fn trips(program: &Program) -> Vec<usize> {
    let mut walk = Walk::new(program);
    let mut trips = vec![0; program.steps.len()];
    while let Some(number) = walk.step() {
        trips[number] += 1;
        walk.advance();
    }
    trips
}

/// A step without its operands.
fn name(step: &Step) -> String {
    match &step.epilogue {
        Some(epilogue) => format!("{}, then {}", step.kernel, epilogue.expr),
        None => step.kernel.to_string(),
    }
}
