//! `tests/browser/*.spec.ts`: the built site in headless Chromium, driven by Playwright. The site is served twice: with
//! the headers that isolate a page, and without them from a sub-path, as a plain static host would.

use std::process::Command;

use anyhow::Result;

use super::web::{run_node, sources};
use super::{Counts, Settings};
use crate::build;
use crate::project::Project;
use crate::server::{Options, Server};
use crate::tools;

pub fn run(project: &Project, settings: &Settings) -> Result<Counts> {
    let browser = tools::browser()?;
    build::build(project, false)?;
    let serve = |isolated: bool, base: &str| {
        Server::start(project.dist(), Options { port: 0, isolated, base: base.to_owned() })
    };
    let isolated = serve(true, "/")?;
    let plain = serve(false, "/course/gradbook/")?;
    let mut node = Command::new("node");
    node.env("GRADBOOK_URL", isolated.url()).env("GRADBOOK_URL_PLAIN", plain.url()).env("CHROMIUM", &browser.chromium);
    run_node(project, "browser", &sources(&project.path("tests/browser"), ".spec.ts"), node, settings)
}
