// The first maximum of every window by rank, so that NaN wins; padding never does.

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
    let plane = i / $out_plane * $plane;
    let y0 = i % $out_plane / $out_w * $stride_y - $pad_y;
    let x0 = i % $out_w * $stride_x - $pad_x;
    var rank = 0u;
    var place = 0u;
    var word = 0xff800000u;
    for (var ky = 0u; ky < $kernel_h; ky++) {
        for (var kx = 0u; kx < $kernel_w; kx++) {
            let y = y0 + ky * $dilation_y;
            let x = x0 + kx * $dilation_x;
            if (y >= $h || x >= $w) { continue; }
            let new_word = read0(plane + y * $w + x);
            let new_rank = gb_rank_f32(new_word);
            if (new_rank > rank) {
                rank = new_rank;
                place = y * $w + x;
                word = new_word;
            }
        }
    }
    put(i, $result);
}
