// One thread reduces all elements of one result, in row-major order.

$accumulator
$value
@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
$coordinates    var acc = start();
    var place = 0u;
$open    acc = merge(acc, lift($call, place));
    place++;
$close    put(i, finish(acc));
}
