//! Batched matrix products through views: which product to make of them.
//!
//! A batch that one operand shares (a dense layer on a batch of sequences) becomes more rows or columns of one product.
//! An operand that a view pads is laid out first, since packing follows strides alone.

use super::expr::{Blocks, Registers};
use super::gemm::{self, Axes, Sink, Strided, gemm};
use super::gemv::{copy_vector, gemv};
use super::memory::Reads;
use super::simd::Level;
use crate::{
    DType,
    plan::{Expr, Instr, Load, Source, View},
};

/// A batched matrix product, prepared.
#[derive(Debug)]
pub(crate) struct MatMul {
    level: Level,
    batch: usize,
    m: usize,
    n: usize,
    k: usize,
    a: Side,
    b: Side,
}

/// One operand: offset and strides of its three axes, and what lays it out first if need be.
#[derive(Debug)]
struct Side {
    offset: usize,
    strides: [isize; 3],
    layout: Option<Blocks>,
    words: usize,
}

impl Side {
    fn new(level: Level, view: &View, read: usize) -> Self {
        if view.is_total() && !view.is_empty() {
            let strides = [0, 1, 2].map(|i| view.axes[i].stride);
            return Self { offset: view.offset as usize, strides, layout: None, words: 0 };
        }
        let shape = view.shape();
        let load = Load { source: Source::Read(read), view: view.clone() };
        let expr = Expr { loads: vec![load], instrs: vec![Instr::Load(0)], types: vec![DType::F32] };
        let [_, rows, columns] = [0, 1, 2].map(|i| shape[i] as isize);
        Self {
            offset: 0,
            strides: [rows * columns, columns, 1],
            layout: Some(Blocks::new(level, &shape, &expr, &[])),
            words: view.len(),
        }
    }
}

impl MatMul {
    /// The product of views of shapes [batch, m, k] and [batch, k, n].
    pub(crate) fn new(level: Level, a: &View, b: &View) -> Self {
        let [batch, m, k] = [0, 1, 2].map(|i| a.axes[i].size);
        let n = b.axes[2].size;
        Self { level, batch, m, n, k, a: Side::new(level, a, 0), b: Side::new(level, b, 1) }
    }

    /// Floats of scratch memory that [`MatMul::run`] needs.
    pub(crate) fn scratch(&self) -> usize {
        self.a.words + self.b.words + gemm::SCRATCH.max(self.k)
    }

    /// Expressions that lay out operands.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Blocks> {
        [&self.a, &self.b].into_iter().filter_map(|side| side.layout.as_ref())
    }

    /// Computes the product.
    pub(crate) fn run(&self, reads: Reads<'_>, registers: &mut Registers, out: &mut [f32], scratch: &mut [f32]) {
        let (a, scratch) = scratch.split_at_mut(self.a.words);
        let (b, scratch) = scratch.split_at_mut(self.b.words);
        let mut operand = |side: &Side, read, memory: &mut [f32]| {
            if let Some(blocks) = &side.layout {
                blocks.run(reads, registers, bytemuck::cast_slice_mut(memory));
            }
            side.layout.is_none().then(|| reads.floats(read))
        };
        let direct = [operand(&self.a, 0, a), operand(&self.b, 1, b)];
        let (a, b) = (direct[0].unwrap_or(a), direct[1].unwrap_or(b));
        if out.is_empty() {
            return;
        }
        let ([xb, xm, xk], [yb, yk, yn]) = (self.a.strides, self.b.strides);
        let (batch, m, n) = (self.batch, self.m, self.n);
        let (depth_a, depth_b) = (Axes::one(self.k, xk), Axes::one(self.k, yk));
        let rows = |batch: usize| Axes::new([1, batch, m], [0, xb, xm]);
        let columns = |batch: usize| Axes::new([1, batch, n], [0, yb, yn]);
        if batch == 1 || yb == 0 {
            let a = Strided::new(a, self.a.offset, rows(batch), depth_a);
            let b = Strided::new(b, self.b.offset, columns(1), depth_b);
            self.product([batch * m, n], &a, &b, out, Axes::one(n, 1), scratch);
        } else if xb == 0 {
            let a = Strided::new(a, self.a.offset, rows(1), depth_a);
            let b = Strided::new(b, self.b.offset, columns(batch), depth_b);
            let to = Axes::new([1, batch, n], [0, (m * n) as isize, 1]);
            self.product([m, batch * n], &a, &b, out, to, scratch);
        } else {
            for (i, out) in out.chunks_exact_mut(m * n).enumerate() {
                let at = |side: &Side, stride: isize| side.offset.wrapping_add_signed(stride * i as isize);
                let a = Strided::new(a, at(&self.a, xb), rows(1), depth_a);
                let b = Strided::new(b, at(&self.b, yb), columns(1), depth_b);
                self.product([m, n], &a, &b, out, Axes::one(n, 1), scratch);
            }
        }
    }

    /// One product. Column j of row 0 of the result goes to `columns(j)`, rows are `n` apart.
    fn product(
        &self,
        [rows, cols]: [usize; 2],
        a: &Strided<'_>,
        b: &Strided<'_>,
        out: &mut [f32],
        columns: Axes,
        scratch: &mut [f32],
    ) {
        let done = if rows == 1 && columns.is_contiguous() {
            let (vector, matrix) = (&mut scratch[..self.k], b);
            copy_vector(a, vector);
            gemv(self.level, matrix, vector, &mut out[..cols])
        } else if cols == 1 && self.n == 1 {
            let (vector, matrix) = (&mut scratch[..self.k], a);
            copy_vector(b, vector);
            gemv(self.level, matrix, vector, &mut out[..rows])
        } else {
            false
        };
        if !done {
            let mut sink = Sink::new(out, 0, rows, self.n, columns);
            gemm(self.level, [rows, cols, self.k], a, b, &mut sink, false, scratch);
        }
    }
}
