//! Devices that are lost, and moves in the middle of a run: nobody above may know, to the bit where the devices agree to the bit.

mod support;

use gradbook_core::{
    Data, Host, LocalRunner, LoopSpec, ProgramSpec, Result, Runner, Tensor,
    device::{
        BufferId, Counters, Device, DeviceInfo, ExecutableId, Life, LocalFuture, Place, Position, Realisation,
        interp::Interp,
        lasting::{Lasting, Recovery, Surroundings},
    },
    plan::Program,
    runner::Variable,
};
use pollster::block_on;
use std::{
    cell::{Cell, RefCell},
    ops::Range,
    rc::Rc,
};

/// A device that can be taken away at any operation.
struct Fragile {
    inner: Rc<dyn Device>,
    /// Operations that are still done.
    left: Cell<usize>,
    /// Operations after those that are swallowed without a word, as a GPU does until it hears that it is lost.
    swallows: Cell<usize>,
    lost: Cell<bool>,
    done: Cell<usize>,
    /// A clock that a run moves on by so many ms.
    pace: RefCell<Option<(Rc<Cell<f64>>, f64)>>,
}

impl Fragile {
    fn new(inner: Rc<dyn Device>, left: usize, swallows: usize) -> Rc<Self> {
        let (left, swallows) = (Cell::new(left), Cell::new(swallows));
        Rc::new(Self { inner, left, swallows, lost: Cell::new(false), done: Cell::new(0), pace: RefCell::default() })
    }

    fn gone(&self) -> gradbook_core::Error {
        self.lost.set(true);
        gradbook_core::Error::Device { device: "fragile".into(), message: "the device was lost".into() }
    }

    /// Whether an operation is done; else it is swallowed. Errors: the device is gone.
    fn operate(&self) -> Result<bool> {
        if self.lost.get() {
            return Err(self.gone());
        }
        if self.left.get() > 0 {
            self.left.update(|n| n - 1);
            self.done.update(|n| n + 1);
            return Ok(true);
        }
        if self.swallows.get() == 0 {
            return Err(self.gone());
        }
        self.swallows.update(|n| n - 1);
        Ok(false)
    }
}

impl Device for Fragile {
    fn info(&self) -> DeviceInfo {
        DeviceInfo { name: "fragile", detail: String::new(), software: true }
    }

    fn counters(&self) -> Counters {
        self.inner.counters()
    }

    fn life(&self) -> Life {
        if self.lost.get() { Life::Lost("taken away".into()) } else { Life::Open }
    }

    fn alloc(&self, words: usize, what: &str) -> Result<BufferId> {
        self.operate()?;
        self.inner.alloc(words, what)
    }

    fn free(&self, buffer: BufferId) {
        self.inner.free(buffer);
    }

    fn write(&self, buffer: BufferId, offset: usize, words: &[u32]) -> Result<()> {
        if self.operate()? { self.inner.write(buffer, offset, words) } else { Ok(()) }
    }

    fn copy(&self, from: Place, to: Place, words: usize) -> Result<()> {
        if self.operate()? { self.inner.copy(from, to, words) } else { Ok(()) }
    }

    fn read(&self, buffer: BufferId, words: Range<usize>) -> LocalFuture<'_, Result<Vec<u32>>> {
        let read = match self.operate() {
            Ok(true) => self.inner.read(buffer, words),
            // What is swallowed cannot be read.
            Ok(false) | Err(_) => Box::pin(std::future::ready(Err(self.gone()))),
        };
        // It takes its time.
        Box::pin(async move {
            for _ in 0..3 {
                turn().await;
            }
            if self.lost.get() { Err(self.gone()) } else { read.await }
        })
    }

    fn prepare(&self, program: &Program) -> Result<ExecutableId> {
        self.operate()?;
        self.inner.prepare(program)
    }

    fn realisation(&self, executable: ExecutableId) -> Result<Realisation> {
        self.inner.realisation(executable)
    }

    fn release(&self, executable: ExecutableId) {
        self.inner.release(executable);
    }

    fn run(
        &self,
        executable: ExecutableId,
        externals: &[BufferId],
        from: Position,
        iterations: usize,
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<Position> {
        if let Some((clock, ms)) = &*self.pace.borrow() {
            clock.update(|time| time + ms);
        }
        if self.operate()? {
            return self.inner.run(executable, externals, from, iterations, pause);
        }
        Ok(Position { iteration: from.iteration + 1, step: 0 })
    }

    fn ready(&self) -> LocalFuture<'_, Result<()>> {
        let ready = if self.lost.get() { Err(self.gone()) } else { Ok(()) };
        Box::pin(std::future::ready(ready))
    }
}

fn turn() -> LocalFuture<'static, ()> {
    let mut waited = false;
    Box::pin(std::future::poll_fn(move |context| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    }))
}

/// A runner on a lasting device, and what happens to it.
struct Bench {
    runner: LocalRunner,
    device: Rc<Lasting>,
    recovered: Rc<RefCell<Vec<Recovery>>>,
    /// How often a program was told to take long.
    heavy: Rc<Cell<usize>>,
    clock: Rc<Cell<f64>>,
}

/// Begins on `first`; `reopened` are opened one after the other in place of what is lost. Every look at the clock finds
/// `tick` ms gone.
fn bench(first: Rc<dyn Device>, reopened: Vec<Rc<dyn Device>>, tick: f64) -> Bench {
    let clock = Rc::new(Cell::new(0.0));
    let time = clock.clone();
    let now = move || time.replace(time.get() + tick);
    let reopened = RefCell::new(reopened);
    let recovered: Rc<RefCell<Vec<Recovery>>> = Rc::default();
    let told = recovered.clone();
    let heavy: Rc<Cell<usize>> = Rc::default();
    let told_heavy = heavy.clone();
    let none = || gradbook_core::Error::Device { device: "fragile".into(), message: "there is no other".into() };
    let device = Rc::new(Lasting::new(
        first,
        Surroundings {
            now: Box::new(now.clone()),
            turn: Box::new(turn),
            reopen: Box::new(move || {
                let mut reopened = reopened.borrow_mut();
                let device = if reopened.is_empty() { Err(none()) } else { Ok(reopened.remove(0)) };
                Box::pin(async {
                    turn().await;
                    device
                })
            }),
            refuge: Box::new(|| Rc::new(Interp::new())),
            told: Box::new(move |recovery| told.borrow_mut().push(recovery)),
            heavy: Box::new(move || told_heavy.update(|n| n + 1)),
        },
    ));
    let runner = LocalRunner::new(device.clone(), Host { now: Box::new(now), turn: Box::new(turn) });
    Bench { runner, device, recovered, heavy, clock }
}

/// Everything that a session does: training, calls of a compiled step on the same weights, values that are computed from
/// values and dropped, assignments; gives all that was read.
async fn session(runner: &LocalRunner) -> Result<Vec<Vec<u32>>> {
    let mut seen = Vec::new();
    let spec = LoopSpec { watch: Some(2), ..support::small_step()? };
    let run = runner.begin(&spec).await?;
    let kept = Tensor::uniform(&Tensor::key(5), 0, &[20], 0.0, 1.0)?;
    runner.evaluate(std::slice::from_ref(&kept)).await?;
    let mut last = None;
    runner.advance(&run, 7, &mut |progress| last = progress.watched.map(|data: Data| data.words.to_vec())).await?;
    seen.extend(last);

    // state ← state + x; gives a small output and a large one.
    let mut variable = LoopSpec::default();
    variable.push(support::input(&[4], gradbook_core::DType::F32)?, Tensor::f32(&[4], &[1.0, 2.0, 3.0, 4.0])?, None);
    let state = runner.begin(&variable).await?.state.remove(0);
    let (x, input) =
        (support::input(&[4], gradbook_core::DType::F32)?, support::input(&[4], gradbook_core::DType::F32)?);
    let next = input.add(&x)?;
    let outputs = vec![next.sum_all()?, next.unsqueeze(1)?.mul(&kept.unsqueeze(0)?)?.flatten(0, 1)?];
    let variables = vec![Variable { input, value: state.clone(), next: Some(next) }];
    let program = runner.prepare(&ProgramSpec { arguments: vec![x], state: variables, outputs }).await?;
    let mut held = Vec::new();
    for i in 0..5 {
        let argument = support::noise(&[4], i, 1.0)?;
        let outputs = runner.call(&program, &[argument]).await?;
        if i % 2 == 0 {
            held.extend(outputs);
        }
    }
    runner.advance(&run, 3, &mut |_| {}).await?;

    // What is computed from intermediates that are gone.
    let mut value = kept.mul(&kept)?;
    for i in 0..4 {
        value = value.add(&support::noise(&[20], i, 0.1)?)?.relu()?;
        runner.evaluate(std::slice::from_ref(&value)).await?;
    }
    runner.assign(&state, &value.narrow(0, 3, 4)?).await?;
    let outputs = runner.call(&program, &[kept.narrow(0, 0, 4)?]).await?;
    held.extend(outputs);
    runner.advance(&run, 5, &mut |_| {}).await?;
    held.extend([value, state, kept]);
    held.extend(run.state.iter().cloned());
    for tensor in &held {
        seen.push(runner.read(tensor).await?.words.to_vec());
    }
    Ok(seen)
}

#[test]
fn whenever_a_device_is_lost_nothing_else_changes() {
    let undisturbed = block_on(session(&LocalRunner::native(Interp::new()))).unwrap();
    let whole = Fragile::new(Rc::new(Interp::new()), usize::MAX, 0);
    let calm = bench(whole.clone(), vec![], 1.0);
    assert_eq!(block_on(session(&calm.runner)).unwrap(), undisturbed);
    assert!(calm.recovered.borrow().is_empty());
    let operations = whole.done.get();
    assert!(operations > 150, "{operations}");
    // Mirrors never, sometimes, always; a sample of all moments.
    for (start, (tick, swallows)) in [(0.0, 0), (3.0, 2), (40.0, 5), (600.0, 1)].into_iter().enumerate() {
        for moment in (3 * start..operations).step_by(11) {
            let first = Fragile::new(Rc::new(Interp::new()), moment, swallows);
            let second = Fragile::new(Rc::new(Interp::new()), usize::MAX, 0);
            let bench = bench(first.clone(), vec![second], tick);
            let seen = block_on(session(&bench.runner)).unwrap_or_else(|e| panic!("lost after {moment}: {e}"));
            assert!(seen == undisturbed, "lost after {moment} operations, {tick} ms at a time");
            if first.lost.get() {
                let recovered = bench.recovered.borrow();
                assert_eq!(recovered.len(), 1);
                assert_eq!((recovered[0].reason.as_str(), recovered[0].device.name), ("taken away", "fragile"));
                assert!(recovered[0].repeated <= 15);
            }
            assert_eq!(bench.device.counters().live_bytes, 0, "nothing stays behind");
        }
    }
}

#[test]
fn a_second_loss_goes_on_where_none_can_be() {
    let undisturbed = block_on(session(&LocalRunner::native(Interp::new()))).unwrap();
    for moment in (0..120).step_by(7) {
        // The second is lost while values come to it, or soon after.
        let fragile = |left| Fragile::new(Rc::new(Interp::new()), left, 1);
        let third = fragile(usize::MAX);
        let bench = bench(fragile(60), vec![fragile(moment), third.clone()], 30.0);
        assert!(block_on(session(&bench.runner)).unwrap() == undisturbed, "lost again after {moment}");
        let recovered = bench.recovered.borrow();
        assert_eq!(recovered.last().unwrap().device.name, "interp");
        assert_eq!(third.done.get(), 0, "no third one is tried");
        assert_eq!(bench.device.info().name, "interp");
    }
    // There is no other.
    let bench = bench(Fragile::new(Rc::new(Interp::new()), 100, 0), vec![], 30.0);
    assert!(block_on(session(&bench.runner)).unwrap() == undisturbed);
    assert_eq!(bench.device.info().name, "interp");
}

#[test]
fn mirrors_are_rare_and_are_not_counted_as_reads() {
    let first = Fragile::new(Rc::new(Interp::new()), usize::MAX, 0);
    let bench = bench(first.clone(), vec![], 10.0);
    let run = block_on(bench.runner.begin(&support::small_step().unwrap())).unwrap();
    block_on(bench.runner.advance(&run, 400, &mut |_| {})).unwrap();
    assert_eq!(bench.device.counters().reads, 0);
    let mirrors = first.counters().reads;
    // A step takes three or four looks at the clock.
    assert!((5..60).contains(&mirrors), "{mirrors} buffers read in 400 steps");
    drop(run);
    assert_eq!(bench.device.counters().live_bytes, 0);
}

/// One task beside another, both to their ends.
async fn beside<T>(first: impl Future<Output = T>, second: impl Future<Output = ()>) -> T {
    let (mut first, mut second) = (Box::pin(first), Box::pin(second));
    let (mut result, mut is_over) = (None, false);
    std::future::poll_fn(move |context| {
        is_over = is_over || second.as_mut().poll(context).is_ready();
        if result.is_none()
            && let std::task::Poll::Ready(value) = first.as_mut().poll(context)
        {
            result = Some(value);
        }
        if is_over && let Some(result) = result.take() {
            return std::task::Poll::Ready(result);
        }
        std::task::Poll::Pending
    })
    .await
}

async fn after(turns: usize, bench: &Bench, to: Rc<dyn Device>) {
    for _ in 0..turns {
        turn().await;
    }
    let warm = bench.device.warm(to).await.unwrap();
    bench.runner.between_steps(bench.device.move_to(warm)).await.unwrap();
}

#[test]
fn a_run_moves_in_its_middle_and_back() {
    let undisturbed = block_on(session(&LocalRunner::native(Interp::new()))).unwrap();
    let mut in_the_middle = 0;
    for turns in 0..12 {
        let bench = bench(Rc::new(Interp::new()), vec![], 10.0);
        let fragile = Fragile::new(Rc::new(Interp::new()), usize::MAX, 0);
        let is_running = Cell::new(true);
        let running = async {
            let seen = session(&bench.runner).await;
            is_running.set(false);
            seen
        };
        let moves = async {
            after(turns, &bench, fragile.clone()).await;
            assert_eq!(bench.device.info().name, "fragile");
            in_the_middle += usize::from(is_running.get());
            after(2, &bench, Rc::new(Interp::new())).await;
        };
        let seen = block_on(beside(running, moves)).unwrap();
        assert!(seen == undisturbed, "moved after {turns} turns");
        assert_eq!(fragile.counters().live_bytes, 0, "nothing stays behind");
        assert_eq!(bench.device.info().name, "interp");
        assert!(bench.recovered.borrow().is_empty());
        assert_eq!(bench.device.counters().live_bytes, 0);
    }
    assert!(in_the_middle > 6, "{in_the_middle}");
}

#[test]
fn a_move_that_fails_leaves_everything_where_it_was() {
    let undisturbed = block_on(session(&LocalRunner::native(Interp::new()))).unwrap();
    for left in (0..25).step_by(3) {
        let bench = bench(Rc::new(Interp::new()), vec![], 4.0);
        let moves = async {
            for _ in 0..5 {
                turn().await;
            }
            let fragile = Fragile::new(Rc::new(Interp::new()), left, 0);
            let moved = match bench.device.warm(fragile.clone()).await {
                Ok(warm) => bench.runner.between_steps(bench.device.move_to(warm)).await,
                Err(error) => Err(error),
            };
            // It may come to be lost only after the move.
            assert!(moved.is_err() || bench.device.info().name == "fragile");
        };
        assert!(block_on(beside(session(&bench.runner), moves)).unwrap() == undisturbed, "{left}");
        assert_eq!(bench.device.info().name, "interp");
    }
}

#[test]
fn a_program_that_takes_long_is_weighed_on_both_devices() {
    let bench = bench(Rc::new(Interp::new()), vec![], 1.0);
    let run = block_on(bench.runner.begin(&support::small_step().unwrap())).unwrap();
    block_on(bench.runner.advance(&run, 400, &mut |_| {})).unwrap();
    assert_eq!(bench.heavy.get(), 0, "nobody wants to know");
    bench.device.watch(true);
    block_on(bench.runner.advance(&run, 20, &mut |_| {})).unwrap();
    assert_eq!(bench.heavy.get(), 0, "it takes a millisecond or two a step");
    block_on(bench.runner.advance(&run, 400, &mut |_| {})).unwrap();
    assert_eq!(bench.heavy.get(), 1, "it is told once");
    for (ms, is_faster) in [(0.0, true), (50.0, false)] {
        let other = Fragile::new(Rc::new(Interp::new()), usize::MAX, 0);
        other.pace.replace(Some((bench.clock.clone(), ms)));
        let warm = block_on(bench.device.warm(other.clone())).unwrap();
        let (here, there) =
            block_on(bench.runner.between_steps(bench.device.weigh(&warm))).unwrap().expect("it was watched");
        assert!((0.5..5.0).contains(&here), "{here}");
        assert_eq!(there < here, is_faster, "{here} here, {there} there");
        warm.cool();
        assert_eq!(other.counters().live_bytes, 0);
    }
}
