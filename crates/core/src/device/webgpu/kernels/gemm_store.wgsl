fn store(part: u32, b: u32, m: u32, n: u32, c: vec4<f32>) {
    if (m >= $m_size) { return; }
    for (var j = 0u; j < min(4u, $n_size - min($n_size, n)); j++) {
        put(part * $total + place(b, m, n + j), bitcast<u32>(c[j]));
    }
}
