$pixel
fn at_a(b: u32, m: u32, k: u32) -> f32 {
    return bitcast<f32>(read1((b * $group_o + m) * $depth + k));
}

fn at_b(b: u32, k: u32, n: u32) -> f32 {
    return pixel(n / $out_plane, b * $group_c + k / $kernel, n % $out_plane, k % $kernel);
}

fn place(b: u32, m: u32, n: u32) -> u32 {
    return (n / $out_plane * $o + b * $group_o + m) * $out_plane + n % $out_plane;
}
