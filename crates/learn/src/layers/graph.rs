//! Models whose layers name their inputs.

use super::{Forward, Join, Layer, Param};
use crate::{Error, Result};
use gradbook_core::Tensor;
use std::{collections::HashMap, rc::Rc};

/// Layers with names, each fed by the model's input, `x`, or by what earlier ones made; the last one gives the output. What several
/// give is joined before the layer sees it.
///
/// A model of several inputs ([`Self::inputs`]) takes them packed: each sample's numbers one input after the other, \[N, D\]. So a data set,
/// training and files know one input.
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
    /// Names and shapes, without the batch axis, of what x is packed of; none: x is one input.
    inputs: Vec<(String, Vec<usize>)>,
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

    /// The identity of several inputs: their names, and shapes without the batch axis. Errors: a name or a shape that will not do.
    ///
    /// ```
    /// use gradbook_core::Tensor;
    /// use gradbook_learn::layers::{Flatten, Forward, Graph, Join, Layer, Linear};
    /// let model = Graph::inputs(vec![("image".into(), vec![1, 2, 3]), ("age".into(), vec![1])])?
    ///     .node("pixels", Flatten, &["image"], Join::Concat)?
    ///     .node("out", Linear::new(4), &["pixels", "age"], Join::Concat)?;
    /// let y = model.forward(&Tensor::zeros(&[5, 6 + 1])?, &mut Forward::evaluation())?;
    /// assert_eq!(y.shape()[..], [5, 4]);
    /// # Ok::<(), gradbook_learn::Error>(())
    /// ```
    pub fn inputs(inputs: Vec<(String, Vec<usize>)>) -> Result<Self> {
        let mut all = Some(0_usize);
        for (i, (name, shape)) in inputs.iter().enumerate() {
            if inputs[..i].iter().any(|(other, _)| other == name) {
                return Err(Error::argument("graph", format!("two inputs are called {name}")));
            }
            let length = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size)).unwrap_or(0);
            all = all.and_then(|all| all.checked_add(length));
            if length == 0 || all.is_none() {
                let message = format!(
                    "input {name} has shape {shape:?}; expected sizes from 1 to what memory holds, without the batch axis"
                );
                return Err(Error::argument("graph", message));
            }
        }
        Ok(Self { inputs, nodes: Vec::new() })
    }

    /// The model's inputs by name.
    fn unpack(&self, x: &Tensor) -> Result<HashMap<&str, Tensor>> {
        if self.inputs.is_empty() {
            return Ok(HashMap::from([("x", x.clone())]));
        }
        let lengths: Vec<usize> = self.inputs.iter().map(|(_, shape)| shape.iter().product()).collect();
        let all: usize = lengths.iter().sum();
        let samples = match x.shape()[..] {
            [samples, numbers] if numbers == all => samples,
            _ => return Err(self.packing(x, all)),
        };
        let mut found = HashMap::new();
        let mut start = 0;
        for ((name, shape), length) in self.inputs.iter().zip(lengths) {
            let sizes = std::iter::once(&samples).chain(shape).map(|&size| size as isize);
            let part = x.narrow(1, start, length)?.reshape(&sizes.collect::<Vec<_>>())?;
            found.insert(name.as_str(), part);
            start += length;
        }
        Ok(found)
    }

    fn packing(&self, x: &Tensor, all: usize) -> Error {
        let inputs: Vec<String> = self.inputs.iter().map(|(name, shape)| format!("{name} {shape:?}")).collect();
        let message = format!("got shape {}; the inputs {} are packed as [N, {all}]", x.shape(), inputs.join(", "));
        Error::argument("graph", message)
    }

    /// Adds a layer behind others. Errors: a name that is taken, an input that does not exist yet, none.
    pub fn node(mut self, name: &str, layer: impl Layer + 'static, inputs: &[&str], join: Join) -> Result<Self> {
        self.push(name, Rc::new(layer), inputs.iter().map(|&input| input.to_owned()).collect(), join)?;
        Ok(self)
    }

    /// The same with a layer that is shared.
    pub fn push(&mut self, name: &str, layer: Rc<dyn Layer>, inputs: Vec<String>, join: Join) -> Result<()> {
        let given =
            if self.inputs.is_empty() { vec!["x"] } else { self.inputs.iter().map(|(name, _)| &**name).collect() };
        let known = |name: &str| given.contains(&name) || self.nodes.iter().any(|node| node.name == name);
        if known(name) {
            let message = format!("two nodes are called {name}; {} comes from outside", given.join(", "));
            return Err(Error::argument("graph", message));
        }
        if inputs.is_empty() {
            let message = format!("node {name} has no input; what comes from outside is called {}", given.join(", "));
            return Err(Error::argument("graph", message));
        }
        if let Some(input) = inputs.iter().find(|input| !known(input)) {
            let names: Vec<&str> = given.into_iter().chain(self.nodes.iter().map(|node| &*node.name)).collect();
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
        let mut made = self.unpack(x)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Activation;

    #[test]
    fn inputs_come_out_of_the_pack_as_they_went_in() {
        let inputs = || vec![("a".to_owned(), vec![2, 1]), ("b".to_owned(), vec![2, 1])];
        let model = Graph::inputs(inputs()).unwrap().node("b2", Activation::Identity, &["b"], Join::Concat).unwrap();
        let y = model.forward(&Tensor::zeros(&[3, 4]).unwrap(), &mut Forward::evaluation()).unwrap();
        assert_eq!(y.shape()[..], [3, 2, 1]);
        let Err(error) = model.forward(&Tensor::zeros(&[3, 5]).unwrap(), &mut Forward::evaluation()) else { panic!() };
        assert_eq!(error.to_string(), "graph: got shape [3, 5]; the inputs a [2, 1], b [2, 1] are packed as [N, 4]");
    }

    #[test]
    fn inputs_that_cannot_be_are_refused() {
        let error = |inputs: &[(&str, &[usize])]| {
            let inputs = inputs.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect();
            Graph::inputs(inputs).err().unwrap().to_string()
        };
        assert!(error(&[("a", &[1]), ("a", &[2])]).contains("two inputs are called a"));
        assert!(error(&[("a", &[0])]).contains("input a has shape [0]"));
        assert!(error(&[("a", &[usize::MAX]), ("b", &[2])]).contains("input b has shape [2]"));
        let named = Graph::inputs(vec![("a".into(), vec![1])]).unwrap();
        let error = named.node("b", Activation::Identity, &["x"], Join::Concat).err().unwrap().to_string();
        assert!(error.contains("node b takes x, which does not come before it; there are a"), "{error}");
    }
}
