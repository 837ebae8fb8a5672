//! The text of every case and of every scalar row passes a WGSL validator.

use super::{cases, inside, outside, scalars};
use crate::device::webgpu::{Tiling, Tuning, emit};
use naga::{
    front::wgsl,
    valid::{Capabilities, ValidationFlags, Validator},
};
use rustc_hash::FxHashSet;

#[test]
fn every_text_is_valid() {
    let mut seen = FxHashSet::default();
    for case in cases::all().iter().chain(&scalars::cases()) {
        let programs = [outside(case), inside(case)];
        for (program, tuning) in
            programs.iter().flat_map(|program| Tiling::ALL.map(|tiling| (program, Tuning::all(tiling))))
        {
            for dispatch in program.steps.iter().flat_map(|step| emit::step(step, &tuning, 1 << 20).dispatches) {
                if seen.insert(dispatch.wgsl.clone()) {
                    validate(&case.name, &dispatch.wgsl);
                }
            }
        }
    }
    assert!(seen.len() > 200, "{} texts", seen.len());
}

fn validate(name: &str, text: &str) {
    let module = wgsl::parse_str(text).unwrap_or_else(|e| panic!("{name}: {}\n{text}", e.emit_to_string(text)));
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    validator.validate(&module).unwrap_or_else(|e| panic!("{name}: {}\n{text}", e.emit_to_string(text)));
}
