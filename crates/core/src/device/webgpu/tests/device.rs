//! The device as such: what it counts, where it pauses, what it refuses, how it is lost.

use super::{Tiling, Tuning, cases, gpu, inside, outside, run};
use crate::{
    DType, Error,
    device::{BufferId, Device, Place, Position},
    ir::Binary,
    plan::{Buffer, External, Instr, Kernel, Operand, Program, Source, Step, View},
};
use pollster::block_on;

fn at(offset: usize, words: usize) -> Operand {
    Operand { buffer: Buffer::External(0), offset, words }
}

/// x ← x + 1, in place, on each of so many parts of one buffer.
fn counting(parts: usize) -> Program {
    let view = View::contiguous(&[10]);
    let one = View::contiguous(&[]).broadcast(&[10]);
    let loads = vec![cases::load(Source::Read(0), view), cases::load(Source::Const(1), one)];
    let dtype = DType::I32;
    let instrs = [(Instr::Load(0), dtype), (Instr::Load(1), dtype), (Instr::Binary(Binary::Add, 0, 1), dtype)];
    let kernel = Kernel::map(vec![10], cases::expr(loads, &instrs));
    let step =
        |i: usize| Step { kernel: kernel.clone(), reads: vec![at(10 * i, 10)], epilogue: None, write: at(10 * i, 10) };
    let externals = vec![External { words: 10 * parts, written: true }];
    Program { externals, arena: 0, steps: (0..parts).map(step).collect(), loops: vec![] }
}

fn advance(gpu: &impl Device, program: crate::device::ExecutableId, buffers: &[BufferId], iterations: usize) {
    let mut position = Position::default();
    while position.iteration < iterations {
        block_on(gpu.ready()).unwrap();
        position = gpu.run(program, buffers, position, iterations, &mut || false).unwrap();
    }
}

#[test]
fn a_replay_makes_nothing_and_reads_nothing() {
    let Some(gpu) = gpu() else { return };
    let buffer = gpu.alloc(30, "x").unwrap();
    let program = gpu.prepare(&counting(3)).unwrap();
    advance(&gpu, program, &[buffer], 1);
    assert_eq!(gpu.counters().pipelines_created, 1, "the same kernel at other places is the same pipeline");
    assert_eq!(gpu.counters().bind_groups_created, 1);
    let before = gpu.counters();
    advance(&gpu, program, &[buffer], 500);
    let after = gpu.counters();
    assert_eq!(after.dispatches - before.dispatches, 1500);
    assert!(after.submits - before.submits < 400, "several repetitions share a submit");
    let kept = crate::device::Counters { dispatches: before.dispatches, submits: before.submits, ..after };
    assert_eq!(kept, before);
    assert_eq!(block_on(gpu.read(buffer, 0..30)).unwrap(), [501; 30]);
}

#[test]
fn a_run_pauses_when_told_and_goes_on_from_there() {
    let Some(gpu) = gpu() else { return };
    let buffer = gpu.alloc(10, "x").unwrap();
    let program = gpu.prepare(&counting(1)).unwrap();
    let position = gpu.run(program, &[buffer], Position::default(), 5, &mut || true).unwrap();
    assert_eq!(position, Position { iteration: 1, step: 0 });
    let mut position = position;
    while position.iteration < 5 {
        position = gpu.run(program, &[buffer], position, 5, &mut || true).unwrap();
    }
    assert_eq!(block_on(gpu.read(buffer, 3..5)).unwrap(), [5, 5]);
}

#[test]
fn writes_copies_and_reads_keep_their_order() {
    let Some(gpu) = gpu() else { return };
    let (a, b) = (gpu.alloc(10, "a").unwrap(), gpu.alloc(12, "b").unwrap());
    let program = gpu.prepare(&counting(1)).unwrap();
    let at = |buffer, offset| Place { buffer, offset };
    let mut reads = Vec::new();
    for i in 0..5 {
        gpu.write(a, 9, &[100 * i]).unwrap();
        advance(&gpu, program, &[a], 1);
        gpu.copy(at(a, 0), at(b, 0), 10).unwrap();
        gpu.copy(at(b, 8), at(b, 9), 2).unwrap();
        reads.push(gpu.read(b, 8..11));
    }
    let values: Vec<Vec<u32>> = reads.into_iter().map(|read| block_on(read).unwrap()).collect();
    assert_eq!(values, [[1, 1, 1], [2, 2, 101], [3, 3, 201], [4, 4, 301], [5, 5, 401]]);
    assert_eq!(block_on(gpu.read(b, 4..4)).unwrap(), []);
}

#[test]
fn copies_go_with_the_run_that_follows() {
    let Some(gpu) = gpu() else { return };
    let (a, b) = (gpu.alloc(10, "a").unwrap(), gpu.alloc(10, "b").unwrap());
    let program = gpu.prepare(&counting(1)).unwrap();
    let at = |buffer| Place { buffer, offset: 0 };
    gpu.write(a, 0, &[7; 10]).unwrap();
    let before = gpu.counters().submits;
    gpu.copy(at(a), at(b), 10).unwrap();
    advance(&gpu, program, &[b], 1);
    // Waiting for room in the queue hands copies over.
    assert!(gpu.counters().submits - before <= 2);
    gpu.copy(at(b), at(a), 10).unwrap();
    let before = gpu.counters().submits;
    gpu.run(program, &[b], Position::default(), 1, &mut || true).unwrap();
    assert_eq!(gpu.counters().submits - before, 1);
    // The source of a copy that waits may go.
    gpu.copy(at(b), at(a), 10).unwrap();
    gpu.free(b);
    assert_eq!(block_on(gpu.read(a, 0..10)).unwrap(), [9; 10]);
}

#[test]
fn memory_comes_back() {
    let Some(gpu) = gpu() else { return };
    let cases = cases::products();
    let cycle = || cases.iter().take(4).for_each(|case| drop(run(&gpu, &inside(case), &case.reads)));
    cycle();
    let before = gpu.counters().live_bytes;
    cycle();
    assert_eq!(gpu.counters().live_bytes, before);
}

#[test]
fn a_buffer_that_goes_takes_its_bind_groups_along() {
    let Some(gpu) = gpu() else { return };
    let program = gpu.prepare(&counting(1)).unwrap();
    for _ in 0..3 {
        let buffer = gpu.alloc(10, "x").unwrap();
        advance(&gpu, program, &[buffer], 2);
        let read = gpu.read(buffer, 0..1);
        gpu.free(buffer);
        assert_eq!(block_on(read).unwrap(), [2]);
        assert!(gpu.run(program, &[buffer], Position::default(), 1, &mut || false).is_err());
    }
}

#[test]
fn more_elements_than_one_row_of_workgroups() {
    let Some(gpu) = gpu() else { return };
    let words: Vec<u32> = (0..64 * 65_535 + 70).collect();
    let operand = |i| Operand { buffer: Buffer::External(i), offset: 0, words: words.len() };
    let step = Step { kernel: cases::copy(words.len()), reads: vec![operand(0)], epilogue: None, write: operand(1) };
    let externals =
        vec![External { words: words.len(), written: false }, External { words: words.len(), written: true }];
    let program = Program { externals, arena: 0, steps: vec![step], loops: vec![] };
    assert!(run(&gpu, &program, std::slice::from_ref(&words)) == words);
}

#[test]
fn a_result_repeats_to_the_bit() {
    let Some(gpu) = gpu() else { return };
    for case in cases::reductions().iter().chain(&cases::convolutions()) {
        let [first, second] = [outside(case), inside(case)].map(|program| run(&gpu, &program, &case.reads));
        assert!(first == second, "{}", case.name);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let Some(gpu) = gpu() else { return };
    let error = gpu.alloc(usize::MAX / 8, "a very large tensor").unwrap_err();
    assert!(matches!(&error, Error::OutOfMemory { what, .. } if what == "a very large tensor"), "{error}");
    let buffer = gpu.alloc(4, "x").unwrap();
    assert!(gpu.write(buffer, 3, &[1, 2]).is_err());
    assert!(block_on(gpu.read(buffer, 2..5)).is_err());
    assert!(block_on(gpu.read(BufferId(1000), 0..1)).is_err());
    let program = gpu.prepare(&counting(1)).unwrap();
    let run = |buffers: &[BufferId]| gpu.run(program, buffers, Position::default(), 1, &mut || false);
    assert!(run(&[buffer]).is_err(), "too short");
    assert!(run(&[]).is_err());
    assert!(gpu.prepare(&Program { arena: 1 << 40, ..counting(1) }).is_ok_and(|program| {
        let run = gpu.run(program, &[gpu.alloc(10, "x").unwrap()], Position::default(), 1, &mut || false);
        matches!(run, Err(Error::OutOfMemory { .. }))
    }));
    // None of that has harmed the device.
    assert_eq!(block_on(gpu.read(buffer, 0..4)).unwrap(), [0; 4]);
}

#[test]
fn an_allocation_that_failed_is_told_once_with_its_size_and_the_device_lives_on() {
    let Some(gpu) = gpu() else { return };
    let buffer = gpu.alloc(10, "x").unwrap();
    let program = gpu.prepare(&counting(1)).unwrap();
    // As if the GPU had refused a buffer, which is known later, and whatever used it had failed as well.
    let refused = wgpu::Error::OutOfMemory { source: "no memory".into() };
    let outcome = Box::pin(std::future::ready(Some(refused)));
    gpu.doubts.borrow_mut().push(super::super::Doubt { outcome, bytes: 1 << 30, what: "a result".into() });
    gpu.signal.fail(super::super::device_error("a buffer is invalid"));
    gpu.run(program, &[buffer], Position::default(), 1, &mut || false).unwrap();
    let error = block_on(gpu.read(buffer, 0..10)).unwrap_err();
    assert!(
        matches!(&error, Error::OutOfMemory { bytes, what, .. } if *bytes == 1 << 30 && what == "a result"),
        "{error}"
    );
    advance(&gpu, program, &[buffer], 1);
    assert_eq!(block_on(gpu.read(buffer, 0..10)).unwrap(), [2; 10]);

    // What fails without such a cause is told at the next wait.
    gpu.signal.fail(super::super::device_error("a shader is wrong"));
    assert!(matches!(block_on(gpu.ready()), Err(Error::Device { .. })));
    assert!(block_on(gpu.ready()).is_ok());
}

#[test]
fn a_lost_device_says_so_from_then_on() {
    let Some(gpu) = gpu() else { return };
    let buffer = gpu.alloc(10, "x").unwrap();
    let program = gpu.prepare(&counting(1)).unwrap();
    advance(&gpu, program, &[buffer], 3);
    gpu.lose();
    for _ in 0..2 {
        assert!(matches!(block_on(gpu.ready()), Err(Error::Device { .. })));
        assert!(matches!(block_on(gpu.read(buffer, 0..10)), Err(Error::Device { .. })));
        let run = gpu.run(program, &[buffer], Position::default(), 1, &mut || false);
        assert!(matches!(run, Err(Error::Device { .. })));
    }
}

#[test]
fn tilings_are_chosen_by_measurement_and_remembered_by_name() {
    for tuning in [Tuning::all(Tiling::Large), Tuning { conv: Tiling::Direct, ..Tuning::all(Tiling::Small) }] {
        assert_eq!(tuning.to_string().parse::<Tuning>().unwrap(), tuning);
    }
    assert!("small small".parse::<Tuning>().is_err() && "small small small tiny".parse::<Tuning>().is_err());
    let Some(gpu) = gpu() else { return };
    block_on(gpu.tune()).unwrap();
    let before = gpu.counters();
    let tuned = block_on(gpu.tune()).unwrap();
    assert_eq!(gpu.tuning(), tuned);
    let after = gpu.counters();
    assert_eq!(after.live_bytes, before.live_bytes, "a measurement leaves nothing behind");
    assert_eq!(after.pipelines_created, before.pipelines_created);
}
