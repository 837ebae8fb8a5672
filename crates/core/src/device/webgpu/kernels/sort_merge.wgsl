// Merges neighbouring sorted runs: an element's place is its own number and how many of the other run come before it.

fn rank_of(word: u32) -> u32 { return $rank; }

@compute @workgroup_size($threads)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let i = $group * $threads + lid;
    if (i >= $total) { return; }
    let row = i / $length * $length;
    let at = i - row;
    let pair = at / (2u * $run) * 2u * $run;
    let middle = min(pair + $run, $length);
    let first = at < middle;
    let place = read1(i);
    let rank = rank_of(read0(row + place));
    // The part of the other run where it may be.
    let start = select(pair, middle, first);
    var low = start;
    var high = select(middle, min(pair + 2u * $run, $length), first);
    while (low < high) {
        let probe = (low + high) / 2u;
        let other = read1(row + probe);
        let other_rank = rank_of(read0(row + other));
        if (other_rank < rank || (other_rank == rank && other < place)) { low = probe + 1u; } else { high = probe; }
    }
    let own = select(at - middle, at - pair, first);
    put(row + pair + own + low - start, place);
}
