//! Whatever the graph and whatever the passes may do, a program computes the same values to the bit on the reference device.

use super::Options;
use crate::{
    LocalRunner, Runner,
    device::interp::Interp,
    random_graph::{Choice, outputs},
};
use proptest::{prelude::*, test_runner::RngSeed};

/// The passes as they are by default, each of their switches turned that matters without a loop, and little room for expressions.
pub(crate) fn variants() -> Vec<(&'static str, Options)> {
    let usual = Options::default();
    vec![
        ("as usual", usual),
        ("as it stands", Options::PLAIN),
        ("without simplifying", Options { simplify: false, ..usual }),
        ("without fusing", Options { fuse: false, ..usual }),
        ("places of maxima in memory", Options { unpool: false, ..usual }),
        ("without epilogues", Options { epilogues: false, ..usual }),
        ("one value a step", Options { stack: false, ..usual }),
        ("without reuse of memory", Options { reuse: false, ..usual }),
        ("few reads and instructions", Options { max_reads: 2, max_instrs: 6, ..usual }),
    ]
}

fn values(choices: &[Choice], options: Options) -> Vec<Vec<u32>> {
    let runner = LocalRunner::native(Interp::new());
    runner.set_options(options);
    let outputs = outputs(choices);
    pollster::block_on(runner.evaluate(&outputs)).unwrap();
    outputs.iter().map(|output| pollster::block_on(runner.read(output)).unwrap().words).collect()
}

fn agree(choices: &[Choice]) -> Result<(), TestCaseError> {
    let mut variants = variants().into_iter();
    let (_, usual) = variants.next().expect("there is a usual one");
    let expected = values(choices, usual);
    for (name, options) in variants {
        for (got, expected) in values(choices, options).iter().flatten().zip(expected.iter().flatten()) {
            let (x, y) = (f32::from_bits(*got), f32::from_bits(*expected));
            let same = got == expected || x == y || (x.is_nan() && y.is_nan());
            prop_assert!(same, "{name}: {x} is not {y}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
    #[test]
    fn passes_keep_every_bit(choices in prop::collection::vec(any::<Choice>(), 1..40)) {
        agree(&choices)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    #[ignore = "takes minutes; run by --slow"]
    fn thousands_of_random_graphs_keep_every_bit(choices in prop::collection::vec(any::<Choice>(), 1..60)) {
        agree(&choices)?;
    }
}
