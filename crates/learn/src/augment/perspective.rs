//! Images seen from the side.

use super::{Sampling, images, warp};
use crate::{
    Result,
    linalg::{self, Matrix},
};
use gradbook_core::Tensor;

/// Images \[N, C, H, W\] in which the points `start` (x, y; four corners, the same way round as `end`) lie at `end` afterwards; 0 outside. As
/// `torchvision.transforms.functional.perspective`.
///
/// Errors: three points on a line.
pub fn perspective(x: &Tensor, start: [[f32; 2]; 4], end: [[f32; 2]; 4], sampling: Sampling) -> Result<Tensor> {
    let [n, _, h, w] = images("perspective", x)?;
    // (a·x + b·y + c, d·x + e·y + f)/(g·x + k·y + 1) takes end to start: two equations a point.
    let value = |row: usize, column: usize| {
        let ([x, y], to) = (end[row / 2].map(f64::from), f64::from(start[row / 2][row % 2]));
        let point = [x, y, 1.0];
        match (column, row % 2) {
            (0..3, 0) => point[column],
            (3..6, 1) => point[column - 3],
            (6, _) => -to * x,
            (7, _) => -to * y,
            _ => 0.0,
        }
    };
    let goal = Matrix::from_fn(8, 1, |row, _| f64::from(start[row / 2][row % 2]));
    let map = linalg::solve(&Matrix::from_fn(8, 8, value), &goal)?;
    let map: Vec<f64> = map.values().to_vec();
    let axis = |size: usize| Tensor::arange(size)?.to_f32()?.add_scalar(0.5);
    let (rows, columns) = (axis(h)?.reshape(&[1, -1, 1])?, axis(w)?.reshape(&[1, 1, -1])?);
    let line = |p: f64, q: f64, r: f64| columns.mul_scalar(p)?.add(&rows.mul_scalar(q)?)?.add_scalar(r);
    let depth = line(map[6], map[7], 1.0)?;
    let place = |i: usize| line(map[i], map[i + 1], map[i + 2])?.div(&depth)?.sub_scalar(0.5)?.broadcast_to(&[n, h, w]);
    warp(x, &place(3)?, &place(0)?, sampling)
}
