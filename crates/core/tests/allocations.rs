//! A prepared program allocates nothing when it is run again.

mod support;

use gradbook_core::{
    LoopSpec, Result,
    device::{Device, Position, cpu::Cpu},
    plan::Options,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// Counts what this thread allocates.
struct Counting;

thread_local!(static COUNT: Cell<usize> = const { Cell::new(0) });

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_replay_allocates_nothing() -> Result<()> {
    nothing_allocated("lenet", &support::lenet_step(8)?)?;
    nothing_allocated("clipped", &support::small_step()?)?;
    nothing_allocated("second order", &support::penalised_step()?)?;
    nothing_allocated("attention", &support::attention_step()?)
}

fn nothing_allocated(name: &str, spec: &LoopSpec) -> Result<()> {
    let program = support::program(spec, &Options::default())?;
    assert!(program.steps.len() > 15, "{name}: {program}");
    let cpu = Cpu::eager(2);
    let executable = cpu.prepare(&program)?;
    let externals: Vec<_> = program.externals.iter().map(|e| cpu.alloc(e.words, "a test")).collect::<Result<_>>()?;
    cpu.run(executable, &externals, Position::default(), 1, &mut || false)?;
    let before = COUNT.with(Cell::get);
    cpu.run(executable, &externals, Position::default(), 10, &mut || false)?;
    assert_eq!(COUNT.with(Cell::get) - before, 0, "{name}");
    Ok(())
}
