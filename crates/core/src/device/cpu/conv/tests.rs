use super::*;
use crate::device::cpu::testing::{Lcg, assert_close, program, run};
use crate::plan::Kernel;

fn geometry(seed: u64) -> (ConvGeometry, Lcg) {
    let mut rng = Lcg::new(seed);
    let groups = [1, 1, 2, 5][rng.below(4)];
    let mut g = ConvGeometry {
        n: rng.below(4),
        c: groups * [0, 1, 2, 3, 5][rng.below(5)],
        size: [0; 2],
        o: groups * [0, 1, 2, 4, 7, 9][rng.below(6)],
        kernel: [0; 2],
        out: [0; 2],
        groups,
        stride: [0; 2],
        pad: [0; 2],
        dilation: [0; 2],
    };
    let pointwise = rng.below(8) == 0;
    for i in 0..2 {
        let limit = if rng.below(6) == 0 { 40 } else { 12 };
        g.size[i] = 1 + rng.below(limit);
        (g.kernel[i], g.stride[i], g.dilation[i], g.pad[i]) =
            if pointwise { (1, 1, 1, 0) } else { (1 + rng.below(4), 1 + rng.below(3), 1 + rng.below(2), rng.below(4)) };
        let high = if pointwise { 0 } else { rng.below(4) };
        let room = g.size[i] + g.pad[i] + high;
        let reach = (g.kernel[i] - 1) * g.dilation[i] + 1;
        g.out[i] = if room < reach { 0 } else { (room - reach) / g.stride[i] + 1 };
    }
    if rng.below(20) == 0 {
        (g.c, g.o) = (70 * groups, 13 * groups); // more taps than are summed at a time
    }
    (g, rng)
}

/// Calls `visit` with the flat indices in (x, w, y) of every product of a convolution.
fn products(g: &ConvGeometry, mut visit: impl FnMut(usize, usize, usize)) {
    let inside = |axis: usize, o: usize, k: usize| {
        let i = (o * g.stride[axis] + k * g.dilation[axis]).checked_sub(g.pad[axis])?;
        (i < g.size[axis]).then_some(i)
    };
    let pairs = |[h, w]: [usize; 2]| (0..h).flat_map(move |y| (0..w).map(move |x| (y, x)));
    let inputs = g.c / g.groups;
    for (n, o) in pairs([g.n, g.o]) {
        for c in 0..inputs {
            let channel = n * g.c + o / (g.o / g.groups) * inputs + c;
            for (oy, ox) in pairs(g.out) {
                for (ky, kx) in pairs(g.kernel) {
                    let (Some(iy), Some(ix)) = (inside(0, oy, ky), inside(1, ox, kx)) else { continue };
                    visit(
                        (channel * g.size[0] + iy) * g.size[1] + ix,
                        ((o * inputs + c) * g.kernel[0] + ky) * g.kernel[1] + kx,
                        ((n * g.o + o) * g.out[0] + oy) * g.out[1] + ox,
                    );
                }
            }
        }
    }
}

#[test]
fn all_three_directions_equal_the_definition() {
    for seed in 0..800 {
        let (g, ref mut rng) = geometry(seed);
        let sizes = [g.x_shape(), g.weight_shape(), g.y_shape()].map(|d| d.iter().product::<usize>());
        let [x, w, y] = sizes.map(|len| rng.floats(len));
        let [mut want_x, mut want_w, mut want_y] = sizes.map(|len| vec![0.0f64; len]);
        products(&g, |i, j, k| {
            let [a, b, c] = [x[i], w[j], y[k]].map(f64::from);
            want_x[i] += b * c;
            want_w[j] += a * c;
            want_y[k] += a * b;
        });
        let kernels = [Kernel::Conv(g), Kernel::ConvInputGrad(g), Kernel::ConvWeightGrad(g)];
        let words = |floats: &[f32]| bytemuck::cast_slice::<f32, u32>(floats).to_vec();
        let reads = [[&x, &w], [&y, &w], [&x, &y]].map(|reads| reads.map(|floats| words(floats)));
        for level in Level::available() {
            for ((kernel, reads), want) in kernels.iter().zip(&reads).zip([&want_y, &want_x, &want_w]) {
                let what = format!("{level:?} {kernel:?} seed {seed}");
                let run = |threads| run(level, threads, &program(kernel, reads, want.len()), reads).unwrap().remove(2);
                let got = run(1);
                assert!(got == run(3), "other bits on three threads: {what}");
                assert_close(bytemuck::cast_slice(&got), want, 1e-5, &what);
            }
        }
    }
}
