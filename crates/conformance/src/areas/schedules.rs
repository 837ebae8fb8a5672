//! Learning-rate schedules and early stopping.

use crate::{
    call::{Call, Function, Output, Outputs},
    error::{Error, Result},
};
use gradbook_learn::schedule::{Anneal, EarlyStopping, OneCycle, Plateau, Schedule};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "schedule_plateau" => |c| {
            let lr = c.number("lr")?;
            let patience = c.size("patience")?;
            let mut plateau = Plateau::new(lr, c.number("factor")?, patience, c.number("threshold")?);
            list("lr", losses(c)?.into_iter().map(|loss| plateau.report(loss)).collect())
        },
        "early_stopping" => early_stopping,
        "schedule_one_cycle" => one_cycle,
        _ if op.starts_with("schedule_") => |c| {
            let (lr, steps, schedule) = (c.number("lr")?, c.size("steps")?, schedule(c, kind(c))?);
            list("lr", (0..steps).map(|t| schedule.lr(lr, t, steps)).collect())
        },
        _ => return None,
    }))
}

fn kind<'a>(c: &Call<'a>) -> &'a str {
    c.case.op.trim_start_matches("schedule_")
}

fn schedule(c: &Call, kind: &str) -> Result<Schedule> {
    Ok(match kind {
        "constant" => Schedule::Constant,
        "step" => Schedule::Step { every: c.size("every")?, gamma: c.number("gamma")? },
        "multistep" => Schedule::Multistep { milestones: c.sizes("milestones"), gamma: c.number("gamma")? },
        "exponential" => Schedule::Exponential { gamma: c.number("gamma")? },
        "polynomial" => Schedule::Polynomial { total: c.size("total")?, power: c.number("power")? },
        "polynomial_course" => Schedule::PolynomialCourse { alpha: c.number("alpha")? },
        "cosine" => Schedule::Cosine { t_max: c.size("T_max")?, eta_min: c.number("eta_min")? },
        "cosine_restarts" => {
            Schedule::CosineRestarts { t_0: c.size("T_0")?, t_mult: c.size("T_mult")?, eta_min: c.number("eta_min")? }
        }
        "warmup" => {
            let then = schedule(c, c.text("decay").ok_or(Error::Unsupported)?)?;
            Schedule::Warmup { steps: c.size("warmup")?, then: Box::new(then) }
        }
        _ => return Err(Error::Unsupported),
    })
}

fn one_cycle(c: &Call) -> Result<Outputs> {
    let cycle = OneCycle {
        total: c.size("total_steps")?,
        pct_start: c.number("pct_start")?,
        anneal: if c.text("anneal_strategy") == Some("linear") { Anneal::Linear } else { Anneal::Cos },
        div_factor: c.number("div_factor")?,
        final_div_factor: c.number("final_div_factor")?,
        three_phase: c.flag("three_phase"),
    };
    let (lr, base, max) = (c.number("max_lr")?, c.number("base_momentum")?, c.number("max_momentum")?);
    let steps = 0..c.size("steps")?;
    let schedule = Schedule::OneCycle(cycle.clone());
    Ok(vec![
        ("lr".into(), Output::List(steps.clone().map(|t| schedule.lr(lr, t, cycle.total)).collect())),
        ("momentum".into(), Output::List(steps.map(|t| cycle.momentum(base, max, t)).collect())),
    ])
}

fn early_stopping(c: &Call) -> Result<Outputs> {
    let mut early = EarlyStopping::new(c.size("patience")?, c.number("min_delta")?);
    let stop = losses(c)?.into_iter().position(|loss| early.report(loss));
    let (best, epoch) = early.best();
    Ok(vec![
        ("stop_epoch".into(), Output::Number(stop.map_or(-1.0, |epoch| epoch as f64))),
        ("best_epoch".into(), Output::Number(epoch as f64)),
        ("best".into(), Output::Number(best)),
    ])
}

fn losses(c: &Call) -> Result<Vec<f64>> {
    match c.case.inputs.iter().find(|(name, _)| name == "losses") {
        Some((_, crate::case::Given::List(losses))) => Ok(losses.clone()),
        _ => Err(Error::text("the case has no list 'losses'")),
    }
}

fn list(name: &str, values: Vec<f64>) -> Result<Outputs> {
    Ok(vec![(name.into(), Output::List(values))])
}
