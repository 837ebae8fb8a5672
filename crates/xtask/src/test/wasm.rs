//! The tests compiled to wasm, in headless Chromium: all crates that use wasm-bindgen-test. The runner is our own build
//! of wasm-bindgen's, so its version cannot differ. `wasm-pack test --headless --chrome crates/wasm` runs the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Counts, Settings};
use crate::process;
use crate::project::Project;
use crate::stamp;
use crate::tools::{self, Browser};

pub fn run(project: &Project, settings: &Settings) -> Result<Counts> {
    tools::wasm_target()?;
    let browser = tools::browser()?;
    let runner = build_runner(project)?;
    let capabilities = capabilities(project, &browser)?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(project.root())
        .args(["test", "--target", "wasm32-unknown-unknown", "--lib", "--tests", "--no-fail-fast"])
        .args(packages(project)?.iter().flat_map(|name| ["--package", name]))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", &browser.driver)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "600")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    if settings.slow {
        cargo.args(["--", "--include-ignored"]);
    }
    Ok(Counts::of_cargo(&process::transcript(&mut cargo)?))
}

/// Built with the features of the native tests, whose dependencies are there already.
fn build_runner(project: &Project) -> Result<PathBuf> {
    const NAME: &str = "wasm-test-runner";
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--workspace", "--all-features", "--bin", NAME]);
    process::run(cargo.current_dir(project.root()))?;
    let folder = std::env::current_exe()?;
    let folder = folder.parent().context("this program lies in no folder")?;
    Ok(folder.join(format!("{NAME}{}", std::env::consts::EXE_SUFFIX)))
}

/// What `crates/wasm/webdriver.json` asks of the browser, with the path of the one that was found.
fn capabilities(project: &Project, browser: &Browser) -> Result<PathBuf> {
    let text = fs::read_to_string(project.path("crates/wasm/webdriver.json"))?;
    let mut settings: Value = serde_json::from_str(&text).context("crates/wasm/webdriver.json")?;
    settings["goog:chromeOptions"]["binary"] = browser.chromium.to_string_lossy().into();
    let file = project.scratch().join("webdriver.json");
    stamp::write(&file, settings.to_string())?;
    Ok(file)
}

fn packages(project: &Project) -> Result<Vec<String>> {
    let mut names = vec![];
    for entry in fs::read_dir(project.path("crates"))? {
        let manifest = entry?.path().join("Cargo.toml");
        if uses_wasm_tests(&manifest) {
            let manifest: toml::Table = fs::read_to_string(&manifest)?.parse()?;
            names.extend(manifest["package"]["name"].as_str().map(str::to_owned));
        }
    }
    Ok(names)
}

fn uses_wasm_tests(manifest: &Path) -> bool {
    fs::read_to_string(manifest).is_ok_and(|text| text.contains("wasm-bindgen-test"))
}
