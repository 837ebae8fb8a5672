//! The instructions of expressions on lanes, to the bit what the loops of [`super::super::scalar`] compute.

use super::lanes::{Instruction, Lanes, Mask, constant, op};
use crate::{
    DType,
    device::cpu::{math, real::Real},
    ir::{Binary, Unary},
    plan::Instr,
};
use DType::{Bool, F32, I32, U32};

/// The value of a register: words, or bools that are still a mask.
#[derive(Clone, Copy)]
enum Value {
    Words(Lanes),
    Mask(Mask),
}

impl Value {
    fn words(self) -> Lanes {
        match self {
            Self::Words(lanes) => lanes,
            Self::Mask(mask) => mask.word(1),
        }
    }
    fn mask(self) -> Mask {
        match self {
            Self::Words(lanes) => lanes.compare(op!(i32x4_ne), constant(0)),
            Self::Mask(mask) => mask,
        }
    }
}

/// The values of some registers of an expression; all have these types. `load` gives the loads. None: one of the instructions
/// is not here.
pub(super) fn values(
    instrs: &[Instr],
    types: &[DType],
    registers: &[usize],
    load: impl Fn(usize) -> Lanes,
) -> Option<Vec<Lanes>> {
    let mut values: Vec<Value> = Vec::with_capacity(instrs.len());
    for (i, instr) in instrs.iter().enumerate() {
        let value = match *instr {
            Instr::Load(number) => Value::Words(load(number)),
            Instr::Unary(function, a) => unary(function, types[a], values[a])?,
            Instr::Binary(function, a, b) => binary(function, types[a], values[a], values[b])?,
            Instr::Cast(a) => cast(types[a], types[i], values[a]),
            Instr::Select(c, a, b) => Value::Words(values[c].mask().select(values[a].words(), values[b].words())),
        };
        values.push(value);
    }
    registers.iter().map(|&register| values.get(register).map(|value| value.words())).collect()
}

fn unary(function: Unary, dtype: DType, value: Value) -> Option<Value> {
    if let (Unary::Not, Bool) = (function, dtype) {
        return Some(Value::Mask(value.mask().not()));
    }
    if let Unary::Detach = function {
        return Some(value);
    }
    let a = value.words();
    let lanes = match (function, dtype) {
        (Unary::Neg, F32) => -a,
        (Unary::Neg, I32) => a.apply(op!(i32x4_neg)),
        (Unary::Abs, F32) => a.abs(),
        (Unary::Abs, I32) => a.apply(op!(i32x4_abs)),
        (Unary::Sign, F32) => {
            let positive = a.constant(1.0).where_true(a.is_above(0.0), a);
            a.constant(-1.0).where_true(a.is_below(0.0), positive)
        }
        (Unary::Recip, F32) => a.recip(),
        (Unary::Sqrt, F32) => a.apply(op!(f32x4_sqrt)),
        (Unary::Rsqrt, F32) => a.apply(op!(f32x4_sqrt)).recip(),
        (Unary::Exp, F32) => math::exp(a),
        (Unary::Expm1, F32) => math::expm1(a),
        (Unary::Log, F32) => math::log(a),
        (Unary::Log1p, F32) => math::log1p(a),
        (Unary::Tanh, F32) => math::tanh(a),
        (Unary::Sigmoid, F32) => math::sigmoid(a),
        (Unary::Erf, F32) => math::erf(a),
        (Unary::Floor, F32) => a.apply(op!(f32x4_floor)),
        (Unary::Ceil, F32) => a.apply(op!(f32x4_ceil)),
        (Unary::Round, F32) => a.apply(op!(f32x4_nearest)),
        (Unary::IsFinite, F32) => {
            let magnitude = a.with(op!(v128_and), constant(0x7fff_ffff));
            return Some(Value::Mask(magnitude.compare(op!(i32x4_lt_s), a.constant(f32::INFINITY))));
        }
        (Unary::IsNan, F32) => return Some(Value::Mask(is_nan(a))),
        (Unary::Not, I32 | U32) => a.apply(op!(v128_not)),
        _ => return None,
    };
    Some(Value::Words(lanes))
}

fn binary(function: Binary, dtype: DType, a: Value, b: Value) -> Option<Value> {
    let (a, b) = (a.words(), b.words());
    let compare = |instruction: Instruction| Some(Value::Mask(a.compare(instruction, b)));
    let lanes = match (function, dtype) {
        (Binary::Add, F32) => a + b,
        (Binary::Sub, F32) => a - b,
        (Binary::Mul, F32) => a * b,
        (Binary::Div, F32) => a / b,
        (Binary::Max, F32) => or_nan(a, a.compare(op!(f32x4_ge), b)).select(a, b),
        (Binary::Min, F32) => or_nan(a, a.compare(op!(f32x4_le), b)).select(a, b),
        (Binary::Eq, F32) => return compare(op!(f32x4_eq)),
        (Binary::Ne, F32) => return compare(op!(f32x4_ne)),
        (Binary::Lt, F32) => return compare(op!(f32x4_lt)),
        (Binary::Le, F32) => return compare(op!(f32x4_le)),
        (Binary::Add, I32 | U32) => a.with(op!(i32x4_add), b),
        (Binary::Sub, I32 | U32) => a.with(op!(i32x4_sub), b),
        (Binary::Mul, I32 | U32) => a.with(op!(i32x4_mul), b),
        (Binary::Max, I32) => a.with(op!(i32x4_max_s), b),
        (Binary::Min, I32) => a.with(op!(i32x4_min_s), b),
        (Binary::Max, U32) => a.with(op!(i32x4_max_u), b),
        (Binary::Min, U32) => a.with(op!(i32x4_min_u), b),
        (Binary::Eq, I32 | U32 | Bool) => return compare(op!(i32x4_eq)),
        (Binary::Ne, I32 | U32 | Bool) => return compare(op!(i32x4_ne)),
        (Binary::Lt, I32) => return compare(op!(i32x4_lt_s)),
        (Binary::Le, I32) => return compare(op!(i32x4_le_s)),
        (Binary::Lt, U32 | Bool) => return compare(op!(i32x4_lt_u)),
        (Binary::Le, U32 | Bool) => return compare(op!(i32x4_le_u)),
        (Binary::And, _) => a.with(op!(v128_and), b),
        (Binary::Or, _) => a.with(op!(v128_or), b),
        (Binary::Xor, _) => a.with(op!(v128_xor), b),
        (Binary::Shl, _) => a.shift(op!(i32x4_shl), b.known()?),
        (Binary::Shr, _) => a.shift(op!(i32x4_shr_u), b.known()?),
        _ => return None,
    };
    Some(Value::Words(lanes))
}

fn cast(from: DType, to: DType, value: Value) -> Value {
    let a = value.words();
    Value::Words(match (from, to) {
        (F32, I32) => a.apply(op!(i32x4_trunc_sat_f32x4_s)),
        (F32, U32) => a.apply(op!(i32x4_trunc_sat_f32x4_u)),
        (F32, Bool) => return Value::Mask(a.compare(op!(f32x4_ne), a.constant(0.0))),
        (I32, F32) => a.apply(op!(f32x4_convert_i32x4_s)),
        (U32, F32) => a.apply(op!(f32x4_convert_i32x4_u)),
        (Bool, F32) => match value {
            Value::Mask(mask) => mask.word(1.0f32.to_bits()),
            Value::Words(a) => a.apply(op!(f32x4_convert_i32x4_u)),
        },
        (I32 | U32, Bool) => return Value::Mask(value.mask()),
        (F32, F32) | (I32 | U32 | Bool, I32 | U32) => a,
        (Bool, Bool) => return value,
    })
}

fn is_nan(a: Lanes) -> Mask {
    a.compare(op!(f32x4_ne), a)
}

/// Where a mask holds or `a` is NaN.
fn or_nan(a: Lanes, mask: Mask) -> Mask {
    if a.known().is_some_and(|word| !f32::from_bits(word).is_nan()) { mask } else { mask.or(is_nan(a)) }
}
