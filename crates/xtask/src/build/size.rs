//! Sizes as a visitor pays for them: compressed by brotli at its best setting, which static hosts do ahead.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::stamp;

/// The brotli size of `bytes`; known contents are not compressed again.
pub fn brotli(project: &Project, bytes: &[u8]) -> Result<u64> {
    let known = project.scratch().join("brotli").join(stamp::sha256(bytes));
    if let Some(size) = fs::read_to_string(&known).ok().and_then(|text| text.parse().ok()) {
        return Ok(size);
    }
    let mut compressed = Vec::new();
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    let size = compressed.len() as u64;
    stamp::write(&known, size.to_string())?;
    Ok(size)
}

/// The brotli size of a file.
pub fn brotli_file(project: &Project, file: &Path) -> Result<u64> {
    brotli(project, &fs::read(file)?)
}

/// Says what `what` weighs, and fails when that is over `budget` KiB.
pub fn enforce(what: &str, size: u64, budget: u64) -> Result<()> {
    let kib = size as f64 / 1024.0;
    println!("  {what:<24} {kib:>6.1} of {budget} KiB");
    if size > budget * 1024 {
        bail!("{what} is {kib:.1} KiB after brotli; its budget in wasm-pack.toml is {budget} KiB");
    }
    Ok(())
}
