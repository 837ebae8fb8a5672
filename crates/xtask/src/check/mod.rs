//! `cargo xtask check`: the rules of the house that a machine can see. Each check counts as one test.

mod arrows;
mod lengths;
mod licences;

use std::process::Command;

use anyhow::{Result, bail};

use crate::build;
use crate::process;
use crate::project::Project;
use crate::test::Counts;
use crate::tools;

type Check = (&'static str, fn(&Project) -> Result<()>);

/// Cheapest first.
const CHECKS: &[Check] = &[
    ("Rust formatting", |project| process::run(cargo(project).args(["fmt", "--all", "--check"]))),
    ("arrows point down only", |project| report(arrows::violations(project)?)),
    ("no long file", |project| report(lengths::violations(project)?)),
    ("licences", |project| report(licences::violations(project)?)),
    ("Biome", |project| {
        process::run(tools::node_tool(project, "@biomejs/biome/bin/biome").args(["check", "--error-on-warnings"]))
    }),
    ("builds within budget", |project| build::build(project, false)),
    ("strict types", |project| process::run(&mut tools::node_tool(project, "typescript/bin/tsc"))),
    ("clippy", |project| clippy(project, &["--workspace", "--all-targets", "--all-features"])),
    ("clippy for wasm", |project| clippy(project, &[WASM, &["--all-targets"]].concat())),
    ("clippy for the API's module", |project| clippy(project, &[WASM, ALONE, &["api"]].concat())),
    ("clippy for the engine's module", |project| clippy(project, &[WASM, ALONE, &["engine"]].concat())),
    ("clippy for the GPU's module", |project| clippy(project, &[WASM, ALONE, &["gpu"]].concat())),
    ("clippy for the files' module", |project| clippy(project, &[WASM, ALONE, &["files"]].concat())),
    ("clippy for the host functions' module", |project| clippy(project, &[WASM, ALONE, &["host"]].concat())),
];

const WASM: &[&str] = &["--package", "gradbook-wasm", "--target", "wasm32-unknown-unknown"];
/// One part of the binding, as the page loads it.
const ALONE: &[&str] = &["--lib", "--no-default-features", "--features"];

/// Runs all checks, going on after one that fails.
pub fn run(project: &Project) -> Result<Counts> {
    tools::npm_packages(project)?;
    tools::wasm_target()?;
    let mut total = Counts::default();
    for (name, check) in CHECKS {
        println!("-- {name}");
        let result = check(project);
        if let Err(error) = &result {
            eprintln!("error: {name}: {error:#}");
        }
        total += Counts::one(result.is_ok());
    }
    Ok(total)
}

fn cargo(project: &Project) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(project.root());
    command
}

fn clippy(project: &Project, what: &[&str]) -> Result<()> {
    process::run(cargo(project).args(["clippy", "--quiet"]).args(what).args(["--", "-Dwarnings"]))
}

fn report(violations: Vec<String>) -> Result<()> {
    if violations.is_empty() {
        return Ok(());
    }
    bail!("\n  {}", violations.join("\n  "))
}
