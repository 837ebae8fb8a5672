//! A prepared program allocates nothing when it is run again.

use gradbook_core::{
    DType, Error, Result, Shape, Tensor,
    device::{Device, Position, cpu::Cpu},
    ir::{Graph, simplify},
    ops::{Conv2dOptions, MaxPool2dOptions, Padding},
    plan::{Options, Target, compile},
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
    let input = |dims: &[usize]| Ok::<_, Error>(Tensor::input(Shape::new("input", dims)?, DType::F32));
    let (data, order) = (input(&[9, 2, 8, 8])?, Tensor::i32(&[3], &[4, 0, 7])?);
    let params = [input(&[4, 2, 3, 3])?, input(&[4])?, input(&[5, 64])?, input(&[5])?];
    let conv = Conv2dOptions { padding: Padding::Same, ..Default::default() };
    let x = data.index_select(0, &order)?;
    let h = x.conv2d(&params[0], Some(&params[1]), &conv)?.tanh()?.max_pool2d(&MaxPool2dOptions::new([2, 2]))?;
    let logits = h.flatten(1, -1)?.matmul(&params[2].t()?)?.add(&params[3])?;
    let noise = Tensor::uniform(&Tensor::key(1), 0, &[3, 5], 0.0, 1.0)?;
    let loss = logits.log_softmax(1)?.mul(&noise)?.sum_all()?;
    let mut outputs = loss.grad(&[&params[0], &params[1], &params[2], &params[3], &data])?;
    outputs.push(loss);
    let graph = simplify(&Graph::trace_with(&params, &outputs).graph);
    let program = compile(&graph, &vec![Target::New; graph.outputs.len()], &Options::default())?;
    assert!(program.steps.len() > 15, "{program}");

    let cpu = Cpu::new();
    let executable = cpu.prepare(&program)?;
    let externals: Vec<_> = program.externals.iter().map(|e| cpu.alloc(e.words, "a test")).collect::<Result<_>>()?;
    cpu.run(executable, &externals, Position::default(), 1, &mut || false)?;
    let before = COUNT.with(Cell::get);
    cpu.run(executable, &externals, Position::default(), 10, &mut || false)?;
    assert_eq!(COUNT.with(Cell::get) - before, 0);
    Ok(())
}
