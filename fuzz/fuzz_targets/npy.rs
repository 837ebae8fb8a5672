//! Any bytes are read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = gradbook_formats::npy::parse(bytes).map(|array| array.values());
});
