//! How samples are dealt out, and images that two sets share.

use super::{ints, plain, singles};
use crate::error::{Result, Thrown};
use gradbook_learn::data::{self, Folding};
use js_sys::Int32Array;
use wasm_bindgen::prelude::*;

/// For each of n samples the number of the fold that holds it out: stratified by labels, with groups kept whole, shuffled by a seed, each if it is given.
#[wasm_bindgen]
pub fn folds(
    n: usize,
    k: usize,
    labels: Option<Int32Array>,
    groups: Option<Int32Array>,
    seed: Option<u32>,
) -> Result<Vec<u32>> {
    let labels = labels.map(|labels| ints(&labels, "labels")).transpose()?;
    let groups = groups.map(|groups| ints(&groups, "groups")).transpose()?;
    let folding = Folding { labels: labels.as_deref(), groups: groups.as_deref(), seed };
    Ok(data::folds(n, k, &folding)?)
}

/// For each of n samples the number of its part, by shares of 1 such as 0.7, 0.15, 0.15; stratified by labels if they are given.
#[wasm_bindgen]
pub fn partition(n: usize, shares: &[f64], labels: Option<Int32Array>, seed: u32) -> Result<Vec<u32>> {
    let labels = labels.map(|labels| ints(&labels, "labels")).transpose()?;
    data::partition(n, shares, labels.as_deref(), seed)
        .map_err(|message| Thrown::argument(format!("partition: {message}")))
}

/// Pairs of images, one of each set, that are equal, or whose similarity (a correlation of 8 × 8 means) is at least `similarity`; `size` is channels, height
/// and width. The most similar are listed, `most` of them.
#[wasm_bindgen(unchecked_return_type = "Duplicates")]
pub fn duplicates(
    #[wasm_bindgen(unchecked_param_type = "Float32Array")] first: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float32Array")] second: &JsValue,
    size: &[usize],
    similarity: f64,
    most: usize,
) -> Result<JsValue> {
    let &[channels, height, width] = size else {
        return Err(Thrown::argument("duplicates: the size of images is channels, height and width"));
    };
    let (first, second) = (singles(first, "images")?, singles(second, "images")?);
    plain(&data::duplicates(&first, &second, [channels, height, width], similarity, most)?)
}
