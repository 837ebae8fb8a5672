// C[b, m, n] = Σₖ A[b, m, k] · B[b, k, n]. A workgroup makes $rows × $columns results from tiles of depth $depth that its
// threads stage in workgroup memory; a thread makes 4 × 4. A sum over k may be split among workgroups, whose parts lie
// $total words apart.

$elements
var<workgroup> tile_a: array<vec4<f32>, $words_a>;
var<workgroup> tile_b: array<vec4<f32>, $words_b>;

fn inside_a(b: u32, m: u32, k: u32) -> f32 {
    if (m >= $m_size || k >= $k_size) { return 0.0; }
    return at_a(b, m, k);
}

fn inside_b(b: u32, k: u32, n: u32) -> f32 {
    if (n >= $n_size || k >= $k_size) { return 0.0; }
    return at_b(b, k, n);
}

fn store(part: u32, b: u32, m: u32, n: u32, c: vec4<f32>) {
    if (m >= $m_size) { return; }
    for (var j = 0u; j < min(4u, $n_size - min($n_size, n)); j++) {
        put(part * $total + place(b, m, n + j), bitcast<u32>(c[j]));
    }
}

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let group = $group;
    if (group >= $groups) { return; }
    let n0 = group % $n_tiles * $columns;
    let m0 = group / $n_tiles % $m_tiles * $rows;
    let b = group / ($n_tiles * $m_tiles) % $batches;
    let part = group / ($n_tiles * $m_tiles * $batches);
    let x = lid % $wide;
    let y = lid / $wide;
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    let k_end = min(part * $chunk + $chunk, $k_size);
    for (var k0 = part * $chunk; k0 < k_end; k0 += $depth) {
        for (var i = lid; i < $words_a; i += $threads) {
            $staged_a
            let m = m0 + 4u * r;
            tile_a[k * $tall + r] = vec4<f32>(
                inside_a(b, m, k0 + k), inside_a(b, m + 1u, k0 + k), inside_a(b, m + 2u, k0 + k), inside_a(b, m + 3u, k0 + k));
        }
        for (var i = lid; i < $words_b; i += $threads) {
            $staged_b
            let n = n0 + 4u * r;
            tile_b[k * $wide + r] = vec4<f32>(
                inside_b(b, k0 + k, n), inside_b(b, k0 + k, n + 1u), inside_b(b, k0 + k, n + 2u), inside_b(b, k0 + k, n + 3u));
        }
        workgroupBarrier();
        for (var k = 0u; k < $depth; k++) {
            let left = tile_a[k * $tall + y];
            let right = tile_b[k * $wide + x];
            c0 += left.x * right;
            c1 += left.y * right;
            c2 += left.z * right;
            c3 += left.w * right;
        }
        workgroupBarrier();
    }
    let m = m0 + 4u * y;
    let n = n0 + 4u * x;
    store(part, b, m, n, c0);
    store(part, b, m + 1u, n, c1);
    store(part, b, m + 2u, n, c2);
    store(part, b, m + 3u, n, c3);
}
