//! Special values, odd and empty shapes, for every family of primitives, on every device against the interpreter.
//!
//! Values that are not finite go through all that chooses, orders, moves and tests elements; a GPU's compiler may assume them away in
//! arithmetic, so arithmetic gets zeros of both signs, ties, subnormal and huge numbers. A subnormal result may be 0.

mod support;

use gradbook_core::{
    Data, Runner, Tensor,
    ops::{AvgPool2dOptions, Conv2dOptions, MaxPool2dOptions, scan},
};
use pollster::block_on;
use support::devices;

const ALL: [f32; 16] = [
    0.0,
    -0.0,
    1.0,
    1.0,
    -1.0,
    f32::NAN,
    2.5,
    f32::INFINITY,
    -2.5,
    f32::NEG_INFINITY,
    1e-40,
    -1e-40,
    f32::MAX,
    f32::MIN,
    0.5,
    f32::NAN,
];
const FINITE: [f32; 12] = [0.0, -0.0, 1.0, 1.0, -1.0, 3.0, -2.5, 2.5, 1e-40, 1e15, -1e15, 0.5];

fn cycle(values: &[f32], dims: &[usize]) -> Tensor {
    let count = dims.iter().product();
    Tensor::from_data(Data::f32(dims, &values.iter().copied().cycle().take(count).collect::<Vec<_>>()).unwrap())
}

/// The same results on all devices; subnormal numbers may be 0 there, and sums are within a few units of the last place of their terms.
fn check(name: &str, largest: f32, make: &dyn Fn() -> gradbook_core::Result<Vec<Tensor>>) {
    let mut expected: Option<Vec<Data>> = None;
    for (device, runner) in devices() {
        let tensors = make().unwrap_or_else(|error| panic!("{name}: {error}"));
        block_on(runner.evaluate(&tensors)).unwrap_or_else(|error| panic!("{name} on {device}: {error}"));
        let got: Vec<Data> = tensors.iter().map(|tensor| block_on(runner.read(tensor)).unwrap()).collect();
        let Some(expected) = &expected else {
            expected = Some(got);
            continue;
        };
        for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
            assert_eq!((&got.shape, got.dtype), (&expected.shape, expected.dtype), "{name} on {device}");
            for (at, (&a, &b)) in got.words.iter().zip(&expected.words).enumerate() {
                let (x, y) = (f32::from_bits(a), f32::from_bits(b));
                let near = || (x - y).abs() <= 4e-6 * (largest + y.abs()) + f32::MIN_POSITIVE;
                let float = got.dtype == gradbook_core::DType::F32;
                let same = a == b || float && (x == y || x.is_nan() && y.is_nan() || y.is_finite() && near());
                assert!(same, "{name} {i} on {device} at {at}: {x:e} ({a:#x}) is not {y:e} ({b:#x})");
            }
        }
    }
}

#[test]
fn what_chooses_and_tests() {
    let [n, m] = [ALL.len(); 2];
    let pair = || (cycle(&ALL, &[n, 1]), cycle(&ALL, &[m]));
    check("maximum and minimum", 0.0, &|| {
        let (a, b) = pair();
        Ok(vec![a.maximum(&b)?, a.minimum(&b)?])
    });
    // Comparisons of subnormal numbers are left out: a device may see 0.
    let clear: Vec<f32> = ALL.iter().copied().filter(|v| *v == 0.0 || v.abs() > 1e-30 || v.is_nan()).collect();
    check("comparisons", 0.0, &|| {
        let (a, b) = (cycle(&clear, &[clear.len(), 1]), cycle(&clear, &[clear.len()]));
        Ok(vec![a.eq(&b)?, a.ne(&b)?, a.lt(&b)?, a.le(&b)?, a.gt(&b)?, a.ge(&b)?])
    });
    check("tests, choices and casts", 0.0, &|| {
        let x = cycle(&ALL, &[n]);
        let chosen = x.isfinite()?.where_(&x, &x.full_like(7.0))?;
        Ok(vec![x.isnan()?, x.isfinite()?, chosen, x.to_i32()?, x.neg()?, x.abs()?])
    });
}

#[test]
fn what_orders_and_reduces() {
    for length in [1, 3, 16, 70, 1500] {
        check("orders", 0.0, &|| {
            let x = cycle(&ALL, &[2, length]);
            let (sorted, order) = x.sort(-1, false)?;
            Ok(vec![sorted, order, x.argsort(-1, true)?, x.argmax(-1, false)?, x.amax(&[1], false)?])
        });
        check("sums", 1e15, &|| {
            let x = cycle(&FINITE, &[3, length]);
            Ok(vec![x.sum(&[1], false)?, x.sum(&[0], true)?, x.amax(&[0], false)?, x.amin(&[1], false)?])
        });
    }
}

#[test]
fn what_moves_elements() {
    check("layout", 0.0, &|| {
        let x = cycle(&ALL, &[3, 5, 7]);
        let moved = x.transpose(0, 2)?.flip(&[1])?.reshape(&[5, 21])?;
        let index = || Ok::<_, gradbook_core::Error>(Tensor::from_data(Data::i32([4], &[2, -1, 0, 9])?));
        Ok(vec![moved, x.slice(1, 1, 5, 2)?, x.index_select(0, &index()?)?, x.narrow(2, 3, 1)?.repeat(&[1, 2, 3])?])
    });
    check("scatter", 1e15, &|| {
        let (x, source) = (cycle(&[0.0], &[4]), cycle(&FINITE, &[6]));
        let index = Tensor::from_data(Data::i32([6], &[1, 1, 3, 9, -2, 1])?);
        Ok(vec![x.scatter_add(0, &index.narrow(0, 0, 4)?, &source.narrow(0, 0, 4)?)?])
    });
}

#[test]
fn windows_and_products() {
    for (height, width) in [(1, 1), (5, 3), (8, 9)] {
        check("pooling", 1e15, &|| {
            let (all, finite) = (cycle(&ALL, &[1, 2, height, width]), cycle(&FINITE, &[1, 2, height, width]));
            let options =
                MaxPool2dOptions { kernel: [2, 2], stride: [1, 2], padding: [1, 1], ..MaxPool2dOptions::new([2, 2]) };
            let average =
                AvgPool2dOptions { kernel: [2, 2], stride: [2, 1], padding: [1, 1], ..AvgPool2dOptions::new([2, 2]) };
            Ok(vec![all.max_pool2d(&options)?, finite.avg_pool2d(&average)?])
        });
        check("convolution", 1e15, &|| {
            let (x, weight) = (cycle(&FINITE, &[1, 2, height, width]), cycle(&[1.0, -0.5, 0.0, -0.0], &[3, 2, 1, 1]));
            let y = x.conv2d(&weight, None, &Conv2dOptions::default())?;
            let gradients = y.sum_all()?.grad(&[&x, &weight])?;
            Ok([vec![y], gradients].concat())
        });
    }
    for [m, k, n] in [[1, 1, 1], [3, 5, 7], [1, 33, 2], [17, 2, 1]] {
        check("matmul", 1e16, &|| Ok(vec![cycle(&FINITE, &[m, k]).matmul(&cycle(&[1.0, -1.0, 0.5], &[k, n]))?]));
    }
}

#[test]
fn nothing_at_all() {
    check("empty shapes", 0.0, &|| {
        let (none, rows) = (cycle(&ALL, &[0]), cycle(&ALL, &[3, 0]));
        let product = rows.matmul(&cycle(&ALL, &[0, 2]))?;
        let gradient = product.sum_all()?.grad(&[&rows])?.remove(0);
        Ok(vec![
            none.exp()?,
            none.sum_all()?,
            rows.sum(&[1], false)?,
            rows.sort(1, true)?.0,
            none.argsort(0, false)?,
            product,
            gradient,
            rows.transpose(0, 1)?.flip(&[0])?,
            none.index_select(0, &Tensor::from_data(Data::i32([2], &[0, 1])?))?,
            Tensor::concat(&[&none, &cycle(&[1.0], &[2])], 0)?,
        ])
    });
}

#[test]
fn loops_over_special_values() {
    check("scan", 0.0, &|| {
        let x = cycle(&ALL, &[16, 1, 3]);
        let scanned = scan(&[&cycle(&[f32::NEG_INFINITY], &[1, 3])], &[&x], |carry, x| {
            let x = x[0].isnan()?.where_(&carry[0], &x[0])?;
            let most = carry[0].maximum(&x)?;
            Ok((vec![most.clone()], vec![most]))
        })?;
        Ok([scanned.carry, scanned.outputs].concat())
    });
}
