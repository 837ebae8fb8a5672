//! Why a model decides: maps as tensors, not computed before they are read.

use crate::error::Result;
use crate::list::TensorList;
use crate::model::Model;
use crate::tensor::Tensor;
use gradbook_learn::explain::{self, GradCam, Occlusion, Target};
use wasm_bindgen::prelude::*;

/// The gradient of the target's score for every pixel of x [N, C, H, W].
#[wasm_bindgen]
pub fn saliency(model: &Model, x: &Tensor, target: &TensorList) -> Result<Tensor> {
    Ok(Tensor(explain::saliency(&*model.0, &x.0, &class(target))?))
}

/// Where in the output of a layer the evidence for the target lies, [N, 1, H, W].
#[wasm_bindgen(js_name = gradCam)]
pub fn grad_cam(model: &Model, x: &Tensor, layer: &str, target: &TensorList) -> Result<Tensor> {
    Ok(Tensor(explain::grad_cam(&*model.0, &x.0, &GradCam::new(layer, class(target)))?.upsampled))
}

/// How much the score falls when a window is covered, [N, H, W].
#[wasm_bindgen]
pub fn occlusion(
    model: &Model,
    x: &Tensor,
    window: usize,
    stride: usize,
    baseline: f32,
    target: &TensorList,
) -> Result<Tensor> {
    let options = Occlusion { target: class(target), window: [window; 2], stride: [stride; 2], baseline };
    Ok(Tensor(explain::occlusion(&*model.0, &x.0, &options)?.map))
}

/// A class for each image; without one the class that the model says.
fn class(target: &TensorList) -> Target {
    target.tensors().pop().map_or(Target::Predicted, Target::Each)
}
