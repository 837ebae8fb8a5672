// Angles. The quarter turn nearest to a, in three parts whose products with its number are exact up to |a| of about 10⁵: what is
// left of a, and the number modulo 4.
fn gb_quarters(a: f32) -> vec2<f32> {
    let n = round(a * 0.636619772);
    let r = ((a - n * 1.5703125) - n * 4.837512969970703125e-4) - n * 7.549789948768648e-8;
    return vec2<f32>(r, n - 4.0 * floor(n * 0.25));
}

// sin r and cos r for |r| ≤ π/4, by their series.
fn gb_sin_cos(r: f32) -> vec2<f32> {
    let z = r * r;
    let s = r + r * z * (-1.66666667e-1 + z * (8.33333333e-3 + z * (-1.98412698e-4 + z * 2.75573192e-6)));
    let c = 1.0 - 0.5 * z + z * z * (4.16666667e-2 + z * (-1.38888889e-3 + z * (2.48015873e-5 - z * 2.75573192e-7)));
    return vec2<f32>(s, c);
}

// sin(a + turns · π/2)
fn gb_wave(a: f32, turns: f32) -> f32 {
    if (gb_is_nan(a) || gb_is_inf(a)) { return gb_float(0x7fc00000u); }
    let q = gb_quarters(a);
    let turn = (u32(q.y) + u32(turns)) & 3u;
    let both = gb_sin_cos(q.x);
    let y = select(both.x, both.y, (turn & 1u) == 1u);
    return select(y, -y, turn >= 2u);
}

fn gb_sin_f32(a: f32) -> f32 { return gb_wave(a, 0.0); }

fn gb_cos_f32(a: f32) -> f32 { return gb_wave(a, 1.0); }

fn gb_tan_f32(a: f32) -> f32 {
    if (gb_is_nan(a) || gb_is_inf(a)) { return gb_float(0x7fc00000u); }
    let q = gb_quarters(a);
    let both = gb_sin_cos(q.x);
    return select(both.x / both.y, -both.y / both.x, (u32(q.y) & 1u) == 1u);
}

// atan of |x| ≤ tan(π/8); the coefficients interpolate at Chebyshev points.
fn gb_atan_core(x: f32) -> f32 {
    let z = x * x;
    return x + x * z * (-0.333333069 + z * (0.199981830 + z * (-0.142395327 + z * (0.105698289 - z * 0.0602630535))));
}

// atan of 0 ≤ x ≤ 1
fn gb_atan_unit(x: f32) -> f32 {
    if (x > 0.414213562) { return 0.785398163 + gb_atan_core((x - 1.0) / (x + 1.0)); }
    return gb_atan_core(x);
}

fn gb_atan_f32(a: f32) -> f32 {
    if (gb_is_nan(a)) { return a; }
    let x = abs(a);
    let y = select(gb_atan_unit(min(x, 1.0)), 1.57079633 - gb_atan_unit(1.0 / max(x, 1.0)), x > 1.0);
    return select(y, -y, a < 0.0);
}

fn gb_atan2_f32(a: f32, b: f32) -> f32 {
    if (gb_is_nan(a) || gb_is_nan(b)) { return gb_float(0x7fc00000u); }
    let y = abs(a);
    let x = abs(b);
    var ratio = min(x, y) / max(x, y);
    if (gb_is_inf(a) && gb_is_inf(b)) { ratio = 1.0; }
    if (max(x, y) == 0.0) { ratio = 0.0; }
    let within = gb_atan_unit(ratio);
    let quadrant = select(within, 1.57079633 - within, y > x);
    let angle = select(quadrant, 3.14159265 - quadrant, bitcast<u32>(b) >= 0x80000000u);
    return select(angle, -angle, bitcast<u32>(a) >= 0x80000000u);
}

// erf of |a| ≤ 1; the coefficients interpolate at Chebyshev points.
fn gb_erf_core(a: f32) -> f32 {
    let z = a * a;
    let high = 0.00518908742 + z * (-0.000801686428 + z * 7.87587505e-5);
    return a * (1.12837917 + z * (-0.376126267 + z * (0.112835947 + z * (-0.0268542120 + z * high))));
}

// erfc of x ≥ 1: e^(−x²)/x times a polynomial of (x − 2)/(x + 2). The square is split, for its error would be magnified.
fn gb_erfc_tail(x: f32) -> f32 {
    let t = (x - 2.0) / (x + 2.0);
    let high = -0.0289789484 + t * (-0.00751862894 + t * (0.0048235375 + t * (0.00109534441 + t * -0.000915901587)));
    let p = 0.510791353 + t * (0.167211004 + t * (-0.203844253 + t * (0.121515277 + t * high)));
    let upper = gb_upper(x);
    return gb_exp_f32(-upper * upper) * gb_exp_f32((upper - x) * (upper + x)) * p / x;
}

fn gb_erfc_f32(a: f32) -> f32 {
    if (gb_is_nan(a)) { return a; }
    if (abs(a) <= 1.0) { return 1.0 - gb_erf_core(a); }
    let tail = gb_erfc_tail(min(abs(a), 10.5));
    return select(tail, 2.0 - tail, a < 0.0);
}

fn gb_erf_f32(a: f32) -> f32 {
    if (gb_is_nan(a)) { return a; }
    if (abs(a) <= 1.0) { return gb_erf_core(a); }
    let y = 1.0 - gb_erfc_tail(min(abs(a), 10.5));
    return select(y, -y, a < 0.0);
}

// A float with its lower half cleared, so that the product of two such is exact.
fn gb_upper(a: f32) -> f32 { return bitcast<f32>(bitcast<u32>(a) & 0xfffff000u); }

// log₂ of a normal positive number as a sum of two, good to about 32 bits: s = f/(2 + f) is found in two parts,
// log(1 + f) = 2s + s·(2/3·s² + 2/5·s⁴ + …).
fn gb_log2_sum(a: f32) -> vec2<f32> {
    let parts = gb_log_parts(a);
    let f = parts.x;
    let s = f / (2.0 + f);
    let s_high = gb_upper(s);
    let d = 2.0 + f;
    let d_high = gb_upper(d);
    let d_low = f - (d_high - 2.0);
    let s_low = ((f - s_high * d_high) - s_high * d_low) / d;
    let s2 = s * s;
    let tail = s * s2 * (6.66666667e-1 + s2 * (0.4 + s2 * (2.85714286e-1 + s2 * (2.22222222e-1 + s2 * 1.81818182e-1))));
    let low = 2.0 * s_low + tail;
    // 1/log 2 in two parts, the first of 12 bits.
    let first = 2.0 * s_high * 1.4423828125;
    let second = 2.0 * s_high * 3.12228389e-4 + low * 1.44269504;
    let sum = parts.y + first + second;
    let high = gb_upper(sum);
    return vec2<f32>(high, ((parts.y - high) + first) + second);
}

// |a|^b for a and b neither 0, infinite nor NaN.
fn gb_pow_core(a: f32, b: f32) -> f32 {
    let small = bitcast<u32>(a) < 0x00800000u;
    var log2 = gb_log2_sum(select(a, a * 33554432.0, small));
    log2.x -= select(0.0, 25.0, small);
    if (abs(b) > 4e9) { return select(0.0, gb_float(0x7f800000u), (log2.x + log2.y > 0.0) == (b > 0.0)); }
    let b_high = gb_upper(b);
    let high = b_high * log2.x;
    let low = (b - b_high) * (log2.x + log2.y) + b_high * log2.y;
    let n = round(clamp(high + low, -160.0, 160.0));
    let r = (clamp(high, -170.0, 170.0) - n) + clamp(low, -1.0, 1.0);
    return gb_scale(1.0 + gb_exp_tail(clamp(r, -1.0, 1.0) * 0.693147181), i32(n));
}

fn gb_pow_f32(a: f32, b: f32) -> f32 {
    if (b == 0.0 || a == 1.0) { return 1.0; }
    if (gb_is_nan(a) || gb_is_nan(b)) { return gb_float(0x7fc00000u); }
    let x = abs(a);
    if (gb_is_inf(b)) {
        if (x == 1.0) { return 1.0; }
        return select(0.0, gb_float(0x7f800000u), (x > 1.0) == (b > 0.0));
    }
    let whole = floor(b) == b;
    let negative = bitcast<u32>(a) >= 0x80000000u && whole && abs(b) < 16777216.0 && floor(b * 0.5) != b * 0.5;
    var y = 0.0;
    if (x == 0.0 || gb_is_inf(x)) {
        y = select(0.0, gb_float(0x7f800000u), (x == 0.0) != (b > 0.0));
    } else if (x == 1.0 && whole) {
        y = 1.0;
    } else {
        if (a < 0.0 && !whole) { return gb_float(0x7fc00000u); }
        y = gb_pow_core(x, b);
    }
    return select(y, -y, negative);
}
