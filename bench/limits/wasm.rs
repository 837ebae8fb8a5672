//! What WebAssembly's vectors can do at most in one instance: multiply-adds, streaming through memory, and a matrix product
//! with several register blocks. Compiled twice, with and without relaxed SIMD.

use core::arch::wasm32::*;

#[inline(always)]
fn multiply_add(a: v128, b: v128, c: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return f32x4_relaxed_madd(a, b, c);
    #[cfg(not(target_feature = "relaxed-simd"))]
    return f32x4_add(f32x4_mul(a, b), c);
}

/// Twelve independent chains of multiply-adds: 12 · 4 · 2 operations an iteration. The result keeps the compiler from dropping them.
#[unsafe(no_mangle)]
pub extern "C" fn peak(iterations: u32) -> f32 {
    let factor = f32x4_splat(0.999_999);
    let summand = f32x4_splat(1e-6);
    let mut chains: [v128; 12] = core::array::from_fn(|i| f32x4_splat(1.0 + i as f32));
    for _ in 0..iterations {
        for chain in &mut chains {
            *chain = multiply_add(*chain, factor, summand);
        }
    }
    let sum = chains.into_iter().fold(f32x4_splat(0.0), |sum, chain| f32x4_add(sum, chain));
    f32x4_extract_lane::<0>(sum) + f32x4_extract_lane::<3>(sum)
}

/// y = a·x + y over `n` elements each, `n` a multiple of 8: 12 bytes an element.
#[unsafe(no_mangle)]
pub extern "C" fn stream(n: usize, repeats: u32) -> f32 {
    let x = vec![1.0f32; n];
    let mut y = vec![1.0f32; n];
    for repeat in 0..repeats {
        let a = f32x4_splat(1e-3 * repeat as f32);
        for (x, y) in x.chunks_exact(8).zip(y.chunks_exact_mut(8)) {
            for i in [0, 4] {
                let sum = multiply_add(load(&x[i..]), a, load(&y[i..]));
                store(&mut y[i..], sum);
            }
        }
    }
    y[n / 2]
}

/// The product of two n × n matrices with register blocks of `rows` × `4 · vectors`; n is a multiple of 16. Gives how far one
/// element is from what it should be.
#[unsafe(no_mangle)]
pub extern "C" fn matmul(rows: usize, vectors: usize, n: usize, repeats: u32) -> f32 {
    let matrix = |shift: usize| -> Vec<f32> {
        (0..n * n).map(|i| (((i + shift) * 7919) % 1009) as f32 / 1009.0 - 0.5).collect()
    };
    let (a, b) = (matrix(0), matrix(1));
    let mut c = vec![0.0; n * n];
    for _ in 0..repeats {
        match (rows, vectors) {
            (2, 4) => product::<2, 4>(n, &a, &b, &mut c),
            (3, 2) => product::<3, 2>(n, &a, &b, &mut c),
            (5, 2) => product::<5, 2>(n, &a, &b, &mut c),
            (6, 2) => product::<6, 2>(n, &a, &b, &mut c),
            (8, 1) => product::<8, 1>(n, &a, &b, &mut c),
            _ => product::<4, 2>(n, &a, &b, &mut c),
        }
    }
    let wanted: f32 = (0..n).map(|k| a[n + k] * b[k * n + 1]).sum();
    c[n + 1] - wanted
}

/// How much of the inner axis is packed at a time.
const DEPTH: usize = 256;
/// How many rows of A are packed at a time, about: they stay in the second cache while all of B passes.
const BAND: usize = 96;

fn product<const ROWS: usize, const VECTORS: usize>(n: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    let columns = 4 * VECTORS;
    let blocks = n.div_ceil(ROWS);
    let mut packed_a = vec![0.0; blocks * ROWS * DEPTH];
    let mut packed_b = vec![0.0; n * DEPTH];
    for start in (0..n).step_by(DEPTH) {
        let depth = DEPTH.min(n - start);
        for (i, value) in packed_b[..n * depth].iter_mut().enumerate() {
            let (block, k, column) = (i / (columns * depth), i / columns % depth, i % columns);
            *value = b[(start + k) * n + block * columns + column];
        }
        for (i, value) in packed_a[..blocks * ROWS * depth].iter_mut().enumerate() {
            let (row, k) = (i / (ROWS * depth) * ROWS + i % ROWS, i / ROWS % depth);
            *value = if row < n { a[row * n + start + k] } else { 0.0 };
        }
        for band in (0..blocks).step_by(BAND / ROWS) {
            for (column, b) in packed_b[..n * depth].chunks_exact(columns * depth).enumerate() {
                for block in band..(band + BAND / ROWS).min(blocks) {
                    let a = &packed_a[block * ROWS * depth..][..ROWS * depth];
                    let sums = register_block::<ROWS, VECTORS>(a, b);
                    for (row, sums) in sums.iter().enumerate().take(n - block * ROWS) {
                        for (vector, sum) in sums.iter().enumerate() {
                            let place = &mut c[(block * ROWS + row) * n + column * columns + 4 * vector..];
                            store(place, if start == 0 { *sum } else { f32x4_add(load(place), *sum) });
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn register_block<const ROWS: usize, const VECTORS: usize>(a: &[f32], b: &[f32]) -> [[v128; VECTORS]; ROWS] {
    let mut sums = [[f32x4_splat(0.0); VECTORS]; ROWS];
    for (a, b) in a.chunks_exact(ROWS).zip(b.chunks_exact(4 * VECTORS)) {
        let b: [v128; VECTORS] = core::array::from_fn(|i| load(&b[4 * i..]));
        for (sums, &a) in sums.iter_mut().zip(a) {
            for (sum, &b) in sums.iter_mut().zip(&b) {
                *sum = multiply_add(f32x4_splat(a), b, *sum);
            }
        }
    }
    sums
}

#[inline(always)]
fn load(values: &[f32]) -> v128 {
    let four: &[f32; 4] = values[..4].try_into().unwrap();
    // SAFETY: four floats are read from where four floats lie.
    unsafe { v128_load(four.as_ptr().cast()) }
}

#[inline(always)]
fn store(values: &mut [f32], vector: v128) {
    let four: &mut [f32; 4] = (&mut values[..4]).try_into().unwrap();
    // SAFETY: four floats are written to where four floats lie.
    unsafe { v128_store(four.as_mut_ptr().cast(), vector) }
}
