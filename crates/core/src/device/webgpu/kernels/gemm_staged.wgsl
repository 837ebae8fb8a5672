// C[b, m, n] = Σₖ A[b, m, k] · B[b, k, n]. A workgroup makes a tile of results from tiles of A and B of depth $depth that
// its threads stage in workgroup memory, vectors of four along m and n. A thread makes rows and columns that lie a
// workgroup apart, so that neighbours read neighbouring vectors. A sum over k may be split among workgroups, whose parts
// lie $total words apart.

$elements
var<workgroup> tile_a: array<vec4<f32>, $words_a>;
var<workgroup> tile_b: array<vec4<f32>, $words_b>;

$store
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
    $prepare
    let k_end = min(part * $chunk + $chunk, $k_size);
    for (var k0 = part * $chunk; k0 < k_end; k0 += $depth) {
        $stage
        workgroupBarrier();
        for (var k = 0u; k < $depth; k++) {
            $multiply
        }
        workgroupBarrier();
    }
    $finish
}
