//! The vectors of x86-64.

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
    #[inline(always)]
    fn add_words(a: __m128, b: __m128) -> __m128 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_castsi128_ps(_mm_add_epi32(_mm_castps_si128(a), _mm_castps_si128(b))) }
    }
    #[inline(always)]
    fn where_same(a: __m128, b: __m128, v: __m128) -> __m128 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let mask = _mm_cmpeq_epi32(_mm_castps_si128(a), _mm_castps_si128(b));
            _mm_and_ps(_mm_castsi128_ps(mask), v)
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
    #[inline(always)]
    fn add_words(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the level was detected.
        unsafe { _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b))) }
    }
    #[inline(always)]
    fn where_same(a: __m256, b: __m256, v: __m256) -> __m256 {
        // SAFETY: the level was detected.
        unsafe {
            let mask = _mm256_cmpeq_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b));
            _mm256_and_ps(_mm256_castsi256_ps(mask), v)
        }
    }
}
