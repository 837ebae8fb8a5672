//! Elementary functions without branches or calls, so that loops over them vectorise and give the same bits on every
//! instruction set (no fused multiply-adds). Each states its largest error in units in the last place (ulp), which the
//! tests check over dense samples. The functions that are not here are the scalar table's own.

use super::real::{Real, Whole};

/// Added to and taken from a float below 2²², leaves the nearest whole number.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the first times a small whole number is exact.
const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// The polynomial with these coefficients, that of the highest power first.
#[inline(always)]
fn polynomial<F: Real, const N: usize>(x: F, highest: f32, rest: [f32; N]) -> F {
    rest.into_iter().fold(x.constant(highest), |p, c| p * x + c)
}

/// eˣ split up: the whole number n and e^r − 1 with r = x − n·ln 2, for x between −104 and 89.
#[inline(always)]
fn exp_parts<F: Real>(x: F) -> (F::Whole, F) {
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN2[0] - n * LN2[1];
    let p = polynomial(r, 1.987_569_1e-4, [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5]);
    let n = shifted.bits().plus((ROUND.to_bits() as i32).wrapping_neg());
    (n, p * r * r + r)
}

/// 2ⁿ for n between −126 and 127.
#[inline(always)]
fn power_of_two<W: Whole>(n: W) -> W::Real {
    n.plus(127).shifted_left(23).float()
}

/// eˣ to 2 ulp, subnormal results included.
#[inline(always)]
pub(crate) fn exp<F: Real>(x: F) -> F {
    let (n, q) = exp_parts(x.at_least(-104.0).at_most(89.0));
    // In two factors, since 2ⁿ may be subnormal or past the largest float.
    let half = n.shifted_right(1);
    (q + 1.0) * power_of_two(half) * power_of_two(n.minus(half))
}

/// eˣ − 1 to 3 ulp.
#[inline(always)]
pub(crate) fn expm1<F: Real>(x: F) -> F {
    let x = x.at_least(-20.0).at_most(89.0);
    exp(x).where_true(x.is_above(40.0), small_expm1(x))
}

/// The same between −20 and 40.
#[inline(always)]
fn small_expm1<F: Real>(x: F) -> F {
    let (n, q) = exp_parts(x);
    let scale = power_of_two(n);
    scale * q + (scale - 1.0)
}

/// The natural logarithm to 2 ulp; −∞ at 0, NaN below.
#[inline(always)]
pub(crate) fn log<F: Real>(x: F) -> F {
    const SQRT_HALF: i32 = 0x3f35_04f3;
    let subnormal = x.is_below(f32::MIN_POSITIVE);
    let y = (x * 8_388_608.0).where_true(subnormal, x);
    let lift = x.constant(23.0).where_true(subnormal, x.constant(0.0));
    // y = m · 2^e with m between √½ and √2.
    let bits = y.bits().plus(-SQRT_HALF);
    let e = bits.shifted_right(23).to_real() - lift;
    let m = bits.and(0x007f_ffff).plus(SQRT_HALF).float() - 1.0;
    let coefficients = [
        -0.115_146_1,
        0.116_769_98,
        -0.124_201_41,
        0.142_493_23,
        -0.166_680_57,
        0.200_007_14,
        -0.249_999_94,
        0.333_333_3,
    ];
    let p = polynomial(m, 7.037_683_6e-2, coefficients);
    let square = m * m;
    let small = p * m * square + e * LN2[1] - square * 0.5;
    let value = m + small + e * LN2[0];
    let value = value.where_true(x.is_above(0.0), x.constant(f32::NAN));
    let value = x.constant(f32::NEG_INFINITY).where_true(x.is(0.0), value);
    x.where_true(x.is(f32::INFINITY), value)
}

/// ln(1 + x) to 4 ulp.
#[inline(always)]
pub(crate) fn log1p<F: Real>(x: F) -> F {
    // The logarithm of the rounded sum, corrected for the rounding (Kahan).
    let u = x + 1.0;
    let d = u - 1.0;
    let value = x.where_true(d.is(0.0), log(u) * (x / d));
    u.where_true(u.is(f32::INFINITY), value)
}

/// tanh x to 4 ulp.
#[inline(always)]
pub(crate) fn tanh<F: Real>(x: F) -> F {
    let e = small_expm1((x.abs().at_most(10.0)) * 2.0);
    (e / (e + 2.0)).copysign(x)
}

/// 1 / (1 + e⁻ˣ) to 4 ulp, for small results too.
#[inline(always)]
pub(crate) fn sigmoid<F: Real>(x: F) -> F {
    let e = exp(-x.abs());
    let value = (e + 1.0).recip();
    (e * value).where_true(x.is_below(0.0), value)
}

/// The error function to 3 ulp.
#[inline(always)]
pub(crate) fn erf<F: Real>(x: F) -> F {
    let t = x.abs().at_most(6.0);
    let s = t * t;
    let u = t.constant(2.425_462_2e-2) - t * 3.883_964_4e-3;
    let p = (t.constant(3.831_971_3e-4) - t * 1.728_534_7e-5) * s + u;
    let p = [-0.106_777_88, -0.634_846_7, -0.128_717_51].into_iter().fold(p, |p, c| p * t + c);
    let large = (x.constant(1.0) - exp(p * t - t)).copysign(x);
    let coefficients = [4.991_194_2e-3, -2.676_813_5e-2, 0.112_819_925, -0.376_125_34, 0.128_379_17];
    let small = polynomial(s, -5.967_617e-4, coefficients) * x + x;
    large.where_true(t.is_above(0.927_734_4), small)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 997th float, and all around the interesting places.
    fn samples() -> impl Iterator<Item = f32> {
        let near = |x: f32| (0..400u32).map(move |i| f32::from_bits(x.to_bits().wrapping_add(i).wrapping_sub(200)));
        let special = [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, f32::MAX];
        let special = special.into_iter().chain([88.72, -87.3, -103.9, 0.34657, -0.34657, 0.9277, 9.01, 1e-4, 0.5]);
        (0..u32::MAX / 997).map(|i| f32::from_bits(i * 997)).chain(special.flat_map(near))
    }

    fn worst_ulp(name: &str, limit: f64, f: fn(f32) -> f32, truth: fn(f64) -> f64) {
        let (mut worst, mut at) = (0.0, 0.0);
        for x in samples() {
            let (got, want) = (f(x), truth(f64::from(x)));
            let rounded = want as f32;
            if rounded.is_nan() || rounded.is_infinite() || rounded == 0.0 {
                let same = got == rounded || (got.is_nan() && rounded.is_nan());
                let edge = rounded.is_infinite() && got == f32::MAX.copysign(rounded)
                    || rounded == 0.0 && got.abs() <= f32::from_bits(1);
                assert!(same || edge, "{name}({x:e}) = {got:e}, not {want:e}");
                continue;
            }
            let ulp = f64::from(f32::from_bits(rounded.abs().to_bits() + 1)) - f64::from(rounded.abs());
            let error = if ulp.is_finite() { (f64::from(got) - want).abs() / ulp } else { 0.0 };
            if error > worst || error.is_nan() {
                (worst, at) = (error, x);
            }
        }
        assert!(worst <= limit, "{name}({at:e}) is {worst} ulp off");
        println!("{name}: {worst:.2} ulp at {at:e}");
    }

    #[test]
    fn errors_are_as_stated() {
        worst_ulp("exp", 2.0, exp, f64::exp);
        worst_ulp("expm1", 3.0, expm1, f64::exp_m1);
        worst_ulp("log", 2.0, log, f64::ln);
        worst_ulp("log1p", 4.0, log1p, f64::ln_1p);
        worst_ulp("tanh", 4.0, tanh, f64::tanh);
        worst_ulp(
            "sigmoid",
            4.0,
            sigmoid,
            |x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) },
        );
        worst_ulp("erf", 3.0, erf, libm::erf);
    }
}
