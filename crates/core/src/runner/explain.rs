//! What a call of a prepared program comes to: its dispatches, and the bytes that move, set against those that must. Nothing is run.

use super::{
    Prepared,
    local::{Inner, gone},
    profile::name,
};
use crate::{
    Result,
    device::{Passes, Realisation},
    plan::Walk,
};
use std::{fmt, rc::Rc};

/// What a call of a program does on a device. Amounts are bytes.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Explanation {
    /// The device: `interp`, `cpu` or `webgpu`.
    pub device: String,
    /// Batches of work that a call hands over to the device's queue (WebGPU: submits).
    pub submits: usize,
    /// Arguments that are brought to the program's own memory, and results that are copied out of it.
    pub copied: f64,
    /// Scratch memory of the device for this program.
    pub arena: f64,
    /// State that calls read and change.
    pub state: f64,
    /// Buffers besides the arena: how many.
    pub buffers: usize,
    /// Their length together.
    pub buffer_bytes: f64,
    /// Step by step, in the program's order.
    pub steps: Vec<StepExplanation>,
}

/// One step of an explanation. Figures are those of a call, all trips of a loop together; amounts are bytes.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StepExplanation {
    /// The kernel and what finishes its elements, as the program prints them.
    pub kernel: String,
    /// Dispatches on the device; on a CPU a step is one.
    pub dispatches: usize,
    /// Floating-point operations.
    pub flops: f64,
    /// What it must read: the distinct words that its result depends on, once.
    pub read: f64,
    /// What it must write: the result, once.
    pub written: f64,
    /// What the device reads and writes for it: the above, and all intermediates of its passes, packed copies, second readings.
    pub moved: f64,
}

impl Explanation {
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
        self.steps.iter().map(|step| step.read + step.written).sum()
    }

    /// Bytes that a call reads and writes in all, copies of arguments and results included.
    pub fn moved(&self) -> f64 {
        self.steps.iter().map(|step| step.moved).sum::<f64>() + 2.0 * self.copied
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kb = |bytes: f64| bytes / 1e3;
        let sum = |amount: fn(&StepExplanation) -> f64| self.steps.iter().map(amount).sum::<f64>();
        writeln!(
            f,
            "{}: {} dispatches, {} submits; {:.1} kB must move, {:.1} move, {:.1} of arguments and results copied",
            self.device,
            self.dispatches(),
            self.submits,
            kb(self.needed()),
            kb(self.moved()),
            kb(self.copied),
        )?;
        writeln!(
            f,
            "arena {:.1} kB, state {:.1} kB, {} buffers of {:.1} kB",
            kb(self.arena),
            kb(self.state),
            self.buffers,
            kb(self.buffer_bytes)
        )?;
        writeln!(f, "dispatches   kB read  kB written  kB moved     MFLOP  step")?;
        for step in &self.steps {
            let StepExplanation { kernel, dispatches, flops, read, written, moved } = step;
            let (read, written, moved) = (kb(*read), kb(*written), kb(*moved));
            writeln!(f, "{dispatches:10} {read:9.1} {written:11.1} {moved:9.1} {:9.3}  {kernel}", flops / 1e6)?;
        }
        let (read, written, moved) = (kb(sum(|s| s.read)), kb(sum(|s| s.written)), kb(sum(|s| s.moved)));
        let dispatches = self.dispatches();
        writeln!(f, "{dispatches:10} {read:9.1} {written:11.1} {moved:9.1} {:9.3}  total", self.flops() / 1e6)
    }
}

impl Inner {
    /// What a call of a program does.
    pub(super) fn explain(self: &Rc<Self>, program: &Prepared) -> Result<Explanation> {
        let body = self.callables.borrow().get(&program.id).cloned().ok_or_else(|| gone("program"))?;
        let Realisation { submits, scratch, steps: passes } = body.realisation()?;
        let plan = body.program();
        let bytes = |words: usize| 4.0 * words as f64;
        let mut steps: Vec<StepExplanation> = plan
            .steps
            .iter()
            .map(|step| StepExplanation { kernel: name(step), ..StepExplanation::default() })
            .collect();
        let costs: Vec<_> = plan.steps.iter().map(|step| step.cost()).collect();
        let mut walk = Walk::new(plan);
        while let Some(number) = walk.step() {
            let (step, cost, pass) = (&mut steps[number], costs[number], passes.get(number));
            let Passes { dispatches, read, written } = pass.copied().unwrap_or_default();
            step.dispatches += dispatches;
            step.flops += cost.flops;
            step.read += cost.read;
            step.written += cost.written;
            step.moved += cost.bytes() + bytes(read) + bytes(written);
            walk.advance();
        }
        let [copied, state] = body.words().map(bytes);
        Ok(Explanation {
            device: self.device.info().name.into(),
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
