//! The npm package in `dist/npm/`: `web/api/index.ts` as one module with its types, the wasm modules and the data sets beside it.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use super::bundle::{copy_folder, esbuild};
use crate::process;
use crate::project::Project;
use crate::stamp::{self, Inputs, Stamp};
use crate::tools;

const ENTRY: &str = "web/api/index.ts";

/// Bundles the package.
pub fn build_package(project: &Project, dev: bool) -> Result<()> {
    let folder = project.dist().join("npm");
    let inputs = Inputs::default()
        .text(if dev { "dev" } else { "release" })
        .text(include_str!("npm.rs"))
        .files(&project.path("web/api"))?
        .files(&project.path("web/assets"))?
        .files(&project.path("web/pkg"))?
        .files(&project.path("package-lock.json"))?;
    let stamp = Stamp::new(project, "npm-package", inputs);
    if stamp.is_fresh() && folder.join("index.js").exists() {
        return Ok(());
    }
    let mut command = esbuild(project, dev);
    command
        .args(["--format=esm", "--splitting", "--platform=neutral", "--main-fields=module,main"])
        .args(["--chunk-names=chunks/[name]-[hash]", "--legal-comments=linked"])
        .args(["--outdir=dist/npm", &format!("index={ENTRY}"), "helper-worker=web/api/helper-worker.ts"]);
    process::run(&mut command)?;
    copy_folder(&project.dist().join("wasm"), &folder.join("wasm"))?;
    copy_folder(&project.path("web/assets"), &folder.join("assets"))?;
    declare_types(project)?;
    fs::copy(project.dist().join("THIRD-PARTY.txt"), folder.join("THIRD-PARTY.txt"))?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(project.path(licence), folder.join(licence))?;
    }
    stamp::write(&folder.join("package.json"), serde_json::to_string_pretty(&manifest())? + "\n")?;
    stamp.set()
}

fn declare_types(project: &Project) -> Result<()> {
    let settings = project.scratch().join("tsconfig.npm.json");
    let types = project.dist().join("npm/types");
    stamp::write(
        &settings,
        serde_json::to_string_pretty(&json!({
            "extends": "../../tsconfig.json",
            "compilerOptions": {
                "noEmit": false,
                "declaration": true,
                "emitDeclarationOnly": true,
                "stripInternal": true,
                "rewriteRelativeImportExtensions": true,
                "types": ["node"],
                "typeRoots": [project.path("node_modules/@types")],
                "rootDir": project.path("web"),
                "outDir": types,
            },
            "include": [],
            "files": [project.path(ENTRY)],
        }))?,
    )?;
    process::run(tools::node_tool(project, "typescript/bin/tsc").arg("--project").arg(settings))?;
    // The compiler leaves out declarations that were written, not compiled.
    for build in fs::read_dir(project.path("web/pkg"))?.flatten() {
        let name = "gradbook.d.ts";
        let written = build.path().join(name);
        if written.exists() {
            let folder = types.join("pkg").join(build.file_name());
            fs::create_dir_all(&folder)?;
            fs::copy(&written, folder.join(name)).context("the types of a wasm build")?;
        }
    }
    Ok(())
}

fn manifest() -> serde_json::Value {
    json!({
        "name": "gradbook",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Deep learning on images in the browser: tensors, gradients, training and explanations on WebGPU and WebAssembly",
        "license": env!("CARGO_PKG_LICENSE"),
        "type": "module",
        "exports": { ".": { "types": "./types/api/index.d.ts", "default": "./index.js" } },
        "files": ["index.js", "helper-worker.js", "chunks", "wasm", "assets", "types", "LICENSE-*", "THIRD-PARTY.txt"],
        "engines": { "node": ">=20" },
    })
}
