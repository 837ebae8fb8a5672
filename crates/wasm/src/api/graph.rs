//! The graph behind tensors, to be looked at: its nodes, and the gradient rule of each.

use crate::api::list::TensorList;
use crate::api::tensor::Tensor;
use crate::error::Result;
use crate::js::object;
use gradbook_core::DType;
use gradbook_core::ir::{self, Op};
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

/// The nodes on which tensors depend, themselves included, inputs first: `[{ id, op, inputs: [id], value, tensor }]`. The value is that of a
/// constant. Nothing is computed.
#[wasm_bindgen]
pub fn nodes(outputs: &TensorList) -> Array {
    gradbook_core::Tensor::ancestors(&outputs.tensors()).iter().map(node).collect()
}

fn node(node: &gradbook_core::Tensor) -> Object {
    let number = |id: u64| JsValue::from_f64(id as f64);
    let value = match (&*node.op(), node.dtype()) {
        (Op::Full(word), DType::F32) => f64::from(f32::from_bits(*word)).into(),
        (Op::Full(word), DType::U32) => f64::from(*word).into(),
        (Op::Full(word), _) => f64::from(*word as i32).into(),
        _ => JsValue::UNDEFINED,
    };
    let (op, inputs) = (node.op().name(), node.inputs().iter().map(|input| number(input.id())).collect::<Array>());
    let id = number(node.id());
    let tensor = Tensor(node.clone()).into();
    object(&[("id", id), ("op", op.into()), ("inputs", inputs.into()), ("value", value), ("tensor", tensor)])
}

/// What a node hands on to each of its inputs when this gradient arrives at it, by the rule of its op; undefined where there is no derivative.
#[wasm_bindgen]
pub fn vjp(node: &Tensor, gradient: &Tensor) -> Result<Array> {
    let gradients = ir::vjp(&node.0, &gradient.0)?;
    Ok(gradients
        .into_iter()
        .map(|gradient| gradient.map_or(JsValue::UNDEFINED, |found| Tensor(found).into()))
        .collect())
}

#[wasm_bindgen]
impl Tensor {
    /// The number of its node: see [`nodes`].
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> f64 {
        self.0.id() as f64
    }
}
