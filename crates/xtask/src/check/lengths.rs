//! A file of more than 800 lines has more than one idea.

use std::fs;

use anyhow::Result;
use walkdir::WalkDir;

use crate::project::Project;

const LONGEST: usize = 800;

pub fn violations(project: &Project) -> Result<Vec<String>> {
    let mut found = vec![];
    for folder in ["bench", "crates", "tests", "web"] {
        let entries = WalkDir::new(project.path(folder)).sort_by_file_name();
        for entry in entries
            .into_iter()
            .filter_entry(|entry| entry.file_name() != "pkg" && entry.file_name() != "node_modules")
            .flatten()
        {
            let extension = entry.path().extension().and_then(|extension| extension.to_str());
            // Declarations are written by the compiler.
            let declares = entry.file_name().to_string_lossy().ends_with(".d.ts");
            if declares || !matches!(extension, Some("rs" | "ts" | "mjs" | "css" | "html" | "wgsl")) {
                continue;
            }
            let lines = fs::read_to_string(entry.path())?.lines().count();
            if lines > LONGEST {
                let file = project.show(entry.path());
                found.push(format!("{file} has {lines} lines; split it before it passes {LONGEST}"));
            }
        }
    }
    Ok(found)
}
