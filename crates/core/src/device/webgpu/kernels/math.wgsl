// Exponentials, logarithms and roots. WGSL's own may be off by many units in the last place; these are within about three.
fn gb_exp_f32(a: f32) -> f32 {
    if (gb_is_nan(a)) { return a; }
    let x = clamp(a, -104.0, 89.0);
    let n = round(x * 1.44269504);
    let r = (x - n * 0.693359375) + n * 2.12194440e-4;
    return gb_scale(1.0 + gb_exp_tail(r), i32(n));
}

// e^r − 1 for |r| ≤ 1/2, by its series.
fn gb_exp_tail(r: f32) -> f32 {
    let high = 1.38888889e-3 + r * (1.98412698e-4 + r * (2.48015873e-5 + r * 2.75573192e-6));
    return r + r * r * (0.5 + r * (1.66666667e-1 + r * (4.16666667e-2 + r * (8.33333333e-3 + r * high))));
}

// a · 2^n, in two halves because 2^n alone may be too large or too small.
fn gb_scale(a: f32, n: i32) -> f32 {
    let half = n >> 1u;
    let low = bitcast<f32>((half + 127i) << 23u);
    let high = bitcast<f32>((n - half + 127i) << 23u);
    return a * low * high;
}

fn gb_expm1_f32(a: f32) -> f32 {
    if (abs(a) <= 0.5) { return gb_exp_tail(a); }
    return gb_exp_f32(a) - 1.0;
}

// a = 2^e · (1 + f) with 1 + f between √½ and √2: (f, e), for a normal positive number.
fn gb_log_parts(a: f32) -> vec2<f32> {
    let word = bitcast<u32>(a) + 0x4afb0du;
    let e = i32(word >> 23u) - 127i;
    return vec2<f32>(bitcast<f32>((word & 0x7fffffu) + 0x3f3504f3u) - 1.0, f32(e));
}

// log(1 + f) + e·log 2: with s = f / (2 + f), log(1 + f) = f − f²/2 + s·(f²/2 + 2s²·(1/3 + s²/5 + …)).
fn gb_log_sum(f: f32, e: f32) -> f32 {
    let s = f / (2.0 + f);
    let s2 = s * s;
    let tail = s2 * (6.66666667e-1 + s2 * (0.4 + s2 * (2.85714286e-1 + s2 * 2.22222222e-1)));
    let half = 0.5 * f * f;
    return e * 0.693359375 - ((half - (s * (half + tail) - e * 2.12194440e-4)) - f);
}

fn gb_log_f32(a: f32) -> f32 {
    let word = bitcast<u32>(a);
    if ((word & 0x7fffffffu) == 0u) { return gb_float(0xff800000u); }
    if (word >= 0x80000000u) { return gb_float(0x7fc00000u); }
    if (word >= 0x7f800000u) { return a; }
    let small = word < 0x00800000u;
    let parts = gb_log_parts(select(a, a * 33554432.0, small));
    return gb_log_sum(parts.x, parts.y - select(0.0, 25.0, small));
}

fn gb_log1p_f32(a: f32) -> f32 {
    if (a > -0.29 && a < 0.41) { return gb_log_sum(a, 0.0); }
    return gb_log_f32(1.0 + a);
}

fn gb_sqrt_f32(a: f32) -> f32 {
    if (a < 0.0) { return gb_float(0x7fc00000u); }
    return sqrt(a);
}

fn gb_rsqrt_f32(a: f32) -> f32 { return 1.0 / gb_sqrt_f32(a); }

fn gb_sigmoid_f32(a: f32) -> f32 {
    let e = gb_exp_f32(-abs(a));
    return select(e, 1.0, a >= 0.0) / (1.0 + e);
}

fn gb_tanh_f32(a: f32) -> f32 {
    if (gb_is_nan(a)) { return a; }
    let t = gb_expm1_f32(2.0 * min(abs(a), 10.0));
    let y = t / (t + 2.0);
    return select(y, -y, a < 0.0);
}

// e^|a| / 2 without overflow before its time.
fn gb_half_exp(a: f32) -> f32 {
    let root = gb_exp_f32(0.5 * abs(a));
    return 0.5 * root * root;
}

fn gb_sinh_f32(a: f32) -> f32 {
    if (gb_is_nan(a)) { return a; }
    let t = gb_expm1_f32(min(abs(a), 40.0));
    let y = select(0.5 * (t + t / (t + 1.0)), gb_half_exp(a), abs(a) > 20.0);
    return select(y, -y, a < 0.0);
}

fn gb_cosh_f32(a: f32) -> f32 {
    if (abs(a) > 20.0) { return gb_half_exp(a); }
    let e = gb_exp_f32(abs(a));
    return 0.5 * e + 0.5 / e;
}
