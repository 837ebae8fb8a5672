// Each pixel sums the window entries that cover it: c0 plane, c1 and c2 the entry, c3 and c4 the window.

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
    let place = i % $plane;
    let c0 = i / $plane;
    var sum = 0.0;
    for (var c1 = 0u; c1 < $kernel_h; c1++) {
        let y = place / $w - c1 * $dilation_y;
        let c3 = y / $stride_y;
        if (y % $stride_y != 0u || c3 >= $out_h) { continue; }
        for (var c2 = 0u; c2 < $kernel_w; c2++) {
            let x = place % $w - c2 * $dilation_x;
            let c4 = x / $stride_x;
            if (x % $stride_x != 0u || c4 >= $out_w) { continue; }
            if ($valid) { sum += bitcast<f32>(read0($position)); }
        }
    }
    put(i, bitcast<u32>(sum));
}
