//! Emitted modules, and the functions that each thread has of them: threads share the memory, but each has a table of its own, so
//! a module is made ready in each thread when it is first needed there.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Makes the functions of a module, exported under their numbers from 0 on, callable in this thread by consecutive indices
/// of the table: from `at` on, if it is given, else at its end. The module imports the memory as `m.m`. Returns the first
/// index; None if it cannot.
pub type Linker = fn(module: &[u8], functions: u32, at: Option<u32>) -> Option<u32>;

/// An emitted function: where the addresses of the output and of the loads lie, and how many vectors to write, one or more.
pub(crate) type Call = unsafe extern "C" fn(*const *const u32, usize);

static LINKER: OnceLock<Linker> = OnceLock::new();
static MODULES: Mutex<Modules> = Mutex::new(Modules { slots: Vec::new(), free: Vec::new() });

thread_local! {
    /// What this thread has linked, by slot.
    static HERE: RefCell<Vec<Here>> = const { RefCell::new(Vec::new()) };
}

struct Modules {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

/// Where one module after another is kept.
#[derive(Default)]
struct Slot {
    /// How many modules there were.
    version: u32,
    module: Arc<[u8]>,
    functions: u32,
}

/// What a thread has of a slot.
#[derive(Clone, Copy, Default)]
struct Here {
    /// The version that was last looked for; 0: none.
    version: u32,
    /// The first index, if that could be linked.
    first: Option<u32>,
    /// The part of the table that the slot has here: its first index, and how many.
    room: (u32, u32),
}

/// From now on what runs often is emitted. The first linker stays.
pub fn set_linker(linker: Linker) {
    let _ = LINKER.set(linker);
}

/// Whether this machine can call what is emitted.
pub(crate) fn is_possible() -> bool {
    LINKER.get().is_some()
}

/// A module to call functions of, as long as this lives.
#[derive(Debug)]
pub(crate) struct Linked {
    slot: u32,
    version: u32,
}

impl Linked {
    /// Keeps a module of so many functions.
    pub(crate) fn new(module: Vec<u8>, functions: u32) -> Self {
        let mut modules = modules();
        let slot = modules.free.pop().unwrap_or_else(|| {
            modules.slots.push(Slot::default());
            modules.slots.len() as u32 - 1
        });
        let kept = &mut modules.slots[slot as usize];
        *kept = Slot { version: kept.version + 1, module: module.into(), functions };
        Self { slot, version: kept.version }
    }

    /// One of its functions, in this thread. None: it could not be linked.
    pub(crate) fn function(&self, number: u32) -> Option<Call> {
        let first = HERE.with_borrow_mut(|all| {
            let slot = self.slot as usize;
            all.resize(all.len().max(slot + 1), Here::default());
            let here = &mut all[slot];
            if here.version != self.version {
                let (module, functions) = {
                    let slot = &modules().slots[slot];
                    (slot.module.clone(), slot.functions)
                };
                let (at, room) = here.room;
                let first = LINKER.get()?(&module, functions, (functions <= room).then_some(at));
                let room = first.filter(|_| functions > room).map_or(here.room, |first| (first, functions));
                *here = Here { version: self.version, first, room };
            }
            here.first
        })?;
        // SAFETY: pointers to functions are indices of the table where functions are linked, and the linker put one with this
        // signature there.
        Some(unsafe { std::mem::transmute::<usize, Call>((first + number) as usize) })
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        let mut modules = modules();
        modules.slots[self.slot as usize].module = Arc::default();
        modules.free.push(self.slot);
    }
}

fn modules() -> MutexGuard<'static, Modules> {
    MODULES.lock().unwrap_or_else(PoisonError::into_inner)
}
