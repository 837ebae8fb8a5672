//! Why a model decides: maps as tensors, not computed before they are read.

use crate::api::list::TensorList;
use crate::api::model::Model;
use crate::api::tensor::Tensor;
use crate::error::Result;
use gradbook_learn::explain::{self, GradCam, Occlusion, Target};
use wasm_bindgen::prelude::*;

/// The gradient of the target's score for every pixel of x [N, C, H, W].
#[wasm_bindgen]
pub fn saliency(model: &Model, x: &Tensor, class: Option<usize>, each: &TensorList) -> Result<Tensor> {
    Ok(Tensor(explain::saliency(&*model.0, &x.0, &target(class, each))?))
}

/// Where in the output of a layer the evidence for the target lies, [N, 1, H, W].
#[wasm_bindgen(js_name = gradCam)]
pub fn grad_cam(model: &Model, x: &Tensor, class: Option<usize>, each: &TensorList, layer: &str) -> Result<Tensor> {
    Ok(Tensor(explain::grad_cam(&*model.0, &x.0, &GradCam::new(layer, target(class, each)))?.upsampled))
}

/// How much each pixel counts for the middle of a layer's output, [N, H, W].
#[wasm_bindgen(js_name = receptiveField)]
pub fn receptive_field(model: &Model, x: &Tensor, layer: &str) -> Result<Tensor> {
    Ok(Tensor(explain::effective_receptive_field(&*model.0, &x.0, layer)?))
}

/// How much the score falls when a window is covered, [N, H, W].
#[wasm_bindgen]
pub fn occlusion(
    model: &Model,
    x: &Tensor,
    class: Option<usize>,
    each: &TensorList,
    window: usize,
    stride: usize,
    baseline: f32,
) -> Result<Tensor> {
    let options = Occlusion { target: target(class, each), window: [window; 2], stride: [stride; 2], baseline };
    Ok(Tensor(explain::occlusion(&*model.0, &x.0, &options)?.map))
}

/// One class for all images, one for each, or the class that the model says.
fn target(class: Option<usize>, each: &TensorList) -> Target {
    match class {
        Some(class) => Target::Class(class),
        None => each.tensors().pop().map_or(Target::Predicted, Target::Each),
    }
}
