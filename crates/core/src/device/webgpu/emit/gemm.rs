//! Matrix products and the three directions of convolution, all as C\[b, m, n\] = Σₖ A\[b, m, k\] · B\[b, k, n\]: they differ
//! in where an element of A, B and C lies, which three small WGSL functions say. Padding and strides are index arithmetic
//! in them; nothing is laid out first.

use super::{
    Emitted, Ends,
    expr::{position, valid},
    reduce, scratch_operand,
    template::{Shader, fill_numbers},
};
use crate::{
    DType,
    ir::ConvGeometry,
    plan::{Axis, Expr, Instr, Load, Reduction, Source, View},
};

/// A product: its sizes, and where its elements lie.
pub struct Gemm {
    batches: usize,
    m: usize,
    n: usize,
    k: usize,
    /// WGSL functions `at_a(b, m, k) -> f32`, `at_b(b, k, n) -> f32` and `place(b, m, n) -> u32`, called only inside the sizes.
    elements: String,
    /// Whether neighbours along k lie closer in memory than those along m, in A, or n, in B.
    along_k: [bool; 2],
}

/// Results per workgroup and the threads that make them, 4 × 4 each.
#[derive(Clone, Copy)]
struct Tile {
    /// Threads along m.
    tall: usize,
    /// Threads along n.
    wide: usize,
}

/// Depth of the tiles that are staged in workgroup memory.
const DEPTH: usize = 16;
/// Results per thread along m and n.
const PATCH: usize = 4;
/// From the squarest to the flattest and tallest: whichever covers the product with the least waste, the earlier at a tie.
const TILES: [Tile; 7] = [
    Tile { tall: 16, wide: 16 },
    Tile { tall: 8, wide: 16 },
    Tile { tall: 16, wide: 8 },
    Tile { tall: 8, wide: 8 },
    Tile { tall: 4, wide: 16 },
    Tile { tall: 16, wide: 4 },
    Tile { tall: 2, wide: 32 },
];
/// Workgroups that keep a device busy; a product of fewer tiles is split along k.
const BUSY: usize = 32;
/// Products that a part of a split sum should at least have.
const CHUNK: usize = 256;

/// The dispatches of a product.
pub fn emit(gemm: &Gemm, ends: &Ends, scratch: usize) -> Emitted {
    let write = ends.write;
    let tile = tile(gemm.m, gemm.n);
    let (m_tiles, n_tiles) = (gemm.m.div_ceil(tile.tall * PATCH), gemm.n.div_ceil(tile.wide * PATCH));
    let tiles = gemm.batches * m_tiles * n_tiles;
    let splits = if tiles < BUSY { (gemm.k / CHUNK).clamp(1, (2 * BUSY).div_ceil(tiles)) } else { 1 };
    let chunk = gemm.k.div_ceil(splits).next_multiple_of(DEPTH).max(DEPTH);
    let splits = gemm.k.div_ceil(chunk).max(1);
    let values = [
        ("elements", gemm.elements.clone()),
        ("rows", number(tile.tall * PATCH)),
        ("columns", number(tile.wide * PATCH)),
        ("tall", number(tile.tall)),
        ("wide", number(tile.wide)),
        ("threads", number(tile.tall * tile.wide)),
        ("depth", number(DEPTH)),
        ("words_a", number(DEPTH * tile.tall)),
        ("words_b", number(DEPTH * tile.wide)),
        ("m_tiles", number(m_tiles)),
        ("n_tiles", number(n_tiles)),
        ("batches", number(gemm.batches)),
        ("m_size", number(gemm.m)),
        ("n_size", number(gemm.n)),
        ("k_size", number(gemm.k)),
        ("chunk", number(chunk)),
        ("total", number(write.words)),
        ("staged_a", staged(gemm.along_k[0], tile.tall)),
        ("staged_b", staged(gemm.along_k[1], tile.wide)),
    ];
    let shader = Shader::new(include_str!("../kernels/gemm.wgsl"), tiles * splits, &values);
    if splits == 1 {
        return Emitted { dispatches: vec![shader.dispatch(ends)], scratch: 0 };
    }
    let partials = scratch_operand(scratch, splits * write.words);
    let axis = |size, stride| Axis { size, stride, valid: 0..size };
    let view = View { offset: 0, axes: vec![axis(write.words, 1), axis(splits, write.words as isize)] };
    let sum = Expr {
        loads: vec![Load { source: Source::Read(0), view }],
        instrs: vec![Instr::Load(0)],
        types: vec![DType::F32],
    };
    let after = scratch + partials.words;
    let second = Ends { reads: &[partials], ..*ends };
    let second = reduce::emit(&[write.words], &[splits], Reduction::Sum, &sum, &second, after);
    let mut dispatches = vec![shader.dispatch(&Ends { write: partials, epilogue: None, ..*ends })];
    dispatches.extend(second.dispatches);
    Emitted { dispatches, scratch: partials.words + second.scratch }
}

fn tile(m: usize, n: usize) -> Tile {
    let covered = |tile: &Tile| m.next_multiple_of(tile.tall * PATCH) * n.next_multiple_of(tile.wide * PATCH);
    *TILES.iter().min_by_key(|tile| covered(tile)).expect("there are tiles")
}

fn number(n: usize) -> String {
    format!("{n}u")
}

/// Which element a thread stages: `k`, and `r`, the group of four along m or n. Neighbouring threads take neighbours in memory.
fn staged(along_k: bool, groups: usize) -> String {
    if along_k {
        format!("let k = i % {DEPTH}u; let r = i / {DEPTH}u;")
    } else {
        format!("let k = i / {groups}u; let r = i % {groups}u;")
    }
}

/// The product of two views.
pub fn matmul(a: &View, b: &View) -> Gemm {
    let (m, n, k) = (a.axes[1].size, b.axes[2].size, a.axes[2].size);
    let element = |name: &str, parameters: [&str; 3], read: usize, view: &View| {
        let mut text =
            format!("fn {name}({}: u32, {}: u32, {}: u32) -> f32 {{\n", parameters[0], parameters[1], parameters[2]);
        // The names of the axes are c0, c1, c2 wherever a view is spelt.
        for (d, parameter) in parameters.iter().enumerate() {
            text.push_str(&format!("    let c{d} = {parameter};\n"));
        }
        let condition = valid(view, "c");
        if view.axes.iter().any(|axis| axis.valid.is_empty()) {
            text.push_str("    return 0.0;\n}\n");
            return text;
        }
        if !condition.is_empty() {
            text.push_str(&format!("    if (!({condition})) {{ return 0.0; }}\n"));
        }
        text.push_str(&format!("    return bitcast<f32>(read{read}({}));\n}}\n", position(view, "c")));
        text
    };
    let place = format!("fn place(b: u32, m: u32, n: u32) -> u32 {{ return (b * {m}u + m) * {n}u + n; }}\n");
    let nearer = |along: &Axis, across: &Axis| along.stride.unsigned_abs() < across.stride.unsigned_abs();
    Gemm {
        batches: a.axes[0].size,
        m,
        n,
        k,
        elements: element("at_a", ["b", "m", "k"], 0, a) + &element("at_b", ["b", "k", "n"], 1, b) + &place,
        along_k: [nearer(&a.axes[2], &a.axes[1]), nearer(&b.axes[1], &b.axes[2])],
    }
}

/// m: output channels of a group, n: pixels of the batch, k: input channels of a group × kernel.
pub fn conv(g: &ConvGeometry) -> Gemm {
    let (m, n, k) = (g.o / g.groups, g.n * g.out[0] * g.out[1], g.c / g.groups * g.kernel[0] * g.kernel[1]);
    let along_k = [true, false];
    Gemm { batches: g.groups, m, n, k, elements: conv_elements(g, include_str!("../kernels/conv.wgsl")), along_k }
}

/// m: input channels of a group, n: input pixels of the batch, k: output channels of a group × kernel.
pub fn conv_input_grad(g: &ConvGeometry) -> Gemm {
    let (m, n, k) = (g.c / g.groups, g.n * g.size[0] * g.size[1], g.o / g.groups * g.kernel[0] * g.kernel[1]);
    let along_k = [true, false];
    Gemm {
        batches: g.groups,
        m,
        n,
        k,
        elements: conv_elements(g, include_str!("../kernels/conv_input_grad.wgsl")),
        along_k,
    }
}

/// m: output channels of a group, n: input channels of a group × kernel, k: output pixels of the batch.
pub fn conv_weight_grad(g: &ConvGeometry) -> Gemm {
    let (m, n, k) = (g.o / g.groups, g.c / g.groups * g.kernel[0] * g.kernel[1], g.n * g.out[0] * g.out[1]);
    let along_k = [true, true];
    Gemm {
        batches: g.groups,
        m,
        n,
        k,
        elements: conv_elements(g, include_str!("../kernels/conv_weight_grad.wgsl")),
        along_k,
    }
}

/// The element functions of a convolution with its sizes put in.
fn conv_elements(g: &ConvGeometry, template: &str) -> String {
    let numbers = [
        ("c", g.c),
        ("group_c", g.c / g.groups),
        ("o", g.o),
        ("group_o", g.o / g.groups),
        ("h", g.size[0]),
        ("w", g.size[1]),
        ("plane", g.size[0] * g.size[1]),
        ("out_h", g.out[0]),
        ("out_w", g.out[1]),
        ("out_plane", (g.out[0] * g.out[1]).max(1)),
        // Only ever a divisor, which must not be 0 even where nothing is divided.
        ("row", g.out[1].max(1)),
        ("kernel_w", g.kernel[1]),
        ("kernel", g.kernel[0] * g.kernel[1]),
        ("depth", g.c / g.groups * g.kernel[0] * g.kernel[1]),
        ("stride_y", g.stride[0]),
        ("stride_x", g.stride[1]),
        ("pad_y", g.pad[0]),
        ("pad_x", g.pad[1]),
        ("dilation_y", g.dilation[0]),
        ("dilation_x", g.dilation[1]),
    ];
    fill_numbers(&template.replace("$pixel", include_str!("../kernels/conv_pixel.wgsl")), &numbers)
}
