//! Scenes of cut-outs on photographs, from files of a data set to arrays.

use crate::error::{Result, Thrown};
use crate::js::{self, object};
use gradbook_formats::residual::{self, Images};
use gradbook_formats::{Error, idx};
use gradbook_learn::data::{self, Ground, SceneSpec, Sprites};
use js_sys::{Array, Int32Array, Object, Uint8Array};
use wasm_bindgen::prelude::*;

/// Draws scenes. The numbers are count, size, fewest and most objects, least and greatest side, turn, whether things lie in the middle, and
/// the seed. `colours` and `alpha` are files of images of the cut-outs, of which `chosen` may be taken, with these `classes`; without colours they are
/// white. `grounds` are files of photographs. Gives `{ images, boxes, classes, angles, masks }`. Errors: a number is out of its range; a
/// file is damaged.
#[wasm_bindgen(js_name = drawScenes)]
pub fn draw_scenes(
    numbers: &[u32],
    colours: Option<Uint8Array>,
    alpha: &Uint8Array,
    chosen: &[u32],
    classes: &[i32],
    grounds: &Array,
) -> Result<Object> {
    let &[count, size, fewest, most, least, greatest, turn, centred, seed] = numbers else {
        return Err(Thrown::argument("scenes: nine numbers are expected"));
    };
    let spec = SceneSpec {
        count: count as usize,
        size: size as usize,
        objects: [fewest as usize, most as usize],
        sides: [least as usize, greatest as usize],
        turn: turn as usize,
        centred: centred != 0,
        seed,
    };
    let colours = colours.map(|file| images(&file)).transpose()?;
    let alpha = images(alpha)?;
    let photographs = grounds.iter().map(|file| images(&file.unchecked_into())).collect::<Result<Vec<_>>>()?;
    let grounds: Vec<Ground> = photographs
        .iter()
        .map(|Images { dims: [_, _, height, width], values }| Ground { size: [*height, *width], pixels: values })
        .collect();
    let chosen: Vec<(usize, i32)> =
        chosen.iter().zip(classes).map(|(&sprite, &class)| (sprite as usize, class)).collect();
    let sprites = Sprites {
        side: alpha.dims[3],
        colours: colours.as_ref().map(|colours| &colours.values[..]),
        alpha: &alpha.values,
        chosen: &chosen,
    };
    let scenes = data::scenes(&spec, &sprites, &grounds)
        .map_err(|error| Thrown::Named { name: error.kind(), message: error.to_string() })?;
    let words = |values: &[i32]| JsValue::from(Int32Array::from(values));
    Ok(object(&[
        ("images", Uint8Array::from(&scenes.images[..]).into()),
        ("boxes", words(&scenes.boxes)),
        ("classes", words(&scenes.classes)),
        ("angles", words(&scenes.angles)),
        ("masks", words(&scenes.masks)),
    ]))
}

/// Images of a file, residual or IDX; in one channel where it has no axis of them.
fn images(file: &Uint8Array) -> Result<Images> {
    let bytes = js::bytes(file, "a file of images")?;
    let read = if bytes.starts_with(residual::MAGIC) {
        residual::decode(&bytes)
    } else {
        idx::parse(&bytes).and_then(|array| match (&array.dims[..], array.values) {
            (&[n, h, w], idx::Values::U8(values)) => Ok(Images { dims: [n, 1, h, w], values: values.to_vec() }),
            (dims, _) => Err(Error::NotThisFormat { format: "image", reason: format!("its sizes are {dims:?}") }),
        })
    };
    read.map_err(|error| Thrown::Named { name: "FileError", message: error.to_string() })
}
