//! Batched matrix products through views: which product to make of them.
//!
//! A batch that one operand shares (a dense layer on a batch of sequences) becomes more rows or columns of one product.
//! An operand that a view pads is laid out first, since packing follows strides alone.

use super::expr::Blocks;
use super::gemm::{self, Axes, Matrix, Operand, Packed, Sink, Strided, gemm};
use super::gemv::{copy_vector, gemv};
use super::memory::{Out, Reads};
use super::prepared::Scratch;
use super::simd::Level;
use super::team::THREADS;
use super::work::{Done, Split};
use crate::{
    DType,
    plan::{Expr, Instr, Load, Source, View},
};
use std::ops::Range;

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
    /// How it is cut where one operand is packed once for all parts, in what multiples, and which operand that is.
    shared: Option<(Cut, usize, Operand)>,
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
            layout: Some(Blocks::new(level, &shape, &expr).in_runs()),
            words: view.len(),
        }
    }
}

impl MatMul {
    /// The product of views of shapes [batch, m, k] and [batch, k, n].
    pub(crate) fn new(level: Level, a: &View, b: &View) -> Self {
        let [batch, m, k] = [0, 1, 2].map(|i| a.axes[i].size);
        let n = b.axes[2].size;
        Self { level, batch, m, n, k, a: Side::new(level, a, 0), b: Side::new(level, b, 1), shared: None }
    }

    /// Lets parts for so many threads share the packing of one operand, if there is one that all of them read.
    pub(crate) fn share(&mut self, threads: usize) {
        let laid_out = self.a.layout.is_some() || self.b.layout.is_some();
        let Some([rows, columns]) = self.folded().filter(|_| !laid_out) else { return };
        let [height, width] = gemm::tile(self.level);
        if rows.min(columns) < width || self.k == 0 {
            return;
        }
        // By the axis that comes out more evenly.
        let even = |units: usize, step: usize| {
            units as f64 / (threads * units.div_ceil(threads).next_multiple_of(step)) as f64
        };
        // Long parts, which use panels of the other operand many times while they are in the first-level cache.
        let long = |units: usize, step: usize| LONG.min(units.div_ceil(threads)).next_multiple_of(step);
        let (cut, step, operand, free) = if even(rows, height) >= even(columns, width) {
            (Cut::Rows(rows), long(rows, height), Operand::B, columns)
        } else {
            (Cut::Columns(columns), long(columns, width), Operand::A, rows)
        };
        self.shared = (free * self.k <= SHARED).then_some((cut, step, operand));
    }

    /// What parts share: in panels, with the floats that these take.
    pub(crate) fn common(&self) -> Option<(Split, usize)> {
        let (.., operand) = self.shared?;
        let [rows, columns] = self.folded()?;
        let (free, width) = (if operand == Operand::A { rows } else { columns }, gemm::width(self.level, operand));
        let words = free.next_multiple_of(width) * self.k;
        Some((Split::of(free.div_ceil(width), PACKING * words as f64), words))
    }

    /// Packs some panels of what parts share.
    pub(crate) fn run_common(&self, panels: Range<usize>, reads: Reads<'_>, out: Out<'_>) {
        let (Some((.., operand)), Some([rows, columns])) = (self.shared, self.folded()) else { return };
        let (a, b) = self.operands(reads.floats(0), reads.floats(1));
        let (source, free) = if operand == Operand::A { (a, rows) } else { (b, columns) };
        // SAFETY: nobody else packs these panels.
        unsafe { gemm::pack(self.level, operand, &source, free, self.k, panels, out) };
    }

    /// Rows and columns of the one product that it is, unless it is many.
    fn folded(&self) -> Option<[usize; 2]> {
        let ([xb, ..], [yb, ..]) = (self.a.strides, self.b.strides);
        match () {
            () if self.batch == 1 || yb == 0 => Some([self.batch * self.m, self.n]),
            () if xb == 0 => Some([self.m, self.batch * self.n]),
            () => None,
        }
    }

    /// The operands of the one product that it is.
    fn operands<'a>(&self, a: &'a [f32], b: &'a [f32]) -> (Strided<'a>, Strided<'a>) {
        let ([xb, xm, xk], [yb, yk, yn]) = (self.a.strides, self.b.strides);
        let more_rows = self.batch == 1 || yb == 0;
        let [rows, columns] = if more_rows { [self.batch, 1] } else { [1, self.batch] };
        let rows = Axes::new([1, rows, self.m], [0, xb, xm]);
        let columns = Axes::new([1, columns, self.n], [0, yb, yn]);
        let a = Strided::new(a, self.a.offset, rows, Axes::one(self.k, xk));
        (a, Strided::new(b, self.b.offset, columns, Axes::one(self.k, yk)))
    }

    /// Floats of scratch memory that [`MatMul::run`] needs.
    pub(crate) fn scratch(&self) -> usize {
        self.a.words + self.b.words + gemm::scratch(self.folded().map_or(self.n, |[_, columns]| columns)).max(self.k)
    }

    /// Floats that it copies in all: operands that are laid out, and panels or, of a vector, the vector.
    pub(crate) fn copied(&self) -> usize {
        let packed = |rows: usize, columns: usize| match rows.min(columns) {
            1 => self.k,
            _ => gemm::packed(rows, columns, self.k),
        };
        let panels = match self.folded() {
            Some([rows, columns]) => packed(rows, columns),
            None => self.batch * packed(self.m, self.n),
        };
        self.a.words + self.b.words + panels
    }

    /// Expressions that lay out operands.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Blocks> {
        [&self.a, &self.b].into_iter().filter_map(|side| side.layout.as_ref())
    }

    /// How it can be cut: by products of a batch, else by rows or columns of the result, whichever are more. A part of the
    /// rows packs all columns, and the other way round.
    pub(crate) fn split(&self) -> Split {
        let packed = self.m * self.k + self.k * self.n;
        let cost = self.batch as f64 * (0.045 * (self.m * self.n * self.k) as f64 + PACKING * packed as f64);
        let [rows, columns] = gemm::tile(self.level);
        let (units, step, packed) = match self.cut() {
            Cut::Batch => (self.batch, 1, 0),
            Cut::Rows(units) => (units, rows, self.n * self.k),
            Cut::Columns(units) => (units, columns, self.m * self.k),
        };
        let (step, packed) = self.shared.map_or((step, packed), |(_, step, _)| (step, 0));
        // Operands that are laid out are laid out by each part.
        let repeated = PACKING * (packed + self.a.words + self.b.words) as f64;
        Split { units, step, cost, repeated }
    }

    fn cut(&self) -> Cut {
        if let Some((cut, ..)) = self.shared {
            return cut;
        }
        let Some([rows, columns]) = self.folded() else { return Cut::Batch };
        // The results of a matrix and a vector are rows or columns already.
        if columns > rows { Cut::Columns(columns) } else { Cut::Rows(rows) }
    }

    /// Computes some products of the batch, rows or columns.
    pub(crate) fn run(
        &self,
        units: Range<usize>,
        reads: Reads<'_>,
        common: &[f32],
        scratch: &mut Scratch,
        out: Out<'_>,
        done: &mut Done<'_>,
    ) {
        let Scratch { registers, packed, .. } = scratch;
        // SAFETY: the scratch is this thread's.
        let packed = unsafe { packed.get_mut(0..packed.len()) }.unwrap_or_default();
        let (a, packed) = bytemuck::cast_slice_mut(packed).split_at_mut(self.a.words);
        let (b, packed) = packed.split_at_mut(self.b.words);
        let mut operand = |side: &Side, read, memory: &mut [f32]| {
            let Some(blocks) = &side.layout else { return Some(reads.floats(read)) };
            let words = Out::new(bytemuck::cast_slice_mut(memory));
            blocks.begin(reads, registers);
            // SAFETY: the memory is this thread's.
            unsafe { blocks.run(reads, registers, 0..words.len(), words) };
            None
        };
        let direct = [operand(&self.a, 0, a), operand(&self.b, 1, b)];
        let (a, b) = (direct[0].unwrap_or(a), direct[1].unwrap_or(b));
        if out.len() == 0 || units.is_empty() {
            return;
        }
        let ([xb, xm, xk], [yb, yk, yn]) = (self.a.strides, self.b.strides);
        let (batch, m, n, cut) = (self.batch, self.m, self.n, self.cut());
        if let Cut::Batch = cut {
            for i in units {
                let at = |side: &Side, stride: isize| side.offset.wrapping_add_signed(stride * i as isize);
                let a = Strided::new(a, at(&self.a, xb), Axes::one(m, xm), Axes::one(self.k, xk));
                let b = Strided::new(b, at(&self.b, yb), Axes::one(n, yn), Axes::one(self.k, yk));
                let to = Target { out, base: i * m * n, columns: Axes::one(n, 1) };
                // SAFETY: nobody else computes this product.
                unsafe { self.product([0..m, 0..n], &a, &b, to, packed) };
                done(i * m * n..(i + 1) * m * n);
            }
            return;
        }
        let (a, b) = self.operands(a, b);
        let columns =
            if batch == 1 || yb == 0 { Axes::one(n, 1) } else { Axes::new([1, batch, n], [0, (m * n) as isize, 1]) };
        let (rows, cols) = match cut {
            Cut::Columns(_) => (0..m * batch * n / columns.len(), units),
            _ => (units, 0..columns.len()),
        };
        let part = [rows.clone(), cols.clone()];
        // SAFETY: nobody else computes these rows or columns.
        unsafe {
            match self.shared.filter(|_| THREADS) {
                None => self.product(part, &a, &b, Target { out, base: 0, columns }, packed),
                Some((.., operand)) => {
                    let mut sink = Sink::new(out, 0, rows.end, n, columns);
                    let packed_of = |matrix: &Strided<'_>| Matrix::Packed(Packed::new(common, matrix.len()));
                    let (a, b) = match operand {
                        Operand::A => (packed_of(&a), Matrix::Strided(b)),
                        Operand::B => (Matrix::Strided(a), packed_of(&b)),
                    };
                    gemm(self.level, part, self.k, &a, &b, &mut sink, false, packed);
                }
            }
        }
        if cols.len() == columns.len() && columns.is_contiguous() {
            return done(rows.start * n..rows.end * n);
        }
        for row in rows {
            columns.runs(cols.clone(), |_, at, len| {
                let first = row * n + at as usize;
                done(first..first + len);
            });
        }
    }

    /// Some rows and columns of a product. Rows of the result are `n` apart.
    ///
    /// # Safety
    /// While this runs, nobody else uses these elements of the target.
    unsafe fn product(
        &self,
        [rows, cols]: [Range<usize>; 2],
        a: &Strided<'_>,
        b: &Strided<'_>,
        to: Target<'_>,
        packed: &mut [f32],
    ) {
        let vector = &mut packed[..self.k];
        let by_row = a.len() == 1 && to.columns.is_contiguous();
        if by_row || (to.columns.len() == 1 && self.n == 1) {
            let (one, matrix, units) = if by_row { (a, b, &cols) } else { (b, a, &rows) };
            copy_vector(one, vector);
            // SAFETY: the caller's promise.
            let out = unsafe { to.out.floats(to.base + units.start..to.base + units.end) };
            if gemv(self.level, matrix, units.start, vector, out) {
                return;
            }
        }
        // SAFETY: the caller's promise.
        let mut sink = unsafe { Sink::new(to.out, to.base, rows.end, self.n, to.columns) };
        gemm(self.level, [rows, cols], self.k, &Matrix::Strided(*a), &Matrix::Strided(*b), &mut sink, false, packed);
    }
}

/// Nanoseconds that it takes to pack or to lay out an element.
const PACKING: f64 = 0.6;
/// Rows or columns of a part at least, where parts share an operand and there are enough.
const LONG: usize = 96;
/// Floats of an operand that is packed whole, at most.
const SHARED: usize = 4 << 20;

/// What parts of a product have for themselves; with how many there are.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Batch,
    Rows(usize),
    Columns(usize),
}

/// Where a product goes: element (i, j) to `out[base + i * n + columns(j)]`.
struct Target<'a> {
    out: Out<'a>,
    base: usize,
    columns: Axes,
}
