//! Where the time of a called program goes, step by step.

use super::{
    Prepared,
    call::Callable,
    local::{Inner, SLICE, gone},
};
use crate::{
    Error, Result, Tensor,
    device::{BufferId, ExecutableId, Place, Position},
    plan::{Buffer, Program, Step, Walk},
};
use std::{fmt, rc::Rc};

/// The time of each step of a program, over some calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Calls that were timed.
    pub calls: usize,
    /// Step by step, in the program's order.
    pub steps: Vec<StepProfile>,
}

/// One step of a profile. Figures are those of a call, all trips of a loop together.
#[derive(Clone, Debug, PartialEq)]
pub struct StepProfile {
    /// The kernel and what finishes its elements, as the program prints them.
    pub kernel: String,
    /// Milliseconds, the mean over all calls.
    pub ms: f64,
    /// Floating-point operations.
    pub flops: f64,
    /// Bytes that it reads and writes.
    pub bytes: f64,
}

/// How long calls are timed, in ms, and how many at most.
const ENOUGH: f64 = 300.0;
const MOST: usize = 1000;
/// How long a step is repeated at least where it is timed by itself, in ms.
const LEAST: f64 = 4.0;

impl Profile {
    /// Milliseconds of a call.
    pub fn total(&self) -> f64 {
        self.steps.iter().map(|step| step.ms).sum()
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        writeln!(f, "{total:.3} ms a call, mean of {}", self.calls)?;
        writeln!(f, "      ms  share  GFLOP/s    GB/s  step")?;
        for StepProfile { kernel, ms, flops, bytes } in &self.steps {
            let rate = |amount: f64| amount / (ms * 1e6).max(f64::MIN_POSITIVE);
            let share = 100.0 * ms / total.max(f64::MIN_POSITIVE);
            writeln!(f, "{ms:8.4} {share:5.1}% {:8.2} {:7.2}  {kernel}", rate(*flops), rate(*bytes))?;
        }
        Ok(())
    }
}

impl Inner {
    /// Calls a program again and again, and times its steps one by one; where a device takes programs as a whole, each step is
    /// made a program of its own.
    pub(super) async fn profile(self: &Rc<Self>, program: &Prepared, arguments: &[Tensor]) -> Result<Profile> {
        // Arguments are brought, and everything is warm.
        self.call(program, arguments).await?;
        let body = self.callables.borrow().get(&program.id).cloned().ok_or_else(|| gone("program"))?;
        if body.realisation()?.submits > 0 {
            return self.profile_apart(&body).await;
        }
        let plan = body.program();
        let mut steps = untimed(plan);
        let mut walk = Walk::new(plan);
        let (begun, stops) = ((self.host.now)(), self.stops.get());
        let mut calls = 0;
        while calls < MOST && (calls == 0 || (self.host.now)() - begun < ENOUGH) && self.stops.get() == stops {
            let turn = self.turn().await;
            let mut at = Position::default();
            walk.seek(0);
            while let Some(number) = walk.step() {
                let start = (self.host.now)();
                let next = body.run(at, &mut || true)?;
                let time = (self.host.now)() - start;
                walk.advance();
                if next != (if walk.step().is_some() { Position { iteration: 0, step: walk.done() } } else { END }) {
                    drop(turn);
                    return self.profile_apart(&body).await;
                }
                let cost = plan.steps[number].cost();
                let step = &mut steps[number];
                step.ms += time;
                (step.flops, step.bytes) = (step.flops + cost.flops, step.bytes + cost.bytes());
                at = next;
            }
            calls += 1;
            drop(turn);
            if (self.host.now)() - self.turned.get() >= SLICE {
                (self.host.turn)().await;
                self.turned.set((self.host.now)());
            }
        }
        for step in &mut steps {
            for amount in [&mut step.ms, &mut step.flops, &mut step.bytes] {
                *amount /= calls as f64;
            }
        }
        Ok(Profile { calls, steps })
    }
}

impl Inner {
    /// Times each step as a program of its own that is repeated, on a copy of what it writes, so that no state changes. Intermediates
    /// that steps read are those of the call before.
    async fn profile_apart(self: &Rc<Self>, body: &Callable) -> Result<Profile> {
        let plan = body.program();
        let mut steps = untimed(plan);
        let enough = (ENOUGH / steps.len().max(1) as f64).max(LEAST);
        let (mut calls, stops) = (MOST, self.stops.get());
        for (step, timed) in plan.steps.iter().zip(&mut steps) {
            let mut externals = body.externals();
            let copy = match step.write.buffer {
                Buffer::Arena => None,
                Buffer::External(e) => {
                    let words = plan.externals[e].words;
                    let copy = self.memory(words, "a copy of what a step writes")?;
                    let at = |buffer| Place { buffer, offset: 0 };
                    self.device.copy(at(externals[e]), at(copy.buffer), words)?;
                    externals[e] = copy.buffer;
                    Some(copy)
                }
            };
            let program = Program {
                externals: plan.externals.clone(),
                arena: plan.arena,
                steps: vec![step.clone()],
                loops: Vec::new(),
            };
            let turn = self.turn().await;
            if self.stops.get() != stops {
                return Err(Error::Stopped);
            }
            let executable = self.device.prepare(&program)?;
            let time = self.time_repeated(executable, &externals, enough).await;
            self.device.release(executable);
            drop((turn, copy));
            let (ms, repetitions) = time?;
            (timed.ms, calls) = (ms, calls.min(repetitions));
            (self.host.turn)().await;
        }
        let mut walk = Walk::new(plan);
        let mut trips = vec![0.0; steps.len()];
        while let Some(number) = walk.step() {
            trips[number] += 1.0;
            walk.advance();
        }
        for ((timed, step), trips) in steps.iter_mut().zip(&plan.steps).zip(trips) {
            let cost = step.cost();
            (timed.ms, timed.flops, timed.bytes) = (timed.ms * trips, cost.flops * trips, cost.bytes() * trips);
        }
        Ok(Profile { calls, steps })
    }

    /// Milliseconds of a repetition of a program, from that many of them that they take long enough, and how many those are. What
    /// it takes to hand over and to wait is taken off.
    async fn time_repeated(
        &self,
        executable: ExecutableId,
        externals: &[BufferId],
        enough: f64,
    ) -> Result<(f64, usize)> {
        let signal = self.memory(1, "a sign that work is done")?;
        let time = async |repetitions: usize| {
            let start = (self.host.now)();
            let mut at = Position::default();
            while at.iteration < repetitions {
                at = self.device.run(executable, externals, at, repetitions, &mut || false)?;
                self.device.ready().await?;
            }
            self.device.read(signal.buffer, 0..1).await?;
            Ok::<_, Error>((self.host.now)() - start)
        };
        time(1).await?;
        let alone = time(1).await?.min(time(1).await?);
        let mut repetitions = 4;
        loop {
            let taken = time(repetitions).await? - alone;
            if taken >= enough || repetitions >= MOST {
                return Ok(((taken / (repetitions - 1) as f64).max(0.0), repetitions));
            }
            // As many as would take that long, as far as can be told; more by a factor at most, since little is known from little.
            let wanted = repetitions as f64 * enough / taken.max(1e-3) * 1.2;
            repetitions = (wanted as usize).clamp(2 * repetitions, 16 * repetitions).min(MOST);
        }
    }
}

fn untimed(program: &Program) -> Vec<StepProfile> {
    program.steps.iter().map(|step| StepProfile { kernel: name(step), ms: 0.0, flops: 0.0, bytes: 0.0 }).collect()
}

/// A step without its operands.
pub(super) fn name(step: &Step) -> String {
    match &step.epilogue {
        Some(epilogue) => format!("{}, then {}", step.kernel, epilogue.expr),
        None => step.kernel.to_string(),
    }
}

/// After the last step.
const END: Position = Position { iteration: 1, step: 0 };

#[cfg(test)]
mod tests {
    use crate::{DType, LocalRunner, ProgramSpec, Runner, Shape, Tensor, device::cpu::Cpu, device::interp::Interp};
    use pollster::block_on;

    fn product() -> ProgramSpec {
        let [a, b] = [[20, 30], [30, 40]].map(|dims| Tensor::input(Shape::new("test", dims).unwrap(), DType::F32));
        let output = a.matmul(&b).unwrap().relu().unwrap();
        ProgramSpec { arguments: vec![a, b], outputs: vec![output], ..ProgramSpec::default() }
    }

    #[test]
    fn every_step_has_its_time_and_its_work() {
        let zeros = |dims: &[usize]| Tensor::f32(dims, &vec![0.0; dims.iter().product()]).unwrap();
        for runner in [LocalRunner::native(Cpu::new()), LocalRunner::native(Interp::new())] {
            let program = block_on(runner.prepare(&product())).unwrap();
            let profile = block_on(runner.profile(&program, &[zeros(&[20, 30]), zeros(&[30, 40])])).unwrap();
            assert!(profile.calls > 0 && profile.steps.iter().all(|step| step.ms >= 0.0), "{profile}");
            let [step] = &profile.steps[..] else { panic!("{profile}") };
            // The product, and the comparison of each element with 0.
            assert_eq!(step.flops, 2.0 * 20.0 * 30.0 * 40.0 + 800.0, "{profile}");
            assert_eq!(step.bytes, 4.0 * (600.0 + 1200.0 + 800.0));
            assert!(step.kernel.starts_with("matmul [1] 20×30×40, then {"), "{profile}");
            assert!(profile.to_string().contains("100.0%"), "{profile}");
        }
    }
}
