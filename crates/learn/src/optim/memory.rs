//! What an optimiser remembers between steps that the caller makes: its counter and, parameter by parameter, its averages.

use super::{Clip, Now, Optimiser, update};
use crate::{
    Error, Result,
    layers::{Param, trace},
};
use gradbook_core::{DType, Tensor};
use rustc_hash::FxHashSet;
use std::cell::RefCell;

/// The state of an optimiser over any number of parameters, which it learns to know when it first changes them. In a
/// [`crate::train::Step`] the state is changed in place by each call, outside of one each step is a graph.
///
/// ```
/// use gradbook_core::{LocalRunner, Runner, Tensor, device::interp::Interp};
/// use gradbook_learn::{layers::Param, optim::{Clip, Memory, Optimiser, Sgd}};
/// let w = Param::weight(Tensor::scalar(3.0));
/// let (memory, sgd) = (Memory::new(), Optimiser::Sgd(Sgd::default()));
/// for _ in 0..2 {
///     let loss = w.value().square()?; // slope 2w: w becomes 0.8w
///     memory.minimise(&sgd, &Tensor::scalar(0.1), Clip::default(), &loss, &[w.clone()])?;
/// }
/// let runner = LocalRunner::native(Interp::new());
/// let value = pollster::block_on(runner.read(&w.value()))?.as_f32()[0];
/// assert!((value - 3.0 * 0.64).abs() < 1e-6);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Debug)]
pub struct Memory {
    /// Steps made, i32 without axes.
    step: Param,
    slots: RefCell<Vec<(Param, Vec<Param>)>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Nothing to remember yet.
    pub fn new() -> Self {
        let zero = Tensor::i32(&[], &[0]).expect("one element");
        Self { step: Param::buffer(zero), slots: RefCell::default() }
    }

    /// One step down the gradient of a loss (one element); parameters that it does not depend on stay as they are. Returns
    /// all values that changed.
    ///
    /// Errors: the loss depends on none of the parameters; what [`Self::apply`] refuses.
    pub fn minimise(
        &self,
        optimiser: &Optimiser,
        lr: &Tensor,
        clip: Clip,
        loss: &Tensor,
        params: &[Param],
    ) -> Result<Vec<Tensor>> {
        let fail = |message: &str| Err(Error::argument("minimize", message));
        if params.is_empty() {
            return fail("there are no parameters; a model has some after its first forward pass or build");
        }
        let reached: FxHashSet<u64> = Tensor::ancestors(std::slice::from_ref(loss)).iter().map(Tensor::id).collect();
        let depends = |param: &&Param| reached.contains(&param.value().id());
        let reachable: Vec<Param> = params.iter().filter(depends).cloned().collect();
        let is_old = |param: &Param| trace::input(param).is_some_and(|input| reached.contains(&input.id()));
        if params.iter().any(|param| !depends(&param) && is_old(param)) {
            return fail(
                "the loss was computed before its parameters changed; compute it after the step before, or give both losses' \
                 sum to one step",
            );
        }
        if reachable.is_empty() {
            return fail("the loss does not depend on any of the parameters as they are now");
        }
        let values: Vec<Tensor> = reachable.iter().map(Param::value).collect();
        let grads = loss.grad(&values.iter().collect::<Vec<_>>())?;
        self.apply(optimiser, lr, clip, &grads, &reachable)
    }

    /// One step with these gradients, one for each parameter and of its shape. `lr` is f32 without axes. Returns all values
    /// that changed.
    ///
    /// Errors: another number of gradients or other shapes; a learning rate that is not one number.
    pub fn apply(
        &self,
        optimiser: &Optimiser,
        lr: &Tensor,
        clip: Clip,
        grads: &[Tensor],
        params: &[Param],
    ) -> Result<Vec<Tensor>> {
        let fail = |message: String| Err(Error::argument("optimizer", message));
        if lr.shape().rank() != 0 || lr.dtype() != DType::F32 {
            return fail(format!("lr is {}{}; expected one f32 without axes", lr.dtype(), lr.shape()));
        }
        if grads.len() != params.len() {
            return fail(format!("{} gradients for {} parameters", grads.len(), params.len()));
        }
        for (i, (grad, param)) in grads.iter().zip(params).enumerate() {
            if *grad.shape() != param.shape() {
                return fail(format!("gradient {i} has shape {}, its parameter {}", grad.shape(), param.shape()));
            }
        }
        let grads = clip.apply(grads.to_vec())?;
        let rule = optimiser.rule();
        let step = self.step.value();
        let now = Now::new(lr.clone(), step.to_f32()?.add_scalar(1)?, &grads)?;
        let slots = params.iter().map(|param| self.slots(optimiser, param)).collect::<Result<Vec<_>>>()?;
        let values: Vec<Tensor> = params.iter().map(Param::value).collect();
        let state: Vec<Vec<Tensor>> = slots.iter().map(|slots| slots.iter().map(Param::value).collect()).collect();
        let (stepped, remembered) = update(rule, &now, &values, &grads, &state)?;
        let mut changed = vec![step.add_scalar(1)?];
        self.step.replace(changed[0].clone());
        let slots = slots.iter().flatten().zip(remembered.into_iter().flatten());
        for (param, value) in params.iter().zip(stepped).chain(slots) {
            param.replace(value.clone());
            changed.push(value);
        }
        Ok(changed)
    }

    /// What is remembered of a parameter.
    fn slots(&self, optimiser: &Optimiser, param: &Param) -> Result<Vec<Param>> {
        let known = self.slots.borrow().iter().find(|(other, _)| other.same(param)).map(|(_, slots)| slots.clone());
        if let Some(known) = known {
            return Ok(known);
        }
        let state = optimiser.rule().state(&param.stored())?;
        let slots: Vec<Param> = state.into_iter().map(Param::buffer).collect();
        self.slots.borrow_mut().push((param.clone(), slots.clone()));
        Ok(slots)
    }
}
