//! The entry for a page: runs the cases of one file on one device of the browser.

use crate::{Area, run_area};
use gradbook_core::{
    LocalRunner,
    device::{
        Device,
        cpu::{Cpu, set_linker},
        interp::Interp,
        webgpu::{Options, WebGpu},
    },
    runner::Host,
};
use gradbook_wasm::engine::linker;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Runs the cases in the text of a file on `interp`, `cpu` or `webgpu`, hands each line of the report to `print`, and
/// returns how many passed, failed and were skipped. A file of another area than `only` gives an empty report.
#[wasm_bindgen]
pub async fn conformance(
    device: String,
    text: String,
    only: Option<String>,
    print: js_sys::Function,
) -> Result<Vec<u32>, JsError> {
    console_error_panic_hook::set_once();
    let area = Area::parse(&text)?;
    if only.is_some_and(|only| only != area.name) {
        return Ok(vec![0; 3]);
    }
    let is_cpu = device == "cpu";
    let device: Rc<dyn Device> = match device.as_str() {
        "interp" => Rc::new(Interp::new()),
        "cpu" => {
            set_linker(linker::link);
            // Natively its loops are tested, here what is emitted.
            Rc::new(Cpu::eager(1))
        }
        "webgpu" => Rc::new(WebGpu::new(Options::new(js_sys::Date::now)).await?),
        other => return Err(JsError::new(&format!("there is no device '{other}'"))),
    };
    let turn = || async {
        // A promise that is already resolved: whatever else waits in this page runs first.
        let _ = JsFuture::from(js_sys::Promise::resolve(&JsValue::UNDEFINED)).await;
    };
    let host = Host { now: Box::new(js_sys::Date::now), turn: Box::new(move || Box::pin(turn())) };
    let runner = LocalRunner::new(device, host);
    let mut say = |line: &str| {
        let _ = print.call1(&JsValue::UNDEFINED, &line.into());
    };
    let counts = run_area(&area, &runner, &mut say).await;
    // There are areas without anything that is computed element by element, but this one is nothing else.
    if is_cpu && area.name == "activations" && runner.device().counters().emitted == 0 {
        return Err(JsError::new("no code was emitted"));
    }
    Ok([counts.passed, counts.failed, counts.skipped].map(|count| count as u32).to_vec())
}
