// Pixels are named by their word, row and column, as sums of what a window and what a tap adds: a row or column in the
// padding wraps far beyond the size.
fn window(image: u32, out: u32) -> vec3<u32> {
    let y = out / $row * $stride_y - $pad_y;
    let x = out % $row * $stride_x - $pad_x;
    return vec3<u32>(image * $c * $plane + y * $w + x, y, x);
}

fn tap(channel: u32, tap: u32) -> vec3<u32> {
    let y = tap / $kernel_w * $dilation_y;
    let x = tap % $kernel_w * $dilation_x;
    return vec3<u32>(channel * $plane + y * $w + x, y, x);
}

fn pixel(at: vec3<u32>) -> f32 {
    let inside = (at.y < $h) & (at.z < $w);
    return select(0.0, bitcast<f32>(read0(select(0u, at.x, inside))), inside);
}
