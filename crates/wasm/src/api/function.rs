//! JavaScript functions as layers and losses, and the exceptions that they throw.

use crate::api::list::TensorList;
use crate::api::tensor::Tensor;
use crate::error::Result;
use gradbook_core as core;
use gradbook_learn::Error;
use gradbook_learn::layers::{Forward, Layer, Param};
use js_sys::{Array, Function};
use std::cell::RefCell;
use wasm_bindgen::convert::TryFromJsValue;
use wasm_bindgen::prelude::*;

/// A layer that is a function of its input and its parameters.
pub struct FunctionLayer {
    function: Function,
    params: Vec<(String, Param)>,
}

impl FunctionLayer {
    /// `function` gets a tensor and the list of parameters, and gives a tensor.
    pub fn new(function: Function, params: Vec<(String, core::Tensor)>) -> Self {
        let params = params.into_iter().map(|(name, value)| (name, Param::weight(value))).collect();
        Self { function, params }
    }
}

impl Layer for FunctionLayer {
    fn kind(&self) -> &str {
        "function"
    }

    fn forward(&self, x: &core::Tensor, _: &mut Forward) -> gradbook_learn::Result<core::Tensor> {
        let params: Vec<core::Tensor> = self.params.iter().map(|(_, param)| param.value()).collect();
        let (x, params) = (Tensor(x.clone()).into(), TensorList::from(params).into());
        Ok(call::<Tensor>(&self.function, "the model", "a tensor", x, params)?.0)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        self.params.iter().for_each(|(name, param)| visitor(name, param));
    }
}

/// Calls a function of two arguments that gives something of its own, `kind` in messages. What it throws is kept for [`thrown`].
pub fn call<T: TryFromJsValue>(
    function: &Function,
    what: &str,
    kind: &str,
    a: JsValue,
    b: JsValue,
) -> gradbook_learn::Result<T> {
    let result = function.call2(&JsValue::UNDEFINED, &a, &b).map_err(|exception| keep(what, exception))?;
    T::try_from_js_value(result).map_err(|_| Error::Argument {
        what: what.into(),
        message: format!("the function gave something that is not {kind}"),
    })
}

thread_local!(static KEPT: RefCell<Option<(String, JsValue)>> = const { RefCell::new(None) });

/// An error that stands for an exception.
fn keep(what: &str, exception: JsValue) -> Error {
    let text = js_sys::Object::from(exception.clone()).to_string();
    let message = format!("the function failed: {}", String::from(text));
    KEPT.with(|kept| *kept.borrow_mut() = Some((message.clone(), exception)));
    Error::Argument { what: what.into(), message }
}

/// The exception that an error stands for, so that the caller sees its own error with its own trace.
pub fn thrown(message: &str) -> Option<JsValue> {
    KEPT.with(|kept| {
        kept.borrow_mut().take_if(|(kept, _)| message.contains(kept.as_str())).map(|(_, exception)| exception)
    })
}

/// `[name, tensor]` pairs from two arrays that belong together.
pub fn named(names: Array, tensors: &TensorList) -> Result<Vec<(String, core::Tensor)>> {
    Ok(names.iter().filter_map(|name| name.as_string()).zip(tensors.tensors()).collect())
}
