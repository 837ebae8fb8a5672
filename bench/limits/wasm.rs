//! What WebAssembly's vectors can do at most in one instance: multiply-adds, streaming through memory, and a matrix product
//! with several register blocks. Compiled twice, with and without relaxed SIMD.

use core::arch::wasm32::*;
use std::cell::RefCell;

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

thread_local! {
    /// Arrays that stay from call to call: to make them takes longer than what is measured.
    static MEMORY: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with so many numbers, none of them 0 throughout.
fn with_memory<T>(length: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    MEMORY.with_borrow_mut(|memory| {
        if memory.len() != length {
            *memory = (0..length).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5).collect();
        }
        work(memory)
    })
}

/// y = a·x + y over `n` elements each, `n` a multiple of 8: 12 bytes an element.
#[unsafe(no_mangle)]
pub extern "C" fn stream(n: usize, repeats: u32) -> f32 {
    with_memory(2 * n, |memory| {
        let (x, y) = memory.split_at_mut(n);
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
    })
}

/// The product of two n × n matrices with register blocks of `rows` × `4 · vectors`; n is a multiple of 16. Gives how far one
/// element is from what it should be.
#[unsafe(no_mangle)]
pub extern "C" fn matmul(rows: usize, vectors: usize, n: usize, repeats: u32) -> f32 {
    with_memory(3 * n * n, |memory| {
        let (inputs, c) = memory.split_at_mut(2 * n * n);
        let (a, b) = inputs.split_at(n * n);
        for _ in 0..repeats {
            match (rows, vectors) {
                (2, 4) => product::<2, 4>(n, a, b, c),
                (3, 2) => product::<3, 2>(n, a, b, c),
                (5, 2) => product::<5, 2>(n, a, b, c),
                (6, 2) => product::<6, 2>(n, a, b, c),
                (8, 1) => product::<8, 1>(n, a, b, c),
                _ => product::<4, 2>(n, a, b, c),
            }
        }
        let wanted: f32 = (0..n).map(|k| a[n + k] * b[k * n + 1]).sum();
        c[n + 1] - wanted
    })
}

/// How much of the inner axis is packed at a time.
const DEPTH: usize = 256;
/// How many rows of A pass before the next ones, about: they stay in the second cache while all of B passes.
const BAND: usize = 96;

fn product<const ROWS: usize, const VECTORS: usize>(n: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    let columns = 4 * VECTORS;
    let blocks = n.div_ceil(ROWS);
    let band = BAND / ROWS;
    let mut packed_a = vec![0.0; blocks * ROWS * DEPTH];
    let mut packed_b = vec![0.0; n * DEPTH];
    for start in (0..n).step_by(DEPTH) {
        let depth = DEPTH.min(n - start);
        for (block, panel) in packed_b[..n * depth].chunks_exact_mut(columns * depth).enumerate() {
            for (k, row) in panel.chunks_exact_mut(columns).enumerate() {
                row.copy_from_slice(&b[(start + k) * n + block * columns..][..columns]);
            }
        }
        for (block, panel) in packed_a.chunks_exact_mut(ROWS * depth).enumerate().take(blocks) {
            for row in 0..ROWS.min(n - block * ROWS) {
                for (k, &value) in a[(block * ROWS + row) * n + start..][..depth].iter().enumerate() {
                    panel[k * ROWS + row] = value;
                }
            }
        }
        for first in (0..blocks).step_by(band) {
            for (column, b) in packed_b[..n * depth].chunks_exact(columns * depth).enumerate() {
                for block in first..(first + band).min(blocks) {
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
