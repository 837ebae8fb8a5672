//! `cargo xtask test`: every test there is, in stages, each counted from what its own runner printed.
//! The last line is the sum. A stage that ran nothing has failed: silence is not success.

mod browser;
mod conformance;
mod counts;
mod native;
mod wasm;
mod web;

use std::time::Instant;

use anyhow::{Result, bail};

pub use counts::Counts;

use crate::check;
use crate::commands::Reported;
use crate::project::Project;

/// What a stage is told.
pub struct Settings {
    /// Also run what takes long.
    pub slow: bool,
}

type Stage = (&'static str, fn(&Project, &Settings) -> Result<Counts>);

/// Cheapest first, except that the check builds the site that later stages test.
const STAGES: &[Stage] = &[
    ("check", |project, _| check::run(project)),
    ("web", web::run),
    ("native", native::run),
    ("wasm", wasm::run),
    ("conformance", conformance::run),
    ("browser", browser::run),
];

/// Runs the stages named in `only`, or all of them.
pub fn run(project: &Project, slow: bool, only: &[String]) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| STAGES.iter().all(|(stage, _)| stage != name)) {
        bail!("there is no stage '{unknown}'");
    }
    let settings = Settings { slow };
    let mut total = Counts::default();
    let mut summary = String::new();
    for (name, stage) in STAGES {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        println!("\n== {name}");
        let start = Instant::now();
        let counts = stage(project, &settings).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Counts { failed: 1, ..Counts::default() }
        });
        let counts = counts.not_empty();
        summary += &format!("{name:>12}: {counts} ({} s)\n", start.elapsed().as_secs());
        total += counts;
    }
    println!("\n{summary}\n{total}");
    if total.failed > 0 {
        return Err(Reported.into());
    }
    Ok(())
}
