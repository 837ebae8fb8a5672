//! The corpus of the fuzz targets, file by file: what NumPy and the Python package `safetensors` wrote is read, and hostile files are
//! refused. Each file is also cut at every place, and has each of its first bytes changed.
#![cfg(all(feature = "samples", feature = "tensors"))]

use gradbook_formats::array::Values;
use gradbook_formats::{Result, cifar, idx, npy, npz, residual, safetensors, table, tensors, wav};
use std::fs;
use std::path::{Path, PathBuf};

/// What each target does with bytes.
type Target = (&'static str, fn(&[u8]) -> Result<()>);

const TARGETS: [Target; 8] = [
    ("cifar", |bytes| cifar::parse(bytes).map(drop)),
    ("idx", |bytes| idx::parse(bytes).map(drop)),
    ("npy", |bytes| npy::parse(bytes)?.values().map(drop)),
    ("npz", |bytes| npz::unpack(bytes).map(drop)),
    ("residual", |bytes| residual::decode(bytes).map(drop)),
    ("safetensors", |bytes| safetensors::parse(bytes).map(drop)),
    ("table", |bytes| table::parse(bytes).map(drop)),
    ("wav", |bytes| wav::parse(bytes).map(drop)),
];

/// The files that are whole; all others are refused.
const WHOLE: [&str; 18] = [
    "two.bin",
    "fine.bin",
    "labels.idx",
    "sound.idx",
    "float32.npy",
    "columns-big-endian.npy",
    "half-scalar.npy",
    "bool-empty.npy",
    "stored.npz",
    "compressed.npz",
    // What leads out of a folder is a name like any other here: nothing is ever written under it.
    "path.npz",
    "slope.gbr",
    "four.safetensors",
    "pets.csv",
    "plain.csv",
    "tone.wav",
    "stereo.wav",
    "float.wav",
];

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn bytes(name: &str) -> Vec<u8> {
    let target = name.rsplit('.').next().unwrap();
    fs::read(corpus(target).into_iter().find(|path| path.ends_with(name)).unwrap()).unwrap()
}

#[test]
fn whole_files_are_read_and_all_others_refused() {
    let mut whole = 0;
    for (target, read) in TARGETS {
        for path in corpus(target) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_whole = WHOLE.contains(&name);
            let result = read(&fs::read(&path).unwrap());
            assert_eq!(result.is_ok(), is_whole, "{name}: {result:?}");
            whole += usize::from(is_whole);
        }
    }
    assert_eq!(whole, WHOLE.len());
}

#[test]
fn no_change_makes_a_parser_panic() {
    for (target, read) in TARGETS {
        for path in corpus(target) {
            let whole = fs::read(&path).unwrap();
            for cut in 0..whole.len() {
                let _ = read(&whole[..cut]);
            }
            for at in 0..whole.len().min(400) {
                for value in [0x00, 0x01, 0x7f, 0x80, 0xff, b'9'] {
                    let mut changed = whole.clone();
                    changed[at] = value;
                    let _ = read(&changed);
                }
            }
        }
    }
}

#[test]
fn what_python_wrote_has_its_values() {
    let (mut named, metadata) = tensors::read(&bytes("four.safetensors")).unwrap();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("a", vec![2], Values::I32(vec![1, -2])),
        ("b", vec![2, 3], Values::F32(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0])),
        ("h", vec![1], Values::F32(vec![1.5])),
        ("t", vec![2], Values::Bool(vec![true, false])),
    ];
    assert_eq!(named, expected.map(|(name, dims, values)| (name.to_owned(), dims, values)));
    assert_eq!(metadata.get("format").map(String::as_str), Some("np"));
    let array = |name: &str| tensors::read(&bytes(name)).unwrap().0.remove(0);
    let columns = array("columns-big-endian.npy");
    assert_eq!((columns.1, columns.2), (vec![2, 3], Values::I32(vec![0, 1, 2, 3, 4, 5])));
    assert_eq!(array("compressed.npz"), ("weight".to_owned(), vec![400], Values::I32(vec![0; 400])));
}

#[test]
fn hostile_files_are_refused_in_words() {
    let message = |name: &str| tensors::read(&bytes(name)).unwrap_err().to_string();
    assert!(message("python-object.npy").contains("Python objects"));
    assert!(message("records.npy").contains("records of several fields"));
    assert!(message("text.npy").contains("it holds text"));
    assert!(message("endless-header.npy").contains("at most 10000"));
    assert!(message("endless-shape.npy").contains("promises [4294967296, 4294967296]"));
    assert!(message("endless-header.safetensors").contains("longer than 100 MB"));
}
