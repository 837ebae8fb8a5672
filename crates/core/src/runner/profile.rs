//! Where the time of a called program goes, step by step.

use super::{
    Prepared, Profile,
    call::Callable,
    explain::trips,
    local::{Inner, SLICE, gone},
};
use crate::{
    Error, Result, Tensor,
    device::{BufferId, Device, ExecutableId, Place, Position},
    plan::{Buffer, Program, Walk},
};
use std::rc::Rc;

/// How long calls are timed, in ms, and how many at most.
const ENOUGH: f64 = 300.0;
const MOST: usize = 1000;
/// How long a step is repeated at least where it is timed by itself, in ms.
const LEAST: f64 = 4.0;
/// Runs of a step by itself that only say how long it takes to hand one over and to wait for it; the first warms up.
const TRIALS: usize = 3;

impl Inner {
    /// What a call does; with arguments, calls a program again and again besides, and times its steps one by one. Where a device
    /// takes programs as a whole, each step is made a program of its own.
    pub(super) async fn profile(self: &Rc<Self>, program: &Prepared, arguments: Option<&[Tensor]>) -> Result<Profile> {
        let body = self.callables.borrow().get(&program.id).cloned().ok_or_else(|| gone("program"))?;
        let mut profile = self.explain(&body)?;
        let Some(arguments) = arguments else { return Ok(profile) };
        // Arguments are brought, and everything is warm.
        self.call(program, arguments).await?;
        let (begun, stops) = ((self.host.now)(), self.stops.get());
        let mut walk = Walk::new(body.program());
        let mut apart = profile.submits > 0;
        while !apart
            && profile.calls < MOST
            && (profile.calls == 0 || (self.host.now)() - begun < ENOUGH)
            && self.stops.get() == stops
        {
            let turn = self.turn().await;
            let mut at = Position::default();
            walk.seek(0);
            while let Some(number) = walk.step() {
                let start = (self.host.now)();
                let next = body.run(at, &mut || true)?;
                profile.steps[number].ms += (self.host.now)() - start;
                walk.advance();
                apart =
                    next != (if walk.step().is_some() { Position { iteration: 0, step: walk.done() } } else { END });
                if apart {
                    break;
                }
                at = next;
            }
            profile.calls += 1;
            drop(turn);
            if (self.host.now)() - self.turned.get() >= SLICE {
                (self.host.turn)().await;
                self.turned.set((self.host.now)());
            }
        }
        if apart {
            self.time_apart(&body, &mut profile, stops).await?;
        } else {
            let calls = profile.calls as f64;
            profile.steps.iter_mut().for_each(|step| step.ms /= calls);
        }
        Ok(profile)
    }

    /// Times each step as a program of its own that is repeated, on a copy of what it writes, so that no state changes.
    /// Intermediates that steps read are those of the call before. What it takes to hand over and to wait is taken off.
    async fn time_apart(self: &Rc<Self>, body: &Callable, profile: &mut Profile, stops: u64) -> Result<()> {
        let plan = body.program();
        let enough = (ENOUGH / plan.steps.len().max(1) as f64).max(LEAST);
        let signal = self.memory(1, "a sign that work is done")?;
        profile.calls = MOST;
        for (i, trips) in trips(plan).into_iter().enumerate() {
            let turn = self.turn().await;
            if self.stops.get() != stops {
                return Err(Error::Stopped);
            }
            let step = &plan.steps[i];
            let mut externals = body.externals();
            let mut copy = None;
            if let Buffer::External(e) = step.write.buffer {
                let words = plan.externals[e].words;
                let memory = self.memory(words, "a copy of what a step writes")?;
                let at = |buffer| Place { buffer, offset: 0 };
                self.device.copy(at(externals[e]), at(memory.buffer), words)?;
                externals[e] = memory.buffer;
                copy = Some(memory);
            }
            let program = Program {
                externals: plan.externals.clone(),
                arena: plan.arena,
                steps: vec![step.clone()],
                loops: Vec::new(),
            };
            let alone = Alone { device: &*self.device, executable: self.device.prepare(&program)?, externals };
            let (mut trials, mut overhead, mut repetitions) = (0, f64::INFINITY, 1);
            let ms = loop {
                let start = (self.host.now)();
                let mut done = 0;
                while done < repetitions {
                    done = alone.run(done, repetitions)?;
                    self.device.ready().await?;
                }
                self.device.read(signal.buffer, 0..1).await?;
                let taken = (self.host.now)() - start;
                trials += 1;
                if trials <= TRIALS {
                    overhead = if trials == 1 { overhead } else { overhead.min(taken) };
                    repetitions = if trials == TRIALS { 4 } else { 1 };
                    continue;
                }
                let more = taken - overhead;
                if more >= enough || repetitions >= MOST {
                    break more.max(0.0) / (repetitions - 1) as f64;
                }
                // As many as would take that long as far as can be told, but not all at once: little is known from little.
                let wanted = repetitions as f64 * enough / more.max(1e-3) * 1.2;
                repetitions = (wanted as usize).clamp(2 * repetitions, 16 * repetitions).min(MOST);
            };
            drop((alone, copy, turn));
            profile.steps[i].ms = ms * trips as f64;
            profile.calls = profile.calls.min(repetitions);
            (self.host.turn)().await;
        }
        Ok(())
    }
}

/// A step that was made a program.
struct Alone<'a> {
    device: &'a dyn Device,
    executable: ExecutableId,
    externals: Vec<BufferId>,
}

impl Alone<'_> {
    /// Goes on to so many repetitions as far as the device takes them now; how many there are then.
    fn run(&self, done: usize, repetitions: usize) -> Result<usize> {
        let from = Position { iteration: done, step: 0 };
        Ok(self.device.run(self.executable, &self.externals, from, repetitions, &mut || false)?.iteration)
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.device.release(self.executable);
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
            let profile = block_on(runner.profile(&program, Some(&[zeros(&[20, 30]), zeros(&[30, 40])]))).unwrap();
            assert!(profile.calls > 0 && profile.steps.iter().all(|step| step.ms >= 0.0), "{profile}");
            let [step] = &profile.steps[..] else { panic!("{profile}") };
            // The product, and the comparison of each element with 0.
            assert_eq!(step.flops, 2.0 * 20.0 * 30.0 * 40.0 + 800.0, "{profile}");
            assert_eq!(step.bytes(), 4.0 * (600.0 + 1200.0 + 800.0));
            assert!(step.kernel.starts_with("matmul [1] 20×30×40, then {"), "{profile}");
            assert!(profile.to_string().contains("100.0%"), "{profile}");
        }
    }
}
