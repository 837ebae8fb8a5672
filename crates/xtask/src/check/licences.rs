//! Everything that is compiled or bundled must have a licence that lets anyone use, change and sell the result.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::project::Project;

const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Tools that run in tests only and reach no visitor: (package, licence, why it may stay).
const EXCEPTIONS: &[(&str, &str, &str)] =
    &[("axe-core", "MPL-2.0", "checks accessibility in the browser tests; it is neither changed nor shipped")];

pub fn violations(project: &Project) -> Result<Vec<String>> {
    let mut packages = rust_packages(project)?;
    packages.extend(npm_packages(project)?);
    let refused = packages.into_iter().filter(|(name, licence)| !is_accepted(name, licence));
    Ok(refused.map(|(name, licence)| format!("{name} has the licence '{licence}'")).collect())
}

fn rust_packages(project: &Project) -> Result<BTreeMap<String, String>> {
    let text = process::output(Command::new(env!("CARGO")).current_dir(project.root()).args([
        "metadata",
        "--format-version=1",
        "--all-features",
        "--locked",
    ]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    Ok(packages.iter().map(|package| (text_of(&package["name"]), text_of(&package["license"]))).collect())
}

fn npm_packages(project: &Project) -> Result<BTreeMap<String, String>> {
    let lock: Value = serde_json::from_str(&fs::read_to_string(project.path("package-lock.json"))?)?;
    let packages = lock["packages"].as_object().context("package-lock.json lists no packages")?;
    let named = packages.iter().filter_map(|(path, package)| {
        let (_, name) = path.rsplit_once("node_modules/")?;
        Some((name.to_owned(), text_of(&package["license"])))
    });
    Ok(named.collect())
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or("none").to_owned()
}

fn is_accepted(name: &str, licence: &str) -> bool {
    is_permissive(licence) || EXCEPTIONS.iter().any(|(package, own, _)| *package == name && *own == licence)
}

/// Whether an SPDX expression leaves a permissive choice. Older crates write `/` for OR.
fn is_permissive(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let choices = split_outside_brackets(&expression, " OR ");
    if choices.len() > 1 {
        return choices.into_iter().any(is_permissive);
    }
    let parts = split_outside_brackets(&expression, " AND ");
    if parts.len() > 1 {
        return parts.into_iter().all(is_permissive);
    }
    let one = expression.trim();
    match one.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_permissive(inner),
        None => PERMISSIVE.contains(&one),
    }
}

fn split_outside_brackets<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let mut parts = vec![];
    let mut start = 0;
    for (index, _) in text.match_indices(separator) {
        let before = &text[..index];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(&text[start..index]);
            start = index + separator.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::is_permissive;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "Unlicense/MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR MIT",
            "GPL-3.0 OR MIT",
            "(MPL-2.0 OR Apache-2.0)",
            "BSD-3-Clause AND MIT",
        ] {
            assert!(is_permissive(good), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR LGPL-2.1) AND MIT", "none", "MPL-2.0", ""] {
            assert!(!is_permissive(bad), "{bad}");
        }
    }
}
