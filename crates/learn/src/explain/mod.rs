//! Why a model decides: functions of a model, images and a class that give maps (course chapter 15).
//!
//! Each is a piece of graph. Models look as they do outside of training: no dropout, running statistics.

mod grad_cam;
mod occlusion;
mod receptive;
mod saliency;

pub use grad_cam::{GradCam, GradCamMaps, grad_cam};
pub use occlusion::{Occlusion, OcclusionMaps, occlusion};
pub use receptive::effective_receptive_field;
pub use saliency::{Target, saliency, target_score};
