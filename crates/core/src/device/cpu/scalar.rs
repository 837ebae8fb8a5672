//! The scalar table as loops over blocks of words: one function per operation, element type and instruction set.
//!
//! What is common in training is written as a loop that the compiler vectorises, with the functions of [`super::math`];
//! everything else calls the table's own definition for each element, so a new row works here at once. In wasm what runs
//! often is emitted ([`super::emit`]), and only arithmetic and choices have loops: others would weigh more than they save.

use super::math;
use super::simd::Level;
use crate::{
    DType,
    ir::{Binary, Unary, scalar},
};
use DType::{Bool, F32, I32, U32};

/// Whether what runs often is emitted.
const EMITS: bool = cfg!(target_arch = "wasm32");

/// Writes the second block where the first (bool) is 1, else the third.
pub(crate) type SelectLoop = fn(&mut [u32], &[u32], &[u32], &[u32]);

/// A function of one argument over blocks of the same length.
#[derive(Clone, Copy)]
pub(crate) enum Kernel1 {
    Loop(fn(&mut [u32], &[u32])),
    #[cfg(target_arch = "wasm32")]
    Each(fn(f32) -> f32),
    Table(fn(DType, u32) -> u32, DType),
    Cast(DType, DType),
}

/// A function of two arguments over blocks of the same length.
#[derive(Clone, Copy)]
pub(crate) enum Kernel2 {
    Loop(fn(&mut [u32], &[u32], &[u32])),
    Table(fn(DType, u32, u32) -> u32, DType),
}

impl Kernel1 {
    /// Computes a block.
    #[inline]
    pub(crate) fn run(self, out: &mut [u32], a: &[u32]) {
        match self {
            Self::Loop(run) => run(out, a),
            #[cfg(target_arch = "wasm32")]
            Self::Each(function) => {
                out.iter_mut().zip(a).for_each(|(out, &a)| *out = function(f32::from_bits(a)).to_bits());
            }
            Self::Table(eval, dtype) => out.iter_mut().zip(a).for_each(|(out, &a)| *out = eval(dtype, a)),
            Self::Cast(from, to) => out.iter_mut().zip(a).for_each(|(out, &a)| *out = scalar::cast(from, to, a)),
        }
    }
}

impl Kernel2 {
    /// Computes a block.
    #[inline]
    pub(crate) fn run(self, out: &mut [u32], a: &[u32], b: &[u32]) {
        match self {
            Self::Loop(run) => run(out, a, b),
            Self::Table(eval, dtype) => {
                out.iter_mut().zip(a).zip(b).for_each(|((out, &a), &b)| *out = eval(dtype, a, b));
            }
        }
    }
}

/// A value that a word stands for.
trait Word: Copy {
    fn from_word(word: u32) -> Self;
    fn into_word(self) -> u32;
}

impl Word for f32 {
    #[inline(always)]
    fn from_word(word: u32) -> Self {
        Self::from_bits(word)
    }
    #[inline(always)]
    fn into_word(self) -> u32 {
        self.to_bits()
    }
}

impl Word for i32 {
    #[inline(always)]
    fn from_word(word: u32) -> Self {
        word as Self
    }
    #[inline(always)]
    fn into_word(self) -> u32 {
        self as u32
    }
}

impl Word for u32 {
    #[inline(always)]
    fn from_word(word: u32) -> Self {
        word
    }
    #[inline(always)]
    fn into_word(self) -> u32 {
        self
    }
}

impl Word for bool {
    #[inline(always)]
    fn from_word(word: u32) -> Self {
        word != 0
    }
    #[inline(always)]
    fn into_word(self) -> u32 {
        u32::from(self)
    }
}

/// The loop of a closure over blocks, compiled for a level.
macro_rules! each {
    ($level:expr, |$($arg:ident: $ty:ty),+| $body:expr) => {{
        #[inline(always)]
        fn body(out: &mut [u32], $($arg: &[u32]),+) {
            $(let $arg = &$arg[..out.len()];)+
            for (i, out) in out.iter_mut().enumerate() {
                $(let $arg = <$ty as Word>::from_word($arg[i]);)+
                *out = Word::into_word($body);
            }
        }
        fn base(out: &mut [u32], $($arg: &[u32]),+) {
            body(out, $($arg),+);
        }
        #[cfg(target_arch = "x86_64")]
        fn wide(out: &mut [u32], $($arg: &[u32]),+) {
            #[target_feature(enable = "avx2,fma")]
            fn avx2(out: &mut [u32], $($arg: &[u32]),+) {
                body(out, $($arg),+);
            }
            // SAFETY: it is only chosen at a level that the machine has.
            unsafe { avx2(out, $($arg),+) }
        }
        match $level {
            Level::Base => base,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => wide,
        }
    }};
}

/// The loop of an elementary function. In wasm what runs often is emitted, so the rest may be one small call an element.
macro_rules! elementary {
    ($level:expr, $function:path) => {{
        #[cfg(target_arch = "wasm32")]
        let kernel = Kernel1::Each($function);
        #[cfg(not(target_arch = "wasm32"))]
        let kernel = Kernel1::Loop(each!($level, |a: f32| $function(a)));
        kernel
    }};
}

/// The kernel of a function of one argument.
pub(crate) fn unary(level: Level, function: Unary, dtype: DType) -> Kernel1 {
    match (function, dtype) {
        (Unary::Exp, F32) => elementary!(level, math::exp),
        (Unary::Expm1, F32) => elementary!(level, math::expm1),
        (Unary::Log, F32) => elementary!(level, math::log),
        (Unary::Log1p, F32) => elementary!(level, math::log1p),
        (Unary::Tanh, F32) => elementary!(level, math::tanh),
        (Unary::Sigmoid, F32) => elementary!(level, math::sigmoid),
        (Unary::Erf, F32) => elementary!(level, math::erf),
        _ => simple(level, function, dtype),
    }
}

/// Whether a function takes some ten instructions, and not one or two.
pub(crate) fn is_elementary(function: Unary) -> bool {
    use Unary::{Erf, Exp, Expm1, Log, Log1p, Sigmoid, Tanh};
    matches!(function, Erf | Exp | Expm1 | Log | Log1p | Sigmoid | Tanh)
}

/// The same for the other functions.
fn simple(level: Level, function: Unary, dtype: DType) -> Kernel1 {
    if EMITS {
        return Kernel1::Table(function.row().eval, dtype);
    }
    Kernel1::Loop(match (function, dtype) {
        (Unary::Neg, F32) => each!(level, |a: f32| -a),
        (Unary::Abs, F32) => each!(level, |a: f32| a.abs()),
        (Unary::Sign, F32) => each!(level, |a: f32| {
            let positive = if a > 0.0 { 1.0 } else { a };
            if a < 0.0 { -1.0 } else { positive }
        }),
        (Unary::Recip, F32) => each!(level, |a: f32| 1.0 / a),
        (Unary::Sqrt, F32) => each!(level, |a: f32| a.sqrt()),
        (Unary::Rsqrt, F32) => each!(level, |a: f32| 1.0 / a.sqrt()),
        (Unary::IsNan, F32) => each!(level, |a: f32| a.is_nan()),
        (Unary::Not, Bool) => each!(level, |a: bool| !a),
        (function, dtype) => return Kernel1::Table(function.row().eval, dtype),
    })
}

/// The kernel of a function of two arguments of a type.
pub(crate) fn binary(level: Level, function: Binary, dtype: DType) -> Kernel2 {
    match (function, dtype) {
        (Binary::Add, F32) => Kernel2::Loop(each!(level, |a: f32, b: f32| a + b)),
        (Binary::Sub, F32) => Kernel2::Loop(each!(level, |a: f32, b: f32| a - b)),
        (Binary::Mul, F32) => Kernel2::Loop(each!(level, |a: f32, b: f32| a * b)),
        (Binary::Div, F32) => Kernel2::Loop(each!(level, |a: f32, b: f32| a / b)),
        _ if EMITS => Kernel2::Table(function.row().eval, dtype),
        _ => not_arithmetic(level, function, dtype),
    }
}

/// The same for the other functions.
fn not_arithmetic(level: Level, function: Binary, dtype: DType) -> Kernel2 {
    Kernel2::Loop(match (function, dtype) {
        (Binary::Max, F32) => each!(level, |a: f32, b: f32| if a.is_nan() || a >= b { a } else { b }),
        (Binary::Min, F32) => each!(level, |a: f32, b: f32| if a.is_nan() || a <= b { a } else { b }),
        (Binary::Eq, F32) => each!(level, |a: f32, b: f32| a == b),
        (Binary::Ne, F32) => each!(level, |a: f32, b: f32| a != b),
        (Binary::Lt, F32) => each!(level, |a: f32, b: f32| a < b),
        (Binary::Le, F32) => each!(level, |a: f32, b: f32| a <= b),
        (Binary::Add, I32 | U32) => each!(level, |a: u32, b: u32| a.wrapping_add(b)),
        (Binary::Sub, I32 | U32) => each!(level, |a: u32, b: u32| a.wrapping_sub(b)),
        (Binary::Mul, I32 | U32) => each!(level, |a: u32, b: u32| a.wrapping_mul(b)),
        (Binary::Eq, I32 | U32 | Bool) => each!(level, |a: u32, b: u32| a == b),
        (Binary::Ne, I32 | U32 | Bool) => each!(level, |a: u32, b: u32| a != b),
        (Binary::Lt, I32) => each!(level, |a: i32, b: i32| a < b),
        (Binary::Le, I32) => each!(level, |a: i32, b: i32| a <= b),
        (Binary::Lt, U32 | Bool) => each!(level, |a: u32, b: u32| a < b),
        (Binary::Le, U32 | Bool) => each!(level, |a: u32, b: u32| a <= b),
        (Binary::And, _) => each!(level, |a: u32, b: u32| a & b),
        (Binary::Or, _) => each!(level, |a: u32, b: u32| a | b),
        (Binary::Xor, _) => each!(level, |a: u32, b: u32| a ^ b),
        (Binary::Shl, _) => each!(level, |a: u32, b: u32| a << (b & 31)),
        (Binary::Shr, _) => each!(level, |a: u32, b: u32| a >> (b & 31)),
        (function, dtype) => return Kernel2::Table(function.row().eval, dtype),
    })
}

/// The kernel of a cast that changes words.
pub(crate) fn cast(level: Level, from: DType, to: DType) -> Kernel1 {
    if EMITS {
        return Kernel1::Cast(from, to);
    }
    Kernel1::Loop(match (from, to) {
        (F32, I32) => each!(level, |a: f32| a as i32),
        (F32, U32) => each!(level, |a: f32| a as u32),
        (F32, Bool) => each!(level, |a: f32| a != 0.0),
        (I32, F32) => each!(level, |a: i32| a as f32),
        (U32 | Bool, F32) => each!(level, |a: u32| a as f32),
        (I32 | U32, Bool) => each!(level, |a: u32| a != 0),
        (from, to) => return Kernel1::Cast(from, to),
    })
}

/// Whether a cast leaves every word as it is.
pub(crate) fn cast_keeps_words(from: DType, to: DType) -> bool {
    from == to || (from != F32 && matches!(to, I32 | U32))
}

/// `out = if condition { a } else { b }`.
pub(crate) fn select(level: Level) -> SelectLoop {
    each!(level, |condition: bool, a: u32, b: u32| if condition { a } else { b })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::cpu::testing::Lcg;

    fn words(dtype: DType) -> Vec<u32> {
        let special =
            [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-40, 3e9, -3e9, 1e38, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        let mut rng = Lcg::new(3);
        match dtype {
            F32 => special.into_iter().chain(rng.floats(300).into_iter().map(|x| x * 8.0)).map(f32::to_bits).collect(),
            I32 => (-20i32..20).chain([i32::MIN, i32::MAX]).map(|x| x as u32).collect(),
            U32 => (0..40).chain([u32::MAX, 1 << 31]).collect(),
            Bool => vec![0, 1],
        }
    }

    /// Floats up to a relative error, everything else exactly.
    fn same(dtype: DType, got: u32, want: u32) -> bool {
        let (x, y) = (f32::from_bits(got), f32::from_bits(want));
        got == want
            || dtype == F32 && ((x.is_nan() && y.is_nan()) || x == y || (x - y).abs() <= 1e-6 * y.abs().max(1e-37))
    }

    #[test]
    fn every_function_is_the_table_s() {
        for level in Level::available() {
            for &function in Unary::ALL {
                for &dtype in function.row().types {
                    let a = words(dtype);
                    let mut out = vec![9; a.len()];
                    unary(level, function, dtype).run(&mut out, &a);
                    let result = function.row().result.unwrap_or(dtype);
                    for (&a, &got) in a.iter().zip(&out) {
                        let want = (function.row().eval)(dtype, a);
                        assert!(same(result, got, want), "{function:?} {dtype} {a:#x}: {got:#x} not {want:#x}");
                    }
                }
            }
            for &function in Binary::ALL {
                for &dtype in function.row().types {
                    let all = words(dtype);
                    for (i, &b) in all.iter().enumerate().take(60) {
                        let b = vec![b; all.len()];
                        let mut out = vec![9; all.len()];
                        binary(level, function, dtype).run(&mut out, &all, &b);
                        let result = function.row().result.unwrap_or(dtype);
                        for (&a, &got) in all.iter().zip(&out) {
                            let want = (function.row().eval)(dtype, a, b[0]);
                            assert!(same(result, got, want), "{function:?} {dtype} {a:#x} {i}: {got:#x} not {want:#x}");
                        }
                    }
                }
            }
            for from in DType::ALL {
                for to in DType::ALL {
                    let a = words(from);
                    let mut out = a.clone();
                    if !cast_keeps_words(from, to) {
                        cast(level, from, to).run(&mut out, &a);
                    }
                    let want: Vec<u32> = a.iter().map(|&a| scalar::cast(from, to, a)).collect();
                    assert_eq!(out, want, "{from} to {to}");
                }
            }
        }
    }
}
