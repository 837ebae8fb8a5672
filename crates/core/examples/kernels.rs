//! How fast the CPU device's kernels are on this machine, on one thread:
//! `cargo run --release -p gradbook-core --example kernels [NAME]`.

use gradbook_core::{
    device::{BufferId, Device, Position, cpu::Cpu},
    ir::ConvGeometry,
    plan::{Buffer, External, Kernel, Operand, Program, Step, View},
};
use std::time::{Duration, Instant};

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    println!("{}", Cpu::new().info().detail);
    for (name, kernel, [a, b, out], flops) in cases().into_iter().filter(|case| case.0.contains(&filter)) {
        let cpu = Cpu::new();
        let buffers = [a, b, out].map(|words| cpu.alloc(words, "a benchmark").expect("memory"));
        for (&buffer, words) in buffers.iter().zip([a, b]) {
            let values: Vec<u32> = (0..words).map(|i| ((i * 7919 % 1009) as f32 / 1009.0 - 0.5).to_bits()).collect();
            cpu.write(buffer, 0, &values).expect("a buffer");
        }
        let executable = cpu.prepare(&program(kernel, [a, b, out])).expect("a program");
        let time = best(|times| run(&cpu, executable, &buffers, times));
        println!("{name:28} {:9.3} ms {:7.1} GFLOP/s", time * 1e3, flops / time / 1e9);
    }
}

type Case = (String, Kernel, [usize; 3], f64);

/// Matrix products and the convolutions of two small networks.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for n in [64, 128, 256, 512, 1024] {
        cases.push(matmul(&format!("matmul {n}"), [n, n, n], [false, false]));
    }
    cases.push(matmul("dense 64x1568x128", [64, 1568, 128], [false, true]));
    cases.push(matmul("dense input gradient", [64, 128, 1568], [false, false]));
    cases.push(matmul("dense weight gradient", [128, 64, 1568], [true, false]));
    cases.push(matmul("dense 1x1568x128", [1, 1568, 128], [false, true]));
    for (name, n, c, o, size) in
        [("28² 1→16", 64, 1, 16, 28), ("14² 16→32", 64, 16, 32, 14), ("28² 16→32", 32, 16, 32, 28)]
    {
        let size = [size, size];
        let g = ConvGeometry {
            n,
            c,
            size,
            o,
            kernel: [3, 3],
            out: size,
            groups: 1,
            stride: [1, 1],
            pad: [1, 1],
            dilation: [1, 1],
        };
        let [x, w, y] = [g.x_shape(), g.weight_shape(), g.y_shape()].map(|dims| dims.iter().product::<usize>());
        let flops = 2.0 * (y * c * 9) as f64;
        cases.push((format!("conv {name}"), Kernel::Conv(g), [x, w, y], flops));
        cases.push((format!("conv {name} dx"), Kernel::ConvInputGrad(g), [y, w, x], flops));
        cases.push((format!("conv {name} dw"), Kernel::ConvWeightGrad(g), [x, y, w], flops));
    }
    cases
}

/// An m × k by k × n product, with either matrix stored transposed.
fn matmul(name: &str, [m, k, n]: [usize; 3], transposed: [bool; 2]) -> Case {
    let view = |rows: usize, columns: usize, transposed: bool| {
        if transposed {
            View::contiguous(&[1, columns, rows]).permute(&[0, 2, 1])
        } else {
            View::contiguous(&[1, rows, columns])
        }
    };
    let kernel = Kernel::MatMul { a: view(m, k, transposed[0]), b: view(k, n, transposed[1]) };
    (name.into(), kernel, [m * k, k * n, m * n], 2.0 * (m * n * k) as f64)
}

fn program(kernel: Kernel, words: [usize; 3]) -> Program {
    let operand = |i: usize| Operand { buffer: Buffer::External(i), offset: 0, words: words[i] };
    let externals = [0, 1, 2].map(|i| External { words: words[i], written: i == 2 }).to_vec();
    Program {
        externals,
        arena: 0,
        steps: vec![Step { kernel, reads: vec![operand(0), operand(1)], epilogue: None, write: operand(2) }],
        loops: vec![],
    }
}

fn run(cpu: &Cpu, executable: gradbook_core::device::ExecutableId, buffers: &[BufferId], times: usize) {
    cpu.run(executable, buffers, Position::default(), times, &mut || false).expect("a run");
}

/// Seconds of the fastest of a few runs.
fn best(mut run: impl FnMut(usize)) -> f64 {
    let time = |times: usize, run: &mut dyn FnMut(usize)| {
        let start = Instant::now();
        run(times);
        start.elapsed()
    };
    let mut times = 1;
    while time(times, &mut run) < Duration::from_millis(20) {
        times *= 2;
    }
    (0..8).map(|_| time(times, &mut run).as_secs_f64() / times as f64).fold(f64::MAX, f64::min)
}
