// WGSL lets an implementation assume that there are no NaNs and infinities, so they are recognised by their bits.
fn gb_is_nan(a: f32) -> bool { return (bitcast<u32>(a) & 0x7fffffffu) > 0x7f800000u; }

fn gb_is_inf(a: f32) -> bool { return (bitcast<u32>(a) & 0x7fffffffu) == 0x7f800000u; }

// A float from its bits that no compiler tries to evaluate.
fn gb_float(word: u32) -> f32 { return bitcast<f32>(word); }

fn gb_isnan_f32(a: f32) -> u32 { return u32(gb_is_nan(a)); }

// An unsigned number in the order of the floats; both zeros are equal, NaN is above all, none is 0.
fn gb_rank_f32(word: u32) -> u32 {
    if ((word & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
    if ((word & 0x7fffffffu) == 0u) { return 0x80000000u; }
    return select(word | 0x80000000u, ~word, word >= 0x80000000u);
}

fn gb_unrank_f32(rank: u32) -> u32 {
    if (rank == 0xffffffffu) { return 0x7fc00000u; }
    return select(~rank, rank ^ 0x80000000u, rank >= 0x80000000u);
}

fn gb_max_f32(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, gb_is_nan(b)), a, gb_is_nan(a)); }

fn gb_max_i32(a: i32, b: i32) -> i32 { return max(a, b); }

fn gb_max_u32(a: u32, b: u32) -> u32 { return max(a, b); }

fn gb_min_f32(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, gb_is_nan(b)), a, gb_is_nan(a)); }

fn gb_min_i32(a: i32, b: i32) -> i32 { return min(a, b); }

fn gb_min_u32(a: u32, b: u32) -> u32 { return min(a, b); }

fn gb_sign_f32(a: f32) -> f32 { return select(select(-1.0, 1.0, a > 0.0), a, (a == 0.0) | gb_is_nan(a)); }

fn gb_eq_f32(a: f32, b: f32) -> u32 { return u32((a == b) & !gb_is_nan(a) & !gb_is_nan(b)); }

fn gb_eq_i32(a: i32, b: i32) -> u32 { return u32(a == b); }

fn gb_eq_u32(a: u32, b: u32) -> u32 { return u32(a == b); }

fn gb_eq_bool(a: u32, b: u32) -> u32 { return u32(a == b); }

fn gb_ne_f32(a: f32, b: f32) -> u32 { return 1u - gb_eq_f32(a, b); }

fn gb_ne_i32(a: i32, b: i32) -> u32 { return u32(a != b); }

fn gb_ne_u32(a: u32, b: u32) -> u32 { return u32(a != b); }

fn gb_ne_bool(a: u32, b: u32) -> u32 { return u32(a != b); }

fn gb_lt_f32(a: f32, b: f32) -> u32 { return u32((a < b) & !gb_is_nan(a) & !gb_is_nan(b)); }

fn gb_lt_i32(a: i32, b: i32) -> u32 { return u32(a < b); }

fn gb_lt_u32(a: u32, b: u32) -> u32 { return u32(a < b); }

fn gb_le_f32(a: f32, b: f32) -> u32 { return u32((a <= b) & !gb_is_nan(a) & !gb_is_nan(b)); }

fn gb_le_i32(a: i32, b: i32) -> u32 { return u32(a <= b); }

fn gb_le_u32(a: u32, b: u32) -> u32 { return u32(a <= b); }

fn gb_not_i32(a: i32) -> i32 { return ~a; }

fn gb_not_u32(a: u32) -> u32 { return ~a; }

fn gb_not_bool(a: u32) -> u32 { return 1u - min(a, 1u); }

fn gb_div_f32(a: f32, b: f32) -> f32 { return a / b; }

// 0 where there is no quotient: by 0, and the least number by −1.
fn gb_div_i32(a: i32, b: i32) -> i32 {
    let none = b == 0i || (a == -2147483647i - 1i && b == -1i);
    return select(a / select(b, 1i, none), 0i, none);
}

fn gb_div_u32(a: u32, b: u32) -> u32 { return select(a / max(b, 1u), 0u, b == 0u); }

// The quotient may be off by a few units in the last place, so that the floor of a whole one may be one too low.
fn gb_rem_f32(a: f32, b: f32) -> f32 {
    let q = floor(a / b);
    return a - b * select(q, q + 1.0, (q + 1.0) * b == a);
}

// Unsigned, because the remainder of negative numbers is left open.
fn gb_rem_i32(a: i32, b: i32) -> i32 {
    if (b == 0i) { return 0i; }
    let r = bitcast<i32>(bitcast<u32>(abs(a)) % bitcast<u32>(abs(b)));
    let signed = select(r, -r, a < 0i);
    return select(signed, signed + b, r != 0i && (a < 0i) != (b < 0i));
}

fn gb_rem_u32(a: u32, b: u32) -> u32 { return select(a % max(b, 1u), 0u, b == 0u); }

fn gb_to_i32(a: f32) -> i32 {
    if (gb_is_nan(a)) { return 0i; }
    if (a >= 2147483648.0) { return 2147483647i; }
    if (a <= -2147483648.0) { return -2147483647i - 1i; }
    return i32(a);
}

fn gb_to_u32(a: f32) -> u32 {
    if (gb_is_nan(a) || a <= 0.0) { return 0u; }
    if (a >= 4294967296.0) { return 0xffffffffu; }
    return u32(a);
}

fn gb_to_bool(a: f32) -> u32 { return u32((bitcast<u32>(a) & 0x7fffffffu) != 0u); }

// Threefry-2x32 with 20 rounds; see the core's `rng`.
fn gb_random(key0: u32, key1: u32, counter: u32, stream: u32) -> u32 {
    let key2 = 0x1bd11bdau ^ key0 ^ key1;
    var x = vec2<u32>(counter + key0, stream + key1);
    x = gb_mix(x, vec4<u32>(13u, 15u, 26u, 6u)) + vec2<u32>(key1, key2 + 1u);
    x = gb_mix(x, vec4<u32>(17u, 29u, 16u, 24u)) + vec2<u32>(key2, key0 + 2u);
    x = gb_mix(x, vec4<u32>(13u, 15u, 26u, 6u)) + vec2<u32>(key0, key1 + 3u);
    x = gb_mix(x, vec4<u32>(17u, 29u, 16u, 24u)) + vec2<u32>(key1, key2 + 4u);
    x = gb_mix(x, vec4<u32>(13u, 15u, 26u, 6u)) + vec2<u32>(key2, key0 + 5u);
    return x.x;
}

// Four rounds.
fn gb_mix(start: vec2<u32>, by: vec4<u32>) -> vec2<u32> {
    var x = start;
    x.x += x.y; x.y = ((x.y << by.x) | (x.y >> (32u - by.x))) ^ x.x;
    x.x += x.y; x.y = ((x.y << by.y) | (x.y >> (32u - by.y))) ^ x.x;
    x.x += x.y; x.y = ((x.y << by.z) | (x.y >> (32u - by.z))) ^ x.x;
    x.x += x.y; x.y = ((x.y << by.w) | (x.y >> (32u - by.w))) ^ x.x;
    return x;
}
