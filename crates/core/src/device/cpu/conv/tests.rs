use super::*;
use crate::device::cpu::{
    testing::{Lcg, assert_close, program, run},
    work::Work,
};
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
    if seed.is_multiple_of(4) {
        // Done by tiles, mostly.
        (g.n, g.groups, g.kernel, g.stride, g.dilation) = (1 + rng.below(3), 1, [3, 3], [1, 1], [1, 1]);
        (g.c, g.o) = ([8, 9, 16, 17][rng.below(4)], [8, 11, 12, 18][rng.below(4)]);
        for i in 0..2 {
            (g.size[i], g.pad[i]) = (1 + rng.below(30), rng.below(3));
            g.out[i] = (g.size[i] + g.pad[i] + rng.below(3)).saturating_sub(2);
        }
    }
    if seed.is_multiple_of(200) {
        // More products than the weight gradient sums at a time.
        (g.n, g.c, g.o, g.size, g.pad, g.out) = (2, 180, 30, [9, 7], [1, 1], [9, 7]);
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

#[test]
fn tiles_are_used_where_they_win() {
    let layer = |n, c, o, size, kernel, stride, groups| {
        let out = (size - 1) / stride + 1;
        let (pad, dilation) = ([kernel / 2; 2], [1, 1]);
        let [size, kernel, out, stride] = [size, kernel, out, stride].map(|len| [len, len]);
        ConvGeometry { n, c, size, o, kernel, out, groups, stride, pad, dilation }
    };
    for level in Level::available() {
        let used = |g: &ConvGeometry| {
            [Kernel::Conv(*g), Kernel::ConvInputGrad(*g), Kernel::ConvWeightGrad(*g)]
                .map(|kernel| matches!(Work::new(level, &kernel, &[]), Work::Winograd(_) | Work::WinogradGradient(_)))
        };
        for g in [layer(64, 16, 32, 14, 3, 1, 1), layer(1, 8, 8, 28, 3, 1, 1), layer(1, 64, 64, 7, 3, 1, 1)] {
            assert_eq!(used(&g), [true; 3], "{g:?}");
        }
        let other = [
            layer(64, 1, 16, 28, 3, 1, 1),
            layer(64, 16, 3, 28, 3, 1, 1),
            layer(64, 16, 32, 14, 5, 1, 1),
            layer(64, 16, 32, 14, 1, 1, 1),
            layer(64, 16, 32, 14, 3, 2, 1),
            layer(64, 16, 32, 14, 3, 1, 2),
            layer(64, 16, 32, 1, 3, 1, 1),
        ];
        for g in other {
            assert_eq!(used(&g), [false; 3], "{g:?}");
        }
        // The transformed weights would be too many; a gradient has none.
        assert_eq!(used(&layer(1, 512, 512, 7, 3, 1, 1)), [false, false, true]);
        let often = (0..800).filter(|&seed| used(&geometry(seed).0) == [true; 3]).count();
        assert!(often > 100, "only {often} of the random convolutions are done by tiles");
    }
}

#[test]
fn what_is_not_a_number_is_seen_in_every_output_that_depends_on_it() {
    let g = ConvGeometry {
        n: 1,
        c: 8,
        size: [9, 12],
        o: 8,
        kernel: [3, 3],
        out: [9, 12],
        groups: 1,
        stride: [1, 1],
        pad: [1, 1],
        dilation: [1, 1],
    };
    let mut rng = Lcg::new(5);
    let w = rng.floats(8 * 8 * 9);
    for (value, [row, column]) in [(f32::NAN, [0, 0]), (f32::INFINITY, [4, 7]), (f32::NEG_INFINITY, [8, 11])] {
        let mut x = rng.floats(8 * 9 * 12);
        x[(3 * 9 + row) * 12 + column] = value;
        for level in Level::available() {
            for kernel in [Kernel::Conv(g), Kernel::ConvInputGrad(g)] {
                let reads = [&x, &w].map(|floats| bytemuck::cast_slice::<f32, u32>(floats).to_vec());
                let got = run(level, 1, &program(&kernel, &reads, x.len()), &reads).unwrap().remove(2);
                for (i, &got) in bytemuck::cast_slice::<u32, f32>(&got).iter().enumerate() {
                    let [y, x] = [(i / 12 % 9).abs_diff(row), (i % 12).abs_diff(column)];
                    assert!(got.is_finite() || y.max(x) <= 3, "{value} at {row}, {column} reaches {i}");
                    assert!(!got.is_finite() || y.max(x) > 1, "{value} at {row}, {column} is lost at {i}");
                }
            }
            // The weight gradient, with the value among the pixels and among the output gradients.
            for pixel in [true, false] {
                let noise = rng.floats(x.len());
                let reads = if pixel { [&x, &noise] } else { [&noise, &x] };
                let reads = reads.map(|floats| bytemuck::cast_slice::<f32, u32>(floats).to_vec());
                let got =
                    run(level, 1, &program(&Kernel::ConvWeightGrad(g), &reads, w.len()), &reads).unwrap().remove(2);
                for (i, &got) in bytemuck::cast_slice::<u32, f32>(&got).iter().enumerate() {
                    let other =
                        |at: usize, k: usize| if pixel { (at + 1).checked_sub(k) } else { (at + k).checked_sub(1) };
                    let touched = [(row, i / 3 % 3, 9), (column, i % 3, 12)]
                        .iter()
                        .all(|&(at, k, len)| other(at, k).is_some_and(|other| other < len));
                    let channel = if pixel { i / 9 % 8 } else { i / 72 };
                    assert!(got.is_finite() || channel == 3, "{value} at {row}, {column} reaches tap {i}");
                    assert!(
                        !got.is_finite() || channel != 3 || !touched,
                        "{value} at {row}, {column} is lost at tap {i}"
                    );
                }
            }
        }
    }
}
