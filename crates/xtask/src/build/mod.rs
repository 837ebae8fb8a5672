//! `cargo xtask build`: from a fresh checkout to `dist/`, a site for any static host, and `dist/npm/`, the package.
//! Every step is skipped while nothing that it reads has changed.

mod bundle;
mod config;
mod help;
mod notices;
mod npm;
mod size;
mod visitor;
mod wasm;

use anyhow::Result;

use crate::project::Project;
use crate::tools;

/// Builds everything; with `dev` faster, larger, with names for the debugger, and without budgets.
pub fn build(project: &Project, dev: bool) -> Result<()> {
    let config = config::Config::read(project)?;
    tools::npm_packages(project)?;
    tools::wasm_target()?;
    wasm::build_all(project, &config, dev)?;
    help::build_help(project)?;
    bundle::build_site(project, &config, dev)?;
    npm::build_package(project, dev)
}

pub use bundle::esbuild;
