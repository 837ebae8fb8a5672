//! What a step has to do whatever the device: floating-point operations, and the bytes that it must read and write. What
//! profiles set measured times against, and what a device really moves is compared with.
//!
//! Of each operand the distinct words count that the result depends on, once: overlapping windows, broadcasts and several
//! views of one operand read a word once, padding, positions, random words and constants none.

use super::{
    program::{Expr, Instr, Kernel, Source, Step},
    reach::reached,
    view::View,
};
use crate::ir::{ConvGeometry, Window};

/// The least that a step does on one trip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Multiplications, additions, comparisons and calls of functions, each counted once.
    pub flops: f64,
    /// Bytes that it must read.
    pub read: f64,
    /// Bytes that it writes.
    pub written: f64,
}

/// What a kernel must read of an operand.
enum Need {
    /// What these views see, together.
    Seen(Vec<View>),
    /// So many words.
    Words(usize),
}

impl Cost {
    /// Bytes read and written.
    pub fn bytes(&self) -> f64 {
        self.read + self.written
    }
}

impl Step {
    /// What the step does on one trip.
    pub fn cost(&self) -> Cost {
        if self.write.words == 0 {
            return Cost { flops: 0.0, read: 0.0, written: 0.0 };
        }
        let epilogue = self.epilogue.as_ref().map_or(0.0, |e| count(&e.shape) * instructions(&e.expr));
        Cost {
            flops: self.kernel.flops() + epilogue,
            read: 4.0 * self.needed_words() as f64,
            written: 4.0 * self.write.words as f64,
        }
    }

    /// Words that it must read. What is data, the rows that indices name, is taken at its most.
    fn needed_words(&self) -> usize {
        let mut needs = self.kernel.needs(self.reads.len());
        if let Some(epilogue) = &self.epilogue {
            needs.extend(seen(&epilogue.expr, epilogue.reads.len()));
        }
        let operands: Vec<_> = self.all_reads().collect();
        let mut words = 0;
        for (i, operand) in operands.iter().enumerate() {
            // An operand under two names is read once.
            if operands[..i].contains(operand) {
                continue;
            }
            let same = (i..operands.len()).filter(|&j| operands[j] == *operand);
            let (mut views, mut most) = (Vec::new(), 0);
            for j in same {
                match &needs[j] {
                    Need::Seen(seen) => views.extend(seen),
                    Need::Words(words) => most = most.max(*words),
                }
            }
            words += most.max(reached(&views)).min(operand.words);
        }
        words
    }
}

impl Kernel {
    fn flops(&self) -> f64 {
        match self {
            Self::Map { shape, expr } => count(shape) * instructions(expr),
            Self::Reduce { outer, inner, expr, .. } => count(outer) * count(inner) * (instructions(expr) + 1.0),
            Self::MatMul { a, b } => 2.0 * count(&a.shape()) * b.axes[2].size as f64,
            Self::Conv(g) | Self::ConvInputGrad(g) | Self::ConvWeightGrad(g) => convolution(g),
            Self::MaxPool(w) | Self::MaxPoolArg(w) => windows(w) * count(&w.kernel),
            Self::Unpool(w) => windows(w),
            Self::Fold { input, .. } => count(&input.shape()),
            Self::ScatterAdd(rows) => (rows.count * rows.inner) as f64,
            Self::PoolTake(_) | Self::Gather(_) | Self::ArgSort { .. } => 0.0,
        }
    }

    /// What it must read of each of so many operands.
    fn needs(&self, reads: usize) -> Vec<Need> {
        let words = |each: &[usize]| each.iter().map(|&words| Need::Words(words)).collect();
        let plane = |[rows, columns]: [usize; 2]| rows * columns;
        match self {
            Self::Map { expr, .. } | Self::Reduce { expr, .. } => seen(expr, reads),
            Self::MatMul { a, b } => vec![Need::Seen(vec![a.clone()]), Need::Seen(vec![b.clone()])],
            Self::Conv(g) => {
                let [x, weight, _] = touched(g);
                words(&[x, weight])
            }
            Self::ConvInputGrad(g) => {
                let [_, weight, y] = touched(g);
                words(&[y, weight])
            }
            Self::ConvWeightGrad(g) => {
                let [x, _, y] = touched(g);
                words(&[x, y])
            }
            Self::MaxPool(w) | Self::MaxPoolArg(w) => {
                let [x, ..] = [0, 1]
                    .map(|i| along(w.size[i], w.kernel[i], w.out[i], w.stride[i], w.pad[i], w.dilation[i]))
                    .into_iter()
                    .reduce(product)
                    .expect("two axes");
                words(&[w.n * w.c * x])
            }
            Self::Unpool(w) => words(&[w.n * w.c * plane(w.out); 2]),
            Self::PoolTake(w) => words(&[w.n * w.c * plane(w.out).min(plane(w.size)), w.n * w.c * plane(w.out)]),
            Self::Fold { input, .. } => vec![Need::Seen(vec![input.clone()])],
            Self::Gather(r) => words(&[r.count.min(r.rows) * r.inner, r.count]),
            Self::ScatterAdd(r) => words(&[r.count * r.inner, r.count]),
            Self::ArgSort { rows, length, .. } => words(&[rows * length]),
        }
    }
}

/// What an expression reads of each of so many operands.
fn seen(expr: &Expr, reads: usize) -> Vec<Need> {
    let mut views = vec![Vec::new(); reads];
    for load in &expr.loads {
        match load.source {
            Source::Read(i) => views[i].push(load.view.clone()),
            Source::Random { key, .. } if !load.view.is_empty() => views[key].push(View::contiguous(&[2])),
            Source::Random { .. } | Source::Arange | Source::Const(_) | Source::Made => {}
        }
    }
    views.into_iter().map(Need::Seen).collect()
}

/// Words of image, weight and output that take part in a convolution: strides pass over pixels, padding over taps.
fn touched(g: &ConvGeometry) -> [usize; 3] {
    let [x, taps, y] = [0, 1]
        .map(|i| along(g.size[i], g.kernel[i], g.out[i], g.stride[i], g.pad[i], g.dilation[i]))
        .into_iter()
        .reduce(product)
        .expect("two axes");
    [g.n * g.c * x, g.o * (g.c / g.groups) * taps, g.n * g.o * y]
}

fn product(a: [usize; 3], b: [usize; 3]) -> [usize; 3] {
    [0, 1, 2].map(|i| a[i] * b[i])
}

/// Along one axis, how many inputs, taps and outputs meet any other.
fn along(size: usize, kernel: usize, out: usize, stride: usize, pad: usize, dilation: usize) -> [usize; 3] {
    let mut met = [vec![false; size], vec![false; kernel], vec![false; out]];
    for y in 0..out {
        for tap in 0..kernel {
            let place = (y * stride + tap * dilation).wrapping_sub(pad);
            if place < size {
                (met[0][place], met[1][tap], met[2][y]) = (true, true, true);
            }
        }
    }
    met.map(|met| met.into_iter().filter(|&met| met).count())
}

fn convolution(g: &ConvGeometry) -> f64 {
    2.0 * count(&g.y_shape()) * (g.c / g.groups) as f64 * count(&g.kernel)
}

fn windows(w: &Window) -> f64 {
    (w.n * w.c) as f64 * count(&w.out)
}

fn instructions(expr: &Expr) -> f64 {
    expr.instrs.iter().filter(|instr| !matches!(instr, Instr::Load(_) | Instr::Cast(_))).count() as f64
}

fn count(dims: &[usize]) -> f64 {
    dims.iter().product::<usize>() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        DType,
        plan::{Buffer, Load, Operand, Rows},
    };

    fn operand(buffer: usize, words: usize) -> Operand {
        Operand { buffer: Buffer::External(buffer), offset: 0, words }
    }

    /// Words that a step reads and writes.
    fn moved(kernel: Kernel, reads: Vec<Operand>, write: usize) -> [f64; 2] {
        let cost = Step { kernel, reads, epilogue: None, write: operand(9, write) }.cost();
        [cost.read / 4.0, cost.written / 4.0]
    }

    fn map(shape: &[usize], loads: Vec<Load>) -> Kernel {
        let (instrs, types) = ((0..loads.len()).map(Instr::Load).collect(), vec![DType::F32; loads.len()]);
        Kernel::Map { shape: shape.to_vec(), expr: Expr { loads, instrs, types } }
    }

    #[test]
    fn a_word_is_read_once_and_what_is_made_up_not_at_all() {
        let x = View::contiguous(&[10]);
        let load = |source, view: &View| Load { source, view: view.clone() };
        let (low, high) = (x.slice(&[0], &[1], &[6]), x.slice(&[4], &[1], &[6]));
        // Two views that overlap in two words, under one name or two; 10 words of 10.
        let both = vec![load(Source::Read(0), &low), load(Source::Read(0), &high)];
        assert_eq!(moved(map(&[6], both), vec![operand(0, 10)], 6), [10.0, 6.0]);
        let both = vec![load(Source::Read(0), &low), load(Source::Read(1), &high)];
        assert_eq!(moved(map(&[6], both), vec![operand(0, 10); 2], 6), [10.0, 6.0]);
        let padded = x.slice(&[0], &[1], &[4]).pad(&[1], &[1]);
        let loads = vec![
            load(Source::Read(0), &padded),
            load(Source::Arange, &padded),
            load(Source::Const(1), &padded),
            load(Source::Random { key: 1, stream: 0 }, &padded),
        ];
        assert_eq!(moved(map(&[6], loads), vec![operand(0, 10), operand(1, 2)], 6), [6.0, 6.0]);
        let rows = View::contiguous(&[1, 6]).broadcast(&[100, 6]);
        let loads = vec![load(Source::Read(0), &rows)];
        assert_eq!(moved(map(&[100, 6], loads), vec![operand(0, 6)], 600), [6.0, 600.0]);
    }

    #[test]
    fn gathers_read_rows_and_convolutions_what_their_windows_see() {
        let rows = |count| Kernel::Gather(Rows { rows: 100, inner: 8, count });
        assert_eq!(moved(rows(5), vec![operand(0, 800), operand(1, 5)], 40), [45.0, 40.0]);
        assert_eq!(moved(rows(200), vec![operand(0, 800), operand(1, 200)], 1600), [1000.0, 1600.0]);
        // One pixel in four of 8 × 8, and all 2 · 3 weights.
        let pixels = |kernel, stride, pad| ConvGeometry {
            n: 4,
            c: 3,
            o: 2,
            groups: 1,
            size: [8, 8],
            kernel: [kernel; 2],
            stride: [stride; 2],
            pad: [pad; 2],
            dilation: [1; 2],
            out: [4, 4],
        };
        let (x, weight, y) = (operand(0, 4 * 3 * 64), operand(1, 6), operand(2, 4 * 2 * 16));
        let g = pixels(1, 2, 0);
        assert_eq!(moved(Kernel::Conv(g), vec![x, weight], 128), [4.0 * 3.0 * 16.0 + 6.0, 128.0]);
        assert_eq!(moved(Kernel::ConvWeightGrad(g), vec![x, y], 6), [4.0 * 3.0 * 16.0 + 128.0, 6.0]);
        let g = pixels(3, 2, 1);
        assert_eq!(moved(Kernel::Conv(g), vec![x, operand(1, 54)], 128), [4.0 * 3.0 * 64.0 + 54.0, 128.0]);
    }
}
