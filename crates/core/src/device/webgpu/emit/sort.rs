//! The order of the elements of rows: blocks are sorted by a workgroup each, then runs are merged two by two, every element finding
//! its place by a binary search in the other run. All comparisons are exact, so the order is that of the reference.

use super::{Emitted, scratch_operand, template::Shader};
use crate::{DType, plan::Operand};

/// Elements that a workgroup sorts in its own memory (8 bytes each), a power of two.
const BLOCK: usize = 1024;
/// Threads of a workgroup that sorts.
const TEAM: usize = 256;

/// The dispatches of an argsort.
pub fn emit(rows: usize, length: usize, dtype: DType, reads: &[Operand], write: Operand, scratch: usize) -> Emitted {
    let rank = match dtype {
        DType::F32 => "gb_rank_f32(word)",
        DType::I32 => "word ^ 0x80000000u",
        DType::U32 | DType::Bool => "word",
    };
    let number = |value: usize| format!("{value}u");
    // Merges go to and fro between the result and scratch memory, and end in the result.
    let merges = length.div_ceil(BLOCK).next_power_of_two().ilog2() as usize;
    let other = scratch_operand(scratch, if merges > 0 { rows * length } else { 0 });
    let target = |merge: usize| if (merges - merge).is_multiple_of(2) { write } else { other };

    let block = length.next_power_of_two().clamp(2, BLOCK);
    let blocks = length.div_ceil(block);
    let values = [
        ("team", number(TEAM.min(block / 2))),
        ("block", number(block)),
        ("blocks", number(blocks)),
        ("length", number(length)),
        ("rank", rank.to_owned()),
    ];
    let shader = Shader::new(include_str!("../kernels/sort_block.wgsl"), rows * blocks, &values);
    let mut dispatches = vec![shader.dispatch(reads, target(0))];
    for merge in 0..merges {
        let values = [("run", number(BLOCK << merge)), ("length", number(length)), ("rank", rank.to_owned())];
        let shader = Shader::each(include_str!("../kernels/sort_merge.wgsl"), rows * length, &values);
        dispatches.push(shader.dispatch(&[reads[0], target(merge)], target(merge + 1)));
    }
    Emitted { dispatches, scratch: other.words }
}
