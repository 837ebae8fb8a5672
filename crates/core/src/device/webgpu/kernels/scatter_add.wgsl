// Each element of the table sums the rows whose index names it, in order.

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
    let row = i / $inner;
    let column = i % $inner;
    var sum = 0.0;
    for (var k = 0u; k < $count; k++) {
        if (read1(k) == row) { sum += bitcast<f32>(read0(k * $inner + column)); }
    }
    put(i, bitcast<u32>(sum));
}
