//! Derivatives of any order, composed from the one graph transform.

use crate::{Error, Result, Tensor, ir};
use rustc_hash::FxHashSet;

impl Tensor {
    /// The gradients of a tensor with one element for each of `wrt`, each of the shape of its tensor.
    ///
    /// Errors: more than one element (give a seed with [`Tensor::grad_with`]); no differentiable path to one of `wrt`.
    pub fn grad(&self, wrt: &[&Self]) -> Result<Vec<Self>> {
        if self.shape().len() != 1 {
            let message = format!("the output has shape {}; sum it up or give a seed of that shape", self.shape());
            return Err(Error::Gradient(message));
        }
        self.grad_with(&self.ones_like(), wrt)
    }

    /// The gradients of Σ self · seed for each of `wrt`.
    pub fn grad_with(&self, seed: &Self, wrt: &[&Self]) -> Result<Vec<Self>> {
        let wrt: Vec<Self> = wrt.iter().copied().cloned().collect();
        ir::gradient(self, seed, &wrt, &())
    }

    /// All derivatives of all entries: output shape ++ `wrt` shape. One walk for each entry of the output.
    pub fn jacobian(&self, wrt: &Self) -> Result<Self> {
        let count = self.shape().len();
        let flat = self.dims(&[count])?;
        let mut rows = Vec::with_capacity(count);
        for i in 0..count {
            rows.push(flat.cut(0, i, 1, 1)?.grad(&[wrt])?.remove(0));
        }
        Self::stack(&rows.iter().collect::<Vec<_>>(), 0)?.dims(&[self.shape(), &wrt.shape()[..]].concat())
    }

    /// The product of the Hessian of a one-element tensor with the vectors `v` (one for each of `wrt`, of its shape).
    ///
    /// Errors: no gradient; other shapes of the vectors.
    pub fn hvp(&self, wrt: &[&Self], v: &[&Self]) -> Result<Vec<Self>> {
        if wrt.len() != v.len() {
            return Err(Error::argument("hvp", format!("{} vectors for {} tensors", v.len(), wrt.len())));
        }
        let mut slope = Self::scalar(0.0);
        for (gradient, v) in self.grad(wrt)?.iter().zip(v) {
            if gradient.shape() != v.shape() {
                let message = format!("a vector has shape {}, its tensor {}", v.shape(), gradient.shape());
                return Err(Error::shape("hvp", message));
            }
            slope = slope.add(&gradient.mul(&v.detach()?)?.sum_all()?)?;
        }
        gradients(&slope, wrt)
    }

    /// The Hessian of a one-element tensor for one tensor of n elements: \[n, n\].
    pub fn hessian(&self, wrt: &Self) -> Result<Self> {
        let n = wrt.shape().len();
        let slopes = self.grad(&[wrt])?.remove(0).dims(&[n])?;
        let rows = (0..n).map(|i| gradients(&slopes.cut(0, i, 1, 1)?, &[wrt])?.remove(0).dims(&[n]));
        Self::stack(&rows.collect::<Result<Vec<_>>>()?.iter().collect::<Vec<_>>(), 0)
    }
}

/// As [`Tensor::grad`], but zeros where nothing leads to a tensor: the second derivatives of what is linear.
pub fn gradients(y: &Tensor, wrt: &[&Tensor]) -> Result<Vec<Tensor>> {
    let reached: FxHashSet<u64> = Tensor::ancestors(std::slice::from_ref(y)).iter().map(Tensor::id).collect();
    let one = |x: &&Tensor| {
        if !reached.contains(&x.id()) {
            return Ok(x.zeros_like());
        }
        match y.grad(&[x]) {
            Ok(mut gradients) => Ok(gradients.remove(0)),
            Err(Error::Gradient(_)) if y.shape().len() == 1 => Ok(x.zeros_like()),
            Err(error) => Err(error),
        }
    };
    // One walk for all where every path is differentiable, which is the rule.
    if wrt.iter().all(|x| reached.contains(&x.id()))
        && let Ok(all) = y.grad(wrt)
    {
        return Ok(all);
    }
    wrt.iter().map(one).collect()
}
