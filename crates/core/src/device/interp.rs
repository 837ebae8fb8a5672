//! The device that defines every op: plain loops over words, no cleverness. Slow on purpose; all others are tested against it.

use super::{BufferId, Counters, Device, DeviceInfo, ExecutableId, LocalFuture, Passes, Place, Position, Realisation};
use crate::{
    DType, Error, Result,
    ir::{ConvGeometry, Window, scalar},
    plan::{Buffer, Epilogue, Expr, Instr, Kernel, Load, Operand, Program, Reduction, Rows, Source, Step, View, Walk},
    reserve::{copied, room, zeros},
    rng,
};
use rustc_hash::FxHashMap;
use std::{cell::RefCell, ops::Range, rc::Rc};

/// The reference device.
#[derive(Default)]
pub struct Interp {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    next: u32,
    buffers: FxHashMap<BufferId, Vec<u32>>,
    programs: FxHashMap<ExecutableId, Rc<Program>>,
    counters: Counters,
}

impl Interp {
    /// A device with nothing on it.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Device for Interp {
    fn info(&self) -> DeviceInfo {
        DeviceInfo { name: NAME, detail: "plain loops".into(), software: false }
    }

    fn counters(&self) -> Counters {
        self.state.borrow().counters
    }

    fn alloc(&self, words: usize, what: &str) -> Result<BufferId> {
        let buffer = zeros(NAME, words, what)?;
        let mut state = self.state.borrow_mut();
        let id = BufferId(state.next);
        state.next += 1;
        state.buffers.insert(id, buffer);
        state.counters.buffers_created += 1;
        state.counters.live_bytes += 4 * words as u64;
        Ok(id)
    }

    fn free(&self, buffer: BufferId) {
        let mut state = self.state.borrow_mut();
        if let Some(words) = state.buffers.remove(&buffer) {
            state.counters.live_bytes -= 4 * words.len() as u64;
        }
    }

    fn write(&self, buffer: BufferId, offset: usize, words: &[u32]) -> Result<()> {
        let mut state = self.state.borrow_mut();
        let target = state.buffers.get_mut(&buffer).ok_or_else(unknown)?;
        target.get_mut(offset..offset + words.len()).ok_or_else(unknown)?.copy_from_slice(words);
        Ok(())
    }

    fn copy(&self, from: Place, to: Place, words: usize) -> Result<()> {
        let state = self.state.borrow();
        let source = state.buffers.get(&from.buffer).ok_or_else(unknown)?;
        let source = source.get(from.offset..from.offset.saturating_add(words)).ok_or_else(unknown)?;
        let words = copied(NAME, source, "a copy")?;
        drop(state);
        self.write(to.buffer, to.offset, &words)
    }

    fn read(&self, buffer: BufferId, words: Range<usize>) -> LocalFuture<'_, Result<Vec<u32>>> {
        let mut state = self.state.borrow_mut();
        state.counters.reads += 1;
        let found = state.buffers.get(&buffer).and_then(|b| b.get(words)).ok_or_else(unknown);
        Box::pin(std::future::ready(found.and_then(|words| copied(NAME, words, "reading back"))))
    }

    fn prepare(&self, program: &Program) -> Result<ExecutableId> {
        let mut state = self.state.borrow_mut();
        let id = ExecutableId(state.next);
        state.next += 1;
        state.programs.insert(id, Rc::new(program.clone()));
        Ok(id)
    }

    fn realisation(&self, executable: ExecutableId) -> Result<Realisation> {
        let program = self.state.borrow().programs.get(&executable).cloned().ok_or_else(unknown)?;
        // Operands are copied whole before a step, and its result afterwards.
        let copies = |step: &Step| step.operands().map(|operand| operand.words).sum();
        let passes = |step: &Step| Passes { dispatches: 1, read: copies(step), written: copies(step) };
        Ok(Realisation { submits: 0, scratch: program.arena, steps: program.steps.iter().map(passes).collect() })
    }

    fn release(&self, executable: ExecutableId) {
        self.state.borrow_mut().programs.remove(&executable);
    }

    fn run(
        &self,
        executable: ExecutableId,
        externals: &[BufferId],
        from: Position,
        iterations: usize,
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<Position> {
        let program = self.state.borrow().programs.get(&executable).cloned().ok_or_else(unknown)?;
        // Intermediates do not outlive a call: a paused step program is run from its start with fresh scratch,
        // so it pauses only between iterations.
        let mut at = Position { iteration: from.iteration, step: 0 };
        let mut arena = zeros(NAME, program.arena, "intermediate results")?;
        while at.iteration < iterations {
            let mut walk = Walk::new(&program);
            while let Some(step) = walk.step() {
                self.step(&walk.placed(&program.steps[step]), externals, &mut arena)?;
                walk.advance();
            }
            at.iteration += 1;
            if pause() {
                break;
            }
        }
        Ok(at)
    }

    fn ready(&self) -> LocalFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Interp {
    fn step(&self, step: &Step, externals: &[BufferId], arena: &mut Vec<u32>) -> Result<()> {
        let mut state = self.state.borrow_mut();
        state.counters.dispatches += 1;
        let fetch = |operand: &Operand| -> Result<Vec<u32>> {
            let buffer = match operand.buffer {
                Buffer::Arena => &*arena,
                Buffer::External(i) => state.buffers.get(externals.get(i).ok_or_else(unknown)?).ok_or_else(unknown)?,
            };
            let words = buffer.get(operand.offset..operand.offset + operand.words).ok_or_else(unknown)?;
            copied(NAME, words, "the inputs of a step")
        };
        // The definitions take memory as they like, about as much as the step reads and writes: whether there is so much
        // is asked before.
        let words = step.all_reads().map(|read| read.words).sum::<usize>() + step.write.words;
        drop(room::<u32>(NAME, words, "a step")?);
        let result = evaluate_step(step, fetch)?;
        let buffer = match step.write.buffer {
            Buffer::Arena => arena,
            Buffer::External(i) => state.buffers.get_mut(externals.get(i).ok_or_else(unknown)?).ok_or_else(unknown)?,
        };
        let target = buffer.get_mut(step.write.offset..step.write.offset + step.write.words).ok_or_else(unknown)?;
        target.copy_from_slice(&result);
        Ok(())
    }
}

const NAME: &str = "interp";

fn unknown() -> Error {
    Error::Device { device: NAME.into(), message: "no such buffer, range or program".into() }
}

/// What a step computes, given the words of its operands.
pub fn evaluate_step(step: &Step, fetch: impl Fn(&Operand) -> Result<Vec<u32>>) -> Result<Vec<u32>> {
    let reads = step.reads.iter().map(&fetch).collect::<Result<Vec<_>>>()?;
    let made = evaluate(&step.kernel, &reads);
    let Some(epilogue) = &step.epilogue else { return Ok(made) };
    Ok(finish(epilogue, epilogue.reads.iter().map(fetch).collect::<Result<_>>()?, made))
}

/// What an epilogue makes of a kernel's words, given those of its own reads.
pub fn finish(epilogue: &Epilogue, mut reads: Vec<Vec<u32>>, made: Vec<u32>) -> Vec<u32> {
    reads.push(made);
    coordinates(&epilogue.shape).map(|c| value(&epilogue.expr, &reads, &c)).collect()
}

/// What a kernel computes from its inputs: the definition of every op.
pub fn evaluate(kernel: &Kernel, reads: &[Vec<u32>]) -> Vec<u32> {
    match kernel {
        Kernel::Map { shape, expr, more } => {
            let made: Vec<Vec<u32>> = coordinates(shape).map(|c| registers(expr, reads, &c)).collect();
            let values = std::iter::once(expr.instrs.len() - 1).chain(more.iter().copied());
            values.flat_map(|register| made.iter().map(move |registers| registers[register])).collect()
        }
        Kernel::Reduce { outer, inner, op, expr } => coordinates(outer)
            .map(|o| {
                let words = coordinates(inner).map(|i| value(expr, reads, &[&o[..], &i[..]].concat()));
                let dtype = *expr.types.last().expect("an expression has a value");
                reduce(*op, dtype, words)
            })
            .collect(),
        Kernel::MatMul { a, b } => matmul(a, b, &floats(&reads[0]), &floats(&reads[1])),
        Kernel::Conv(g) => conv(g, &floats(&reads[0]), &floats(&reads[1])),
        Kernel::ConvInputGrad(g) => conv_input_grad(g, &floats(&reads[0]), &floats(&reads[1])),
        Kernel::ConvWeightGrad(g) => conv_weight_grad(g, &floats(&reads[0]), &floats(&reads[1])),
        Kernel::MaxPool(w) => winners(w, &floats(&reads[0])).map(|(_, value)| value.to_bits()).collect(),
        Kernel::MaxPoolArg(w) => winners(w, &floats(&reads[0])).map(|(index, _)| index as u32).collect(),
        Kernel::Unpool(w) => unpool(w, &floats(&reads[0]), &reads[1]),
        Kernel::MaxUnpool(w) => {
            let places: Vec<u32> = winners(w, &floats(&reads[1])).map(|(index, _)| index as u32).collect();
            unpool(w, &floats(&reads[0]), &places)
        }
        Kernel::PoolTake(w) => pool_take(w, &reads[0], &reads[1]),
        Kernel::Fold { window, input } => fold(window, input, &floats(&reads[0])),
        Kernel::Gather(rows) => gather(rows, &reads[0], &reads[1]),
        Kernel::ScatterAdd(rows) => scatter_add(rows, &floats(&reads[0]), &reads[1]),
        Kernel::ArgSort { length, dtype, .. } => {
            reads[0].chunks((*length).max(1)).flat_map(|row| argsort(*dtype, row)).collect()
        }
    }
}

/// All coordinates of a shape, the last axis fastest.
fn coordinates(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let shape = shape.to_vec();
    (0..shape.iter().product()).map(move |flat| {
        let mut rest: usize = flat;
        let mut coordinate = vec![0; shape.len()];
        for i in (0..shape.len()).rev() {
            coordinate[i] = rest % shape[i];
            rest /= shape[i];
        }
        coordinate
    })
}

fn value(expr: &Expr, reads: &[Vec<u32>], coordinate: &[usize]) -> u32 {
    *registers(expr, reads, coordinate).last().expect("an expression has a value")
}

fn registers(expr: &Expr, reads: &[Vec<u32>], coordinate: &[usize]) -> Vec<u32> {
    let mut registers: Vec<u32> = Vec::with_capacity(expr.instrs.len());
    for (i, instr) in expr.instrs.iter().enumerate() {
        let word = match *instr {
            Instr::Load(load) => fetch(&expr.loads[load], reads, coordinate),
            Instr::Unary(unary, a) => (unary.row().eval)(expr.types[a], registers[a]),
            Instr::Binary(binary, a, b) => (binary.row().eval)(expr.types[a], registers[a], registers[b]),
            Instr::Select(c, a, b) => registers[if registers[c] != 0 { a } else { b }],
            Instr::Cast(a) => scalar::cast(expr.types[a], expr.types[i], registers[a]),
        };
        registers.push(word);
    }
    registers
}

fn fetch(load: &Load, reads: &[Vec<u32>], coordinate: &[usize]) -> u32 {
    let Some(position) = load.view.position(coordinate) else { return 0 };
    match load.source {
        Source::Read(i) => reads[i][position],
        Source::Arange => position as u32,
        Source::Random { key, stream } => rng::bits([reads[key][0], reads[key][1]], stream, position as u32),
        Source::Const(word) => word,
        Source::Made => reads.last().expect("what an epilogue reads ends with what the kernel made")[position],
    }
}

fn reduce(op: Reduction, dtype: DType, words: impl Iterator<Item = u32>) -> u32 {
    match (op, dtype) {
        // Sums of many floats are defined more exactly than f32 adds, so that they can be the reference.
        (Reduction::Sum, DType::F32) => (words.map(|w| f64::from(f32::from_bits(w))).sum::<f64>() as f32).to_bits(),
        (Reduction::Sum, _) => words.fold(0, u32::wrapping_add),
        (Reduction::Max, _) => best(dtype, words).map_or(least(dtype), |(_, word)| word),
        (Reduction::ArgMax, _) => best(dtype, words).map_or(0, |(index, _)| index as u32),
    }
}

fn least(dtype: DType) -> u32 {
    match dtype {
        DType::F32 => f32::NEG_INFINITY.to_bits(),
        DType::I32 => i32::MIN as u32,
        DType::U32 | DType::Bool => 0,
    }
}

fn best(dtype: DType, words: impl Iterator<Item = u32>) -> Option<(usize, u32)> {
    words.enumerate().reduce(|kept, new| if beats(dtype, new.1, kept.1) { new } else { kept })
}

/// Whether a later word replaces the maximum so far: the first NaN stays.
fn beats(dtype: DType, new: u32, kept: u32) -> bool {
    match dtype {
        DType::F32 => {
            let (new, kept) = (f32::from_bits(new), f32::from_bits(kept));
            !kept.is_nan() && (new.is_nan() || new > kept)
        }
        DType::I32 => new as i32 > kept as i32,
        DType::U32 | DType::Bool => new > kept,
    }
}

/// The positions that sort a row; equal ones keep their order.
fn argsort(dtype: DType, row: &[u32]) -> Vec<u32> {
    let ranked = |(i, &word): (u64, &u32)| u64::from(scalar::rank(dtype, word)) << 32 | i;
    let mut order: Vec<u64> = (0..).zip(row).map(ranked).collect();
    order.sort_unstable();
    order.iter().map(|&ranked| ranked as u32).collect()
}

fn floats(words: &[u32]) -> Vec<f32> {
    words.iter().map(|&w| f32::from_bits(w)).collect()
}

fn words(values: Vec<f64>) -> Vec<u32> {
    values.into_iter().map(|v| (v as f32).to_bits()).collect()
}

fn matmul(a: &View, b: &View, x: &[f32], y: &[f32]) -> Vec<u32> {
    let at = |view: &View, data: &[f32], c: [usize; 3]| view.position(&c).map_or(0.0, |p| f64::from(data[p]));
    let (depth, n) = (a.axes[2].size, b.axes[2].size);
    coordinates(&[a.axes[0].size, a.axes[1].size, n])
        .map(|c| {
            let sum: f64 = (0..depth).map(|k| at(a, x, [c[0], c[1], k]) * at(b, y, [c[0], k, c[2]])).sum();
            (sum as f32).to_bits()
        })
        .collect()
}

/// Calls `visit` with the flat positions (x, weight, y) of every product that a convolution sums.
fn products(g: &ConvGeometry, mut visit: impl FnMut(usize, usize, usize)) {
    let (inputs, outputs) = (g.c / g.groups, g.o / g.groups);
    for c in coordinates(&[g.n, g.o, g.out[0], g.out[1], inputs, g.kernel[0], g.kernel[1]]) {
        let [n, o, oy, ox, i, ky, kx] = c[..] else { unreachable!() };
        let channel = o / outputs * inputs + i;
        let (Some(y), Some(x)) = (
            (oy * g.stride[0] + ky * g.dilation[0]).checked_sub(g.pad[0]),
            (ox * g.stride[1] + kx * g.dilation[1]).checked_sub(g.pad[1]),
        ) else {
            continue;
        };
        if y < g.size[0] && x < g.size[1] {
            visit(
                ((n * g.c + channel) * g.size[0] + y) * g.size[1] + x,
                ((o * inputs + i) * g.kernel[0] + ky) * g.kernel[1] + kx,
                ((n * g.o + o) * g.out[0] + oy) * g.out[1] + ox,
            );
        }
    }
}

fn conv(g: &ConvGeometry, x: &[f32], w: &[f32]) -> Vec<u32> {
    let mut y = vec![0.0; g.y_shape().iter().product()];
    products(g, |i, j, k| y[k] += f64::from(x[i]) * f64::from(w[j]));
    words(y)
}

fn conv_input_grad(g: &ConvGeometry, dy: &[f32], w: &[f32]) -> Vec<u32> {
    let mut dx = vec![0.0; g.x_shape().iter().product()];
    products(g, |i, j, k| dx[i] += f64::from(dy[k]) * f64::from(w[j]));
    words(dx)
}

fn conv_weight_grad(g: &ConvGeometry, x: &[f32], dy: &[f32]) -> Vec<u32> {
    let mut dw = vec![0.0; g.weight_shape().iter().product()];
    products(g, |i, j, k| dw[j] += f64::from(x[i]) * f64::from(dy[k]));
    words(dw)
}

/// For every window the position of its maximum in its plane, and the maximum.
fn winners(w: &Window, x: &[f32]) -> impl Iterator<Item = (usize, f32)> {
    coordinates(&[w.n * w.c, w.out[0], w.out[1]]).map(move |c| {
        let plane = c[0] * w.size[0] * w.size[1];
        let mut best: Option<(usize, f32)> = None;
        for k in coordinates(&w.kernel) {
            let at = |i: usize| {
                (c[i + 1] * w.stride[i] + k[i] * w.dilation[i]).checked_sub(w.pad[i]).filter(|&p| p < w.size[i])
            };
            let (Some(y), Some(x_)) = (at(0), at(1)) else { continue };
            let index = y * w.size[1] + x_;
            let value = x[plane + index];
            if best.is_none_or(|(_, kept)| beats(DType::F32, value.to_bits(), kept.to_bits())) {
                best = Some((index, value));
            }
        }
        best.unwrap_or((0, f32::NEG_INFINITY))
    })
}

fn unpool(w: &Window, values: &[f32], indices: &[u32]) -> Vec<u32> {
    let (plane, count) = (w.size[0] * w.size[1], w.out[0] * w.out[1]);
    let mut sums = vec![0.0; w.n * w.c * plane];
    for (i, (&value, &index)) in values.iter().zip(indices).enumerate() {
        if (index as usize) < plane {
            sums[i / count * plane + index as usize] += f64::from(value);
        }
    }
    words(sums)
}

fn pool_take(w: &Window, x: &[u32], indices: &[u32]) -> Vec<u32> {
    let (plane, count) = (w.size[0] * w.size[1], w.out[0] * w.out[1]);
    let take =
        |(i, &index): (usize, &u32)| if (index as usize) < plane { x[i / count * plane + index as usize] } else { 0 };
    indices.iter().enumerate().map(take).collect()
}

fn fold(w: &Window, input: &View, x: &[f32]) -> Vec<u32> {
    let mut sums = vec![0.0; w.n * w.c * w.size[0] * w.size[1]];
    for c in coordinates(&input.shape()) {
        let y = c[3] * w.stride[0] + c[1] * w.dilation[0];
        let x_ = c[4] * w.stride[1] + c[2] * w.dilation[1];
        let value = input.position(&c).map_or(0.0, |p| f64::from(x[p]));
        sums[(c[0] * w.size[0] + y) * w.size[1] + x_] += value;
    }
    words(sums)
}

fn gather(r: &Rows, table: &[u32], index: &[u32]) -> Vec<u32> {
    let row = |&i: &u32| {
        let i = i as usize;
        if i < r.rows { table[i * r.inner..(i + 1) * r.inner].to_vec() } else { vec![0; r.inner] }
    };
    index.iter().flat_map(row).collect()
}

fn scatter_add(r: &Rows, source: &[f32], index: &[u32]) -> Vec<u32> {
    let mut sums = vec![0.0; r.rows * r.inner];
    for (k, &i) in index.iter().enumerate().filter(|&(_, &i)| (i as usize) < r.rows) {
        for j in 0..r.inner {
            sums[i as usize * r.inner + j] += f64::from(source[k * r.inner + j]);
        }
    }
    words(sums)
}
