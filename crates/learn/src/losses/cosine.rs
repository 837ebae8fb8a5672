//! Losses of directions.

use super::same_shape;
use crate::Result;
use gradbook_core::Tensor;

/// 1 − the mean over rows of cos(x, y), for x, y \[N, D\]; norms are at least `eps`.
pub fn cosine_similarity_loss(x: &Tensor, y: &Tensor, eps: f32) -> Result<Tensor> {
    same_shape("cosine_similarity_loss", x, y)?;
    let norm = |v: &Tensor| v.norm(2.0, &[-1], false)?.maximum_scalar(eps);
    let cos = x.mul(y)?.sum(&[-1], false)?.div(&norm(x)?)?.div(&norm(y)?)?;
    Ok(cos.mean_all()?.scalar_sub(1)?)
}
