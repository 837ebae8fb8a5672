//! Fused element-wise expressions, evaluated block by block: each instruction is one tight loop over a few hundred
//! elements that stay in the first-level cache, so a chain of any length reads its inputs and writes its output once. Where code
//! was emitted ([`super::emit`]), it does all instructions in one loop.
//!
//! The iteration space is merged to as few axes as the views allow. A load whose elements lie side by side in memory is
//! read in place; every other one is first copied to its register, row by row.

mod fetch;

use super::emit::{self, Input};
use super::memory::{Out, Reads};
use super::scalar::{self, Kernel1, Kernel2, SelectLoop};
use super::simd::Level;
use super::work::Split;
use crate::{
    DType,
    ir::Unary,
    plan::{Expr, Instr},
    rng,
};
use fetch::{Fetch, From, Kind, merge, random_key};
use std::{
    ops::Range,
    ptr,
    sync::{Arc, OnceLock},
};

/// The most elements of a block, unless it is evaluated by emitted code that needs no copies of loads.
pub(crate) const BLOCK: usize = 512;
/// Rows at least this long are blocks of their own, so that loads can be read in place.
const LONG_ROW: usize = 64;
/// Words of a vector in emitted code.
const LANES: usize = 4;

/// An expression over an iteration space, prepared.
#[derive(Debug)]
pub(crate) struct Blocks {
    level: Level,
    /// Sizes of the merged axes, at least one.
    axes: Vec<usize>,
    loads: Vec<Fetch>,
    code: Vec<Code>,
    /// Where the values that are written come from.
    results: Vec<Value>,
    registers: usize,
    /// What the code does, with the types of its values: to be emitted.
    instrs: Vec<Instr>,
    types: Vec<DType>,
    /// The instructions whose values are written.
    written: Vec<usize>,
    emitted: OnceLock<(Arc<emit::Linked>, u32)>,
}

/// Where an instruction finds an argument.
#[derive(Clone, Copy, Debug)]
enum Value {
    Load(usize),
    Register(usize),
}

#[derive(Clone, Copy)]
enum Code {
    Unary(Kernel1, Value, usize),
    Binary(Kernel2, [Value; 2], usize),
    Select(SelectLoop, [Value; 3], usize),
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unary(_, a, out) => write!(f, "{out} = f({a:?})"),
            Self::Binary(_, args, out) => write!(f, "{out} = f({args:?})"),
            Self::Select(_, args, out) => write!(f, "{out} = select({args:?})"),
        }
    }
}

/// Memory for the values of a block, shared by all steps of a program.
#[derive(Debug, Default)]
pub(crate) struct Registers {
    blocks: Vec<Vec<u32>>,
    /// For each load the place of the current block's first word, if it is read in place.
    direct: Vec<Option<usize>>,
    /// The expression's emitted function in this thread.
    call: Option<emit::Call>,
    /// Where the values and the loads of a call are.
    addresses: Vec<*const u32>,
    /// What is left of the values and of the loads when whole vectors are done.
    rest: Vec<[u32; LANES]>,
}

impl Registers {
    /// Makes room for an expression.
    pub(crate) fn grow_for(&mut self, blocks: &Blocks) {
        while self.blocks.len() < blocks.registers {
            self.blocks.push(vec![0; BLOCK]);
        }
        let loads = self.direct.len().max(blocks.loads.len());
        self.direct.resize(loads, None);
        let addresses = self.addresses.len().max(blocks.results.len() + blocks.loads.len());
        self.addresses.resize(addresses, ptr::null());
        self.rest.resize(addresses, [0; LANES]);
    }
}

/// Where the values of some elements are written.
#[derive(Clone, Copy)]
struct Target<'a> {
    out: Out<'a>,
    start: usize,
    len: usize,
    /// How far the values lie from each other.
    apart: usize,
}

impl<'a> Target<'a> {
    /// The elements of a value.
    ///
    /// # Safety
    /// While the slice lives, no other one of these words is used.
    unsafe fn value(self, number: usize) -> &'a mut [u32] {
        let start = self.start + number * self.apart;
        // SAFETY: the caller's promise.
        unsafe { self.out.range(start..start + self.len) }
    }
}

impl Blocks {
    /// The expression over `shape`. An epilogue writes over what its kernel has made.
    pub(crate) fn new(level: Level, shape: &[usize], expr: &Expr) -> Self {
        Self::of(level, shape, expr, &[], &[])
    }

    /// The expression of a map and the values of `more` registers, written one after the other. `in_place` are the reads that
    /// it writes over, each with the value that comes to lie there.
    pub(crate) fn of(level: Level, shape: &[usize], expr: &Expr, more: &[usize], in_place: &[(usize, usize)]) -> Self {
        let mut loads: Vec<Fetch> = expr.loads.iter().map(|load| Fetch::new(load, in_place)).collect();
        let axes = merge(shape, &mut loads);
        for load in &mut loads {
            load.kind = load.kind(&axes);
        }
        let mut blocks = Self {
            level,
            axes,
            registers: loads.len(),
            loads,
            code: Vec::new(),
            results: Vec::new(),
            instrs: expr.instrs.clone(),
            types: expr.types.clone(),
            written: std::iter::once(expr.instrs.len() - 1).chain(more.iter().copied()).collect(),
            emitted: OnceLock::new(),
        };
        blocks.emit(expr);
        blocks
    }

    /// The same, to be evaluated by [`Blocks::run`] only.
    pub(crate) fn in_runs(mut self) -> Self {
        if self.axes.len() > 1 && self.axes.last().is_some_and(|&row| row >= LONG_ROW) {
            self.loads.iter_mut().for_each(|load| load.note_rows(&self.axes));
        }
        self
    }

    /// Translates the instructions, reusing registers whose value is not needed any more.
    fn emit(&mut self, expr: &Expr) {
        // What keeps all words is another name for its argument.
        let mut values: Vec<usize> = Vec::with_capacity(expr.instrs.len());
        let mut last_use = vec![0; expr.instrs.len()];
        for (i, instr) in expr.instrs.iter().enumerate() {
            arguments(instr).into_iter().flatten().for_each(|a| last_use[values[a]] = i);
            values.push(match *instr {
                Instr::Cast(a) if scalar::cast_keeps_words(expr.types[a], expr.types[i]) => values[a],
                Instr::Unary(Unary::Detach, a) => values[a],
                _ => i,
            });
        }
        self.written.iter().for_each(|&result| last_use[values[result]] = usize::MAX);
        let mut places = vec![Value::Load(0); expr.instrs.len()];
        let mut free: Vec<usize> = Vec::new();
        for (i, instr) in expr.instrs.iter().enumerate().filter(|&(i, _)| values[i] == i) {
            if let Instr::Load(load) = *instr {
                places[i] = Value::Load(load);
                continue;
            }
            let out = free.pop().unwrap_or_else(|| {
                self.registers += 1;
                self.registers - 1
            });
            let (place, dtype, level) = (|a: usize| places[values[a]], |a: usize| expr.types[a], self.level);
            self.code.push(match *instr {
                Instr::Load(_) => unreachable!("loads are places, not code"),
                Instr::Cast(a) => Code::Unary(scalar::cast(level, dtype(a), dtype(i)), place(a), out),
                Instr::Unary(f, a) => Code::Unary(scalar::unary(level, f, dtype(a)), place(a), out),
                Instr::Binary(f, a, b) => Code::Binary(scalar::binary(level, f, dtype(a)), [place(a), place(b)], out),
                Instr::Select(c, a, b) => Code::Select(scalar::select(level), [place(c), place(a), place(b)], out),
            });
            places[i] = Value::Register(out);
            for a in arguments(instr).into_iter().flatten().map(|a| values[a]) {
                if let Value::Register(register) = places[a]
                    && last_use[a] == i
                    && !free.contains(&register)
                {
                    free.push(register);
                }
            }
        }
        self.results = self.written.iter().map(|&result| places[values[result]]).collect();
        // Nothing comes after the last result.
        let needed = self.results.iter().filter_map(|result| match *result {
            Value::Load(_) => None,
            Value::Register(register) => self.code.iter().rposition(|code| code.out() == register),
        });
        let needed = needed.max().map_or(0, |last| last + 1);
        self.code.truncate(needed);
    }

    /// The length of a good block: a row, or many where all loads run on over the ends of rows.
    pub(crate) fn block(&self) -> usize {
        let row = *self.axes.last().expect("at least one axis");
        if self.axes.len() > 1 && (LONG_ROW..=BLOCK).contains(&row) { row } else { BLOCK }
    }

    /// The length of rows, and how fast elements of a row can be read: what `Reduce` decides by.
    pub(crate) fn cost(&self) -> f64 {
        let row = (*self.axes.last().expect("at least one axis")).max(1) as f64;
        let strided = |load: &&Fetch| matches!(load.kind, Kind::Strided | Kind::ByRow);
        let cost = |load: &Fetch| {
            let step = load.strides.last().map_or(0, |s| s.unsigned_abs());
            if step > 1 { 2.5 } else { 1.0 }
        };
        self.loads.iter().filter(strided).map(|load| cost(load) + 12.0 / row).sum()
    }

    /// How a map can be cut: an element is a unit.
    pub(crate) fn split(&self) -> Split {
        let units: usize = self.axes.iter().product();
        let elementary = |instr: &&Instr| matches!(instr, Instr::Unary(f, _) if scalar::is_elementary(*f));
        let elementary = self.instrs.iter().filter(elementary).count();
        let per_element = 0.3 * (self.loads.len() + self.code.len() + 1 + 4 * elementary) as f64 + self.cost();
        Split { units, step: self.block(), cost: units as f64 * per_element, repeated: 0.0 }
    }

    /// Evaluates some elements into their places in `out`, in each of the values, after [`Blocks::begin`].
    ///
    /// # Safety
    /// While this runs, nobody else uses these elements of `out`.
    pub(crate) unsafe fn run(&self, reads: Reads<'_>, registers: &mut Registers, elements: Range<usize>, out: Out<'_>) {
        let row = *self.axes.last().expect("at least one axis");
        let apart = self.axes.iter().product();
        let block = if registers.call.is_some() && self.is_flat() { usize::MAX } else { self.block() };
        let mut start = elements.start;
        while start < elements.end {
            let end = if self.axes.len() > 1 && row >= LONG_ROW { start - start % row + row } else { elements.end };
            let end = end.min(start.saturating_add(block)).min(elements.end);
            let target = Target { out, start, len: end - start, apart };
            // SAFETY: the caller's promise.
            unsafe { self.evaluate_into(reads, registers, start, target) };
            start = end;
        }
    }

    /// Whether no load has to be copied before it is used.
    fn is_flat(&self) -> bool {
        self.loads.iter().all(|load| matches!(load.source, From::Output(_)) || load.kind != Kind::Strided)
    }

    /// Fetches what is the same in all blocks.
    pub(crate) fn begin(&self, reads: Reads<'_>, registers: &mut Registers) {
        registers.call = self.emitted.get().and_then(|(linked, number)| linked.function(*number));
        for (load, register) in self.loads.iter().zip(&mut registers.blocks) {
            if load.kind == Kind::Uniform {
                let word = match load.source {
                    From::Read(i) => reads.words(i)[load.offset as usize],
                    From::Output(_) => unreachable!("what is written in place is not uniform"),
                    From::Arange => load.offset as u32,
                    From::Random { key, stream } => rng::bits(random_key(reads, key), stream, load.offset as u32),
                    From::Const(word) => word,
                };
                register.fill(word);
            }
        }
    }

    /// Evaluates the elements from `start` on, in row-major order, at most [`BLOCK`], into `out`. Only the value of an expression.
    pub(crate) fn evaluate(&self, reads: Reads<'_>, registers: &mut Registers, start: usize, out: &mut [u32]) {
        debug_assert_eq!(self.results.len(), 1);
        let target = Target { len: out.len(), out: Out::new(out), start: 0, apart: 0 };
        // SAFETY: nobody else has `out`.
        unsafe { self.evaluate_into(reads, registers, start, target) };
    }

    /// The same for all values, of at most [`BLOCK`] elements unless `run` says otherwise. Where the step is in place the target
    /// holds what the output held before.
    ///
    /// # Safety
    /// While this runs, nobody else uses the elements of the target.
    unsafe fn evaluate_into(&self, reads: Reads<'_>, registers: &mut Registers, start: usize, target: Target<'_>) {
        let len = target.len;
        debug_assert!(len <= BLOCK || self.code.is_empty() || (registers.call.is_some() && self.is_flat()));
        if let ([Value::Load(load)], []) = (&self.results[..], &self.code[..]) {
            // SAFETY: the caller's promise.
            let out = unsafe { target.value(0) };
            return self.loads[*load].copy(self.level, &self.axes, reads, start, &registers.blocks[*load], out);
        }
        for (i, load) in self.loads.iter().enumerate() {
            registers.direct[i] = load.direct(&self.axes, start, len, registers.call.is_some());
            if registers.direct[i].is_none() {
                let mut block = std::mem::take(&mut registers.blocks[i]);
                match load.source {
                    From::Output(_) if registers.call.is_some() => {}
                    // SAFETY: the caller's promise.
                    From::Output(value) => block[..len].copy_from_slice(unsafe { target.value(value) }),
                    _ if load.kind == Kind::Uniform => {}
                    _ if load.kind == Kind::ByRow && registers.call.is_some() => {
                        load.fill(self.level, &self.axes, reads, start, &mut block[..1]);
                    }
                    _ => load.fill(self.level, &self.axes, reads, start, &mut block[..len]),
                }
                registers.blocks[i] = block;
            }
        }
        if let Some(call) = registers.call {
            // SAFETY: the caller's promise.
            return unsafe { self.call(call, reads, registers, target) };
        }
        // The last instruction writes where its value goes, if it is the only one.
        let direct = if self.results.len() == 1 { self.code.len() - 1 } else { usize::MAX };
        for (i, code) in self.code.iter().enumerate() {
            if i == direct {
                // SAFETY: the caller's promise.
                self.step(code, reads, registers, unsafe { target.value(0) });
            } else {
                let mut block = std::mem::take(&mut registers.blocks[code.out()]);
                self.step(code, reads, registers, &mut block[..len]);
                registers.blocks[code.out()] = block;
            }
        }
        if direct == usize::MAX {
            for (i, &result) in self.results.iter().enumerate() {
                // SAFETY: the caller's promise; what is read in place was copied.
                let value = unsafe { target.value(i) };
                value.copy_from_slice(self.at(result, reads, registers, len));
            }
        }
    }

    /// Evaluates a block by its emitted function, its loads being fetched.
    ///
    /// # Safety
    /// As for [`Blocks::evaluate_into`].
    unsafe fn call(&self, call: emit::Call, reads: Reads<'_>, registers: &mut Registers, target: Target<'_>) {
        let Registers { blocks, direct, addresses, rest, .. } = registers;
        let (len, values) = (target.len, self.results.len());
        let left = len % LANES;
        // SAFETY: the caller's promise.
        let output = |value: usize| unsafe { target.value(value) };
        (0..values).for_each(|value| addresses[value] = output(value).as_ptr());
        for (i, load) in self.loads.iter().enumerate() {
            addresses[values + i] = match (direct[i], load.source) {
                (Some(start), From::Read(read)) => {
                    let words = if load.kind == Kind::ByRow { 1 } else { len };
                    reads.words(read)[start..start + words].as_ptr()
                }
                (_, From::Output(value)) => output(value).as_ptr(),
                _ => blocks[i].as_ptr(),
            };
        }
        if len >= LANES {
            // SAFETY: the addresses are those of `len` words each, or of one that is used again and again; only the values are
            // written to.
            unsafe { call(addresses.as_ptr(), len / LANES) };
        }
        if left == 0 {
            return;
        }
        for (i, load) in self.loads.iter().enumerate().filter(|(_, load)| load.input() == Input::Words) {
            let words = match (direct[i], load.source) {
                (Some(start), From::Read(read)) => &reads.words(read)[start..start + len],
                (_, From::Output(value)) => &*output(value),
                _ => &blocks[i][..len],
            };
            rest[values + i][..left].copy_from_slice(&words[len - left..]);
            addresses[values + i] = rest[values + i].as_ptr();
        }
        for (address, value) in addresses.iter_mut().zip(rest.iter_mut()).take(values) {
            *address = value.as_mut_ptr();
        }
        // SAFETY: the addresses are those of a vector each, or of one word.
        unsafe { call(addresses.as_ptr(), 1) };
        for (value, made) in rest.iter().enumerate().take(values) {
            output(value)[len - left..].copy_from_slice(&made[..left]);
        }
    }

    /// The elements of a value in the present block.
    fn at<'a>(&self, value: Value, reads: Reads<'a>, registers: &'a Registers, len: usize) -> &'a [u32] {
        match value {
            Value::Register(r) => &registers.blocks[r][..len],
            Value::Load(load) => match (registers.direct[load], self.loads[load].source) {
                (Some(start), From::Read(i)) => &reads.words(i)[start..start + len],
                _ => &registers.blocks[load][..len],
            },
        }
    }

    fn step(&self, code: &Code, reads: Reads<'_>, registers: &Registers, out: &mut [u32]) {
        let len = out.len();
        let at = |value: Value| self.at(value, reads, registers, len);
        match *code {
            Code::Unary(kernel, a, _) => kernel.run(out, at(a)),
            Code::Binary(kernel, [a, b], _) => kernel.run(out, at(a), at(b)),
            Code::Select(kernel, [c, a, b], _) => kernel(out, at(c), at(a), at(b)),
        }
    }
}

/// Emits what these expressions compute, one module for all, where the machine can call it. Returns how many functions that made.
pub(crate) fn emit<'a>(all: impl Iterator<Item = &'a Blocks>) -> usize {
    if !emit::is_possible() {
        return 0;
    }
    let mut functions = Vec::new();
    let mut numbered = Vec::new();
    for blocks in all.filter(|blocks| !blocks.code.is_empty()) {
        let inputs: Vec<Input> = blocks.loads.iter().map(Fetch::input).collect();
        let Some(function) = emit::function(&blocks.instrs, &blocks.types, &blocks.written, &inputs) else { continue };
        let number = functions.iter().position(|known| *known == function).unwrap_or(functions.len());
        if number == functions.len() {
            functions.push(function);
        }
        numbered.push((blocks, number as u32));
    }
    if functions.is_empty() {
        return 0;
    }
    let linked = Arc::new(emit::Linked::new(emit::module(&functions), functions.len() as u32));
    if linked.function(0).is_none() {
        return 0;
    }
    for (blocks, number) in numbered {
        // What was emitted before does the same.
        let _ = blocks.emitted.set((linked.clone(), number));
    }
    functions.len()
}

impl Code {
    fn out(&self) -> usize {
        match *self {
            Self::Unary(_, _, out) | Self::Binary(_, _, out) | Self::Select(_, _, out) => out,
        }
    }
}

fn arguments(instr: &Instr) -> [Option<usize>; 3] {
    match *instr {
        Instr::Load(_) => [None; 3],
        Instr::Unary(_, a) | Instr::Cast(a) => [Some(a), None, None],
        Instr::Binary(_, a, b) => [Some(a), Some(b), None],
        Instr::Select(c, a, b) => [Some(c), Some(a), Some(b)],
    }
}
