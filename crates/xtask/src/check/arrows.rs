//! Dependencies point down only: `web -> wasm -> {learn, formats} -> core`, and the same between the parts of each.
//! What a part must not know is a row of `RULES`; what crates may depend on is read from their manifests.

use std::fs;
use std::path::Path;

use anyhow::Result;
use walkdir::WalkDir;

use crate::project::Project;

/// No file below `part` may contain any of `never`.
struct Rule {
    /// A folder, or a module that is a file or a folder.
    part: &'static str,
    /// Folders in `part` that the rule does not hold for.
    except: &'static [&'static str],
    never: &'static [&'static str],
    because: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        part: "crates/core/src/shape",
        except: &[],
        never: &["crate::ir", "crate::plan", "crate::device", "crate::tensor", "crate::ops"],
        because: "shapes are arithmetic",
    },
    Rule {
        part: "crates/core/src/ir",
        except: &[],
        never: &["crate::plan", "crate::device", "crate::tensor", "crate::ops"],
        because: "a graph does not know what runs it",
    },
    Rule {
        part: "crates/core/src/plan",
        except: &[],
        never: &["crate::device", "crate::tensor", "crate::ops"],
        because: "a program does not know what runs it",
    },
    Rule {
        part: "crates/core/src/device",
        except: &[],
        never: &["crate::tensor", "crate::ops", "gradbook_learn"],
        because: "a device runs programs and knows no layer",
    },
    Rule {
        part: "crates/core/src/tensor",
        except: &[],
        never: &["crate::device::", "device::cpu", "device::webgpu", "device::interp"],
        because: "a tensor reaches a device only through a runner",
    },
    Rule {
        part: "crates/core/src/ops",
        except: &[],
        never: &["crate::device", "device::cpu", "device::webgpu", "device::interp"],
        because: "composed functions are graphs",
    },
    Rule {
        part: "crates/learn/src",
        except: &[],
        never: &["gradbook_formats", "wasm_bindgen", "js_sys", "web_sys"],
        because: "learn builds on core alone",
    },
    Rule {
        part: "crates/formats/src",
        except: &[],
        never: &["gradbook_core::device", "gradbook_learn", "wasm_bindgen", "js_sys", "web_sys"],
        because: "formats turn bytes into numbers",
    },
    Rule {
        part: "web",
        except: &["web/kernel", "web/api", "web/pkg"],
        never: &["/pkg/"],
        because: "only web/kernel and web/api import the wasm package",
    },
    Rule {
        part: "web/display",
        except: &[],
        never: &["/notebook/", "/kernel/"],
        because: "a view draws what it is given",
    },
    Rule { part: "web/api", except: &[], never: &["/notebook/", "../main"], because: "the API works without the page" },
    Rule {
        part: "web/bench",
        except: &["web/bench/page"],
        never: &["/notebook/", "/kernel/", "/page/"],
        because: "what is measured knows the API alone",
    },
    Rule {
        part: "web/import",
        except: &[],
        never: &["/notebook/", "/kernel/", "/display/", "../main"],
        because: "files become sets without the page",
    },
    Rule {
        part: "web/kernel",
        except: &[],
        never: &["/notebook/", "../main"],
        because: "the kernel works without the page",
    },
];

/// Which dependencies, other than for tests, a crate may never have.
const MANIFESTS: &[(&str, &[&str])] = &[
    ("core", &["gradbook-learn", "gradbook-formats", "gradbook-wasm", "wasm-bindgen", "js-sys", "web-sys"]),
    ("learn", &["gradbook-formats", "gradbook-wasm", "wasm-bindgen", "js-sys", "web-sys"]),
    ("formats", &["gradbook-learn", "gradbook-wasm", "wasm-bindgen", "js-sys", "web-sys"]),
];

pub fn violations(project: &Project) -> Result<Vec<String>> {
    let mut found = vec![];
    for rule in RULES {
        for entry in WalkDir::new(project.path(rule.part)).sort_by_file_name().into_iter().flatten() {
            check_file(project, rule, entry.path(), &mut found)?;
        }
        check_file(project, rule, &project.path(format!("{}.rs", rule.part)), &mut found)?;
    }
    for (name, never) in MANIFESTS {
        let manifest: toml::Table = fs::read_to_string(project.path(format!("crates/{name}/Cargo.toml")))?.parse()?;
        let dependencies = dependencies(&manifest);
        let forbidden = never.iter().filter(|name| dependencies.contains(&(**name).to_owned()));
        found.extend(forbidden.map(|other| format!("crates/{name} must not depend on {other}")));
    }
    Ok(found)
}

fn check_file(project: &Project, rule: &Rule, path: &Path, found: &mut Vec<String>) -> Result<()> {
    let file = project.show(path);
    let is_source = file.ends_with(".rs") || file.ends_with(".ts");
    let is_test = file.ends_with(".test.ts") || file.ends_with("/tests.rs") || file.contains("/tests/");
    if !is_source || is_test || !path.is_file() || rule.except.iter().any(|part| file.starts_with(part)) {
        return Ok(());
    }
    for (number, word) in forbidden_words(&fs::read_to_string(path)?, rule.never) {
        found.push(format!("{file}:{number} names {word}, but {}", rule.because));
    }
    Ok(())
}

/// The lines of `source` that contain one of `words`, without comments and without the tests at its end.
fn forbidden_words(source: &str, words: &[&'static str]) -> Vec<(usize, &'static str)> {
    let code = source.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let mut found = vec![];
    for (index, line) in code.enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("//") || trimmed.starts_with('*') || trimmed.starts_with("/*") {
            continue;
        }
        found.extend(words.iter().filter(|word| line.contains(**word)).map(|word| (index + 1, *word)));
    }
    found
}

/// The names in the tables of dependencies for all targets, without those for tests and builds.
fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let mut names = vec![];
    let direct = manifest.get("dependencies").and_then(toml::Value::as_table);
    names.extend(direct.into_iter().flat_map(|table| table.keys().cloned()));
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    for target in targets.into_iter().flat_map(|table| table.values()) {
        let table = target.get("dependencies").and_then(toml::Value::as_table);
        names.extend(table.into_iter().flat_map(|table| table.keys().cloned()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_tests_may_name_anything() {
        let source =
            "//! Never crate::device.\nuse crate::shape;\nuse crate::device::cpu;\n#[cfg(test)]\nuse crate::device;";
        assert_eq!(forbidden_words(source, &["crate::device"]), [(3, "crate::device")]);
    }

    #[test]
    fn dependencies_of_a_single_target_count() {
        let manifest =
            "[dependencies]\na = '1'\n[target.'cfg(unix)'.dependencies]\nb = '1'\n[dev-dependencies]\nc = '1'";
        assert_eq!(dependencies(&manifest.parse().unwrap()), ["a", "b"]);
    }
}
