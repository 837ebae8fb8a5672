//! The reference cases on every device: natively on all, in the browser on the two that the page offers.

use anyhow::Result;

use super::{Counts, Settings};
use crate::conformance::{self, DEVICES, Request};
use crate::project::Project;

pub fn run(project: &Project, _: &Settings) -> Result<Counts> {
    let native = DEVICES.map(|device| (device, false));
    let browser = [("cpu", true), ("webgpu", true)];
    let mut total = Counts::default();
    for (device, in_browser) in native.into_iter().chain(browser) {
        println!("-- {device}, {}", if in_browser { "browser" } else { "native" });
        let request =
            Request { folder: project.path("tests/conformance"), device: device.into(), in_browser, area: None };
        total += Counts::of_conformance(&conformance::run(project, &request)?);
    }
    Ok(total)
}
