//! The table of element-wise functions: for each its name, the element types it takes, its meaning on one element,
//! its WGSL text and its derivative in tensor terms. Adding one is one row here and one row in the op table test.
//!
//! The meaning is the definition that every device is tested against; devices may compute it another way.

use crate::{DType, ir::grad::Term};
use DType::{Bool, F32, I32, U32};

/// One function of one argument.
pub struct UnaryRow {
    /// Name in prints and messages.
    pub name: &'static str,
    /// Element types it takes.
    pub types: &'static [DType],
    /// The element type of its result; `None`: that of its argument.
    pub result: Option<DType>,
    /// Its meaning on one word of the given type.
    pub eval: fn(DType, u32) -> u32,
    /// WGSL text with the argument `a`; the type's name takes the place of the `T` that ends a helper's name. Truth values are
    /// words 0 and 1. WGSL may assume NaN and infinity away, so what depends on them is a helper in `device/webgpu/kernels/`.
    pub wgsl: &'static str,
    /// The gradient for the argument from the arriving gradient, the argument and the result, or why there is none.
    pub grad: Result<fn(Term, Term, Term) -> Term, Why>,
}

/// One function of two arguments of the same type.
pub struct BinaryRow {
    /// Name in prints and messages.
    pub name: &'static str,
    /// Element types it takes.
    pub types: &'static [DType],
    /// The element type of its result; `None`: that of its arguments.
    pub result: Option<DType>,
    /// Its meaning on two words of the given type.
    pub eval: fn(DType, u32, u32) -> u32,
    /// WGSL text with the arguments `a` and `b`, spelt as in [`UnaryRow::wgsl`].
    pub wgsl: &'static str,
    /// The gradients for both arguments from the arriving gradient, the arguments and the result, or why there are none.
    pub grad: Result<BinaryRule, Why>,
}

/// The gradients for both arguments from the arriving gradient, the arguments and the result.
pub type BinaryRule = fn(Term, Term, Term, Term) -> [Term; 2];

/// Why a function has no gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is constant almost everywhere, so its gradient is zero, which a walk leaves out.
    Flat,
    /// Its result is not a number that varies with its argument.
    Discrete,
}

macro_rules! table {
    ($(#[$doc:meta])* $kind:ident, $row:ident, $list:ident: $($variant:ident $fields:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the rows name and define them")]
        pub enum $kind { $($variant),* }

        impl $kind {
            /// All of them, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The row's WGSL text, without the row: a module that only emits text has no use for the rest.
            pub fn wgsl(self) -> &'static str {
                match self { $(Self::$variant => const { ($row $fields).wgsl }),* }
            }

            /// The function's row.
            pub fn row(self) -> &'static $row {
                &$list[self as usize]
            }
        }

        static $list: &[$row] = &[$($row $fields),*];
    };
}

const FLOAT: &[DType] = &[F32];
const NUMBER: &[DType] = &[F32, I32, U32];
const SIGNED: &[DType] = &[F32, I32];
const WHOLE: &[DType] = &[I32, U32, Bool];
const ANY: &[DType] = &[F32, I32, U32, Bool];

fn f(word: u32) -> f32 {
    f32::from_bits(word)
}

/// Lifts a float function to words.
macro_rules! float {
    (|$a:ident| $body:expr) => {
        |_, $a| {
            let $a = f($a);
            f32::to_bits($body)
        }
    };
    (|$a:ident, $b:ident| $body:expr) => {
        |_, $a, $b| {
            let ($a, $b) = (f($a), f($b));
            f32::to_bits($body)
        }
    };
}

/// Lifts an expression on two values to words of any number type; the result has their type.
macro_rules! number {
    (|$a:ident, $b:ident| $float:expr, $int:expr) => {
        |t, $a, $b| match t {
            F32 => {
                let ($a, $b) = (f($a), f($b));
                f32::to_bits($float)
            }
            I32 => {
                let ($a, $b) = ($a as i32, $b as i32);
                ($int) as u32
            }
            U32 | Bool => $int,
        }
    };
}

/// Lifts a comparison to words of any type.
macro_rules! compare {
    ($op:tt) => {
        |t, a, b| match t {
            F32 => u32::from(f(a) $op f(b)),
            I32 => u32::from((a as i32) $op (b as i32)),
            U32 | Bool => u32::from(a $op b),
        }
    };
}

table! {
    /// A function of one argument; see its [`UnaryRow`].
    Unary, UnaryRow, UNARY:
    Neg { name: "neg", types: SIGNED, result: None, wgsl: "-a",
        eval: |t, a| if t == F32 { (-f(a)).to_bits() } else { (a as i32).wrapping_neg() as u32 },
        grad: Ok(|g, _, _| -g) }
    Abs { name: "abs", types: SIGNED, result: None, wgsl: "abs(a)",
        eval: |t, a| if t == F32 { f(a).abs().to_bits() } else { (a as i32).wrapping_abs() as u32 },
        grad: Ok(|g, x, _| g * x.sign()) }
    Sign { name: "sign", types: FLOAT, result: None, wgsl: "gb_sign_T(a)",
        eval: float!(|a| if a > 0.0 { 1.0 } else if a < 0.0 { -1.0 } else { a }),
        grad: Err(Why::Flat) }
    Recip { name: "recip", types: FLOAT, result: None, wgsl: "1.0 / a",
        eval: float!(|a| 1.0 / a),
        grad: Ok(|g, _, y| -(g * y.clone() * y)) }
    Sqrt { name: "sqrt", types: FLOAT, result: None, wgsl: "gb_sqrt_T(a)",
        eval: float!(|a| a.sqrt()),
        grad: Ok(|g, _, y| g * 0.5 / y) }
    Rsqrt { name: "rsqrt", types: FLOAT, result: None, wgsl: "gb_rsqrt_T(a)",
        eval: float!(|a| 1.0 / a.sqrt()),
        grad: Ok(|g, _, y| g * -0.5 * y.clone() * y.clone() * y) }
    Exp { name: "exp", types: FLOAT, result: None, wgsl: "gb_exp_T(a)",
        eval: float!(|a| a.exp()),
        grad: Ok(|g, _, y| g * y) }
    Expm1 { name: "expm1", types: FLOAT, result: None, wgsl: "gb_expm1_T(a)",
        eval: float!(|a| a.exp_m1()),
        grad: Ok(|g, _, y| g * (y + 1.0)) }
    Log { name: "log", types: FLOAT, result: None, wgsl: "gb_log_T(a)",
        eval: float!(|a| a.ln()),
        grad: Ok(|g, x, _| g / x) }
    Log1p { name: "log1p", types: FLOAT, result: None, wgsl: "gb_log1p_T(a)",
        eval: float!(|a| a.ln_1p()),
        grad: Ok(|g, x, _| g / (x + 1.0)) }
    Sin { name: "sin", types: FLOAT, result: None, wgsl: "gb_sin_T(a)",
        eval: float!(|a| a.sin()),
        grad: Ok(|g, x, _| g * x.unary(Unary::Cos)) }
    Cos { name: "cos", types: FLOAT, result: None, wgsl: "gb_cos_T(a)",
        eval: float!(|a| a.cos()),
        grad: Ok(|g, x, _| -(g * x.unary(Unary::Sin))) }
    Tan { name: "tan", types: FLOAT, result: None, wgsl: "gb_tan_T(a)",
        eval: float!(|a| a.tan()),
        grad: Ok(|g, _, y| g * (y.clone() * y + 1.0)) }
    Atan { name: "atan", types: FLOAT, result: None, wgsl: "gb_atan_T(a)",
        eval: float!(|a| a.atan()),
        grad: Ok(|g, x, _| g / (x.clone() * x + 1.0)) }
    Sinh { name: "sinh", types: FLOAT, result: None, wgsl: "gb_sinh_T(a)",
        eval: float!(|a| a.sinh()),
        grad: Ok(|g, x, _| g * x.unary(Unary::Cosh)) }
    Cosh { name: "cosh", types: FLOAT, result: None, wgsl: "gb_cosh_T(a)",
        eval: float!(|a| a.cosh()),
        grad: Ok(|g, x, _| g * x.unary(Unary::Sinh)) }
    Tanh { name: "tanh", types: FLOAT, result: None, wgsl: "gb_tanh_T(a)",
        eval: float!(|a| a.tanh()),
        grad: Ok(|g, _, y| g * (-(y.clone() * y) + 1.0)) }
    Sigmoid { name: "sigmoid", types: FLOAT, result: None, wgsl: "gb_sigmoid_T(a)",
        eval: float!(|a| if a >= 0.0 { 1.0 / (1.0 + (-a).exp()) } else { a.exp() / (1.0 + a.exp()) }),
        grad: Ok(|g, _, y| g * y.clone() * (-y + 1.0)) }
    Erf { name: "erf", types: FLOAT, result: None, wgsl: "gb_erf_T(a)",
        eval: float!(|a| libm::erff(a)),
        grad: Ok(|g, x, _| g * std::f32::consts::FRAC_2_SQRT_PI * (-(x.clone() * x)).unary(Unary::Exp)) }
    Erfc { name: "erfc", types: FLOAT, result: None, wgsl: "gb_erfc_T(a)",
        eval: float!(|a| libm::erfcf(a)),
        grad: Ok(|g, x, _| g * -std::f32::consts::FRAC_2_SQRT_PI * (-(x.clone() * x)).unary(Unary::Exp)) }
    Floor { name: "floor", types: FLOAT, result: None, wgsl: "floor(a)",
        eval: float!(|a| a.floor()),
        grad: Err(Why::Flat) }
    Ceil { name: "ceil", types: FLOAT, result: None, wgsl: "ceil(a)",
        eval: float!(|a| a.ceil()),
        grad: Err(Why::Flat) }
    Round { name: "round", types: FLOAT, result: None, wgsl: "round(a)",
        eval: float!(|a| a.round_ties_even()),
        grad: Err(Why::Flat) }
    Not { name: "not", types: WHOLE, result: None, wgsl: "gb_not_T(a)",
        eval: |t, a| if t == Bool { u32::from(a == 0) } else { !a },
        grad: Err(Why::Discrete) }
    IsNan { name: "isNan", types: FLOAT, result: Some(Bool), wgsl: "gb_isnan_T(a)",
        eval: |_, a| u32::from(f(a).is_nan()),
        grad: Err(Why::Discrete) }
    IsFinite { name: "isFinite", types: FLOAT, result: Some(Bool), wgsl: "u32((bitcast<u32>(a) & 0x7fffffffu) < 0x7f800000u)",
        eval: |_, a| u32::from(f(a).is_finite()),
        grad: Err(Why::Discrete) }
    // The argument itself, where gradients end.
    Detach { name: "detach", types: ANY, result: None, wgsl: "a",
        eval: |_, a| a,
        grad: Err(Why::Discrete) }
}

table! {
    /// A function of two arguments; see its [`BinaryRow`].
    Binary, BinaryRow, BINARY:
    Add { name: "add", types: NUMBER, result: None, wgsl: "a + b",
        eval: number!(|a, b| a + b, a.wrapping_add(b)),
        grad: Ok(|g, _, _, _| [g.clone(), g]) }
    Sub { name: "sub", types: NUMBER, result: None, wgsl: "a - b",
        eval: number!(|a, b| a - b, a.wrapping_sub(b)),
        grad: Ok(|g, _, _, _| [g.clone(), -g]) }
    Mul { name: "mul", types: NUMBER, result: None, wgsl: "a * b",
        eval: number!(|a, b| a * b, a.wrapping_mul(b)),
        grad: Ok(|g, a, b, _| [g.clone() * b, g * a]) }
    Div { name: "div", types: NUMBER, result: None, wgsl: "gb_div_T(a, b)",
        eval: number!(|a, b| a / b, a.checked_div(b).unwrap_or(0)),
        grad: Ok(|g, _, b, y| { let d = g / b; [d.clone(), -(d * y)] }) }
    // The remainder with the sign of the divisor, as in Python; 0 for a whole number by 0.
    Rem { name: "rem", types: NUMBER, result: None, wgsl: "gb_rem_T(a, b)",
        eval: number!(|a, b| a - b * (a / b).floor(), if b == 0 { 0 } else { rem_floor(i64::from(a), i64::from(b)) as _ }),
        grad: Ok(|g, a, b, _| [g.clone(), -(g * (a / b).unary(Unary::Floor))]) }
    // NaN if either is NaN. At a tie the gradient goes to the first. Where the second wins is told from the result, so that what a
    // rectifier was computed from need not be kept.
    Max { name: "maximum", types: NUMBER, result: None, wgsl: "gb_max_T(a, b)",
        eval: number!(|a, b| if a.is_nan() || a >= b { a } else { b }, a.max(b)),
        grad: Ok(|g, a, _, y| g.split(a.binary(Binary::Lt, y))) }
    Min { name: "minimum", types: NUMBER, result: None, wgsl: "gb_min_T(a, b)",
        eval: number!(|a, b| if a.is_nan() || a <= b { a } else { b }, a.min(b)),
        grad: Ok(|g, a, _, y| g.split(y.binary(Binary::Lt, a))) }
    Pow { name: "pow", types: FLOAT, result: None, wgsl: "gb_pow_T(a, b)",
        eval: float!(|a, b| a.powf(b)),
        grad: Ok(|g, a, b, y| [
            g.clone() * b.clone() * a.clone().binary(Binary::Pow, b + -1.0),
            g * y * a.clone().unary(Unary::Log).where_positive(a)]) }
    Atan2 { name: "atan2", types: FLOAT, result: None, wgsl: "gb_atan2_T(a, b)",
        eval: float!(|a, b| a.atan2(b)),
        grad: Ok(|g, a, b, _| {
            let d = g / (a.clone() * a.clone() + b.clone() * b.clone());
            [d.clone() * b, -(d * a)]
        }) }
    Eq { name: "eq", types: ANY, result: Some(Bool), wgsl: "gb_eq_T(a, b)", eval: compare!(==), grad: Err(Why::Discrete) }
    Ne { name: "ne", types: ANY, result: Some(Bool), wgsl: "gb_ne_T(a, b)", eval: compare!(!=), grad: Err(Why::Discrete) }
    Lt { name: "lt", types: NUMBER, result: Some(Bool), wgsl: "gb_lt_T(a, b)", eval: compare!(<), grad: Err(Why::Discrete) }
    Le { name: "le", types: NUMBER, result: Some(Bool), wgsl: "gb_le_T(a, b)", eval: compare!(<=), grad: Err(Why::Discrete) }
    And { name: "and", types: WHOLE, result: None, wgsl: "a & b", eval: |_, a, b| a & b, grad: Err(Why::Discrete) }
    Or { name: "or", types: WHOLE, result: None, wgsl: "a | b", eval: |_, a, b| a | b, grad: Err(Why::Discrete) }
    Xor { name: "xor", types: WHOLE, result: None, wgsl: "a ^ b", eval: |_, a, b| a ^ b, grad: Err(Why::Discrete) }
    Shl { name: "shl", types: &[U32], result: None, wgsl: "a << (b & 31u)", eval: |_, a, b| a << (b & 31), grad: Err(Why::Discrete) }
    Shr { name: "shr", types: &[U32], result: None, wgsl: "a >> (b & 31u)", eval: |_, a, b| a >> (b & 31), grad: Err(Why::Discrete) }
}

fn rem_floor(a: i64, b: i64) -> i64 {
    let r = a % b;
    if r != 0 && (r < 0) != (b < 0) { r + b } else { r }
}

/// What a cast means on one word: to a whole number truncates toward zero and saturates, to bool is "not zero".
pub fn cast(from: DType, to: DType, word: u32) -> u32 {
    match (from, to) {
        (F32, F32) | (I32 | U32 | Bool, I32 | U32) | (Bool, Bool) => word,
        (F32, I32) => f(word) as i32 as u32,
        (F32, U32) => f(word) as u32,
        (F32, Bool) => u32::from(f(word) != 0.0),
        (I32 | U32, Bool) => u32::from(word != 0),
        (I32, F32) => (word as i32 as f32).to_bits(),
        (U32 | Bool, F32) => (word as f32).to_bits(),
    }
}

/// An unsigned number in the order of the values: both zeros are equal, NaN is above all.
pub fn rank(dtype: DType, word: u32) -> u32 {
    match dtype {
        F32 if f(word).is_nan() => u32::MAX,
        F32 if f(word) == 0.0 => 1 << 31,
        F32 if word >> 31 == 1 => !word,
        F32 | I32 => word ^ 1 << 31,
        U32 | Bool => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<_> =
            Unary::ALL.iter().map(|u| u.row().name).chain(Binary::ALL.iter().map(|b| b.row().name)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn remainder_takes_the_sign_of_the_divisor() {
        let rem = |a: i32, b: i32| (Binary::Rem.row().eval)(I32, a as u32, b as u32) as i32;
        assert_eq!([rem(7, 3), rem(-7, 3), rem(7, -3), rem(-7, -3), rem(1, 0)], [1, 2, -2, -1, 0]);
    }

    #[test]
    fn ranks_are_in_the_order_of_the_values() {
        let values = [f32::NEG_INFINITY, f32::MIN, -1.0, -1e-40, -0.0, 1e-40, 1.0, f32::MAX, f32::INFINITY, f32::NAN];
        let ranks = values.map(|v| rank(F32, v.to_bits()));
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
        assert_eq!(rank(F32, 0.0f32.to_bits()), rank(F32, (-0.0f32).to_bits()));
        assert!([i32::MIN, -1, 0, i32::MAX].map(|v| rank(I32, v as u32)).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn maximum_keeps_nan() {
        let max = |a: f32, b: f32| f((Binary::Max.row().eval)(F32, a.to_bits(), b.to_bits()));
        assert!(max(f32::NAN, 1.0).is_nan() && max(1.0, f32::NAN).is_nan());
        assert_eq!(max(-1.0, 2.0), 2.0);
    }
}
