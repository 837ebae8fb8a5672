// Each pixel sums the values of the windows that cover it and whose first maximum it is.

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
    let place = i % $plane;
    let plane = i - place;
    let first = i / $plane * $out_plane;
    let rank = gb_rank_f32(read1(i));
    var sum = 0.0;
    for (var ky = 0u; ky < $kernel_h; ky++) {
        let y = place / $w + $pad_y - ky * $dilation_y;
        if (y % $stride_y != 0u || y / $stride_y >= $out_h) { continue; }
        for (var kx = 0u; kx < $kernel_w; kx++) {
            let x = place % $w + $pad_x - kx * $dilation_x;
            if (x % $stride_x != 0u || x / $stride_x >= $out_w) { continue; }
            var wins = true;
            for (var qy = 0u; qy < $kernel_h; qy++) {
                let other_y = y - $pad_y + qy * $dilation_y;
                if (other_y >= $h) { continue; }
                for (var qx = 0u; qx < $kernel_w; qx++) {
                    let other_x = x - $pad_x + qx * $dilation_x;
                    if (other_x >= $w) { continue; }
                    let other = other_y * $w + other_x;
                    let other_rank = gb_rank_f32(read1(plane + other));
                    // Of equals the first wins.
                    if (select(other_rank > rank, other_rank >= rank, other < place)) {
                        wins = false;
                        break;
                    }
                }
                if (!wins) { break; }
            }
            if (wins) { sum += bitcast<f32>(read0(first + y / $stride_y * $out_w + x / $stride_x)); }
        }
    }
    put(i, bitcast<u32>(sum));
}
