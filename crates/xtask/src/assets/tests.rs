//! The committed files: counts, classes and hashes as the packages have them. None of this needs an archive.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::GzDecoder;
use gradbook_formats::idx::{self, Values};
use gradbook_formats::{residual, safetensors};
use serde_json::Value;

use super::*;

/// The axes of a file, and its bytes if it has bytes.
fn contents(plain: &[u8]) -> (Vec<usize>, Vec<u8>) {
    if plain.starts_with(residual::MAGIC) {
        let images = residual::decode(plain).unwrap();
        return (images.dims.to_vec(), images.values);
    }
    if let Ok(file) = safetensors::parse(plain) {
        // How many weights it has, scales left out.
        let weights = file.tensors.iter().filter(|(name, _)| !name.ends_with(".scale"));
        return (vec![weights.map(|(_, raw)| raw.dims().iter().product::<usize>()).sum()], vec![]);
    }
    let array = idx::parse(plain).unwrap();
    let Values::U8(values) = array.values else { return (array.dims, vec![]) };
    (array.dims, values.to_vec())
}

fn manifest(name: &str) -> Value {
    let path = Project::find().unwrap().path(FOLDER).join(name).join("manifest.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A file by what it holds, such as "train.images", checked against its entry.
fn file(name: &str, label: &str) -> (Vec<usize>, Vec<u8>) {
    let (part, what) = label.split_once('.').unwrap();
    let entry = &manifest(name)["parts"][part][what];
    let path = Project::find().unwrap().path(FOLDER).join(name).join(entry["file"].as_str().unwrap());
    let packed = fs::read(path).unwrap();
    assert_eq!(
        (entry["bytes"].as_u64(), &entry["sha256"]),
        (Some(packed.len() as u64), &stamp::sha256(&packed).into())
    );
    let mut plain = vec![];
    GzDecoder::new(&packed[..]).read_to_end(&mut plain).unwrap();
    let hashed = &entry["plain"];
    assert_eq!(
        (hashed["bytes"].as_u64(), &hashed["sha256"]),
        (Some(plain.len() as u64), &stamp::sha256(&plain).into())
    );
    contents(&plain)
}

fn counts(labels: &[u8]) -> Vec<usize> {
    let classes = labels.iter().max().map_or(0, |&most| usize::from(most) + 1);
    (0..classes).map(|class| labels.iter().filter(|&&label| usize::from(label) == class).count()).collect()
}

#[test]
fn every_file_is_listed_and_is_what_its_list_says() {
    let mut total = 0;
    for (name, _, _) in SETS {
        let manifest = manifest(name);
        let mut listed = BTreeSet::from(["manifest.json".to_owned(), "NOTICE".to_owned()]);
        for (part, files) in manifest["parts"].as_object().unwrap() {
            for (what, entry) in files.as_object().unwrap().iter().filter(|(_, entry)| entry.is_object()) {
                let (dims, _) = file(name, &format!("{part}.{what}"));
                if !["text", "names", "tensors"].contains(&what.as_str()) {
                    assert_eq!(Some(dims[0] as u64), files["count"].as_u64(), "{name} {part} {what}");
                }
                listed.insert(entry["file"].as_str().unwrap().to_owned());
            }
        }
        let folder = fs::read_dir(Project::find().unwrap().path(FOLDER).join(name)).unwrap();
        let there: BTreeSet<String> = folder
            .map(|entry| {
                let entry = entry.unwrap();
                total += entry.metadata().unwrap().len() as usize;
                entry.file_name().into_string().unwrap()
            })
            .collect();
        assert_eq!(there, listed, "{name}");
    }
    assert!(total <= BUDGET, "{total} bytes");
}

#[test]
fn every_set_says_where_it_is_from_and_under_which_licence() {
    for (name, archives, _) in SETS {
        let notice = fs::read_to_string(Project::find().unwrap().path(FOLDER).join(name).join("NOTICE")).unwrap();
        let licence = manifest(name)["licence"].as_str().unwrap().to_owned();
        assert!(notice.contains(&format!("Licence: {licence}\n")), "{name}");
        for archive in archives {
            assert!(notice.contains(archive.package) && notice.contains(archive.sha256), "{name}: {}", archive.package);
        }
    }
}

#[test]
fn classes_are_balanced_as_their_makers_had_them() {
    let of = |name: &str, label: &str| {
        let (_, labels) = file(name, label);
        let classes = manifest(name)["classes"].as_array().unwrap().len();
        let counts = counts(&labels);
        assert_eq!(counts.len(), classes, "{name}");
        counts
    };
    // Counted from the original files.
    assert_eq!(of("mnist", "train.labels"), [795, 906, 788, 811, 799, 702, 798, 853, 753, 795]);
    assert_eq!(of("mnist", "test.labels"), [189, 222, 212, 242, 196, 186, 158, 215, 193, 187]);
    assert_eq!(of("fashion", "train.labels"), [457, 556, 504, 501, 488, 493, 493, 512, 490, 506]);
    assert_eq!(of("fashion", "test.labels"), [98, 101, 98, 88, 97, 105, 97, 104, 107, 105]);
    assert_eq!(of("cifar10", "train.labels"), [505, 460, 519, 486, 519, 488, 519, 486, 520, 498]);
    assert_eq!(of("cifar10", "test.labels"), [87, 100, 108, 107, 95, 95, 100, 102, 102, 104]);
    assert_eq!(of("digits8", "all.labels"), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(of("faces25", "all.labels"), [100, 100]);
    assert_eq!(of("quickdraw", "all.labels"), [100; 20]);
    assert_eq!(of("emoji", "both.labels"), [169, 386, 5, 159, 131, 218, 85, 264, 224, 270]);
    assert_eq!(of("avatars", "lorelei.labels"), [229, 221]);
    assert_eq!(of("avatars", "adventurer.labels"), [220, 230]);
    for (set, part) in [("spoken", "english"), ("spoken-asterisk", "english"), ("spoken-asterisk", "french")] {
        assert_eq!(of(set, &format!("{part}.labels")), [1; 10]);
    }
}

#[test]
fn images_have_the_means_of_the_originals() {
    // MNIST .1307 and .3081, Fashion-MNIST .2860 and .3530, CIFAR-10 .4914 .4822 .4465 and .2470 .2435 .2616: of all images.
    let near = |name: &str, means: &[f64], deviations: &[f64]| {
        for (key, expected) in [("mean", means), ("std", deviations)] {
            let packed: Vec<f64> = serde_json::from_value(manifest(name)[key].clone()).unwrap();
            assert_eq!(packed.len(), expected.len());
            let apart = packed.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(apart < 0.006, "{name} {key}: {packed:?}");
        }
    };
    near("mnist", &[0.1307], &[0.3081]);
    near("fashion", &[0.2860], &[0.3530]);
    near("cifar10", &[0.4914, 0.4822, 0.4465], &[0.2470, 0.2435, 0.2616]);
}

#[test]
fn emoji_are_white_where_nothing_covers() {
    for part in ["noto", "twemoji"] {
        let (dims, colours) = file("emoji", &format!("{part}.images"));
        let (_, alpha) = file("emoji", &format!("{part}.alpha"));
        assert_eq!(dims, [1911, 3, 32, 32]);
        let plane = 32 * 32;
        for (at, &covered) in alpha.iter().enumerate().filter(|&(_, &covered)| covered == 0) {
            let (image, pixel) = (at / plane, at % plane);
            let place = |channel: usize| colours[(image * 3 + channel) * plane + pixel];
            assert_eq!([place(0), place(1), place(2)], [255; 3], "{part} {image}, {covered}");
        }
        let covered = alpha.iter().filter(|&&alpha| alpha > 0).count() as f64 / alpha.len() as f64;
        assert!((0.4..0.9).contains(&covered), "{part}: {covered}");
    }
    let (_, names) = file("emoji", "both.names");
    assert_eq!(std::str::from_utf8(&names).unwrap().lines().count(), 1911);
}

#[test]
fn networks_have_all_their_weights() {
    // The second of its 4,652,008 without the scales of 21,008 normalised channels, which are part of the convolutions.
    assert_eq!(file("squeezenet", "f16.tensors").0, [1_235_496]);
    assert_eq!(file("efficientnet-lite0", "int8.tensors").0, [4_652_008 - 21_008]);
    let (_, names) = file("imagenet", "classes.text");
    assert_eq!(String::from_utf8(names).unwrap().lines().nth(285), Some("Egyptian cat"));
}

#[test]
fn texts_are_whole() {
    let (_, plays) = file("shakespeare", "plays.text");
    let plays = String::from_utf8(plays).unwrap();
    assert!(plays.starts_with("HAMLET, PRINCE OF DENMARK") && plays.len() > 1_000_000);
    assert!(plays.contains("To be, or not to be,") && !plays.to_lowercase().contains("gutenberg"));
    for (part, first, count) in [("female", "MARY", 4275), ("male", "JAMES", 1219), ("surnames", "SMITH", 10_000)] {
        let (_, names) = file("names", &format!("{part}.text"));
        let names = String::from_utf8(names).unwrap();
        assert_eq!((names.lines().next(), names.lines().count()), (Some(first), count));
    }
}

#[test]
#[ignore = "slow: fetches the archives from their registries and packs them again"]
fn packing_again_gives_the_committed_files() {
    run(&Project::find().unwrap(), None, true).unwrap();
}
