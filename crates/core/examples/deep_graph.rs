//! Prints how long each pass takes on graphs of 100,000, 200,000 and 400,000 nodes: time should grow with size.
//! `cargo run --release -p gradbook-core --example deep_graph`

use gradbook_core::{
    Data, Result, Tensor,
    ir::{Graph, simplify, wire::Writer},
    plan::{Options, Target, compile},
};
use std::time::Instant;

fn main() -> Result<()> {
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "nodes", "build", "gradient", "trace", "simplify", "encode", "compile", "drop"
    );
    // Each round is three nodes, and nine more for the gradients.
    for rounds in [8_333, 16_667, 33_333] {
        let mut times = Vec::new();
        let mut clock = Instant::now();
        let mut lap = || {
            times.push(clock.elapsed().as_secs_f64() * 1e3);
            clock = Instant::now();
        };
        let x = Tensor::from_data(Data::f32([4], &[0.1, -0.2, 0.3, 0.0])?);
        let w = Tensor::from_data(Data::f32([4], &[1e-5; 4])?);
        let y = (0..rounds).try_fold(x.clone(), |x, _| x.tanh()?.mul(&w)?.add(&x))?.sum_all()?;
        lap();
        let mut outputs = y.grad(&[&x, &w])?;
        outputs.push(y);
        lap();
        let traced = Graph::trace(&outputs);
        lap();
        let simple = simplify(&traced.graph);
        lap();
        let mut writer = Writer::default();
        writer.graph(&simple);
        lap();
        let program = compile(&simple, &vec![Target::New; simple.outputs.len()], &Options::default())?;
        lap();
        let nodes = traced.graph.nodes.len();
        drop((outputs, traced, x, w));
        lap();
        print!("{nodes:>9}");
        times.iter().for_each(|time| print!(" {time:>6.0} ms"));
        println!("   {} steps", program.steps.len());
    }
    Ok(())
}
