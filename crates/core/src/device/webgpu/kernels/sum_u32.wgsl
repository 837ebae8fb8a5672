alias Acc = u32;
fn start() -> Acc { return 0u; }
fn lift(word: u32, place: u32) -> Acc { return word; }
fn merge(a: Acc, b: Acc) -> Acc { return a + b; }
fn finish(acc: Acc) -> u32 { return acc; }
fn pack(acc: Acc) -> vec2<u32> { return vec2<u32>(acc, 0u); }
fn unpack(words: vec2<u32>) -> Acc { return words.x; }
