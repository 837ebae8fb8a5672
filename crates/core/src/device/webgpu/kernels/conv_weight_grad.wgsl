$pixel
fn free_a(b: u32, m: u32) -> vec3<u32> {
    return vec3<u32>((b * $group_o + m) * $out_plane, 0u, 0u);
}

fn deep_a(b: u32, k: u32) -> vec3<u32> {
    return vec3<u32>(k / $out_plane * $o * $out_plane + k % $out_plane, 0u, 0u);
}

fn get_a(at: vec3<u32>) -> f32 {
    return bitcast<f32>(read1(at.x));
}

fn free_b(b: u32, n: u32) -> vec3<u32> {
    return tap(b * $group_c + n / $kernel, n % $kernel);
}

fn deep_b(b: u32, k: u32) -> vec3<u32> {
    return window(k / $out_plane, k % $out_plane);
}

fn get_b(at: vec3<u32>) -> f32 {
    return pixel(at);
}

fn place(b: u32, m: u32, n: u32) -> u32 {
    return (b * $group_o + m) * $depth + n;
}
