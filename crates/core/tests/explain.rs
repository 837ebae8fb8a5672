//! What a call does, as `explain` tells and as the device does it, and how long its steps take: on every device.

mod support;

use gradbook_core::{DType, LocalRunner, LoopSpec, ProgramSpec, Result, Runner, Tensor, ops, runner::Variable};
use pollster::block_on;
use support::{devices, gpu, input};

/// The product of 200 × 300 and 300 × 40, rectified, and a state that counts the calls.
fn counted_product(runner: &LocalRunner) -> Result<ProgramSpec> {
    let (a, b) = (input(&[200, 300], DType::F32)?, input(&[300, 40], DType::F32)?);
    let y = a.matmul(&b)?.relu()?;
    let (mut spec, count) = (LoopSpec::default(), input(&[5], DType::F32)?);
    spec.push(count.clone(), Tensor::f32(&[5], &[0.0; 5])?, None);
    let value = block_on(runner.begin(&spec))?.state.remove(0);
    let next = Some(count.add_scalar(1)?);
    Ok(ProgramSpec { arguments: vec![a, b], outputs: vec![y], state: vec![Variable { input: count, value, next }] })
}

/// On the host, so that nothing is computed for them.
fn zeros(dims: &[usize]) -> Result<Tensor> {
    Tensor::f32(dims, &vec![0.0; dims.iter().product()])
}

fn arguments() -> Result<[Tensor; 2]> {
    Ok([zeros(&[200, 300])?, zeros(&[300, 40])?])
}

#[test]
fn what_must_move_is_the_same_everywhere_and_dispatches_are_those_that_are_made() -> Result<()> {
    for (device, runner) in devices() {
        let program = block_on(runner.prepare(&counted_product(&runner)?))?;
        let explanation = block_on(runner.explain(&program))?;
        let step = |name: &str| explanation.steps.iter().find(|step| step.kernel.starts_with(name));
        let (product, count) = (step("matmul").expect("a product"), step("map").expect("a sum"));
        // A comparison for each element of the product.
        assert_eq!(product.flops, 2.0 * 200.0 * 300.0 * 40.0 + 8000.0, "{explanation}");
        assert_eq!((product.read, product.written), (4.0 * 72_000.0, 4.0 * 8000.0), "{explanation}");
        assert_eq!((count.flops, count.read, count.written), (5.0, 20.0, 20.0), "{explanation}");
        // Arguments and result.
        assert_eq!(explanation.copied, 4.0 * 80_000.0);
        assert!(explanation.moved() >= explanation.needed() + 2.0 * explanation.copied, "{explanation}");
        assert_eq!((explanation.device.as_str(), explanation.state), (device, 20.0));
        assert!(explanation.buffers >= 4 && explanation.buffer_bytes >= 4.0 * 80_005.0, "{explanation}");
        assert!(explanation.to_string().contains("arguments and results"), "{explanation}");

        block_on(runner.call(&program, &arguments()?))?;
        let before = runner.device().counters();
        block_on(runner.call(&program, &arguments()?))?;
        let after = runner.device().counters();
        assert_eq!(after.dispatches - before.dispatches, explanation.dispatches() as u64, "{explanation}");
    }
    Ok(())
}

/// Steps of a loop count as often as they run.
#[test]
fn trips_of_a_loop_count_each() -> Result<()> {
    for (device, runner) in devices() {
        let (xs, start) = (input(&[7, 100], DType::F32)?, input(&[100], DType::F32)?);
        let scanned = ops::scan(&[&start], &[&xs], |carries, slices| {
            let next = carries[0].mul(&slices[0])?.tanh()?;
            Ok((vec![next], vec![]))
        })?;
        let outputs = scanned.carry;
        let spec = ProgramSpec { arguments: vec![xs, start], outputs, ..ProgramSpec::default() };
        let program = block_on(runner.prepare(&spec))?;
        let explanation = block_on(runner.explain(&program))?;
        let given = [zeros(&[7, 100])?, zeros(&[100])?];
        let before = runner.device().counters().dispatches;
        block_on(runner.call(&program, &given))?;
        let made = runner.device().counters().dispatches - before;
        assert_eq!(explanation.dispatches() as u64, made, "{device}: {explanation}");
        // A product and tanh of each element of each trip.
        assert_eq!(explanation.flops(), 2.0 * 700.0, "{device}: {explanation}");
    }
    Ok(())
}

/// On a GPU the product is split along k: what the parts write and what their sum reads are moved besides.
#[test]
fn partial_sums_are_moved_besides() -> Result<()> {
    let Some(runner) = gpu() else { return Ok(()) };
    let (a, b) = (input(&[16, 4096], DType::F32)?, input(&[4096, 16], DType::F32)?);
    let spec = ProgramSpec { outputs: vec![a.matmul(&b)?], arguments: vec![a, b], ..ProgramSpec::default() };
    let program = block_on(runner.prepare(&spec))?;
    let explanation = block_on(runner.explain(&program))?;
    let [step] = &explanation.steps[..] else { panic!("{explanation}") };
    assert_eq!((step.dispatches, step.read, step.written), (2, 4.0 * 131_072.0, 1024.0), "{explanation}");
    let partials = step.moved - step.read - step.written;
    // Written and read once: so many parts of 16 × 16.
    assert!(partials > 0.0 && partials % (2.0 * 1024.0) == 0.0, "{explanation}");
    assert!(explanation.arena >= partials / 2.0);
    Ok(())
}

#[test]
fn steps_are_timed_wherever_they_run_and_state_goes_on_by_whole_calls() -> Result<()> {
    for (device, runner) in devices() {
        let spec = counted_product(&runner)?;
        let count = spec.state[0].value.clone();
        let program = block_on(runner.prepare(&spec))?;
        let profile = block_on(runner.profile(&program, Some(&arguments()?)))?;
        assert!(profile.calls >= 1 && profile.steps.len() >= 2 && profile.total() > 0.0, "{device}: {profile}");
        let product = profile.steps.iter().find(|step| step.kernel.starts_with("matmul")).expect("a product");
        assert_eq!((product.flops, product.bytes()), (4_808_000.0, 320_000.0), "{device}: {profile}");
        let counted = block_on(runner.read(&count))?.as_f32()[0];
        // Step by step on the CPU; else a call or two before steps are repeated on copies.
        let most = if device == "cpu" { profile.calls as f32 + 1.0 } else { 2.0 };
        assert!((1.0..=most).contains(&counted) && counted.fract() == 0.0, "{device}: {counted}, {profile}");
    }
    Ok(())
}
