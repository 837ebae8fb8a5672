//! Two samples in one. Labels become probabilities, which the cross-entropy takes as they are.

use super::{Batch, Draw, Transform, cutout::rectangle, images, labels::soft, per_sample};
use crate::{Error, Result};
use gradbook_core::{DType, Tensor};

/// lam·sample + (1 − lam)·the sample that the permutation (i32 \[N\]) names, and labels (f32) alike; lam f32 \[N\], or without axes.
/// Source: Zhang et al. 2018.
pub fn mixup(x: &Tensor, labels: &Tensor, permutation: &Tensor, lam: &Tensor) -> Result<(Tensor, Tensor)> {
    Ok((mixed(x, permutation, lam)?, mixed(labels, permutation, lam)?))
}

/// Images with a rectangle, from \[row, column\] up to another (i32 \[N\], or without axes), of the sample that the permutation names, and
/// labels mixed by area; also the share that stays. Source: Yun et al. 2019.
pub fn cutmix(
    x: &Tensor,
    labels: &Tensor,
    permutation: &Tensor,
    from: [&Tensor; 2],
    to: [&Tensor; 2],
) -> Result<(Tensor, Tensor, Tensor)> {
    let lam = kept(x, from, to)?;
    Ok((pasted(x, permutation, from, to)?, mixed(labels, permutation, &lam)?, lam))
}

/// Images with a rectangle of others.
fn pasted(x: &Tensor, permutation: &Tensor, from: [&Tensor; 2], to: [&Tensor; 2]) -> Result<Tensor> {
    Ok(rectangle(x, from, to)?.where_(&x.rows("cutmix", permutation)?, x)?)
}

/// The share of an image that lies outside of a rectangle.
fn kept(x: &Tensor, from: [&Tensor; 2], to: [&Tensor; 2]) -> Result<Tensor> {
    let [_, _, h, w] = images("cutmix", x)?;
    let side = |axis: usize| to[axis].sub(from[axis])?.to_f32();
    Ok(side(0)?.mul(&side(1)?)?.div_scalar((h * w) as f64)?.scalar_sub(1)?)
}

fn mixed(x: &Tensor, permutation: &Tensor, lam: &Tensor) -> Result<Tensor> {
    let other = x.rows("mixup", permutation)?;
    Ok(x.sub(&other)?.mul(&per_sample(lam, x)?)?.add(&other)?)
}

/// Each sample with another one shining through.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Mixup {
    /// Shares are drawn from Beta(alpha, alpha): small ones leave most samples nearly whole.
    pub alpha: f64,
}

impl Default for Mixup {
    fn default() -> Self {
        Self { alpha: 0.2 }
    }
}

impl Transform for Mixup {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        let lam = beta("mixup", self.alpha, draw)?;
        let permutation = draw.permutation()?;
        let masks = batch.masks.as_ref().map(|masks| match masks.dtype() {
            DType::F32 => mixed(masks, &permutation, &lam),
            _ => Err(Error::argument("mixup", "masks are classes, of which there is no mixture; cutmix takes them")),
        });
        let labels = soft("mixup", &batch)?.map(|labels| mixed(&labels, &permutation, &lam)).transpose()?;
        Ok(Batch { x: mixed(&batch.x, &permutation, &lam)?, labels, masks: masks.transpose()?, ..batch })
    }
}

/// A rectangle of another sample in each.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Cutmix {
    /// Areas that stay are drawn from Beta(alpha, alpha); 1 is evenly.
    pub alpha: f64,
}

impl Default for Cutmix {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

impl Transform for Cutmix {
    fn apply(&self, batch: Batch, draw: &mut Draw) -> Result<Batch> {
        let [_, _, h, w] = batch.images("cutmix")?;
        let share = beta("cutmix", self.alpha, draw)?.scalar_sub(1)?.sqrt()?;
        // The middle lies anywhere; what would reach over the border is cut.
        let mut side = |n: usize| -> Result<[Tensor; 2]> {
            let (middle, half) = (draw.below(n)?, share.mul_scalar(n as f64 / 2.0)?.to_i32()?);
            Ok([middle.sub(&half)?.maximum_scalar(0)?, middle.add(&half)?.minimum_scalar(n as f64)?])
        };
        let ([top, bottom], [left, right]) = (side(h)?, side(w)?);
        let (permutation, from, to) = (draw.permutation()?, [&top, &left], [&bottom, &right]);
        let masks = batch.changed_masks(|masks| pasted(masks, &permutation, from, to))?;
        let share = kept(&batch.x, from, to)?;
        let labels = soft("cutmix", &batch)?.map(|labels| mixed(&labels, &permutation, &share)).transpose()?;
        Batch { labels, masks, ..batch }.with_x(|x| pasted(x, &permutation, from, to))
    }
}

/// Numbers from Beta(alpha, alpha), \[N\]: a table of quantiles, read at even random places.
fn beta(what: &str, alpha: f64, draw: &mut Draw) -> Result<Tensor> {
    if !(0.01..=100.0).contains(&alpha) {
        return Err(Error::argument(what, format!("alpha is {alpha}; expected 0.01 to 100")));
    }
    let table = quantiles(alpha);
    let place = draw.uniform(0.0, (QUANTILES - 1) as f32)?;
    let (low, share) = (place.floor()?, place.sub(&place.floor()?)?);
    let table = Tensor::f32(&[QUANTILES], &table)?;
    let [a, b] = [
        table.take(&low.to_i32()?)?,
        table.take(&low.add_scalar(1)?.minimum_scalar((QUANTILES - 1) as f64)?.to_i32()?)?,
    ];
    Ok(a.add(&b.sub(&a)?.mul(&share)?)?)
}

const QUANTILES: usize = 257;

/// Quantiles of Beta(a, a) at 0, 1/256 … 1. By symmetry only the lower half is integrated, over u = x^a, in which the density
/// (1 − x)^(a − 1) has no pole.
fn quantiles(a: f64) -> Vec<f32> {
    const STEPS: usize = 4096;
    let top = 0.5f64.powf(a);
    let at = |i: usize| top * i as f64 / STEPS as f64;
    let density = |u: f64| (1.0 - u.powf(1.0 / a)).powf(a - 1.0);
    let mut sums = vec![0.0; STEPS + 1];
    for i in 1..=STEPS {
        sums[i] = sums[i - 1] + (density(at(i - 1)) + density(at(i))) / 2.0;
    }
    let half = |p: f64| {
        let wanted = p * 2.0 * sums[STEPS];
        let i = sums.partition_point(|&sum| sum < wanted).clamp(1, STEPS);
        let share = (wanted - sums[i - 1]) / (sums[i] - sums[i - 1]);
        (at(i - 1) + (at(i) - at(i - 1)) * share).powf(1.0 / a)
    };
    let last = QUANTILES - 1;
    (0..QUANTILES)
        .map(|i| if 2 * i <= last { half(i as f64 / last as f64) } else { 1.0 - half((last - i) as f64 / last as f64) } as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::quantiles;

    /// Mean 1/2 and variance 1/(4(2a + 1)), and the two distributions that have a closed form.
    #[test]
    fn quantiles_are_those_of_the_beta_distribution() {
        for a in [0.2, 0.5, 1.0, 4.0] {
            let q = quantiles(a);
            // The trapezoid over quantiles is the mean of the variable.
            let mean = |f: &dyn Fn(f64) -> f64| {
                q.windows(2).map(|w| (f(w[0].into()) + f(w[1].into())) / 2.0).sum::<f64>() / 256.0
            };
            assert!((mean(&|x| x) - 0.5).abs() < 1e-6);
            let variance = mean(&|x| (x - 0.5) * (x - 0.5));
            assert!((variance * 4.0 * (2.0 * a + 1.0) - 1.0).abs() < 0.01, "{a}: {variance}");
        }
        assert!(quantiles(1.0).iter().enumerate().all(|(i, &x)| (f64::from(x) - i as f64 / 256.0).abs() < 1e-6));
        // The arcsine distribution: sin²(πp/2).
        let arcsine = |i: usize| (std::f64::consts::FRAC_PI_2 * i as f64 / 256.0).sin().powi(2);
        assert!(quantiles(0.5).iter().enumerate().all(|(i, &x)| (f64::from(x) - arcsine(i)).abs() < 1e-4));
    }
}
