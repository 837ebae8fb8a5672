//! What a visitor fetches, and its budgets: to read a notebook, and to run it for the first time.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::config::Config;
use super::{size, wasm};
use crate::project::Project;

/// Reading is what `main.js` imports at once, and what turns Markdown into a page. The first Run takes every chunk but what few notebooks use and the editor, both workers,
/// the sandbox, the graph module and one module that computes. A visitor who also edits loads the editor beside them.
pub fn check_budgets(project: &Project, config: &Config, pages: &Report) -> Result<()> {
    let weigh = |files: &BTreeSet<String>| -> Result<u64> {
        files.iter().map(|file| size::brotli_file(project, &project.path(file))).sum()
    };
    let at_once = |import: &Import| import.kind == "import-statement";
    let mut reading = pages.reached("dist/main.js", &at_once);
    for file in pages.outputs.keys().filter(|file| pages.contains(file, "web/notebook/markdown.ts")) {
        reading.extend(pages.reached(file, &at_once));
    }
    size::enforce("reading view, JS", weigh(&reading)?, config.site.reading_view)?;

    let mut scripts = pages.reached("dist/main.js", &|_| true);
    scripts.extend(pages.reached("dist/compute-worker.js", &|_| true));
    // A first Run shows no maths, none of the reader's data and only what most notebooks show; what helps with writing code comes with
    // the first letter of it, and has a budget of its own.
    let on_demand = [
        "node_modules/katex/",
        "web/notebook/own-dialog.ts",
        "web/notebook/editor-markdown.ts",
        "web/notebook/assist/",
        "web/notebook/commands/drag.ts",
        "web/notebook/needs.ts",
        "node_modules/acorn/",
        "web/notebook/palette.ts",
        "web/notebook/find-bar.ts",
        "web/notebook/outline.ts",
        "web/display/graph",
        "web/display/input",
        "web/display/overlay.ts",
        "web/display/roofline",
        "web/display/bars",
        "web/display/html",
        "web/display/matrix",
        "web/display/scatter",
        "web/display/tools.ts",
        "web/library/",
        "web/import/picture.ts",
    ];
    scripts.retain(|file| !on_demand.iter().any(|part| pages.contains(file, part)));
    let helps = |file: &&String| pages.contains(file, "web/notebook/assist/");
    let mut assistance = BTreeSet::new();
    for file in pages.outputs.keys().filter(helps) {
        assistance.extend(pages.reached(file, &at_once));
    }
    assistance.retain(|file| !scripts.contains(file));
    size::enforce("writing code", weigh(&assistance)?, config.site.assistance)?;
    scripts.extend(["dist/cells.json".to_owned(), "dist/frame.html".to_owned()]);
    let mut modules = 0;
    let mut engines = Vec::new();
    let mut largest_engine = 0;
    for (name, module) in wasm::modules(project, config)? {
        let weight = size::brotli_file(project, &module)?;
        match name.as_str() {
            "graph" => modules += weight,
            // Training starts without it.
            "gpu" => scripts.retain(|file| !pages.contains(file, "web/pkg/gpu/")),
            // A first Run reads no file of the reader's.
            "files" => scripts.retain(|file| {
                let of_files = ["web/pkg/files/", "web/api/draw-scenes.ts", "web/notebook/files-element.ts"];
                !of_files.iter().any(|part| pages.contains(file, part))
            }),
            _ => engines.push((name, weight)),
        }
    }
    for (name, weight) in engines {
        largest_engine = weight.max(largest_engine);
        // A browser takes one of the engines: `base` stands for the script around any of them.
        if name != "base" {
            scripts.retain(|file| !pages.contains(file, &format!("web/pkg/{name}/")));
        }
    }
    modules += largest_engine;
    size::enforce("first Run, JS and editor", weigh(&scripts)?, config.site.first_run_scripts)?;
    let of_editor =
        ["node_modules/@codemirror/", "node_modules/@lezer/", "web/notebook/editor.ts", "web/kernel/types.ts"];
    scripts.retain(|file| !of_editor.iter().any(|part| pages.contains(file, part)));
    size::enforce("first Run, all it needs", weigh(&scripts)? + modules, config.site.first_run)
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
    /// The JavaScript files that `entry` imports, directly or not, along the imports that `follow` accepts.
    fn reached(&self, entry: &str, follow: &dyn Fn(&Import) -> bool) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![entry.to_owned()];
        while let Some(file) = open.pop() {
            if !file.ends_with(".js") || !found.insert(file.clone()) {
                continue;
            }
            let imports = self.outputs.get(&file).map_or(&[][..], |output| &output.imports);
            let followed = imports.iter().filter(|import| !import.external && follow(import));
            open.extend(followed.map(|import| import.path.clone()));
        }
        found
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
        let reading = report.reached("dist/main.js", &|import| import.kind == "import-statement");
        assert_eq!(reading.into_iter().collect::<Vec<_>>(), ["dist/chunks/a.js", "dist/main.js"]);
        assert_eq!(report.reached("dist/main.js", &|_| true).len(), 3);
        assert_eq!(report.in_order("dist/main.js"), ["dist/chunks/a.js", "dist/main.js"]);
    }
}
