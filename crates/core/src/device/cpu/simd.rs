//! Short vectors of f32, as few operations as the matrix kernels need.
//!
//! A kernel is written once, generic over [`Simd`], and inlined into a function compiled for one
//! instruction set. In wasm the instruction set is fixed when
//! the module is built (simd128, or relaxed-simd with a fused multiply-add); natively x86-64 has
//! SSE2 always and AVX2 with FMA when the machine has it. Everything else runs on plain arrays,
//! which compilers vectorise well.
//!
//! Element-wise code does not come here: it is branch-free scalar code in tight loops, vectorised
//! by the compiler, so that it gives the same bits on every instruction set.

/// A vector of `LANES` floats and the operations on it.
pub(crate) trait Simd: Copy {
    /// The register.
    type V: Copy;
    /// Floats in a register.
    const LANES: usize;

    /// All lanes `x`.
    fn splat(x: f32) -> Self::V;
    /// All lanes the word `x`.
    #[inline(always)]
    fn splat_word(x: u32) -> Self::V {
        Self::splat(f32::from_bits(x))
    }
    /// All lanes what `x` refers to, in one instruction where there is one.
    #[inline(always)]
    fn broadcast(x: &f32) -> Self::V {
        Self::splat(*x)
    }
    /// The first `LANES` floats of `x`; panics if there are fewer.
    fn load(x: &[f32]) -> Self::V;
    /// `x[i..i + LANES]`, without a check.
    ///
    /// # Safety
    /// `i + LANES` is at most `x.len()`.
    #[inline(always)]
    unsafe fn load_at(x: &[f32], i: usize) -> Self::V {
        debug_assert!(i + Self::LANES <= x.len());
        // SAFETY: the caller promises that the range is inside.
        Self::load(unsafe { x.get_unchecked(i..i + Self::LANES) })
    }
    /// Writes to the first `LANES` floats of `x`; panics if there are fewer.
    fn store(x: &mut [f32], v: Self::V);
    /// Writes to `x[i..i + LANES]`, without a check.
    ///
    /// # Safety
    /// `i + LANES` is at most `x.len()`.
    #[inline(always)]
    unsafe fn store_at(x: &mut [f32], i: usize, v: Self::V) {
        debug_assert!(i + Self::LANES <= x.len());
        // SAFETY: the caller promises that the range is inside.
        Self::store(unsafe { x.get_unchecked_mut(i..i + Self::LANES) }, v);
    }
    /// `a + b`.
    fn add(a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`.
    fn sub(a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once where the machine can and twice elsewhere.
    fn mul_add(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The sum of the lanes, in a fixed order.
    fn sum(v: Self::V) -> f32;
    /// The lanes with an even number of `a`, then those of `b`.
    fn evens(a: Self::V, b: Self::V) -> Self::V;
    /// The lanes with an odd number of `a`, then those of `b`.
    fn odds(a: Self::V, b: Self::V) -> Self::V;
    /// The lanes of `a` and `b` in turn, two vectors: what [`Simd::evens`] and [`Simd::odds`] take apart.
    fn zip(a: Self::V, b: Self::V) -> [Self::V; 2];
    /// Where `new` is greater than `kept`, or is NaN and `kept` is not: the lanes of `a`, else those of `b`.
    fn where_beats(new: Self::V, kept: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// The words of `a` and `b` added as whole numbers, modulo 2³².
    fn add_words(a: Self::V, b: Self::V) -> Self::V;
    /// Where the words of `a` and `b` are the same: the lanes of `v`, else 0.
    fn where_same(a: Self::V, b: Self::V, v: Self::V) -> Self::V;
}

/// The instruction sets to choose between at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// What every machine has that this was compiled for.
    Base,
    /// AVX2 and FMA on x86-64: eight lanes.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Level {
    /// The best level of this machine.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Self::Avx2;
        }
        Self::Base
    }

    /// Every level this machine can run.
    #[cfg(test)]
    pub(crate) fn available() -> Vec<Self> {
        let mut levels = vec![Self::Base];
        if Self::detect() != Self::Base {
            levels.push(Self::detect());
        }
        levels
    }

    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::Base => "relaxed-simd",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd")))]
            Self::Base => "simd128",
            #[cfg(target_arch = "x86_64")]
            Self::Base => "sse2",
            #[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
            Self::Base => "plain",
        }
    }
}

/// The vectors of [`Level::Base`].
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) type Base = wasm::Simd128;
#[cfg(target_arch = "x86_64")]
pub(crate) type Base = x86::Sse2;
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
pub(crate) type Base = plain::Plain;

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::Avx2;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm {
    use super::Simd;
    use core::arch::wasm32::{
        f32x4_add, f32x4_eq, f32x4_extract_lane, f32x4_le, f32x4_splat, f32x4_sub, i32x4_add, i32x4_eq, i32x4_shuffle,
        v128, v128_and, v128_andnot, v128_bitselect, v128_load, v128_load32_splat, v128_store,
    };

    #[derive(Clone, Copy)]
    pub(crate) struct Simd128;

    impl Simd for Simd128 {
        type V = v128;
        const LANES: usize = 4;

        #[inline(always)]
        fn splat(x: f32) -> v128 {
            f32x4_splat(x)
        }
        #[inline(always)]
        fn broadcast(x: &f32) -> v128 {
            // SAFETY: a reference is readable.
            unsafe { v128_load32_splat(core::ptr::from_ref(x).cast()) }
        }
        #[inline(always)]
        fn load(x: &[f32]) -> v128 {
            let x = &x[..4];
            // SAFETY: `x` is four readable floats; wasm loads need no alignment.
            unsafe { v128_load(x.as_ptr().cast()) }
        }
        #[inline(always)]
        fn store(x: &mut [f32], v: v128) {
            let x = &mut x[..4];
            // SAFETY: `x` is four writable floats; wasm stores need no alignment.
            unsafe { v128_store(x.as_mut_ptr().cast(), v) }
        }
        #[inline(always)]
        fn add(a: v128, b: v128) -> v128 {
            f32x4_add(a, b)
        }
        #[inline(always)]
        fn sub(a: v128, b: v128) -> v128 {
            f32x4_sub(a, b)
        }
        #[inline(always)]
        fn mul_add(a: v128, b: v128, c: v128) -> v128 {
            #[cfg(target_feature = "relaxed-simd")]
            return core::arch::wasm32::f32x4_relaxed_madd(a, b, c);
            #[cfg(not(target_feature = "relaxed-simd"))]
            f32x4_add(core::arch::wasm32::f32x4_mul(a, b), c)
        }
        #[inline(always)]
        fn sum(v: v128) -> f32 {
            let pairs = f32x4_add(v, i32x4_shuffle::<2, 3, 2, 3>(v, v));
            f32x4_extract_lane::<0>(pairs) + f32x4_extract_lane::<1>(pairs)
        }
        #[inline(always)]
        fn evens(a: v128, b: v128) -> v128 {
            i32x4_shuffle::<0, 2, 4, 6>(a, b)
        }
        #[inline(always)]
        fn odds(a: v128, b: v128) -> v128 {
            i32x4_shuffle::<1, 3, 5, 7>(a, b)
        }
        #[inline(always)]
        fn zip(a: v128, b: v128) -> [v128; 2] {
            [i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b)]
        }
        #[inline(always)]
        fn where_beats(new: v128, kept: v128, a: v128, b: v128) -> v128 {
            // Not (new ≤ kept) is greater or unordered; the latter counts only while `kept` is a number.
            v128_bitselect(a, b, v128_andnot(f32x4_eq(kept, kept), f32x4_le(new, kept)))
        }
        #[inline(always)]
        fn add_words(a: v128, b: v128) -> v128 {
            i32x4_add(a, b)
        }
        #[inline(always)]
        fn where_same(a: v128, b: v128, v: v128) -> v128 {
            v128_and(i32x4_eq(a, b), v)
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg_attr(
    any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")),
    allow(dead_code, reason = "the fallback of machines without vectors, tested on all")
)]
mod plain {
    use super::Simd;

    #[derive(Clone, Copy)]
    pub(crate) struct Plain;

    impl Simd for Plain {
        type V = [f32; 4];
        const LANES: usize = 4;

        #[inline(always)]
        fn splat(x: f32) -> [f32; 4] {
            [x; 4]
        }
        #[inline(always)]
        fn load(x: &[f32]) -> [f32; 4] {
            [x[0], x[1], x[2], x[3]]
        }
        #[inline(always)]
        fn store(x: &mut [f32], v: [f32; 4]) {
            x[..4].copy_from_slice(&v);
        }
        #[inline(always)]
        fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
            [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
        }
        #[inline(always)]
        fn sub(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
            [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]]
        }
        #[inline(always)]
        fn mul_add(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
            [a[0] * b[0] + c[0], a[1] * b[1] + c[1], a[2] * b[2] + c[2], a[3] * b[3] + c[3]]
        }
        #[inline(always)]
        fn sum(v: [f32; 4]) -> f32 {
            (v[0] + v[2]) + (v[1] + v[3])
        }
        #[inline(always)]
        fn evens(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
            [a[0], a[2], b[0], b[2]]
        }
        #[inline(always)]
        fn odds(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
            [a[1], a[3], b[1], b[3]]
        }
        #[inline(always)]
        fn zip(a: [f32; 4], b: [f32; 4]) -> [[f32; 4]; 2] {
            [[a[0], b[0], a[1], b[1]], [a[2], b[2], a[3], b[3]]]
        }
        #[inline(always)]
        fn where_beats(new: [f32; 4], kept: [f32; 4], a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
            core::array::from_fn(|i| {
                let beats = new[i] > kept[i] || (new[i].is_nan() && !kept[i].is_nan());
                if beats { a[i] } else { b[i] }
            })
        }
        #[inline(always)]
        fn add_words(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
            core::array::from_fn(|i| f32::from_bits(a[i].to_bits().wrapping_add(b[i].to_bits())))
        }
        #[inline(always)]
        fn where_same(a: [f32; 4], b: [f32; 4], v: [f32; 4]) -> [f32; 4] {
            core::array::from_fn(|i| if a[i].to_bits() == b[i].to_bits() { v[i] } else { 0.0 })
        }
    }
}

/// Defines a function of plain code whose first argument is the [`Level`] its body is compiled
/// for: the compiler then vectorises the loops in it for that level. What the body calls must be
/// `#[inline(always)]` to share in it.
macro_rules! per_level {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block) => {
        $(#[$meta])*
        $vis fn $name(level: $crate::device::cpu::simd::Level, $($arg: $ty),*) $(-> $ret)? {
            #[allow(clippy::too_many_arguments, reason = "the arguments of the function it stands for")]
            #[inline(always)]
            fn body($($arg: $ty),*) $(-> $ret)? $body
            #[cfg(target_arch = "x86_64")]
            #[allow(clippy::too_many_arguments, reason = "the arguments of the function it stands for")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $ty),*) $(-> $ret)? {
                body($($arg),*)
            }
            match level {
                $crate::device::cpu::simd::Level::Base => body($($arg),*),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a level is only made where the machine has it.
                $crate::device::cpu::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
            }
        }
    };
}
pub(crate) use per_level;

#[cfg(test)]
mod tests {
    use super::*;

    fn operations_are_lane_by_lane<S: Simd>() {
        let (nan, n) = (f32::NAN, S::LANES);
        let new = [1.0, 2.0, nan, nan, -0.0, f32::INFINITY, 1.0, nan];
        let kept = [2.0, 1.0, 1.0, nan, 0.0, 1.0, nan, f32::INFINITY];
        let (a, b): (Vec<f32>, Vec<f32>) =
            ((0..8).map(|i| i as f32).collect(), (0..8).map(|i| 10.0 + i as f32).collect());
        let mut out = [0.0; 8];
        let mut stored = |v: S::V| {
            S::store(&mut out, v);
            out[..n].to_vec()
        };
        let (va, vb) = (S::load(&a), S::load(&b));
        assert_eq!(stored(S::mul_add(va, vb, S::splat(1.0))), (0..n).map(|i| a[i] * b[i] + 1.0).collect::<Vec<_>>());
        assert_eq!(stored(S::add(va, vb)), (0..n).map(|i| a[i] + b[i]).collect::<Vec<_>>());
        assert_eq!(stored(S::sub(va, vb)), vec![-10.0; n]);
        assert_eq!(S::sum(va), a[..n].iter().sum::<f32>());
        let both = [&a[..n], &b[..n]].concat();
        assert_eq!(stored(S::evens(va, vb)), both.iter().step_by(2).copied().collect::<Vec<_>>());
        assert_eq!(stored(S::odds(va, vb)), both.iter().skip(1).step_by(2).copied().collect::<Vec<_>>());
        let zipped = S::zip(va, vb).map(&mut stored).concat();
        assert_eq!(zipped, (0..n).flat_map(|i| [a[i], b[i]]).collect::<Vec<_>>());
        let beats = |i: usize| new[i] > kept[i] || (new[i].is_nan() && !kept[i].is_nan());
        for first in [0, 8 - n] {
            let got = stored(S::where_beats(S::load(&new[first..]), S::load(&kept[first..]), va, vb));
            assert_eq!(got, (0..n).map(|i| if beats(first + i) { a[i] } else { b[i] }).collect::<Vec<_>>());
        }
        let words: Vec<f32> = (0..8).map(|i| f32::from_bits(u32::MAX - i)).collect();
        let (vw, one) = (S::load(&words), S::splat_word(1));
        let more = stored(S::add_words(vw, one)).into_iter().map(f32::to_bits);
        assert!(more.eq((0..n as u32).map(|i| 0u32.wrapping_sub(i))));
        let got = stored(S::where_same(S::splat_word(u32::MAX - 2), vw, vb));
        assert_eq!(got, (0..n).map(|i| if i == 2 { b[i] } else { 0.0 }).collect::<Vec<_>>());
    }

    #[test]
    fn all_levels_do_the_same() {
        operations_are_lane_by_lane::<plain::Plain>();
        operations_are_lane_by_lane::<Base>();
        #[cfg(target_arch = "x86_64")]
        if Level::detect() == Level::Avx2 {
            operations_are_lane_by_lane::<Avx2>();
        }
    }
}
