//! Models whose layers name their inputs.

use super::{Forward, Join, Layer, Param};
use crate::{Error, Result};
use gradbook_core::Tensor;
use std::{collections::HashMap, rc::Rc};

/// Layers with names, each fed by the model's input, `x`, or by what earlier ones made; the last one gives the output. Several
/// inputs are joined before the layer sees them.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::{Activation, Forward, Graph, Join, Layer, Linear};
/// let model = Graph::new()
///     .node("hidden", Linear::new(8), &["x"], Join::Concat)?
///     .node("gate", Activation::Sigmoid, &["hidden"], Join::Concat)?
///     .node("out", Linear::new(3), &["hidden", "gate"], Join::Mul)?;
/// let y = model.forward(&Tensor::zeros(&[2, 4])?, &mut Forward::evaluation())?;
/// assert_eq!(y.shape()[..], [2, 3]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Default)]
pub struct Graph {
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    layer: Rc<dyn Layer>,
    inputs: Vec<String>,
    join: Join,
}

impl Graph {
    /// The identity, so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer behind others. Errors: a name that is taken, an input that does not exist yet, none.
    pub fn node(mut self, name: &str, layer: impl Layer + 'static, inputs: &[&str], join: Join) -> Result<Self> {
        self.push(name, Rc::new(layer), inputs.iter().map(|&input| input.to_owned()).collect(), join)?;
        Ok(self)
    }

    /// The same with a layer that is shared.
    pub fn push(&mut self, name: &str, layer: Rc<dyn Layer>, inputs: Vec<String>, join: Join) -> Result<()> {
        let known = |name: &str| name == "x" || self.nodes.iter().any(|node| node.name == name);
        if known(name) {
            return Err(Error::argument("graph", format!("two nodes are called {name}; x is the input")));
        }
        if inputs.is_empty() {
            return Err(Error::argument("graph", format!("node {name} has no input; the model's is called x")));
        }
        if let Some(input) = inputs.iter().find(|input| !known(input)) {
            let names: Vec<&str> = std::iter::once("x").chain(self.nodes.iter().map(|node| &*node.name)).collect();
            let message =
                format!("node {name} takes {input}, which does not come before it; there are {}", names.join(", "));
            return Err(Error::argument("graph", message));
        }
        self.nodes.push(Node { name: name.to_owned(), layer, inputs, join });
        Ok(())
    }
}

impl Layer for Graph {
    fn kind(&self) -> &str {
        "graph"
    }

    fn forward(&self, x: &Tensor, ctx: &mut Forward) -> Result<Tensor> {
        let mut made: HashMap<&str, Tensor> = HashMap::from([("x", x.clone())]);
        let mut last = x.clone();
        for node in &self.nodes {
            let inputs: Vec<&Tensor> = node.inputs.iter().map(|name| &made[name.as_str()]).collect();
            let input = match inputs[..] {
                [input] => input.clone(),
                _ => node.join.apply(&node.name, &inputs)?,
            };
            last = ctx.call(&node.name, &*node.layer, &input)?;
            made.insert(&node.name, last.clone());
        }
        Ok(last)
    }

    fn visit(&self, visitor: &mut dyn FnMut(&str, &Param)) {
        self.nodes.iter().for_each(|node| super::visit_named(&node.name, &*node.layer, visitor));
    }
}
