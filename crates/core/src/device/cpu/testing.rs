//! What the tests of the kernels share.

use super::{Cpu, simd::Level};
use crate::{
    Result,
    device::{BufferId, Device, Position},
    plan::{Buffer, External, Kernel, Operand, Program, Step},
};

/// Repeatable numbers, good enough to pick shapes and fill arrays.
pub(crate) struct Lcg(u64);

impl Lcg {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678);
        rng.next();
        rng
    }

    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// Less than `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.next()) * n as u64) >> 31) as usize
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    /// In [-1, 1).
    pub(crate) fn floats(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.next() as f32 / (1u32 << 30) as f32 - 1.0).collect()
    }
}

/// Equal up to `tolerance`, relative to the size of the numbers or 1.
#[track_caller]
pub(crate) fn assert_close(got: &[f32], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(got) - want).abs();
        assert!(error <= tolerance * want.abs().max(1.0) * 10.0, "{what}: {got} not {want} at {i}");
    }
}

/// An operand that is a whole buffer.
pub(super) fn operand(buffer: Buffer, words: usize) -> Operand {
    Operand { buffer, offset: 0, words }
}

/// A program of one step over buffers of its own.
pub(super) fn program(kernel: &Kernel, reads: &[Vec<u32>], out: usize) -> Program {
    let words = reads.iter().map(Vec::len).chain([out]);
    let externals = words.enumerate().map(|(i, words)| External { words, written: i == reads.len() }).collect();
    let read = |(i, words): (usize, &Vec<u32>)| operand(Buffer::External(i), words.len());
    let step = Step {
        kernel: kernel.clone(),
        reads: reads.iter().enumerate().map(read).collect(),
        epilogue: None,
        write: operand(Buffer::External(reads.len()), out),
    };
    Program { externals, arena: 0, steps: vec![step], loops: vec![] }
}

/// All buffers after a run, cut as finely as can be if there are several threads.
pub(super) fn run(level: Level, threads: usize, program: &Program, data: &[Vec<u32>]) -> Result<Vec<Vec<u32>>> {
    let cpu = Cpu { level, ..Cpu::eager(threads) };
    let executable = cpu.prepare(program)?;
    let mut buffers = Vec::new();
    for (i, external) in program.externals.iter().enumerate() {
        let buffer = cpu.alloc(external.words, "a test")?;
        cpu.write(buffer, 0, data.get(i).map_or(&[], |words| words))?;
        buffers.push(buffer);
    }
    assert_eq!(cpu.run(executable, &buffers, Position::default(), 1, &mut || false)?.iteration, 1);
    let read = |(&buffer, external): (&BufferId, &External)| pollster::block_on(cpu.read(buffer, 0..external.words));
    buffers.iter().zip(&program.externals).map(read).collect()
}
