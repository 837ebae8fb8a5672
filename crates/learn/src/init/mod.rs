//! First values of parameters, drawn from counter-based random numbers: the same on every device for a seed and a place in the model.

mod orthogonal;
mod scaled;

pub use orthogonal::{orthogonal, orthogonal_from_gaussian, trunc_normal};
pub use scaled::{Fan, fan, gain, he_normal, he_uniform, xavier_course, xavier_normal, xavier_uniform};

use crate::{Error, Result};
use gradbook_core::Tensor;

/// Draws the parameters of a model one after the other.
#[derive(Clone, Debug)]
pub struct Init {
    seed: u32,
    drawn: u32,
}

/// How the weights of a layer start; biases start at 0.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Scheme {
    /// See [`he_normal`], for layers that ReLU follows.
    #[default]
    HeNormal,
    /// See [`he_uniform`].
    HeUniform,
    /// See [`xavier_normal`].
    XavierNormal,
    /// See [`xavier_uniform`].
    XavierUniform,
    /// See [`xavier_course`].
    XavierCourse,
    /// See [`orthogonal`].
    Orthogonal,
    /// Normal with standard deviation 0.02, cut at two of them; see [`trunc_normal`].
    TruncNormal,
    /// Normal with this standard deviation, whatever the layer's size: shows why it matters.
    Normal {
        /// The deviation.
        std: f32,
    },
    /// All 0: shows why weights must differ.
    Zeros,
}

impl Init {
    /// Begins with the first parameter.
    pub fn new(seed: u32) -> Self {
        Self { seed, drawn: 0 }
    }

    /// The next parameter, normal with a standard deviation.
    pub fn normal(&mut self, shape: &[usize], std: f32) -> Result<Tensor> {
        self.drawn += 1;
        Ok(Tensor::normal(&Tensor::key(self.seed.into()), self.drawn - 1, shape, 0.0, std)?)
    }

    /// The next weight, `[out, in]` or `[out, in/groups, kh, kw]`.
    ///
    /// ```
    /// use gradbook_learn::init::{Init, Scheme};
    /// let weight = Init::new(42).weight(Scheme::HeNormal, &[16, 1, 3, 3])?;
    /// assert_eq!(weight.shape()[..], [16, 1, 3, 3]);
    /// # Ok::<(), gradbook_learn::Error>(())
    /// ```
    pub fn weight(&mut self, scheme: Scheme, shape: &[usize]) -> Result<Tensor> {
        let stream = self.drawn;
        self.drawn += 1;
        let key = Tensor::key(self.seed.into());
        match scheme {
            Scheme::HeNormal => he_normal(&key, stream, shape, 0.0, Fan::In),
            Scheme::HeUniform => he_uniform(&key, stream, shape, 0.0, Fan::In),
            Scheme::XavierNormal => xavier_normal(&key, stream, shape, 1.0),
            Scheme::XavierUniform => xavier_uniform(&key, stream, shape, 1.0),
            Scheme::XavierCourse => xavier_course(&key, stream, shape),
            Scheme::Orthogonal => orthogonal(self.seed, stream, shape, 1.0),
            Scheme::TruncNormal => trunc_normal(self.seed, stream, shape, 0.02),
            Scheme::Normal { std } if std.is_finite() && std > 0.0 => {
                Ok(Tensor::normal(&key, stream, shape, 0.0, std)?)
            }
            Scheme::Normal { std } => {
                Err(Error::argument("init", format!("std is {std}; expected a standard deviation above 0")))
            }
            Scheme::Zeros => Ok(Tensor::zeros(shape)?),
        }
    }
}
