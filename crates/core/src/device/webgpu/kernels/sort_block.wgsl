// Sorts a block of a row by rank and place (bitonic); what is missing from the last block comes after everything.

var<workgroup> ranks: array<u32, $block>;
var<workgroup> places: array<u32, $block>;

fn rank_of(word: u32) -> u32 { return $rank; }

@compute @workgroup_size($team)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let group = $group;
    if (group >= $groups) { return; }
    let row = group / $blocks * $length;
    let start = group % $blocks * $block;
    for (var k = lid; k < $block; k += $team) {
        let place = start + k;
        let inside = place < $length;
        ranks[k] = 0xffffffffu;
        if (inside) { ranks[k] = rank_of(read0(row + place)); }
        places[k] = select(0xffffffffu, place, inside);
    }
    workgroupBarrier();
    for (var size = 2u; size <= $block; size = size * 2u) {
        for (var step = size / 2u; step > 0u; step = step / 2u) {
            for (var pair = lid; pair < $block / 2u; pair += $team) {
                let a = pair / step * 2u * step + pair % step;
                let b = a + step;
                let later = ranks[a] > ranks[b] || (ranks[a] == ranks[b] && places[a] > places[b]);
                if (later == ((a & size) == 0u)) {
                    let rank = ranks[a];
                    let place = places[a];
                    ranks[a] = ranks[b];
                    places[a] = places[b];
                    ranks[b] = rank;
                    places[b] = place;
                }
            }
            workgroupBarrier();
        }
    }
    for (var k = lid; k < $block; k += $team) {
        if (start + k < $length) { put(row + start + k, places[k]); }
    }
}
