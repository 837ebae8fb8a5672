//! The kernels of a program, prepared, and how each can be cut into units that different threads compute.

use super::{
    conv::{Conv, WeightGradient, Winograd, WinogradGradient},
    expr::Blocks,
    index,
    matmul::MatMul,
    memory::{Out, Reads},
    pool,
    prepared::Scratch,
    reduce::Reduce,
    simd::Level,
    team::THREADS,
};
use crate::{
    DType,
    ir::Window,
    plan::{Kernel, Rows, View},
};
use std::ops::Range;

/// Words of output after which what is done is finished.
const HOT: usize = 4096;

/// A kernel.
pub(super) enum Work {
    Map(Blocks),
    Reduce(Reduce),
    MatMul(Box<MatMul>),
    Conv(Conv),
    Winograd(Winograd),
    WeightGradient(WeightGradient),
    WinogradGradient(WinogradGradient),
    MaxPool(Level, Window),
    MaxPoolArg(Level, Window),
    Unpool(Level, Window),
    MaxUnpool(Level, Window),
    PoolTake(Window),
    Fold(Window, View),
    Gather(Rows),
    ScatterAdd(Rows),
    ArgSort { rows: usize, length: usize, dtype: DType },
}

/// How a kernel can be cut. What a unit computes does not depend on the others that its thread does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    /// How many units there are, and in what multiples they are best done.
    pub(super) units: usize,
    pub(super) step: usize,
    /// Nanoseconds that all take on one thread, roughly: rates that were measured in wasm.
    pub(super) cost: f64,
    /// Nanoseconds that each part spends on what every other one does as well, such as packing an operand.
    pub(super) repeated: f64,
}

impl Split {
    /// Units that can be cut anywhere.
    pub(super) fn of(units: usize, cost: f64) -> Self {
        Self { units, step: 1, cost, repeated: 0.0 }
    }
}

/// What a kernel calls with each range of its output that is done.
pub(super) type Done<'a> = dyn FnMut(Range<usize>) + 'a;

impl Work {
    /// The kernel of a step that writes over the reads in `over`, each with the value that comes to lie there.
    pub(super) fn new(level: Level, kernel: &Kernel, over: &[(usize, usize)]) -> Self {
        match kernel {
            Kernel::Map { shape, expr, more } => Self::Map(Blocks::of(level, shape, expr, more, over).in_runs()),
            Kernel::Reduce { outer, inner, op, expr } => Self::Reduce(Reduce::new(level, outer, inner, *op, expr)),
            Kernel::MatMul { a, b } => Self::MatMul(Box::new(MatMul::new(level, a, b))),
            Kernel::Conv(g) => {
                Winograd::forward(level, g).map_or_else(|| Self::Conv(Conv::forward(level, g)), Self::Winograd)
            }
            Kernel::ConvInputGrad(g) => Winograd::input_gradient(level, g)
                .map_or_else(|| Self::Conv(Conv::input_gradient(level, g)), Self::Winograd),
            Kernel::ConvWeightGrad(g) => WinogradGradient::new(level, g)
                .map_or_else(|| Self::WeightGradient(WeightGradient::new(level, g)), Self::WinogradGradient),
            Kernel::MaxPool(w) => Self::MaxPool(level, *w),
            Kernel::MaxPoolArg(w) => Self::MaxPoolArg(level, *w),
            Kernel::Unpool(w) => Self::Unpool(level, *w),
            Kernel::MaxUnpool(w) => Self::MaxUnpool(level, *w),
            Kernel::PoolTake(w) => Self::PoolTake(*w),
            Kernel::Fold { window, input } => Self::Fold(*window, input.clone()),
            Kernel::Gather(rows) => Self::Gather(*rows),
            Kernel::ScatterAdd(rows) => Self::ScatterAdd(*rows),
            Kernel::ArgSort { rows, length, dtype } => Self::ArgSort { rows: *rows, length: *length, dtype: *dtype },
        }
    }

    /// The expressions that it evaluates.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Blocks> {
        let (one, more) = match self {
            Self::Map(blocks) => (Some(blocks), None),
            Self::Reduce(reduce) => (Some(reduce.blocks()), None),
            Self::MatMul(product) => (None, Some(product.blocks())),
            _ => (None, None),
        };
        one.into_iter().chain(more.into_iter().flatten())
    }

    /// Words of scratch memory that each thread needs.
    pub(super) fn scratch(&self) -> usize {
        match self {
            Self::MatMul(product) => product.scratch(),
            Self::Conv(conv) => conv.scratch(),
            Self::Winograd(conv) => conv.scratch(),
            Self::WeightGradient(conv) => conv.scratch(),
            Self::WinogradGradient(conv) => conv.scratch(),
            Self::MaxUnpool(_, window) => pool::places(window),
            Self::ArgSort { length, .. } => 2 * length,
            _ => 0,
        }
    }

    /// Words of copies that it makes of its operands in all, packed, transformed or laid out, as done in one part.
    pub(super) fn copied(&self) -> usize {
        match self {
            Self::MatMul(product) => product.copied(),
            Self::Conv(conv) => conv.copied(),
            Self::Winograd(conv) => conv.copied(),
            Self::WeightGradient(conv) => conv.copied(),
            Self::WinogradGradient(conv) => conv.copied(),
            // Each element with its place, sorted in memory.
            Self::ArgSort { rows, length, .. } => 2 * rows * length,
            _ => 0,
        }
    }

    /// How it can be cut.
    pub(super) fn split(&self) -> Split {
        let planes = |window: &Window, per_element: f64| {
            let [pixels, windows] = [window.size, window.out].map(|[rows, columns]| rows * columns);
            let planes = window.n * window.c;
            Split::of(planes, (planes * pixels.max(windows)) as f64 * per_element)
        };
        match self {
            Self::Map(blocks) => blocks.split(),
            Self::Reduce(reduce) => reduce.split(),
            Self::MatMul(product) => product.split(),
            Self::Conv(conv) => conv.split(),
            Self::Winograd(conv) => conv.split(),
            Self::WeightGradient(conv) => conv.split(),
            Self::WinogradGradient(conv) => conv.split(),
            Self::MaxPool(_, window) | Self::MaxPoolArg(_, window) | Self::Unpool(_, window) => planes(window, 0.5),
            Self::MaxUnpool(_, window) => planes(window, 0.7),
            Self::PoolTake(window) | Self::Fold(window, _) => planes(window, 0.7),
            Self::Gather(rows) => Split::of(rows.count, (rows.count * (rows.inner + 4)) as f64 * 0.3),
            // Rows with the same number add up in order.
            Self::ScatterAdd(_) => Split::of(1, 0.0),
            Self::ArgSort { rows, length, .. } => {
                Split::of(*rows, (rows * length) as f64 * 5.0 * (*length as f64).max(2.0).log2())
            }
        }
    }

    /// Nanoseconds that it takes on one thread, roughly.
    pub(super) fn cost(&self) -> f64 {
        self.split().cost + self.common().map_or(0.0, |(split, _)| split.cost)
    }

    /// Lets parts for so many threads share what each would do anew, where that can be done once.
    pub(super) fn share(&mut self, threads: usize) {
        match self {
            _ if !THREADS => {}
            Self::MatMul(product) => product.share(threads),
            Self::Winograd(conv) => conv.share(),
            _ => {}
        }
    }

    /// What parts share and what is done before them: how it can be cut itself, and its words.
    pub(super) fn common(&self) -> Option<(Split, usize)> {
        match self {
            Self::WinogradGradient(conv) => Some(conv.common()),
            _ if !THREADS => None,
            Self::MatMul(product) => product.common(),
            Self::Winograd(conv) => conv.common(),
            _ => None,
        }
    }

    /// Does some units of what parts share.
    pub(super) fn run_common(&self, units: Range<usize>, reads: Reads<'_>, scratch: &mut Scratch, out: Out<'_>) {
        match self {
            Self::WinogradGradient(conv) => conv.run_common(units, reads, scratch, out),
            _ if !THREADS => unreachable!("one thread shares nothing"),
            Self::MatMul(product) => product.run_common(units, reads, out),
            Self::Winograd(conv) => conv.run_common(units, reads, out),
            _ => unreachable!("the others share nothing"),
        }
    }

    /// Computes some units. `common` is what parts share.
    pub(super) fn run(
        &self,
        units: Range<usize>,
        reads: Reads<'_>,
        common: &[u32],
        scratch: &mut Scratch,
        out: Out<'_>,
        done: &mut Done<'_>,
    ) {
        match self {
            Self::Map(blocks) => {
                blocks.begin(reads, &mut scratch.registers);
                // SAFETY: nobody else computes these elements.
                unsafe { blocks.run(reads, &mut scratch.registers, units.clone(), out) };
                return done(units);
            }
            Self::MatMul(product) => {
                return product.run(units, reads, bytemuck::cast_slice(common), scratch, out, done);
            }
            Self::Conv(conv) => return conv.run(units, reads, scratch, out, done),
            Self::Winograd(conv) => return conv.run(units, reads, bytemuck::cast_slice(common), scratch, out, done),
            _ => {}
        }
        let per_unit = out.len().checked_div(self.split().units).unwrap_or(0);
        let range = |units: &Range<usize>| match self {
            Self::WeightGradient(conv) => conv.range(units.clone()),
            _ => units.start * per_unit..units.end * per_unit,
        };
        // What is finished is best still in the cache.
        let chunk = match self {
            Self::Reduce(_) | Self::WeightGradient(_) => units.len(),
            _ => HOT / per_unit.max(1),
        };
        for start in units.clone().step_by(chunk.max(1)) {
            let units = start..(start + chunk.max(1)).min(units.end);
            let range = range(&units);
            // SAFETY: nobody else computes these units.
            self.compute(units, reads, common, scratch, unsafe { out.range(range.clone()) });
            done(range);
        }
    }

    /// Computes some units, which are all of `out`.
    fn compute(&self, units: Range<usize>, reads: Reads<'_>, common: &[u32], scratch: &mut Scratch, out: &mut [u32]) {
        let floats = bytemuck::cast_slice_mut::<u32, f32>;
        let planes = |window: &Window| Window { n: units.len(), c: 1, ..*window };
        match self {
            Self::Map(_) | Self::MatMul(_) | Self::Conv(_) | Self::Winograd(_) => {
                unreachable!("these say what is done")
            }
            Self::Reduce(reduce) => reduce.run(units, reads, &mut scratch.registers, &mut scratch.partial, out),
            Self::WeightGradient(conv) => conv.run(units, reads, scratch, floats(out)),
            Self::WinogradGradient(conv) => conv.run(units, bytemuck::cast_slice(common), floats(out)),
            Self::MaxPool(level, window) => {
                pool::max_pool(*level, &planes(window), of(reads.floats(0), window.size, &units), floats(out));
            }
            Self::MaxPoolArg(level, window) => {
                pool::max_pool_arg(*level, &planes(window), of(reads.floats(0), window.size, &units), out);
            }
            Self::Unpool(level, window) => {
                let (values, index) = (of(reads.floats(0), window.out, &units), of(reads.words(1), window.out, &units));
                pool::unpool(*level, &planes(window), values, index, floats(out));
            }
            Self::MaxUnpool(level, window) => {
                let (values, x) = (of(reads.floats(0), window.out, &units), of(reads.floats(1), window.size, &units));
                // SAFETY: the scratch is this thread's.
                let places =
                    unsafe { scratch.packed.get_mut(0..pool::places(window)) }.expect("`scratch` asks for them");
                pool::max_unpool(*level, &planes(window), values, x, places, floats(out));
            }
            Self::PoolTake(window) => {
                let (x, index) = (of(reads.words(0), window.size, &units), of(reads.words(1), window.out, &units));
                pool::pool_take(&planes(window), x, index, out);
            }
            Self::Fold(window, input) => pool::fold(window, input, units, reads.floats(0), floats(out)),
            Self::Gather(rows) => index::gather(rows, reads.words(0), &reads.words(1)[units], out),
            Self::ScatterAdd(rows) => index::scatter_add(rows, reads.floats(0), reads.words(1), floats(out)),
            Self::ArgSort { length, dtype, .. } => {
                let rows = units.start * length..units.end * length;
                // SAFETY: the scratch is this thread's.
                let keys = unsafe { scratch.packed.get_mut(0..2 * length) }.expect("`scratch` asks for them");
                if !rows.is_empty() {
                    index::argsort(*dtype, &reads.words(0)[rows], bytemuck::cast_slice_mut(keys), out);
                }
            }
        }
    }
}

/// The planes with these numbers.
fn of<'a, T>(planes: &'a [T], [rows, columns]: [usize; 2], units: &Range<usize>) -> &'a [T] {
    &planes[units.start * rows * columns..units.end * rows * columns]
}
