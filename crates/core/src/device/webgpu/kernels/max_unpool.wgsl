// Each window puts its value at its first maximum and zeros at all other pixels up to the next windows, which lie apart from it: an invocation
// for each, and for what is left at the ends of rows and columns.

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let cell = $group * $threads + lid;
    if (cell >= $total) { return; }
    let column = cell % $columns;
    let row = cell / $columns % $rows;
    let image = cell / ($columns * $rows);
    let plane = image * $plane;
    let y0 = row * $stride_y - $pad_y;
    let x0 = column * $stride_x - $pad_x;
    var rank = 0u;
    var winner = $plane;
    var value = 0u;
    if (row < $out_h) {
        if (column < $out_w) {
            winner = 0u;
            value = read0(image * $out_plane + row * $out_w + column);
            for (var ky = 0u; ky < $kernel_h; ky++) {
                for (var kx = 0u; kx < $kernel_w; kx++) {
                    let y = y0 + ky * $dilation_y;
                    let x = x0 + kx * $dilation_x;
                    if (y >= $h || x >= $w) { continue; }
                    let new_rank = gb_rank_f32(read1(plane + y * $w + x));
                    if (new_rank > rank) {
                        rank = new_rank;
                        winner = y * $w + x;
                    }
                }
            }
        }
    }
    for (var dy = 0u; dy < $stride_y; dy++) {
        for (var dx = 0u; dx < $stride_x; dx++) {
            let y = y0 + dy;
            let x = x0 + dx;
            if (y >= $h || x >= $w) { continue; }
            let place = y * $w + x;
            put(plane + place, select(0u, value, place == winner));
        }
    }
}
