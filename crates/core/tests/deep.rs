//! A graph of a hundred thousand nodes goes through every pass on a small stack, in work that grows with its size.

use gradbook_core::{
    DType, Data, LocalRunner, Result, Runner, Shape, Tensor,
    device::interp::Interp,
    ir::{
        Graph, simplify,
        wire::{Reader, Writer},
    },
    plan::{Options, Program, Target, compile},
};
use pollster::block_on;

/// As deep as a frame of wasm or of a worker may get; recursion over the graph would need megabytes.
const STACK: usize = 256 * 1024;

fn on_a_small_stack(test: impl FnOnce() -> Result<()> + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(test).unwrap();
    thread.join().unwrap().unwrap();
}

/// x ← tanh(x)·w + x, over and over: deep, with each value used twice.
fn chain(x: &Tensor, w: &Tensor, rounds: usize) -> Result<Tensor> {
    (0..rounds).try_fold(x.clone(), |x, _| x.tanh()?.mul(w)?.add(&x))
}

fn inputs() -> Result<(Tensor, Tensor)> {
    Ok((Tensor::from_data(Data::f32([4], &[0.1, -0.2, 0.3, 0.0])?), Tensor::from_data(Data::f32([4], &[1e-5; 4])?)))
}

/// The graph of the end of a chain and its gradients.
fn graph(rounds: usize) -> Result<Graph> {
    let (x, w) = inputs()?;
    let y = chain(&x, &w, rounds)?.sum_all()?;
    let mut outputs = y.grad(&[&x, &w])?;
    outputs.push(y);
    Ok(Graph::trace(&outputs).graph)
}

fn program(graph: &Graph, options: &Options) -> Result<Program> {
    compile(graph, &vec![Target::New; graph.outputs.len()], options)
}

#[test]
fn every_pass_takes_a_hundred_thousand_nodes() {
    on_a_small_stack(|| {
        let graph = graph(20_000)?;
        assert!(graph.nodes.len() > 100_000, "{}", graph.nodes.len());
        let simple = simplify(&graph);
        let without = [Options { fuse: false, ..Options::default() }, Options { stack: false, ..Options::default() }];
        for (options, least) in [(Options::default(), 1_000), (without[0], 20_000), (without[1], 20_000)] {
            let program = program(&simple, &options)?;
            assert!(program.steps.len() > least, "{} steps", program.steps.len());
            assert!(program.to_string().lines().count() >= program.steps.len());
        }
        let mut writer = Writer::default();
        writer.graph(&simple);
        let back = Reader::new(&writer.finish()?).graph()?;
        assert_eq!(back.to_string(), simple.to_string());
        let leaves = [(); 2].map(|()| Tensor::input(Shape::new("test", [4]).unwrap(), DType::F32));
        assert_eq!(back.rebuild(&leaves)?.len(), 3);
        Ok(())
    });
}

#[test]
fn a_deep_graph_runs_and_is_forgotten() {
    on_a_small_stack(|| {
        let runner = LocalRunner::native(Interp::new());
        let (x, w) = inputs()?;
        let y = chain(&x, &w, 33_000)?;
        let shared = y.neg()?;
        let z = y.sum_all()?;
        let slope = z.grad(&[&w])?.remove(0);
        let data = block_on(runner.read(&slope))?;
        // In the limit dx/dt = tanh(x) with t = w·rounds, so sinh(x) grows by exp(t), and dx/dw is rounds·tanh(x) at the end.
        let end = (0.1f64.sinh() * (33_000.0f64 * 1e-5).exp()).asinh();
        let (got, expected) = (f64::from(data.as_f32()[0]), 33_000.0 * end.tanh());
        assert!((got - expected).abs() < 1e-3 * expected, "{got} {expected}");
        drop((slope, z, y));
        drop(shared);
        Ok(())
    });
}

#[test]
fn work_grows_with_the_graph() {
    on_a_small_stack(|| {
        // What each pass makes of twice the graph is twice as much, up to what does not depend on it.
        let sizes = |rounds: usize| -> Result<[usize; 4]> {
            let graph = graph(rounds)?;
            let simple = simplify(&graph);
            let program = program(&simple, &Options::default())?;
            let instructions = program.to_string().len();
            Ok([graph.nodes.len(), simple.nodes.len(), program.steps.len(), instructions])
        };
        let (small, large) = (sizes(2_000)?, sizes(4_000)?);
        for (small, large) in small.into_iter().zip(large) {
            assert!(large as f64 <= 2.15 * small as f64 && large as f64 >= 1.85 * small as f64, "{small} {large}");
        }
        Ok(())
    });
}
