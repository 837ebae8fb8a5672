//! Prints the program of a training step of a LeNet: `cargo run -p gradbook-core --example plan`.

use gradbook_core::{
    DType, Result, Shape, Tensor,
    ir::{Graph, simplify},
    ops::{Conv2dOptions, MaxPool2dOptions, Padding},
    plan::{Options, Target, compile},
};

fn main() -> Result<()> {
    let input = |dims: &[usize], dtype| Ok::<_, gradbook_core::Error>(Tensor::input(Shape::new("input", dims)?, dtype));
    let (data, labels, order) =
        (input(&[8000, 1, 28, 28], DType::F32)?, input(&[8000], DType::I32)?, input(&[64], DType::I32)?);
    let params: Vec<Tensor> =
        [&[16, 1, 3, 3][..], &[16], &[32, 16, 3, 3], &[32], &[128, 1568], &[128], &[10, 128], &[10]]
            .iter()
            .map(|dims| input(dims, DType::F32))
            .collect::<Result<_>>()?;
    let moments: Vec<Tensor> =
        params.iter().chain(&params).map(|p| Tensor::input(p.shape().clone(), DType::F32)).collect();
    let (x, y) = (data.index_select(0, &order)?, labels.index_select(0, &order)?);
    let same = Conv2dOptions { padding: Padding::Same, ..Default::default() };
    let pool = MaxPool2dOptions::new([2, 2]);
    let h = x.conv2d(&params[0], Some(&params[1]), &same)?.relu()?.max_pool2d(&pool)?;
    let h = h.conv2d(&params[2], Some(&params[3]), &same)?.relu()?.max_pool2d(&pool)?.flatten(1, -1)?;
    let h = h.matmul(&params[4].t()?)?.add(&params[5])?.relu()?;
    let logits = h.matmul(&params[6].t()?)?.add(&params[7])?;
    let loss = logits.log_softmax(1)?.mul(&y.one_hot(10)?)?.sum_all()?.div_scalar(-64.0)?;
    let gradients = loss.grad(&params.iter().collect::<Vec<_>>())?;
    let mut outputs = vec![loss];
    let n = params.len();
    for (i, g) in gradients.iter().enumerate() {
        let m = moments[i].mul_scalar(0.9)?.add(&g.mul_scalar(0.1)?)?;
        let v = moments[n + i].mul_scalar(0.999)?.add(&g.square()?.mul_scalar(0.001)?)?;
        outputs.push(params[i].sub(&m.div(&v.sqrt()?.add_scalar(1e-7)?)?.mul_scalar(0.001)?)?);
        outputs.extend([m, v]);
    }
    let leaves = [&[data, labels, order][..], &params, &moments].concat();
    let graph = simplify(&Graph::trace_with(&leaves, &outputs).graph);
    let mut targets = vec![Target::New];
    (0..n).for_each(|i| targets.extend([Target::Leaf(3 + i), Target::Leaf(3 + n + i), Target::Leaf(3 + 2 * n + i)]));
    let program = compile(&graph, &targets, &Options::default())?;
    println!("{} nodes, {} steps\n{program}", graph.nodes.len(), program.steps.len());
    Ok(())
}
