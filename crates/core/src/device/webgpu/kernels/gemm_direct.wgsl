// C[b, m, n] = Σₖ A[b, m, k] · B[b, k, n], straight from memory: a thread makes $rows × $columns results, which use each
// element that it reads that many times. A sum over k may be split among threads, whose parts lie $total words apart.
// Rows and columns past the end read the last one; their results are not stored.

$elements
@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let tile = $group * $threads + lid;
    if (tile >= $tiles) { return; }
    let n0 = tile % $n_tiles * $columns;
    let m0 = tile / $n_tiles % $m_tiles * $rows;
    let b = tile / ($n_tiles * $m_tiles) % $batches;
    let part = tile / ($n_tiles * $m_tiles * $batches);
    #rows let a@i = free_a(b, min(m0 + @iu, $m_last));
    #vectors_n let b@i_0 = free_b(b, min(n0 + 4u * @iu + 0u, $n_last));
    #vectors_n let b@i_1 = free_b(b, min(n0 + 4u * @iu + 1u, $n_last));
    #vectors_n let b@i_2 = free_b(b, min(n0 + 4u * @iu + 2u, $n_last));
    #vectors_n let b@i_3 = free_b(b, min(n0 + 4u * @iu + 3u, $n_last));
    #each var c@i_@j = vec4<f32>();
    let k_end = min(part * $chunk + $chunk, $k_size);
    for (var k = part * $chunk; k < k_end; k++) {
        let deep_in_a = deep_a(b, k);
        let deep_in_b = deep_b(b, k);
        #vectors_n let right@i = vec4<f32>(get_b(b@i_0 + deep_in_b), get_b(b@i_1 + deep_in_b), get_b(b@i_2 + deep_in_b), get_b(b@i_3 + deep_in_b));
        #rows let left@i = get_a(a@i + deep_in_a);
        #each c@i_@j += left@i * right@j;
    }
    // A loop, though its index makes an array of registers: text for each result, with all that is made of it before it is
    // stored, takes longer to compile than all the rest.
    var sums: array<vec4<f32>, $sums>;
    #each sums[@iu * $vectors + @ju] = c@i_@j;
    for (var i = 0u; i < min($rows, $m_size - m0); i++) {
        for (var j = 0u; j < min($columns, $n_size - n0); j++) {
            put(part * $total + place(b, m0 + i, n0 + j), bitcast<u32>(sums[i * $vectors + j / 4u][j % 4u]));
        }
    }
}
