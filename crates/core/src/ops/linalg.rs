//! Matrix products. Transposes and broadcast batches are read in place.

use crate::{DType, Error, Result, Shape, Tensor, ir::Op};

impl Tensor {
    /// The matrix product as torch.matmul: \[…, M, K\] × \[…, K, N\] → \[…, M, N\], batch axes broadcast; a vector is a row on the
    /// left and a column on the right, and its axis goes.
    ///
    /// Errors: f32 only; the inner sizes differ; batch axes that do not broadcast; a tensor without axes.
    pub fn matmul(&self, other: &Self) -> Result<Self> {
        self.expect("matmul", "the first", DType::F32)?;
        other.expect("matmul", "the second", DType::F32)?;
        let (a, b) = (self.shape(), other.shape());
        if a.rank() == 0 || b.rank() == 0 {
            let message = format!("shapes {a} and {b}; a number is not a matrix, use mul");
            return Err(Error::shape("matmul", message));
        }
        let left = if a.rank() == 1 { self.unsqueeze(0)? } else { self.clone() };
        let right = if b.rank() == 1 { other.unsqueeze(1)? } else { other.clone() };
        if left.shape()[left.shape().rank() - 1] != right.shape()[right.shape().rank() - 2] {
            let message = format!(
                "shapes {a} and {b}: the first has {} columns, the second {} rows; these must be equal",
                left.shape()[left.shape().rank() - 1],
                right.shape()[right.shape().rank() - 2]
            );
            return Err(Error::shape("matmul", message));
        }
        let product = left.product(&right)?;
        let mut dims = product.shape().to_vec();
        if b.rank() == 1 {
            dims.pop();
        }
        if a.rank() == 1 {
            dims.remove(dims.len() - if b.rank() == 1 { 1 } else { 2 });
        }
        product.dims(&dims)
    }

    /// The product aᵢbⱼ of two vectors: \[M\], \[N\] → \[M, N\].
    pub fn outer(&self, other: &Self) -> Result<Self> {
        let [m] = self.sizes("outer", "the first", "[M]")?;
        let [n] = other.sizes("outer", "the second", "[N]")?;
        self.dims(&[m, 1])?.mul(&other.dims(&[1, n])?)
    }

    /// The inner product of two vectors of equal length, without axes.
    pub fn dot(&self, other: &Self) -> Result<Self> {
        let [m] = self.sizes("dot", "the first", "[N]")?;
        let [n] = other.sizes("dot", "the second", "[N]")?;
        if m != n {
            return Err(Error::shape("dot", format!("vectors of {m} and {n} entries; their lengths must be equal")));
        }
        self.mul(other)?.sum_all()
    }

    /// Matrices with at least two axes each, inner sizes equal.
    fn product(&self, other: &Self) -> Result<Self> {
        let (a, b) = (self.shape(), other.shape());
        let ([batch_a @ .., m, k], [batch_b @ .., _, n]) = (&a[..], &b[..]) else { unreachable!("two axes each") };
        let (m, k, n) = (*m, *k, *n);
        // All rows of the left side times one matrix: one product, however many batches.
        if batch_b.iter().all(|&size| size == 1) && batch_b.len() <= batch_a.len() {
            let rows: usize = batch_a.iter().product::<usize>() * m;
            let product = self.dims(&[1, rows, k])?.batched(&other.dims(&[1, k, n])?)?;
            return product.dims(&[batch_a, &[m, n]].concat());
        }
        let batch = Shape::new("matmul", batch_a)?.broadcast(&Shape::new("matmul", batch_b)?, "matmul")?;
        let count = batch.len();
        let spread = |t: &Self, own: &[usize], rows: usize, columns: usize| {
            if own.iter().all(|&size| size == 1) {
                return t.dims(&[1, rows, columns])?.broadcast_to(&[count, rows, columns]);
            }
            t.broadcast_to(&[&batch[..], &[rows, columns]].concat())?.dims(&[count, rows, columns])
        };
        let product = spread(self, batch_a, m, k)?.batched(&spread(other, batch_b, k, n)?)?;
        product.dims(&[&batch[..], &[m, n]].concat())
    }

    /// \[B, M, K\] × \[B, K, N\].
    pub(super) fn batched(&self, other: &Self) -> Result<Self> {
        let [b, m, _] = self.sizes("matmul", "the first", "[B, M, K]")?;
        let [_, _, n] = other.sizes("matmul", "the second", "[B, K, N]")?;
        Self::make(Op::MatMul, vec![self.clone(), other.clone()], Shape::new("matmul", [b, m, n])?, DType::F32)
    }
}
