alias Acc = f32;
fn start() -> Acc { return 0.0; }
fn lift(word: u32, place: u32) -> Acc { return bitcast<f32>(word); }
fn merge(a: Acc, b: Acc) -> Acc { return a + b; }
fn finish(acc: Acc) -> u32 { return bitcast<u32>(acc); }
fn pack(acc: Acc) -> vec2<u32> { return vec2<u32>(bitcast<u32>(acc), 0u); }
fn unpack(words: vec2<u32>) -> Acc { return bitcast<f32>(words.x); }
