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
        f32x4_add, f32x4_eq, f32x4_extract_lane, f32x4_le, f32x4_splat, f32x4_sub, i32x4_shuffle, v128, v128_andnot,
        v128_bitselect, v128_load, v128_load32_splat, v128_store,
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
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Simd;
    use core::arch::x86_64::*;

    #[derive(Clone, Copy)]
    pub(crate) struct Sse2;

    impl Simd for Sse2 {
        type V = __m128;
        const LANES: usize = 4;

        #[inline(always)]
        fn splat(x: f32) -> __m128 {
            // SAFETY: SSE is part of x86-64.
            unsafe { _mm_set1_ps(x) }
        }
        #[inline(always)]
        fn load(x: &[f32]) -> __m128 {
            let x = &x[..4];
            // SAFETY: `x` is four readable floats; the load needs no alignment.
            unsafe { _mm_loadu_ps(x.as_ptr()) }
        }
        #[inline(always)]
        fn store(x: &mut [f32], v: __m128) {
            let x = &mut x[..4];
            // SAFETY: `x` is four writable floats; the store needs no alignment.
            unsafe { _mm_storeu_ps(x.as_mut_ptr(), v) }
        }
        #[inline(always)]
        fn add(a: __m128, b: __m128) -> __m128 {
            // SAFETY: SSE is part of x86-64.
            unsafe { _mm_add_ps(a, b) }
        }
        #[inline(always)]
        fn sub(a: __m128, b: __m128) -> __m128 {
            // SAFETY: SSE is part of x86-64.
            unsafe { _mm_sub_ps(a, b) }
        }
        #[inline(always)]
        fn mul_add(a: __m128, b: __m128, c: __m128) -> __m128 {
            // SAFETY: SSE is part of x86-64.
            unsafe { _mm_add_ps(_mm_mul_ps(a, b), c) }
        }
        #[inline(always)]
        fn sum(v: __m128) -> f32 {
            // SAFETY: SSE is part of x86-64.
            unsafe {
                let pairs = _mm_add_ps(v, _mm_movehl_ps(v, v));
                _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps::<1>(pairs, pairs)))
            }
        }
        #[inline(always)]
        fn evens(a: __m128, b: __m128) -> __m128 {
            // SAFETY: SSE is part of x86-64.
            unsafe { _mm_shuffle_ps::<0b10_00_10_00>(a, b) }
        }
        #[inline(always)]
        fn odds(a: __m128, b: __m128) -> __m128 {
            // SAFETY: SSE is part of x86-64.
            unsafe { _mm_shuffle_ps::<0b11_01_11_01>(a, b) }
        }
        #[inline(always)]
        fn zip(a: __m128, b: __m128) -> [__m128; 2] {
            // SAFETY: SSE is part of x86-64.
            unsafe { [_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b)] }
        }
        #[inline(always)]
        fn where_beats(new: __m128, kept: __m128, a: __m128, b: __m128) -> __m128 {
            // SAFETY: SSE is part of x86-64.
            unsafe {
                // Greater or unordered; the latter counts only while `kept` is a number.
                let mask = _mm_and_ps(_mm_cmpnle_ps(new, kept), _mm_cmpord_ps(kept, kept));
                _mm_or_ps(_mm_and_ps(mask, a), _mm_andnot_ps(mask, b))
            }
        }
    }

    /// Eight lanes. Its methods may run only inside a function compiled for AVX2 and FMA on a
    /// machine that has both, which [`super::Level::detect`] has made sure of.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2;

    impl Simd for Avx2 {
        type V = __m256;
        const LANES: usize = 8;

        #[inline(always)]
        fn splat(x: f32) -> __m256 {
            // SAFETY: the level was detected.
            unsafe { _mm256_set1_ps(x) }
        }
        #[inline(always)]
        fn load(x: &[f32]) -> __m256 {
            let x = &x[..8];
            // SAFETY: the level was detected; `x` is eight readable floats.
            unsafe { _mm256_loadu_ps(x.as_ptr()) }
        }
        #[inline(always)]
        fn store(x: &mut [f32], v: __m256) {
            let x = &mut x[..8];
            // SAFETY: the level was detected; `x` is eight writable floats.
            unsafe { _mm256_storeu_ps(x.as_mut_ptr(), v) }
        }
        #[inline(always)]
        fn add(a: __m256, b: __m256) -> __m256 {
            // SAFETY: the level was detected.
            unsafe { _mm256_add_ps(a, b) }
        }
        #[inline(always)]
        fn sub(a: __m256, b: __m256) -> __m256 {
            // SAFETY: the level was detected.
            unsafe { _mm256_sub_ps(a, b) }
        }
        #[inline(always)]
        fn mul_add(a: __m256, b: __m256, c: __m256) -> __m256 {
            // SAFETY: the level was detected.
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        fn sum(v: __m256) -> f32 {
            // SAFETY: the level was detected.
            unsafe {
                let halves = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
                Sse2::sum(halves)
            }
        }
        #[inline(always)]
        fn evens(a: __m256, b: __m256) -> __m256 {
            // SAFETY: the level was detected.
            unsafe {
                let pairs = _mm256_castps_pd(_mm256_shuffle_ps::<0b10_00_10_00>(a, b));
                _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(pairs))
            }
        }
        #[inline(always)]
        fn odds(a: __m256, b: __m256) -> __m256 {
            // SAFETY: the level was detected.
            unsafe {
                let pairs = _mm256_castps_pd(_mm256_shuffle_ps::<0b11_01_11_01>(a, b));
                _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(pairs))
            }
        }
        #[inline(always)]
        fn zip(a: __m256, b: __m256) -> [__m256; 2] {
            // SAFETY: the level was detected.
            unsafe {
                // The unpacking works within halves: the low results are lanes 0, 1, 4, 5 of both.
                let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
                [_mm256_permute2f128_ps::<0x20>(low, high), _mm256_permute2f128_ps::<0x31>(low, high)]
            }
        }
        #[inline(always)]
        fn where_beats(new: __m256, kept: __m256, a: __m256, b: __m256) -> __m256 {
            // SAFETY: the level was detected.
            unsafe {
                // Greater or unordered; the latter counts only while `kept` is a number.
                let greater = _mm256_cmp_ps::<_CMP_NLE_UQ>(new, kept);
                let mask = _mm256_and_ps(greater, _mm256_cmp_ps::<_CMP_ORD_Q>(kept, kept));
                _mm256_blendv_ps(b, a, mask)
            }
        }
    }
}

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
