// C[b, m, n] = Σₖ A[b, m, k] · B[b, k, n], straight from memory: a thread makes $rows × $columns results, which use each
// element that it reads that many times. A sum over k may be split among threads, whose parts lie $total words apart.

$elements
$store
@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let tile = $group * $threads + lid;
    if (tile >= $tiles) { return; }
    let n0 = tile % $n_tiles * $columns;
    let m0 = tile / $n_tiles % $m_tiles * $rows;
    let b = tile / ($n_tiles * $m_tiles) % $batches;
    let part = tile / ($n_tiles * $m_tiles * $batches);
    $prepare
    let k_end = min(part * $chunk + $chunk, $k_size);
    for (var k = part * $chunk; k < k_end; k++) {
        $multiply
    }
    $finish
}
