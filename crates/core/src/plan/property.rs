//! Fused and unfused programs compute the same values to the bit on the reference device, whatever the graph.

use super::Options;
use crate::{
    LocalRunner, Runner,
    device::interp::Interp,
    random_graph::{Choice, build},
};
use proptest::prelude::*;

fn values(choices: &[Choice], options: Options) -> Vec<Vec<u32>> {
    let runner = LocalRunner::native(Interp::new());
    runner.set_options(options);
    let nodes = build(choices);
    // The last ones and one on the way: outputs in the middle of chains.
    let outputs = [&nodes[nodes.len() - 3..], &nodes[nodes.len() / 2..=nodes.len() / 2]].concat();
    pollster::block_on(runner.evaluate(&outputs)).unwrap();
    outputs.iter().map(|output| pollster::block_on(runner.read(output)).unwrap().words).collect()
}

fn same(a: u32, b: u32) -> bool {
    let (x, y) = (f32::from_bits(a), f32::from_bits(b));
    a == b || x == y || (x.is_nan() && y.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn fused_equals_unfused(choices in prop::collection::vec(any::<Choice>(), 1..40)) {
        let fused = values(&choices, Options::default());
        let plain = values(&choices, Options { fuse: false, ..Options::default() });
        let tight = values(&choices, Options { max_reads: 2, max_instrs: 6, ..Options::default() });
        for (f, p) in fused.iter().flatten().zip(plain.iter().flatten()) {
            prop_assert!(same(*f, *p), "{} is not {}", f32::from_bits(*f), f32::from_bits(*p));
        }
        for (t, p) in tight.iter().flatten().zip(plain.iter().flatten()) {
            prop_assert!(same(*t, *p), "{} is not {}", f32::from_bits(*t), f32::from_bits(*p));
        }
    }
}
