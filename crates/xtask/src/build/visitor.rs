//! What a visitor fetches, and its budgets: to read a notebook, and to run it for the first time.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use super::config::Config;
use super::{size, wasm};
use crate::project::Project;

/// What turns a notebook into a page is loaded by every reader.
const READING: &[&str] = &["web/notebook/markdown.ts"];
/// What the first Run loads beside it: the kernel, a curve, and the script around one engine, which stands for any.
const RUNNING: &[&str] =
    &["web/kernel/kernel.ts", "web/kernel/user-side.ts", "web/display/curve-plot.ts", "web/pkg/base/"];
/// What the first click into a cell loads.
const EDITING: &[&str] = &["web/notebook/editor.ts", "web/notebook/commands/commands.ts"];
/// What the first letter that is typed loads.
const WRITING: &[&str] = &["web/notebook/assist/"];

/// Weighs the JavaScript that reading, the first Run and writing cost, and all that the first Run needs: both workers, the sandbox, the graph
/// module and the largest engine. Whatever else is loaded later belongs to none of them.
pub fn check_budgets(project: &Project, config: &Config, pages: &Report) -> Result<()> {
    let weigh = |files: &BTreeSet<String>| -> Result<u64> {
        files.iter().map(|file| size::brotli_file(project, &project.path(file))).sum()
    };
    let mut reading = pages.at_once("dist/main.js");
    reading.extend(pages.with(READING)?);
    size::enforce("reading view, JS", weigh(&reading)?, config.site.reading_view)?;

    let mut running = reading;
    running.extend(pages.at_once("dist/compute-worker.js"));
    running.extend(pages.with(RUNNING)?);
    running.extend(["dist/cells.json".to_owned(), "dist/frame.html".to_owned()]);
    let mut editing = running.clone();
    editing.extend(pages.with(EDITING)?);
    size::enforce("first Run, JS and editor", weigh(&editing)?, config.site.first_run_scripts)?;

    let mut modules = 0;
    let mut largest_engine = 0;
    for (name, module) in wasm::modules(project, config)? {
        let weight = size::brotli_file(project, &module)?;
        match name.as_str() {
            "graph" => modules += weight,
            "base" | "fast" | "threads" => largest_engine = weight.max(largest_engine),
            _ => {}
        }
    }
    size::enforce("first Run, all it needs", weigh(&running)? + modules + largest_engine, config.site.first_run)?;

    let writing = pages.with(WRITING)?.difference(&editing).cloned().collect();
    size::enforce("writing code", weigh(&writing)?, config.site.assistance)
}

/// The part of esbuild's report that is used here: which file imports which.
#[derive(Deserialize, Serialize)]
pub struct Report {
    outputs: BTreeMap<String, Output>,
}

#[derive(Deserialize, Serialize)]
struct Output {
    imports: Vec<Import>,
    inputs: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
struct Import {
    path: String,
    kind: String,
    #[serde(default)]
    external: bool,
}

impl Report {
    /// Takes in what was bundled apart.
    pub fn add(&mut self, other: Report) {
        self.outputs.extend(other.outputs);
    }

    /// The JavaScript files that `entry` imports at once, directly or not.
    fn at_once(&self, entry: &str) -> BTreeSet<String> {
        self.in_order(entry).into_iter().filter(|file| file.ends_with(".js")).collect()
    }

    /// The files that were made from these sources, with what they import at once.
    fn with(&self, sources: &[&str]) -> Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for source in sources {
            let made = self.outputs.keys().filter(|file| file.ends_with(".js") && self.contains(file, source));
            let files: Vec<_> = made.collect();
            if files.is_empty() {
                bail!("nothing in the site is made from {source}, which crates/xtask/src/build/visitor.rs counts");
            }
            found.extend(files.into_iter().flat_map(|file| self.at_once(file)));
        }
        Ok(found)
    }

    /// What `entry` imports at once, directly or not: each file behind those that it imports, the entry last.
    pub fn in_order(&self, entry: &str) -> Vec<String> {
        let mut ordered = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![(entry.to_owned(), false)];
        while let Some((file, is_behind)) = open.pop() {
            if is_behind {
                ordered.push(file);
            } else if seen.insert(file.clone()) {
                let imports = self.outputs.get(&file).map_or(&[][..], |output| &output.imports);
                let at_once = imports.iter().filter(|import| import.kind == "import-statement" && !import.external);
                open.push((file.clone(), true));
                open.extend(at_once.map(|import| (import.path.clone(), false)));
            }
        }
        ordered
    }

    /// Whether a file was made from sources whose path contains `part`.
    fn contains(&self, file: &str, part: &str) -> bool {
        self.outputs.get(file).is_some_and(|output| output.inputs.keys().any(|input| input.contains(part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_imported_at_once_belongs_to_the_reading_view() {
        let report: Report = serde_json::from_str(
            r#"{"outputs": {
                "dist/main.js": {"inputs": {}, "imports": [
                    {"path": "dist/chunks/a.js", "kind": "import-statement"},
                    {"path": "dist/chunks/editor.js", "kind": "dynamic-import"}]},
                "dist/chunks/a.js": {"inputs": {}, "imports": [{"path": "dist/main.js", "kind": "import-statement"}]},
                "dist/chunks/editor.js": {"inputs": {}, "imports": []}}}"#,
        )
        .unwrap();
        assert_eq!(report.in_order("dist/main.js"), ["dist/chunks/a.js", "dist/main.js"]);
    }
}
