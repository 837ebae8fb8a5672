//! Pooling over windows of images, and the way back (course section 7.5).

use super::conv::{check_positive, outputs};
use crate::{
    DType, Error, Result, Shape, Tensor,
    ir::{Op, Window},
};

/// Options of maximum pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool2dOptions {
    /// Window size.
    pub kernel: [usize; 2],
    /// Distance between windows.
    pub stride: [usize; 2],
    /// Rows and columns around the image; they never win.
    pub padding: [usize; 2],
    /// Distance between the entries of a window.
    pub dilation: [usize; 2],
    /// Whether a last window that leaves the image counts: sizes are rounded up. What lies outside never wins.
    pub ceil_mode: bool,
}

impl MaxPool2dOptions {
    /// Windows side by side.
    pub fn new(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: kernel, padding: [0, 0], dilation: [1, 1], ceil_mode: false }
    }
}

/// Options of average pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool2dOptions {
    /// Window size.
    pub kernel: [usize; 2],
    /// Distance between windows.
    pub stride: [usize; 2],
    /// Zeros around the image.
    pub padding: [usize; 2],
    /// Whether a last window that leaves the image counts.
    pub ceil_mode: bool,
    /// Whether padded zeros count in the divisor.
    pub count_include_pad: bool,
}

impl AvgPool2dOptions {
    /// Windows side by side.
    pub fn new(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: kernel, padding: [0, 0], ceil_mode: false, count_include_pad: true }
    }
}

impl Tensor {
    /// The maximum of every window of images \[N, C, H, W\]; the gradient goes to the first of equals.
    ///
    /// Errors: f32 only; windows that do not fit; a padding of more than half a window.
    pub fn max_pool2d(&self, options: &MaxPool2dOptions) -> Result<Self> {
        let window = self.max_window("max_pool2d", options)?;
        Self::make(Op::MaxPool(window), vec![self.clone()], pooled(&window)?, DType::F32)
    }

    /// The maximum of every window and its flat position in the H·W plane (i32).
    pub fn max_pool2d_with_indices(&self, options: &MaxPool2dOptions) -> Result<(Self, Self)> {
        let window = self.max_window("max_pool2d", options)?;
        let indices = Self::make(Op::MaxPoolArg(window), vec![self.clone()], pooled(&window)?, DType::I32)?;
        Ok((self.max_pool2d(options)?, indices))
    }

    /// The same on signals \[N, C, L\]; of each pair of options the second counts.
    pub fn max_pool1d(&self, options: &MaxPool2dOptions) -> Result<Self> {
        let [n, c, l] = self.sizes("max_pool1d", "x", "[N, C, L]")?;
        let options = MaxPool2dOptions {
            kernel: [1, options.kernel[1]],
            stride: [1, options.stride[1]],
            padding: [0, options.padding[1]],
            dilation: [1, options.dilation[1]],
            ceil_mode: options.ceil_mode,
        };
        self.dims(&[n, c, 1, l])?.max_pool2d(&options)?.squeeze(2)
    }

    /// Values \[N, C, OH, OW\] at their `indices` (i32, flat positions in the plane) of planes of zeros of `size`; of equal
    /// indices the values add up.
    ///
    /// Errors: other shapes or types of the two.
    pub fn max_unpool2d(&self, indices: &Self, size: [usize; 2]) -> Result<Self> {
        const OP: &str = "max_unpool2d";
        let [n, c, h, w] = self.sizes(OP, "x", "[N, C, H, W]")?;
        indices.expect(OP, "the indices", DType::I32)?;
        if indices.shape() != self.shape() {
            let message =
                format!("the indices have shape {}, the values {}; they must be equal", indices.shape(), self.shape());
            return Err(Error::shape(OP, message));
        }
        let plane = size[0] * size[1];
        let flat = [n * c, h * w];
        let indices = indices.dims(&flat)?;
        let indices = indices.coordinate(0)?.mul_scalar(plane as f64)?.add(&indices)?;
        let shape = Shape::new(OP, [n * c * plane])?;
        let placed = Self::make(Op::ScatterAdd, vec![self.dims(&flat)?, indices], shape, DType::F32)?;
        placed.dims(&[n, c, size[0], size[1]])
    }

    /// The mean of every window of images \[N, C, H, W\].
    ///
    /// Errors: f32 only; windows that do not fit; a padding of more than half a window.
    pub fn avg_pool2d(&self, options: &AvgPool2dOptions) -> Result<Self> {
        const OP: &str = "avg_pool2d";
        let [n, c, h, w] = self.sizes(OP, "x", "[N, C, H, W]")?;
        let AvgPool2dOptions { kernel, stride, padding, ceil_mode, count_include_pad } = *options;
        let out = pool_outputs(OP, [h, w], kernel, stride, padding, [1, 1], ceil_mode)?;
        // Zeros behind only as far as the last window reaches, so that no further window fits.
        let mut padded = self.clone();
        let mut counts = Vec::new();
        for (i, size) in [h, w].into_iter().enumerate() {
            let end = (out[i] - 1) * stride[i] + kernel[i];
            let behind = end.saturating_sub(size + padding[i]);
            padded = padded.zero_pad(i + 2, padding[i], behind)?;
            counts.push(divisors(size, kernel[i], stride[i], padding[i], out[i], count_include_pad));
        }
        let sums = padded.windows(OP, kernel, stride, [1, 1])?.sum(&[1, 2], false)?;
        let sums = sums.dims(&[n, c, out[0], out[1]])?;
        let areas: Vec<f32> = counts[0].iter().flat_map(|a| counts[1].iter().map(move |b| a * b)).collect();
        if areas.iter().all(|&area| area == areas[0]) {
            return sums.div_scalar(areas[0]);
        }
        sums.div(&Self::f32(&out, &areas)?)
    }

    /// The mean of each of `size` bins: bin i covers ⌊i·H/out⌋ … ⌈(i + 1)·H/out⌉.
    ///
    /// Errors: other axes than \[N, C, H, W\]; a size of 0; an empty image.
    pub fn adaptive_avg_pool2d(&self, size: [usize; 2]) -> Result<Self> {
        let [n, c, h, w] = self.adaptive("adaptive_avg_pool2d", size)?;
        if h % size[0] == 0 && w % size[1] == 0 {
            let bins = self.dims(&[n, c, size[0], h / size[0], size[1], w / size[1]])?;
            return bins.mean(&[3, 5], false);
        }
        let means = |from: usize, to: usize| {
            let mut matrix = vec![0.0; from * to];
            for (i, bin) in bins(from, to).enumerate() {
                let share = 1.0 / bin.len() as f32;
                matrix[i * from..][bin].fill(share);
            }
            Self::f32(&[to, from], &matrix)
        };
        self.resampled(&means(h, size[0])?, &means(w, size[1])?)
    }

    /// The maximum of each of `size` bins, which are those of [`Tensor::adaptive_avg_pool2d`].
    pub fn adaptive_max_pool2d(&self, size: [usize; 2]) -> Result<Self> {
        let [_, _, h, w] = self.adaptive("adaptive_max_pool2d", size)?;
        let along = |x: &Self, axis: usize, from: usize| {
            let parts = bins(from, size[axis - 2])
                .map(|bin| Ok(x.cut(axis, bin.start, 1, bin.len())?.max(axis as isize, true)?.0))
                .collect::<Result<Vec<_>>>()?;
            Self::concat(&parts.iter().collect::<Vec<_>>(), axis as isize)
        };
        // Columns first: then of equal maxima the first in row-major order wins.
        along(&along(self, 3, w)?, 2, h)
    }

    /// The mean of each plane: \[N, C, H, W\] → \[N, C\].
    pub fn global_avg_pool2d(&self) -> Result<Self> {
        self.sizes::<4>("global_avg_pool2d", "x", "[N, C, H, W]")?;
        self.mean(&[2, 3], false)
    }

    /// The maximum of each plane: \[N, C, H, W\] → \[N, C\]; the gradient goes to the first of equals.
    pub fn global_max_pool2d(&self) -> Result<Self> {
        let [_, _, h, w] = self.sizes("global_max_pool2d", "x", "[N, C, H, W]")?;
        if h * w == 0 {
            return Err(Error::shape("global_max_pool2d", format!("the images are empty: {}", self.shape())));
        }
        Ok(self.flatten(2, 3)?.max(2, false)?.0)
    }

    fn max_window(&self, op: &str, options: &MaxPool2dOptions) -> Result<Window> {
        self.expect(op, "x", DType::F32)?;
        let [n, c, h, w] = self.sizes(op, "x", "[N, C, H, W]")?;
        let MaxPool2dOptions { kernel, stride, padding: pad, dilation, ceil_mode } = *options;
        let out = pool_outputs(op, [h, w], kernel, stride, pad, dilation, ceil_mode)?;
        Ok(Window { n, c, size: [h, w], kernel, stride, pad, dilation, out })
    }

    fn adaptive(&self, op: &str, size: [usize; 2]) -> Result<[usize; 4]> {
        self.expect(op, "x", DType::F32)?;
        let [n, c, h, w] = self.sizes(op, "x", "[N, C, H, W]")?;
        check_positive(op, &[("output height", size[0]), ("output width", size[1]), ("height", h), ("width", w)])?;
        Ok([n, c, h, w])
    }
}

fn pooled(w: &Window) -> Result<Shape> {
    Shape::new("max_pool2d", [w.n, w.c, w.out[0], w.out[1]])
}

/// How many windows there are. With `ceil_mode` the last one may reach over the end, be it the only one, if it begins inside the image or
/// the padding in front of it.
fn pool_outputs(
    op: &str,
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    pad: [usize; 2],
    dilation: [usize; 2],
    ceil_mode: bool,
) -> Result<[usize; 2]> {
    if (0..2).any(|i| pad[i] > kernel[i] / 2) {
        let message =
            format!("padding {}×{} is more than half of the window {}×{}", pad[0], pad[1], kernel[0], kernel[1]);
        return Err(Error::argument(op, message));
    }
    let over = [0, 1].map(|i| if ceil_mode && size[i] > 0 { stride[i].saturating_sub(1) } else { 0 });
    let mut out = outputs(op, size, kernel, stride, pad, over, dilation)?;
    for i in 0..2 {
        if ceil_mode && (out[i] - 1) * stride[i] >= size[i] + pad[i] {
            out[i] -= 1;
        }
    }
    Ok(out)
}

/// By how much the sum of each window along one axis is divided.
fn divisors(size: usize, kernel: usize, stride: usize, pad: usize, out: usize, include_pad: bool) -> Vec<f32> {
    let window = |i: usize| {
        let (start, end) = (i * stride, (i * stride + kernel).min(size + 2 * pad));
        if include_pad { end - start } else { end.min(size + pad) - start.max(pad) }
    };
    (0..out).map(|i| window(i) as f32).collect()
}

/// The bins of adaptive pooling along one axis.
fn bins(from: usize, to: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..to).map(move |i| i * from / to..((i + 1) * from).div_ceil(to))
}
