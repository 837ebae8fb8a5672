// Rows of a table; an index out of range reads 0.

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
    let row = read1(i / $inner);
    var word = 0u;
    if (row < $rows) { word = read0(row * $inner + i % $inner); }
    put(i, word);
}
