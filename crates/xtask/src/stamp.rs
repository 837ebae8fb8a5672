//! Stamps: a step that ran is skipped while what it reads has not changed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::project::Project;

/// The hash of everything that a step reads.
#[derive(Default)]
pub struct Inputs(Sha256);

impl Inputs {
    /// A setting: what the step would do differently with another value.
    pub fn text(mut self, text: &str) -> Self {
        self.0.update(text.len().to_le_bytes());
        self.0.update(text);
        self
    }

    /// A file, or all files of a folder, by name and content. One that is missing counts as such.
    pub fn files(mut self, path: &Path) -> Result<Self> {
        for entry in WalkDir::new(path).sort_by_file_name().into_iter().flatten() {
            if entry.file_type().is_file() {
                self = self.text(&entry.path().to_string_lossy());
                let bytes =
                    fs::read(entry.path()).with_context(|| format!("could not read {}", entry.path().display()))?;
                self.0.update(bytes.len().to_le_bytes());
                self.0.update(bytes);
            }
        }
        Ok(self)
    }

    fn digest(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Whether a step has to run, and where it says that it has.
pub struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    pub fn new(project: &Project, step: &str, inputs: Inputs) -> Self {
        Self { file: project.scratch().join(format!("{step}.stamp")), digest: inputs.digest() }
    }

    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|digest| digest == self.digest)
    }

    /// To be called once the step has succeeded.
    pub fn set(&self) -> Result<()> {
        write(&self.file, &self.digest)
    }
}

/// Writes a file, making the folders above it.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("could not write {}", path.display()))
}

/// The sha256 of `bytes` in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
