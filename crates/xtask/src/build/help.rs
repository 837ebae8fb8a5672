//! What the editor knows of the API: its types and their documentation, read from `tests/api.d.ts`, which a test keeps true, and
//! written for `web/notebook/assist/` to load when the first completion is asked for.

use std::process::Command;

use anyhow::Result;

use super::bundle::esbuild;
use crate::process;
use crate::project::Project;
use crate::stamp::{Inputs, Stamp};

const TARGET: &str = "web/notebook/assist/api.json";
/// What generates it, and the declarations that it reads.
const GENERATOR: &[&str] = &["web/notebook/assist/generate.ts", "web/notebook/assist/declarations.ts"];
const DECLARATIONS: &[&str] = &["tests/api.d.ts", "web/kernel/inputs.ts", "web/notebook/assist/cell-names.d.ts"];

/// Writes what the editor knows.
pub fn build_help(project: &Project) -> Result<()> {
    let mut inputs = Inputs::default().text(include_str!("help.rs")).files(&project.path("package-lock.json"))?;
    for file in GENERATOR.iter().chain(DECLARATIONS) {
        inputs = inputs.files(&project.path(file))?;
    }
    let stamp = Stamp::new(project, "editor-help", inputs);
    if stamp.is_fresh() && project.path(TARGET).exists() {
        return Ok(());
    }
    let program = project.scratch().join("editor-help.mjs");
    let mut bundle = esbuild(project, true);
    bundle.args(["--platform=node", "--format=esm", "--packages=external", GENERATOR[0]]);
    bundle.arg(format!("--outfile={}", program.display()));
    process::run(&mut bundle)?;
    let mut node = Command::new("node");
    node.current_dir(project.root()).arg(&program).arg(TARGET).args(DECLARATIONS);
    process::run(&mut node)?;
    stamp.set()
}
