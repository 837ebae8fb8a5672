// Each pixel sums the values of the windows that cover it and name it.

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
    let place = i % $plane;
    let first = i / $plane * $out_plane;
    var sum = 0.0;
    for (var ky = 0u; ky < $kernel_h; ky++) {
        let y = place / $w + $pad_y - ky * $dilation_y;
        if (y % $stride_y != 0u || y / $stride_y >= $out_h) { continue; }
        for (var kx = 0u; kx < $kernel_w; kx++) {
            let x = place % $w + $pad_x - kx * $dilation_x;
            if (x % $stride_x != 0u || x / $stride_x >= $out_w) { continue; }
            let window = first + y / $stride_y * $out_w + x / $stride_x;
            if (read1(window) == place) { sum += bitcast<f32>(read0(window)); }
        }
    }
    put(i, bitcast<u32>(sum));
}
