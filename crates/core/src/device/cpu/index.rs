//! Rows of a table by their number, and the other way round; the order of the elements of rows.

use crate::{DType, ir::scalar, plan::Rows};

/// The rows that the indices name; a row that does not exist is 0.
pub(crate) fn gather(rows: &Rows, table: &[u32], index: &[u32], out: &mut [u32]) {
    if rows.inner == 0 {
        return;
    }
    for (out, &row) in out.chunks_exact_mut(rows.inner).zip(index) {
        let row = row as usize;
        if row < rows.rows {
            out.copy_from_slice(&table[row * rows.inner..][..rows.inner]);
        } else {
            out.fill(0);
        }
    }
}

/// Adds each row of `source` to the row of the table that its index names, in order; an index out of range is left out.
pub(crate) fn scatter_add(rows: &Rows, source: &[f32], index: &[u32], out: &mut [f32]) {
    out.fill(0.0);
    if rows.inner == 0 {
        return;
    }
    for (source, &row) in source.chunks_exact(rows.inner).zip(index) {
        let row = row as usize;
        if row < rows.rows {
            let out = &mut out[row * rows.inner..][..rows.inner];
            out.iter_mut().zip(source).for_each(|(sum, value)| *sum += value);
        }
    }
}

/// The positions that sort each row, which are as long as `keys`. Equal elements are told apart by their positions, so that
/// sorting in place keeps their order.
pub(crate) fn argsort(dtype: DType, x: &[u32], keys: &mut [u64], out: &mut [u32]) {
    for (order, row) in out.chunks_exact_mut(keys.len()).zip(x.chunks_exact(keys.len())) {
        for (key, (&word, i)) in keys.iter_mut().zip(row.iter().zip(0..)) {
            *key = u64::from(scalar::rank(dtype, word)) << 32 | i;
        }
        keys.sort_unstable();
        order.iter_mut().zip(&*keys).for_each(|(place, &key)| *place = key as u32);
    }
}
