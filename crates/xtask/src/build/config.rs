//! `wasm-pack.toml`: the wasm builds and the budgets.

use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::project::Project;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    build: Vec<WasmBuild>,
    pub site: SiteBudget,
}

/// One compilation of `crates/wasm`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WasmBuild {
    pub name: String,
    /// Cargo features; the crate's default ones are off.
    pub features: Vec<String>,
    /// What the browser must have beyond WebAssembly 2.
    pub target_features: Vec<String>,
    /// Instead of the release profile's.
    pub opt_level: Option<String>,
    /// What the compiler may inline: less than by default makes a smaller module, in which kernels say themselves what is inlined.
    pub inline_threshold: Option<u32>,
    /// Compile the standard library too, as shared memory needs.
    #[serde(default)]
    pub build_std: bool,
    /// Brotli size in KiB.
    pub budget: u64,
    /// Why it is not built.
    pub disabled: Option<String>,
}

/// Brotli sizes in KiB.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SiteBudget {
    pub reading_view: u64,
    pub first_run_scripts: u64,
    pub first_run: u64,
    pub assistance: u64,
}

impl Config {
    pub fn read(project: &Project) -> Result<Self> {
        let text = fs::read_to_string(project.path("wasm-pack.toml")).context("could not read wasm-pack.toml")?;
        toml::from_str(&text).context("wasm-pack.toml")
    }

    /// The builds that are made.
    pub fn builds(&self) -> impl Iterator<Item = &WasmBuild> {
        self.build.iter().filter(|build| build.disabled.is_none())
    }
}
