//! `cargo xtask`: every command of the project, so that a fresh checkout needs nothing but rustup and Node.
//! This file only finds the command; each command has its own file or folder.

mod assets;
mod bench;
mod build;
mod check;
mod commands;
mod conformance;
mod process;
mod project;
mod server;
mod stamp;
mod test;
mod tools;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "help".to_owned());
    match commands::run(&name, arguments.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<commands::Reported>() {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
