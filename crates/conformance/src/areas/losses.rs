//! Losses.

use crate::{
    call::{Call, Function, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::Tensor;
use gradbook_learn::losses::{self, CrossEntropy, Reduction};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "cross_entropy" => |c| output(cross_entropy(c, &c.tensor("logits")?)?),
        "nll_loss" => |c| {
            let weight = c.optional("weight");
            output(losses::nll_loss(&c.tensor("log_probs")?, &c.tensor("target")?, weight.as_ref(), reduction(c)?)?)
        },
        "binary_cross_entropy" => {
            |c| output(losses::binary_cross_entropy(&c.tensor("probs")?, &c.tensor("target")?, reduction(c)?)?)
        }
        "bce_with_logits" => |c| output(bce_with_logits(c, &c.tensor("logits")?)?),
        "l1_loss" => |c| output(losses::l1_loss(&c.tensor("input")?, &c.tensor("target")?, reduction(c)?)?),
        "mse_loss" => |c| output(losses::mse_loss(&c.tensor("input")?, &c.tensor("target")?, reduction(c)?)?),
        "smooth_l1_loss" => |c| {
            let (input, target) = (c.tensor("input")?, c.tensor("target")?);
            output(losses::smooth_l1_loss(&input, &target, c.f32("beta")?, reduction(c)?)?)
        },
        "huber_loss" => |c| {
            let (input, target) = (c.tensor("input")?, c.tensor("target")?);
            output(losses::huber_loss(&input, &target, c.f32("delta")?, reduction(c)?)?)
        },
        "hinge_loss" => |c| output(losses::hinge_loss(&c.tensor("input")?, &c.tensor("target")?, reduction(c)?)?),
        "multi_margin_loss" => |c| {
            let (input, target) = (c.tensor("input")?, c.tensor("target")?);
            output(losses::multi_margin_loss(&input, &target, c.f32("margin")?, reduction(c)?)?)
        },
        "focal_loss_binary" => |c| output(focal_loss_binary(c, &c.tensor("logits")?)?),
        "focal_loss_probs" => |c| {
            let (probs, target) = (c.tensor("probs")?, c.tensor("target")?);
            output(losses::focal_loss_probs(&probs, &target, c.f32("gamma")?, reduction(c)?)?)
        },
        "focal_loss_multiclass" => |c| {
            let (logits, target, alpha) = (c.tensor("logits")?, c.tensor("target")?, c.optional("alpha"));
            let gamma = c.f32("gamma")?;
            output(losses::focal_loss_multiclass(&logits, &target, gamma, alpha.as_ref(), reduction(c)?)?)
        },
        "dice_loss" => |c| output(losses::dice_loss(&c.tensor("logits")?, &c.tensor("target")?, c.f32("smooth")?)?),
        "dice_loss_multiclass" => {
            |c| output(losses::dice_loss_multiclass(&c.tensor("logits")?, &c.tensor("target")?, c.f32("smooth")?)?)
        }
        "kl_div" => |c| {
            let (input, target) = (c.tensor("input")?, c.tensor("target")?);
            output(losses::kl_div(&input, &target, c.flag("log_target"), reduction(c)?)?)
        },
        "distillation_loss" => |c| {
            let (student, teacher, target) = (c.tensor("student")?, c.tensor("teacher")?, c.tensor("target")?);
            let (temperature, alpha) = (c.f32("temperature")?, c.f32("alpha")?);
            output(losses::distillation_loss(&student, &teacher, &target, temperature, alpha)?)
        },
        "cosine_similarity_loss" => {
            |c| output(losses::cosine_similarity_loss(&c.tensor("x")?, &c.tensor("y")?, c.f32("eps")?)?)
        }
        "double_backward" => double_backward,
        _ => return None,
    }))
}

fn cross_entropy(c: &Call, logits: &Tensor) -> Result<Tensor> {
    let options = CrossEntropy {
        weight: c.array("weight").ok().map(|weight| weight.values.iter().map(|&v| v as f32).collect()),
        label_smoothing: c.maybe("label_smoothing").unwrap_or(0.0) as f32,
        ignore_index: c.maybe("ignore_index").map(|index| index as i32),
    };
    Ok(losses::cross_entropy(logits, &c.tensor("target")?, &options, reduction(c)?)?)
}

fn bce_with_logits(c: &Call, logits: &Tensor) -> Result<Tensor> {
    let (pos_weight, weight) = (c.optional("pos_weight"), c.optional("weight"));
    let target = c.tensor("target")?;
    Ok(losses::bce_with_logits(logits, &target, pos_weight.as_ref(), weight.as_ref(), reduction(c)?)?)
}

fn focal_loss_binary(c: &Call, logits: &Tensor) -> Result<Tensor> {
    Ok(losses::focal_loss_binary(logits, &c.tensor("target")?, c.f32("alpha")?, c.f32("gamma")?, reduction(c)?)?)
}

/// The gradient for the logits, and the Hessian's product with a vector.
fn double_backward(c: &Call) -> Result<Outputs> {
    let (logits, v) = (c.tensor("logits")?, c.tensor("v")?);
    let loss = match c.text("op") {
        Some("cross_entropy") => cross_entropy(c, &logits)?,
        Some("bce_with_logits") => bce_with_logits(c, &logits)?,
        Some("focal_loss_binary") => focal_loss_binary(c, &logits)?,
        _ => return Err(Error::Unsupported),
    };
    let grad = loss.grad(&[&logits])?.remove(0);
    let hvp = loss.hvp(&[&logits], &[&v])?.remove(0);
    Ok(vec![("grad".into(), grad.into()), ("hvp".into(), hvp.into())])
}

fn reduction(c: &Call) -> Result<Reduction> {
    match c.text("reduction") {
        Some("none") => Ok(Reduction::None),
        Some("sum") => Ok(Reduction::Sum),
        Some("mean") | None => Ok(Reduction::Mean),
        Some("batchmean") => Ok(Reduction::BatchMean),
        Some(other) => Err(Error::text(format!("there is no reduction '{other}'"))),
    }
}
