//! Element by element: arithmetic with broadcasting, functions of one argument, comparisons, choices and casts.
//!
//! Two shapes broadcast when their sizes, counted from the last axis, are equal or 1; both inputs have one element type.

use crate::{
    DType, Error, Result, Tensor,
    ir::{Binary, Op, Unary},
};

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident: $row:ident;)*) => {
        impl Tensor {
            $($(#[$doc])* pub fn $name(&self) -> Result<Self> {
                self.unary(Unary::$row)
            })*
        }
    };
}

unary! {
    /// −x, f32 or i32.
    neg: Neg;
    /// |x|, f32 or i32; gradient 0 at 0.
    abs: Abs;
    /// −1, 0 or 1 by the sign; gradient 0.
    sign: Sign;
    /// 1/x.
    reciprocal: Recip;
    /// √x; NaN below 0.
    sqrt: Sqrt;
    /// 1/√x.
    rsqrt: Rsqrt;
    /// eˣ.
    exp: Exp;
    /// eˣ − 1, exact near 0.
    expm1: Expm1;
    /// The natural logarithm; −∞ at 0, NaN below.
    log: Log;
    /// ln(1 + x), exact near 0.
    log1p: Log1p;
    /// The sine of an angle in radians.
    sin: Sin;
    /// The cosine of an angle in radians.
    cos: Cos;
    /// The tangent of an angle in radians.
    tan: Tan;
    /// The angle in radians, −π/2…π/2, whose tangent is x.
    atan: Atan;
    /// The hyperbolic sine.
    sinh: Sinh;
    /// The hyperbolic cosine.
    cosh: Cosh;
    /// The hyperbolic tangent (course section 1.6.5).
    tanh: Tanh;
    /// 1/(1 + e⁻ˣ), stable for large |x| (course section 1.6.2).
    sigmoid: Sigmoid;
    /// The error function.
    erf: Erf;
    /// 1 − erf(x), exact for large x.
    erfc: Erfc;
    /// The largest whole number that is not above; gradient 0.
    floor: Floor;
    /// The smallest whole number that is not below; gradient 0.
    ceil: Ceil;
    /// The nearest whole number, halves to the even one; gradient 0.
    round: Round;
    /// Whether it is not a number (bool).
    isnan: IsNan;
    /// Whether it is neither infinite nor not a number (bool).
    isfinite: IsFinite;
    /// The value, through which no gradient passes.
    detach: Detach;
    /// 1 where 0, and the other way round: bool; of whole numbers, all bits.
    logical_not: Not;
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident, $scalar:ident: $row:ident;)*) => {
        impl Tensor {
            $($(#[$doc])* ///
            /// Errors: shapes that do not broadcast, different element types.
            pub fn $name(&self, other: &Self) -> Result<Self> {
                self.binary(stringify!($name), Binary::$row, other)
            }

            /// The same with one number.
            pub fn $scalar(&self, value: impl Into<f64>) -> Result<Self> {
                self.$name(&self.operand(stringify!($scalar), value.into())?)
            })*
        }
    };
}

binary! {
    /// a + b.
    add, add_scalar: Add;
    /// a − b.
    sub, sub_scalar: Sub;
    /// a · b.
    mul, mul_scalar: Mul;
    /// a / b; whole numbers truncate, and give 0 by 0.
    div, div_scalar: Div;
    /// The remainder with the sign of b, as in Python.
    rem, rem_scalar: Rem;
    /// The larger; NaN if either is. At a tie the gradient goes to the first.
    maximum, maximum_scalar: Max;
    /// The smaller; NaN if either is. At a tie the gradient goes to the first.
    minimum, minimum_scalar: Min;
    /// The angle in radians, −π…π, of the point (b, a).
    atan2, atan2_scalar: Atan2;
    /// Whether they are equal (bool).
    eq, eq_scalar: Eq;
    /// Whether they differ (bool).
    ne, ne_scalar: Ne;
    /// Whether a < b (bool).
    lt, lt_scalar: Lt;
    /// Whether a ≤ b (bool).
    le, le_scalar: Le;
}

impl Tensor {
    /// Whether a > b (bool).
    pub fn gt(&self, other: &Self) -> Result<Self> {
        other.binary("gt", Binary::Lt, self)
    }

    /// Whether x is larger than one number (bool).
    pub fn gt_scalar(&self, value: impl Into<f64>) -> Result<Self> {
        self.gt(&self.operand("gt_scalar", value.into())?)
    }

    /// Whether a ≥ b (bool).
    pub fn ge(&self, other: &Self) -> Result<Self> {
        other.binary("ge", Binary::Le, self)
    }

    /// Whether x is at least one number (bool).
    pub fn ge_scalar(&self, value: impl Into<f64>) -> Result<Self> {
        self.ge(&self.operand("ge_scalar", value.into())?)
    }

    /// aᵇ.
    pub fn pow(&self, exponent: &Self) -> Result<Self> {
        self.binary("pow", Binary::Pow, exponent)
    }

    /// xᵖ for one number p; small whole and half powers as products and roots, so that they hold for x ≤ 0 too.
    pub fn pow_scalar(&self, exponent: impl Into<f64>) -> Result<Self> {
        let exponent = exponent.into();
        match exponent {
            0.0 => Ok(self.ones_like()),
            0.5 => self.sqrt(),
            1.0 => Ok(self.clone()),
            2.0 => self.square(),
            3.0 => self.square()?.mul(self),
            4.0 => self.square()?.square(),
            -0.5 => self.rsqrt(),
            -1.0 => self.reciprocal(),
            -2.0 => self.square()?.reciprocal(),
            _ => self.pow(&self.operand("pow_scalar", exponent)?),
        }
    }

    /// A number divided by x.
    pub fn scalar_div(&self, numerator: impl Into<f64>) -> Result<Self> {
        self.operand("div", numerator.into())?.div(self)
    }

    /// A number minus x.
    pub fn scalar_sub(&self, from: impl Into<f64>) -> Result<Self> {
        self.operand("sub", from.into())?.sub(self)
    }

    /// x².
    pub fn square(&self) -> Result<Self> {
        self.mul(self)
    }

    /// The logarithm to base 2.
    pub fn log2(&self) -> Result<Self> {
        self.log()?.mul_scalar(std::f64::consts::LOG2_E)
    }

    /// The logarithm to base 10.
    pub fn log10(&self) -> Result<Self> {
        self.log()?.mul_scalar(std::f64::consts::LOG10_E)
    }

    /// ln(eᵃ + eᵇ) without overflow (torch.logaddexp); infinities give what the limit is.
    ///
    /// Errors: shapes that do not broadcast, other types than f32.
    pub fn logaddexp(&self, other: &Self) -> Result<Self> {
        let largest = self.maximum(other)?.detach()?;
        let shift = largest.isfinite()?.where_(&largest, &largest.zeros_like())?;
        self.sub(&shift)?.exp()?.add(&other.sub(&shift)?.exp()?)?.log()?.add(&shift)
    }

    /// Limited to `low`…`high`; the gradient is 1 inside and at the bounds, 0 outside.
    ///
    /// Errors: `low` above `high`.
    pub fn clip(&self, low: impl Into<f64>, high: impl Into<f64>) -> Result<Self> {
        let (low, high) = (low.into(), high.into());
        if low > high {
            return Err(Error::argument("clip", format!("the lower bound {low} is above the upper bound {high}")));
        }
        self.maximum_scalar(low)?.minimum_scalar(high)
    }

    /// Both (bool; of whole numbers, bit by bit).
    pub fn logical_and(&self, other: &Self) -> Result<Self> {
        self.binary("logical_and", Binary::And, other)
    }

    /// Either (bool; of whole numbers, bit by bit).
    pub fn logical_or(&self, other: &Self) -> Result<Self> {
        self.binary("logical_or", Binary::Or, other)
    }

    /// One but not both (bool; of whole numbers, bit by bit).
    pub fn logical_xor(&self, other: &Self) -> Result<Self> {
        self.binary("logical_xor", Binary::Xor, other)
    }

    /// `a` where this (bool) is 1, else `b`; all three broadcast. A value that is not chosen gets a gradient of 0.
    ///
    /// Errors: the condition is not bool, `a` and `b` differ in type, shapes that do not broadcast.
    pub fn where_(&self, a: &Self, b: &Self) -> Result<Self> {
        self.expect("where", "the condition", DType::Bool)?;
        b.expect("where", "both values, as the first is", a.dtype())?;
        let shape = self.shape().broadcast(a.shape(), "where")?.broadcast(b.shape(), "where")?;
        let inputs = vec![self.to_shape(&shape)?, a.to_shape(&shape)?, b.to_shape(&shape)?];
        Self::make(Op::Select, inputs, shape, a.dtype())
    }

    /// As another element type: to a whole number truncates toward 0, to bool is "not 0".
    pub fn cast(&self, dtype: DType) -> Result<Self> {
        if self.dtype() == dtype {
            return Ok(self.clone());
        }
        Self::make(Op::Cast, vec![self.clone()], self.shape().clone(), dtype)
    }

    /// As f32.
    pub fn to_f32(&self) -> Result<Self> {
        self.cast(DType::F32)
    }

    /// As i32, truncated toward 0.
    pub fn to_i32(&self) -> Result<Self> {
        self.cast(DType::I32)
    }

    /// A number as an operand of this shape and type.
    fn operand(&self, op: &str, value: f64) -> Result<Self> {
        let fits = match self.dtype() {
            DType::F32 => true,
            DType::I32 => value == f64::from(value as i32),
            DType::U32 => value == f64::from(value as u32),
            DType::Bool => value == 0.0 || value == 1.0,
        };
        if fits {
            return Ok(self.full_like(value));
        }
        let message = format!("{value} is not a value of {}; cast the tensor with to_f32() first", self.dtype());
        Err(Error::argument(op, message))
    }
}
