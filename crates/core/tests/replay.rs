//! One step of training is one program: what a replay costs is counted, and no pass changes what it computes.

mod support;

use gradbook_core::{LocalRunner, LoopSpec, Result, Runner, device::interp::Interp, plan::Options};
use pollster::block_on;
use support::{gpu, lenet_step};

/// A step of the LeNet is one submit of at most 40 dispatches, for which nothing is made and after which nothing is read back.
#[test]
fn a_training_step_on_the_gpu_makes_nothing() -> Result<()> {
    let Some(runner) = gpu() else { return Ok(()) };
    let run = block_on(runner.begin(&lenet_step(64)?))?;
    block_on(runner.advance(&run, 1, &mut |_| ()))?;
    let before = runner.device().counters();
    block_on(runner.advance(&run, 1, &mut |_| ()))?;
    let after = runner.device().counters();
    let dispatches = after.dispatches - before.dispatches;
    assert!((1..=40).contains(&dispatches), "{dispatches} dispatches");
    assert_eq!(after.submits - before.submits, 1);
    assert_eq!(after.buffers_created, before.buffers_created);
    assert_eq!(after.bind_groups_created, before.bind_groups_created);
    assert_eq!(after.pipelines_created, before.pipelines_created);
    assert_eq!(after.reads, before.reads);
    assert_eq!(after.live_bytes, before.live_bytes);
    Ok(())
}

/// Every value of the state after so many steps.
fn trained(runner: &LocalRunner, spec: &LoopSpec, steps: usize) -> Result<Vec<Vec<u32>>> {
    let run = block_on(runner.begin(spec))?;
    block_on(runner.advance(&run, steps, &mut |_| ()))?;
    run.state.iter().map(|state| Ok(block_on(runner.read(state))?.words)).collect()
}

/// All switches, and each one turned off, or on alone.
fn switches() -> Vec<Options> {
    let switch = |on: bool, i: usize| {
        let mut options = if on { Options::PLAIN } else { Options::default() };
        let flags =
            [&mut options.simplify, &mut options.fuse, &mut options.epilogues, &mut options.batch, &mut options.reuse];
        *flags.into_iter().nth(i).expect("a switch") = on;
        options
    };
    let single = (0..5).flat_map(|i| [switch(true, i), switch(false, i)]);
    [Options::default()].into_iter().chain(single).collect()
}

#[test]
fn no_pass_changes_training() -> Result<()> {
    let runner = LocalRunner::native(Interp::new());
    let spec = support::small_step()?;
    runner.set_options(Options::PLAIN);
    let plain = trained(&runner, &spec, 3)?;
    assert!(plain.iter().flatten().all(|&word| !f32::from_bits(word).is_nan()));
    for options in switches() {
        runner.set_options(options);
        assert!(trained(&runner, &spec, 3)? == plain, "{options:?}");
    }
    Ok(())
}
