//! What a model learns from: samples and what is true of them, in random order.

mod dataset;
mod duplicates;
mod folds;
mod partition;
mod scenes;
mod shuffle;
mod window;

pub(crate) use dataset::Samples;
pub use dataset::{Dataset, Source};
pub use duplicates::{Duplicate, Duplicates, duplicates};
pub use folds::{Folding, folds};
pub use partition::partition;
pub use scenes::{Ground, SceneSpec, Scenes, Sprites, scenes};
pub use shuffle::permutation;
pub(crate) use window::{Window, advance};
