//! Optimisers, clipping and penalties.

use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::{Runner, Tensor};
use gradbook_learn::optim::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, MomentumForm, Nadam, Now, RmsProp, Rule, Sgd, adaptive_grad_clip,
    clip_by_norm, clip_by_value, ema_weights, l1_penalty, l2_penalty,
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "gd_until" => return Some(Function::Session(|c, runner| Box::pin(descend_until(c, runner)))),
        "momentum_course" => return Some(Function::Session(|c, runner| Box::pin(given_gradients(c, runner)))),
        _ if op.starts_with("optim_") => {
            return Some(Function::Session(|c, runner| Box::pin(given_gradients(c, runner))));
        }
        "quadratic_descent" => quadratic_descent,
        "minibatch_gradient" => minibatch_gradient,
        "clip_by_norm" => |c| {
            let (clipped, norm) = clip_by_norm(&gradients(c), c.f32("max_norm")?)?;
            let mut outputs = named(clipped);
            outputs.push(("total_norm".into(), norm.into()));
            Ok(outputs)
        },
        "clip_by_value" => |c| Ok(named(clip_by_value(&gradients(c), c.f32("value")?)?)),
        "adaptive_grad_clip" => |c| {
            let (clipping, eps) = (c.f32("clipping")?, c.f32("eps")?);
            output(adaptive_grad_clip(&c.tensor("weight")?, &c.tensor("grad")?, clipping, eps)?)
        },
        "l1_penalty" => |c| output(l1_penalty(&c.tensor("w")?, c.f32("lambda")?)?),
        "l2_penalty" => |c| output(l2_penalty(&c.tensor("w")?, c.f32("lambda")?)?),
        "ema_weights" => averages,
        _ => return None,
    }))
}

/// The optimiser that a case names, with its options.
fn rule(c: &Call, op: &str) -> Result<Box<dyn Rule>> {
    let number = |name: &str, default: f64| c.maybe(name).unwrap_or(default) as f32;
    let betas = match c.list("betas")[..] {
        [a, b] => [a as f32, b as f32],
        _ => [0.9, 0.999],
    };
    let weight_decay = number("weight_decay", 0.0);
    Ok(match op {
        "optim_sgd" | "optim_sgd_decoupled" => Box::new(Sgd {
            momentum: number("momentum", 0.0),
            dampening: number("dampening", 0.0),
            nesterov: c.flag("nesterov"),
            weight_decay,
            decoupled: op == "optim_sgd_decoupled",
            form: MomentumForm::Library,
        }),
        "momentum_course" => {
            Box::new(Sgd { momentum: c.f32("alpha")?, form: MomentumForm::Course, ..Default::default() })
        }
        "optim_rmsprop" | "optim_rmsprop_global" => Box::new(RmsProp {
            alpha: number("alpha", 0.99),
            eps: number("eps", 1e-8),
            centered: c.flag("centered"),
            momentum: number("momentum", 0.0),
            weight_decay,
            form: if op == "optim_rmsprop" { MomentumForm::Library } else { MomentumForm::Course },
        }),
        "optim_adam" => Box::new(Adam { betas, eps: number("eps", 1e-8), weight_decay, amsgrad: c.flag("amsgrad") }),
        "optim_adamw" => Box::new(AdamW { betas, eps: number("eps", 1e-8), weight_decay, amsgrad: c.flag("amsgrad") }),
        "optim_adagrad" => Box::new(Adagrad {
            lr_decay: number("lr_decay", 0.0),
            eps: number("eps", 1e-10),
            initial_accumulator_value: number("initial_accumulator_value", 0.0),
            weight_decay,
        }),
        "optim_adadelta" => Box::new(Adadelta { rho: number("rho", 0.9), eps: number("eps", 1e-6), weight_decay }),
        "optim_adamax" => Box::new(Adamax { betas, eps: number("eps", 1e-8), weight_decay }),
        "optim_nadam" => Box::new(Nadam {
            betas,
            eps: number("eps", 1e-8),
            weight_decay,
            momentum_decay: number("momentum_decay", 0.004),
        }),
        _ => return Err(Error::Unsupported),
    })
}

/// The learning rate and number of a step, counted from 0.
fn now(lr: &Tensor, step: usize, grads: &[Tensor]) -> Result<Now> {
    Ok(Now::new(lr.clone(), Tensor::scalar((step + 1) as f32), grads)?)
}

/// The parameters after every step on given gradients.
async fn given_gradients(c: &Call<'_>, runner: &dyn Runner) -> Result<Outputs> {
    let rule = rule(c, &c.case.op)?;
    let (mut w, grads) = (c.tensor("w0")?, c.tensor("grads")?);
    let mut state = rule.state(&w)?;
    let mut params = Vec::new();
    for step in 0..grads.shape()[0] {
        let grad = grads.select(0, step as isize)?;
        let lr = match c.optional("lrs") {
            Some(lrs) => lrs.select(0, step as isize)?,
            None => Tensor::scalar(c.f32("lr")?),
        };
        let now = now(&lr, step, std::slice::from_ref(&grad))?;
        (w, state) = rule.step(&now, &w, &grad, &state)?;
        runner.evaluate(&[std::slice::from_ref(&w), &state].concat()).await?;
        params.push(w.clone());
    }
    Ok(vec![("params".into(), Tensor::stack(&params.iter().collect::<Vec<_>>(), 0)?.into())])
}

/// w'Aw/2 − b'w
fn quadratic(c: &Call, w: &Tensor) -> Result<Tensor> {
    Ok(w.dot(&c.tensor("A")?.matmul(w)?)?.mul_scalar(0.5)?.sub(&c.tensor("b")?.dot(w)?)?)
}

/// Gradient descent on a quadratic until its loss changes by no more than a limit.
async fn descend_until(c: &Call<'_>, runner: &dyn Runner) -> Result<Outputs> {
    let (lr, limit) = (Tensor::scalar(c.f32("lr")?), c.f32("delta_stop")?);
    let mut w = c.tensor("w0")?;
    let mut last = runner.read(&quadratic(c, &w)?).await?.as_f32()[0];
    for step in 1.. {
        let grad = quadratic(c, &w)?.grad(&[&w])?.remove(0);
        (w, _) = Sgd::default().step(&now(&lr, step, std::slice::from_ref(&grad))?, &w, &grad, &[])?;
        runner.evaluate(std::slice::from_ref(&w)).await?;
        let loss = runner.read(&quadratic(c, &w)?).await?.as_f32()[0];
        if (loss - last).abs() <= limit {
            let numbers = [("steps", f64::from(step as u32)), ("loss", f64::from(loss))];
            let numbers = numbers.map(|(name, value)| (name.to_owned(), Output::Number(value)));
            return Ok([("w".to_owned(), Output::Tensor(w))].into_iter().chain(numbers).collect());
        }
        last = loss;
    }
    Err(Error::text("it never stops"))
}

/// A quadratic minimised with its own gradients.
fn quadratic_descent(c: &Call) -> Result<Outputs> {
    let loss = |w: &Tensor| quadratic(c, w);
    let alpha = c.f32("alpha")?;
    let rule = match c.text("method") {
        Some("gd") => Sgd::default(),
        Some("momentum_course") => Sgd { momentum: alpha, form: MomentumForm::Course, ..Default::default() },
        Some("nesterov_torch") => Sgd { momentum: alpha, nesterov: true, ..Default::default() },
        Some("nesterov_course") => return nesterov_course(c, loss),
        _ => return Err(Error::Unsupported),
    };
    let lr = Tensor::scalar(c.f32("lr")?);
    let mut w = c.tensor("w0")?;
    let mut state = rule.state(&w)?;
    let (mut params, mut losses) = (Vec::new(), Vec::new());
    for step in 0..c.size("steps")? {
        let grad = loss(&w)?.grad(&[&w])?.remove(0);
        (w, state) = rule.step(&now(&lr, step, std::slice::from_ref(&grad))?, &w, &grad, &state)?;
        losses.push(loss(&w)?);
        params.push(w.clone());
    }
    trajectory(&params, &losses)
}

/// Nesterov keeps the point w − α·m, where the course takes its gradient: running it from there and going back by α·m gives the course's
/// points.
fn nesterov_course(c: &Call, loss: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Outputs> {
    let (lr, alpha) = (c.number("lr")?, c.f32("alpha")?);
    let rule = Sgd { momentum: alpha, nesterov: true, form: MomentumForm::Course, ..Default::default() };
    let mut ahead = c.tensor("w0")?;
    let mut state = rule.state(&ahead)?;
    let (mut params, mut losses) = (Vec::new(), Vec::new());
    for step in 0..c.size("steps")? {
        let grad = loss(&ahead)?.grad(&[&ahead])?.remove(0);
        let now = now(&Tensor::scalar(lr as f32), step, std::slice::from_ref(&grad))?;
        (ahead, state) = rule.step(&now, &ahead, &grad, &state)?;
        let w = ahead.add(&state[0].mul_scalar(alpha)?)?;
        losses.push(loss(&w)?);
        params.push(w);
    }
    trajectory(&params, &losses)
}

fn trajectory(params: &[Tensor], losses: &[Tensor]) -> Result<Outputs> {
    let stack = |list: &[Tensor]| Tensor::stack(&list.iter().collect::<Vec<_>>(), 0);
    Ok(vec![("params".into(), stack(params)?.into()), ("losses".into(), stack(losses)?.into())])
}

fn minibatch_gradient(c: &Call) -> Result<Outputs> {
    let (start, size) = (c.size("start")?, c.size("size")?);
    let (x, y) = (c.tensor("x")?.narrow(0, start, size)?, c.tensor("y")?.narrow(0, start, size)?);
    let said = x.matmul(&c.tensor("w")?)?.add(&c.tensor("b")?)?;
    let loss = gradbook_learn::losses::mse_loss(&said, &y, gradbook_learn::losses::Reduction::Mean)?;
    Ok(vec![("loss".into(), loss.into())])
}

fn averages(c: &Call) -> Result<Outputs> {
    let (w, decay) = (c.tensor("w")?, c.f32("decay")?);
    let mut average = c.tensor("e0")?;
    if c.flag("debias") {
        average = average.zeros_like();
    }
    let mut shown = Vec::new();
    for step in 0..w.shape()[0] {
        let number = c.flag("debias").then(|| Tensor::scalar((step + 1) as f32));
        let fair;
        (average, fair) = ema_weights(&average, &w.select(0, step as isize)?, decay, number.as_ref())?;
        shown.push(fair);
    }
    Ok(vec![("ema".into(), Tensor::stack(&shown.iter().collect::<Vec<_>>(), 0)?.into())])
}

fn gradients(c: &Call) -> Vec<Tensor> {
    (0..).map_while(|i| c.optional(&format!("g{i}"))).collect()
}

fn named(gradients: Vec<Tensor>) -> Outputs {
    gradients.into_iter().enumerate().map(|(i, g)| (format!("g{i}"), Output::Tensor(g))).collect()
}
