//! Reductions. Long ones are shared by the threads of a workgroup, few long ones by several workgroups in two stages;
//! who adds what, and in which order, depends on the shape alone, so a result repeats to the bit.

use super::{
    Emitted, Ends,
    expr::{arguments, merge_axes, unflatten, value_function},
    scratch_operand,
    template::Shader,
};
use crate::{
    DType,
    plan::{Expr, Reduction},
};

/// Up to this many elements are reduced by one thread.
const SHORT: usize = 64;
/// With this many results there is work enough for one thread each.
const MANY: usize = 1 << 14;
/// Workgroups that keep a device busy; with fewer results than that, long reductions are split.
const BUSY: usize = 64;
/// Elements that a workgroup should at least reduce.
const CHUNK: usize = 1 << 16;
/// Threads that share a reduction.
const TEAM: usize = 256;

/// The dispatches of a reduction.
pub fn emit(outer: &[usize], inner: &[usize], op: Reduction, expr: &Expr, ends: &Ends, scratch: usize) -> Emitted {
    let mut expr = expr.clone();
    let (sizes, before) = merge_axes(&[outer, inner].concat(), &mut expr.loads, outer.len());
    let dtype = *expr.types.last().expect("an expression has a value");
    let (count, length): (usize, usize) = (outer.iter().product(), inner.iter().product());
    let (kept, reduced) = sizes.split_at(before);
    let value = value_function(&expr, sizes.len());
    let call = format!("value({})", arguments(sizes.len(), "c"));
    let accumulator = accumulator(op, dtype);

    if length <= SHORT || count >= MANY {
        let (open, close) = loops(reduced, before);
        let values = [
            ("accumulator", accumulator),
            ("value", value),
            ("coordinates", unflatten("i", kept, "c", 0, "    ")),
            ("open", open),
            ("close", close),
            ("call", call),
        ];
        let shader = Shader::each(include_str!("../kernels/reduce_thread.wgsl"), count, &values);
        return Emitted { dispatches: vec![shader.dispatch(ends)], scratch: 0 };
    }

    let splits = if count < BUSY { length.div_ceil(CHUNK).min((2 * BUSY).div_ceil(count)) } else { 1 };
    let item = format!(
        "{value}\nfn item(o: u32, i: u32) -> Acc {{\n{}{}    return lift({call}, i);\n}}\n",
        unflatten("o", kept, "c", 0, "    "),
        unflatten("i", reduced, "c", before, "    "),
    );
    let team = |item: &str, save: &str, length: usize, splits: usize| {
        let values = [
            ("accumulator", accumulator.clone()),
            ("item", item.to_owned()),
            ("save", save.to_owned()),
            ("team", format!("{TEAM}u")),
            ("half", format!("{}u", TEAM / 2)),
            ("splits", format!("{splits}u")),
            ("chunk", format!("{}u", length.div_ceil(splits))),
            ("length", format!("{length}u")),
        ];
        Shader::new(include_str!("../kernels/reduce_team.wgsl"), count * splits, &values)
    };
    const FINISH: &str = "fn save(group: u32, acc: Acc) { put(group, finish(acc)); }\n";
    if splits == 1 {
        return Emitted { dispatches: vec![team(&item, FINISH, length, 1).dispatch(ends)], scratch: 0 };
    }
    let partials = scratch_operand(scratch, 2 * count * splits);
    let save = "fn save(group: u32, acc: Acc) {\n    let words = pack(acc);\n    put(2u * group, words.x);\n    put(2u * group + 1u, words.y);\n}\n";
    let again = format!(
        "fn item(o: u32, i: u32) -> Acc {{\n    let at = 2u * (o * {splits}u + i);\n    return unpack(vec2<u32>(read0(at), read0(at + 1u)));\n}}\n"
    );
    let first = Ends { write: partials, epilogue: None, ..*ends };
    let first = team(&item, save, length, splits).dispatch(&first);
    let second = team(&again, FINISH, splits, 1).dispatch(&Ends { reads: &[partials], ..*ends });
    Emitted { dispatches: vec![first, second], scratch: partials.words }
}

/// What is carried along: the sum, or the best word's rank and position.
fn accumulator(op: Reduction, dtype: DType) -> String {
    match (op, dtype) {
        (Reduction::Sum, DType::F32) => include_str!("../kernels/sum_f32.wgsl").to_owned(),
        (Reduction::Sum, _) => include_str!("../kernels/sum_u32.wgsl").to_owned(),
        (Reduction::Max | Reduction::ArgMax, _) => {
            let (rank, word) = match dtype {
                DType::F32 => ("gb_rank_f32(word)", "gb_unrank_f32(acc.x)"),
                DType::I32 => ("word ^ 0x80000000u", "acc.x ^ 0x80000000u"),
                DType::U32 | DType::Bool => ("word", "acc.x"),
            };
            let least = if dtype == DType::F32 { "0x007fffffu" } else { "0u" };
            let result = if op == Reduction::Max { word } else { "select(acc.y, 0u, acc.y == 0xffffffffu)" };
            super::template::fill(include_str!("../kernels/best.wgsl"), |name| match name {
                "rank" => rank,
                "least" => least,
                _ => result,
            })
        }
    }
}

/// Nested loops over the reduced axes, whose coordinates follow those of the kept ones.
fn loops(sizes: &[usize], before: usize) -> (String, String) {
    let (mut open, mut close) = (String::new(), String::new());
    for (d, size) in sizes.iter().enumerate() {
        let c = format!("c{}", before + d);
        open.push_str(&format!("    for (var {c} = 0u; {c} < {size}u; {c}++) {{\n"));
        close.push_str("    }\n");
    }
    (open, close)
}
