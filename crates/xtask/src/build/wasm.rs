//! `crates/wasm`, compiled once per build of `wasm-pack.toml` into `web/pkg/NAME/`: the module as `NAME-HASH.wasm`, the
//! JavaScript around it as `gradbook.js` with its types. `web/pkg/files.ts` lists the modules by name, so that the page
//! asks for exactly the ones that its JavaScript was made for, however old a copy a cache holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use wasm_bindgen_cli_support::Bindgen;

use super::config::{Config, WasmBuild};
use super::size;
use crate::process;
use crate::project::Project;
use crate::stamp::{self, Inputs, Stamp};
use crate::tools;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds every module, checks its budget, and lists them for the page.
pub fn build_all(project: &Project, config: &Config, dev: bool) -> Result<()> {
    println!("wasm");
    let mut list = String::from(
        "// Written by `cargo xtask build`: the wasm modules, by build, as they lie beside the page in wasm/.\n\
         export const wasmFiles = {\n",
    );
    for (build, module) in build_together(project, config, dev) {
        let module = module.with_context(|| format!("the wasm build '{}'", build.name))?;
        if !dev {
            let compressed = size::brotli_file(project, &module)?;
            size::enforce(&format!("{} build", build.name), compressed, build.budget)?;
        }
        let file = module.file_name().unwrap_or_default().to_string_lossy();
        let bytes = fs::metadata(&module)?.len();
        list += &format!("  {}: {{ file: \"wasm/{file}\", bytes: {bytes} }},\n", build.name);
    }
    list += "} as const;\n";
    write_if_changed(&project.path("web/pkg/files.ts"), &list)
}

/// All builds side by side: most of the time of each goes into linking, which keeps one core busy.
fn build_together<'a>(project: &Project, config: &'a Config, dev: bool) -> Vec<(&'a WasmBuild, Result<PathBuf>)> {
    std::thread::scope(|scope| {
        let start = |build| (build, scope.spawn(move || build_one(project, build, dev)));
        let started: Vec<_> = config.builds().map(start).collect();
        let panicked = |_| Err(anyhow!("the build panicked"));
        started.into_iter().map(|(build, thread)| (build, thread.join().unwrap_or_else(panicked))).collect()
    })
}

/// The modules that were built, as (build, file).
pub fn modules(project: &Project, config: &Config) -> Result<Vec<(String, PathBuf)>> {
    config
        .builds()
        .map(|build| {
            let module = module_in(&project.path("web/pkg").join(&build.name))
                .with_context(|| format!("the wasm build '{}' is missing", build.name))?;
            Ok((build.name.clone(), module))
        })
        .collect()
}

fn module_in(folder: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    files.find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}

fn build_one(project: &Project, build: &WasmBuild, dev: bool) -> Result<PathBuf> {
    let compiled = compile(project, build, dev)?;
    let folder = project.path("web/pkg").join(&build.name);
    let inputs = Inputs::default()
        .text(if dev { "dev" } else { "release" })
        .text(include_str!("wasm.rs"))
        .text(&build.target_features.join(","))
        .files(&compiled)?;
    let stamp = Stamp::new(project, &format!("wasm-{}", build.name), inputs);
    if let Some(module) = module_in(&folder).filter(|_| stamp.is_fresh()) {
        return Ok(module);
    }
    let _ = fs::remove_dir_all(&folder);
    let mut output = Bindgen::new()
        .input_path(&compiled)
        .web(true)
        .map_err(|error| anyhow!("{error:#}"))?
        .out_name("gradbook")
        .typescript(true)
        .omit_default_module_path(true)
        .remove_name_section(!dev)
        .remove_producers_section(true)
        .generate_output()
        .map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    let bytes = output.wasm_mut().emit_wasm();
    let bytes = if dev { bytes } else { optimise(project, build, &bytes)? };
    let module = folder.join(format!("{}-{}.wasm", build.name, &stamp::sha256(&bytes)[..10]));
    stamp::write(&module, &bytes)?;
    stamp::write(&folder.join("gradbook.js"), output.js())?;
    stamp::write(&folder.join("gradbook.d.ts"), output.ts().unwrap_or_default())?;
    stamp.set()?;
    Ok(module)
}

/// Calls cargo, which knows itself whether anything is to be done.
fn compile(project: &Project, build: &WasmBuild, dev: bool) -> Result<PathBuf> {
    let target_folder = project.path("target/wasm").join(&build.name);
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(project.root())
        .args(["build", "--quiet", "--package", "gradbook-wasm", "--lib", "--target", TARGET])
        .args(["--no-default-features", "--features", &build.features.join(",")])
        .arg("--target-dir")
        .arg(&target_folder);
    if !dev {
        cargo.arg("--release");
        if let Some(level) = &build.opt_level {
            cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
        }
    }
    let mut flags: Vec<String> = vec![];
    if !build.target_features.is_empty() {
        let features: Vec<String> = build.target_features.iter().map(|name| format!("+{name}")).collect();
        flags.push(format!("-Ctarget-feature={}", features.join(",")));
    }
    // Functions that are emitted at run time get places in it.
    flags.push("-Clink-arg=--growable-table".into());
    flags.extend(build.inline_threshold.map(|threshold| format!("-Cllvm-args=-inline-threshold={threshold}")));
    if build.build_std {
        tools::rust_source()?;
        // The standard library is compiled with shared memory; stable compilers do that only when told so.
        cargo.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
        let thread_locals = ["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base"];
        let exports = thread_locals.map(|name| format!("--export={name}"));
        let memory = ["--shared-memory", "--import-memory", "--max-memory=2147483648"];
        let linker = memory.into_iter().map(str::to_owned).chain(exports);
        flags.extend(linker.map(|flag| format!("-Clink-arg={flag}")));
    }
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", flags.join(" "));
    process::run(&mut cargo)?;
    let profile = if dev { "debug" } else { "release" };
    Ok(target_folder.join(TARGET).join(profile).join("gradbook_wasm.wasm"))
}

fn optimise(project: &Project, build: &WasmBuild, bytes: &[u8]) -> Result<Vec<u8>> {
    let before = project.scratch().join(format!("wasm-opt-{}-in.wasm", build.name));
    let after = project.scratch().join(format!("wasm-opt-{}-out.wasm", build.name));
    stamp::write(&before, bytes)?;
    let size_first = build.opt_level.as_deref().is_some_and(|level| level == "s" || level == "z");
    let mut command = tools::node_tool(project, "binaryen/bin/wasm-opt");
    command.arg(&before).arg("-o").arg(&after).arg(if size_first { "-Oz" } else { "-O3" });
    let always = ["bulk-memory", "mutable-globals", "nontrapping-float-to-int", "sign-ext"];
    command.args(always.map(|feature| format!("--enable-{feature}")));
    command.args(["--enable-reference-types", "--enable-multivalue"]);
    for feature in &build.target_features {
        match feature.as_str() {
            "simd128" => command.arg("--enable-simd"),
            "relaxed-simd" => command.arg("--enable-relaxed-simd"),
            "atomics" => command.arg("--enable-threads"),
            _ => &mut command,
        };
    }
    process::run(&mut command)?;
    Ok(fs::read(&after)?)
}

/// Leaves the file alone when it says the same already, so that later steps see no change.
fn write_if_changed(path: &Path, content: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    stamp::write(path, content)
}
