//! What known graphs compile to, as text. A change of a pass shows here as a change of a file under `prints/`, to be read like
//! code: `UPDATE_EXPECT=1 cargo test -p gradbook-core --test prints` writes them anew.

mod support;

use expect_test::expect_file;
use gradbook_core::{
    LocalRunner, Result, Tensor,
    device::interp::Interp,
    ir::{Graph, simplify},
    plan::Options,
};
use support::{attention_step, lenet, lenet_shapes, lenet_step, noise, penalised_step, program};

#[test]
fn a_training_step_of_a_lenet() -> Result<()> {
    let program = program(&lenet_step(64)?, &Options::default())?;
    expect_file!["prints/lenet_step.txt"].assert_eq(&program.to_string());
    Ok(())
}

#[test]
fn a_step_with_a_gradient_penalty() -> Result<()> {
    let program = program(&penalised_step()?, &Options::default())?;
    expect_file!["prints/gradient_penalty.txt"].assert_eq(&program.to_string());
    Ok(())
}

#[test]
fn a_step_of_attention() -> Result<()> {
    let program = program(&attention_step()?, &Options::default())?;
    expect_file!["prints/attention_step.txt"].assert_eq(&program.to_string());
    Ok(())
}

#[test]
fn what_an_input_is_judged_by() -> Result<()> {
    let params = lenet_shapes().iter().map(|dims| noise(dims, 1, 0.1)).collect::<Result<Vec<_>>>()?;
    let x = noise(&[1, 1, 28, 28], 2, 1.0)?;
    let saliency = lenet(&x, &params)?.amax(&[1], false)?.sum_all()?.grad(&[&x])?.remove(0).abs()?;
    let program = LocalRunner::native(Interp::new()).program(&[saliency])?;
    expect_file!["prints/saliency.txt"].assert_eq(&program.to_string());
    Ok(())
}

/// A graph, before and after it is simplified.
#[test]
fn a_graph_and_its_gradient() -> Result<()> {
    let (x, w) = (noise(&[3, 4], 1, 1.0)?, noise(&[2, 4], 2, 1.0)?);
    let y: Tensor = x.matmul(&w.t()?)?.tanh()?.square()?.sum_all()?;
    let graph = Graph::trace(&y.grad(&[&w])?).graph;
    expect_file!["prints/graph.txt"].assert_eq(&format!("{graph}\nsimplified\n{}", simplify(&graph)));
    Ok(())
}
