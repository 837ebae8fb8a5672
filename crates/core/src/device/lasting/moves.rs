//! Moves between devices: by choice, to one that was made ready before; and from one that was lost.

use super::{
    Lasting, Recovery,
    journal::{Buffer, Entry, Executable},
    open::Open,
};
use crate::{
    Error, Result,
    device::{Device, Life, Place, Position},
};
use std::rc::Rc;

/// A device with nothing on it but what a move needs: see [`Lasting::warm`].
pub struct Warm(Rc<Open>);

impl Warm {
    /// Gives everything back: there is no move.
    pub fn cool(self) {
        self.0.clear();
    }
}

/// How long a replay goes on before others have their turn, in ms.
const SLICE: f64 = 8.0;
/// Programs whose kernels a warm device has made ready: those that ran last.
const WARM: usize = 4;
/// Repetitions by which a device is weighed, and after how many ms there are enough of them: nothing else runs meanwhile.
const REHEARSALS: usize = 10;
const WEIGHED: f64 = 100.0;

impl Lasting {
    /// Makes another device ready to take over what runs now: the programs that ran last are prepared there and run once on
    /// memory without meaning, so that pipelines are made. Meanwhile everything goes on where it is.
    ///
    /// Errors: those of the device.
    pub async fn warm(&self, device: Rc<dyn Device>) -> Result<Warm> {
        let open = Open::on(device);
        let warmed = self.warm_up(&open).await;
        if warmed.is_err() {
            open.clear();
        }
        warmed.map(|()| Warm(open))
    }

    async fn warm_up(&self, open: &Open) -> Result<()> {
        for executable in self.ran_last() {
            self.rehearse(open, &executable, 1, f64::INFINITY).await?;
        }
        open.device.ready().await
    }

    /// Milliseconds of a repetition here and on a warm device, of the program that takes longest here; none if none was watched. To
    /// be called when nothing else runs.
    ///
    /// Errors: those of the other device.
    pub async fn weigh(&self, warm: &Warm) -> Result<Option<(f64, f64)>> {
        let ran = self.ran_last();
        let watched = ran.iter().filter(|executable| executable.spent.get().1 > 0);
        let longest = watched.max_by(|a, b| a.spent.get().0.total_cmp(&b.spent.get().0));
        let Some(longest) = longest else { return Ok(None) };
        let (ms, times) = longest.spent.get();
        let begun = (self.surroundings.now)();
        let rehearsals = self.rehearse(&warm.0, longest, REHEARSALS, begun + WEIGHED).await?;
        let there = ((self.surroundings.now)() - begun) / rehearsals as f64;
        Ok((rehearsals > 0).then_some((ms / times as f64, there)))
    }

    /// Programs that ran, the last one first, and not many.
    fn ran_last(&self) -> Vec<Rc<Executable>> {
        let executables = self.executables.borrow();
        let mut ran: Vec<_> = executables.values().filter(|executable| executable.used.get() > 0).cloned().collect();
        ran.sort_by_key(|executable| std::cmp::Reverse(executable.used.get()));
        ran.truncate(WARM);
        ran
    }

    /// Runs a program on memory without meaning, so often or until a moment. Returns how often; 0 if what it ran on last is gone.
    async fn rehearse(&self, open: &Open, executable: &Executable, times: usize, until: f64) -> Result<usize> {
        let bound = self.bound(&executable.last.borrow());
        let Ok(bound) = bound else { return Ok(0) };
        let here = bound.iter().map(|buffer| open.reserve(buffer)).collect::<Result<Vec<_>>>()?;
        let program = open.executable(executable)?;
        let mut at = Position::default();
        while at.iteration < times && (at.iteration == 0 || (self.surroundings.now)() < until) {
            open.device.ready().await?;
            at = open.device.run(program, &here, at, times, &mut || true)?;
            (self.surroundings.turn)().await;
        }
        // What was run is through when something of it has been read.
        if let Some((&buffer, _)) = here.iter().zip(bound.iter()).find(|(_, buffer)| buffer.words > 0) {
            open.device.read(buffer, 0..1).await?;
        }
        Ok(at.iteration)
    }

    /// Goes on elsewhere. To be called when no program is between two of its steps; none may begin before the end.
    ///
    /// Errors: those of the other device; then everything is where it was.
    pub async fn move_to(&self, warm: Warm) -> Result<()> {
        let target = warm.0;
        let _moving = self.lock().await;
        let old = match self.current() {
            Some(old) => match self.mirror_all(&old).await {
                Ok(()) => Some(old),
                // The mirror before and the journal have everything.
                Err(_) if self.came_of_loss(&old).await => None,
                Err(error) => {
                    target.clear();
                    return Err(error);
                }
            },
            None => None,
        };
        let before = self.past.get();
        if let Some(old) = self.current.take() {
            self.left(&old);
            old.empty();
        }
        match (self.replay(&target).await, old) {
            (Ok(()), old) => {
                old.into_iter().for_each(|old| old.clear());
                self.losses.set(0);
                Ok(())
            }
            (Err(error), Some(old)) => {
                target.clear();
                self.past.set(before);
                self.replay(&old).await?;
                Err(error)
            }
            (Err(error), None) => {
                target.clear();
                self.recover().await?;
                Err(error)
            }
        }
    }

    /// Brings everything to a device in place of the one that was lost.
    pub(super) async fn recover(&self) -> Result<()> {
        let repeated = self.journal.borrow().repetitions();
        loop {
            let opened = if self.losses.get() <= 1 { (self.surroundings.reopen)().await.ok() } else { None };
            let is_last = opened.is_none();
            let open = Open::on(opened.unwrap_or_else(|| (self.surroundings.refuge)()));
            match self.replay(&open).await {
                Ok(()) => break,
                // It was lost, too, or has no room.
                Err(error) => {
                    open.clear();
                    if is_last {
                        return Err(error);
                    }
                    self.losses.set(self.losses.get().max(1) + 1);
                }
            }
        }
        let reason = self.reason.borrow().clone();
        (self.surroundings.told)(Recovery { reason, repeated, device: self.info() });
        Ok(())
    }

    /// Brings a device to the present state and makes it the current one.
    async fn replay(&self, open: &Rc<Open>) -> Result<()> {
        let mut next = 0;
        loop {
            let live: Vec<Rc<Buffer>> = self.buffers.borrow().values().cloned().collect();
            live.iter().try_for_each(|buffer| open.buffer(buffer).map(drop))?;
            drop(live);
            loop {
                let Some(entry) = self.journal.borrow().entry(next) else { break };
                self.repeat(open, &entry).await?;
                next += 1;
            }
            open.device.ready().await?;
            if let Life::Lost(reason) = open.device.life() {
                return Err(Error::Device { device: open.device.info().name.into(), message: reason });
            }
            let buffers = self.buffers.borrow();
            if next == self.journal.borrow().len() && buffers.keys().all(|&id| open.has(id)) {
                let executables = self.executables.borrow();
                open.keep_only(|id| buffers.contains_key(&id), |id| executables.contains_key(&id));
                if !open.noted {
                    self.journal.take();
                    buffers.values().for_each(|buffer| drop(buffer.base.take()));
                }
                self.due.set(0.0);
                self.info.replace(open.device.info());
                self.current.replace(Some(open.clone()));
                return Ok(());
            }
        }
    }

    async fn repeat(&self, open: &Open, entry: &Entry) -> Result<()> {
        match entry {
            Entry::Write { to, offset, words } => open.device.write(open.buffer(to)?, *offset, words),
            &Entry::Copy { ref from, from_offset, ref to, to_offset, words } => {
                let from = Place { buffer: open.buffer(from)?, offset: from_offset };
                open.device.copy(from, Place { buffer: open.buffer(to)?, offset: to_offset }, words)
            }
            Entry::Run { executable, bound, times } => {
                let here = bound.iter().map(|buffer| open.buffer(buffer)).collect::<Result<Vec<_>>>()?;
                let program = open.executable(executable)?;
                let mut at = Position::default();
                while at.iteration < times.get() {
                    open.device.ready().await?;
                    let end = (self.surroundings.now)() + SLICE;
                    let mut pause = || (self.surroundings.now)() >= end;
                    at = open.device.run(program, &here, at, times.get(), &mut pause)?;
                    if pause() {
                        (self.surroundings.turn)().await;
                    }
                }
                Ok(())
            }
        }
    }
}
