//! Copies on the host of what lies on a device that may be lost: made now and then beside the work, without waiting for them.

use super::{
    Lasting,
    journal::{Buffer, Entry},
    less,
    open::Open,
};
use crate::{
    Result,
    device::LocalFuture,
    reserve::{HOST, copied},
};
use std::{
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// A mirror on its way.
pub struct Mirror {
    /// Entries of the journal that it makes unnecessary.
    covers: usize,
    reads: Vec<(Rc<Buffer>, Fetch)>,
    /// Buffers whose value an entry brought, and its number.
    brought: Vec<(Rc<Buffer>, usize)>,
    begun: f64,
}

enum Fetch {
    UnderWay(LocalFuture<'static, Result<Vec<u32>>>),
    Done(Vec<u32>),
}

/// How long after one mirror the next one is made, in ms: what may have to be computed again.
const INTERVAL: f64 = 500.0;
/// The same in times of what a mirror takes, so that they cost little of a slow device.
const SHARE: f64 = 20.0;
/// A journal of so many entries or words (64 MB) is not left to grow until the next mirror is due.
const ENTRIES: usize = 1 << 14;
const WORDS: usize = 1 << 24;

impl Mirror {
    /// Entries of the journal that it makes unnecessary.
    pub fn covers(&self) -> usize {
        self.covers
    }
}

impl Lasting {
    /// Goes on with a mirror, or begins one if it is time. Waits only where the journal has grown too long.
    ///
    /// Errors: what the device told a mirror, which may be of something that was asked for before.
    pub(super) async fn tend(&self, open: &Rc<Open>) -> Result<()> {
        if !self.is_current(open) {
            return Ok(());
        }
        let is_due = || self.journal.borrow().len() > 0 && (self.surroundings.now)() >= self.due.get();
        let done = match self.failed.take() {
            Some(error) => Err(error),
            None if self.mirror.borrow().is_some() => match self.poll_mirror(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(done) => done,
                Poll::Pending if self.is_long(2) => self.mirrored().await,
                Poll::Pending => Ok(()),
            },
            None if is_due() => self.begin_mirror(open),
            None => self.bound_journal(open),
        };
        // A loss is found by whoever asks for something next. Anything else may be an allocation of the caller's.
        if done.is_err() && self.came_of_loss(open).await { Ok(()) } else { done }
    }

    /// Begins a mirror if the journal is long.
    pub(super) fn bound_journal(&self, open: &Rc<Open>) -> Result<()> {
        if !self.is_long(1) {
            return Ok(());
        }
        if self.mirror.borrow().is_none() {
            return self.begin_mirror(open);
        }
        match self.poll_mirror(&mut Context::from_waker(Waker::noop())) {
            // Whether it came of a loss is found where somebody waits.
            Poll::Ready(Err(error)) => drop(self.failed.borrow_mut().get_or_insert(error)),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        Ok(())
    }

    fn is_long(&self, times: usize) -> bool {
        let journal = self.journal.borrow();
        journal.len() > times * ENTRIES || journal.words() > times * WORDS
    }

    /// The host has everything that is on this device when it is done.
    pub(super) async fn mirror_all(&self, open: &Rc<Open>) -> Result<()> {
        if open.noted {
            if self.mirror.borrow().is_some() {
                self.mirrored().await?;
            }
            self.begin_mirror(open)?;
            return self.mirrored().await;
        }
        let live: Vec<Rc<Buffer>> = self.buffers.borrow().values().cloned().collect();
        for buffer in live {
            // One that cannot be lost gives its words at once: nothing happens in between.
            let here = open.buffer(&buffer)?;
            let words = self.uncounted(open, || open.read(here, 0..buffer.words)).await?;
            buffer.base.replace(Some(words));
            buffer.touched.set(true);
        }
        Ok(())
    }

    /// Waits for the mirror that is on its way. Others may look after it meanwhile, so nobody can count on being woken.
    async fn mirrored(&self) -> Result<()> {
        loop {
            match self.poll_mirror(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(done) => return done,
                Poll::Pending => (self.surroundings.turn)().await,
            }
        }
    }

    fn begin_mirror(&self, open: &Open) -> Result<()> {
        let covers = self.journal.borrow().len();
        let mut mirror = Mirror { covers, reads: Vec::new(), brought: Vec::new(), begun: (self.surroundings.now)() };
        for (buffer, brought) in self.journal.borrow().changed() {
            match brought {
                Some(entry) => mirror.brought.push((buffer, entry)),
                None => {
                    let here = open.buffer(&buffer)?;
                    let read = self.uncounted(open, || open.read(here, 0..buffer.words));
                    mirror.reads.push((buffer, Fetch::UnderWay(read)));
                }
            }
        }
        self.mirror.replace(Some(mirror));
        Ok(())
    }

    /// Once all words are there, they are the new bases, and the journal is shorter.
    fn poll_mirror(&self, context: &mut Context) -> Poll<Result<()>> {
        let Some(mut mirror) = self.mirror.take() else { return Poll::Ready(Ok(())) };
        let mut waits = false;
        for (_, fetch) in &mut mirror.reads {
            let Fetch::UnderWay(read) = fetch else { continue };
            match read.as_mut().poll(context) {
                Poll::Ready(Ok(words)) => *fetch = Fetch::Done(words),
                Poll::Ready(Err(error)) => {
                    self.due.set((self.surroundings.now)() + INTERVAL);
                    return Poll::Ready(Err(error));
                }
                Poll::Pending => waits = true,
            }
        }
        if waits {
            self.mirror.replace(Some(mirror));
            return Poll::Pending;
        }
        let mut journal = self.journal.borrow_mut();
        let mut bases = Vec::new();
        for (buffer, fetch) in mirror.reads {
            let Fetch::Done(words) = fetch else { unreachable!("nothing is under way any more") };
            bases.push((buffer, words));
        }
        for (buffer, entry) in mirror.brought {
            let Some(entry) = journal.entry(entry) else { unreachable!("the journal only grows meanwhile") };
            let Entry::Write { words, .. } = &*entry else { unreachable!("it was written") };
            let words = copied(HOST, words, "a mirror of what lies on a GPU");
            bases.push((buffer, words.inspect_err(|_| self.due.set((self.surroundings.now)() + INTERVAL))?));
        }
        // All or none: bases and journal belong together.
        for (buffer, words) in bases {
            buffer.base.replace(Some(words));
        }
        journal.forget(mirror.covers);
        let now = (self.surroundings.now)();
        self.due.set(now + INTERVAL.max(SHARE * (now - mirror.begun)));
        Poll::Ready(Ok(()))
    }

    /// A read that nobody asked for, and what it takes, do not count.
    fn uncounted<T>(&self, open: &Open, read: impl FnOnce() -> T) -> T {
        let before = open.counters();
        let read = read();
        let spent = less(open.counters(), before);
        self.past.update(|past| less(past, spent));
        read
    }
}
