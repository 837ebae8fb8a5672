//! Few tones.

use super::{Batch, Draw, Transform, choose, within};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// Values 0 … 1 as bytes of which only the first `bits` bits are kept. As torchvision's `posterize` on bytes.
///
/// Errors: other than 1 to 8 bits.
pub fn posterize(x: &Tensor, bits: u32) -> Result<Tensor> {
    if !(1..=8).contains(&bits) {
        return Err(Error::argument("posterize", format!("bits is {bits}; expected 1 to 8")));
    }
    let step = f64::from(1_u32 << (8 - bits));
    Ok(x.mul_scalar(255.0)?.round()?.div_scalar(step)?.floor()?.mul_scalar(step / 255.0)?)
}

/// A share of the samples with few tones.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Posterize {
    /// The share of samples.
    pub p: f32,
    /// How many bits of a byte are kept.
    pub bits: u32,
}

impl Default for Posterize {
    fn default() -> Self {
        Self { p: 0.5, bits: 4 }
    }
}

impl Transform for Posterize {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        within("posterize", "p", self.p, 0.0, 1.0)?;
        let chosen = draw.chance(self.p)?;
        batch.with_x(|x| choose(&chosen, &posterize(x, self.bits)?, x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::{LocalRunner, Runner, device::interp::Interp};

    /// Bytes and what is left of them: all values of a byte, against the mask of its first bits.
    #[test]
    fn the_first_bits_of_every_byte_are_kept() {
        let bytes: Vec<f32> = (0..256).map(|byte| byte as f32 / 255.0).collect();
        let runner = LocalRunner::native(Interp::new());
        for bits in 1..=8 {
            let tones = posterize(&Tensor::f32(&[256], &bytes).unwrap(), bits).unwrap();
            pollster::block_on(runner.evaluate(std::slice::from_ref(&tones))).unwrap();
            let tones = pollster::block_on(runner.read(&tones)).unwrap().as_f32().to_vec();
            let mask = 0xff_u8 << (8 - bits);
            for (byte, tone) in (0..=255_u8).zip(tones) {
                assert!((tone * 255.0 - f32::from(byte & mask)).abs() < 1e-3, "{bits} bits of {byte}: {tone}");
            }
        }
    }
}
