//! Kernels that make one element per thread by looking around: windows over planes, rows of tables. The adjoints gather
//! what would be scattered, so every sum has one owner and one order.

use super::{
    expr::{position, valid},
    template::{Shader, fill_numbers},
};
use crate::{
    ir::Window,
    plan::{Rows, View},
};

/// The maximum of every window (`word`) or where it is (`place`).
pub fn max_pool(w: &Window, result: &str) -> Shader {
    let text = include_str!("../kernels/max_pool.wgsl").replace("$result", result);
    over_windows(&text, w, w.n * w.c * w.out[0] * w.out[1])
}

/// Values summed where their indices point.
pub fn unpool(w: &Window) -> Shader {
    over_windows(include_str!("../kernels/unpool.wgsl"), w, w.n * w.c * w.size[0] * w.size[1])
}

/// Values where the maxima are, by an invocation for each window; the windows lie apart.
pub fn max_unpool(w: &Window) -> Shader {
    let [rows, columns] = [0, 1].map(|i| (w.size[i] + w.pad[i]).div_ceil(w.stride[i]));
    let numbers = [("rows", rows), ("columns", columns)];
    let text = fill_numbers(include_str!("../kernels/max_unpool.wgsl"), &numbers);
    over_windows(&text, w, w.n * w.c * rows * columns)
}

/// The elements that indices name.
pub fn pool_take(w: &Window) -> Shader {
    over_windows(include_str!("../kernels/pool_take.wgsl"), w, w.n * w.c * w.out[0] * w.out[1])
}

/// Window entries summed where they overlap.
pub fn fold(w: &Window, input: &View) -> Shader {
    let empty = input.axes.iter().any(|axis| axis.valid.is_empty());
    let condition = valid(input, "c");
    let condition = match (empty, condition.is_empty()) {
        (true, _) => "false",
        (false, true) => "true",
        (false, false) => &condition,
    };
    let text = include_str!("../kernels/fold.wgsl").replace("$valid", condition);
    over_windows(&text.replace("$position", &position(input, "c")), w, w.n * w.c * w.size[0] * w.size[1])
}

fn over_windows(template: &str, w: &Window, total: usize) -> Shader {
    let numbers = [
        ("h", w.size[0]),
        ("w", w.size[1]),
        ("plane", w.size[0] * w.size[1]),
        ("out_h", w.out[0]),
        ("out_w", w.out[1]),
        ("out_plane", w.out[0] * w.out[1]),
        ("kernel_h", w.kernel[0]),
        ("kernel_w", w.kernel[1]),
        ("stride_y", w.stride[0]),
        ("stride_x", w.stride[1]),
        ("pad_y", w.pad[0]),
        ("pad_x", w.pad[1]),
        ("dilation_y", w.dilation[0]),
        ("dilation_x", w.dilation[1]),
    ];
    Shader::each(&fill_numbers(template, &numbers), total, &[])
}

/// Rows of a table.
pub fn gather(r: &Rows) -> Shader {
    over_rows(include_str!("../kernels/gather.wgsl"), r, r.count * r.inner)
}

/// Rows summed into a table, each by one owner in the order of the indices.
pub fn scatter_add(r: &Rows) -> Shader {
    over_rows(include_str!("../kernels/scatter_add.wgsl"), r, r.rows * r.inner)
}

fn over_rows(template: &str, r: &Rows, total: usize) -> Shader {
    let numbers = [("rows", r.rows), ("inner", r.inner), ("count", r.count)];
    Shader::each(&fill_numbers(template, &numbers), total, &[])
}
