//! Matrix products: packed, blocked for the caches, with a block of C held in registers.
//!
//! `C[m, n] (+)= A[m, k] · B[k, n]`. Operands ([`Matrix`]) are strided matrices, which are packed into panels block by block,
//! or were packed whole before, for all parts of a product. C is a [`Sink`].
//! Products with one row or column go to `gemv`, since packing would cost more than it saves.
//!
//! The order of additions depends on the shapes alone.

use super::memory::Out;
use super::simd::{Base, Level, Simd};
use super::team::THREADS;
use core::ops::Range;

/// Depth of a packed block: a panel of B of this depth fits the first-level cache.
const KC: usize = 320;
/// Rows of A packed at a time: a block of A fits the second-level cache.
const MC: usize = 96;
/// Columns of B packed at a time. A is packed anew for each block of them, so they are many; panels come from the third-level
/// cache in time.
const NC: usize = 1032;
/// Rows and columns of the largest register block over all levels.
const MAX_TILE: usize = 16;

/// A range of indices laid out in memory as up to three nested axes, outermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axes {
    dims: [usize; 3],
    strides: [isize; 3],
}

impl Axes {
    /// Nested axes; neighbours that are one axis in memory are merged.
    pub(crate) fn new(dims: [usize; 3], strides: [isize; 3]) -> Self {
        let (mut d, mut s) = ([1; 3], [0; 3]);
        let mut last = 3;
        for i in (0..3).rev() {
            if dims[i] == 1 {
                continue;
            }
            if last < 3 && strides[i] == s[last] * d[last] as isize {
                d[last] *= dims[i];
            } else {
                last -= 1;
                (d[last], s[last]) = (dims[i], strides[i]);
            }
        }
        // The innermost of the merged axes goes last.
        if last < 3 {
            return Self { dims: d, strides: s };
        }
        Self { dims: [1; 3], strides: [0; 3] }
    }

    /// A single axis.
    pub(crate) fn one(dim: usize, stride: isize) -> Self {
        Self::new([1, 1, dim], [0, 0, stride])
    }

    /// Number of indices.
    pub(crate) fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether neighbours lie side by side.
    pub(crate) fn is_contiguous(&self) -> bool {
        self.dims[..2] == [1, 1] && (self.strides[2] == 1 || self.dims[2] == 1)
    }

    /// Where index `i` lies.
    #[inline(always)]
    fn at(&self, i: usize) -> isize {
        let (rest, inner) = (i / self.dims[2], i % self.dims[2]);
        let mut offset = inner as isize * self.strides[2];
        if rest > 0 {
            offset += (rest % self.dims[1]) as isize * self.strides[1];
            offset += (rest / self.dims[1]) as isize * self.strides[0];
        }
        offset
    }

    /// Splits a range of indices where it leaves the innermost axis: calls `visit` with the
    /// position within the range, the offset in memory and the length of each run.
    #[inline(always)]
    pub(super) fn runs(&self, range: Range<usize>, mut visit: impl FnMut(usize, isize, usize)) {
        let mut i = range.start;
        while i < range.end {
            let len = (self.dims[2] - i % self.dims[2]).min(range.end - i);
            visit(i - range.start, self.at(i), len);
            i += len;
        }
    }

    /// Smallest and largest offset, or `None` if there are no indices.
    fn bounds(&self) -> Option<(isize, isize)> {
        if self.len() == 0 {
            return None;
        }
        let ends = || self.dims.iter().zip(self.strides).map(|(&d, s)| (d as isize - 1) * s);
        Some((ends().map(|e| e.min(0)).sum(), ends().map(|e| e.max(0)).sum()))
    }
}

/// An operand of a product: a matrix of *free* × *depth* indices, where the depth is what the product sums over. (A is
/// m × k, B is read as its transpose, n × k.)
#[derive(Clone, Copy)]
pub(crate) enum Matrix<'a> {
    Strided(Strided<'a>),
    Packed(Packed<'a>),
}

impl Matrix<'_> {
    /// The given ranges in panels, which are packed into `room` unless they lie packed already; see [`Strided::pack`].
    #[inline(always)]
    fn panels<'s, const W: usize>(&'s self, free: Range<usize>, depth: Range<usize>, room: &'s mut [f32]) -> &'s [f32] {
        match self {
            Self::Strided(matrix) => {
                matrix.pack::<W>(free, depth, room);
                room
            }
            Self::Packed(matrix) if THREADS => matrix.panels::<W>(free, depth),
            Self::Packed(_) => unreachable!("one thread packs nothing whole"),
        }
    }
}

/// An operand that was packed whole, by [`pack`], for all who read it: block of depths by block, panel by panel.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a> {
    panels: &'a [f32],
    free: usize,
}

impl<'a> Packed<'a> {
    /// So many free indices, from where `pack` put them.
    pub(crate) fn new(panels: &'a [f32], free: usize) -> Self {
        Self { panels, free }
    }

    #[inline(always)]
    fn panels<const W: usize>(&self, free: Range<usize>, depth: Range<usize>) -> &'a [f32] {
        debug_assert!(free.start.is_multiple_of(W), "parts of a product are panels");
        let first = Self::at(self.free, W, free.start, &depth);
        &self.panels[first..first + free.len().next_multiple_of(W) * depth.len()]
    }

    /// Where the panels from free index `first` on lie, within a block of depths.
    fn at(free: usize, width: usize, first: usize, depth: &Range<usize>) -> usize {
        depth.start * free.next_multiple_of(width) + first * depth.len()
    }
}

/// Which operand of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    A,
    B,
}

/// Free indices of a panel of an operand.
pub(crate) fn width(level: Level, operand: Operand) -> usize {
    tile(level)[usize::from(operand == Operand::B)]
}

/// Packs some panels of an operand with `free` × `k` indices to where [`Packed`] finds them. The whole takes
/// `free.next_multiple_of(width) * k` floats.
///
/// # Safety
/// While this runs, nobody else uses what these panels take of `out`.
pub(crate) unsafe fn pack(
    level: Level,
    operand: Operand,
    source: &Strided<'_>,
    free: usize,
    k: usize,
    panels: Range<usize>,
    out: Out<'_>,
) {
    let width = width(level, operand);
    let free_range = panels.start * width..(panels.end * width).min(free);
    for depth in blocks(0..k, KC, 1) {
        let first = Packed::at(free, width, free_range.start, &depth);
        // SAFETY: the caller's promise.
        let out = unsafe { out.floats(first..first + panels.len() * width * depth.len()) };
        match width {
            3 => source.pack::<3>(free_range.clone(), depth, out),
            12 => source.pack::<12>(free_range.clone(), depth, out),
            #[cfg(target_arch = "x86_64")]
            6 => source.pack::<6>(free_range.clone(), depth, out),
            #[cfg(target_arch = "x86_64")]
            16 => source.pack::<16>(free_range.clone(), depth, out),
            _ => unreachable!("panels of the register blocks"),
        }
    }
}

/// A matrix in memory with any strides, reversed and repeated ones included.
#[derive(Clone, Copy)]
pub(crate) struct Strided<'a> {
    data: &'a [f32],
    base: usize,
    free: Axes,
    depth: Axes,
}

impl<'a> Strided<'a> {
    /// The matrix whose element (i, k) is `data[base + free(i) + depth(k)]`. Panics if an element
    /// lies outside `data`.
    pub(crate) fn new(data: &'a [f32], base: usize, free: Axes, depth: Axes) -> Self {
        if let (Some(f), Some(d)) = (free.bounds(), depth.bounds()) {
            let (low, high) = (base as isize + f.0 + d.0, base as isize + f.1 + d.1);
            assert!(low >= 0 && high < data.len() as isize, "matrix outside its buffer");
        }
        Self { data, base, free, depth }
    }

    /// Number of free indices.
    pub(super) fn len(&self) -> usize {
        self.free.len()
    }

    /// What free index `i` holds along the depth, if that lies side by side.
    pub(super) fn along_depth(&self, i: usize) -> Option<&'a [f32]> {
        let first = self.index(self.free.at(i));
        self.depth.is_contiguous().then(|| &self.data[first..first + self.depth.len()])
    }

    /// What each depth holds along the free indices, if these lie side by side and depths are evenly spaced.
    pub(super) fn along_free(&self) -> Option<impl Iterator<Item = &'a [f32]> + Clone> {
        let Self { data, base, free, depth } = *self;
        let even = free.is_contiguous() && depth.dims[..2] == [1, 1];
        let row = move |k: usize| &data[base.wrapping_add_signed(k as isize * depth.strides[2])..][..free.len()];
        even.then(|| (0..depth.len()).map(row))
    }

    #[inline(always)]
    fn index(&self, offset: isize) -> usize {
        self.base.wrapping_add_signed(offset)
    }
}

impl Strided<'_> {
    /// Packs the given ranges into panels of `W` free indices each, for every depth `W` floats in a row; the last panel is filled
    /// up with zeros. `out` holds exactly the panels.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(crate) fn pack<const W: usize>(&self, free: Range<usize>, depth: Range<usize>, out: &mut [f32]) {
        let kc = depth.len();
        if self.free.strides[2] == 1 {
            // Contiguous along the panel's width: whole rows of panels are copied.
            for (k, depth) in depth.enumerate() {
                let row = self.depth.at(depth);
                self.free.runs(free.clone(), |at, offset, len| {
                    let start = self.index(row + offset);
                    scatter_row::<W>(&self.data[start..start + len], at, k, kc, out);
                });
            }
        } else {
            self.pack_rows(W, free.clone(), depth, out);
        }
        clear_rest::<W>(free.len(), kc, out);
    }

    /// Packs free indices one by one, into panels of any width.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn pack_rows(&self, width: usize, free: Range<usize>, depth: Range<usize>, out: &mut [f32]) {
        for (panel, start) in out.chunks_exact_mut(depth.len() * width).zip(free.clone().step_by(width)) {
            for r in 0..width.min(free.end - start) {
                let row = self.free.at(start + r);
                self.depth.runs(depth.clone(), |at, offset, len| {
                    let to = panel[at * width..].iter_mut().skip(r).step_by(width);
                    let from = self.index(row + offset);
                    if self.depth.strides[2] == 1 {
                        to.zip(&self.data[from..from + len]).for_each(|(to, from)| *to = *from);
                    } else {
                        let step = self.depth.strides[2];
                        to.zip(0..len as isize).for_each(|(to, i)| {
                            *to = self.data[from.wrapping_add_signed(i * step)];
                        });
                    }
                });
            }
        }
    }
}

/// Copies `row` to depth `k` of the panels, from free index `at` on.
#[inline(always)]
pub(super) fn scatter_row<const W: usize>(row: &[f32], at: usize, k: usize, kc: usize, out: &mut [f32]) {
    let mut panel = at / W * kc * W + k * W;
    let mut row = row;
    let first = at % W;
    if first > 0 {
        let (head, tail) = row.split_at(row.len().min(W - first));
        out[panel + first..panel + first + head.len()].copy_from_slice(head);
        (row, panel) = (tail, panel + kc * W);
    }
    let (whole, rest) = row.as_chunks::<W>();
    for chunk in whole {
        out[panel..panel + W].copy_from_slice(chunk);
        panel += kc * W;
    }
    if !rest.is_empty() {
        out[panel..panel + rest.len()].copy_from_slice(rest);
    }
}

/// Zeros the unused columns of the last panel.
#[inline(always)]
pub(super) fn clear_rest<const W: usize>(free: usize, kc: usize, out: &mut [f32]) {
    let used = free % W;
    if used > 0 {
        for row in out[free / W * kc * W..].as_chunks_mut::<W>().0 {
            row[used..].fill(0.0);
        }
    }
}

/// Where C goes: rows a fixed stride apart, columns as nested axes.
pub(crate) struct Sink<'a> {
    out: Out<'a>,
    base: usize,
    row: usize,
    columns: Axes,
}

impl<'a> Sink<'a> {
    /// Element (i, j) goes to `out[base + i * row + columns(j)]`. Panics if one of the `rows` lies outside `out`.
    ///
    /// # Safety
    /// While the sink lives, nobody else uses these elements of `out`.
    pub(crate) unsafe fn new(out: Out<'a>, base: usize, rows: usize, row: usize, columns: Axes) -> Self {
        if let (Some((low, high)), 1..) = (columns.bounds(), rows) {
            assert!(low >= 0, "columns of a product run forwards");
            assert!(base + (rows - 1) * row + (high as usize) < out.len(), "product outside its buffer");
        }
        Self { out, base, row, columns }
    }

    /// If columns `j..j + n` are contiguous, the index of the first one in row 0.
    #[inline(always)]
    fn contiguous(&self, j: usize, n: usize) -> Option<usize> {
        let inner = self.columns.dims[2];
        (self.columns.strides[2] == 1 && j % inner + n <= inner).then(|| self.base + self.columns.at(j) as usize)
    }

    /// Writes or adds a tile of `rows` × `columns.len()`, whose rows are `width` apart.
    #[inline(always)]
    fn put(&mut self, rows: Range<usize>, columns: Range<usize>, tile: &[f32], width: usize, add: bool) {
        for (i, values) in rows.zip(tile.chunks_exact(width)) {
            let row = self.base + i * self.row;
            for (j, &value) in columns.clone().zip(values) {
                let at = row + self.columns.at(j) as usize;
                // SAFETY: the element is the sink's (`Sink::new`).
                let to = unsafe { &mut self.out.floats(at..at + 1)[0] };
                *to = if add { *to + value } else { value };
            }
        }
    }

    /// Writes or adds a register block to rows from `at` on.
    #[inline(always)]
    fn store<S: Simd, const MR: usize, const NV: usize>(&mut self, block: &[[S::V; NV]; MR], at: usize, add: bool) {
        for (i, row) in block.iter().enumerate() {
            let at = at + i * self.row;
            // SAFETY: the elements are the sink's (`Sink::new`).
            let out = unsafe { self.out.floats(at..at + NV * S::LANES) };
            for (j, &value) in row.iter().enumerate() {
                let out = &mut out[j * S::LANES..];
                S::store(out, if add { S::add(S::load(out), value) } else { value });
            }
        }
    }
}

/// Floats of scratch memory that products with so many columns need for their packed blocks.
pub(crate) fn scratch(columns: usize) -> usize {
    PACKED_A + (columns.min(NC) + MAX_TILE) * KC
}

/// Floats of the panels that a product of these sizes packs in all: rows anew for each block of columns.
pub(crate) fn packed(rows: usize, columns: usize, k: usize) -> usize {
    (rows * columns.div_ceil(NC) + columns) * k
}

const PACKED_A: usize = (MC + MAX_TILE) * KC;

/// Rows and columns of the register block.
pub(crate) fn tile(level: Level) -> [usize; 2] {
    match level {
        Level::Base => [3, 12],
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => [6, 16],
    }
}

/// Some rows and columns of `C = A · B`, or `C += A · B` if `add`. `a` is m × k, `b` the transpose of B, n × k; `scratch`
/// has so many floats as [`scratch`] says.
#[expect(clippy::too_many_arguments, reason = "a product has many")]
pub(crate) fn gemm(
    level: Level,
    part: [Range<usize>; 2],
    k: usize,
    a: &Matrix<'_>,
    b: &Matrix<'_>,
    c: &mut Sink<'_>,
    add: bool,
    scratch: &mut [f32],
) {
    match level {
        Level::Base => blocked::<Base, 3, 3, 12>(part, k, a, b, c, add, scratch),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a level is only made where the machine has it.
        Level::Avx2 => unsafe { avx2(part, k, a, b, c, add, scratch) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(
    part: [Range<usize>; 2],
    k: usize,
    a: &Matrix<'_>,
    b: &Matrix<'_>,
    c: &mut Sink<'_>,
    add: bool,
    scratch: &mut [f32],
) {
    blocked::<super::simd::Avx2, 6, 2, 16>(part, k, a, b, c, add, scratch);
}

/// The loops around the register block of `MR` rows and `NV` vectors, `NR` columns in all.
#[inline(always)]
fn blocked<S: Simd, const MR: usize, const NV: usize, const NR: usize>(
    [part_rows, part_columns]: [Range<usize>; 2],
    k: usize,
    a: &Matrix<'_>,
    b: &Matrix<'_>,
    c: &mut Sink<'_>,
    add: bool,
    scratch: &mut [f32],
) {
    const { assert!(NV * S::LANES == NR && NR <= MAX_TILE && MR <= MAX_TILE) };
    if k == 0 && !add {
        for i in part_rows.clone() {
            for j in part_columns.clone() {
                c.put(i..i + 1, j..j + 1, &[0.0], 1, false);
            }
        }
    }
    let (scratch_a, scratch_b) = scratch.split_at_mut(PACKED_A);
    for columns in blocks(part_columns, NC, NR) {
        for depth in blocks(0..k, KC, 1) {
            let kc = depth.len();
            let add = add || depth.start > 0;
            let packed_b = &mut scratch_b[..columns.len().next_multiple_of(NR) * kc];
            let packed_b = b.panels::<NR>(columns.clone(), depth.clone(), packed_b);
            for rows in blocks(part_rows.clone(), MC, MR) {
                let packed_a = &mut scratch_a[..rows.len().next_multiple_of(MR) * kc];
                let packed_a = a.panels::<MR>(rows.clone(), depth.clone(), packed_a);
                for (pb, j) in packed_b.chunks_exact(kc * NR).zip(columns.clone().step_by(NR)) {
                    for (pa, i) in packed_a.chunks_exact(kc * MR).zip(rows.clone().step_by(MR)) {
                        let (i1, j1) = ((i + MR).min(rows.end), (j + NR).min(columns.end));
                        let block = product::<S, MR, NV, NR>(pa, pb);
                        match c.contiguous(j, NR) {
                            Some(at) if i1 - i == MR && j1 - j == NR => {
                                c.store::<S, MR, NV>(&block, at + i * c.row, add);
                            }
                            _ => {
                                let mut tile = [0.0; MAX_TILE * MAX_TILE];
                                for (row, values) in tile.chunks_exact_mut(NR).zip(&block) {
                                    for (to, &value) in row.chunks_exact_mut(S::LANES).zip(values) {
                                        S::store(to, value);
                                    }
                                }
                                c.put(i..i1, j..j1, &tile, NR, add);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Cuts a range into equal blocks of at most `max`, each but the last a multiple of `unit`.
fn blocks(range: Range<usize>, max: usize, unit: usize) -> impl Iterator<Item = Range<usize>> {
    let step = range.len().div_ceil(range.len().div_ceil(max).max(1)).next_multiple_of(unit).max(1);
    let end = range.end;
    range.step_by(step).map(move |start| start..(start + step).min(end))
}

/// The register block: the product of a panel of A and a panel of B.
#[inline(always)]
fn product<S: Simd, const MR: usize, const NV: usize, const NR: usize>(a: &[f32], b: &[f32]) -> [[S::V; NV]; MR] {
    let mut block = [[S::splat(0.0); NV]; MR];
    for (a, b) in a.as_chunks::<MR>().0.iter().zip(b.as_chunks::<NR>().0) {
        let b: [S::V; NV] = core::array::from_fn(|j| S::load(&b[j * S::LANES..]));
        for (row, a) in block.iter_mut().zip(a) {
            let a = S::broadcast(a);
            for (sum, &b) in row.iter_mut().zip(&b) {
                *sum = S::mul_add(a, b, *sum);
            }
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::cpu::testing::{Lcg, assert_close};

    /// Where element `i` of `dim` lies with some stride, possibly reversed, and the room it takes.
    fn layout(rng: &mut Lcg, rows: usize, columns: usize) -> (usize, [isize; 2], usize) {
        let gap = rng.below(3);
        let (a, b) = if rng.flag() { (columns + gap, 1) } else { (1, rows + gap) };
        let (a, b) = if rng.below(4) == 0 { (a * 2, b * 2) } else { (a, b) };
        let (mut base, mut strides) = (rng.below(5), [a as isize, b as isize]);
        for (stride, dim) in strides.iter_mut().zip([rows, columns]) {
            if rng.below(4) == 0 {
                base += dim.saturating_sub(1) * *stride as usize;
                *stride = -*stride;
            } else if rng.below(8) == 0 {
                *stride = 0;
            }
        }
        (base, strides, base + rows * a + columns * b + 1)
    }

    #[test]
    fn equals_the_definition_on_any_shape_and_layout() {
        let mut scratch = vec![f32::NAN; scratch(NC)];
        for seed in 0..400 {
            let rng = &mut Lcg::new(seed);
            let sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 33, 100, 400];
            let mut size = |limit| sizes[rng.below(limit)];
            let (m, n, k) = (size(15), size(if seed % 10 == 0 { 16 } else { 14 }), size(16));
            let (base_a, [ra, ca], len_a) = layout(rng, m, k);
            let (base_b, [rb, cb], len_b) = layout(rng, k, n);
            let (a, b) = (rng.floats(len_a), rng.floats(len_b));
            let add = rng.flag();
            let row = n + rng.below(3);
            let mut c = rng.floats(m * row + 3);
            let mut want: Vec<f64> = c.iter().map(|&x| f64::from(x)).collect();
            for i in 0..m {
                for j in 0..n {
                    let mut sum = if add { want[3 + i * row + j] } else { 0.0 };
                    for p in 0..k {
                        let x = a[base_a.wrapping_add_signed(i as isize * ra + p as isize * ca)];
                        let y = b[base_b.wrapping_add_signed(p as isize * rb + j as isize * cb)];
                        sum += f64::from(x) * f64::from(y);
                    }
                    want[3 + i * row + j] = sum;
                }
            }
            let start = c.clone();
            for level in Level::available() {
                c.copy_from_slice(&start);
                let a = Strided::new(&a, base_a, Axes::one(m, ra), Axes::one(k, ca));
                let b = Strided::new(&b, base_b, Axes::one(n, cb), Axes::one(k, rb));
                // SAFETY: nobody else has `c`.
                let mut sink =
                    unsafe { Sink::new(Out::new(bytemuck::cast_slice_mut(&mut c)), 3, m, row, Axes::one(n, 1)) };
                gemm(level, [0..m, 0..n], k, &Matrix::Strided(a), &Matrix::Strided(b), &mut sink, add, &mut scratch);
                assert_close(&c, &want, 1e-5, &format!("{level:?} {m}x{n}x{k} seed {seed}"));
            }
        }
    }

    #[test]
    fn nested_axes_are_followed() {
        let (m, n, k) = (7, 2 * 3 * 5, 3 * 4);
        let rng = &mut Lcg::new(1);
        let (a, b) = (rng.floats(m * k), rng.floats(2000));
        // Columns of C and B: images × rows × pixels with gaps; depth: channels × taps with gaps.
        let columns = Axes::new([2, 3, 5], [400, 20, 2]);
        let depth = Axes::new([1, 3, 4], [0, 100, 11]);
        let out = Axes::new([2, 3, 5], [300, 6, 1]);
        let mut want = vec![0.0; 1000];
        for i in 0..m {
            for j in 0..n {
                let at = i * 40 + j / 15 * 300 + j / 5 % 3 * 6 + j % 5;
                for p in 0..k {
                    let y = b[j / 15 * 400 + j / 5 % 3 * 20 + j % 5 * 2 + p / 4 * 100 + p % 4 * 11];
                    want[at] += f64::from(a[i * k + p]) * f64::from(y);
                }
            }
        }
        for level in Level::available() {
            let mut c = vec![0.0; 1000];
            let a = Strided::new(&a, 0, Axes::one(m, k as isize), Axes::one(k, 1));
            let b = Strided::new(&b, 0, columns, depth);
            // SAFETY: nobody else has `c`.
            let mut sink = unsafe { Sink::new(Out::new(bytemuck::cast_slice_mut(&mut c)), 0, m, 40, out) };
            gemm(
                level,
                [0..m, 0..n],
                k,
                &Matrix::Strided(a),
                &Matrix::Strided(b),
                &mut sink,
                false,
                &mut vec![0.0; scratch(n)],
            );
            assert_close(&c, &want, 1e-5, "nested axes");
        }
    }

    #[test]
    fn neighbouring_axes_merge() {
        assert_eq!(Axes::new([2, 3, 4], [12, 4, 1]), Axes::one(24, 1));
        assert_eq!(Axes::new([2, 1, 4], [8, 99, 1]), Axes { dims: [1, 2, 4], strides: [0, 8, 1] });
        assert_eq!(Axes::new([1, 1, 1], [5, 5, 5]).len(), 1);
    }

    #[test]
    #[should_panic(expected = "outside")]
    fn a_matrix_outside_its_buffer_is_refused() {
        Strided::new(&[0.0; 5], 0, Axes::one(2, 3), Axes::one(3, 1));
    }
}
