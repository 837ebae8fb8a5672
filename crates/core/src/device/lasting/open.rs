//! One of the devices that a lasting one runs on, by the names that its caller uses.

use super::super::{BufferId, Counters, Device, ExecutableId, Life, LocalFuture};
use super::{
    journal::{Buffer, Executable},
    less,
};
use crate::{
    Result,
    reserve::{HOST, zeros},
};
use rustc_hash::FxHashMap;
use std::{
    cell::RefCell,
    ops::Range,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// A device, and what our buffers and programs are called there.
pub struct Open {
    pub device: Rc<dyn Device>,
    /// Whether it may be lost, so that what it does must be noted.
    pub noted: bool,
    /// What the device had done before.
    before: Counters,
    buffers: RefCell<FxHashMap<BufferId, BufferId>>,
    /// Memory for buffers whose values are still to come; anything may lie there.
    spare: RefCell<FxHashMap<BufferId, BufferId>>,
    executables: RefCell<FxHashMap<ExecutableId, ExecutableId>>,
}

impl Open {
    pub fn on(device: Rc<dyn Device>) -> Rc<Self> {
        let (noted, before) = (device.life() != Life::Safe, device.counters());
        Rc::new(Self {
            device,
            noted,
            before,
            buffers: RefCell::default(),
            spare: RefCell::default(),
            executables: RefCell::default(),
        })
    }

    /// What the device has done for us.
    pub fn counters(&self) -> Counters {
        less(self.device.counters(), self.before)
    }

    pub fn insert(&self, buffer: BufferId, here: BufferId) {
        self.buffers.borrow_mut().insert(buffer, here);
    }

    /// Whether a buffer is here.
    pub fn has(&self, buffer: BufferId) -> bool {
        self.buffers.borrow().contains_key(&buffer)
    }

    /// What buffers are called here.
    pub fn names(&self, buffers: &[BufferId], names: &mut Vec<BufferId>) -> Result<()> {
        let known = self.buffers.borrow();
        for buffer in buffers {
            names.push(*known.get(buffer).ok_or_else(|| super::error("no such buffer"))?);
        }
        Ok(())
    }

    /// A buffer here; one that is new holds what the journal begins with.
    pub fn buffer(&self, buffer: &Buffer) -> Result<BufferId> {
        if let Some(&here) = self.buffers.borrow().get(&buffer.id) {
            return Ok(here);
        }
        let spare = self.spare.borrow_mut().remove(&buffer.id);
        let here = match spare {
            Some(here) => here,
            None => self.device.alloc(buffer.words, "a value that moves here")?,
        };
        self.insert(buffer.id, here);
        match &*buffer.base.borrow() {
            Some(base) => self.device.write(here, 0, base)?,
            None if spare.is_some() => {
                self.device.write(here, 0, &zeros(HOST, buffer.words, "a value that moves")?)?;
            }
            None => {}
        }
        Ok(here)
    }

    /// Memory for a buffer whose value is still to come.
    pub fn reserve(&self, buffer: &Buffer) -> Result<BufferId> {
        if let Some(&here) = self.spare.borrow().get(&buffer.id) {
            return Ok(here);
        }
        let here = self.device.alloc(buffer.words, "a value that moves here")?;
        self.spare.borrow_mut().insert(buffer.id, here);
        Ok(here)
    }

    pub fn executable(&self, executable: &Executable) -> Result<ExecutableId> {
        if let Some(&here) = self.executables.borrow().get(&executable.id) {
            return Ok(here);
        }
        let here = self.device.prepare(&executable.program)?;
        self.executables.borrow_mut().insert(executable.id, here);
        Ok(here)
    }

    /// Words of a buffer as they are now.
    pub fn read(&self, here: BufferId, words: Range<usize>) -> LocalFuture<'static, Result<Vec<u32>>> {
        let device = self.device.clone();
        let mut read: LocalFuture<'static, _> = Box::pin(async move { device.read(here, words).await });
        // Its first part is done at once: what is asked of the device later comes after it.
        match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(words) => Box::pin(std::future::ready(words)),
            Poll::Pending => read,
        }
    }

    pub fn free(&self, buffer: BufferId) {
        let here = self.buffers.borrow_mut().remove(&buffer);
        here.into_iter().for_each(|here| self.device.free(here));
    }

    pub fn release(&self, executable: ExecutableId) {
        let here = self.executables.borrow_mut().remove(&executable);
        here.into_iter().for_each(|here| self.device.release(here));
    }

    /// Gives back all that is not wanted.
    pub fn keep_only(&self, buffers: impl Fn(BufferId) -> bool, executables: impl Fn(ExecutableId) -> bool) {
        let others = |known: &FxHashMap<BufferId, BufferId>| -> Vec<BufferId> {
            known.keys().copied().filter(|&id| !buffers(id)).collect()
        };
        let unwanted = others(&self.buffers.borrow());
        unwanted.into_iter().for_each(|id| self.free(id));
        let spare = self.spare.take();
        spare.into_values().for_each(|here| self.device.free(here));
        let unwanted: Vec<ExecutableId> =
            self.executables.borrow().keys().copied().filter(|&id| !executables(id)).collect();
        unwanted.into_iter().for_each(|id| self.release(id));
    }

    /// Gives back all buffers, whose values the host has.
    pub fn empty(&self) {
        self.keep_only(|_| false, |_| true);
    }

    /// Gives back everything.
    pub fn clear(&self) {
        self.keep_only(|_| false, |_| false);
    }
}
