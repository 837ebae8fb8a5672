// The rank of the greatest word, an unsigned number in the order of the values, and its place, the first of equals.
alias Acc = vec2<u32>;
fn start() -> Acc { return vec2<u32>($least, 0xffffffffu); }
fn lift(word: u32, place: u32) -> Acc { return vec2<u32>($rank, place); }
fn merge(a: Acc, b: Acc) -> Acc { return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y)); }
fn finish(acc: Acc) -> u32 { return $result; }
fn pack(acc: Acc) -> vec2<u32> { return acc; }
fn unpack(words: vec2<u32>) -> Acc { return words; }
