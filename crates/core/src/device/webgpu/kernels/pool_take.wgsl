// The pixel of its plane that each index names.

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
    let place = read1(i);
    var word = 0u;
    if (place < $plane) { word = read0(i / $out_plane * $plane + place); }
    put(i, word);
}
