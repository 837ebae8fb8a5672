//! `cargo xtask bench`: Gradbook beside what else one could train networks with, on this machine. What is measured and how is
//! in `bench/`; this builds what is measured, and runs it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::project::Project;
use crate::{build, process, tools};

/// What is asked for; what is left out is as `bench/bench.mjs` has it.
#[derive(Default)]
pub struct Request {
    /// Few contenders and workloads, one round.
    pub quick: bool,
    /// Where rows for other programs go.
    pub json: Option<PathBuf>,
    pub rounds: Option<String>,
    pub contenders: Option<String>,
    pub work: Option<String>,
    /// A Python that has torch; else the one that `GRADBOOK_BENCH_PYTHON` names.
    pub python: Option<String>,
}

/// Measures, prints tables, and writes them beside the measurements to `target/bench/results/`.
pub fn run(project: &Project, request: &Request) -> Result<()> {
    let browser = tools::browser()?;
    build::build(project, false)?;
    tools::npm_packages_in(project, "bench")?;
    process::run(&mut script(project, "build"))?;

    let results = project.path("target/bench/results");
    let measured = results.join("run.json");
    let mut bench = script(project, "bench");
    bench.env("CHROMIUM", browser.chromium).arg("--out").arg(&measured);
    if request.quick {
        bench.arg("--quick");
    }
    let python = request.python.clone().or_else(|| std::env::var("GRADBOOK_BENCH_PYTHON").ok());
    for (name, value) in [
        ("--rounds", &request.rounds),
        ("--contenders", &request.contenders),
        ("--work", &request.work),
        ("--python", &python),
    ] {
        if let Some(value) = value {
            bench.args([name, value]);
        }
    }
    process::run(&mut bench)?;

    let mut report = script(project, "report");
    report.arg(&measured).arg("--tables").arg(results.join("tables.md"));
    if let Some(file) = &request.json {
        report.arg("--json").arg(file);
    }
    process::run(&mut report)
}

/// A program of `bench/`. It runs where the command was given, so that paths mean the same.
fn script(project: &Project, name: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(project.path(format!("bench/{name}.mjs")));
    node
}
