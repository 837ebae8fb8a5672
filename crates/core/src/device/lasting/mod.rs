//! A device that outlasts the one that it runs on. Whoever uses it holds buffers and programs by names of ours, so what is
//! under way goes on when the values come to lie on another device: because the reader chose one, because a GPU is ready that
//! a run did not wait for, or because the system took a GPU away.
//!
//! What lies on a device that may be lost is mirrored on the host now and then, and what is done to it in between is noted in
//! a journal. Programs are data and their random bits depend on nothing else, so another device comes to the same state by
//! mirror and journal: nothing is lost, and nobody above knows. A device gives nothing back but by reads; until another one is
//! there, everything else is only noted.
//!
//! A move by choice is the same: mirror, then go on elsewhere.

mod journal;
mod mirror;
mod moves;
mod open;

use super::{BufferId, Counters, Device, DeviceInfo, ExecutableId, Life, LocalFuture, Place, Position, Realisation};
use crate::{
    Error, Result,
    plan::Program,
    reserve::{HOST, copied},
};
use journal::{Buffer, Entry, Executable, Journal};
use mirror::Mirror;
pub use moves::Warm;
use open::Open;
use rustc_hash::FxHashMap;
use std::{
    cell::{Cell, RefCell},
    ops::Range,
    rc::Rc,
};

/// A device that is being opened.
pub type Opening = LocalFuture<'static, Result<Rc<dyn Device>>>;

/// What a lasting device needs of the program around it.
pub struct Surroundings {
    /// Milliseconds since some moment.
    pub now: Box<dyn Fn() -> f64>,
    /// Lets whatever else waits have its turn.
    pub turn: Box<dyn Fn() -> LocalFuture<'static, ()>>,
    /// Opens a device in place of one that was lost.
    pub reopen: Box<dyn Fn() -> Opening>,
    /// Gives a device that cannot be lost, for when none opens, or the next one is lost as well.
    pub refuge: Box<dyn Fn() -> Rc<dyn Device>>,
    /// Is told of each loss once it is made good.
    pub told: Box<dyn Fn(Recovery)>,
    /// Is told when a program has taken long, if that is of interest: once of each. See [`Lasting::watch`].
    pub heavy: Box<dyn Fn()>,
}

/// How a loss was made good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Why the device was lost, as it says itself.
    pub reason: String,
    /// Repetitions of a program that had to be computed again.
    pub repeated: usize,
    /// What everything runs on now.
    pub device: DeviceInfo,
}

/// See the module.
pub struct Lasting {
    surroundings: Surroundings,
    next: Cell<u32>,
    runs: Cell<u64>,
    buffers: RefCell<FxHashMap<BufferId, Rc<Buffer>>>,
    executables: RefCell<FxHashMap<ExecutableId, Rc<Executable>>>,
    /// None while values are on their way from one to another.
    current: RefCell<Option<Rc<Open>>>,
    journal: RefCell<Journal>,
    mirror: RefCell<Option<Mirror>>,
    /// What a mirror was told while nobody waited.
    failed: RefCell<Option<Error>>,
    /// When the next mirror is due.
    due: Cell<f64>,
    /// Whether values are being moved.
    moving: Cell<bool>,
    /// Losses since the device was chosen, and why the last one.
    losses: Cell<u32>,
    reason: RefCell<String>,
    /// What devices before the current one have done, less the reads for mirrors and moves.
    past: Cell<Counters>,
    info: RefCell<DeviceInfo>,
    names: RefCell<Vec<BufferId>>,
    /// Whether it is of interest how long programs take.
    watching: Cell<bool>,
}

/// How long a program runs until it is told that it takes long, in ms.
const HEAVY: f64 = 150.0;
/// Turns of others in which a device may still say that it is lost, after something failed on it.
const PATIENCE: usize = 16;

impl Lasting {
    /// On this device to begin with.
    pub fn new(device: Rc<dyn Device>, surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            next: Cell::new(0),
            runs: Cell::new(0),
            buffers: RefCell::default(),
            executables: RefCell::default(),
            info: RefCell::new(device.info()),
            current: RefCell::new(Some(Open::on(device))),
            journal: RefCell::default(),
            mirror: RefCell::default(),
            failed: RefCell::default(),
            due: Cell::new(0.0),
            moving: Cell::new(false),
            losses: Cell::new(0),
            reason: RefCell::default(),
            past: Cell::default(),
            names: RefCell::default(),
            watching: Cell::new(false),
        }
    }

    /// Whether programs that take long are to be told, as [`Surroundings::heavy`]: there is a device that may be better.
    pub fn watch(&self, watching: bool) {
        self.watching.set(watching);
    }

    fn spent(&self, executable: &Executable, begun: f64, times: usize) {
        let (ms, before) = executable.spent.get();
        let ms = ms + (self.surroundings.now)() - begun;
        executable.spent.set((ms, before + times));
        if ms >= HEAVY && before + times > 0 && !executable.told.replace(true) {
            (self.surroundings.heavy)();
        }
    }

    /// Sees to it that a device is there, at once, and not only when somebody waits for it.
    pub async fn attend(&self) -> Result<()> {
        self.settled().await.map(drop)
    }

    /// The device that everything is on; waits while it is another.
    async fn settled(&self) -> Result<Rc<Open>> {
        loop {
            if let Some(open) = self.current().filter(|open| !self.is_lost(open)) {
                return Ok(open);
            }
            let _moving = self.lock().await;
            if self.current.borrow().is_none() {
                self.recover().await?;
            }
        }
    }

    async fn lock(&self) -> Moving<'_> {
        while self.moving.replace(true) {
            (self.surroundings.turn)().await;
        }
        Moving(&self.moving)
    }

    fn current(&self) -> Option<Rc<Open>> {
        self.current.borrow().clone()
    }

    /// Whether a device that was the current one has been lost. If so, it is the current one no longer.
    fn is_lost(&self, open: &Rc<Open>) -> bool {
        if !open.noted {
            return false;
        }
        let Life::Lost(reason) = open.device.life() else { return !self.is_current(open) };
        if self.is_current(open) {
            self.current.take();
            self.mirror.take();
            self.left(open);
            self.losses.update(|n| n + 1);
            self.reason.replace(reason);
        }
        true
    }

    fn is_current(&self, open: &Rc<Open>) -> bool {
        self.current.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, open))
    }

    /// The same after something failed there: of the loss one may hear a little later than of what came of it.
    async fn came_of_loss(&self, open: &Rc<Open>) -> bool {
        for _ in 0..PATIENCE {
            if self.is_lost(open) {
                return true;
            }
            (self.surroundings.turn)().await;
        }
        self.is_lost(open)
    }

    /// Counts what a device has done that is left.
    fn left(&self, open: &Open) {
        self.past.set(Counters { live_bytes: 0, ..sum(self.past.get(), open.counters()) });
    }

    /// Does something on the current device, if there is one. None if it must be done on the next one.
    fn attempt<T>(&self, act: impl FnOnce(&Open) -> Result<T>) -> Result<Option<(Rc<Open>, T)>> {
        let Some(open) = self.current() else { return Ok(None) };
        match act(&open) {
            Ok(done) => Ok(Some((open, done))),
            Err(_) if self.is_lost(&open) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Does something or has it done, and says whether it must be noted.
    fn done_or_noted(&self, act: impl FnOnce(&Open) -> Result<()>) -> Result<bool> {
        Ok(self.attempt(act)?.is_none_or(|(open, ())| open.noted))
    }

    fn buffer(&self, buffer: BufferId) -> Result<Rc<Buffer>> {
        self.buffers.borrow().get(&buffer).cloned().ok_or_else(|| error("no such buffer"))
    }

    fn bound(&self, externals: &[BufferId]) -> Result<Rc<[Rc<Buffer>]>> {
        externals.iter().map(|&buffer| self.buffer(buffer)).collect()
    }

    fn fresh(&self) -> u32 {
        self.next.replace(self.next.get() + 1)
    }

    fn note_run(&self, executable: &Rc<Executable>, externals: &[BufferId], times: usize) -> Result<()> {
        let known = executable.bound.borrow().upgrade();
        let same = |bound: &Rc<[Rc<Buffer>]>| bound.iter().map(|buffer| buffer.id).eq(externals.iter().copied());
        let bound = match known.filter(same) {
            Some(bound) => bound,
            None => {
                let bound = self.bound(externals)?;
                bound.iter().for_each(|buffer| buffer.touched.set(true));
                executable.bound.replace(Rc::downgrade(&bound));
                bound
            }
        };
        let mut journal = self.journal.borrow_mut();
        // Entries that a mirror covers, or a replay may have done, stay what they are.
        let covered = self.mirror.borrow().as_ref().is_some_and(|mirror| mirror.covers() == journal.len());
        journal.ran(executable, &bound, times, !covered && self.current.borrow().is_some());
        drop(journal);
        self.current().map_or(Ok(()), |open| self.bound_journal(&open))
    }
}

impl Device for Lasting {
    fn info(&self) -> DeviceInfo {
        self.info.borrow().clone()
    }

    fn counters(&self) -> Counters {
        let current = self.current().map(|open| open.counters()).unwrap_or_default();
        sum(self.past.get(), current)
    }

    fn alloc(&self, words: usize, what: &str) -> Result<BufferId> {
        let here = self.attempt(|open| open.device.alloc(words, what))?;
        let id = BufferId(self.fresh());
        if let Some((open, here)) = here {
            open.insert(id, here);
        }
        let buffer = Buffer { id, words, base: RefCell::default(), touched: Cell::new(false), live: Cell::new(true) };
        self.buffers.borrow_mut().insert(id, Rc::new(buffer));
        Ok(id)
    }

    fn free(&self, buffer: BufferId) {
        let known = self.buffers.borrow_mut().remove(&buffer);
        known.into_iter().for_each(|known| known.live.set(false));
        self.current().into_iter().for_each(|open| open.free(buffer));
    }

    fn write(&self, buffer: BufferId, offset: usize, words: &[u32]) -> Result<()> {
        let to = self.buffer(buffer)?;
        within(&to, offset, words.len())?;
        if !self.done_or_noted(|open| open.device.write(open.buffer(&to)?, offset, words))? {
            return Ok(());
        }
        let words = copied(HOST, words, "a mirror of what lies on a GPU")?;
        // While there is no device, one may be made anew that has begun with what was there before.
        let is_here = self.current.borrow().is_some();
        if !to.touched.replace(true) && words.len() == to.words && is_here {
            // Nothing has read what was there before.
            self.journal.borrow_mut().keeps(words.len());
            to.base.replace(Some(words));
        } else {
            self.journal.borrow_mut().push(Entry::Write { to, offset, words });
        }
        Ok(())
    }

    fn copy(&self, from: Place, to: Place, words: usize) -> Result<()> {
        let (from_offset, to_offset) = (from.offset, to.offset);
        let (from, to) = (self.buffer(from.buffer)?, self.buffer(to.buffer)?);
        within(&from, from_offset, words)?;
        within(&to, to_offset, words)?;
        let is_noted = self.done_or_noted(|open| {
            let from = Place { buffer: open.buffer(&from)?, offset: from_offset };
            open.device.copy(from, Place { buffer: open.buffer(&to)?, offset: to_offset }, words)
        })?;
        if is_noted {
            from.touched.set(true);
            to.touched.set(true);
            self.journal.borrow_mut().push(Entry::Copy { from, from_offset, to, to_offset, words });
        }
        Ok(())
    }

    fn read(&self, buffer: BufferId, words: Range<usize>) -> LocalFuture<'_, Result<Vec<u32>>> {
        let begun =
            self.buffer(buffer).and_then(|from| self.attempt(|open| Ok(open.read(open.buffer(&from)?, words.clone()))));
        Box::pin(async move {
            let mut begun = begun?;
            loop {
                let (open, read) = match begun.take() {
                    Some(begun) => begun,
                    None => {
                        let open = self.settled().await?;
                        let here = self.buffer(buffer).and_then(|from| open.buffer(&from))?;
                        let read = open.read(here, words.clone());
                        (open, read)
                    }
                };
                match read.await {
                    Err(_) if self.came_of_loss(&open).await => {}
                    Ok(words) if open.noted => return self.tend(&open).await.map(|()| words),
                    other => return other,
                }
            }
        })
    }

    fn prepare(&self, program: &Program) -> Result<ExecutableId> {
        let executable = Executable {
            id: ExecutableId(self.fresh()),
            program: program.clone(),
            last: RefCell::default(),
            bound: RefCell::new(Rc::downgrade(&(Rc::new([]) as Rc<[Rc<Buffer>]>))),
            used: Cell::new(0),
            spent: Cell::new((0.0, 0)),
            told: Cell::new(false),
        };
        self.attempt(|open| open.executable(&executable))?;
        let id = executable.id;
        self.executables.borrow_mut().insert(id, Rc::new(executable));
        Ok(id)
    }

    fn realisation(&self, executable: ExecutableId) -> Result<Realisation> {
        let known = self.executables.borrow().get(&executable).cloned();
        let executable = known.ok_or_else(|| error("no such program"))?;
        let found = self.attempt(|open| open.device.realisation(open.executable(&executable)?))?;
        found
            .map(|(_, realisation)| realisation)
            .ok_or_else(|| error("it was lost and another one is not open yet; ask again"))
    }

    fn release(&self, executable: ExecutableId) {
        drop(self.executables.borrow_mut().remove(&executable));
        self.current().into_iter().for_each(|open| open.release(executable));
    }

    fn run(
        &self,
        executable: ExecutableId,
        externals: &[BufferId],
        from: Position,
        iterations: usize,
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<Position> {
        let known = self.executables.borrow().get(&executable).cloned();
        let executable = known.ok_or_else(|| error("no such program"))?;
        self.runs.set(self.runs.get() + 1);
        executable.used.set(self.runs.get());
        if *executable.last.borrow() != externals {
            self.bound(externals)?;
            executable.last.replace(externals.to_vec());
        }
        let begun = self.watching.get().then(|| (self.surroundings.now)());
        let mut names = self.names.take();
        let ran = self.attempt(|open| {
            names.clear();
            open.names(externals, &mut names)?;
            let program = open.executable(&executable)?;
            let mut at = open.device.run(program, &names, from, iterations, pause)?;
            // What is noted are whole repetitions.
            while open.noted && at.step != 0 {
                at = open.device.run(program, &names, at, iterations, pause)?;
            }
            Ok(at)
        });
        self.names.replace(names);
        let (at, is_noted) = match ran? {
            Some((open, at)) => (at, open.noted),
            None => (Position { iteration: from.iteration + 1, step: 0 }, true),
        };
        if let Some(begun) = begun {
            self.spent(&executable, begun, at.iteration - from.iteration);
        }
        if is_noted {
            self.note_run(&executable, externals, at.iteration - from.iteration)?;
        }
        Ok(at)
    }

    fn ready(&self) -> LocalFuture<'_, Result<()>> {
        Box::pin(async move {
            loop {
                let open = self.settled().await?;
                match open.device.ready().await {
                    Ok(()) if open.noted => return self.tend(&open).await,
                    Ok(()) => return Ok(()),
                    Err(_) if self.came_of_loss(&open).await => {}
                    Err(error) => return Err(error),
                }
            }
        })
    }
}

/// Values are being moved as long as it lives.
struct Moving<'a>(&'a Cell<bool>);

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Both, word by word. The past may hold less than nothing: what mirrors do is taken away there.
fn sum(a: Counters, b: Counters) -> Counters {
    combined(a, b, u64::wrapping_add)
}

/// What was counted since, of what is still held all.
fn less(a: Counters, b: Counters) -> Counters {
    Counters { live_bytes: a.live_bytes, ..combined(a, b, u64::wrapping_sub) }
}

fn combined(a: Counters, b: Counters, f: fn(u64, u64) -> u64) -> Counters {
    Counters {
        dispatches: f(a.dispatches, b.dispatches),
        submits: f(a.submits, b.submits),
        buffers_created: f(a.buffers_created, b.buffers_created),
        bind_groups_created: f(a.bind_groups_created, b.bind_groups_created),
        pipelines_created: f(a.pipelines_created, b.pipelines_created),
        reads: f(a.reads, b.reads),
        emitted: f(a.emitted, b.emitted),
        live_bytes: f(a.live_bytes, b.live_bytes),
    }
}

fn within(buffer: &Buffer, offset: usize, words: usize) -> Result<()> {
    let end = offset.checked_add(words);
    if end.is_some_and(|end| end <= buffer.words) { Ok(()) } else { Err(error("no such range of a buffer")) }
}

fn error(message: &str) -> Error {
    Error::Device { device: "device".into(), message: message.into() }
}
