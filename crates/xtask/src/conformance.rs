//! `cargo xtask conformance`: the reference cases through the public Rust API, on one device, natively or compiled to wasm
//! in headless Chromium. Both print one line a case and close with the counts.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::build;
use crate::process::{self, Transcript};
use crate::project::Project;
use crate::server::{Options, Server};
use crate::stamp;
use crate::tools;

/// What to run.
pub struct Request {
    /// The folder of cases.
    pub folder: PathBuf,
    /// One of [`DEVICES`].
    pub device: String,
    /// In headless Chromium rather than natively.
    pub in_browser: bool,
    /// Only this area.
    pub area: Option<String>,
}

/// The devices that there are; `cpu-threads` cuts all work for two threads, natively.
pub const DEVICES: [&str; 4] = ["interp", "cpu", "cpu-threads", "webgpu"];

/// Runs cases and shows the report.
pub fn run(project: &Project, request: &Request) -> Result<Transcript> {
    if !DEVICES.contains(&request.device.as_str()) {
        bail!("there is no device '{}'; expected one of {}", request.device, DEVICES.join(", "));
    }
    if !request.folder.is_dir() {
        bail!("there is no folder {}", request.folder.display());
    }
    if request.in_browser { browser(project, request) } else { native(project, request) }
}

fn native(project: &Project, request: &Request) -> Result<Transcript> {
    if request.device == "webgpu" {
        tools::vulkan()?;
    }
    // Built with the features of the native tests, whose dependencies are there already.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--workspace", "--all-features", "--bin", PACKAGE]);
    process::run(cargo.current_dir(project.root()))?;
    let folder = std::env::current_exe()?;
    let folder = folder.parent().context("this program lies in no folder")?;
    let mut program = Command::new(folder.join(format!("{PACKAGE}{}", std::env::consts::EXE_SUFFIX)));
    program.arg(&request.folder).arg(&request.device).args(&request.area);
    process::transcript(&mut program)
}

fn browser(project: &Project, request: &Request) -> Result<Transcript> {
    tools::npm_packages(project)?;
    tools::wasm_target()?;
    let browser = tools::browser()?;
    let site = project.scratch().join("conformance");
    build_library(project, &site)?;
    let files = copy_cases(&request.folder, &site.join("cases"))?;
    let server = Server::start(site, Options { port: 0, isolated: false, base: "/".into() })?;
    let driver = project.scratch().join("conformance.mjs");
    process::run(
        build::esbuild(project, true)
            .args(["--platform=node", "--format=esm", "--packages=external"])
            .arg(format!("--outfile={}", driver.display()))
            .arg(project.path("tests/conformance/browser.ts")),
    )?;
    let mut node = Command::new("node");
    node.current_dir(project.root())
        .env("CHROMIUM", &browser.chromium)
        .arg(driver)
        .args([server.url(), request.device.as_str(), request.area.as_deref().unwrap_or_default()])
        .args(files);
    process::transcript(&mut node)
}

const PACKAGE: &str = "gradbook-conformance";
const TARGET: &str = "wasm32-unknown-unknown";

/// The crate compiled to wasm, and the page that loads it.
fn build_library(project: &Project, site: &Path) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", PACKAGE, "--lib", "--target", TARGET]);
    process::run(cargo.current_dir(project.root()))?;
    let compiled = project.path("target").join(TARGET).join("debug/gradbook_conformance.wasm");
    Bindgen::new()
        .input_path(compiled)
        .web(true)
        .map_err(|error| anyhow!("{error:#}"))?
        .out_name("conformance")
        .omit_default_module_path(false)
        .typescript(false)
        .generate(site)
        .map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    stamp::write(&site.join("index.html"), "<!doctype html><title>Conformance</title><link rel=icon href=data:,>")
}

/// Copies the files of cases to where the page finds them; returns their names in order.
fn copy_cases(from: &Path, to: &Path) -> Result<Vec<String>> {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to)?;
    let mut names = vec![];
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("json")) {
            let name = path.file_name().and_then(OsStr::to_str).context("a file name that is not text")?.to_owned();
            fs::copy(&path, to.join(&name))?;
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
