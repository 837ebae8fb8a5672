//! The programs that commands need: found, installed where that is possible, else an error that says what to install.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::project::Project;
use crate::stamp::{Inputs, Stamp};

const OLDEST_NODE: u32 = 20;

/// The npm packages of the lockfile, in `node_modules`.
pub fn npm_packages(project: &Project) -> Result<()> {
    npm_packages_in(project, "")
}

/// The same for a folder of the checkout that has a lockfile of its own.
pub fn npm_packages_in(project: &Project, folder: &str) -> Result<()> {
    let root = project.path(folder);
    let lockfile = root.join("package-lock.json");
    let stamp = Stamp::new(project, &format!("npm{folder}"), Inputs::default().files(&lockfile)?);
    if stamp.is_fresh() && root.join("node_modules/.package-lock.json").exists() {
        return Ok(());
    }
    let version = process::output(Command::new("node").arg("--version"))
        .with_context(|| format!("Node.js {OLDEST_NODE} or newer has to be installed"))?;
    let major: u32 =
        version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < OLDEST_NODE {
        bail!("Node.js {} is too old; {OLDEST_NODE} or newer is needed", version.trim());
    }
    println!("installing the npm packages of {}", project.show(&lockfile));
    process::run(npm().args(["ci", "--loglevel=error"]).current_dir(root))?;
    stamp.set()
}

/// npm under the name that it has on this system.
pub fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// A JavaScript program of an npm package, run by Node so that it works the same everywhere.
pub fn node_tool(project: &Project, script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(project.path("node_modules").join(script)).current_dir(project.root());
    command
}

/// The compilation target for WebAssembly.
pub fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let folder = process::output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(folder.trim()).exists() {
        return Ok(());
    }
    process::run(Command::new("rustup").args(["target", "add", TARGET]))
}

/// The source of the standard library, for builds that compile it too.
pub fn rust_source() -> Result<()> {
    let root = process::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(root.trim()).join("lib/rustlib/src/rust/library").exists() {
        return Ok(());
    }
    process::run(Command::new("rustup").args(["component", "add", "rust-src"]))
}

/// A browser and the program that drives it.
pub struct Browser {
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

/// Chromium or Chrome with its driver; on Debian and Ubuntu, as root, they are installed when missing.
pub fn browser() -> Result<Browser> {
    if let Some(browser) = find_browser() {
        return Ok(browser);
    }
    apt_install(&["chromium", "chromium-driver"])?;
    find_browser().context(
        "the browser tests need Chromium (or Chrome) and chromedriver of the same version: install them, or name them \
         in the variables CHROMIUM and CHROMEDRIVER",
    )
}

fn find_browser() -> Option<Browser> {
    Some(Browser {
        chromium: find("CHROMIUM", &["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"])?,
        driver: find("CHROMEDRIVER", &["chromedriver"])?,
    })
}

/// A software Vulkan driver, on which WebGPU is tested natively. Other systems than Linux bring a device of their own.
pub fn vulkan() -> Result<()> {
    if !cfg!(target_os = "linux") || has_lavapipe() {
        return Ok(());
    }
    apt_install(&["mesa-vulkan-drivers"])?;
    if !has_lavapipe() {
        bail!("the native WebGPU tests need Mesa's software Vulkan driver (lavapipe): install mesa-vulkan-drivers");
    }
    Ok(())
}

fn has_lavapipe() -> bool {
    ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("lvp_icd"))
}

/// Installs Debian packages where that is possible without asking anyone; elsewhere it does nothing.
fn apt_install(packages: &[&str]) -> Result<()> {
    let is_root = cfg!(unix) && process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || find("", &["apt-get"]).is_none() {
        return Ok(());
    }
    println!("installing {}", packages.join(", "));
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        command
    };
    process::run(apt().arg("update"))?;
    process::run(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

fn find(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    names
        .iter()
        .find_map(|name| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()))
}
