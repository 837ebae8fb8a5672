//! Reductions and running sums. An empty list of axes means all of them; `keepdim` leaves reduced axes with size 1.

use crate::{
    DType, Error, Result, Tensor,
    ir::{Binary, Op},
};

impl Tensor {
    /// The sum over axes; bool counts as i32.
    ///
    /// Errors: an axis that does not exist or is named twice.
    pub fn sum(&self, dims: &[isize], keepdim: bool) -> Result<Self> {
        let axes = self.shape().axes("sum", dims)?;
        let counted = if self.dtype() == DType::Bool { self.to_i32()? } else { self.clone() };
        counted.reduce(Op::Sum(axes.clone()), &axes, keepdim)
    }

    /// The sum of everything, without axes.
    pub fn sum_all(&self) -> Result<Self> {
        self.sum(&[], false)
    }

    /// The mean over axes, f32; NaN of nothing.
    pub fn mean(&self, dims: &[isize], keepdim: bool) -> Result<Self> {
        let count = self.count("mean", dims)?;
        self.to_f32()?.sum(dims, keepdim)?.div_scalar(count as f64)
    }

    /// The mean of everything, without axes.
    pub fn mean_all(&self) -> Result<Self> {
        self.mean(&[], false)
    }

    /// The variance over axes: Σ(x − mean)² / (n − `correction`); correction 1 is unbiased, 0 biased.
    pub fn var(&self, dims: &[isize], correction: f32, keepdim: bool) -> Result<Self> {
        let count = self.count("var", dims)? as f64 - f64::from(correction);
        let centred = self.sub(&self.mean(dims, true)?)?;
        centred.square()?.sum(dims, keepdim)?.div_scalar(count.max(0.0))
    }

    /// The square root of the variance.
    pub fn std(&self, dims: &[isize], correction: f32, keepdim: bool) -> Result<Self> {
        self.var(dims, correction, keepdim)?.sqrt()
    }

    /// The p-norm over axes, (Σ|x|ᵖ)^(1/p); p = ∞ is the largest magnitude. At a vector of zeros the gradient is 0.
    ///
    /// Errors: p is not positive.
    pub fn norm(&self, p: f32, dims: &[isize], keepdim: bool) -> Result<Self> {
        if p.is_nan() || p <= 0.0 {
            return Err(Error::argument("norm", format!("p is {p}; expected a positive number or infinity")));
        }
        if p == 1.0 {
            return self.abs()?.sum(dims, keepdim);
        }
        if p == f32::INFINITY {
            return self.abs()?.amax(dims, keepdim);
        }
        let powers = if p == 2.0 { self.square()? } else { self.abs()?.pow_scalar(p)? };
        let sum = powers.sum(dims, keepdim)?;
        // The root is not differentiable at 0: it gets a 1 there, and its result is not taken.
        let positive = sum.gt_scalar(0)?;
        let root = positive.where_(&sum, &sum.ones_like())?.pow_scalar(1.0 / f64::from(p))?;
        positive.where_(&root, &sum.zeros_like())
    }

    /// ln Σ eˣ over axes, stable.
    pub fn logsumexp(&self, dims: &[isize], keepdim: bool) -> Result<Self> {
        let peak = self.peak(dims)?;
        let sum = self.sub(&peak)?.exp()?.sum(dims, true)?.log()?.add(&peak)?;
        if keepdim { Ok(sum) } else { sum.dims(&self.kept("logsumexp", dims)?) }
    }

    /// The largest over axes; equal ones share the gradient. −∞ (the least whole number) of nothing.
    pub fn amax(&self, dims: &[isize], keepdim: bool) -> Result<Self> {
        let axes = self.shape().axes("amax", dims)?;
        self.reduce(Op::Max(axes.clone()), &axes, keepdim)
    }

    /// The smallest over axes; equal ones share the gradient.
    pub fn amin(&self, dims: &[isize], keepdim: bool) -> Result<Self> {
        self.neg()?.amax(dims, keepdim)?.neg()
    }

    /// The largest along an axis and its index (i32), the first of equals; the gradient goes there.
    ///
    /// Errors: the axis has no elements.
    pub fn max(&self, dim: isize, keepdim: bool) -> Result<(Self, Self)> {
        let index = self.argmax(dim, true)?;
        self.chosen("max", dim, index, keepdim)
    }

    /// The smallest along an axis and its index (i32), the first of equals; the gradient goes there.
    pub fn min(&self, dim: isize, keepdim: bool) -> Result<(Self, Self)> {
        let index = self.argmin(dim, true)?;
        self.chosen("min", dim, index, keepdim)
    }

    /// Where along an axis the largest is (i32), the first of equals.
    pub fn argmax(&self, dim: isize, keepdim: bool) -> Result<Self> {
        let axis = self.shape().axis("argmax", dim)?;
        if self.shape()[axis] == 0 {
            let message = format!("axis {dim} of shape {} has no elements to choose from", self.shape());
            return Err(Error::shape("argmax", message));
        }
        let mut dims = self.shape().reduced(&[axis]).to_vec();
        let shape = crate::Shape::new("argmax", &dims[..])?;
        let index = Self::make(Op::ArgMax(axis), vec![self.clone()], shape, DType::I32)?;
        if keepdim {
            return Ok(index);
        }
        dims.remove(axis);
        index.dims(&dims)
    }

    /// Where along an axis the smallest is (i32), the first of equals.
    pub fn argmin(&self, dim: isize, keepdim: bool) -> Result<Self> {
        self.neg()?.argmax(dim, keepdim)
    }

    /// The product along an axis. The gradient is right where factors are 0.
    pub fn prod(&self, dim: isize, keepdim: bool) -> Result<Self> {
        let axis = self.shape().axis("prod", dim)?;
        let mut product = self.clone();
        while product.shape()[axis] > 1 {
            let n = product.shape()[axis];
            let halves = product.cut(axis, 0, 1, n / 2)?.mul(&product.cut(axis, n / 2, 1, n / 2)?)?;
            product = if n.is_multiple_of(2) {
                halves
            } else {
                Self::concat(&[&halves, &product.cut(axis, n - 1, 1, 1)?], dim)?
            };
        }
        let mut dims = self.shape().reduced(&[axis]).to_vec();
        if product.shape()[axis] == 0 {
            product = Self::constant(crate::Shape::new("prod", &dims[..])?, self.dtype(), 1.0);
        }
        if !keepdim {
            dims.remove(axis);
        }
        product.dims(&dims)
    }

    /// Running sums along an axis: entry i is the sum of entries 0…i.
    pub fn cumsum(&self, dim: isize) -> Result<Self> {
        self.running("cumsum", Binary::Add, 0.0, dim)
    }

    /// Running products along an axis: entry i is the product of entries 0…i.
    pub fn cumprod(&self, dim: isize) -> Result<Self> {
        self.running("cumprod", Binary::Mul, 1.0, dim)
    }

    /// Whether any is not 0, over axes (bool).
    pub fn any(&self, dims: &[isize], keepdim: bool) -> Result<Self> {
        let found = self.cast(DType::Bool)?.to_i32()?.sum(dims, keepdim)?;
        found.gt_scalar(0)
    }

    /// Whether all are not 0, over axes (bool).
    pub fn all(&self, dims: &[isize], keepdim: bool) -> Result<Self> {
        self.cast(DType::Bool)?.logical_not()?.any(dims, keepdim)?.logical_not()
    }

    /// How many elements each result of a reduction over axes comes from.
    fn count(&self, op: &str, dims: &[isize]) -> Result<usize> {
        Ok(self.shape().axes(op, dims)?.iter().map(|&a| self.shape()[a]).product())
    }

    /// The sizes that stay after a reduction over axes.
    fn kept(&self, op: &str, dims: &[isize]) -> Result<Vec<usize>> {
        let axes = self.shape().axes(op, dims)?;
        Ok((0..self.shape().rank()).filter(|i| !axes.contains(i)).map(|i| self.shape()[i]).collect())
    }

    fn reduce(&self, op: Op, axes: &[usize], keepdim: bool) -> Result<Self> {
        let reduced = if axes.is_empty() { self.clone() } else { self.layout(op, self.shape().reduced(axes))? };
        if keepdim {
            return Ok(reduced);
        }
        let kept: Vec<usize> =
            (0..self.shape().rank()).filter(|i| !axes.contains(i)).map(|i| self.shape()[i]).collect();
        reduced.dims(&kept)
    }

    /// The entries that `index` (reduced axis kept) names along an axis, and the index.
    fn chosen(&self, op: &str, dim: isize, index: Self, keepdim: bool) -> Result<(Self, Self)> {
        let axis = self.shape().axis(op, dim)?;
        let here = self.coordinate(axis)?.eq(&index)?;
        let value = here.where_(self, &self.zeros_like())?.sum(&[axis as isize], keepdim)?;
        let shape = value.shape().to_vec();
        Ok((value, index.dims(&shape)?))
    }

    /// Doubling the reach of each entry until it covers all before it: log₂ n steps.
    fn running(&self, op: &str, combine: Binary, neutral: f64, dim: isize) -> Result<Self> {
        let axis = self.shape().axis(op, dim)?;
        let n = self.shape()[axis];
        let mut sums = self.clone();
        let mut reach = 1;
        while reach < n {
            let front = Self::constant(self.cut(axis, 0, 1, reach)?.shape().clone(), self.dtype(), neutral);
            let shifted = if neutral == 0.0 {
                sums.cut(axis, 0, 1, n - reach)?.zero_pad(axis, reach, 0)?
            } else {
                Self::concat(&[&front, &sums.cut(axis, 0, 1, n - reach)?], axis as isize)?
            };
            sums = sums.binary(op, combine, &shifted)?;
            reach *= 2;
        }
        Ok(sums)
    }
}
