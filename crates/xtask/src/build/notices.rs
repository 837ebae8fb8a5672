//! `dist/THIRD-PARTY.txt`: the licences of the libraries that the site and the package contain, as those ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::project::Project;

/// The text of the file.
pub fn third_party(project: &Project) -> Result<String> {
    // Libraries by the text of their licence: most share one of a few.
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (title, folder) in npm_libraries(project)?.into_iter().chain(rust_libraries(project)?) {
        for text in licence_texts(Path::new(&folder)) {
            texts.entry(text).or_default().insert(title.clone());
        }
    }
    let mut notices = String::from("Gradbook contains these libraries.\n");
    for (text, libraries) in texts {
        let libraries = libraries.into_iter().collect::<Vec<_>>().join(", ");
        notices += &format!("\n{}\n{libraries}\n\n{}\n", "=".repeat(80), text.trim());
    }
    Ok(notices)
}

/// What is not for development only, as (title, folder).
fn npm_libraries(project: &Project) -> Result<Vec<(String, String)>> {
    let lock: Value = serde_json::from_str(&fs::read_to_string(project.path("package-lock.json"))?)?;
    let packages = lock["packages"].as_object().context("package-lock.json lists no packages")?;
    let shipped = packages.iter().filter(|(path, package)| !path.is_empty() && package["dev"] != true);
    Ok(shipped
        .map(|(path, package)| {
            let name = path.trim_start_matches("node_modules/");
            (title(name, package), project.path(path).to_string_lossy().into_owned())
        })
        .collect())
}

/// What is linked into the wasm modules, as (title, folder).
fn rust_libraries(project: &Project) -> Result<Vec<(String, String)>> {
    let text = process::output(Command::new(env!("CARGO")).current_dir(project.root()).args([
        "metadata",
        "--format-version=1",
        "--filter-platform=wasm32-unknown-unknown",
    ]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (string(&node["id"]), node)).collect();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (string(&package["id"]), package)).collect();
    let root = packages.values().find(|package| package["name"] == "gradbook-wasm");
    let mut open = vec![string(&root.context("there is no crate gradbook-wasm")?["id"])];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let dependencies = nodes.get(&id).map(|node| list(&node["deps"])).unwrap_or_default();
        let linked = dependencies
            .iter()
            .filter(|dependency| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()));
        open.extend(linked.map(|dependency| string(&dependency["pkg"])));
    }
    let linked = seen.iter().filter_map(|id| packages.get(id)).filter(|package| !package["source"].is_null());
    Ok(linked
        .filter_map(|package| {
            let manifest = string(&package["manifest_path"]);
            let folder = Path::new(&manifest).parent()?.to_string_lossy().into_owned();
            Some((title(&string(&package["name"]), package), folder))
        })
        .collect())
}

fn title(name: &str, package: &Value) -> String {
    format!("{name} {} ({})", string(&package["version"]), string(&package["license"]))
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn licence_texts(folder: &Path) -> Vec<String> {
    let is_licence = |name: &str| {
        let name = name.to_uppercase();
        ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|start| name.starts_with(start))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| is_licence(&entry.file_name().to_string_lossy()));
    files.filter_map(|entry| fs::read_to_string(entry.path()).ok()).map(|text| text.replace("\r\n", "\n")).collect()
}
