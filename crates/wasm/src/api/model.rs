//! Layers and models.

use crate::api::function::{FunctionLayer, named};
use crate::api::list::TensorList;
use crate::api::tensor::Tensor;
use crate::error::{Result, Thrown};
use crate::js::object;
use crate::options::{check_names, read, read_kind};
use gradbook_core as core;
use gradbook_learn::layers::{self, Activation, Forward, Layer, Param, Params};
use gradbook_learn::models::{self, Pretrained};
use gradbook_learn::train;
use js_sys::{Array, Function, Object};
use serde::Deserialize;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A function with parameters: a layer or a whole model.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Model(pub(crate) Rc<dyn Layer>, Option<Rc<Remembering>>);

/// A layer that knows for which input shape its parameters were drawn, so that they can be put into another one like it.
struct Remembering {
    layer: Rc<dyn Layer>,
    input: OnceCell<Vec<usize>>,
}

impl Layer for Remembering {
    fn kind(&self) -> &str {
        self.layer.kind()
    }

    fn forward(&self, x: &core::Tensor, ctx: &mut Forward) -> gradbook_learn::Result<core::Tensor> {
        let y = self.layer.forward(x, ctx)?;
        self.input.get_or_init(|| x.shape().to_vec());
        Ok(y)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        self.layer.visit(visitor);
    }
}

#[wasm_bindgen]
impl Model {
    /// A layer by its kind and options.
    pub fn layer(kind: &str, options: JsValue) -> Result<Self> {
        let known = Rc::new(Remembering { layer: layer(kind, &options)?, input: OnceCell::new() });
        Ok(Self(known.clone(), Some(known)))
    }

    /// A function of a tensor and a list of parameters.
    pub fn function(function: Function, names: Array, values: &TensorList) -> Result<Self> {
        Ok(Self(Rc::new(FunctionLayer::new(function, named(names, values)?)), None))
    }

    /// The same model under a handle of its own.
    #[wasm_bindgen(js_name = clone)]
    pub fn clone_handle(&self) -> Self {
        self.clone()
    }

    /// What it is, in one word.
    #[wasm_bindgen(getter)]
    pub fn kind(&self) -> String {
        self.0.kind().into()
    }

    /// Draws what is not drawn yet; returns the shape that comes out for this input shape.
    pub fn build(&self, input: Vec<usize>, seed: u32) -> Result<Vec<usize>> {
        Ok(layers::build(&*self.0, &input, seed)?.to_vec())
    }

    /// What it makes of x, without dropout and the like. Parameters that are not drawn yet are drawn from the seed.
    pub fn forward(&self, x: &Tensor, seed: u32) -> Result<Tensor> {
        let seed = train::traced_seed().unwrap_or(seed);
        Ok(Tensor(self.0.forward(&x.0, &mut Forward::evaluation().seeded(seed))?))
    }

    /// The same as training does it: dropout and the like are on, running statistics move.
    #[wasm_bindgen(js_name = forwardTraining)]
    pub fn forward_training(&self, x: &Tensor, seed: u32) -> Result<Tensor> {
        Ok(Tensor(train::forward(&*self.0, &x.0, seed)?))
    }

    /// The names of the parameters, in order.
    #[wasm_bindgen(js_name = parameterNames)]
    pub fn parameter_names(&self) -> Vec<String> {
        Params::of(&*self.0).0.into_iter().map(|(name, _)| name).collect()
    }

    /// Their values, in the same order.
    #[wasm_bindgen(js_name = parameterValues)]
    pub fn parameter_values(&self) -> TensorList {
        Params::of(&*self.0).values().into()
    }

    /// The input shape for which a layer's parameters were drawn; empty if they were not, or it is no single layer.
    #[wasm_bindgen(getter)]
    pub fn input(&self) -> Vec<usize> {
        self.1.as_ref().and_then(|known| known.input.get()).cloned().unwrap_or_default()
    }

    /// Gives a new layer the parameters of one like it, which were drawn for this input shape.
    pub fn restore(&self, input: Vec<usize>, values: &TensorList) -> Result<()> {
        layers::build(&*self.0, &input, 0)?;
        let (params, values) = (Params::of(&*self.0), values.tensors());
        let fit = params.handles().zip(&values).all(|(param, value)| param.shape() == *value.shape());
        if !fit || params.0.len() != values.len() {
            return Err(Thrown::argument(format!("{}: parameters of another layer", self.kind())));
        }
        params.set(&values);
        Ok(())
    }

    /// Gives the parameters the tensors of these names: see `Params::load`.
    pub fn load(&self, labels: Vec<String>, values: &TensorList) -> Result<()> {
        let named: Vec<_> = labels.into_iter().zip(values.tensors()).collect();
        Ok(Params::of(&*self.0).load(&named)?)
    }

    /// A pass, with parameters drawn from the seed if they are not yet: `{ output, layers: [{ path, kind, parameters, input, output }] }`, where
    /// inputs and outputs are tensors. Cut, what a layer makes no longer depends on what it was made of: see `Forward::cut`.
    pub fn record(&self, x: &Tensor, seed: u32, cut: bool) -> Result<Object> {
        let pass = Forward::evaluation().seeded(seed);
        let (output, records) = if cut { pass.cut() } else { pass }.record(&*self.0, &x.0)?;
        let layers = records.into_iter().map(|record| {
            object(&[
                ("path", record.path.into()),
                ("kind", record.kind.into()),
                ("parameters", (record.parameters as f64).into()),
                ("input", Tensor(record.input).into()),
                ("output", Tensor(record.output).into()),
            ])
        });
        let layers: Array = layers.collect();
        Ok(object(&[("output", Tensor(output).into()), ("layers", layers.into())]))
    }

    /// `{ layers: [{ path, kind, input, output, parameters, multiplyAdds, receptiveField, fieldStride, fieldStart }], parameters, multiplyAdds }`
    /// for this input shape.
    pub fn summary(&self, input: Vec<usize>) -> Result<Object> {
        let summary = layers::summary(&*self.0, &input)?;
        let rows = summary.layers.iter().map(|record| {
            let side = |of: fn(&layers::Field) -> f64| {
                record.receptive_field.map_or(JsValue::UNDEFINED, |field| numbers(field.iter().map(of)))
            };
            object(&[
                ("path", record.path.clone().into()),
                ("kind", record.kind.clone().into()),
                ("input", sizes(&record.input)),
                ("output", sizes(&record.output)),
                ("parameters", (record.parameters as f64).into()),
                ("multiplyAdds", (record.multiply_adds as f64).into()),
                ("receptiveField", side(|field| field.size as f64)),
                ("fieldStride", side(|field| field.stride as f64)),
                ("fieldStart", side(|field| field.start as f64)),
            ])
        });
        let rows: Array = rows.collect();
        Ok(object(&[
            ("layers", rows.into()),
            ("parameters", (summary.parameters as f64).into()),
            ("multiplyAdds", (summary.multiply_adds as f64).into()),
        ]))
    }
}

/// Layers on their way to become a block.
#[wasm_bindgen]
#[derive(Default)]
pub struct Layers(RefCell<Vec<Rc<dyn Layer>>>);

#[wasm_bindgen]
impl Layers {
    /// None, so far.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one at the end.
    pub fn push(&self, layer: &Model) {
        self.0.borrow_mut().push(layer.0.clone());
    }

    /// A block of them by its kind and options.
    pub fn block(&self, kind: &str, options: JsValue) -> Result<Model> {
        let parts = self.0.borrow().clone();
        let block: Rc<dyn Layer> = match kind {
            "residual" => {
                let mut parts = parts.into_iter();
                let body = parts.next().ok_or_else(|| Thrown::argument("residual: there is no body"))?;
                Rc::new(layers::Residual::of(body, parts.next()))
            }
            "parallel" => {
                let start = layers::Parallel::new(read::<Joined>(kind, &options)?.join);
                Rc::new(parts.into_iter().fold(start, layers::Parallel::then))
            }
            "denseBlock" => Rc::new(parts.into_iter().fold(layers::DenseBlock::new(), layers::DenseBlock::then)),
            "graph" => {
                let Nodes { inputs, nodes } = read(kind, &options)?;
                let mut graph = layers::Graph::inputs(inputs)?;
                for (layer, node) in parts.into_iter().zip(nodes) {
                    graph.push(&node.name, layer, node.inputs, node.join)?;
                }
                Rc::new(graph)
            }
            "sequential" => Rc::new(parts.into_iter().collect::<layers::Sequential>()),
            _ => return Err(Thrown::argument(format!("{kind} is no block of layers"))),
        };
        Ok(Model(block, None))
    }
}

/// Options of layers side by side.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Joined {
    join: layers::Join,
}

/// Whether a trained network has its last layer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Top {
    top: Option<bool>,
}

/// Options of layers that name their inputs.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Nodes {
    inputs: Vec<(String, Vec<usize>)>,
    nodes: Vec<Node>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Node {
    name: String,
    inputs: Vec<String>,
    join: layers::Join,
}

/// The layers by kind: one line each.
fn layer(kind: &str, options: &JsValue) -> Result<Rc<dyn Layer>> {
    Ok(match kind {
        "dense" => Rc::new(layers::Linear::with(read(kind, options)?)),
        "conv2d" => Rc::new(layers::Conv2d::with(read(kind, options)?)),
        "conv1d" => Rc::new(layers::Conv1d::with(read(kind, options)?)),
        "convTranspose2d" => Rc::new(layers::ConvTranspose2d::with(read(kind, options)?)),
        "separableConv2d" => Rc::new(layers::SeparableConv2d::with(read(kind, options)?)),
        "maxPool1d" => Rc::new(layers::MaxPool1d(read(kind, options)?)),
        "maxPool2d" => Rc::new(layers::MaxPool2d(read(kind, options)?)),
        "avgPool2d" => Rc::new(layers::AvgPool2d(read(kind, options)?)),
        "globalAvgPool" => Rc::new(plain(kind, options, layers::GlobalAvgPool)?),
        "globalMaxPool" => Rc::new(plain(kind, options, layers::GlobalMaxPool)?),
        "adaptiveAvgPool2d" => Rc::new(layers::AdaptivePool2d::Avg(read(kind, options)?)),
        "adaptiveMaxPool2d" => Rc::new(layers::AdaptivePool2d::Max(read(kind, options)?)),
        "resize" => Rc::new(layers::Resize(read(kind, options)?)),
        "reshape" => Rc::new(read::<layers::Reshape>(kind, options)?),
        "embedding" => Rc::new(layers::Embedding::with(read(kind, options)?)),
        "normalize" => Rc::new(read::<layers::Normalise>(kind, options)?),
        "flatten" => Rc::new(plain(kind, options, layers::Flatten)?),
        "dropout" => Rc::new(layers::Dropout(read(kind, options)?)),
        "dropout2d" => Rc::new(layers::Dropout2d(read(kind, options)?)),
        "batchNorm" => Rc::new(layers::BatchNorm::with(read(kind, options)?)),
        "layerNorm" => Rc::new(layers::LayerNorm::with(read(kind, options)?)),
        "groupNorm" | "instanceNorm" => Rc::new(layers::GroupNorm::with(read(kind, options)?)),
        "rmsNorm" => Rc::new(layers::RmsNorm::with(read(kind, options)?)),
        "squeezeExcite" => Rc::new(layers::SqueezeExcite::with(read(kind, options)?)),
        "prelu" => Rc::new(plain(kind, options, layers::Prelu::default())?),
        "mlp" => Rc::new(read::<models::Mlp>(kind, options)?.build()),
        "lenet" => Rc::new(read::<models::LeNet>(kind, options)?.build()),
        "resnet" => Rc::new(read::<models::ResNet>(kind, options)?.build()),
        "densenet" => Rc::new(read::<models::DenseNet>(kind, options)?.build()),
        "mobilenet" => Rc::new(read::<models::MobileNet>(kind, options)?.build()),
        _ => match Pretrained::by_kind(kind) {
            Some(known) => {
                let Top { top } = read(kind, options)?;
                Rc::new(if top.unwrap_or(true) { known.network() } else { known.features() })
            }
            None => Rc::new(read_kind::<Activation>(kind, options)?),
        },
    })
}

/// A layer that has no options.
fn plain<L>(kind: &str, options: &JsValue, layer: L) -> Result<L> {
    check_names(kind, options, Vec::new())?;
    Ok(layer)
}

/// Images of any size as a trained network expects them.
#[wasm_bindgen]
pub fn preprocess(kind: &str, images: &Tensor) -> Result<Tensor> {
    let known = Pretrained::by_kind(kind).ok_or_else(|| Thrown::argument(format!("{kind} is no trained network")))?;
    Ok(Tensor(known.preprocess().apply(&images.0)?))
}

fn sizes(shape: &[usize]) -> JsValue {
    numbers(shape.iter().map(|&size| size as f64))
}

fn numbers(numbers: impl Iterator<Item = f64>) -> JsValue {
    numbers.map(JsValue::from_f64).collect::<Array>().into()
}
