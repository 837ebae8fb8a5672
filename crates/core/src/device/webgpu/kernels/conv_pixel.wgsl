// x[image, channel, oy·stride + ky·dilation − pad, …], 0 in the padding: a coordinate below 0 wraps far beyond the size.
fn pixel(image: u32, channel: u32, out: u32, tap: u32) -> f32 {
    let y = out / $row * $stride_y + tap / $kernel_w * $dilation_y - $pad_y;
    let x = out % $row * $stride_x + tap % $kernel_w * $dilation_x - $pad_x;
    if (y >= $h || x >= $w) { return 0.0; }
    return bitcast<f32>(read0(((image * $c + channel) * $h + y) * $w + x));
}
