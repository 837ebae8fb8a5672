//! What elementary functions are written with: once, for a float, whose loops the compiler vectorises, and for the lanes
//! of a vector in code that is emitted at run time. Both do the same operations, so both give the same bits.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A float, or lanes of floats.
pub(crate) trait Real:
    Copy
    + Add<Output = Self>
    + Add<f32, Output = Self>
    + Sub<Output = Self>
    + Sub<f32, Output = Self>
    + Mul<Output = Self>
    + Mul<f32, Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The words of floats, as whole numbers with a sign.
    type Whole: Whole<Real = Self>;
    /// Whether something holds.
    type Truth: Copy;

    /// This constant.
    fn constant(self, value: f32) -> Self;
    /// |x|
    fn abs(self) -> Self;
    /// With the sign of another one.
    fn copysign(self, sign: Self) -> Self;
    /// Not below the bound; NaN stays.
    fn at_least(self, bound: f32) -> Self;
    /// Not above the bound; NaN stays.
    fn at_most(self, bound: f32) -> Self;
    /// Whether it is less than a constant.
    fn is_below(self, bound: f32) -> Self::Truth;
    /// Whether it is greater than a constant.
    fn is_above(self, bound: f32) -> Self::Truth;
    /// Whether it equals a constant.
    fn is(self, value: f32) -> Self::Truth;
    /// This where something holds, else `other`.
    fn where_true(self, truth: Self::Truth, other: Self) -> Self;
    /// Its words.
    fn bits(self) -> Self::Whole;

    /// 1 / x
    #[inline(always)]
    fn recip(self) -> Self {
        self.constant(1.0) / self
    }
}

/// Whole numbers of 32 bits that wrap.
pub(crate) trait Whole: Copy {
    /// What these are the words of.
    type Real;

    /// `self + value`
    fn plus(self, value: i32) -> Self;
    /// `self - other`
    fn minus(self, other: Self) -> Self;
    /// The bits that a constant has too.
    fn and(self, mask: i32) -> Self;
    /// `self << bits`
    fn shifted_left(self, bits: u32) -> Self;
    /// `self >> bits`, keeping the sign.
    fn shifted_right(self, bits: u32) -> Self;
    /// The number as a float.
    fn to_real(self) -> Self::Real;
    /// The float with these words.
    fn float(self) -> Self::Real;
}

impl Real for f32 {
    type Whole = i32;
    type Truth = bool;

    #[inline(always)]
    fn constant(self, value: f32) -> Self {
        value
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        self.copysign(sign)
    }
    #[inline(always)]
    fn at_least(self, bound: f32) -> Self {
        if self < bound { bound } else { self }
    }
    #[inline(always)]
    fn at_most(self, bound: f32) -> Self {
        if self > bound { bound } else { self }
    }
    #[inline(always)]
    fn is_below(self, bound: f32) -> bool {
        self < bound
    }
    #[inline(always)]
    fn is_above(self, bound: f32) -> bool {
        self > bound
    }
    #[inline(always)]
    fn is(self, value: f32) -> bool {
        self == value
    }
    #[inline(always)]
    fn where_true(self, truth: bool, other: Self) -> Self {
        if truth { self } else { other }
    }
    #[inline(always)]
    fn bits(self) -> i32 {
        self.to_bits() as i32
    }
}

impl Whole for i32 {
    type Real = f32;

    #[inline(always)]
    fn plus(self, value: i32) -> Self {
        self.wrapping_add(value)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
    #[inline(always)]
    fn and(self, mask: i32) -> Self {
        self & mask
    }
    #[inline(always)]
    fn shifted_left(self, bits: u32) -> Self {
        self << bits
    }
    #[inline(always)]
    fn shifted_right(self, bits: u32) -> Self {
        self >> bits
    }
    #[inline(always)]
    fn to_real(self) -> f32 {
        self as f32
    }
    #[inline(always)]
    fn float(self) -> f32 {
        f32::from_bits(self as u32)
    }
}
