//! Scenes of the data sets that come with the page: the same pixels natively as in WebAssembly, for which `web/api/scenes.test.ts` has
//! the same sum.

use flate2::read::GzDecoder;
use gradbook_formats::residual::{self, Images};
use gradbook_learn::data::{Ground, SceneSpec, Sprites, scenes};
use std::io::Read;

const NAMES: [&str; 10] = [
    "dog face",
    "cat face",
    "red apple",
    "slice of pizza",
    "rocket",
    "automobile",
    "evergreen tree",
    "soccer ball",
    "guitar",
    "umbrella",
];
/// In the order of their names; the camera man is grey.
const PHOTOS: [&str; 6] = ["astronaut", "chelsea", "china", "coffee", "flower", "rocket"];

#[test]
fn a_seed_has_the_same_pixels_natively_as_in_webassembly() {
    let names = file("emoji/both-names.idx.gz");
    let names: Vec<&str> = std::str::from_utf8(&names[8..]).unwrap().split('\n').collect();
    let place = |name: &str| names.iter().position(|&own| own == name).unwrap_or_else(|| panic!("no {name}"));
    let chosen: Vec<(usize, i32)> = NAMES.iter().map(|name| place(name)).zip(0..).collect();
    let (colours, alpha) = (images("emoji/noto-images.gbr.gz"), images("emoji/noto-alpha.gbr.gz"));
    let photos = PHOTOS.map(|name| images(&format!("photos/{name}-images.gbr.gz")));
    let grounds: Vec<Ground> = photos
        .iter()
        .map(|Images { dims: [_, _, height, width], values }| Ground { size: [*height, *width], pixels: values })
        .collect();
    let sprites = Sprites { side: 32, colours: Some(&colours.values), alpha: &alpha.values, chosen: &chosen };
    let spec = SceneSpec { count: 16, size: 64, objects: [1, 3], sides: [16, 32], turn: 20, centred: false, seed: 7 };
    let drawn = scenes(&spec, &sprites, &grounds).unwrap();
    let hash =
        drawn.images.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    assert_eq!(format!("{hash:08x}"), "5b485cb4");
}

fn images(name: &str) -> Images {
    residual::decode(&file(name)).unwrap()
}

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/../../web/assets/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut bytes = vec![];
    GzDecoder::new(&std::fs::read(&path).unwrap()[..]).read_to_end(&mut bytes).unwrap();
    bytes
}
