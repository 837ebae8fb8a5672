//! Where the time of a called program goes, step by step.

use super::{
    Prepared,
    local::{Inner, SLICE, gone},
};
use crate::{
    Error, Result, Tensor,
    device::Position,
    plan::{Step, Walk},
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
    /// Calls a program again and again, and times its steps one by one.
    pub(super) async fn profile(self: &Rc<Self>, program: &Prepared, arguments: &[Tensor]) -> Result<Profile> {
        // Arguments are brought, and everything is warm.
        self.call(program, arguments).await?;
        let body = self.callables.borrow().get(&program.id).cloned().ok_or_else(|| gone("program"))?;
        let plan = body.program();
        let mut steps: Vec<StepProfile> =
            plan.steps.iter().map(|step| StepProfile { kernel: name(step), ms: 0.0, flops: 0.0, bytes: 0.0 }).collect();
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
                    let name = self.device.info().name;
                    let message = "it runs programs as a whole, so steps cannot be timed; profile on the CPU device";
                    return Err(Error::Device { device: name.into(), message: message.into() });
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
