//! Elementary functions without branches or calls, so that loops over them vectorise and give the same bits on every
//! instruction set (no fused multiply-adds). Each states its largest error in units in the last place (ulp), which the
//! tests check over dense samples. The functions that are not here are the scalar table's own.

/// Added to and taken from a float below 2²², leaves the nearest whole number.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the first times a small whole number is exact.
const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// eˣ split up: the whole number n and e^r − 1 with r = x − n·ln 2, for x between −104 and 89.
#[inline(always)]
fn exp_parts(x: f32) -> (i32, f32) {
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN2[0] - n * LN2[1];
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5] {
        p = p * r + c;
    }
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    (n, p * r * r + r)
}

/// 2ⁿ for n between −126 and 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `x` within the bounds; NaN stays.
#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// eˣ to 2 ulp, subnormal results included.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (n, q) = exp_parts(clamp(x, -104.0, 89.0));
    // In two factors, since 2ⁿ may be subnormal or past the largest float.
    let half = n >> 1;
    (q + 1.0) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// eˣ − 1 to 3 ulp.
#[inline(always)]
pub(crate) fn expm1(x: f32) -> f32 {
    let x = clamp(x, -20.0, 89.0);
    let (n, q) = exp_parts(x);
    if x > 40.0 {
        exp(x)
    } else {
        let scale = power_of_two(n);
        scale * q + (scale - 1.0)
    }
}

/// The natural logarithm to 2 ulp; −∞ at 0, NaN below.
#[inline(always)]
pub(crate) fn log(x: f32) -> f32 {
    const SMALL: f32 = f32::MIN_POSITIVE;
    let subnormal = x < SMALL;
    let y = if subnormal { x * 8_388_608.0 } else { x };
    let lift = if subnormal { 23.0 } else { 0.0 };
    // y = m · 2^e with m between √½ and √2.
    let bits = y.to_bits().wrapping_sub(0x3f35_04f3);
    let e = ((bits as i32) >> 23) as f32 - lift;
    let m = f32::from_bits((bits & 0x007f_ffff).wrapping_add(0x3f35_04f3)) - 1.0;
    let mut p = 7.037_683_6e-2;
    for c in [
        -0.115_146_1,
        0.116_769_98,
        -0.124_201_41,
        0.142_493_23,
        -0.166_680_57,
        0.200_007_14,
        -0.249_999_94,
        0.333_333_3,
    ] {
        p = p * m + c;
    }
    let square = m * m;
    let small = p * m * square + e * LN2[1] - 0.5 * square;
    let value = m + small + e * LN2[0];
    let value = if x > 0.0 { value } else { f32::NAN };
    let value = if x == 0.0 { f32::NEG_INFINITY } else { value };
    if x == f32::INFINITY { x } else { value }
}

/// ln(1 + x) to 4 ulp.
#[inline(always)]
pub(crate) fn log1p(x: f32) -> f32 {
    // The logarithm of the rounded sum, corrected for the rounding (Kahan).
    let u = 1.0 + x;
    let d = u - 1.0;
    let value = if d == 0.0 { x } else { log(u) * (x / d) };
    if u == f32::INFINITY { u } else { value }
}

/// tanh x to 4 ulp.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let e = expm1(2.0 * clamp(x.abs(), 0.0, 10.0));
    (e / (e + 2.0)).copysign(x)
}

/// 1 / (1 + e⁻ˣ) to 4 ulp, for small results too.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let value = 1.0 / (1.0 + e);
    if x < 0.0 { e * value } else { value }
}

/// The error function to 3 ulp.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let t = clamp(x.abs(), 0.0, 6.0);
    let s = t * t;
    let u = 2.425_462_2e-2 - 3.883_964_4e-3 * t;
    let mut p = (3.831_971_3e-4 - 1.728_534_7e-5 * t) * s + u;
    for c in [-0.106_777_88, -0.634_846_7, -0.128_717_51] {
        p = p * t + c;
    }
    let large = (1.0 - exp(p * t - t)).copysign(x);
    let mut p = -5.967_617e-4;
    for c in [4.991_194_2e-3, -2.676_813_5e-2, 0.112_819_925, -0.376_125_34, 0.128_379_17] {
        p = p * s + c;
    }
    if t > 0.927_734_4 { large } else { p * x + x }
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
