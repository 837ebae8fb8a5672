//! Tensors from nothing: constants, counters, host values and random numbers.

use crate::{
    DType, Data, Error, Result, Shape, Tensor,
    ir::{Binary, Op},
    rng,
};

impl Tensor {
    /// One number, without axes.
    pub fn scalar(value: f32) -> Self {
        Self::constant(Shape::default(), DType::F32, f64::from(value))
    }

    /// `shape` filled with one number.
    ///
    /// Errors: more than 2^30 elements.
    pub fn full(shape: &[usize], value: f32) -> Result<Self> {
        Ok(Self::constant(Shape::new("full", shape)?, DType::F32, f64::from(value)))
    }

    /// `shape` filled with 0.
    pub fn zeros(shape: &[usize]) -> Result<Self> {
        Self::full(shape, 0.0)
    }

    /// `shape` filled with 1.
    pub fn ones(shape: &[usize]) -> Result<Self> {
        Self::full(shape, 1.0)
    }

    /// The same shape and type, filled with one number (for bool: whether it is not 0).
    pub fn full_like(&self, value: impl Into<f64>) -> Self {
        Self::constant(self.shape().clone(), self.dtype(), value.into())
    }

    /// The same shape and type, filled with 0.
    pub fn zeros_like(&self) -> Self {
        self.full_like(0)
    }

    /// The same shape and type, filled with 1.
    pub fn ones_like(&self) -> Self {
        self.full_like(1)
    }

    /// 0, 1, … n − 1 as i32: \[n\].
    pub fn arange(n: usize) -> Result<Self> {
        Self::make(Op::Iota { axis: 0 }, vec![], Shape::new("arange", [n])?, DType::I32)
    }

    /// The identity matrix \[n, n\].
    pub fn eye(n: usize) -> Result<Self> {
        let ones = Self::ones(&[n, n])?;
        ones.coordinate(0)?.eq(&ones.coordinate(1)?)?.to_f32()
    }

    /// f32 values in row-major order. Errors: their number is not that of the shape.
    pub fn f32(shape: &[usize], values: &[f32]) -> Result<Self> {
        Ok(Self::from_data(Data::f32(shape, values)?))
    }

    /// i32 values in row-major order. Errors: their number is not that of the shape.
    pub fn i32(shape: &[usize], values: &[i32]) -> Result<Self> {
        Ok(Self::from_data(Data::i32(shape, values)?))
    }

    /// bool values in row-major order. Errors: their number is not that of the shape.
    pub fn bool(shape: &[usize], values: &[bool]) -> Result<Self> {
        let words = values.iter().map(|&v| u32::from(v)).collect();
        Ok(Self::from_data(Data::new(Shape::new("tensor", shape)?, DType::Bool, words)?))
    }

    /// A key for random numbers: u32 \[2\]. Different seeds give unrelated keys.
    pub fn key(seed: u64) -> Self {
        let words = rng::threefry2x32([seed as u32, (seed >> 32) as u32], [KEY; 2]).to_vec();
        let shape = Shape::new("key", [2]).expect("two elements");
        Self::from_data(Data { shape, dtype: DType::U32, words })
    }

    /// The key of one step: from `key` (u32 \[2\]) and a whole number without axes (i32 or u32) a key that is unrelated to
    /// it and to those of other numbers.
    ///
    /// Errors: another shape or type of either.
    pub fn fold_in(key: &Self, number: &Self) -> Result<Self> {
        check_key("fold_in", key)?;
        if !matches!(number.dtype(), DType::I32 | DType::U32) || number.shape().rank() != 0 {
            let got = format!("{}{}", number.dtype(), number.shape());
            return Err(Error::argument(
                "fold_in",
                format!("the number is {got}; expected one i32 or u32 without axes"),
            ));
        }
        let number = number.cast(DType::U32)?.dims(&[1])?.zero_pad(0, 0, 1)?;
        Self::random_bits(&key.binary("fold_in", Binary::Add, &number)?, FOLD, &[2])
    }

    /// Random u32 words. They depend on the key (u32 \[2\]), the stream and the position alone, on every device.
    ///
    /// Errors: another shape or type of the key. Source: Threefry-2x32-20, Salmon et al. (SC11).
    pub fn random_bits(key: &Self, stream: u32, shape: &[usize]) -> Result<Self> {
        check_key("random_bits", key)?;
        Self::make(Op::Random { stream }, vec![key.clone()], Shape::new("random_bits", shape)?, DType::U32)
    }

    /// Uniform numbers: `low` ≤ x < `high`, 2^24 different ones. Streams as in [`Tensor::random_bits`].
    pub fn uniform(key: &Self, stream: u32, shape: &[usize], low: f32, high: f32) -> Result<Self> {
        Self::unit(key, stream, shape)?.mul_scalar(high - low)?.add_scalar(low)
    }

    /// Normal numbers by the Box–Muller transform. Takes the streams `stream` and `stream` with its top bit flipped:
    /// keep your own streams below 2^31.
    pub fn normal(key: &Self, stream: u32, shape: &[usize], mean: f32, std: f32) -> Result<Self> {
        // 1 − u lies in (0, 1], where the logarithm is finite.
        let radius = Self::unit(key, stream, shape)?.neg()?.log1p()?.mul_scalar(-2)?.sqrt()?;
        let angle = Self::unit(key, stream ^ (1 << 31), shape)?.mul_scalar(std::f32::consts::TAU)?;
        radius.mul(&angle.cos()?)?.mul_scalar(std)?.add_scalar(mean)
    }

    /// 1 (true) with probability `p`, bool. Streams as in [`Tensor::random_bits`].
    ///
    /// Errors: `p` outside of 0…1.
    pub fn bernoulli(key: &Self, stream: u32, shape: &[usize], p: f32) -> Result<Self> {
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::argument("bernoulli", format!("p is {p}; a probability lies between 0 and 1")));
        }
        Self::unit(key, stream, shape)?.lt_scalar(p)
    }

    /// Uniform in \[0, 1) with 24 bits.
    fn unit(key: &Self, stream: u32, shape: &[usize]) -> Result<Self> {
        let bits = Self::random_bits(key, stream, shape)?;
        bits.binary("uniform", Binary::Shr, &bits.full_like(8))?.to_f32()?.mul_scalar(1.0 / 16_777_216.0)
    }

    pub(super) fn constant(shape: Shape, dtype: DType, value: f64) -> Self {
        let word = match dtype {
            DType::F32 => (value as f32).to_bits(),
            DType::I32 => value as i32 as u32,
            DType::U32 => value as u32,
            DType::Bool => u32::from(value != 0.0),
        };
        Self::make(Op::Full(word), vec![], shape, dtype).expect("a constant fits any shape")
    }
}

/// Streams that no caller names.
const FOLD: u32 = u32::MAX;
const KEY: u32 = 0x6b65_7973;

fn check_key(op: &str, key: &Tensor) -> Result<()> {
    if key.dtype() == DType::U32 && key.shape()[..] == [2] {
        return Ok(());
    }
    Err(Error::argument(op, format!("the key is {}{}; expected u32[2] as Tensor::key gives", key.dtype(), key.shape())))
}
