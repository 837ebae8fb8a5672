//! The list of commands, from which `cargo xtask help` is written. A new command is one row here and one file.

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::{assets, bench, build, check, conformance, server, test};

/// The failure of a command whose output has said it already: nothing may follow the closing line with the counts.
#[derive(Debug, thiserror::Error)]
#[error("tests failed")]
pub struct Reported;

struct Command {
    name: &'static str,
    options: &'static str,
    about: &'static str,
    run: fn(&Project, Vec<String>) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "serve",
        options: "[--port N] [--dev] [--no-isolation] [--base /sub/path/]",
        about: "Builds the site, serves it on this machine and prints the URL. Stop and start it again to rebuild.\n\
                --no-isolation leaves out COOP and COEP, as most static hosts do; --base serves it from a sub-path.",
        run: |project, arguments| {
            let options = parse(arguments, &["port", "base"], &["dev", "no-isolation"])?;
            build::build(project, options.flag("dev"))?;
            let server = server::Server::start(
                project.dist(),
                server::Options {
                    port: match options.value("port") {
                        Some(port) => port.parse().context("--port takes a number")?,
                        None => 8000,
                    },
                    isolated: !options.flag("no-isolation"),
                    base: options.value("base").unwrap_or("/").to_owned(),
                },
            )?;
            println!("Gradbook is at {}", server.url());
            server.wait()
        },
    },
    Command {
        name: "build",
        options: "[--dev]",
        about: "Builds the static site into dist/ and the npm package into dist/npm/; any static host will do, from any\n\
                path. Fails when something is over its budget in wasm-pack.toml. --dev is quicker and larger.",
        run: |project, arguments| build::build(project, parse(arguments, &[], &["dev"])?.flag("dev")),
    },
    Command {
        name: "test",
        options: "[--slow] [--only STAGE]...",
        about: "Runs every test and closes with the number of passed and failed ones. --slow adds what takes long.\n\
                Stages, in their order: check, web, native, wasm, conformance, browser.",
        run: |project, arguments| {
            let options = parse(arguments, &["only"], &["slow"])?;
            test::run(project, options.flag("slow"), &options.values("only"))
        },
    },
    Command {
        name: "check",
        options: "",
        about: "Formatting, lints (native and wasm), strict types, dependency arrows, licences, file sizes, budgets.",
        run: |project, arguments| {
            parse(arguments, &[], &[])?;
            let failed = check::run(project)?.failed;
            if failed > 0 {
                bail!("{failed} of the checks failed");
            }
            Ok(())
        },
    },
    Command {
        name: "bench",
        options: "[--quick] [--json FILE] [--rounds N] [--contenders a,b] [--work W1,W4] [--python PATH]",
        about: "Measures Gradbook beside other libraries in a browser, and beside PyTorch if --python (or GRADBOOK_BENCH_PYTHON)\n\
                names a Python that has it; prints tables, and writes them to target/bench/results/. --quick takes under 3 minutes.",
        run: |project, arguments| {
            let options = parse(arguments, &["json", "rounds", "contenders", "work", "python"], &["quick"])?;
            let value = |name| options.value(name).map(str::to_owned);
            bench::run(
                project,
                &bench::Request {
                    quick: options.flag("quick"),
                    json: options.value("json").map(Into::into),
                    rounds: value("rounds"),
                    contenders: value("contenders"),
                    work: value("work"),
                    python: value("python"),
                },
            )
        },
    },
    Command {
        name: "assets",
        options: "[--set NAME] [--check | --half]",
        about: "Packs the data sets and trained networks under web/assets/ from their published archives, whose hashes are\n\
                known; --set packs one of them. --check packs them anew and compares with what is committed. --half writes\n\
                the weights of EfficientNet-Lite0 with 16 bits, too many to be committed, to target/xtask/assets/, for tests.",
        run: |project, arguments| {
            let options = parse(arguments, &["set"], &["check", "half"])?;
            if options.flag("half") {
                return assets::half(project);
            }
            assets::run(project, options.value("set"), options.flag("check"))
        },
    },
    Command {
        name: "conformance",
        options: "[DIR] [--device interp|cpu|cpu-threads|webgpu] [--in native|browser] [--area NAME]",
        about: "Runs the reference cases of DIR (tests/conformance) through the public Rust API, natively on the CPU device\n\
                unless told otherwise, and reports one line a case.",
        run: |project, mut arguments| {
            let folder = arguments.first().filter(|first| !first.starts_with('-')).cloned();
            if folder.is_some() {
                arguments.remove(0);
            }
            let options = parse(arguments, &["device", "in", "area"], &[])?;
            let place = options.value("in").unwrap_or("native");
            if !["native", "browser"].contains(&place) {
                bail!("--in takes native or browser, not '{place}'");
            }
            let request = conformance::Request {
                folder: folder.map_or_else(|| project.path("tests/conformance"), Into::into),
                device: options.value("device").unwrap_or("cpu").to_owned(),
                in_browser: place == "browser",
                area: options.value("area").map(str::to_owned),
            };
            if !conformance::run(project, &request)?.success {
                return Err(Reported.into());
            }
            Ok(())
        },
    },
];

/// Runs the command `name`.
pub fn run(name: &str, arguments: Vec<String>) -> Result<()> {
    if ["help", "--help", "-h"].contains(&name) || arguments.iter().any(|a| a == "--help") {
        print_help();
        return Ok(());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        print_help();
        bail!("there is no command '{name}'");
    };
    (command.run)(&Project::find()?, arguments)
}

fn print_help() {
    println!("cargo xtask COMMAND\n");
    for command in COMMANDS {
        println!("  {} {}", command.name, command.options);
        for line in command.about.lines() {
            println!("      {}", line.trim());
        }
    }
}

/// What stood on the command line, after checking it against what the command knows.
struct Parsed {
    flags: Vec<String>,
    values: Vec<(String, String)>,
}

impl Parsed {
    fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(option, _)| option == name).map(|(_, value)| value.as_str())
    }

    fn values(&self, name: &str) -> Vec<String> {
        let matching = self.values.iter().filter(|(option, _)| option == name);
        matching.map(|(_, value)| value.clone()).collect()
    }
}

fn parse(arguments: Vec<String>, valued: &[&str], flags: &[&str]) -> Result<Parsed> {
    let mut parsed = Parsed { flags: vec![], values: vec![] };
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long(name) if flags.contains(&name) => parsed.flags.push(name.to_owned()),
            Long(name) if valued.contains(&name) => {
                let name = name.to_owned();
                let value = parser.value()?.string()?;
                parsed.values.push((name, value));
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(parsed)
}
