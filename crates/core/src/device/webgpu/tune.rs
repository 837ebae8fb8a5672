//! Which tilings are fastest here: those of each kind of product are timed on a typical one, some milliseconds each. GPUs differ too
//! much for a table to know it.

use super::{Tiling, Tuning, WebGpu};
use crate::{
    Result,
    device::{BufferId, Device, ExecutableId, Position},
    ir::ConvGeometry,
    plan::{Buffer, External, Kernel, Operand, Program, Step, View},
};

/// Milliseconds that a measurement should take: clocks of browsers are coarse, and so is when they say that work is done.
const ENOUGH: f64 = 6.0;
/// Repetitions of a measurement at most.
const MOST: usize = 1024;
/// A tiling that is so many times slower than another is not measured better.
const HOPELESS: f64 = 4.0;

impl WebGpu {
    /// The tilings that programs get which are prepared from now on.
    pub fn tuning(&self) -> Tuning {
        self.tuning.get()
    }

    /// Other tilings for them.
    pub fn set_tuning(&self, tuning: Tuning) {
        self.tuning.set(tuning);
    }

    /// Measures all tilings on this device, and takes the fastest of each kind for programs that are prepared from then on. What runs meanwhile
    /// is slowed down and slows the measurement down. Errors: out of memory, or the device was lost; then nothing is changed.
    pub async fn tune(&self) -> Result<Tuning> {
        let mut best = self.tuning();
        for Kind { program, tiling } in kinds() {
            let mut fastest = f64::INFINITY;
            for candidate in Tiling::ALL {
                let ms = self.time(&program, Tuning::all(candidate), fastest).await?;
                if ms < fastest {
                    fastest = ms;
                    *tiling(&mut best) = candidate;
                }
            }
        }
        self.tuning.set(best);
        Ok(best)
    }

    /// Milliseconds that a program takes with these tilings, or more than `HOPELESS` times `fastest`.
    async fn time(&self, program: &Program, tuning: Tuning, fastest: f64) -> Result<f64> {
        let usual = self.tuning.replace(tuning);
        let prepared = self.prepare(program);
        self.tuning.set(usual);
        let prepared = prepared?;
        let buffers = program.externals.iter().map(|external| self.alloc(external.words, "a measurement"));
        let timed = match buffers.collect::<Result<Vec<_>>>() {
            Ok(buffers) => {
                let timed = self.time_prepared(prepared, &buffers, fastest).await;
                buffers.into_iter().for_each(|buffer| self.free(buffer));
                timed
            }
            Err(error) => Err(error),
        };
        self.release(prepared);
        timed
    }

    async fn time_prepared(&self, program: ExecutableId, buffers: &[BufferId], fastest: f64) -> Result<f64> {
        // The first one compiles.
        self.repeat(program, buffers, 1).await?;
        let mut times = 1;
        loop {
            let begun = (self.options.now)();
            self.repeat(program, buffers, times).await?;
            let ms = (self.options.now)() - begun;
            let one = ms / times as f64;
            if ms >= ENOUGH || times >= MOST || (times > 1 && one > HOPELESS * fastest) {
                return Ok(one);
            }
            times *= 4;
        }
    }

    /// So many repetitions, to their end.
    async fn repeat(&self, program: ExecutableId, buffers: &[BufferId], times: usize) -> Result<()> {
        let mut at = Position::default();
        while at.iteration < times {
            self.ready().await?;
            at = self.run(program, buffers, at, times, &mut || false)?;
        }
        self.read(*buffers.last().expect("a program has a result"), 0..1).await.map(drop)
    }
}

/// A kind of product.
struct Kind {
    /// A typical one.
    program: Program,
    /// Where its tiling stands.
    tiling: fn(&mut Tuning) -> &mut Tiling,
}

fn kinds() -> [Kind; 4] {
    let [m, k, n] = [256, 512, 256];
    let product = Kernel::MatMul { a: View::contiguous(&[1, m, k]), b: View::contiguous(&[1, k, n]) };
    let g = ConvGeometry {
        n: 8,
        c: 16,
        size: [32, 32],
        o: 32,
        kernel: [3, 3],
        out: [32, 32],
        groups: 1,
        stride: [1, 1],
        pad: [1, 1],
        dilation: [1, 1],
    };
    let words = |shape: [usize; 4]| shape.iter().product::<usize>();
    let [x, weight, y] = [words(g.x_shape()), words(g.weight_shape()), words(g.y_shape())];
    let kind = |kernel, sizes, tiling| Kind { program: alone(kernel, sizes), tiling };
    [
        kind(product, [m * k, k * n, m * n], |tuning| &mut tuning.matmul),
        kind(Kernel::Conv(g), [x, weight, y], |tuning| &mut tuning.conv),
        kind(Kernel::ConvInputGrad(g), [y, weight, x], |tuning| &mut tuning.conv_input_grad),
        kind(Kernel::ConvWeightGrad(g), [x, y, weight], |tuning| &mut tuning.conv_weight_grad),
    ]
}

/// A kernel of two operands between buffers of these sizes, that of its result last.
fn alone(kernel: Kernel, sizes: [usize; 3]) -> Program {
    let external = |i: usize| External { words: sizes[i], written: i == 2 };
    let [a, b, write] = [0, 1, 2].map(|i| Operand { buffer: Buffer::External(i), offset: 0, words: sizes[i] });
    let step = Step { kernel, reads: vec![a, b], epilogue: None, write };
    Program { externals: (0..3).map(external).collect(), arena: 0, steps: vec![step], loops: vec![] }
}
