//! Emoji, drawn twice, and photographs.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use gradbook_formats::idx;
use serde::Deserialize;

use super::archive::{Archive, Files, Registry};
use super::classify::{SCIKIT_IMAGE, SCIKIT_LEARN};
use super::pictures::{Picture, jpeg, png};
use super::set::{Images, Set, Stored};

pub const NOTO: Archive = Archive {
    registry: Registry::Npm,
    package: "emoji-datasource-google@16.0.0",
    file: "emoji-datasource-google-16.0.0.tgz",
    sha256: "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
};
pub const TWEMOJI: Archive = Archive {
    registry: Registry::Npm,
    package: "emoji-datasource-twitter@16.0.0",
    file: "emoji-datasource-twitter-16.0.0.tgz",
    sha256: "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
};

/// The side of an emoji; a cell of the sheet has a pixel more on each side.
const SIDE: usize = 32;
/// The longer side of a photograph.
const LONGEST: usize = 448;
/// No byte of a photograph is off by more than this.
const PHOTO_NEAR: u8 = 1;

#[derive(Deserialize)]
struct Emoji {
    name: Option<String>,
    short_name: String,
    unified: String,
    category: String,
    sheet_x: usize,
    sheet_y: usize,
    sort_order: u32,
}

pub fn emoji(files: &[Files]) -> Result<Set> {
    let mut listed: Vec<Emoji> = serde_json::from_slice(files[0].get("package/emoji.json")?)?;
    listed.sort_by_key(|emoji| emoji.sort_order);
    let mut categories: Vec<&str> = vec![];
    for emoji in &listed {
        if !categories.contains(&emoji.category.as_str()) {
            categories.push(&emoji.category);
        }
    }
    let label = |emoji: &Emoji| categories.iter().position(|&category| category == emoji.category).unwrap_or(0) as u8;
    let labels: Vec<u8> = listed.iter().map(label).collect();
    let name = |emoji: &Emoji| emoji.name.as_deref().unwrap_or(&emoji.short_name).to_lowercase();
    let names = listed.iter().map(name).collect::<Vec<_>>().join("\n");
    let mut set = Set::new(
        "emoji",
        "Emoji, each as Noto and as Twemoji",
        "Noto: Apache-2.0; Twemoji: CC-BY-4.0",
        &[&NOTO, &TWEMOJI],
        "The 1,911 emoji without skin tones, 32 × 32, laid over white, with their transparency as an image of its own, their\n\
         names and their categories. The two parts have the same order, so that image n of one is image n of the other.\n\n\
         Noto Emoji (files noto-*): copyright Google, Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0.\n\
         Twemoji (files twemoji-*): copyright Twitter and contributors (https://github.com/jdecked/twemoji), Creative Commons\n\
         Attribution 4.0, https://creativecommons.org/licenses/by/4.0/.\n\
         Names, categories and sheets are from emoji-data by Cal Henderson, MIT.",
    )
    .classes(categories.iter().copied());
    for (part, folder, files) in [("noto", "google", &files[0]), ("twemoji", "twitter", &files[1])] {
        let own: Vec<Emoji> = serde_json::from_slice(files.get("package/emoji.json")?)?;
        let places: BTreeMap<&str, (usize, usize)> =
            own.iter().map(|emoji| (emoji.unified.as_str(), (emoji.sheet_x, emoji.sheet_y))).collect();
        let sheet = png(files.get(&format!("package/img/{folder}/sheets/{SIDE}.png"))?)?;
        let (mut colours, mut alphas) = (vec![], vec![]);
        for emoji in &listed {
            let &(x, y) = places.get(&emoji.unified[..]).with_context(|| format!("{part} has no {}", emoji.unified))?;
            let cell = sheet.cut(x * (SIDE + 2) + 1, y * (SIDE + 2) + 1, SIDE);
            let (colour, alpha) = over_white(&cell);
            colours.extend(colour);
            alphas.extend(alpha);
        }
        let images = Images { dims: [listed.len(), 3, SIDE, SIDE], values: colours, stored: Stored::Residuals(0) };
        let alpha = Images { dims: [listed.len(), 1, SIDE, SIDE], values: alphas, stored: Stored::Residuals(0) };
        set.statistics.get_or_insert_with(|| images.statistics());
        set = set.part(part, listed.len(), vec![("images", images.file()?), ("alpha", alpha.file()?)]);
    }
    let files = vec![
        ("labels", idx::encode_u8(&[labels.len()], &labels)?),
        ("names", idx::encode_u8(&[names.len()], names.as_bytes())?),
    ];
    Ok(set.part("both", labels.len(), files))
}

/// Planes of the colours over white, and the plane of what covers it.
fn over_white(cell: &Picture) -> (Vec<u8>, Vec<u8>) {
    let pixels = || cell.values.chunks_exact(4);
    let over = |channel: usize| {
        pixels().map(move |pixel| {
            let (value, alpha) = (u32::from(pixel[channel]), u32::from(pixel[3]));
            ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        })
    };
    ((0..3).flat_map(over).collect(), pixels().map(|pixel| pixel[3]).collect())
}

pub fn photos(files: &[Files]) -> Result<Set> {
    let mut set = Set::new(
        "photos",
        "Seven photographs",
        "CC0-1.0, public domain, CC-BY-2.0",
        &[&SCIKIT_IMAGE, &SCIKIT_LEARN],
        format!(
            "Made smaller, to {LONGEST} pixels on the longer side; after that no byte is off by more than {PHOTO_NEAR} of 255.\n\n\
             chelsea: a cat, by Stefan van der Walt. CC0.\n\
             coffee: a cup of espresso, by Rachel Michetti, courtesy of Pikolo Espresso Bar. CC0.\n\
             camera: a man with a camera, by Lav Varshney. CC0.\n\
             astronaut: Eileen Collins, by NASA. Public domain.\n\
             rocket: a launch of a Falcon 9, by SpaceX. Public domain.\n\
             china: a temple, by danielbuechele (https://www.flickr.com/photos/danielbuechele/6061409035). Creative Commons\n\
             Attribution 2.0, https://creativecommons.org/licenses/by/2.0/.\n\
             flower: a dahlia, by vultilion (https://www.flickr.com/photos/vultilion/6056698931). Creative Commons Attribution 2.0."
        ),
    );
    let [image, learn] = [&files[0], &files[1]];
    for (name, picture) in [
        ("chelsea", png(image.get("skimage/data/chelsea.png")?)?),
        ("coffee", png(image.get("skimage/data/coffee.png")?)?),
        ("camera", png(image.get("skimage/data/camera.png")?)?),
        ("astronaut", png(image.get("skimage/data/astronaut.png")?)?),
        ("rocket", jpeg(image.get("skimage/data/rocket.jpg")?)?),
        ("china", jpeg(learn.get("sklearn/datasets/images/china.jpg")?)?),
        ("flower", jpeg(learn.get("sklearn/datasets/images/flower.jpg")?)?),
    ] {
        let picture = picture.at_most(LONGEST);
        let dims = [1, 3, picture.height, picture.width];
        let images = Images { dims, values: picture.rgb_planes(), stored: Stored::Residuals(PHOTO_NEAR) };
        set = set.part(name, 1, vec![("images", images.file()?)]);
    }
    Ok(set)
}
