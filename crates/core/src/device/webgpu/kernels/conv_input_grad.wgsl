fn at_a(b: u32, m: u32, k: u32) -> f32 {
    let o = b * $group_o + k / $kernel;
    return bitcast<f32>(read1((o * $group_c + m) * $kernel + k % $kernel));
}

// dy where its window's tap k lies on pixel n, else 0: a distance below 0 wraps far beyond the size.
fn at_b(b: u32, k: u32, n: u32) -> f32 {
    let y = n % $plane / $w + $pad_y - k % $kernel / $kernel_w * $dilation_y;
    let x = n % $w + $pad_x - k % $kernel_w * $dilation_x;
    if (y % $stride_y != 0u || x % $stride_x != 0u) { return 0.0; }
    let oy = y / $stride_y;
    let ox = x / $stride_x;
    if (oy >= $out_h || ox >= $out_w) { return 0.0; }
    let o = b * $group_o + k / $kernel;
    return bitcast<f32>(read0(((n / $plane * $o + o) * $out_h + oy) * $out_w + ox));
}

fn place(b: u32, m: u32, n: u32) -> u32 {
    return (n / $plane * $c + b * $group_c + m) * $plane + n % $plane;
}
