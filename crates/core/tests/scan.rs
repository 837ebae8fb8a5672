//! Loops over time against the same steps written out: values, gradients, gradients of gradients, on every device.

mod support;

use gradbook_core::{Data, LocalRunner, Result, Runner, Tensor, ops};
use pollster::block_on;
use support::devices;

const STEPS: usize = 5;
const BATCH: usize = 2;
const IN: usize = 3;
const HIDDEN: usize = 4;

/// The values of f32 tensors, all computed in one program.
fn values(runner: &LocalRunner, tensors: &[Tensor]) -> Vec<Vec<f32>> {
    block_on(runner.evaluate(tensors)).unwrap();
    tensors.iter().map(|tensor| block_on(runner.read(tensor)).unwrap().as_f32().to_vec()).collect()
}

/// Numbers between −1 and 1.
fn noise(dims: &[usize], seed: u32) -> Tensor {
    let count = dims.iter().product::<usize>() as u32;
    let value = |i| gradbook_core::rng::bits([seed, 3], 0, i) as f32 / u32::MAX as f32 * 2.0 - 1.0;
    Tensor::from_data(Data::f32(dims, &(0..count).map(value).collect::<Vec<_>>()).unwrap())
}

/// x, h0, c0 and the weights of an LSTM cell (Hochreiter and Schmidhuber, 1997).
fn inputs() -> Vec<Tensor> {
    let shapes: [&[usize]; 6] = [
        &[STEPS, BATCH, IN],
        &[BATCH, HIDDEN],
        &[BATCH, HIDDEN],
        &[IN, 4 * HIDDEN],
        &[HIDDEN, 4 * HIDDEN],
        &[4 * HIDDEN],
    ];
    shapes.iter().zip(1..).map(|(shape, seed)| noise(shape, seed)).collect()
}

fn cell(x: &Tensor, h: &Tensor, c: &Tensor, [w, u, b]: [&Tensor; 3]) -> Result<[Tensor; 2]> {
    let gates = x.matmul(w)?.add(&h.matmul(u)?)?.add(b)?;
    let gate = |i: usize| gates.narrow(1, i * HIDDEN, HIDDEN);
    let c = gate(0)?.sigmoid()?.mul(c)?.add(&gate(1)?.sigmoid()?.mul(&gate(2)?.tanh()?)?)?;
    Ok([gate(3)?.sigmoid()?.mul(&c.tanh()?)?, c])
}

/// All hidden states, the last one and the last memory.
fn written_out(t: &[Tensor], reverse: bool) -> Result<[Tensor; 3]> {
    let (mut h, mut c) = (t[1].clone(), t[2].clone());
    let mut all = vec![h.clone(); STEPS];
    let order: Vec<usize> = if reverse { (0..STEPS).rev().collect() } else { (0..STEPS).collect() };
    for i in order {
        [h, c] = cell(&t[0].narrow(0, i, 1)?.squeeze(0)?, &h, &c, [&t[3], &t[4], &t[5]])?;
        all[i] = h.clone();
    }
    Ok([Tensor::stack(&all.iter().collect::<Vec<_>>(), 0)?, h, c])
}

fn looped(t: &[Tensor], reverse: bool) -> Result<[Tensor; 3]> {
    let step = |carry: &[Tensor], x: &[Tensor]| {
        let [h, c] = cell(&x[0], &carry[0], &carry[1], [&t[3], &t[4], &t[5]])?;
        Ok((vec![h.clone(), c], vec![h]))
    };
    let (init, xs) = ([&t[1], &t[2]], [&t[0]]);
    let scanned = if reverse { ops::scan_reverse(&init, &xs, step)? } else { ops::scan(&init, &xs, step)? };
    let [h, c] = <[Tensor; 2]>::try_from(scanned.carry).expect("two carries");
    Ok([scanned.outputs[0].clone(), h, c])
}

fn loss([all, h, c]: &[Tensor; 3]) -> Result<Tensor> {
    let weights = noise(all.shape(), 20);
    all.mul(&weights)?.sum_all()?.add(&h.square()?.sum_all()?)?.add(&c.sin()?.sum_all()?)
}

/// Results, gradients of a loss, and the gradient of a penalty on its slope.
fn everything(results: impl Fn(&[Tensor]) -> Result<[Tensor; 3]>) -> Result<Vec<Tensor>> {
    let t = inputs();
    let results = results(&t)?;
    let loss = loss(&results)?;
    let wrt: Vec<&Tensor> = t.iter().collect();
    let gradients = loss.grad(&wrt)?;
    let penalty = gradients[0].square()?.sum_all()?;
    Ok([&results[..], &gradients, &penalty.grad(&wrt)?].concat())
}

fn compare(runner: &LocalRunner, name: &str, got: &[Tensor], expected: &[Tensor]) {
    assert_eq!(got.len(), expected.len());
    // All at once: what is read becomes a leaf.
    let [got, expected] = [got, expected].map(|list| values(runner, list));
    for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
        for (a, b) in got.iter().zip(expected) {
            assert!((a - b).abs() < 2e-5 * (1.0 + b.abs()), "{name}: tensor {i} has {a}, not {b}");
        }
    }
}

#[test]
fn an_lstm_is_what_it_is_written_out() {
    for (name, runner) in devices() {
        for reverse in [false, true] {
            let got = everything(|t| looped(t, reverse)).unwrap();
            let expected = everything(|t| written_out(t, reverse)).unwrap();
            compare(&runner, name, &got, &expected);
        }
    }
}

#[test]
fn forward_and_gradient_are_two_loops_in_one_program() {
    let t = inputs();
    let results = looped(&t, false).unwrap();
    let loss = loss(&results).unwrap();
    let gradients = loss.grad(&t.iter().collect::<Vec<_>>()).unwrap();
    for (_, runner) in devices() {
        let program = runner.program(&[std::slice::from_ref(&loss), &gradients[..]].concat()).unwrap();
        assert_eq!(program.loops.len(), 2, "{program}");
        assert!(program.loops.iter().all(|l| l.trips == STEPS), "{program}");
        // What nobody takes is not computed.
        let program = runner.program(&[results[1].clone()]).unwrap();
        assert!(program.loops[0].moves.iter().all(|m| m.operand > 0), "nothing is stacked: {program}");
    }
}

#[test]
fn a_gradient_ends_at_what_was_evaluated() {
    for (_, runner) in devices() {
        let t = inputs();
        let [all, h, _] = looped(&t, false).unwrap();
        values(&runner, std::slice::from_ref(&h));
        // The other result of the same loop is still computed from its inputs.
        let both = h.mul(&all.sum(&[0], false).unwrap()).unwrap().sum_all().unwrap();
        let gradient = both.grad(&[&t[1], &h]).unwrap();
        let fresh = inputs();
        let [all, h, _] = looped(&fresh, false).unwrap();
        let h = h.detach().unwrap();
        let both = h.mul(&all.sum(&[0], false).unwrap()).unwrap().sum_all().unwrap();
        let expected = both.grad(&[&fresh[1], &h]).unwrap();
        compare(&runner, "evaluated", &gradient, &expected);
        assert!(h.sum_all().unwrap().grad(&[&fresh[1]]).is_err());
    }
}

#[test]
fn no_trips_give_the_first_carries() {
    for (_, runner) in devices() {
        let (start, x) = (noise(&[3], 1), noise(&[0, 3], 2));
        let scanned = ops::scan(&[&start], &[&x], |carry, x| {
            let h = carry[0].add(&x[0])?;
            Ok((vec![h.clone()], vec![h]))
        });
        let scanned = scanned.unwrap();
        assert_eq!(scanned.outputs[0].shape()[..], [0, 3]);
        let got = values(&runner, &[scanned.carry[0].clone(), scanned.outputs[0].clone()]);
        assert_eq!(got, [values(&runner, &[noise(&[3], 1)]).remove(0), vec![]]);
    }
}

#[test]
fn whole_numbers_are_carried_and_a_number_of_trips_is_enough() {
    for (_, runner) in devices() {
        let one = Tensor::from_data(Data::i32([], &[1]).unwrap());
        let scanned = ops::scan(&[&one], &[&Tensor::arange(6).unwrap()], |carry, i| {
            let next = carry[0].add(&i[0])?;
            Ok((vec![next.clone()], vec![next.to_f32()?]))
        });
        let sums = scanned.unwrap().outputs.remove(0);
        assert_eq!(values(&runner, &[sums]), [[1.0, 2.0, 4.0, 7.0, 11.0, 16.0]]);
    }
}

#[test]
fn misuse_is_told_in_the_callers_words() {
    let (h, x) = (noise(&[3], 1), noise(&[4, 3], 2));
    let message = |result: Result<ops::Scanned>| result.unwrap_err().to_string();
    let wider = message(ops::scan(&[&h], &[&x], |carry, _| Ok((vec![carry[0].repeat(&[2])?], vec![]))));
    assert!(wider.contains("carry 0 begins as f32[3] and is f32[6] after a trip"), "{wider}");
    let fewer = message(ops::scan(&[&h], &[&x], |_, _| Ok((vec![], vec![]))));
    assert!(fewer.contains("gave 0 carries; there are 1"), "{fewer}");
    let none = message(ops::scan(&[&h], &[], |carry, _| Ok((carry.to_vec(), vec![]))));
    assert!(none.contains("no xs"), "{none}");
    let unequal = message(ops::scan(&[&h], &[&x, &h], |carry, _| Ok((carry.to_vec(), vec![]))));
    assert!(unequal.contains("xs 0 has 4 slices, xs 1 has 3"), "{unequal}");
    let scalar = message(ops::scan(&[&h], &[&Tensor::scalar(1.0)], |carry, _| Ok((carry.to_vec(), vec![]))));
    assert!(scalar.contains("xs 0 is a number"), "{scalar}");
}
