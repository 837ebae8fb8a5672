//! Convolutions (cross-correlations, course chapter 7) and their transposes.

use super::PadMode;
use crate::{
    DType, Error, Result, Shape, Tensor,
    ir::{ConvGeometry, Op},
};

/// Zeros around the input, or how to choose their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Padding {
    /// None: the kernel stays inside.
    #[default]
    Valid,
    /// The output is as large as the input (stride 1); of an odd number one more stands right and below.
    Same,
    /// Every position where the kernel touches the input.
    Full,
    /// So many on both sides of \[rows, columns\].
    Explicit([usize; 2]),
}

/// What stands in the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConvPadMode {
    /// 0.
    #[default]
    Zeros,
    /// The nearest pixel.
    Replicate,
    /// The image mirrored, without the border pixel.
    Reflect,
    /// The image from its other end.
    Circular,
    /// The mean of the plane, as a constant: no gradient goes through it.
    Mean,
}

/// Options of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dOptions {
    /// Distance between neighbouring outputs.
    pub stride: [usize; 2],
    /// How much is added around the input.
    pub padding: Padding,
    /// Distance between neighbouring kernel entries.
    pub dilation: [usize; 2],
    /// Channels are cut into so many groups, each convolved alone.
    pub groups: usize,
    /// What is added around the input.
    pub mode: ConvPadMode,
}

impl Default for Conv2dOptions {
    fn default() -> Self {
        Self { stride: [1, 1], padding: Padding::Valid, dilation: [1, 1], groups: 1, mode: ConvPadMode::Zeros }
    }
}

/// Options of a transposed convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose2dOptions {
    /// Distance between neighbouring inputs in the output.
    pub stride: [usize; 2],
    /// Rows and columns cut off on both sides of the output.
    pub padding: [usize; 2],
    /// Rows and columns more at the end of the output.
    pub output_padding: [usize; 2],
    /// Distance between neighbouring kernel entries.
    pub dilation: [usize; 2],
    /// Channels are cut into so many groups, each convolved alone.
    pub groups: usize,
}

impl Default for ConvTranspose2dOptions {
    fn default() -> Self {
        Self { stride: [1, 1], padding: [0, 0], output_padding: [0, 0], dilation: [1, 1], groups: 1 }
    }
}

impl Tensor {
    /// Cross-correlation of images \[N, C, H, W\] with a weight \[O, C/groups, KH, KW\] (course chapter 7); `bias` is \[O\].
    ///
    /// Errors: f32 only; channels that do not fit groups and weight; a kernel larger than the padded image; `Same` with a stride.
    pub fn conv2d(&self, weight: &Self, bias: Option<&Self>, options: &Conv2dOptions) -> Result<Self> {
        const OP: &str = "conv2d";
        let [n, c, h, w] = self.sizes(OP, "x", "[N, C, H, W]")?;
        let [o, inner, kh, kw] = weight.sizes(OP, "the weight", "[O, C/groups, KH, KW]")?;
        check_groups(OP, c, o, inner, options.groups)?;
        let (kernel, Conv2dOptions { stride, dilation, groups, .. }) = ([kh, kw], *options);
        let [low, high] = padding(OP, options, kernel)?;
        if options.mode != ConvPadMode::Zeros {
            let widths = [[low[0], high[0]], [low[1], high[1]]];
            let around = self.surrounded(&widths, options.mode)?;
            let options = Conv2dOptions { padding: Padding::Valid, mode: ConvPadMode::Zeros, ..*options };
            return around.conv2d(weight, bias, &options);
        }
        let padded = [h + low[0] + high[0], w + low[1] + high[1]];
        let out = outputs(OP, padded, kernel, stride, [0, 0], [0, 0], dilation).map_err(|error| {
            if low == [0, 0] && high == [0, 0] {
                return error;
            }
            Error::shape(
                OP,
                format!(
                    "the image is {h}×{w}, padded to {}×{}; the kernel {kh}×{kw} does not fit",
                    padded[0], padded[1]
                ),
            )
        })?;
        let geometry = ConvGeometry { n, c, size: [h, w], o, kernel, out, groups, stride, pad: low, dilation };
        let shape = Shape::new(OP, geometry.y_shape())?;
        let y = Self::make(Op::Conv(geometry), vec![self.clone(), weight.clone()], shape, DType::F32)?;
        y.with_bias(OP, bias)
    }

    /// The same on signals \[N, C, L\] with a weight \[O, C/groups, K\]; of each pair of options the second counts.
    pub fn conv1d(&self, weight: &Self, bias: Option<&Self>, options: &Conv2dOptions) -> Result<Self> {
        let [n, c, l] = self.sizes("conv1d", "x", "[N, C, L]")?;
        let [o, inner, k] = weight.sizes("conv1d", "the weight", "[O, C/groups, K]")?;
        let padding = match options.padding {
            Padding::Explicit([_, p]) => Padding::Explicit([0, p]),
            other => other,
        };
        let options =
            Conv2dOptions { stride: [1, options.stride[1]], padding, dilation: [1, options.dilation[1]], ..*options };
        let y = self.dims(&[n, c, 1, l])?.conv2d(&weight.dims(&[o, inner, 1, k])?, bias, &options)?;
        y.squeeze(2)
    }

    /// The transpose of a convolution: images \[N, C, H, W\], weight \[C, O/groups, KH, KW\], `bias` \[O\]. The output has
    /// (size − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1 rows and columns.
    ///
    /// Errors: f32 only; channels that do not fit; an output padding that is smaller than neither stride nor dilation; nothing left.
    pub fn conv_transpose2d(
        &self,
        weight: &Self,
        bias: Option<&Self>,
        options: &ConvTranspose2dOptions,
    ) -> Result<Self> {
        const OP: &str = "conv_transpose2d";
        let [n, c, h, w] = self.sizes(OP, "x", "[N, C, H, W]")?;
        let [inputs, inner, kh, kw] = weight.sizes(OP, "the weight", "[C, O/groups, KH, KW]")?;
        let ConvTranspose2dOptions { stride, padding, output_padding, dilation, groups } = *options;
        if inputs != c || groups == 0 || c % groups != 0 {
            let message =
                format!("x has {c} channels, the weight {} takes {inputs} in {groups} groups", weight.shape());
            return Err(Error::shape(OP, message));
        }
        let mut size = [0; 2];
        for (i, (n, k)) in [(h, kh), (w, kw)].into_iter().enumerate() {
            let options = [k, padding[i], stride[i], dilation[i], output_padding[i]];
            size[i] = conv_transpose_output_size(n, options[0], options[1], options[2], options[3], options[4])?;
        }
        let o = inner * groups;
        let geometry =
            ConvGeometry { n, c: o, size, o: c, kernel: [kh, kw], out: [h, w], groups, stride, pad: padding, dilation };
        let shape = Shape::new(OP, geometry.x_shape())?;
        let y = Self::make(Op::ConvInputGrad(geometry), vec![self.clone(), weight.clone()], shape, DType::F32)?;
        y.with_bias(OP, bias)
    }

    /// The same on signals \[N, C, L\] with a weight \[C, O/groups, K\]; of each pair of options the second counts.
    pub fn conv_transpose1d(
        &self,
        weight: &Self,
        bias: Option<&Self>,
        options: &ConvTranspose2dOptions,
    ) -> Result<Self> {
        let [n, c, l] = self.sizes("conv_transpose1d", "x", "[N, C, L]")?;
        let [inputs, inner, k] = weight.sizes("conv_transpose1d", "the weight", "[C, O/groups, K]")?;
        let options = ConvTranspose2dOptions {
            stride: [1, options.stride[1]],
            padding: [0, options.padding[1]],
            output_padding: [0, options.output_padding[1]],
            dilation: [1, options.dilation[1]],
            groups: options.groups,
        };
        let y = self.dims(&[n, c, 1, l])?.conv_transpose2d(&weight.dims(&[inputs, inner, 1, k])?, bias, &options)?;
        y.squeeze(2)
    }

    fn with_bias(&self, op: &str, bias: Option<&Self>) -> Result<Self> {
        let Some(bias) = bias else { return Ok(self.clone()) };
        let channels = self.shape()[1];
        if bias.shape()[..] != [channels] {
            let message =
                format!("the bias has shape {}; expected [{channels}], one for each output channel", bias.shape());
            return Err(Error::shape(op, message));
        }
        self.add(&bias.dims(&[1, channels, 1, 1])?)
    }

    /// Images with something other than zeros around them.
    fn surrounded(&self, widths: &[[usize; 2]], mode: ConvPadMode) -> Result<Self> {
        match mode {
            ConvPadMode::Zeros => self.pad(widths, PadMode::Constant(0.0)),
            ConvPadMode::Replicate => self.pad(widths, PadMode::Replicate),
            ConvPadMode::Reflect => self.pad(widths, PadMode::Reflect),
            ConvPadMode::Circular => self.pad(widths, PadMode::Circular),
            ConvPadMode::Mean => {
                let mean = self.mean(&[2, 3], true)?.detach()?;
                self.inside(widths)?.where_(&self.pad(widths, PadMode::Constant(0.0))?, &mean)
            }
        }
    }
}

impl Tensor {
    /// A weight \[O, …\] with mean 0 and variance 1 for each output channel, n in the variance's divisor (Qiao et al., 2019): (w − μ)/√(σ² + ε).
    ///
    /// Errors: a weight without channels.
    pub fn weight_standardise(&self, eps: f32) -> Result<Self> {
        let (centred, axes) = self.centred_channels()?;
        centred.mul(&centred.square()?.mean(&axes, true)?.add_scalar(eps)?.rsqrt()?)
    }

    /// The same with n − 1 in the variance's divisor and ε outside of the root: (w − μ)/(σ + ε).
    ///
    /// Errors: a weight without channels.
    pub fn weight_standardise_unbiased(&self, eps: f32) -> Result<Self> {
        let (centred, axes) = self.centred_channels()?;
        centred.div(&self.std(&axes, 1.0, true)?.add_scalar(eps)?)
    }

    /// Each output channel less its mean, and the axes of a channel.
    fn centred_channels(&self) -> Result<(Self, Vec<isize>)> {
        if self.shape().rank() < 2 {
            let message = format!("the weight has shape {}; expected [O, …]", self.shape());
            return Err(Error::shape("weight_standardise", message));
        }
        let axes: Vec<isize> = (1..self.shape().rank() as isize).collect();
        Ok((self.sub(&self.mean(&axes, true)?)?, axes))
    }
}

/// What one unit sees after each layer of a stack, along one axis: (pixels of the input, their distance between neighbouring units), for
/// layers of (kernel, stride, dilation) (course eq. 31).
///
/// Errors: a kernel, stride or dilation of 0.
pub fn receptive_field(layers: &[(usize, usize, usize)]) -> Result<Vec<(usize, usize)>> {
    let (mut field, mut jump) = (1, 1);
    let mut fields = Vec::with_capacity(layers.len());
    for &(kernel, stride, dilation) in layers {
        check_positive("receptive_field", &[("kernel", kernel), ("stride", stride), ("dilation", dilation)])?;
        field += (kernel - 1) * dilation * jump;
        jump *= stride;
        fields.push((field, jump));
    }
    Ok(fields)
}

/// How many parameters a convolution has: O·(C/groups·KH·KW), and O more with a bias (course sections 7.1 and 8.3).
///
/// Errors: channels that the groups do not divide.
pub fn conv_param_count(channels: usize, out: usize, kernel: [usize; 2], groups: usize, bias: bool) -> Result<usize> {
    if groups == 0 || !channels.is_multiple_of(groups) || !out.is_multiple_of(groups) {
        let message = format!("{groups} groups do not divide {channels} channels into {out}");
        return Err(Error::argument("conv_param_count", message));
    }
    Ok(out * (channels / groups * kernel[0] * kernel[1] + usize::from(bias)))
}

/// The size of a convolution's output along one axis: ⌊(n + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1 (course eq. 32).
///
/// Errors: the kernel is larger than the padded input; a stride, dilation or kernel of 0.
pub fn conv_output_size(n: usize, kernel: usize, padding: usize, stride: usize, dilation: usize) -> Result<usize> {
    const OP: &str = "conv_output_size";
    check_positive(OP, &[("kernel", kernel), ("stride", stride), ("dilation", dilation)])?;
    let reach = dilation * (kernel - 1) + 1;
    let room = (n + 2 * padding).checked_sub(reach).ok_or_else(|| {
        let message = format!(
            "a kernel of {kernel} (dilation {dilation}) reaches over {reach}, the input with padding is {}",
            n + 2 * padding
        );
        Error::argument(OP, message)
    })?;
    Ok(room / stride + 1)
}

/// The size of a transposed convolution's output along one axis; see [`Tensor::conv_transpose2d`].
///
/// Errors: nothing is left of the output; an output padding that is smaller than neither stride nor dilation.
pub fn conv_transpose_output_size(
    n: usize,
    kernel: usize,
    padding: usize,
    stride: usize,
    dilation: usize,
    output_padding: usize,
) -> Result<usize> {
    const OP: &str = "conv_transpose2d";
    check_positive(OP, &[("kernel", kernel), ("stride", stride), ("dilation", dilation), ("input size", n)])?;
    if output_padding >= stride.max(dilation) {
        let message = format!(
            "output_padding is {output_padding}; it must be smaller than the stride {stride} or the dilation {dilation}"
        );
        return Err(Error::argument(OP, message));
    }
    let full = (n - 1) * stride + dilation * (kernel - 1) + output_padding + 1;
    let size = full.checked_sub(2 * padding).filter(|&size| size > 0);
    size.ok_or_else(|| Error::argument(OP, format!("a padding of {padding} leaves nothing of an output of {full}")))
}

/// How many windows lie inside each axis, or reach no more than `over` beyond its end; or an error that names the sizes.
pub(super) fn outputs(
    op: &str,
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    pad: [usize; 2],
    over: [usize; 2],
    dilation: [usize; 2],
) -> Result<[usize; 2]> {
    let mut out = [0; 2];
    for i in 0..2 {
        check_positive(op, &[("kernel", kernel[i]), ("stride", stride[i]), ("dilation", dilation[i])])?;
        let reach = dilation[i] * (kernel[i] - 1) + 1;
        let Some(room) = (size[i] + 2 * pad[i] + over[i]).checked_sub(reach) else {
            let spread =
                if dilation == [1, 1] { String::new() } else { format!(", dilation {}×{}", dilation[0], dilation[1]) };
            let message = format!(
                "the feature map is {}×{}, the window {}×{} with padding {}×{}{spread}: it does not fit; use a smaller window, \
                 more padding or fewer layers that shrink the map",
                size[0], size[1], kernel[0], kernel[1], pad[0], pad[1]
            );
            return Err(Error::shape(op, message));
        };
        out[i] = room / stride[i] + 1;
    }
    Ok(out)
}

pub(super) fn check_positive(op: &str, options: &[(&str, usize)]) -> Result<()> {
    match options.iter().find(|(_, value)| *value == 0) {
        Some((name, _)) => Err(Error::argument(op, format!("the {name} is 0; expected at least 1"))),
        None => Ok(()),
    }
}

fn check_groups(op: &str, c: usize, o: usize, inner: usize, groups: usize) -> Result<()> {
    check_positive(op, &[("number of groups", groups)])?;
    if !c.is_multiple_of(groups) || !o.is_multiple_of(groups) {
        let message = format!("{groups} groups do not divide {c} input and {o} output channels");
        return Err(Error::shape(op, message));
    }
    if inner != c / groups {
        let message =
            format!("x has {c} channels, so in {groups} groups the weight takes {}; it has {inner}", c / groups);
        return Err(Error::shape(op, message));
    }
    Ok(())
}

/// Padding in front and behind.
fn padding(op: &str, options: &Conv2dOptions, kernel: [usize; 2]) -> Result<[[usize; 2]; 2]> {
    check_positive(op, &[("kernel's height", kernel[0]), ("kernel's width", kernel[1])])?;
    let reach = [0, 1].map(|i| options.dilation[i] * (kernel[i] - 1));
    Ok(match options.padding {
        Padding::Valid => [[0, 0]; 2],
        Padding::Explicit(both) => [both; 2],
        Padding::Full => [reach; 2],
        Padding::Same if options.stride == [1, 1] => [reach.map(|r| r / 2), reach.map(|r| r.div_ceil(2))],
        Padding::Same => {
            let [sh, sw] = options.stride;
            let message =
                format!("padding 'same' needs stride 1, the stride is {sh}×{sw}; give the padding as numbers");
            return Err(Error::argument(op, message));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_sizes() {
        let x = Tensor::zeros(&[1, 4, 3, 3]).unwrap();
        let w = Tensor::zeros(&[8, 4, 5, 5]).unwrap();
        let error = x.conv2d(&w, None, &Conv2dOptions::default()).unwrap_err().to_string();
        assert!(
            error.starts_with("conv2d: the feature map is 3×3, the window 5×5 with padding 0×0: it does not fit"),
            "{error}"
        );
        let padded = Conv2dOptions { padding: Padding::Explicit([1, 0]), ..Default::default() };
        let error = x.conv2d(&w, None, &padded).unwrap_err().to_string();
        assert_eq!(error, "conv2d: the image is 3×3, padded to 5×3; the kernel 5×5 does not fit");
        let w = Tensor::zeros(&[8, 3, 3, 3]).unwrap();
        let error = x.conv2d(&w, None, &Conv2dOptions::default()).unwrap_err().to_string();
        assert_eq!(error, "conv2d: x has 4 channels, so in 1 groups the weight takes 4; it has 3");
    }

    #[test]
    fn what_a_unit_sees_and_what_it_costs() {
        // 3, then 3 pixels 2 apart: 3 + 2·2; then the jump is 2.
        assert_eq!(receptive_field(&[(3, 2, 1), (3, 1, 1)]).unwrap(), [(3, 2), (7, 2)]);
        assert!(receptive_field(&[(3, 0, 1)]).unwrap_err().to_string().contains("stride"));
        assert_eq!(conv_param_count(4, 6, [3, 2], 2, true).unwrap(), 6 * (2 * 6 + 1));
        let error = conv_param_count(4, 6, [3, 2], 4, true).unwrap_err().to_string();
        assert!(error.contains("4 groups do not divide 4 channels into 6"), "{error}");
    }

    #[test]
    fn same_padding_keeps_the_size() {
        let x = Tensor::zeros(&[1, 1, 6, 7]).unwrap();
        let w = Tensor::zeros(&[2, 1, 4, 3]).unwrap();
        for mode in [ConvPadMode::Zeros, ConvPadMode::Reflect, ConvPadMode::Mean] {
            let options = Conv2dOptions { padding: Padding::Same, mode, ..Default::default() };
            assert_eq!(x.conv2d(&w, None, &options).unwrap().shape()[..], [1, 2, 6, 7]);
        }
        let options = Conv2dOptions { padding: Padding::Same, stride: [2, 2], ..Default::default() };
        assert!(x.conv2d(&w, None, &options).is_err());
    }
}
