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

/// What a step must read.
struct Needs<'a> {
    /// So many words of each operand.
    words: Vec<usize>,
    /// What views of an operand see.
    views: Vec<(usize, &'a View)>,
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
        let operands: Vec<_> = self.all_reads().collect();
        let mut needs = Needs { words: vec![0; operands.len()], views: Vec::new() };
        needs.add_kernel(&self.kernel);
        if let Some(epilogue) = &self.epilogue {
            needs.add_loads(&epilogue.expr, self.reads.len());
        }
        let mut words = 0;
        for (i, operand) in operands.iter().enumerate() {
            // An operand under two names is read once.
            if operands[..i].contains(operand) {
                continue;
            }
            let same = |j: usize| operands[j] == *operand;
            let most = (i..operands.len()).filter(|&j| same(j)).map(|j| needs.words[j]).max().unwrap_or(0);
            let views: Vec<&View> = needs.views.iter().filter(|(j, _)| same(*j)).map(|(_, view)| *view).collect();
            words += most.max(reached(&views)).min(operand.words);
        }
        words
    }
}

impl<'a> Needs<'a> {
    fn add_kernel(&mut self, kernel: &'a Kernel) {
        let plane = |[rows, columns]: [usize; 2]| rows * columns;
        match kernel {
            Kernel::Map { expr, .. } | Kernel::Reduce { expr, .. } => self.add_loads(expr, 0),
            Kernel::MatMul { a, b } => self.views.extend([(0, a), (1, b)]),
            Kernel::Conv(g) | Kernel::ConvInputGrad(g) | Kernel::ConvWeightGrad(g) => {
                let axis = |i| along(g.size[i], g.kernel[i], g.out[i], g.stride[i], g.pad[i], g.dilation[i]);
                let ([x, taps, y], group) = (product(axis(0), axis(1)), g.c / g.groups);
                let [x, weight, y] = [g.n * g.c * x, g.o * group * taps, g.n * g.o * y];
                self.words[..2].copy_from_slice(&match kernel {
                    Kernel::Conv(_) => [x, weight],
                    Kernel::ConvInputGrad(_) => [y, weight],
                    _ => [x, y],
                });
            }
            Kernel::MaxPool(w) | Kernel::MaxPoolArg(w) => self.words[0] = covered(w),
            Kernel::Unpool(w) => self.words[..2].fill(w.n * w.c * plane(w.out)),
            Kernel::MaxUnpool(w) => self.words[..2].copy_from_slice(&[w.n * w.c * plane(w.out), covered(w)]),
            Kernel::PoolTake(w) => {
                let count = w.n * w.c * plane(w.out);
                self.words[..2].copy_from_slice(&[count.min(w.n * w.c * plane(w.size)), count]);
            }
            Kernel::Fold { input, .. } => self.views.push((0, input)),
            Kernel::Gather(r) => self.words[..2].copy_from_slice(&[r.count.min(r.rows) * r.inner, r.count]),
            Kernel::ScatterAdd(r) => self.words[..2].copy_from_slice(&[r.count * r.inner, r.count]),
            Kernel::ArgSort { rows, length, .. } => self.words[0] = rows * length,
        }
    }

    /// What an expression reads, the first of whose operands has this number.
    fn add_loads(&mut self, expr: &'a Expr, first: usize) {
        for load in &expr.loads {
            match load.source {
                Source::Read(i) => self.views.push((first + i, &load.view)),
                // The key.
                Source::Random { key, .. } if !load.view.is_empty() => self.words[first + key] = 2,
                Source::Random { .. } | Source::Arange | Source::Const(_) | Source::Made => {}
            }
        }
    }
}

impl Kernel {
    fn flops(&self) -> f64 {
        match self {
            Self::Map { shape, expr, .. } => count(shape) * instructions(expr),
            Self::Reduce { outer, inner, expr, .. } => count(outer) * count(inner) * (instructions(expr) + 1.0),
            Self::MatMul { a, b } => 2.0 * count(&a.shape()) * b.axes[2].size as f64,
            Self::Conv(g) | Self::ConvInputGrad(g) | Self::ConvWeightGrad(g) => convolution(g),
            Self::MaxPool(w) | Self::MaxPoolArg(w) => windows(w) * count(&w.kernel),
            Self::Unpool(w) => windows(w),
            Self::MaxUnpool(w) => windows(w) * (count(&w.kernel) + 1.0),
            Self::Fold { input, .. } => count(&input.shape()),
            Self::ScatterAdd(rows) => (rows.count * rows.inner) as f64,
            Self::PoolTake(_) | Self::Gather(_) | Self::ArgSort { .. } => 0.0,
        }
    }
}

/// Pixels that some window sees.
fn covered(w: &Window) -> usize {
    let axis = |i| along(w.size[i], w.kernel[i], w.out[i], w.stride[i], w.pad[i], w.dilation[i]);
    w.n * w.c * product(axis(0), axis(1))[0]
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
        Kernel::map(shape.to_vec(), Expr { loads, instrs, types })
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
