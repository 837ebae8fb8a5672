//! Matrix products and the three directions of convolution, all as C\[b, m, n\] = Σₖ A\[b, m, k\] · B\[b, k, n\]: they differ
//! in where an element of A, B and C lies, which small WGSL functions say. Padding and strides are index arithmetic
//! in them; nothing is laid out first. How the results are shared among threads is `tiling`'s.

use super::{
    Emitted, Ends,
    expr::{position, valid},
    reduce, scratch_operand,
    template::{Shader, fill_numbers},
    tiling::{DIRECT_THREADS, Tiling},
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
    /// WGSL functions, called only inside the sizes. `free_a(b, m)`, `deep_a(b, k)`, `free_b(b, n)` and `deep_b(b, k)` give
    /// parts of an element's place, which add up; `get_a(at) -> f32` and `get_b(at)` read there. `place(b, m, n) -> u32` is
    /// where a result goes.
    elements: String,
    /// Whether neighbours along k lie closer in memory than those along m, in A, or n, in B.
    along_k: [bool; 2],
}

/// Workgroups that keep a device busy; a product of fewer is split along k.
const BUSY: usize = 64;
/// Products that a part of a split sum should at least have.
const CHUNK: usize = 256;

/// The dispatches of a product.
pub fn emit(gemm: &Gemm, tiling: Tiling, ends: &Ends, scratch: usize) -> Emitted {
    let write = ends.write;
    let tile = tiling.tile([gemm.m, gemm.n]);
    let (m_tiles, n_tiles) = (gemm.m.div_ceil(tile.rows()), gemm.n.div_ceil(tile.columns()));
    let tiles = gemm.batches * m_tiles * n_tiles;
    let [threads, together] =
        if tile.is_direct() { [DIRECT_THREADS; 2] } else { [tile.threads[0] * tile.threads[1], 1] };
    let groups = tiles.div_ceil(together);
    let splits = if groups < BUSY { (gemm.k / CHUNK).clamp(1, BUSY.div_ceil(groups)) } else { 1 };
    let chunk = gemm.k.div_ceil(splits).next_multiple_of(tile.depth).max(tile.depth);
    let splits = gemm.k.div_ceil(chunk).max(1);
    let numbers = [
        ("threads", threads),
        ("depth", tile.depth),
        ("tiles", tiles * splits),
        ("m_tiles", m_tiles),
        ("n_tiles", n_tiles),
        ("batches", gemm.batches),
        ("m_size", gemm.m),
        ("n_size", gemm.n),
        ("k_size", gemm.k),
        ("m_last", gemm.m - 1),
        ("n_last", gemm.n - 1),
        ("k_last", gemm.k.saturating_sub(1)),
        ("chunk", chunk),
        ("total", write.words),
    ];
    // The elements have their numbers: theirs may go by the same names.
    let template = fill_numbers(&fill_numbers(&tile.template(), &numbers), &tile.numbers(gemm.along_k));
    let shader = Shader::new(&template, (tiles * splits).div_ceil(together), &[("elements", gemm.elements.clone())]);
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

/// The functions of an operand that is a view, with its free axis and the one that is summed over.
fn view_elements(name: char, read: usize, view: &View, free: usize, deep: usize) -> String {
    let only = |kept: &[usize], offset| {
        let mut part = View { offset, axes: view.axes.clone() };
        for (_, axis) in part.axes.iter_mut().enumerate().filter(|(d, _)| !kept.contains(d)) {
            *axis = Axis { stride: 0, valid: 0..axis.size, ..axis.clone() };
        }
        part
    };
    let function = |which: &str, index: &str, axis: usize, part: &View| {
        let condition = valid(part, "c");
        let outside = if condition.is_empty() { "0u".into() } else { format!("select(1u, 0u, {condition})") };
        let at = position(part, "c");
        format!(
            "fn {which}_{name}(b: u32, {index}: u32) -> vec3<u32> {{\n    let c0 = b;\n    let c{axis} = {index};\n    \
             return vec3<u32>({at}, {outside}, 0u);\n}}\n\n"
        )
    };
    let get = if view.axes.iter().any(|axis| axis.valid.is_empty()) {
        "return 0.0;".into()
    } else if valid(view, "c").is_empty() {
        format!("return bitcast<f32>(read{read}(at.x));")
    } else {
        format!("return select(0.0, bitcast<f32>(read{read}(select(0u, at.x, at.y == 0u))), at.y == 0u);")
    };
    function("free", "i", free, &only(&[0, free], view.offset))
        + &function("deep", "k", deep, &only(&[deep], 0))
        + &format!("fn get_{name}(at: vec3<u32>) -> f32 {{\n    {get}\n}}\n\n")
}

/// The product of two views.
pub fn matmul(a: &View, b: &View) -> Gemm {
    let (m, n, k) = (a.axes[1].size, b.axes[2].size, a.axes[2].size);
    let place = format!("fn place(b: u32, m: u32, n: u32) -> u32 {{ return (b * {m}u + m) * {n}u + n; }}\n");
    let nearer = |along: &Axis, across: &Axis| along.stride.unsigned_abs() < across.stride.unsigned_abs();
    Gemm {
        batches: a.axes[0].size,
        m,
        n,
        k,
        elements: view_elements('a', 0, a, 1, 2) + &view_elements('b', 1, b, 2, 1) + &place,
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
