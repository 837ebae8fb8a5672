//! The order of the elements of rows: blocks are sorted by a workgroup each, then runs are merged two by two, every element finding
//! its place by a binary search in the other run. All comparisons are exact, so the order is that of the reference.

use super::{Emitted, Ends, scratch_operand, template::Shader};
use crate::DType;

/// Elements that a workgroup sorts in its own memory (8 bytes each), a power of two.
const BLOCK: usize = 1024;
/// Threads of a workgroup that sorts.
const TEAM: usize = 256;

/// The dispatches of an argsort.
pub fn emit(rows: usize, length: usize, dtype: DType, ends: &Ends, scratch: usize) -> Emitted {
    let rank = match dtype {
        DType::F32 => "gb_rank_f32(word)",
        DType::I32 => "word ^ 0x80000000u",
        DType::U32 | DType::Bool => "word",
    };
    let number = |value: usize| format!("{value}u");
    // Merges go to and fro between the result and scratch memory, and end in the result.
    let merges = length.div_ceil(BLOCK).next_power_of_two().ilog2() as usize;
    let other = scratch_operand(scratch, if merges > 0 { rows * length } else { 0 });
    let target = |merge: usize| if (merges - merge).is_multiple_of(2) { ends.write } else { other };

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
    let first = Ends { write: target(0), epilogue: ends.epilogue.filter(|_| merges == 0), ..*ends };
    let mut dispatches = vec![shader.dispatch(&first)];
    for merge in 0..merges {
        let values = [("run", number(BLOCK << merge)), ("length", number(length)), ("rank", rank.to_owned())];
        let shader = Shader::each(include_str!("../kernels/sort_merge.wgsl"), rows * length, &values);
        // Only the last dispatch finishes elements.
        let epilogue = ends.epilogue.filter(|_| merge + 1 == merges);
        let reads = &[ends.reads[0], target(merge)];
        dispatches.push(shader.dispatch(&Ends { reads, write: target(merge + 1), epilogue }));
    }
    Emitted { dispatches, scratch: other.words }
}
