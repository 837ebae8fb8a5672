// The threads of a workgroup share one result, or one of its $splits parts: thread t takes the elements t, t + $team, …;
// then halves are merged until one is left.

$accumulator
$item
$save
var<workgroup> team: array<Acc, $team>;

@compute @workgroup_size($team)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let group = $group;
    if (group >= $groups) { return; }
    let o = group / $splits;
    let first = group % $splits * $chunk;
    let end = min(first + $chunk, $length);
    var acc = start();
    for (var i = first + lid; i < end; i += $team) { acc = merge(acc, item(o, i)); }
    team[lid] = acc;
    for (var half = $half; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lid < half) { team[lid] = merge(team[lid], team[lid + half]); }
    }
    if (lid == 0u) { save(group, team[0]); }
}
