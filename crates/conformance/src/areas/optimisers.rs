//! Optimisers, clipping, penalties.

use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::{Runner, Tensor};
use gradbook_learn::optim::{
    self, Adadelta, Adagrad, Adam, AdamW, Adamax, MomentumForm, Nadam, Now, RmsProp, Rule, Sgd,
};

pub fn find(op: &str) -> Option<Function> {
    Some(match op {
        "clip_by_norm" => Function::Graph(|c| {
            let (clipped, norm) = optim::clip_by_norm(&gradients(c), c.f32("max_norm")?)?;
            let mut outputs = named(clipped);
            outputs.push(("total_norm".into(), norm.into()));
            Ok(outputs)
        }),
        "clip_by_value" => Function::Graph(|c| Ok(named(optim::clip_by_value(&gradients(c), c.f32("value")?)?))),
        "adaptive_grad_clip" => Function::Graph(|c| {
            let (weight, grad) = (c.tensor("weight")?, c.tensor("grad")?);
            output(optim::adaptive_grad_clip(&weight, &grad, c.f32("clipping")?, c.f32("eps")?)?)
        }),
        "l1_penalty" => Function::Graph(|c| output(optim::l1_penalty(&c.tensor("w")?, c.f32("lambda")?)?)),
        "l2_penalty" => Function::Graph(|c| output(optim::l2_penalty(&c.tensor("w")?, c.f32("lambda")?)?)),
        "ema_weights" => Function::Graph(ema_weights),
        "momentum_course" => Function::Session(|c, runner| Box::pin(given_gradients(c, runner))),
        _ if op.starts_with("optim_") => Function::Session(|c, runner| Box::pin(given_gradients(c, runner))),
        _ => return None,
    })
}

/// The inputs g0, g1, …
fn gradients(c: &Call) -> Vec<Tensor> {
    (0..).map_while(|i| c.optional(&format!("g{i}"))).collect()
}

fn named(gradients: Vec<Tensor>) -> Outputs {
    gradients.into_iter().enumerate().map(|(i, gradient)| (format!("g{i}"), gradient.into())).collect()
}

/// The optimiser that a case asks for.
fn rule(c: &Call) -> Result<Box<dyn Rule>> {
    let value = |name: &str, default: f32| c.maybe(name).map_or(default, |value| value as f32);
    let weight_decay = value("weight_decay", 0.0);
    let betas = match c.list("betas")[..] {
        [a, b] => [a as f32, b as f32],
        _ => [0.9, 0.999],
    };
    let amsgrad = c.flag("amsgrad");
    Ok(match c.case.op.as_str() {
        "optim_sgd" | "optim_sgd_decoupled" => Box::new(Sgd {
            momentum: value("momentum", 0.0),
            dampening: value("dampening", 0.0),
            nesterov: c.flag("nesterov"),
            weight_decay,
            decoupled: c.case.op == "optim_sgd_decoupled",
            form: MomentumForm::Library,
        }),
        "momentum_course" => {
            Box::new(Sgd { momentum: value("alpha", 0.0), form: MomentumForm::Course, ..Sgd::default() })
        }
        "optim_rmsprop" | "optim_rmsprop_global" => Box::new(RmsProp {
            alpha: value("alpha", 0.99),
            eps: value("eps", 1e-8),
            centered: c.flag("centered"),
            momentum: value("momentum", 0.0),
            weight_decay,
            form: if c.case.op == "optim_rmsprop" { MomentumForm::Library } else { MomentumForm::Course },
        }),
        "optim_adam" => Box::new(Adam { betas, eps: value("eps", 1e-8), weight_decay, amsgrad }),
        "optim_adamw" => Box::new(AdamW { betas, eps: value("eps", 1e-8), weight_decay, amsgrad }),
        "optim_adagrad" => Box::new(Adagrad {
            lr_decay: value("lr_decay", 0.0),
            eps: value("eps", 1e-10),
            initial_accumulator_value: value("initial_accumulator_value", 0.0),
            weight_decay,
        }),
        "optim_adadelta" => Box::new(Adadelta { rho: value("rho", 0.9), eps: value("eps", 1e-6), weight_decay }),
        "optim_adamax" => Box::new(Adamax { betas, eps: value("eps", 1e-8), weight_decay }),
        "optim_nadam" => Box::new(Nadam {
            betas,
            eps: value("eps", 1e-8),
            weight_decay,
            momentum_decay: value("momentum_decay", 0.004),
        }),
        _ => return Err(Error::Unsupported),
    })
}

/// The parameter after each step along given gradients.
async fn given_gradients(c: &Call<'_>, runner: &dyn Runner) -> Result<Outputs> {
    let rule = rule(c)?;
    let (grads, lrs) = (c.tensor("grads")?, c.optional("lrs"));
    let mut param = c.tensor("w0")?;
    let mut state = rule.state(&param)?;
    let mut after = Vec::new();
    for step in 0..grads.shape()[0] {
        let grad = grads.select(0, step as isize)?;
        let lr = match &lrs {
            Some(lrs) => lrs.select(0, step as isize)?,
            None => Tensor::scalar(c.f32("lr")?),
        };
        let now = Now::new(lr, Tensor::scalar(step as f32 + 1.0), std::slice::from_ref(&grad))?;
        (param, state) = rule.step(&now, &param, &grad, &state)?;
        runner.evaluate(&[std::slice::from_ref(&param), &state].concat()).await?;
        after.push(param.clone());
    }
    let params = Tensor::stack(&after.iter().collect::<Vec<_>>(), 0)?;
    Ok(vec![("params".into(), Output::Tensor(params))])
}

fn ema_weights(c: &Call) -> Result<Outputs> {
    let (weights, decay) = (c.tensor("w")?, c.f32("decay")?);
    let mut average = if c.flag("debias") { c.tensor("e0")?.zeros_like() } else { c.tensor("e0")? };
    let mut shown = Vec::new();
    for step in 0..weights.shape()[0] {
        let number = c.flag("debias").then(|| Tensor::scalar(step as f32 + 1.0));
        let weight = weights.select(0, step as isize)?;
        let (next, fair) = optim::ema_weights(&average, &weight, decay, number.as_ref())?;
        average = next;
        shown.push(fair);
    }
    Ok(vec![("ema".into(), Tensor::stack(&shown.iter().collect::<Vec<_>>(), 0)?.into())])
}
