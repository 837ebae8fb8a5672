//! Tensor functions and derivatives.

use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::{Tensor, ops::PadMode};
use gradbook_learn::{
    linalg::{self, Matrix},
    losses::{CrossEntropy, Reduction, cross_entropy},
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "matmul" => |c| {
            let side = |name, flag| {
                let t = c.tensor(name)?;
                Ok::<_, Error>(if c.flag(flag) { t.transpose(-2, -1)? } else { t })
            };
            output(side("a", "transpose_a")?.matmul(&side("b", "transpose_b")?)?)
        },
        "add" => |c| output(c.tensor("a")?.add(&c.tensor("b")?)?),
        "sub" => |c| output(c.tensor("a")?.sub(&c.tensor("b")?)?),
        "mul" => |c| output(c.tensor("a")?.mul(&c.tensor("b")?)?),
        "div" => |c| output(c.tensor("a")?.div(&c.tensor("b")?)?),
        "maximum" => |c| output(c.tensor("a")?.maximum(&c.tensor("b")?)?),
        "minimum" => |c| output(c.tensor("a")?.minimum(&c.tensor("b")?)?),
        "pow" => |c| output(c.tensor("a")?.pow(&c.tensor("b")?)?),
        "atan2" => |c| output(c.tensor("a")?.atan2(&c.tensor("b")?)?),
        "compare" => compare,
        "unary" => unary,
        "clip" => |c| output(c.tensor("x")?.clip(c.number("min")?, c.number("max")?)?),
        "where" => |c| output(c.tensor("cond")?.where_(&c.tensor("a")?, &c.tensor("b")?)?),

        "sum" => |c| output(c.tensor("x")?.sum(&c.axes("dim"), c.flag("keepdim"))?),
        "mean" => |c| output(c.tensor("x")?.mean(&c.axes("dim"), c.flag("keepdim"))?),
        "var" => |c| output(c.tensor("x")?.var(&c.axes("dim"), c.f32("correction")?, c.flag("keepdim"))?),
        "std" => |c| output(c.tensor("x")?.std(&c.axes("dim"), c.f32("correction")?, c.flag("keepdim"))?),
        "logsumexp" => |c| output(c.tensor("x")?.logsumexp(&c.axes("dim"), c.flag("keepdim"))?),
        "norm" => |c| {
            let p = if c.text("p") == Some("inf") { f32::INFINITY } else { c.f32("p")? };
            output(c.tensor("x")?.norm(p, &c.axes("dim"), c.flag("keepdim"))?)
        },
        "prod" => |c| output(c.tensor("x")?.prod(c.axis("dim")?, false)?),
        "max" => |c| pair("output", c.tensor("x")?.max(c.axis("dim")?, false)?),
        "min" => |c| pair("output", c.tensor("x")?.min(c.axis("dim")?, false)?),
        "argmax" => |c| output(c.tensor("x")?.argmax(c.axis("dim")?, false)?),
        "argmin" => |c| output(c.tensor("x")?.argmin(c.axis("dim")?, false)?),
        "cumsum" => |c| output(c.tensor("x")?.cumsum(c.axis("dim")?)?),
        "cumprod" => |c| output(c.tensor("x")?.cumprod(c.axis("dim")?)?),

        "transpose" => |c| output(c.tensor("x")?.transpose(c.axis("dim0")?, c.axis("dim1")?)?),
        "permute" => |c| output(c.tensor("x")?.permute(&c.axes("dims"))?),
        "reshape" => |c| output(c.tensor("x")?.reshape(&c.axes("shape"))?),
        "flip" => |c| output(c.tensor("x")?.flip(&c.axes("dims"))?),
        "concat" => |c| output(Tensor::concat(&operands(c).iter().collect::<Vec<_>>(), c.axis("dim")?)?),
        "stack" => |c| output(Tensor::stack(&operands(c).iter().collect::<Vec<_>>(), c.axis("dim")?)?),
        "slice" => slice,
        "pad" => pad,
        "broadcast_to" => |c| output(c.tensor("x")?.broadcast_to(&c.sizes("shape"))?),
        "repeat_tile" => |c| output(c.tensor("x")?.repeat(&c.sizes("repeats"))?),
        "tril" => |c| output(c.tensor("x")?.tril(c.number("diagonal")? as i32)?),
        "diag" => |c| output(c.tensor("x")?.diag()?),
        "trace" => |c| output(c.tensor("x")?.trace()?),
        "unfold2d" => |c| {
            let [kernel, stride] = [c.pair("kernel_size", 1), c.pair("stride", 1)];
            output(c.tensor("x")?.unfold2d(kernel, stride, c.pair("padding", 0), c.pair("dilation", 1))?)
        },

        "outer" => |c| output(c.tensor("a")?.outer(&c.tensor("b")?)?),
        "einsum" => |c| {
            let equation = c.text("equation").unwrap_or_default();
            output(Tensor::einsum(equation, &[&c.tensor("a")?, &c.tensor("b")?])?)
        },

        "index_select" => |c| output(c.tensor("x")?.index_select(c.axis("dim")?, &c.tensor("index")?)?),
        "gather" => |c| output(c.tensor("x")?.gather(c.axis("dim")?, &c.tensor("index")?)?),
        "scatter" => |c| output(c.tensor("x")?.scatter(c.axis("dim")?, &c.tensor("index")?, &c.tensor("src")?)?),
        "scatter_add" => {
            |c| output(c.tensor("x")?.scatter_add(c.axis("dim")?, &c.tensor("index")?, &c.tensor("src")?)?)
        }
        "one_hot" => |c| output(c.tensor("index")?.one_hot(c.size("num_classes")?)?),
        "sort" => |c| pair("values", c.tensor("x")?.sort(c.axis("dim")?, c.flag("descending"))?),
        "topk" => |c| pair("values", c.tensor("x")?.topk(c.size("k")?)?),

        "solve" => |c| factors(&linalg::solve(&matrix(c, "A")?, &matrix(c, "b")?)?),
        "inverse" => |c| factors(&linalg::inverse(&matrix(c, "A")?)?),
        "cholesky" => |c| factors(&linalg::cholesky(&matrix(c, "A")?)?),
        "svdvals" => |c| values(&linalg::svd(&matrix(c, "A")?)?.values),
        "eigvalsh" => |c| values(&linalg::eigh(&matrix(c, "A")?)?.values),

        "mlp_gradient_penalty" => gradient_penalty,
        "hvp" => hvp,
        "hessian" => hessian,
        "jacobian" => jacobian,
        _ => return None,
    }))
}

fn unary(c: &Call) -> Result<Outputs> {
    type Function = fn(&Tensor) -> gradbook_core::Result<Tensor>;
    const FUNCTIONS: &[(&str, Function)] = &[
        ("neg", Tensor::neg),
        ("abs", Tensor::abs),
        ("sign", Tensor::sign),
        ("square", Tensor::square),
        ("reciprocal", Tensor::reciprocal),
        ("sqrt", Tensor::sqrt),
        ("rsqrt", Tensor::rsqrt),
        ("exp", Tensor::exp),
        ("expm1", Tensor::expm1),
        ("log", Tensor::log),
        ("log1p", Tensor::log1p),
        ("cos", Tensor::cos),
        ("tan", Tensor::tan),
        ("atan", Tensor::atan),
        ("sinh", Tensor::sinh),
        ("cosh", Tensor::cosh),
        ("erf", Tensor::erf),
        ("erfc", Tensor::erfc),
        ("floor", Tensor::floor),
        ("ceil", Tensor::ceil),
        ("round", Tensor::round),
    ];
    let wanted = c.text("fn").unwrap_or_default();
    let (_, function) = FUNCTIONS.iter().find(|(name, _)| *name == wanted).ok_or(Error::Unsupported)?;
    output(function(&c.tensor("x")?)?)
}

fn compare(c: &Call) -> Result<Outputs> {
    let (a, b) = (c.tensor("a")?, c.tensor("b")?);
    output(match c.text("fn") {
        Some("eq") => a.eq(&b)?,
        Some("lt") => a.lt(&b)?,
        Some("le") => a.le(&b)?,
        Some("gt") => a.gt(&b)?,
        Some("ge") => a.ge(&b)?,
        _ => return Err(Error::Unsupported),
    })
}

/// The inputs a, b, c, … that there are.
fn operands(c: &Call) -> Vec<Tensor> {
    ["a", "b", "c", "d"].iter().map_while(|name| c.optional(name)).collect()
}

fn slice(c: &Call) -> Result<Outputs> {
    let mut x = c.tensor("x")?;
    let [start, stop, step] = ["start", "stop", "step"].map(|name| c.axes(name));
    for axis in 0..start.len() {
        x = x.slice(axis as isize, start[axis], stop[axis], step[axis])?;
    }
    output(x)
}

/// Widths are those of the last axis first.
fn pad(c: &Call) -> Result<Outputs> {
    let [left, right, top, bottom] = c.sizes("pad")[..] else { return Err(Error::Unsupported) };
    let mode = match c.text("mode") {
        Some("constant") => PadMode::Constant(c.f32("value")?),
        Some("reflect") => PadMode::Reflect,
        Some("replicate") => PadMode::Replicate,
        Some("circular") => PadMode::Circular,
        _ => return Err(Error::Unsupported),
    };
    output(c.tensor("x")?.pad(&[[top, bottom], [left, right]], mode)?)
}

fn gradient_penalty(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let scores = mlp(c, &x)?;
    let slope = scores.sum_all()?.grad(&[&x])?.remove(0);
    let norms = slope.norm(2.0, &[1], false)?;
    let penalty = norms.sub_scalar(1)?.square()?.mean_all()?;
    Ok(vec![("penalty".into(), penalty.into()), ("gradient_norms".into(), norms.into())])
}

/// Two dense layers with an activation between them.
fn mlp(c: &Call, x: &Tensor) -> Result<Tensor> {
    let dense = |x: &Tensor, w: &str, b: &str| Ok::<_, Error>(x.matmul(&c.tensor(w)?.t()?)?.add(&c.tensor(b)?)?);
    let hidden = dense(x, "W1", "b1")?;
    let hidden = match c.text("activation") {
        Some("tanh") => hidden.tanh()?,
        Some("softplus") => hidden.softplus(1.0, 20.0)?,
        _ => return Err(Error::Unsupported),
    };
    dense(&hidden, "W2", "b2")
}

fn hvp(c: &Call) -> Result<Outputs> {
    const NAMES: [&str; 4] = ["W1", "b1", "W2", "b2"];
    let logits = mlp(c, &c.tensor("x")?)?;
    let loss = cross_entropy(&logits, &c.tensor("target")?, &CrossEntropy::default(), Reduction::Mean)?;
    let wrt = NAMES.iter().map(|name| c.tensor(name)).collect::<Result<Vec<_>>>()?;
    let v = NAMES.iter().map(|name| c.tensor(&format!("v.{name}"))).collect::<Result<Vec<_>>>()?;
    let products = loss.hvp(&wrt.iter().collect::<Vec<_>>(), &v.iter().collect::<Vec<_>>())?;
    let mut outputs: Outputs = vec![("loss".into(), loss.into())];
    outputs.extend(NAMES.iter().zip(products).map(|(name, product)| (format!("hvp_{name}"), product.into())));
    Ok(outputs)
}

/// The parameters [w, b] of logistic regression as one vector.
fn hessian(c: &Call) -> Result<Outputs> {
    let (x, target) = (c.tensor("x")?, c.tensor("target")?);
    let features = x.shape()[1];
    let all = Tensor::concat(&[&c.tensor("w")?, &c.tensor("b")?], 0)?;
    let (w, b) = (all.narrow(0, 0, features)?, all.narrow(0, features, 1)?);
    let logits = x.matmul(&w)?.add(&b)?;
    let loss = logits.softplus(1.0, 80.0)?.sub(&logits.mul(&target)?)?.mean_all()?;
    Ok(vec![("hessian".into(), loss.hessian(&all)?.into())])
}

fn jacobian(c: &Call) -> Result<Outputs> {
    let x = c.tensor("x")?;
    let y = match c.text("fn") {
        Some("softmax") => x.softmax(0)?,
        Some("tanh_linear") => c.tensor("W")?.matmul(&x)?.tanh()?,
        _ => return Err(Error::Unsupported),
    };
    Ok(vec![("jacobian".into(), y.jacobian(&x)?.into())])
}

fn matrix(c: &Call, name: &str) -> Result<Matrix> {
    let array = c.array(name)?;
    let [rows, columns] = array.shape[..] else { return Err(Error::text(format!("'{name}' is not a matrix"))) };
    Ok(Matrix::new(rows, columns, array.values.clone())?)
}

fn factors(matrix: &Matrix) -> Result<Outputs> {
    let values: Vec<f32> = matrix.values().iter().map(|&v| v as f32).collect();
    output(Tensor::f32(&[matrix.rows(), matrix.columns()], &values)?)
}

fn values(values: &[f64]) -> Result<Outputs> {
    output(Tensor::f32(&[values.len()], &values.iter().map(|&v| v as f32).collect::<Vec<_>>())?)
}

fn pair(name: &str, (values, indices): (Tensor, Tensor)) -> Result<Outputs> {
    Ok(vec![(name.into(), Output::Tensor(values)), ("indices".into(), Output::Tensor(indices))])
}
