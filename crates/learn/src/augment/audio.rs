//! Sound, played in another way: signals \[N, C, L\] (course section 5.2).

use super::{Batch, Draw, Transform, per_sample, within};
use crate::{Error, Result};
use gradbook_core::Tensor;

/// Signals \[…, L\] played `speed` times as fast, linear between samples: entries at i·speed. Pitch and length change.
pub fn speed(x: &Tensor, speed: f32) -> Result<Tensor> {
    let Some(&n) = x.shape().last().filter(|&&n| n > 0 && speed > 0.0) else {
        return Err(Error::argument(
            "speed",
            format!("x has shape {}, speed is {speed}; expected both above 0", x.shape()),
        ));
    };
    let last = (n - 1) as f64;
    let count = (last / f64::from(speed)) as usize + 1;
    // On the host, where positions are exact.
    let places: Vec<f64> = (0..count).map(|i| i as f64 * f64::from(speed)).collect();
    let index = |at: &dyn Fn(f64) -> f64| {
        Tensor::i32(&[count], &places.iter().map(|&p| at(p).min(last) as i32).collect::<Vec<_>>())
    };
    let share = Tensor::f32(&[count], &places.iter().map(|p| (p - p.floor()) as f32).collect::<Vec<_>>())?;
    let a = x.index_select(-1, &index(&f64::floor)?)?;
    let b = x.index_select(-1, &index(&|p| p.floor() + 1.0)?)?;
    Ok(a.add(&b.sub(&a)?.mul(&share)?)?)
}

/// Signals times 10^(db/20); decibels f32 \[N\], or without axes.
pub fn gain(x: &Tensor, db: &Tensor) -> Result<Tensor> {
    let factor = db.mul_scalar(std::f64::consts::LN_10 / 20.0)?.exp()?;
    Ok(x.mul(&per_sample(&factor, x)?)?)
}

/// Signals \[N, C, L\] at `ratio` times the pitch (f32 \[N\]), as fast as before: two readers run through windows of `window` samples at
/// that speed, half a window apart, and each is loudest in the middle of its own.
pub fn pitch_shift(x: &Tensor, ratio: &Tensor, window: usize) -> Result<Tensor> {
    let [_, _, n] = signals("pitchShift", x)?;
    if window < 2 {
        return Err(Error::argument("pitchShift", format!("window is {window}; expected at least 2 samples")));
    }
    let time = Tensor::arange(n)?.to_f32()?.unsqueeze(0)?;
    let drift = time.mul(&ratio.sub_scalar(1)?.unsqueeze(1)?)?;
    let reader = |offset: f64| -> Result<(Tensor, Tensor)> {
        // How far the reader is ahead of the window's start, 0 … window.
        let ahead = drift.add_scalar(offset)?.rem_scalar(window as f64)?;
        let weight = ahead.mul_scalar(std::f64::consts::PI / window as f64)?.sin()?.square()?;
        Ok((read(x, &time.add(&ahead)?.sub_scalar(window as f64 / 2.0)?)?, weight.unsqueeze(1)?))
    };
    let ((a, first), (b, second)) = (reader(0.0)?, reader(window as f64 / 2.0)?);
    Ok(a.mul(&first)?.add(&b.mul(&second)?)?)
}

/// Signals \[N, C, L\] at positions (f32 \[N, L'\]), linear between samples; 0 outside.
fn read(x: &Tensor, place: &Tensor) -> Result<Tensor> {
    let [n, c, length] = signals("signal", x)?;
    let rows = Tensor::arange(n * c)?.mul_scalar(length as f64)?.reshape(&[n as isize, c as isize, 1])?;
    let low = place.floor()?;
    let at = |place: &Tensor| {
        let inside = place.ge_scalar(0)?.logical_and(&place.lt_scalar(length as f64)?)?;
        let index = place.to_i32()?;
        let index = inside.where_(&index, &index.full_like((n * c * length) as f64))?;
        let out = index.shape()[1];
        x.take(&index.unsqueeze(1)?.add(&rows)?.broadcast_to(&[n, c, out])?)
    };
    let (a, b) = (at(&low)?, at(&low.add_scalar(1)?)?);
    Ok(a.add(&b.sub(&a)?.mul(&place.sub(&low)?.unsqueeze(1)?)?)?)
}

fn signals(what: &str, x: &Tensor) -> Result<[usize; 3]> {
    match x.shape()[..] {
        [n, c, l] => Ok([n, c, l]),
        _ => Err(Error::argument(what, format!("x has shape {}; expected signals [N, C, L]", x.shape()))),
    }
}

/// Each signal faster or slower, with its pitch; what is missing at the end is silent.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Speed {
    /// Speeds lie between 1 − by and 1 + by.
    pub by: f32,
}

impl Default for Speed {
    fn default() -> Self {
        Self { by: 0.1 }
    }
}

impl Transform for Speed {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        within("speed", "by", self.by, 0.0, 0.9)?;
        let [_, _, n] = signals("speed", &batch.x)?;
        let speed = draw.uniform(1.0 - self.by, 1.0 + self.by)?.unsqueeze(1)?;
        let place = Tensor::arange(n)?.to_f32()?.unsqueeze(0)?.mul(&speed)?;
        batch.with_x(|x| read(x, &place))
    }
}

/// Each signal higher or lower, as fast as before.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct PitchShift {
    /// The most to either side, in semitones.
    pub semitones: f32,
    /// Samples of a window: several waves of the lowest tone.
    pub window: usize,
}

impl Default for PitchShift {
    fn default() -> Self {
        Self { semitones: 2.0, window: 512 }
    }
}

impl Transform for PitchShift {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        within("pitchShift", "semitones", self.semitones, 0.0, 24.0)?;
        let semitones = draw.uniform(-self.semitones, self.semitones)?;
        let ratio = semitones.mul_scalar(std::f64::consts::LN_2 / 12.0)?.exp()?;
        batch.with_x(|x| pitch_shift(x, &ratio, self.window))
    }
}

/// Each signal louder or softer.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Gain {
    /// The most to either side, in decibels.
    pub db: f32,
}

impl Default for Gain {
    fn default() -> Self {
        Self { db: 6.0 }
    }
}

impl Transform for Gain {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        within("gain", "db", self.db, 0.0, 60.0)?;
        let db = draw.uniform(-self.db, self.db)?;
        batch.with_x(|x| gain(x, &db))
    }
}
