//! The TypeScript tests that need no browser: `*.test.ts` under `web/` and `tests/`, bundled and run by Node's own runner.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use walkdir::WalkDir;

use super::{Counts, Settings};
use crate::build;
use crate::process;
use crate::project::Project;

pub fn run(project: &Project, settings: &Settings) -> Result<Counts> {
    // The tests of the API run on the modules and the data of the site.
    build::build(project, false)?;
    let mut sources = sources(&project.path("web"), ".test.ts");
    sources.extend(self::sources(&project.path("tests"), ".test.ts"));
    run_node(project, "web", &sources, Command::new("node"), settings)
}

/// The files below `folder` whose names end in `suffix`, in order.
pub fn sources(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    entries.map(|entry| entry.path().to_owned()).filter(|path| path.to_string_lossy().ends_with(suffix)).collect()
}

/// Bundles test files and runs them with `node`, which may carry settings of its own, from the root of the checkout.
pub fn run_node(
    project: &Project,
    name: &str,
    sources: &[PathBuf],
    mut node: Command,
    settings: &Settings,
) -> Result<Counts> {
    if sources.is_empty() {
        bail!("there is no test file");
    }
    let folder = project.scratch().join(format!("{name}-tests"));
    let _ = fs::remove_dir_all(&folder);
    let mut bundle = build::esbuild(project, true);
    bundle
        .args(["--platform=node", "--format=esm", "--packages=external", "--out-extension:.js=.mjs"])
        .arg(format!("--outbase={}", project.root().display()))
        .arg(format!("--outdir={}", folder.display()))
        .args(sources);
    process::run(&mut bundle)?;
    node.current_dir(project.root())
        .args(["--enable-source-maps", "--test", "--test-reporter=spec"])
        // Much of a test is waiting, so two files go on at once; what takes long also measures.
        .arg(if settings.slow { "--test-concurrency=1" } else { "--test-concurrency=2" })
        // Milliseconds: a file that hangs is a failure and not an endless run.
        .arg(if settings.slow { "--test-timeout=3600000" } else { "--test-timeout=1200000" })
        .args(self::sources(&folder, ".mjs"));
    if settings.slow {
        node.env("GRADBOOK_SLOW", "1");
    }
    Ok(Counts::of_node(&process::transcript(&mut node)?))
}
