//! Fused expressions over strided views as WGSL functions, and the map kernel.

use super::template::Shader;
use crate::{
    DType,
    plan::{Axis, Epilogue, Expr, Instr, Load, Source, View},
};

/// The expression at every coordinate, and the values of `more` registers after it.
pub fn map(shape: &[usize], expr: &Expr, more: &[usize]) -> Shader {
    let mut expr = expr.clone();
    let (sizes, _) = merge_axes(shape, &mut expr.loads, shape.len());
    let total: usize = shape.iter().product();
    let last = expr.instrs.len() - 1;
    let mut puts = format!("    put(i, {});\n", word(&expr, last));
    for (i, &register) in (1..).zip(more) {
        puts.push_str(&format!("    put({}u + i, {});\n", (i * total) as u32, word(&expr, register)));
    }
    let values =
        [("coordinates", unflatten("i", &sizes, "c", 0, "    ")), ("registers", registers(&expr)), ("puts", puts)];
    Shader::each(include_str!("../kernels/map.wgsl"), total, &values)
}

/// Merges neighbouring axes of the iteration space wherever every load reads on through them, and drops axes of size 1, so
/// that little index arithmetic is left. The axis at `boundary` does not merge with the one before. Returns the sizes that
/// stay, and how many of them lie before the boundary.
pub fn merge_axes(shape: &[usize], loads: &mut [Load], boundary: usize) -> (Vec<usize>, usize) {
    let mut sizes: Vec<usize> = Vec::with_capacity(shape.len());
    let mut views: Vec<Vec<Axis>> = vec![Vec::with_capacity(shape.len()); loads.len()];
    let (mut open, mut before) = (false, 0);
    for (d, &size) in shape.iter().enumerate() {
        open &= d != boundary;
        let empty = |load: &Load| load.view.axes[d].valid.is_empty();
        if size == 1 && !loads.iter().any(empty) {
            continue;
        }
        let joins = open
            && loads.iter().zip(&views).all(|(load, kept)| {
                let (outer, axis) = (kept.last().expect("an open axis"), &load.view.axes[d]);
                outer.valid == (0..outer.size)
                    && axis.valid == (0..axis.size)
                    && outer.stride == axis.stride * axis.size as isize
            });
        if joins {
            *sizes.last_mut().expect("an open axis") *= size;
        } else {
            sizes.push(size);
        }
        for (load, kept) in loads.iter().zip(&mut views) {
            let axis = load.view.axes[d].clone();
            if joins {
                let outer = kept.last_mut().expect("an open axis");
                let merged = outer.size * axis.size;
                *outer = Axis { size: merged, stride: axis.stride, valid: 0..merged };
            } else {
                kept.push(axis);
            }
        }
        open = true;
        if d < boundary {
            before = sizes.len();
        }
    }
    for (load, axes) in loads.iter_mut().zip(views) {
        load.view.axes = axes;
    }
    (sizes, before)
}

/// `let c0 = …; let c1 = …;` for a flat row-major position, with names from c`first` on.
pub fn unflatten(flat: &str, sizes: &[usize], name: &str, first: usize, indent: &str) -> String {
    let mut text = String::new();
    let mut stride = 1;
    for (d, &size) in sizes.iter().enumerate().rev() {
        let quotient = if stride == 1 { flat.to_owned() } else { format!("{flat} / {stride}u") };
        let value = if d == 0 { quotient } else { format!("{quotient} % {size}u") };
        text.push_str(&format!("{indent}let {name}{} = {value};\n", first + d));
        stride *= size;
    }
    text
}

/// `c0, c1, c2`
pub fn arguments(count: usize, name: &str) -> String {
    (0..count).map(|d| format!("{name}{d}")).collect::<Vec<_>>().join(", ")
}

/// `fn value(c0: u32, …) -> u32`: the expression's word at a coordinate of so many axes.
pub fn value_function(expr: &Expr, rank: usize) -> String {
    let parameters: Vec<String> = (0..rank).map(|d| format!("c{d}: u32")).collect();
    format!("fn value({}) -> u32 {{\n{}}}\n", parameters.join(", "), body(expr))
}

/// `fn finish_word(i: u32, word: u32) -> u32`: what an epilogue makes of a kernel's word for place `i`. Its reads come after
/// so many of the kernel's.
pub fn epilogue(epilogue: &Epilogue, kernel_reads: usize) -> String {
    let mut expr = epilogue.expr.clone();
    for load in &mut expr.loads {
        load.source = match load.source {
            Source::Read(read) => Source::Read(kernel_reads + read),
            Source::Random { key, stream } => Source::Random { key: kernel_reads + key, stream },
            other => other,
        };
    }
    let (sizes, _) = merge_axes(&epilogue.shape, &mut expr.loads, epilogue.shape.len());
    let coordinates = unflatten("i", &sizes, "c", 0, "    ");
    format!("fn finish_word(i: u32, word: u32) -> u32 {{\n{coordinates}{}}}\n", body(&expr))
}

/// The instructions of an expression, from the coordinates `c0`, `c1`, … to the word that is returned.
fn body(expr: &Expr) -> String {
    registers(expr) + &format!("    return {};\n", word(expr, expr.instrs.len() - 1))
}

/// The value of a register as a word.
fn word(expr: &Expr, i: usize) -> String {
    match expr.types[i] {
        DType::F32 | DType::I32 => format!("bitcast<u32>(v{i})"),
        DType::U32 | DType::Bool => register(i),
    }
}

/// The registers `v0`, `v1`, … from the coordinates `c0`, `c1`, ….
fn registers(expr: &Expr) -> String {
    let mut text = String::new();
    for (i, instr) in expr.instrs.iter().enumerate() {
        let dtype = expr.types[i];
        let value = match *instr {
            Instr::Load(load) => load_value(&mut text, i, &expr.loads[load], dtype),
            Instr::Unary(unary, a) => function(unary.wgsl(), expr.types[a], &register(a), ""),
            Instr::Binary(binary, a, b) => function(binary.wgsl(), expr.types[a], &register(a), &register(b)),
            Instr::Select(c, a, b) => format!("select(v{b}, v{a}, v{c} != 0u)"),
            Instr::Cast(a) => cast(expr.types[a], dtype, &register(a)),
        };
        text.push_str(&format!("    let v{i} = {value};\n"));
    }
    text
}

fn register(i: usize) -> String {
    format!("v{i}")
}

/// The value of a load; what must be computed before goes to `text`.
fn load_value(text: &mut String, i: usize, load: &Load, dtype: DType) -> String {
    if load.view.axes.iter().any(|a| a.valid.is_empty()) {
        return literal(dtype, 0);
    }
    let condition = valid(&load.view, "c");
    if let (Source::Const(word), true) = (load.source, condition.is_empty()) {
        return literal(dtype, word);
    }
    let position = position(&load.view, "c");
    let word = match load.source {
        Source::Read(read) => format!("read{read}({position})"),
        Source::Arange => position,
        Source::Random { key, stream } => format!("gb_random(read{key}(0u), read{key}(1u), {position}, {stream}u)"),
        Source::Const(word) => format!("{word}u"),
        Source::Made => "word".to_owned(),
    };
    let word = if condition.is_empty() {
        word
    } else {
        text.push_str(&format!("    var w{i} = 0u;\n    if ({condition}) {{ w{i} = {word}; }}\n"));
        format!("w{i}")
    };
    from_word(dtype, &word)
}

/// A word as a value of a type. Truth values are held as words 0 and 1.
fn from_word(dtype: DType, word: &str) -> String {
    match dtype {
        DType::F32 => format!("bitcast<f32>({word})"),
        DType::I32 => format!("bitcast<i32>({word})"),
        DType::U32 | DType::Bool => word.to_owned(),
    }
}

/// A constant. WGSL refuses NaN and infinity in constant expressions, so those pass through a function.
fn literal(dtype: DType, word: u32) -> String {
    match dtype {
        DType::F32 if !f32::from_bits(word).is_finite() => format!("gb_float({word:#x}u)"),
        DType::F32 | DType::I32 => from_word(dtype, &format!("{word:#x}u")),
        DType::U32 | DType::Bool => format!("{word}u"),
    }
}

/// The flat position that a view reads at the coordinates `{name}0`, `{name}1`, …, modulo 2^32.
pub fn position(view: &View, name: &str) -> String {
    let mut text = if view.offset == 0 { String::new() } else { format!("{}u", view.offset as i32 as u32) };
    for (d, axis) in view.axes.iter().enumerate() {
        match axis.stride {
            0 => continue,
            1.. if text.is_empty() => {}
            1.. => text.push_str(" + "),
            _ if text.is_empty() => text.push_str("0u - "),
            _ => text.push_str(" - "),
        }
        text.push_str(&format!("{name}{d}"));
        if axis.stride.unsigned_abs() != 1 {
            text.push_str(&format!(" * {}u", axis.stride.unsigned_abs()));
        }
    }
    if text.is_empty() { "0u".into() } else { text }
}

/// The condition that a coordinate reads the source at all; empty if all do. Without `&&`, which branches: a kernel with many
/// such branches takes some compilers seconds.
pub fn valid(view: &View, name: &str) -> String {
    let mut terms = Vec::new();
    for (d, axis) in view.axes.iter().enumerate() {
        if axis.valid.start > 0 {
            terms.push(format!("({name}{d} >= {}u)", axis.valid.start));
        }
        if axis.valid.end < axis.size {
            terms.push(format!("({name}{d} < {}u)", axis.valid.end));
        }
    }
    terms.join(" & ")
}

/// A row's text with its arguments put in for `a` and `b`, and the type for the `T` at the end of a helper's name.
fn function(row: &str, dtype: DType, a: &str, b: &str) -> String {
    let mut text = String::new();
    let mut rest = row;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let end = rest[start..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map_or(rest.len(), |length| start + length);
        text.push_str(&rest[..start]);
        match &rest[start..end] {
            "a" => text.push_str(a),
            "b" => text.push_str(b),
            name => match name.strip_suffix("_T") {
                Some(stem) => text.push_str(&format!("{stem}_{}", dtype.name())),
                None => text.push_str(name),
            },
        }
        rest = &rest[end..];
    }
    text.push_str(rest);
    text
}

/// The same meaning as [`crate::ir::scalar::cast`].
fn cast(from: DType, to: DType, a: &str) -> String {
    use DType::{Bool, F32, I32, U32};
    match (from, to) {
        (F32, F32) | (I32, I32) | (U32 | Bool, U32) | (Bool, Bool) => a.into(),
        (F32, I32) => format!("gb_to_i32({a})"),
        (F32, U32) => format!("gb_to_u32({a})"),
        (F32, Bool) => format!("gb_to_bool({a})"),
        (I32, U32) => format!("bitcast<u32>({a})"),
        (U32 | Bool, I32) => format!("bitcast<i32>({a})"),
        (I32, Bool) => format!("u32({a} != 0i)"),
        (U32, Bool) => format!("u32({a} != 0u)"),
        (I32 | U32 | Bool, F32) => format!("f32({a})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(view: View) -> Load {
        Load { source: Source::Read(0), view }
    }

    #[test]
    fn axes_merge_where_all_loads_read_on() {
        let shape = [2, 3, 1, 4];
        let mut loads = [load(View::contiguous(&shape)), load(View::contiguous(&[4]).broadcast(&shape))];
        assert_eq!(merge_axes(&shape, &mut loads, 4), (vec![6, 4], 2));
        assert_eq!(loads[0].view, View::contiguous(&[6, 4]));
        let mut loads = [load(View::contiguous(&shape))];
        assert_eq!(merge_axes(&shape, &mut loads, 1), (vec![2, 12], 1));
        let mut loads = [load(View::contiguous(&[2, 2, 1, 4]).pad(&[0, 1, 0, 0], &[0; 4]))];
        assert_eq!(merge_axes(&shape, &mut loads, 4), (vec![2, 3, 4], 3));
    }

    #[test]
    fn rows_are_spelt_with_their_type() {
        assert_eq!(function("gb_max_T(a, b)", DType::I32, "v1", "v2"), "gb_max_i32(v1, v2)");
        assert_eq!(function("a << (b & 31u)", DType::U32, "v0", "v1"), "v0 << (v1 & 31u)");
        assert_eq!(function("1.0 / a", DType::F32, "v7", ""), "1.0 / v7");
    }

    #[test]
    fn positions_may_run_backwards() {
        let view = View::contiguous(&[2, 3]).flip(&[1]);
        assert_eq!(position(&view, "c"), "2u + c0 * 3u - c1");
        assert_eq!(valid(&View::contiguous(&[2]).pad(&[1], &[1]), "c"), "(c0 >= 1u) & (c0 < 3u)");
    }
}
