//! Handles to tensors. Ops go by their JavaScript names; `web/api/tensor.ts` gives each its method, types and words.

use crate::api::list::TensorList;
use crate::api::seed::random_seed;
use crate::error::{Result, Thrown};
use crate::js::out_of_memory;
use crate::options;
use gradbook_core::ops::{Conv2dOptions, MaxPool2dOptions, PadMode};
use gradbook_core::{self as core, DType, Data, Shape};
use gradbook_learn::layers::{Padding, Pair};
use gradbook_learn::train;
use js_sys::{Array, Float32Array, Function, Int32Array, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;

/// A value that is computed when it is read.
#[wasm_bindgen]
pub struct Tensor(pub(crate) core::Tensor);

#[wasm_bindgen]
impl Tensor {
    /// Elements of a shape, as 32-bit words; bool as words of 0 and 1.
    #[wasm_bindgen(js_name = fromWords)]
    pub fn from_words(words: &Uint32Array, shape: Vec<usize>, dtype: &str) -> Result<Self> {
        let length = words.length() as usize;
        let mut own = Vec::new();
        own.try_reserve_exact(length).map_err(|_| out_of_memory(length.saturating_mul(4), "a tensor"))?;
        own.resize(length, 0);
        words.copy_to(&mut own);
        let data = Data::new(Shape::new("tensor", shape)?, self::dtype(dtype)?, own)?;
        Ok(Self(core::Tensor::from_data(data)))
    }

    /// The same number everywhere (f32).
    pub fn full(shape: Vec<usize>, value: f32) -> Result<Self> {
        Ok(Self(core::Tensor::full(&shape, value)?))
    }

    /// 0, 1, … n − 1 (i32).
    pub fn arange(n: usize) -> Result<Self> {
        Ok(Self(core::Tensor::arange(n)?))
    }

    /// Random numbers from a seed: `uniform` (low, high), `normal` (mean, std) or `bernoulli` (p). Without a seed they are
    /// others in each call where a step is traced, and else from a fresh one.
    pub fn random(kind: &str, shape: Vec<usize>, seed: Option<f64>, a: f32, b: f32) -> Result<Self> {
        let key = match (seed, train::draw()) {
            (Some(seed), _) => core::Tensor::key(seed as u64),
            (None, Some(key)) => key?,
            (None, None) => core::Tensor::key(random_seed()?.into()),
        };
        Ok(Self(match kind {
            "uniform" => core::Tensor::uniform(&key, 0, &shape, a, b)?,
            "normal" => core::Tensor::normal(&key, 0, &shape, a, b)?,
            "bernoulli" => core::Tensor::bernoulli(&key, 0, &shape, a)?,
            other => return Err(unknown("random", other)),
        }))
    }

    /// The same tensor under a handle of its own.
    #[wasm_bindgen(js_name = clone)]
    pub fn clone_handle(&self) -> Self {
        Self(self.0.clone())
    }

    /// The sizes of its axes.
    #[wasm_bindgen(getter)]
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape().to_vec()
    }

    /// The type of its elements.
    #[wasm_bindgen(getter)]
    pub fn dtype(&self) -> String {
        self.0.dtype().name().into()
    }

    /// An op on this tensor and numbers.
    pub fn apply(&self, op: &str, numbers: Vec<f64>) -> Result<Self> {
        apply(&self.0, op, &Numbers(&numbers)).map(Self)
    }

    /// An op on this tensor, another and numbers.
    pub fn combine(&self, op: &str, other: &Self, numbers: Vec<f64>) -> Result<Self> {
        let (a, b, n) = (&self.0, &other.0, Numbers(&numbers));
        Ok(Self(match op {
            "add" => a.add(b)?,
            "sub" => a.sub(b)?,
            "mul" => a.mul(b)?,
            "div" => a.div(b)?,
            "rem" => a.rem(b)?,
            "pow" => a.pow(b)?,
            "maximum" => a.maximum(b)?,
            "minimum" => a.minimum(b)?,
            "atan2" => a.atan2(b)?,
            "eq" => a.eq(b)?,
            "ne" => a.ne(b)?,
            "lt" => a.lt(b)?,
            "le" => a.le(b)?,
            "gt" => a.gt(b)?,
            "ge" => a.ge(b)?,
            "logicalAnd" => a.logical_and(b)?,
            "logicalOr" => a.logical_or(b)?,
            "logicalXor" => a.logical_xor(b)?,
            "matmul" => a.matmul(b)?,
            "outer" => a.outer(b)?,
            "dot" => a.dot(b)?,
            "gather" => a.gather(n.dim(0)?, b)?,
            "indexSelect" => a.index_select(n.dim(0)?, b)?,
            "take" => a.take(b)?,
            "maxUnpool2d" => a.max_unpool2d(b, [n.size(0)?, n.size(1)?])?,
            other => return Err(unknown("op", other)),
        }))
    }

    /// An op on this tensor and one number.
    #[wasm_bindgen(js_name = combineNumber)]
    pub fn combine_number(&self, op: &str, value: f64) -> Result<Self> {
        let a = &self.0;
        Ok(Self(match op {
            "add" => a.add_scalar(value)?,
            "sub" => a.sub_scalar(value)?,
            "mul" => a.mul_scalar(value)?,
            "div" => a.div_scalar(value)?,
            "rem" => a.rem_scalar(value)?,
            "pow" => a.pow_scalar(value)?,
            "maximum" => a.maximum_scalar(value)?,
            "minimum" => a.minimum_scalar(value)?,
            "atan2" => a.atan2_scalar(value)?,
            "eq" => a.eq_scalar(value)?,
            "ne" => a.ne_scalar(value)?,
            "lt" => a.lt_scalar(value)?,
            "le" => a.le_scalar(value)?,
            "gt" => a.gt_scalar(value)?,
            "ge" => a.ge_scalar(value)?,
            other => return Err(Thrown::argument(format!("{other} takes a tensor, not the number {value}"))),
        }))
    }

    /// `a` where this (bool) is true, else `b`.
    #[wasm_bindgen(js_name = where)]
    pub fn where_(&self, a: &Self, b: &Self) -> Result<Self> {
        Ok(Self(self.0.where_(&a.0, &b.0)?))
    }

    /// As another element type.
    pub fn cast(&self, dtype: &str) -> Result<Self> {
        Ok(Self(self.0.cast(self::dtype(dtype)?)?))
    }

    /// Zeros or other values around each axis: `widths` is before, after, axis by axis.
    pub fn pad(&self, widths: Vec<usize>, mode: &str, value: f32) -> Result<Self> {
        let widths: Vec<[usize; 2]> = widths.as_chunks().0.to_vec();
        let mode = match mode {
            "constant" => PadMode::Constant(value),
            "reflect" => PadMode::Reflect,
            "replicate" => PadMode::Replicate,
            "circular" => PadMode::Circular,
            other => return Err(unknown("pad mode", other)),
        };
        Ok(Self(self.0.pad(&widths, mode)?))
    }

    /// Cross-correlation with a weight and, if the list has one, a bias.
    pub fn conv2d(&self, weight: &Self, bias: &TensorList, options: JsValue) -> Result<Self> {
        let config: ConvOptions = options::read("conv2d", &options)?;
        let options = Conv2dOptions {
            stride: config.stride.both(),
            padding: config.padding.of("conv2d")?,
            dilation: config.dilation.both(),
            groups: config.groups,
            ..Conv2dOptions::default()
        };
        Ok(Self(self.0.conv2d(&weight.0, bias.tensors().first(), &options)?))
    }

    /// Tensors one after the other along an axis.
    pub fn concat(tensors: &TensorList, dim: isize) -> Result<Self> {
        let tensors = tensors.tensors();
        Ok(Self(core::Tensor::concat(&tensors.iter().collect::<Vec<_>>(), dim)?))
    }

    /// Tensors of one shape along a new axis.
    pub fn stack(tensors: &TensorList, dim: isize) -> Result<Self> {
        let tensors = tensors.tensors();
        Ok(Self(core::Tensor::stack(&tensors.iter().collect::<Vec<_>>(), dim)?))
    }

    /// The gradients for each tensor of this number or, if the list of seeds has one, of its sum weighted by the seed.
    pub fn gradients(&self, wrt: &TensorList, seed: &TensorList) -> Result<TensorList> {
        let wrt = wrt.tensors();
        let wrt: Vec<&core::Tensor> = wrt.iter().collect();
        let gradients = match seed.tensors().first() {
            Some(seed) => self.0.grad_with(seed, &wrt)?,
            None => self.0.grad(&wrt)?,
        };
        Ok(gradients.into())
    }
}

/// The options of a convolution without a layer.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ConvOptions {
    stride: Pair,
    padding: Padding,
    dilation: Pair,
    groups: usize,
}

impl Default for ConvOptions {
    fn default() -> Self {
        Self { stride: Pair::Square(1), padding: Padding::VALID, dilation: Pair::Square(1), groups: 1 }
    }
}

/// The rest of an op's arguments.
struct Numbers<'a>(&'a [f64]);

impl Numbers<'_> {
    fn at(&self, index: usize) -> Result<f64> {
        let missing = || Thrown::argument(format!("argument {} is missing", index + 1));
        self.0.get(index).copied().ok_or_else(missing)
    }

    fn f32(&self, index: usize) -> Result<f32> {
        self.at(index).map(|value| value as f32)
    }

    fn flag(&self, index: usize) -> Result<bool> {
        self.at(index).map(|value| value != 0.0)
    }

    fn dim(&self, index: usize) -> Result<isize> {
        whole(self.at(index)?)
    }

    fn size(&self, index: usize) -> Result<usize> {
        let value = self.dim(index)?;
        value.try_into().map_err(|_| Thrown::argument(format!("{value} is negative; expected a size")))
    }

    fn dims(&self, from: usize) -> Result<Vec<isize>> {
        self.0[from.min(self.0.len())..].iter().map(|&value| whole(value)).collect()
    }

    fn sizes(&self) -> Result<Vec<usize>> {
        (0..self.0.len()).map(|index| self.size(index)).collect()
    }
}

fn whole(value: f64) -> Result<isize> {
    if value.fract() == 0.0 && value.abs() < f64::from(i32::MAX) {
        Ok(value as isize)
    } else {
        Err(Thrown::argument(format!("{value} is not a whole number")))
    }
}

/// Reductions get whether to keep the axes, then the axes.
fn apply(x: &core::Tensor, op: &str, n: &Numbers<'_>) -> Result<core::Tensor> {
    Ok(match op {
        "neg" => x.neg()?,
        "abs" => x.abs()?,
        "sign" => x.sign()?,
        "reciprocal" => x.reciprocal()?,
        "sqrt" => x.sqrt()?,
        "rsqrt" => x.rsqrt()?,
        "square" => x.square()?,
        "exp" => x.exp()?,
        "expm1" => x.expm1()?,
        "log" => x.log()?,
        "log1p" => x.log1p()?,
        "log2" => x.log2()?,
        "log10" => x.log10()?,
        "sin" => x.sin()?,
        "cos" => x.cos()?,
        "tan" => x.tan()?,
        "atan" => x.atan()?,
        "sinh" => x.sinh()?,
        "cosh" => x.cosh()?,
        "tanh" => x.tanh()?,
        "sigmoid" => x.sigmoid()?,
        "erf" => x.erf()?,
        "floor" => x.floor()?,
        "ceil" => x.ceil()?,
        "round" => x.round()?,
        "isnan" => x.isnan()?,
        "isfinite" => x.isfinite()?,
        "logicalNot" => x.logical_not()?,
        "detach" => x.detach()?,
        "clip" => x.clip(n.at(0)?, n.at(1)?)?,
        "scalarSub" => x.scalar_sub(n.at(0)?)?,
        "scalarDiv" => x.scalar_div(n.at(0)?)?,

        "relu" => x.relu()?,
        "leakyRelu" => x.leaky_relu(n.f32(0)?)?,
        "elu" => x.elu(n.f32(0)?)?,
        "softplus" => x.softplus(n.f32(0)?, n.f32(1)?)?,
        "selu" => x.selu()?,
        "gelu" => x.gelu()?,
        "silu" => x.silu()?,
        "softmax" => x.softmax(n.dim(0)?)?,
        "logSoftmax" => x.log_softmax(n.dim(0)?)?,

        "sum" => x.sum(&n.dims(1)?, n.flag(0)?)?,
        "mean" => x.mean(&n.dims(1)?, n.flag(0)?)?,
        "var" => x.var(&n.dims(2)?, n.f32(1)?, n.flag(0)?)?,
        "std" => x.std(&n.dims(2)?, n.f32(1)?, n.flag(0)?)?,
        "norm" => x.norm(n.f32(1)?, &n.dims(2)?, n.flag(0)?)?,
        "max" => x.amax(&n.dims(1)?, n.flag(0)?)?,
        "min" => x.amin(&n.dims(1)?, n.flag(0)?)?,
        "logsumexp" => x.logsumexp(&n.dims(1)?, n.flag(0)?)?,
        "any" => x.any(&n.dims(1)?, n.flag(0)?)?,
        "all" => x.all(&n.dims(1)?, n.flag(0)?)?,
        "argmax" => x.argmax(n.dim(1)?, n.flag(0)?)?,
        "argmin" => x.argmin(n.dim(1)?, n.flag(0)?)?,
        "prod" => x.prod(n.dim(1)?, n.flag(0)?)?,
        "cumsum" => x.cumsum(n.dim(0)?)?,
        "argsort" => x.argsort(n.dim(0)?, n.flag(1)?)?,

        "reshape" => x.reshape(&n.dims(0)?)?,
        "flatten" => x.flatten(n.dim(0)?, n.dim(1)?)?,
        "permute" => x.permute(&n.dims(0)?)?,
        "transpose" => x.transpose(n.dim(0)?, n.dim(1)?)?,
        "t" => x.t()?,
        "squeeze" => x.squeeze(n.dim(0)?)?,
        "unsqueeze" => x.unsqueeze(n.dim(0)?)?,
        "broadcastTo" => x.broadcast_to(&n.sizes()?)?,
        "slice" => x.slice(n.dim(0)?, n.dim(1)?, n.dim(2)?, n.dim(3)?)?,
        "select" => x.select(n.dim(0)?, n.dim(1)?)?,
        "flip" => x.flip(&n.dims(0)?)?,
        "repeat" => x.repeat(&n.sizes()?)?,
        "tril" => x.tril(n.dim(0)? as i32)?,
        "triu" => x.triu(n.dim(0)? as i32)?,
        "maxPoolIndices" => {
            let pair = |from: usize| Ok::<_, Thrown>([n.size(from)?, n.size(from + 1)?]);
            let options = MaxPool2dOptions { stride: pair(2)?, padding: pair(4)?, ..MaxPool2dOptions::new(pair(0)?) };
            x.max_pool2d_with_indices(&options)?.1
        }
        "oneHot" => x.one_hot(n.size(0)?)?,
        other => return Err(unknown("op", other)),
    })
}

fn unknown(what: &str, name: &str) -> Thrown {
    Thrown::argument(format!("there is no {what} called {name}"))
}

fn dtype(name: &str) -> Result<DType> {
    let found = DType::ALL.into_iter().find(|dtype| dtype.name() == name);
    found.ok_or_else(|| Thrown::argument(format!("there is no element type {name}; there are f32, i32, u32 and bool")))
}

/// The elements as the typed array of their type. Errors: JavaScript has no room for them.
pub(crate) fn typed_array(data: &Data) -> Result<JsValue> {
    let (name, size) = match data.dtype {
        DType::F32 => ("Float32Array", 4),
        DType::I32 => ("Int32Array", 4),
        DType::U32 => ("Uint32Array", 4),
        DType::Bool => ("Uint8Array", 1),
    };
    // Made by reflection: the exception of a constructor that is called directly would leave the module in mid-air.
    let length = data.words.len();
    let constructor = Reflect::get(&js_sys::global(), &name.into()).and_then(JsCast::dyn_into::<Function>);
    let array = constructor.and_then(|new| Reflect::construct(&new, &Array::of1(&length.into())));
    let array = array.map_err(|_| out_of_memory(length.saturating_mul(size), "the elements of a tensor"))?;
    match data.dtype {
        DType::F32 => array.unchecked_ref::<Float32Array>().copy_from(data.as_f32()),
        DType::I32 => array.unchecked_ref::<Int32Array>().copy_from(data.as_i32()),
        DType::U32 => array.unchecked_ref::<Uint32Array>().copy_from(&data.words),
        DType::Bool => {
            let bytes = array.unchecked_ref::<Uint8Array>();
            let mut part = [0u8; 1024];
            for (i, words) in data.words.chunks(part.len()).enumerate() {
                part.iter_mut().zip(words).for_each(|(byte, &word)| *byte = u8::from(word != 0));
                let start = (i * part.len()) as u32;
                bytes.subarray(start, start + words.len() as u32).copy_from(&part[..words.len()]);
            }
        }
    }
    Ok(array)
}
