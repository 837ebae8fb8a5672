//! Threads that share the steps of a program.
//!
//! A step is cut into parts that write different elements; whoever is free takes the next one. How a step is cut changes
//! no bit of its result, so neither does the number of threads.
//!
//! One atomic word says how many parts there are and how many are taken: a part is claimed by adding one to it, and a
//! helper that comes late finds nothing to claim and need not be waited for. Half of the threads take parts from the front and
//! half from the back, so that of two threads each meets the same rows or images again, which its core's cache holds. Helpers look at it for a while after each
//! step, since the next one mostly follows within microseconds, and sleep then.
//!
//! There is one team for all devices. A program that finds it at work for another one runs alone.

use std::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

/// Whether this build can have more than one thread.
pub(crate) const THREADS: bool = cfg!(any(not(target_arch = "wasm32"), target_feature = "atomics"));
/// The most threads that a device uses.
pub(crate) const MOST: usize = 16;
/// Looks for the next step before a thread sleeps: some hundreds of microseconds, which small steps and the way from one call to
/// the next take. A look is longer natively, where it lets others on the same core go first.
const PATIENCE: u32 = if cfg!(target_arch = "wasm32") { 200_000 } else { 20_000 };

/// The part of a step with this number, and which of the threads does it.
type Task<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// The threads that help.
pub(crate) struct Team {
    /// Whether a program has the team.
    taken: AtomicBool,
    /// The step under way; see [`Offer`].
    offer: AtomicU64,
    /// What to do; written only while no part is on offer.
    task: UnsafeCell<Option<*const Task<'static>>>,
    /// Parts that are done.
    done: AtomicUsize,
    /// Helpers that there are, and those asleep.
    helpers: AtomicUsize,
    sleepers: AtomicUsize,
    /// Whether the one who offers sleeps until all is done.
    waits: AtomicBool,
    lock: Mutex<()>,
    offered: Condvar,
    finished: Condvar,
}

// SAFETY: `task` is written while nothing is on offer, and read only by who has claimed a part of it.
unsafe impl Sync for Team {}

/// The team of this process, or of the instances that share this memory.
pub(crate) static TEAM: Team = Team {
    taken: AtomicBool::new(false),
    offer: AtomicU64::new(0),
    task: UnsafeCell::new(None),
    done: AtomicUsize::new(0),
    helpers: AtomicUsize::new(0),
    sleepers: AtomicUsize::new(0),
    waits: AtomicBool::new(false),
    lock: Mutex::new(()),
    offered: Condvar::new(),
    finished: Condvar::new(),
};

/// Parts on offer: how many, how many of them are claimed from the front and from the back, and how many threads may take
/// some. One word.
#[derive(Clone, Copy)]
struct Offer(u64);

impl Offer {
    const BITS: u32 = 18;
    const MASK: u64 = (1 << Self::BITS) - 1;

    fn new(parts: usize, threads: usize) -> Self {
        debug_assert!(parts as u64 <= Self::MASK);
        Self((threads as u64) << (3 * Self::BITS) | (parts as u64) << (2 * Self::BITS))
    }
    fn parts(self) -> usize {
        (self.0 >> (2 * Self::BITS) & Self::MASK) as usize
    }
    /// The next part for thread `number`, and the offer without it.
    fn claim(self, number: usize) -> Option<(usize, Self)> {
        let (front, back) = ((self.0 & Self::MASK) as usize, (self.0 >> Self::BITS & Self::MASK) as usize);
        let is_left = number < self.threads() && front + back < self.parts();
        let (part, one) =
            if number.is_multiple_of(2) { (front, 1) } else { (self.parts().wrapping_sub(back + 1), 1 << Self::BITS) };
        is_left.then_some((part, Self(self.0 + one)))
    }
    fn threads(self) -> usize {
        (self.0 >> (3 * Self::BITS)) as usize
    }
}

impl Team {
    /// Makes sure that there are so many helpers, where this program can start threads by itself.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn recruit(&'static self, helpers: usize) {
        while self.helpers.load(Ordering::Relaxed) < helpers.min(MOST - 1) {
            let number = self.helpers.fetch_add(1, Ordering::Relaxed) + 1;
            let thread = std::thread::Builder::new().name(format!("gradbook-{number}"));
            if number >= MOST || thread.spawn(move || self.help(number)).is_err() {
                // Fewer helpers are slower, not wrong.
                self.helpers.fetch_sub(1, Ordering::Relaxed);
                return;
            }
        }
    }

    /// This thread helps from now on, for ever.
    #[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
    pub(crate) fn join(&self) {
        let number = self.helpers.fetch_add(1, Ordering::Relaxed) + 1;
        if number < MOST {
            self.help(number);
        }
    }

    /// The team for one program, unless another one has it.
    pub(crate) fn take(&self, threads: usize) -> Option<Taken<'_>> {
        let threads = threads.min(self.helpers.load(Ordering::Relaxed) + 1);
        let free = THREADS && threads > 1 && !self.taken.swap(true, Ordering::Acquire);
        free.then(|| Taken { team: self, threads })
    }

    #[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
    fn help(&self, number: usize) -> ! {
        let mut patience = PATIENCE;
        loop {
            if self.take_part(number) {
                patience = PATIENCE;
            } else if patience > 0 {
                patience -= 1;
                spin_loop();
            } else {
                self.sleep(number);
                patience = PATIENCE;
            }
        }
    }

    /// Does a part of the step on offer, if there is one left for thread `number`.
    fn take_part(&self, number: usize) -> bool {
        let mut offer = Offer(self.offer.load(Ordering::Acquire));
        loop {
            let Some((part, rest)) = offer.claim(number) else { return false };
            match self.offer.compare_exchange_weak(offer.0, rest.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    // SAFETY: a claimed part keeps the task in place until it is counted as done.
                    let task = unsafe { (*self.task.get()).map(|task| &*task) };
                    let whole = AbortOnPanic;
                    task.expect("a step on offer has a task")(part, number);
                    std::mem::forget(whole);
                    if self.done.fetch_add(1, Ordering::SeqCst) + 1 == offer.parts()
                        && self.waits.load(Ordering::SeqCst)
                    {
                        drop(self.lock());
                        self.finished.notify_one();
                    }
                    return true;
                }
                Err(now) => offer = Offer(now),
            }
        }
    }

    /// Sleeps until there is a part for thread `number`.
    #[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
    fn sleep(&self, number: usize) {
        let mut guard = self.lock();
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        loop {
            if Offer(self.offer.load(Ordering::SeqCst)).claim(number).is_some() {
                break;
            }
            guard = self.offered.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part that panics would be waited for in vain, or leave others at work on memory that is gone.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        std::process::abort();
    }
}

/// The team while one program has it.
pub(crate) struct Taken<'a> {
    team: &'a Team,
    threads: usize,
}

impl Taken<'_> {
    /// Does all parts of a step; the caller is thread 0 and does its share.
    pub(crate) fn run(&self, parts: usize, task: &Task<'_>) {
        let team = self.team;
        // SAFETY: only the lifetime changes. Nobody reads the task after all its parts are done, which is awaited below.
        let task = unsafe { std::mem::transmute::<*const Task<'_>, *const Task<'static>>(task) };
        // SAFETY: nothing is on offer: the last step was waited for, and this is the only program that has the team.
        unsafe { *team.task.get() = Some(task) };
        team.done.store(0, Ordering::Relaxed);
        team.offer.store(Offer::new(parts, self.threads).0, Ordering::SeqCst);
        if team.sleepers.load(Ordering::SeqCst) > 0 {
            drop(team.lock());
            team.offered.notify_all();
        }
        while team.take_part(0) {}
        let mut patience = PATIENCE;
        while team.done.load(Ordering::SeqCst) < parts {
            if patience > 0 {
                patience -= 1;
                spin_loop();
                continue;
            }
            let mut guard = team.lock();
            team.waits.store(true, Ordering::SeqCst);
            while team.done.load(Ordering::SeqCst) < parts {
                guard = team.finished.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            team.waits.store(false, Ordering::SeqCst);
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.team.taken.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once_by_someone() {
        TEAM.recruit(3);
        // Other tests may have the team; it is free again soon.
        let team = loop {
            if let Some(team) = TEAM.take(4) {
                break team;
            }
            std::thread::yield_now();
        };
        for round in 0..300 {
            if round % 100 == 99 {
                // Long enough for helpers to fall asleep.
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let parts = 1 + round % 23;
            let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
            team.run(parts, &|part, thread| {
                assert!(thread < 4);
                if round % 50 == 0 && thread > 0 {
                    // Slow helpers are waited for.
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                counts[part].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1), "round {round}");
        }
        assert!(TEAM.take(4).is_none(), "two programs have the team");
    }

    #[test]
    fn one_thread_needs_no_team() {
        assert!(TEAM.take(1).is_none());
    }
}
