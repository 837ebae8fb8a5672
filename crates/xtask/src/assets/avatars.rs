//! Avatars: cartoon faces that a library draws from seeds, with what each of them shows.

use std::collections::BTreeMap;
use std::process::Command;
use std::{env, fs, process};

use anyhow::{Context, Result, bail};
use gradbook_formats::idx;
use resvg::{tiny_skia, usvg};
use serde::Deserialize;

use super::archive::{Archive, Files, Registry};
use super::set::{Images, Set, Stored};
use crate::process::output;

pub const CORE: Archive = Archive {
    registry: Registry::Npm,
    package: "@dicebear/core@9.4.3",
    file: "dicebear-core-9.4.3.tgz",
    sha256: "6ca7dae651c74ad547e548fbe7c41f49aaa377cf4617259277518389bf6b1a3d",
};
pub const LORELEI: Archive = Archive {
    registry: Registry::Npm,
    package: "@dicebear/lorelei@9.4.3",
    file: "dicebear-lorelei-9.4.3.tgz",
    sha256: "78cbba0a6c4d14e1af7c62ffa9a73bd98a8cda02e28690110e199348cd6a9c06",
};
pub const ADVENTURER: Archive = Archive {
    registry: Registry::Npm,
    package: "@dicebear/adventurer@9.4.3",
    file: "dicebear-adventurer-9.4.3.tgz",
    sha256: "6edeac04f94ef6177c946918dce012e530200dfcc274b4f954239e33ecbe590c",
};

/// The side of an avatar: that of an emoji, into which it may be translated.
const SIDE: usize = 32;
/// Avatars of each style.
const COUNT: usize = 450;
/// Half of them wear glasses, which are the classes.
const OPTIONS: &str = r#"{"glassesProbability":50}"#;

#[derive(Deserialize)]
struct Avatar {
    shows: BTreeMap<String, serde_json::Value>,
    svg: String,
}

pub fn avatars(files: &[Files]) -> Result<Set> {
    let mut set = Set::new(
        "avatars",
        "Cartoon faces in two styles",
        "Lorelei: CC0-1.0; Adventurer: CC-BY-4.0",
        &[&CORE, &LORELEI, &ADVENTURER],
        format!(
            "{COUNT} faces of each style, {SIDE} × {SIDE}, drawn over white from the seeds 0 to {}, about half of them with glasses, and\n\
             what each of them shows as a line of JSON.\n\n\
             Lorelei (files lorelei-*): by Lisa Wischofsky (https://www.figma.com/community/file/1198749693280469639), CC0 1.0.\n\
             Adventurer (files adventurer-*): remix of \"Adventurer\" by Lisa Wischofsky\n\
             (https://www.figma.com/community/file/1184595184137881796), Creative Commons Attribution 4.0,\n\
             https://creativecommons.org/licenses/by/4.0/. Drawn by DiceBear, MIT.",
            COUNT - 1
        ),
    )
    .classes(["no glasses", "glasses"]);
    let [core, styles @ ..] = files else { bail!("there is no core") };
    for ((style, channels), drawing) in [("lorelei", 1), ("adventurer", 3)].into_iter().zip(styles) {
        let drawn = draw(style, [("core", core), (style, drawing)])?;
        let mut values = vec![];
        for avatar in &drawn {
            values.extend(planes(&avatar.svg, channels)?);
        }
        let labels: Vec<u8> = drawn.iter().map(|avatar| avatar.shows.contains_key("glasses").into()).collect();
        let lines = drawn.iter().map(|avatar| Ok(serde_json::to_string(&told(avatar))?)).collect::<Result<Vec<_>>>()?;
        let text = lines.join("\n");
        let dims = [drawn.len(), channels, SIDE, SIDE];
        let images = Images { dims, values, stored: Stored::Residuals(0) };
        let files = vec![
            ("images", images.file()?),
            ("labels", idx::encode_u8(&[labels.len()], &labels)?),
            ("text", idx::encode_u8(&[text.len()], text.as_bytes())?),
        ];
        set = set.part(style, drawn.len(), files);
    }
    Ok(set)
}

/// What an avatar shows, less what says nothing of it: the ground, and colours that are always the same.
fn told(avatar: &Avatar) -> BTreeMap<&str, &serde_json::Value> {
    let tells = |name: &str| {
        let is_ground = name.contains("ackground") || name == "base";
        let is_colour = name.ends_with("Color") && !avatar.shows.contains_key("base");
        !is_ground && !is_colour
    };
    avatar.shows.iter().map(|(name, value)| (&name[..], value)).filter(|(name, _)| tells(name)).collect()
}

/// Has the packages draw, in a folder of their own.
fn draw(style: &str, packages: [(&str, &Files); 2]) -> Result<Vec<Avatar>> {
    let folder = env::temp_dir().join(format!("gradbook-avatars-{}", process::id()));
    for (name, files) in packages {
        files.unpack("package", &folder.join("node_modules/@dicebear").join(name))?;
    }
    fs::write(folder.join("avatars.mjs"), include_str!("avatars.mjs"))?;
    let mut node = Command::new("node");
    node.current_dir(&folder).args(["avatars.mjs", style, &COUNT.to_string(), OPTIONS]);
    let printed = output(&mut node);
    fs::remove_dir_all(&folder)?;
    printed?.lines().map(|line| serde_json::from_str(line).context("an avatar that cannot be read")).collect()
}

/// Planes of a drawing over white: red, green and blue, or their mean.
fn planes(svg: &str, channels: usize) -> Result<Vec<u8>> {
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default())?;
    let side = SIDE as u32;
    let mut drawn = tiny_skia::Pixmap::new(side, side).context("a picture without pixels")?;
    drawn.fill(tiny_skia::Color::WHITE);
    let size = tree.size();
    let scale = tiny_skia::Transform::from_scale(SIDE as f32 / size.width(), SIDE as f32 / size.height());
    resvg::render(&tree, scale, &mut drawn.as_mut());
    let pixels = || drawn.data().chunks_exact(4);
    Ok(match channels {
        1 => pixels().map(|pixel| (pixel[..3].iter().map(|&value| u32::from(value)).sum::<u32>() / 3) as u8).collect(),
        _ => (0..channels).flat_map(|channel| pixels().map(move |pixel| pixel[channel])).collect(),
    })
}
