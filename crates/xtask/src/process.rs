//! Running other programs: say what failed, and show or keep what they print.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

/// Runs `command` with its output on the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("could not start {}", describe(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", describe(command));
    }
    Ok(())
}

/// Runs `command` and returns what it printed on standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("could not start {}", describe(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", describe(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a program printed on both streams while it was also shown, and whether it succeeded.
pub struct Transcript {
    pub text: String,
    pub success: bool,
}

/// Runs `command`, shows its output as it comes and keeps it.
pub fn transcript(command: &mut Command) -> Result<Transcript> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", describe(command)))?;
    let stderr = child.stderr.take().map(|stream| thread::spawn(move || echo(stream, std::io::stderr())));
    let stdout = child.stdout.take().map(|stream| echo(stream, std::io::stdout()));
    let mut text = stdout.transpose()?.unwrap_or_default();
    if let Some(reader) = stderr {
        text.push('\n');
        text.push_str(&reader.join().expect("the reader of a stream does not panic")?);
    }
    let success = child.wait()?.success();
    Ok(Transcript { text, success })
}

fn echo(from: impl Read, mut to: impl Write) -> Result<String> {
    let mut kept = String::new();
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        kept.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(kept)
}

fn describe(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    let program = command.get_program().to_string_lossy();
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}
