//! Gradients that are too large, made smaller (course section 3.6).

use crate::{Error, Result};
use gradbook_core::Tensor;

/// What is done to gradients before a step: first entries are limited, then the common norm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clip {
    /// The largest common norm of all gradients.
    pub norm: Option<f32>,
    /// The largest magnitude of an entry of a gradient.
    pub value: Option<f32>,
}

impl Clip {
    /// The gradients within the limits. Errors: a limit that is not positive.
    pub fn apply(&self, mut grads: Vec<Tensor>) -> Result<Vec<Tensor>> {
        if let Some(value) = self.value {
            grads = clip_by_value(&grads, value)?;
        }
        if let Some(norm) = self.norm {
            grads = clip_by_norm(&grads, norm)?.0;
        }
        Ok(grads)
    }
}

/// All gradients times max_norm/‖g‖ if their common norm is above `max_norm`; also the norm before. Source: course eq 24.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::optim::clip_by_norm;
/// let (clipped, norm) = clip_by_norm(&[Tensor::f32(&[2], &[3.0, 4.0])?], 1.0)?; // [0.6, 0.8] and 5
/// assert_eq!((clipped.len(), norm.shape().rank()), (1, 0));
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn clip_by_norm(grads: &[Tensor], max_norm: f32) -> Result<(Vec<Tensor>, Tensor)> {
    check("max_norm", max_norm)?;
    let norm = squared_norm(grads)?.sqrt()?;
    let scale = norm.maximum_scalar(max_norm)?.scalar_div(max_norm)?;
    let clipped = grads.iter().map(|grad| Ok(grad.mul(&scale)?)).collect::<Result<_>>()?;
    Ok((clipped, norm))
}

/// Every entry limited to ±`value`.
pub fn clip_by_value(grads: &[Tensor], value: f32) -> Result<Vec<Tensor>> {
    check("value", value)?;
    grads.iter().map(|grad| Ok(grad.clip(-value, value)?)).collect()
}

/// Rows of a gradient (first axis; the whole of a vector) limited to `clipping` times the norm of their weights, which count as
/// at least `eps`. Source: Brock et al. 2021 (NFNets).
pub fn adaptive_grad_clip(weight: &Tensor, grad: &Tensor, clipping: f32, eps: f32) -> Result<Tensor> {
    check("clipping", clipping)?;
    let axes: Vec<isize> = (if weight.shape().rank() < 2 { 0 } else { 1 }..weight.shape().rank() as isize).collect();
    let norm = |t: &Tensor| t.square()?.sum(&axes, true)?.sqrt();
    let limit = norm(weight)?.maximum_scalar(eps)?.mul_scalar(clipping)?;
    let size = norm(grad)?;
    let limited = grad.mul(&limit.div(&size.maximum_scalar(1e-6)?)?)?;
    Ok(size.gt(&limit)?.where_(&limited, grad)?)
}

/// Σ g² over all gradients, without axes.
pub(super) fn squared_norm(grads: &[Tensor]) -> Result<Tensor> {
    grads.iter().try_fold(Tensor::scalar(0.0), |sum, grad| Ok(sum.add(&grad.square()?.sum_all()?)?))
}

fn check(option: &str, value: f32) -> Result<()> {
    if value > 0.0 {
        return Ok(());
    }
    Err(Error::argument("clip", format!("{option} is {value}; it must be positive")))
}
