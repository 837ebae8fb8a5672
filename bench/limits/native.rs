//! What one and two native threads can do at most: multiply-adds by vector width, and streaming through memory. x86-64 only.
//! Prints a line of JSON for each.

use std::arch::x86_64::*;
use std::hint::black_box;
use std::thread;
use std::time::Instant;

/// GFLOP/s of twelve independent chains of multiply-adds of one width.
macro_rules! peak {
    ($name:ident, $feature:literal, $lanes:literal, $splat:ident, $multiply_add:ident) => {
        #[target_feature(enable = $feature)]
        fn $name() -> f64 {
            const ITERATIONS: u32 = 1_000_000;
            let (factor, summand) = (black_box($splat(0.999_999)), black_box($splat(1e-6)));
            let mut chains = [$splat(1.0); 12];
            let start = Instant::now();
            for _ in 0..ITERATIONS {
                for chain in &mut chains {
                    *chain = $multiply_add(*chain, factor, summand);
                }
            }
            black_box(chains);
            f64::from(ITERATIONS) * 12.0 * $lanes * 2.0 / start.elapsed().as_secs_f64() / 1e9
        }
    };
}

peak!(peak128, "fma", 4.0, _mm_set1_ps, _mm_fmadd_ps);
peak!(peak256, "avx2,fma", 8.0, _mm256_set1_ps, _mm256_fmadd_ps);
peak!(peak512, "avx512f", 16.0, _mm512_set1_ps, _mm512_fmadd_ps);

/// GB/s of y = a·x + y through 64 MiB.
fn stream() -> f64 {
    const ELEMENTS: usize = 8 << 20;
    let x = vec![1f32; ELEMENTS];
    let mut y = vec![1f32; ELEMENTS];
    let start = Instant::now();
    for repeat in 0..2 {
        let a = repeat as f32 * 1e-3;
        y.iter_mut().zip(&x).for_each(|(y, x)| *y += a * x);
    }
    black_box(&y);
    2.0 * ELEMENTS as f64 * 12.0 / start.elapsed().as_secs_f64() / 1e9
}

fn main() {
    for threads in [1, 2] {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has the features.
            report("fma of 128 bits, GFLOP/s", threads, || unsafe { peak128() });
            // SAFETY: as above.
            report("fma of 256 bits, GFLOP/s", threads, || unsafe { peak256() });
        }
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the feature.
            report("fma of 512 bits, GFLOP/s", threads, || unsafe { peak512() });
        }
        report("stream, GB/s", threads, stream);
    }
}

/// The median of some runs, each in so many threads at once.
fn report(name: &str, threads: usize, run: impl Fn() -> f64 + Sync) {
    let together = || {
        thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(&run)).collect();
            running.into_iter().map(|thread| thread.join().expect("measuring does not panic")).sum::<f64>()
        })
    };
    let mut rates: Vec<f64> = (0..31).map(|_| together()).collect();
    rates.sort_by(f64::total_cmp);
    println!("{{\"name\": \"native × {threads}: {name}\", \"value\": {:.2}}}", rates[15]);
}
