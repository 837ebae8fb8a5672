//! Steps that the reader wrote: traced functions, the variables that they change and optimisers within them.

use super::promise::promise;
use crate::api::list::TensorList;
use crate::api::model::Model;
use crate::api::session::{Session, now};
use crate::api::tensor::Tensor;
use crate::error::{Result, Thrown};
use crate::js::object;
use crate::options::read_kind;
use gradbook_core as core;
use gradbook_learn::layers::{Param, Params, Role};
use gradbook_learn::optim::{Clip, Memory, Optimiser};
use gradbook_learn::train::{self, Argument};
use js_sys::{Array, Float64Array, Function, Promise};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::convert::TryFromJsValue;
use wasm_bindgen::prelude::*;

/// Random numbers of the steps that are traced from one function.
#[wasm_bindgen]
pub struct Draws(train::Draws);

#[wasm_bindgen]
impl Draws {
    /// From a seed.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u32) -> Self {
        Self(train::Draws::new(seed))
    }
}

/// A traced function.
#[wasm_bindgen]
pub struct Step(Rc<train::Step>);

#[wasm_bindgen]
impl Step {
    /// Calls a function once with stand-ins for arguments like these; it gives a list of outputs.
    pub fn trace(draws: &Draws, arguments: &TensorList, function: Function) -> Result<Self> {
        let arguments: Vec<Argument> = arguments.tensors().iter().map(Argument::of).collect();
        let step = train::Step::trace(&draws.0, &arguments, |given| {
            let outputs = function.call1(&JsValue::UNDEFINED, &TensorList::from(given.to_vec()).into())?;
            let outputs = TensorList::try_from_js_value(outputs);
            Ok::<_, Thrown>(outputs.map_err(|_| Thrown::argument("the function gave no list"))?.tensors())
        })?;
        Ok(Self(Rc::new(step)))
    }

    /// Sends one call ahead.
    pub fn call(&self, session: &Session, arguments: &TensorList) -> Result<TensorList> {
        let (runner, arguments) = (session.runner(), arguments.tensors());
        Ok(now(self.0.call(&runner, &arguments))??.into())
    }
}

#[wasm_bindgen]
impl Step {
    /// What a call does and, if it is to be timed, how long its steps take. A promise of `{ kernels, numbers }`: the device, then
    /// what each step computes; the numbers of the whole, then those of each step, in the order of `web/api/plan.ts`.
    pub fn profile(&self, session: &Session, arguments: &TensorList, timed: bool) -> Promise {
        let (step, runner, arguments) = (self.0.clone(), session.runner(), arguments.tensors());
        promise(async move {
            let profile = step.costs(&runner, timed.then_some(&arguments[..])).await?;
            let kernels = Array::of1(&profile.device.as_str().into());
            let mut numbers = profile.numbers().to_vec();
            for step in &profile.steps {
                kernels.push(&step.kernel.as_str().into());
                numbers.extend(step.numbers());
            }
            let numbers = Float64Array::from(&numbers[..]);
            Ok(object(&[("kernels", kernels.into()), ("numbers", numbers.into())]).into())
        })
    }
}

/// A text that is the same for all lists of arguments that one step takes.
#[wasm_bindgen]
pub fn signature(arguments: &TensorList) -> String {
    arguments.tensors().iter().map(|tensor| format!("{}; ", Argument::of(tensor))).collect()
}

/// A value that steps and the caller change.
#[wasm_bindgen]
pub struct Variable(pub(crate) Param);

#[wasm_bindgen]
impl Variable {
    /// With a first value.
    #[wasm_bindgen(constructor)]
    pub fn new(value: &Tensor) -> Self {
        Self(Param::weight(value.0.clone()))
    }

    /// The present value.
    #[wasm_bindgen(getter)]
    pub fn value(&self) -> Tensor {
        Tensor(self.0.value())
    }

    /// Another value of the same shape and type.
    pub fn assign(&self, value: &Tensor) -> Result<()> {
        let (old, new) = (self.0.value(), &value.0);
        if old.shape() != new.shape() || old.dtype() != new.dtype() {
            let shown = |t: &core::Tensor| format!("{}{}", t.dtype(), t.shape());
            let message = format!("assign: a variable of {} cannot become {}", shown(&old), shown(new));
            return Err(Thrown::Named { name: "ShapeError", message });
        }
        self.0.replace(new.clone());
        Ok(())
    }
}

/// Variables in a row.
#[wasm_bindgen]
#[derive(Default)]
pub struct Variables(RefCell<Vec<Param>>);

#[wasm_bindgen]
impl Variables {
    /// None, so far.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a model learns, as far as it is drawn.
    pub fn of(model: &Model) -> Self {
        let params = Params::of(&*model.0);
        Self(RefCell::new(params.handles().filter(|param| param.role() == Role::Weight).cloned().collect()))
    }

    /// Adds one at the end.
    pub fn push(&self, variable: &Variable) {
        self.0.borrow_mut().push(variable.0.clone());
    }

    /// How many there are.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.0.borrow().len()
    }

    /// The one at an index.
    pub fn at(&self, index: usize) -> Option<Variable> {
        self.0.borrow().get(index).cloned().map(Variable)
    }
}

/// An optimiser and what it remembers of the parameters that it was given in steps.
#[wasm_bindgen]
pub struct Optimizer {
    rule: Optimiser,
    memory: Memory,
}

#[wasm_bindgen]
impl Optimizer {
    /// By its kind and options.
    #[wasm_bindgen(constructor)]
    pub fn new(kind: &str, options: JsValue) -> Result<Self> {
        Ok(Self { rule: read_kind(kind, &options)?, memory: Memory::new() })
    }

    /// The usual learning rate.
    #[wasm_bindgen(getter)]
    pub fn lr(&self) -> f64 {
        self.rule.default_lr()
    }

    /// A step down the gradient of a loss. Gives all values that changed.
    pub fn minimize(
        &self,
        loss: &Tensor,
        params: &Variables,
        lr: &Tensor,
        norm: Option<f32>,
        value: Option<f32>,
    ) -> Result<TensorList> {
        let clip = Clip { norm, value };
        Ok(self.memory.minimise(&self.rule, &lr.0, clip, &loss.0, &params.0.borrow())?.into())
    }

    /// A step with these gradients. Gives all values that changed.
    pub fn apply(
        &self,
        grads: &TensorList,
        params: &Variables,
        lr: &Tensor,
        norm: Option<f32>,
        value: Option<f32>,
    ) -> Result<TensorList> {
        let clip = Clip { norm, value };
        Ok(self.memory.apply(&self.rule, &lr.0, clip, &grads.tensors(), &params.0.borrow())?.into())
    }
}
