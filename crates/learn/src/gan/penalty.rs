//! Penalties on a critic's slope. They are gradients of gradients: the critic's weights learn through both walks.

use crate::{Error, Result};
use gradbook_core::{DType, Tensor};

/// A critic: scores for a batch, one or more numbers a sample. Samples must not influence each other's scores, so no batch
/// normalisation.
pub type Critic<'a> = dyn Fn(&Tensor) -> Result<Tensor> + 'a;

/// A penalty and what it is made of.
#[derive(Clone, Debug)]
pub struct GradientPenalty {
    /// What is added to the critic's loss, without axes.
    pub penalty: Tensor,
    /// The length of the slope at each sample, \[N\].
    pub norms: Tensor,
}

/// λ·mean (‖∇D(x̂)‖ − 1)² at points x̂ = α·real + (1 − α)·fake between real and fake samples \[N, …\], where `alpha` (f32 \[N\]) is
/// drawn uniformly from 0 to 1 and the length is taken over all entries of a sample.
///
/// Errors: samples of different shapes; an alpha of another shape; a critic that does not see its input.
/// Source: Gulrajani et al. 2017; course section 16.7.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::gan::gradient_penalty;
/// let (real, fake) = (Tensor::ones(&[2, 3])?, Tensor::zeros(&[2, 3])?);
/// let alpha = Tensor::uniform(&Tensor::key(1), 0, &[2], 0.0, 1.0)?;
/// let slope = Tensor::f32(&[3, 1], &[2.0, 3.0, 6.0])?; // of length 7
/// let found = gradient_penalty(&|x| Ok(x.matmul(&slope)?), &real, &fake, &alpha, 10.0)?; // 10·(7 − 1)²
/// assert_eq!((found.penalty.shape().rank(), &found.norms.shape()[..]), (0, &[2][..]));
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn gradient_penalty(
    critic: &Critic<'_>,
    real: &Tensor,
    fake: &Tensor,
    alpha: &Tensor,
    lambda: f32,
) -> Result<GradientPenalty> {
    const NAME: &str = "gradient_penalty";
    if real.shape() != fake.shape() {
        let message =
            format!("real samples of shape {}, fake of {}; expected equal shapes", real.shape(), fake.shape());
        return Err(Error::argument(NAME, message));
    }
    let n = samples(NAME, real)?;
    if alpha.shape()[..] != [n] || alpha.dtype() != DType::F32 {
        let message =
            format!("alpha is {}{}; expected a number for each sample, f32[{n}]", alpha.dtype(), alpha.shape());
        return Err(Error::argument(NAME, message));
    }
    let mut each = vec![1; real.shape().rank()];
    each[0] = n as isize;
    let between = fake.add(&alpha.reshape(&each)?.mul(&real.sub(fake)?)?)?;
    let norms = squared_slopes(critic, &between)?.sqrt()?;
    let penalty = norms.sub_scalar(1)?.square()?.mean_all()?.mul_scalar(lambda)?;
    Ok(GradientPenalty { penalty, norms })
}

/// γ/2·mean ‖∇D(x)‖² at real samples \[N, …\], without axes.
///
/// Errors: no batch axis; a critic that does not see its input. Source: Mescheder et al. 2018, eq 9.
pub fn r1_penalty(critic: &Critic<'_>, real: &Tensor, gamma: f32) -> Result<Tensor> {
    samples("r1_penalty", real)?;
    Ok(squared_slopes(critic, real)?.mean_all()?.mul_scalar(0.5 * gamma)?)
}

/// The same at fake samples; the generator does not learn from it. Source: Mescheder et al. 2018, eq 10.
pub fn r2_penalty(critic: &Critic<'_>, fake: &Tensor, gamma: f32) -> Result<Tensor> {
    samples("r2_penalty", fake)?;
    Ok(squared_slopes(critic, &fake.detach()?)?.mean_all()?.mul_scalar(0.5 * gamma)?)
}

/// ‖∇D‖² at each sample, \[N\].
fn squared_slopes(critic: &Critic<'_>, x: &Tensor) -> Result<Tensor> {
    let slope = critic(x)?.sum_all()?.grad(&[x])?.remove(0);
    Ok(slope.flatten(1, -1)?.square()?.sum(&[1], false)?)
}

/// The number of samples of a batch.
fn samples(name: &str, x: &Tensor) -> Result<usize> {
    match x.shape()[..] {
        [n, _, ..] if x.dtype() == DType::F32 => Ok(n),
        _ => Err(Error::argument(name, format!("samples are {}{}; expected f32[N, …]", x.dtype(), x.shape()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::{LocalRunner, Runner, device::interp::Interp};
    use pollster::block_on;

    fn read(tensor: &Tensor) -> Vec<f32> {
        thread_local!(static RUNNER: LocalRunner = LocalRunner::native(Interp::new()));
        RUNNER.with(|runner| block_on(runner.read(tensor)).unwrap().as_f32().to_vec())
    }

    #[test]
    fn a_linear_critic_has_its_slope_everywhere() {
        let slope = Tensor::f32(&[2, 1], &[3.0, 4.0]).unwrap();
        let critic = |x: &Tensor| Ok(x.matmul(&slope)?);
        let (real, fake) = (Tensor::ones(&[3, 2]).unwrap(), Tensor::zeros(&[3, 2]).unwrap());
        let alpha = Tensor::f32(&[3], &[0.0, 0.5, 1.0]).unwrap();
        let found = gradient_penalty(&critic, &real, &fake, &alpha, 10.0).unwrap();
        // The penalty's gradient for the slope w is 2λ(‖w‖ − 1)·w/‖w‖ = 2·10·4·(0.6, 0.8).
        let learned = found.penalty.grad(&[&slope]).unwrap().remove(0);
        let all =
            Tensor::concat(&[&found.norms, &found.penalty.reshape(&[1]).unwrap(), &learned.flatten(0, -1).unwrap()], 0);
        let expected = [5.0, 5.0, 5.0, 160.0, 48.0, 64.0];
        assert!(read(&all.unwrap()).iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-4));
    }

    #[test]
    fn the_slope_is_taken_between_real_and_fake() {
        // D(x) = Σx²/2 has the slope x.
        let critic = |x: &Tensor| Ok(x.square()?.mul_scalar(0.5)?.sum(&[1], false)?);
        let real = Tensor::f32(&[2, 1], &[8.0, 8.0]).unwrap();
        let fake = Tensor::f32(&[2, 1], &[4.0, 4.0]).unwrap();
        let alpha = Tensor::f32(&[2], &[1.0, 0.25]).unwrap();
        assert_eq!(read(&gradient_penalty(&critic, &real, &fake, &alpha, 1.0).unwrap().norms), [8.0, 5.0]);
        assert_eq!(read(&r1_penalty(&critic, &real, 2.0).unwrap()), [64.0]);
        let r2 = r2_penalty(&critic, &fake, 2.0).unwrap();
        assert_eq!(read(&r2), [16.0]);
    }

    #[test]
    fn mistakes_are_named() {
        let critic = |x: &Tensor| Ok(x.sum(&[1], false)?);
        let x = Tensor::ones(&[2, 3]).unwrap();
        let error = |real: &Tensor, alpha: &[usize]| {
            let alpha = Tensor::ones(alpha).unwrap();
            gradient_penalty(&critic, real, &x, &alpha, 1.0).unwrap_err().to_string()
        };
        assert!(error(&Tensor::ones(&[3, 2]).unwrap(), &[2]).contains("real samples of shape [3, 2], fake of [2, 3]"));
        assert!(error(&x, &[2, 1]).contains("alpha is f32[2, 1]; expected a number for each sample, f32[2]"));
        assert!(r1_penalty(&critic, &Tensor::ones(&[3]).unwrap(), 1.0).unwrap_err().to_string().contains("f32[N, …]"));
        assert!(r2_penalty(&|_| Ok(Tensor::scalar(1.0)), &x, 1.0).is_err(), "a critic that is blind");
    }
}
