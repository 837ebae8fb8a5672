fn free_a(b: u32, m: u32) -> vec3<u32> {
    return vec3<u32>(m * $kernel, 0u, 0u);
}

fn deep_a(b: u32, k: u32) -> vec3<u32> {
    return vec3<u32>((b * $group_o + k / $kernel) * $group_c * $kernel + k % $kernel, 0u, 0u);
}

fn get_a(at: vec3<u32>) -> f32 {
    return bitcast<f32>(read1(at.x));
}

// The image's first output gradient, and a pixel's row and column as the window's tap 0 would see them; a tap moves back.
fn free_b(b: u32, n: u32) -> vec3<u32> {
    return vec3<u32>(n / $plane * $o * $out_plane, n % $plane / $w + $pad_y, n % $w + $pad_x);
}

fn deep_b(b: u32, k: u32) -> vec3<u32> {
    let o = b * $group_o + k / $kernel;
    let tap = k % $kernel;
    return vec3<u32>(o * $out_plane, 0u - tap / $kernel_w * $dilation_y, 0u - tap % $kernel_w * $dilation_x);
}

// dy where its window's tap lies on the pixel, else 0: a distance below 0 wraps far beyond the size.
fn get_b(at: vec3<u32>) -> f32 {
    let y = at.y / $stride_y;
    let x = at.z / $stride_x;
    let meets = (at.y % $stride_y == 0u) & (at.z % $stride_x == 0u) & (y < $out_h) & (x < $out_w);
    return select(0.0, bitcast<f32>(read0(select(0u, at.x + y * $out_w + x, meets))), meets);
}

fn place(b: u32, m: u32, n: u32) -> u32 {
    return (n / $plane * $c + b * $group_c + m) * $plane + n % $plane;
}
