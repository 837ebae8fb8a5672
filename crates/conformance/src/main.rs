//! The command behind `cargo xtask conformance --in native`: runs a folder of cases on one device.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

/// In a browser the library is called by a page.
#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use gradbook_conformance::{Area, Counts, Error, run_area};
    use gradbook_core::{
        LocalRunner,
        device::{
            cpu::Cpu,
            interp::Interp,
            webgpu::{Options, WebGpu},
        },
    };
    use std::{env, fs, path::PathBuf, process::ExitCode};

    pub fn main() -> ExitCode {
        match pollster::block_on(run()) {
            Ok(counts) => {
                println!("{counts}");
                if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    /// Arguments: the folder, the device, and an area or nothing for all.
    async fn run() -> Result<Counts, Error> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let [folder, device, only @ ..] = &arguments[..] else {
            return Err(Error::Text("expected DIR DEVICE [AREA]".into()));
        };
        let runner = match device.as_str() {
            "interp" => LocalRunner::native(Interp::new()),
            "cpu" => LocalRunner::native(Cpu::new()),
            "cpu-threads" => LocalRunner::native(Cpu::eager(2)),
            "webgpu" => LocalRunner::native(WebGpu::new(Options::default()).await?),
            other => {
                return Err(Error::Text(format!(
                    "there is no device '{other}'; expected interp, cpu, cpu-threads or webgpu"
                )));
            }
        };
        let mut total = Counts::default();
        let mut found = false;
        for file in files(folder)? {
            let text =
                fs::read_to_string(&file).map_err(|error| Error::Text(format!("{}: {error}", file.display())))?;
            let area = Area::parse(&text).map_err(|error| Error::Text(format!("{}: {error}", file.display())))?;
            if only.first().is_some_and(|wanted| *wanted != area.name) {
                continue;
            }
            found = true;
            let counts = run_area(&area, &runner, &mut |line| println!("{line}")).await;
            total.passed += counts.passed;
            total.failed += counts.failed;
            total.skipped += counts.skipped;
        }
        if found { Ok(total) } else { Err(Error::Text(format!("there are no such cases in {folder}"))) }
    }

    /// The JSON files of a folder, by name.
    fn files(folder: &str) -> Result<Vec<PathBuf>, Error> {
        let entries = fs::read_dir(folder).map_err(|error| Error::Text(format!("{folder}: {error}")))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        Ok(files)
    }
}
