$pixel
fn at_a(b: u32, m: u32, k: u32) -> f32 {
    return bitcast<f32>(read1((k / $out_plane * $o + b * $group_o + m) * $out_plane + k % $out_plane));
}

fn at_b(b: u32, k: u32, n: u32) -> f32 {
    return pixel(k / $out_plane, b * $group_c + n / $kernel, k % $out_plane, n % $kernel);
}

fn place(b: u32, m: u32, n: u32) -> u32 {
    return (b * $group_o + m) * $depth + n;
}
