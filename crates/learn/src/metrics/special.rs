//! The special functions that intervals and tests need, in double precision.

/// The probability that a normal number is below `z`.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The `z` below which a normal number lies with probability `p`, to about 1e-15. Source: Wichura 1988, AS 241 (PPND16).
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(r, &CENTRE);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return q.signum() * f64::INFINITY;
    }
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 { ratio(r - 1.6, &MIDDLE) } else { ratio(r - 5.0, &FAR) };
    z * q.signum()
}

/// The share of a Beta(a, b) distribution below `x`: the regularised incomplete beta function. Source: the continued fraction
/// DLMF 8.17.22, summed by Lentz's method.
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let front = a * x.ln() + b * (-x).ln_1p() + libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    // The fraction converges fast on the near side of the mean.
    if x <= (a + 1.0) / (a + b + 2.0) {
        front.exp() * fraction(a, b, x) / a
    } else {
        1.0 - front.exp() * fraction(b, a, 1.0 - x) / b
    }
}

/// The `x` below which a share `p` of a Beta(a, b) distribution lies, by halving: the function is monotone.
pub fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if beta_cdf(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The quantile of Student's t with `freedom` degrees of freedom.
pub fn t_quantile(freedom: f64, p: f64) -> f64 {
    let tail = p.min(1.0 - p);
    let x = beta_quantile(0.5 * freedom, 0.5, 2.0 * tail);
    (freedom * (1.0 - x) / x).sqrt() * (p - 0.5).signum()
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const LEAST: f64 = 1e-300;
    let away = |value: f64| if value.abs() < LEAST { LEAST } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut sum = d;
    // Terms needed grow as the square root of a and b.
    for m in 1..20_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut last = 1.0;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            last = c * d;
            sum *= last;
        }
        if (last - 1.0).abs() < 1e-15 {
            break;
        }
    }
    sum
}

/// A rational function, numerator and denominator by rising powers.
fn ratio(r: f64, [above, below]: &[[f64; 8]; 2]) -> f64 {
    let polynomial = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, &c| sum * r + c);
    polynomial(above) / polynomial(below)
}

#[rustfmt::skip]
const CENTRE: [[f64; 8]; 2] = [
    [3.387_132_872_796_366_5, 1.331_416_678_917_843_8e2, 1.971_590_950_306_551_3e3, 1.373_169_376_550_946e4,
     4.592_195_393_154_987e4, 6.726_577_092_700_87e4, 3.343_057_558_358_813e4, 2.509_080_928_730_122_7e3],
    [1.0, 4.231_333_070_160_091e1, 6.871_870_074_920_579e2, 5.394_196_021_424_751e3,
     2.121_379_430_158_659_7e4, 3.930_789_580_009_271e4, 2.872_908_573_572_194_3e4, 5.226_495_278_852_545e3],
];
#[rustfmt::skip]
const MIDDLE: [[f64; 8]; 2] = [
    [1.423_437_110_749_683_5, 4.630_337_846_156_546, 5.769_497_221_460_691, 3.647_848_324_763_204_5,
     1.270_458_252_452_368_4, 2.417_807_251_774_506e-1, 2.272_384_498_926_918_4e-2, 7.745_450_142_783_414e-4],
    [1.0, 2.053_191_626_637_759, 1.676_384_830_183_803_8, 6.897_673_349_851e-1,
     1.481_039_764_274_800_8e-1, 1.519_866_656_361_645_7e-2, 5.475_938_084_995_345e-4, 1.050_750_071_644_416_9e-9],
];
#[rustfmt::skip]
const FAR: [[f64; 8]; 2] = [
    [6.657_904_643_501_103, 5.463_784_911_164_114, 1.784_826_539_917_291_3, 2.965_605_718_285_048_7e-1,
     2.653_218_952_657_612_4e-2, 1.242_660_947_388_078_4e-3, 2.711_555_568_743_487_6e-5, 2.010_334_399_292_288_1e-7],
    [1.0, 5.998_322_065_558_88e-1, 1.369_298_809_227_358e-1, 1.487_536_129_085_061_5e-2,
     7.868_691_311_456_133e-4, 1.846_318_317_510_054_8e-5, 1.421_511_758_316_446e-7, 2.044_263_103_389_939_8e-15],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() <= 1e-12 * want.abs().max(1e-3), "{got} is not {want}");
    }

    /// Values of tables to 15 digits.
    #[test]
    fn known_values() {
        near(normal_quantile(0.975), 1.959_963_984_540_054);
        near(normal_quantile(0.6), 0.253_347_103_135_799_8);
        near(normal_quantile(1e-10), -6.361_340_902_404_056);
        near(normal_cdf(1.959_963_984_540_054), 0.975);
        // I_x(2, 3) = 6x² − 8x³ + 3x⁴.
        near(beta_cdf(2.0, 3.0, 0.4), 6.0 * 0.16 - 8.0 * 0.064 + 3.0 * 0.0256);
        near(t_quantile(1.0, 0.975), 12.706_204_736_174_7);
        near(t_quantile(2.0, 0.975), 4.302_652_729_749_463);
    }

    #[test]
    fn quantiles_undo_probabilities() {
        for &(a, b) in &[(0.5, 0.5), (1.0, 30.0), (46.0, 5.0), (2000.0, 100.0), (1e6, 2e6)] {
            for p in [0.001, 0.025, 0.5, 0.975, 0.999] {
                let x = beta_quantile(a, b, p);
                assert!((beta_cdf(a, b, x) - p).abs() < 1e-8, "a {a}, b {b}, p {p}: {}", beta_cdf(a, b, x));
                assert!((beta_cdf(b, a, 1.0 - x) - (1.0 - p)).abs() < 1e-8);
            }
        }
        for p in [1e-300, 1e-9, 0.01, 0.3, 0.5, 0.7, 0.9999] {
            assert!((normal_cdf(normal_quantile(p)) / p - 1.0).abs() < 1e-10, "{p}");
        }
    }
}
