//! The site in `dist/`. All addresses in it are relative, so it works from any path of any static host.
//!
//! ```text
//! index.html  main.js  *.css         the page (web/main.ts, web/*.css), with chunks/ loaded when they are needed
//! compute-worker.js                  module worker (web/kernel/compute-worker.ts)
//! import-worker.js                   module worker that reads the reader's files (web/import/worker.ts)
//! helper-worker.js                   module worker, one for each thread beyond the first (web/api/helper-worker.ts)
//! cells.json  cells/                 what runs cells (web/kernel/user-worker.ts): what the sandbox is handed as text, and modules that it asks for later
//! bench.html  bench.js  bench.css    the benchmark (web/bench/page), with bench-worker.js and chunks of its own
//! embed.js                           <gradbook-cell> for pages of others (web/embed/element.ts)
//! embed.html  embed-page.js          the page in its frame (web/embed/embed.html, page.ts)
//! service-worker.js                  isolates the page if the reader wants it (web/service-worker.ts)
//! frame.html                         the sandbox, its script inlined (web/kernel/frame.html and frame.ts)
//! wasm/NAME-HASH.wasm                named by web/pkg/files.ts
//! notebooks/  assets/  ...           web/notebooks, web/assets, and what lies in web/public
//! THIRD-PARTY.txt                    licences of the libraries inside
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;
use walkdir::WalkDir;

use super::config::Config;
use super::visitor::{self, Report};
use super::{notices, wasm};
use crate::process;
use crate::project::Project;
use crate::stamp::{self, Inputs, Stamp};
use crate::tools;

/// Bundles the page and its workers, copies what they load, and checks what a visitor has to fetch.
pub fn build_site(project: &Project, config: &Config, dev: bool) -> Result<()> {
    println!("site");
    let dist = project.dist();
    let inputs = Inputs::default()
        .text(if dev { "dev" } else { "release" })
        .text(include_str!("bundle.rs"))
        .files(&project.path("web"))?
        .files(&project.path("package-lock.json"))?
        .files(&project.path("Cargo.lock"))?;
    let stamp = Stamp::new(project, "site", inputs);
    if !stamp.is_fresh() || !dist.join("main.js").exists() {
        if dist.exists() {
            fs::remove_dir_all(&dist)?;
        }
        let pages = bundle_pages(project, dev)?;
        bundle_sandbox(project, dev)?;
        bundle_benchmark(project, dev)?;
        bundle_element(project, dev)?;
        bundle_service_worker(project, dev)?;
        copy_static(project, config)?;
        stamp::write(&project.scratch().join("site.json"), serde_json::to_string(&pages)?)?;
        stamp.set()?;
    }
    if dev {
        return Ok(());
    }
    let pages = serde_json::from_slice(&fs::read(project.scratch().join("site.json"))?)?;
    visitor::check_budgets(project, config, &pages)
}

/// esbuild as every bundle of ours calls it.
pub fn esbuild(project: &Project, dev: bool) -> Command {
    let mut command = tools::node_tool(project, "esbuild/bin/esbuild");
    command.args(["--bundle", "--target=es2022", "--log-level=warning", "--charset=utf8"]);
    // Only the woff2 form of a font is ever used by a browser that can run the page.
    command.args(["--loader:.woff2=file", "--loader:.woff=empty", "--loader:.ttf=empty"]);
    command.args(["--loader:.svg=text", "--define:process.env.NODE_ENV=\"production\""]);
    // What reads files in Node asks for Node's modules only there.
    command.arg("--external:node:*");
    command.arg(if dev { "--sourcemap" } else { "--minify" });
    command
}

fn bundle_pages(project: &Project, dev: bool) -> Result<Report> {
    let report = project.scratch().join("esbuild.json");
    stamp::write(&report, "")?;
    let mut command = esbuild(project, dev);
    command.args(["main=web/main.ts", "compute-worker=web/kernel/compute-worker.ts"]);
    command.args(["helper-worker=web/api/helper-worker.ts", "import-worker=web/import/worker.ts"]);
    command.arg("embed-page=web/embed/page.ts");
    for (name, sheet) in top_level(project, "css")? {
        command.arg(format!("{name}={}", project.show(&sheet)));
    }
    command
        .args(["--format=esm", "--splitting", "--outdir=dist", "--legal-comments=linked"])
        .args(["--chunk-names=chunks/[name]-[hash]", "--asset-names=files/[name]-[hash]"])
        .arg(format!("--metafile={}", project.show(&report)));
    process::run(&mut command)?;
    serde_json::from_slice(&fs::read(&report)?).context("esbuild's report")
}

/// The files directly in `web/` with this extension, by stem.
fn top_level(project: &Project, extension: &str) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(project.path("web"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|own| own == extension) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            found.insert(stem, path);
        }
    }
    Ok(found)
}

fn bundle_sandbox(project: &Project, dev: bool) -> Result<()> {
    let script = sandbox_script(project, dev, "frame")?;
    let frame = inline_script(&fs::read_to_string(project.path("web/kernel/frame.html"))?, &script)?;
    stamp::write(&project.dist().join("frame.html"), frame)?;
    bundle_cells(project, dev)
}

/// A classic script of `web/kernel`, as text.
fn sandbox_script(project: &Project, dev: bool, name: &str) -> Result<String> {
    let script = project.scratch().join(format!("{name}.js"));
    let mut command = esbuild_text(project, dev);
    command.args(["--format=iife", "--legal-comments=none"]);
    command.arg(format!("--outfile={}", project.show(&script))).arg(format!("web/kernel/{name}.ts"));
    process::run(&mut command)?;
    Ok(fs::read_to_string(script)?)
}

/// esbuild for what has no address where its source map could lie.
fn esbuild_text(project: &Project, dev: bool) -> Command {
    let mut command = esbuild(project, false);
    command.arg(format!("--minify={}", !dev));
    command
}

/// The program of the cells' worker. What its entry imports at once goes into one file, with the script that puts modules together; what is
/// imported later stays in files of its own.
fn bundle_cells(project: &Project, dev: bool) -> Result<()> {
    let folder = project.dist().join("cells");
    let report = project.scratch().join("esbuild-cells.json");
    let mut command = esbuild_text(project, dev);
    command.args(["--format=esm", "--splitting", "--legal-comments=none", "--outdir=dist/cells"]);
    command.args(["--chunk-names=[name]-[hash]", "user-worker=web/kernel/user-worker.ts"]);
    command.arg(format!("--metafile={}", project.show(&report)));
    process::run(&mut command)?;
    let report: Report = serde_json::from_slice(&fs::read(&report)?).context("esbuild's report")?;
    let mut modules = Vec::new();
    for file in report.in_order("dist/cells/user-worker.js") {
        let path = project.path(&file);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        modules.push((name, fs::read_to_string(&path)?));
        fs::remove_file(path)?;
    }
    let program = json!({ "loader": sandbox_script(project, dev, "cell-loader")?, "modules": modules });
    fs::create_dir_all(folder)?;
    stamp::write(&project.dist().join("cells.json"), program.to_string())
}

/// What course pages load: a classic script, which they may have from another host without its leave.
fn bundle_element(project: &Project, dev: bool) -> Result<()> {
    let mut command = esbuild(project, dev);
    command.args(["--format=iife", "--outfile=dist/embed.js", "web/embed/element.ts"]);
    process::run(&mut command)
}

/// For readers who want threads where the host does not isolate the page.
fn bundle_service_worker(project: &Project, dev: bool) -> Result<()> {
    let mut command = esbuild(project, dev);
    command.args(["--format=iife", "--outfile=dist/service-worker.js", "web/service-worker.ts"]);
    process::run(&mut command)
}

/// By itself, so that it does not change how the page's own files are split.
fn bundle_benchmark(project: &Project, dev: bool) -> Result<()> {
    let mut command = esbuild(project, dev);
    command
        .args(["bench=web/bench/page/main.ts", "bench-worker=web/bench/page/worker.ts"])
        .arg("bench=web/bench/page/bench.css")
        .args(["--format=esm", "--splitting", "--outdir=dist", "--legal-comments=linked"])
        .arg("--chunk-names=chunks/bench-[name]-[hash]");
    process::run(&mut command)
}

/// The sandbox may load nothing, so its script stands in the file itself.
fn inline_script(page: &str, script: &str) -> Result<String> {
    const TAG: &str = "<script src=\"./frame.js\"></script>";
    if page.matches(TAG).count() != 1 {
        bail!("web/kernel/frame.html must contain {TAG} once");
    }
    let script = script.replace("</script", "<\\/script").replace("<!--", "<\\!--");
    Ok(page.replace(TAG, &format!("<script>{script}</script>")))
}

fn copy_static(project: &Project, config: &Config) -> Result<()> {
    let dist = project.dist();
    fs::copy(project.path("web/index.html"), dist.join("index.html"))?;
    fs::copy(project.path("web/bench/page/bench.html"), dist.join("bench.html"))?;
    fs::copy(project.path("web/embed/embed.html"), dist.join("embed.html"))?;
    fs::create_dir_all(dist.join("wasm"))?;
    for (_, module) in wasm::modules(project, config)? {
        fs::copy(&module, dist.join("wasm").join(module.file_name().unwrap_or_default()))?;
    }
    stamp::write(&dist.join("THIRD-PARTY.txt"), notices::third_party(project)?)?;
    copy_folder(&project.path("web/notebooks"), &dist.join("notebooks"))?;
    copy_folder(&project.path("web/assets"), &dist.join("assets"))?;
    copy_folder(&project.path("web/public"), &dist)
}

/// Copies what there is; a folder that does not exist has nothing to copy.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from).into_iter().flatten() {
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_cannot_end_the_tag_that_holds_it() {
        let page = inline_script("<body><script src=\"./frame.js\"></script>", "a('</script>')").unwrap();
        assert_eq!(page, "<body><script>a('<\\/script>')</script>");
        assert!(inline_script("<body>", "").is_err());
    }
}
