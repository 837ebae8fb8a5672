//! Files pass between this crate and the Python packages `safetensors` and `numpy`, both ways. `GRADBOOK_PYTHON` names a Python that has
//! both; without it there is nothing to test with, which is said.
#![cfg(feature = "tensors")]

use gradbook_formats::array::{Raw, Values};
use gradbook_formats::tensors::{self, Format};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Command;

const CHECK: &str = r#"
import sys, numpy
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
folder = sys.argv[1]
weights = load_file(folder + "/ours.safetensors")
assert set(weights) == {"w", "b", "n"}, set(weights)
assert weights["w"].dtype == numpy.float32 and weights["w"].tolist() == [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]
assert weights["b"].dtype == numpy.float16 and weights["b"].tolist() == [1.5, -2.0]
assert weights["n"].dtype == numpy.int32 and weights["n"].shape == () and weights["n"] == -7
with safe_open(folder + "/ours.safetensors", "np") as file:
    assert file.metadata() == {"seed": "7"}, file.metadata()
archive = numpy.load(folder + "/ours.npz", allow_pickle=False)
assert sorted(archive) == ["b", "n", "w"] and (archive["w"] == weights["w"]).all() and archive["n"].shape == ()
save_file({"x": numpy.arange(4, dtype=numpy.float64).reshape(2, 2)}, folder + "/theirs.safetensors", {"made": "by Python"})
numpy.savez_compressed(folder + "/theirs.npz", x=numpy.asfortranarray(numpy.arange(4, dtype=">f4").reshape(2, 2)))
"#;

#[test]
#[ignore = "needs Python with numpy and safetensors; run by --slow"]
fn files_pass_to_python_and_back() {
    let Ok(python) = std::env::var("GRADBOOK_PYTHON") else {
        // Not printed: what a test that passes prints is not shown.
        let mut shown = std::io::stderr();
        writeln!(shown, "skipped: GRADBOOK_PYTHON names no Python that has numpy and safetensors").unwrap();
        return;
    };
    let folder = std::env::temp_dir().join(format!("gradbook-python-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let raw = |dims: &[usize], values| Raw::of(dims.to_vec(), &values).unwrap().unwrap();
    let named = [
        ("w".to_owned(), raw(&[2, 3], Values::F32((0..6).map(|i| i as f32 / 2.0).collect()))),
        ("b".to_owned(), raw(&[2], Values::F32(vec![1.5, -2.0])).halved().unwrap()),
        ("n".to_owned(), raw(&[], Values::I32(vec![-7]))),
    ];
    let metadata = BTreeMap::from([("seed".to_owned(), "7".to_owned())]);
    for (format, name) in [(Format::Safetensors, "ours.safetensors"), (Format::Npz, "ours.npz")] {
        std::fs::write(folder.join(name), tensors::write(format, &named, &metadata).unwrap()).unwrap();
    }
    let checked = Command::new(python).args(["-c", CHECK]).arg(&folder).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    for name in ["theirs.safetensors", "theirs.npz"] {
        let (named, metadata) = tensors::read(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        assert_eq!(named, [("x".to_owned(), vec![2, 2], Values::F32(vec![0.0, 1.0, 2.0, 3.0]))], "{name}");
        if name.ends_with(".safetensors") {
            assert_eq!(metadata.get("made").map(String::as_str), Some("by Python"));
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
