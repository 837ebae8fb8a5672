//! Vectors that are not values yet: every operation on them is noted, to become instructions of WebAssembly.

use crate::device::cpu::real::{Real, Whole};
use std::{
    cell::RefCell,
    ops::{Add, Div, Mul, Neg, Sub},
};
use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, MemArgTarget, ValType};

/// Bytes of a vector.
const VECTOR: u32 = 16;
const AT: MemArg = MemArg { offset: 0, align: 2, target: MemArgTarget::Memory(0), ordering: None };

/// A vector instruction.
pub(super) type Instruction = fn(&mut InstructionSink<'_>);

/// The instruction with this name in [`InstructionSink`].
macro_rules! op {
    ($name:ident) => {
        |code: &mut wasm_encoder::InstructionSink<'_>| {
            code.$name();
        }
    };
}
pub(super) use op;

/// How a vector is made of those before it.
#[derive(Clone, Copy)]
enum Node {
    /// The next words of the load with this number.
    Load(usize),
    /// One word in all lanes.
    Constant(u32),
    One(Instruction, u32),
    Two(Instruction, [u32; 2]),
    Three(Instruction, [u32; 3]),
    Shift(Instruction, u32, u32),
}

thread_local! {
    /// The operations noted so far, in an order in which they can be done.
    static NOTED: RefCell<Vec<Node>> = const { RefCell::new(Vec::new()) };
}

/// Four words of a vector that will be.
#[derive(Clone, Copy)]
pub(super) struct Lanes(u32);

/// Where something holds: all bits of a lane, or none.
#[derive(Clone, Copy)]
pub(super) struct Mask(Lanes);

/// The same lanes, taken for whole numbers.
#[derive(Clone, Copy)]
pub(super) struct Words(Lanes);

/// What has been noted.
pub(super) struct Body(Vec<Node>);

#[inline(never)]
fn note(node: Node) -> Lanes {
    NOTED.with_borrow_mut(|nodes| {
        nodes.push(node);
        Lanes(nodes.len() as u32 - 1)
    })
}

/// The words of a load.
pub(super) fn load(number: usize) -> Lanes {
    note(Node::Load(number))
}

/// One word in all lanes.
#[inline(never)]
pub(super) fn constant(word: u32) -> Lanes {
    note(Node::Constant(word))
}

impl Body {
    /// What this thread does until its values are made; with the values.
    pub(super) fn of<T>(values: impl FnOnce() -> Option<T>) -> Option<(Self, T)> {
        NOTED.with_borrow_mut(Vec::clear);
        let values = values();
        let noted = NOTED.take();
        Some((Self(noted), values?))
    }

    /// A function of two arguments: where the addresses lie, those of the outputs and then of each load, and how many vectors
    /// to write, at least one. Loads that are `uniform` give their first word again and again.
    pub(super) fn function(&self, results: &[Lanes], uniform: &[bool]) -> Function {
        const ADDRESSES: u32 = 0;
        const VECTORS: u32 = 1;
        const OUT: u32 = 2;
        let outputs = results.len() as u32;
        let loads = OUT + outputs;
        let nodes = &self.0;
        let pointers = uniform.len() as u32 + outputs;
        let value = |node: u32| OUT + pointers + node;
        let mut function = Function::new([(pointers, ValType::I32), (nodes.len() as u32, ValType::V128)]);
        let mut code = function.instructions();
        for i in 0..pointers {
            code.local_get(ADDRESSES).i32_load(MemArg { offset: 4 * u64::from(i), ..AT }).local_set(OUT + i);
        }
        let once = |node: &Node| match *node {
            Node::Constant(_) => true,
            Node::Load(load) => uniform[load],
            _ => false,
        };
        let of = |code: &mut InstructionSink<'_>, arguments: &[u32], instruction: Instruction| {
            arguments.iter().for_each(|&argument| {
                code.local_get(value(argument));
            });
            instruction(code);
        };
        let put = |code: &mut InstructionSink<'_>, (i, node): (usize, &Node)| {
            match *node {
                Node::Load(load) if uniform[load] => drop(code.local_get(loads + load as u32).v128_load32_splat(AT)),
                Node::Load(load) => drop(code.local_get(loads + load as u32).v128_load(AT)),
                Node::Constant(word) => drop(code.v128_const(bytemuck::cast([word; 4]))),
                Node::One(instruction, a) => of(code, &[a], instruction),
                Node::Two(instruction, a) => of(code, &a, instruction),
                Node::Three(instruction, a) => of(code, &a, instruction),
                Node::Shift(instruction, a, bits) => instruction(code.local_get(value(a)).i32_const(bits as i32)),
            };
            code.local_set(value(i as u32));
        };
        nodes.iter().enumerate().filter(|(_, node)| once(node)).for_each(|node| put(&mut code, node));
        code.loop_(BlockType::Empty);
        nodes.iter().enumerate().filter(|(_, node)| !once(node)).for_each(|node| put(&mut code, node));
        for (i, result) in (OUT..).zip(results) {
            code.local_get(i).local_get(value(result.0)).v128_store(AT);
        }
        for i in (0..pointers).filter(|&i| i < outputs || !uniform[(i - outputs) as usize]) {
            code.local_get(OUT + i).i32_const(VECTOR as i32).i32_add().local_set(OUT + i);
        }
        code.local_get(VECTORS).i32_const(1).i32_sub().local_tee(VECTORS).br_if(0);
        code.end().end();
        function
    }
}

impl Lanes {
    #[inline(never)]
    pub(super) fn apply(self, instruction: Instruction) -> Self {
        note(Node::One(instruction, self.0))
    }
    #[inline(never)]
    pub(super) fn with(self, instruction: Instruction, other: Self) -> Self {
        note(Node::Two(instruction, [self.0, other.0]))
    }
    /// Shifted by so many bits.
    #[inline(never)]
    pub(super) fn shift(self, instruction: Instruction, bits: u32) -> Self {
        note(Node::Shift(instruction, self.0, bits))
    }
    /// Where an instruction compares as true.
    pub(super) fn compare(self, instruction: Instruction, other: Self) -> Mask {
        Mask(self.with(instruction, other))
    }
    /// The word that it is in all lanes, if that is known.
    pub(super) fn known(self) -> Option<u32> {
        NOTED.with_borrow(|nodes| match nodes[self.0 as usize] {
            Node::Constant(word) => Some(word),
            _ => None,
        })
    }
}

impl Mask {
    /// `yes` where it holds, else `no`.
    #[inline(never)]
    pub(super) fn select(self, yes: Lanes, no: Lanes) -> Lanes {
        if no.known() == Some(0) {
            return yes.with(op!(v128_and), self.0);
        }
        if yes.known() == Some(0) {
            return no.with(op!(v128_andnot), self.0);
        }
        note(Node::Three(op!(v128_bitselect), [yes.0, no.0, self.0.0]))
    }
    /// Where either holds.
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0.with(op!(v128_or), other.0))
    }
    /// Where it does not hold.
    pub(super) fn not(self) -> Self {
        Self(self.0.apply(op!(v128_not)))
    }
    /// A word where it holds, 0 elsewhere.
    pub(super) fn word(self, word: u32) -> Lanes {
        self.0.with(op!(v128_and), constant(word))
    }
}

/// An operator between lanes, and between lanes and a constant.
macro_rules! operator {
    ($trait:ident, $method:ident, $instruction:ident) => {
        impl $trait for Lanes {
            type Output = Self;
            #[inline(never)]
            fn $method(self, other: Self) -> Self {
                self.with(op!($instruction), other)
            }
        }
        impl $trait<f32> for Lanes {
            type Output = Self;
            #[inline(never)]
            fn $method(self, other: f32) -> Self {
                self.with(op!($instruction), constant(other.to_bits()))
            }
        }
    };
}

operator!(Add, add, f32x4_add);
operator!(Sub, sub, f32x4_sub);
operator!(Mul, mul, f32x4_mul);
operator!(Div, div, f32x4_div);

impl Neg for Lanes {
    type Output = Self;
    fn neg(self) -> Self {
        self.apply(op!(f32x4_neg))
    }
}

impl Real for Lanes {
    type Whole = Words;
    type Truth = Mask;

    fn constant(self, value: f32) -> Self {
        constant(value.to_bits())
    }
    fn abs(self) -> Self {
        self.apply(op!(f32x4_abs))
    }
    fn copysign(self, sign: Self) -> Self {
        Mask(constant(1 << 31)).select(sign, self)
    }
    fn at_least(self, bound: f32) -> Self {
        self.with(op!(f32x4_pmax), self.constant(bound))
    }
    fn at_most(self, bound: f32) -> Self {
        self.with(op!(f32x4_pmin), self.constant(bound))
    }
    fn is_below(self, bound: f32) -> Mask {
        self.compare(op!(f32x4_lt), self.constant(bound))
    }
    fn is_above(self, bound: f32) -> Mask {
        self.compare(op!(f32x4_gt), self.constant(bound))
    }
    fn is(self, value: f32) -> Mask {
        self.compare(op!(f32x4_eq), self.constant(value))
    }
    fn where_true(self, truth: Mask, other: Self) -> Self {
        truth.select(self, other)
    }
    fn bits(self) -> Words {
        Words(self)
    }
}

impl Whole for Words {
    type Real = Lanes;

    fn plus(self, value: i32) -> Self {
        Self(self.0.with(op!(i32x4_add), constant(value as u32)))
    }
    fn minus(self, other: Self) -> Self {
        Self(self.0.with(op!(i32x4_sub), other.0))
    }
    fn and(self, mask: i32) -> Self {
        Self(self.0.with(op!(v128_and), constant(mask as u32)))
    }
    fn shifted_left(self, bits: u32) -> Self {
        Self(self.0.shift(op!(i32x4_shl), bits))
    }
    fn shifted_right(self, bits: u32) -> Self {
        Self(self.0.shift(op!(i32x4_shr_s), bits))
    }
    fn to_real(self) -> Lanes {
        self.0.apply(op!(f32x4_convert_i32x4_s))
    }
    fn float(self) -> Lanes {
        self.0
    }
}
