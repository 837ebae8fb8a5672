//! Activation functions (course section 1.6), stable for large arguments and right at second order.

use crate::{Error, Result, Tensor};

impl Tensor {
    /// max(0, x); the gradient at 0 is 0, as in PyTorch. See [`Tensor::relu_course`].
    pub fn relu(&self) -> Result<Self> {
        self.zeros_like().maximum(self)
    }

    /// max(0, x) with derivative 1 at 0 (course eq. 5).
    pub fn relu_course(&self) -> Result<Self> {
        self.maximum_scalar(0)
    }

    /// x if x > 0, else `slope`·x; the derivative at 0 is the slope, as in PyTorch (whose default slope is 0.01).
    pub fn leaky_relu(&self, slope: f32) -> Result<Self> {
        self.gt_scalar(0)?.where_(self, &self.mul_scalar(slope)?)
    }

    /// x if x ≥ 0, else `slope`·x, so the derivative at 0 is 1 (course eq. 6, with slope 0.1).
    pub fn leaky_relu_course(&self, slope: f32) -> Result<Self> {
        self.ge_scalar(0)?.where_(self, &self.mul_scalar(slope)?)
    }

    /// Leaky ReLU with a learnt slope: `weight` has one element, or one for each channel (axis 1).
    ///
    /// Errors: another number of slopes. Source: He et al. 2015.
    pub fn prelu(&self, weight: &Self) -> Result<Self> {
        let channels = if self.shape().rank() > 1 { self.shape()[1] } else { 1 };
        let slopes = weight.shape().len();
        if slopes != 1 && slopes != channels {
            let message =
                format!("{slopes} slopes for {channels} channels of x {}; expected 1 or {channels}", self.shape());
            return Err(Error::shape("prelu", message));
        }
        let mut dims = vec![1; self.shape().rank()];
        if slopes > 1 {
            dims[1] = slopes;
        }
        self.gt_scalar(0)?.where_(self, &self.mul(&weight.dims(&dims)?)?)
    }

    /// eˣ / Σ eˣ along an axis, shifted by the maximum (course eq. 10).
    pub fn softmax(&self, dim: isize) -> Result<Self> {
        let axis = self.shape().axis("softmax", dim)? as isize;
        let e = self.sub(&self.peak(&[axis])?)?.exp()?;
        e.div(&e.sum(&[axis], true)?)
    }

    /// The logarithm of the softmax along an axis, without taking that of a small number.
    pub fn log_softmax(&self, dim: isize) -> Result<Self> {
        let axis = self.shape().axis("log_softmax", dim)? as isize;
        let z = self.sub(&self.peak(&[axis])?)?;
        z.sub(&z.exp()?.sum(&[axis], true)?.log()?)
    }

    /// ln(1 + e^(βx))/β, and x itself where βx > `threshold` (PyTorch: β = 1, threshold = 20).
    ///
    /// Errors: β is 0.
    pub fn softplus(&self, beta: f32, threshold: f32) -> Result<Self> {
        if beta == 0.0 || !beta.is_finite() {
            return Err(Error::argument(
                "softplus",
                format!("beta is {beta}; it divides, so it must be finite and not 0"),
            ));
        }
        // Beyond 80 the sum is the exponential, to the last bit, and e^80 is finite.
        let limit = threshold.min(80.0);
        let t = self.mul_scalar(beta)?;
        let curve = t.minimum_scalar(limit)?.exp()?.log1p()?.div_scalar(beta)?;
        t.gt_scalar(limit)?.where_(self, &curve)
    }

    /// x if x > 0, else α(eˣ − 1). Source: Clevert et al. 2016.
    pub fn elu(&self, alpha: f32) -> Result<Self> {
        let below = self.minimum_scalar(0)?.expm1()?.mul_scalar(alpha)?;
        self.gt_scalar(0)?.where_(self, &below)
    }

    /// The ELU that keeps mean 0 and variance 1. Source: Klambauer et al. 2017.
    pub fn selu(&self) -> Result<Self> {
        self.elu(1.673_263_2)?.mul_scalar(1.050_700_987_355_480_5)
    }

    /// x·Φ(x) with the normal distribution function Φ. Source: Hendrycks and Gimpel 2016.
    pub fn gelu(&self) -> Result<Self> {
        self.mul_scalar(-std::f64::consts::FRAC_1_SQRT_2)?.erfc()?.mul(self)?.mul_scalar(0.5)
    }

    /// GELU by its approximation with tanh.
    pub fn gelu_tanh(&self) -> Result<Self> {
        let inner = self.square()?.mul_scalar(0.044715)?.add_scalar(1)?.mul(self)?;
        let scale = (2.0 / std::f64::consts::PI).sqrt();
        inner.mul_scalar(scale)?.tanh()?.add_scalar(1)?.mul(self)?.mul_scalar(0.5)
    }

    /// x·sigmoid(x), also called swish.
    pub fn silu(&self) -> Result<Self> {
        self.mul(&self.sigmoid()?)
    }

    /// x·tanh(softplus(x)). Source: Misra 2019.
    pub fn mish(&self) -> Result<Self> {
        self.mul(&self.softplus(1.0, 20.0)?.tanh()?)
    }

    /// x/(1 + |x|).
    pub fn softsign(&self) -> Result<Self> {
        self.div(&self.abs()?.add_scalar(1)?)
    }

    /// ln(sigmoid(x)), stable for large |x|.
    pub fn logsigmoid(&self) -> Result<Self> {
        self.neg()?.softplus(1.0, 80.0)?.neg()
    }

    /// min(max(x, 0), 6).
    pub fn relu6(&self) -> Result<Self> {
        self.hardtanh(0.0, 6.0)
    }

    /// Limited to `low`…`high`; the gradient is 0 at the bounds, as in PyTorch (see [`Tensor::clip`] for 1).
    pub fn hardtanh(&self, low: f32, high: f32) -> Result<Self> {
        self.full_like(low).maximum(&self.full_like(high).minimum(self)?)
    }

    /// x/6 + 1/2 limited to 0…1.
    pub fn hardsigmoid(&self) -> Result<Self> {
        self.div_scalar(6)?.add_scalar(0.5)?.hardtanh(0.0, 1.0)
    }

    /// x·hardsigmoid(x).
    pub fn hardswish(&self) -> Result<Self> {
        self.mul(&self.hardsigmoid()?)
    }

    /// The maximum along axes (kept with size 1) as a constant, never infinite: what exponentials are shifted by. Functions
    /// that use it do not depend on it, so no gradient is lost.
    pub fn peak(&self, axes: &[isize]) -> Result<Self> {
        self.amax(axes, true)?.clip(f32::MIN, f32::MAX)?.detach()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_of_prelu_are_one_or_one_a_channel() {
        let x = Tensor::zeros(&[2, 3, 4]).unwrap();
        let error = x.prelu(&Tensor::zeros(&[2]).unwrap()).unwrap_err().to_string();
        assert_eq!(error, "prelu: 2 slopes for 3 channels of x [2, 3, 4]; expected 1 or 3");
        assert_eq!(x.prelu(&Tensor::zeros(&[3]).unwrap()).unwrap().shape()[..], [2, 3, 4]);
    }
}
