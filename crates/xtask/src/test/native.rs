//! All Rust tests on this machine, WebGPU on a software Vulkan driver among them.

use std::process::Command;

use anyhow::Result;

use super::{Counts, Settings};
use crate::process;
use crate::project::Project;
use crate::tools;

pub fn run(project: &Project, settings: &Settings) -> Result<Counts> {
    tools::vulkan()?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(project.root())
        .args(["test", "--workspace", "--all-features", "--no-fail-fast"])
        // A device that is missing here is a failure and not a reason to skip.
        .env("GRADBOOK_REQUIRE_GPU", "1");
    if settings.slow {
        cargo.args(["--", "--include-ignored"]);
    }
    Ok(Counts::of_cargo(&process::transcript(&mut cargo)?))
}
