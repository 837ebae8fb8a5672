//! Runs the cases of an area on a runner and reports one line each.

use crate::{
    areas,
    call::{Call, Function, Output, Outputs},
    case::{Area, Case, Given},
    compare::{Got, compare, compare_statistic},
    error::{Error, Result},
};
use gradbook_core::{Runner, Tensor, ops};
use std::fmt;

/// How many cases there were of each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All values were right.
    pub passed: usize,
    /// A value was wrong, or an error came instead.
    pub failed: usize,
    /// The op is not offered.
    pub skipped: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Runs all cases of an area and hands one line for each to `print`.
pub async fn run_area(area: &Area, runner: &dyn Runner, print: &mut dyn FnMut(&str)) -> Counts {
    let mut counts = Counts::default();
    for case in &area.cases {
        let name = format!("{}/{}", area.name, case.name);
        match run_case(&area.name, case, runner).await {
            Ok(error) => {
                counts.passed += 1;
                print(&format!("PASS {name} {error:.3e}"));
            }
            Err(Error::Unsupported) => {
                counts.skipped += 1;
                print(&format!("SKIP {name} {}", case.op));
            }
            Err(error) => {
                counts.failed += 1;
                print(&format!("FAIL {name} {}", error.to_string().replace('\n', " ")));
            }
        }
    }
    counts
}

/// Runs a case; the largest absolute error of its floats.
async fn run_case(area: &str, case: &Case, runner: &dyn Runner) -> Result<f64> {
    let function = areas::find(area, &case.op).ok_or(Error::Unsupported)?;
    let call = Call::new(case)?;
    let outputs = match function {
        Function::Graph(function) => function(&call)?,
        Function::Session(function) => function(&call, runner).await?,
    };
    let gradients = gradients(&call, &outputs)?;
    let graph: Vec<Tensor> = outputs
        .iter()
        .filter_map(|(_, output)| if let Output::Tensor(tensor) = output { Some(tensor) } else { None })
        .chain(&gradients)
        .cloned()
        .collect();
    runner.evaluate(&graph).await?;
    let statistical = case.expects("tol").is_some();
    let mut largest: f64 = 0.0;
    for (name, expected) in &case.expected {
        if statistical && (name == "tol" || name.ends_with("_tol")) {
            continue;
        }
        let output = find(&outputs, name).ok_or_else(|| Error::text(format!("expected.{name} is not computed")))?;
        let got = match output {
            Output::Tensor(tensor) => Got::Data(runner.read(tensor).await?),
            Output::Number(number) => Got::Number(*number),
            Output::List(list) => Got::List(list.clone()),
        };
        let error = if statistical {
            compare_statistic(case, name, expected, &got)?
        } else {
            compare(case, &format!("expected.{name}"), expected, &got)?
        };
        largest = largest.max(error);
    }
    for ((name, expected), gradient) in case.grads.iter().zip(&gradients) {
        let got = Got::Data(runner.read(gradient).await?);
        largest = largest.max(compare(case, &format!("grads.{name}"), expected, &got)?);
    }
    Ok(largest)
}

/// The gradients that the case asks for: of Σ output · cotangent over the primary output and all that have a cotangent.
fn gradients(call: &Call, outputs: &Outputs) -> Result<Vec<Tensor>> {
    let case = call.case;
    if case.grads.is_empty() {
        return Ok(Vec::new());
    }
    let mut total: Option<Tensor> = None;
    for (i, (name, expected)) in case.expected.iter().enumerate() {
        let cotangent = match (i, expected) {
            (0, Given::Number(_)) => None,
            (0, _) => Some(call.tensor("cotangent")?),
            _ => match call.optional(&format!("cotangent_{name}")) {
                Some(cotangent) => Some(cotangent),
                None => continue,
            },
        };
        let Some(Output::Tensor(output)) = find(outputs, name) else {
            return Err(Error::text(format!("the primary output {name} is not a tensor")));
        };
        let term = match cotangent {
            Some(cotangent) => output.mul(&cotangent)?.sum_all()?,
            None => output.clone(),
        };
        total = Some(match total {
            Some(total) => total.add(&term)?,
            None => term,
        });
    }
    let total = total.ok_or_else(|| Error::text("gradients of nothing"))?;
    let inputs = case.grads.iter().map(|(name, _)| call.tensor(name)).collect::<Result<Vec<_>>>()?;
    // Zeros where an input does not count: a case says so with a gradient of zeros.
    Ok(ops::gradients(&total, &inputs.iter().collect::<Vec<_>>())?)
}

fn find<'a>(outputs: &'a Outputs, name: &str) -> Option<&'a Output> {
    outputs.iter().find(|(key, _)| key == name).map(|(_, output)| output)
}
