// C[b, m, n] = Σₖ A[b, m, k] · B[b, k, n]. A workgroup makes a tile of results from tiles of A and B of depth $depth that
// its threads stage in workgroup memory, vectors of four along m and n. A thread makes rows and columns that lie a
// workgroup apart, so that neighbours read neighbouring vectors. A sum over k may be split among workgroups, whose parts
// lie $total words apart. What lies past the end of a sum is 0 in both tiles, since 0 times infinity is not.

$elements
var<workgroup> tile_a: array<vec4<f32>, $words_a>;
var<workgroup> tile_b: array<vec4<f32>, $words_b>;

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
    // Which vectors of the tiles the thread stages, and where their elements lie but for the depth.
    #slots_a let ia@i = lid + @iu * $threads;
    #slots_a let ka@i = ia@i / $k_step_a % $depth;
    #slots_a let ra@i = ia@i / $r_step_a % $vectors_a;
    #slots_a let a@i_0 = free_a(b, min(m0 + 4u * ra@i + 0u, $m_last));
    #slots_a let a@i_1 = free_a(b, min(m0 + 4u * ra@i + 1u, $m_last));
    #slots_a let a@i_2 = free_a(b, min(m0 + 4u * ra@i + 2u, $m_last));
    #slots_a let a@i_3 = free_a(b, min(m0 + 4u * ra@i + 3u, $m_last));
    #slots_b let ib@i = lid + @iu * $threads;
    #slots_b let kb@i = ib@i / $k_step_b % $depth;
    #slots_b let rb@i = ib@i / $r_step_b % $vectors_b;
    #slots_b let b@i_0 = free_b(b, min(n0 + 4u * rb@i + 0u, $n_last));
    #slots_b let b@i_1 = free_b(b, min(n0 + 4u * rb@i + 1u, $n_last));
    #slots_b let b@i_2 = free_b(b, min(n0 + 4u * rb@i + 2u, $n_last));
    #slots_b let b@i_3 = free_b(b, min(n0 + 4u * rb@i + 3u, $n_last));
    #sums var c@i_@j_0 = vec4<f32>();
    #sums var c@i_@j_1 = vec4<f32>();
    #sums var c@i_@j_2 = vec4<f32>();
    #sums var c@i_@j_3 = vec4<f32>();
    let k_end = min(part * $chunk + $chunk, $k_size);
    for (var k0 = part * $chunk; k0 < k_end; k0 += $depth) {
        #slots_a let deep_a@i = deep_a(b, min(k0 + ka@i, $k_last));
        #slots_a let four_a@i = vec4<f32>(get_a(a@i_0 + deep_a@i), get_a(a@i_1 + deep_a@i), get_a(a@i_2 + deep_a@i), get_a(a@i_3 + deep_a@i));
        #slots_a if (ia@i < $words_a) { tile_a[ka@i * $vectors_a + ra@i] = select(vec4<f32>(), four_a@i, k0 + ka@i < $k_size); }
        #slots_b let deep_b@i = deep_b(b, min(k0 + kb@i, $k_last));
        #slots_b let four_b@i = vec4<f32>(get_b(b@i_0 + deep_b@i), get_b(b@i_1 + deep_b@i), get_b(b@i_2 + deep_b@i), get_b(b@i_3 + deep_b@i));
        #slots_b if (ib@i < $words_b) { tile_b[kb@i * $vectors_b + rb@i] = select(vec4<f32>(), four_b@i, k0 + kb@i < $k_size); }
        workgroupBarrier();
        for (var k = 0u; k < $depth; k++) {
            #vectors_m let left@i = tile_a[k * $vectors_a + y + @iu * $tall];
            #vectors_n let right@i = tile_b[k * $vectors_b + x + @iu * $wide];
            #sums c@i_@j_0 += left@i.x * right@j;
            #sums c@i_@j_1 += left@i.y * right@j;
            #sums c@i_@j_2 += left@i.z * right@j;
            #sums c@i_@j_3 += left@i.w * right@j;
        }
        workgroupBarrier();
    }
    #sums store(part, b, m0 + 4u * (y + @iu * $tall) + 0u, n0 + 4u * (x + @ju * $wide), c@i_@j_0);
    #sums store(part, b, m0 + 4u * (y + @iu * $tall) + 1u, n0 + 4u * (x + @ju * $wide), c@i_@j_1);
    #sums store(part, b, m0 + 4u * (y + @iu * $tall) + 2u, n0 + 4u * (x + @ju * $wide), c@i_@j_2);
    #sums store(part, b, m0 + 4u * (y + @iu * $tall) + 3u, n0 + 4u * (x + @ju * $wide), c@i_@j_3);
}
