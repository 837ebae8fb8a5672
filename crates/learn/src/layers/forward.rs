//! What one pass through a model carries along: whether it trains, its random numbers, what it changes and where it is.

use super::{Layer, Param};
use crate::{Error, Result, init::Init};
use gradbook_core::Tensor;

/// One pass through a model.
pub struct Forward {
    training: bool,
    statistics: Option<Tensor>,
    key: Option<Tensor>,
    streams: u32,
    init: Init,
    updates: Vec<(Param, Tensor)>,
    path: Vec<String>,
    records: Vec<Record>,
    /// Whether what a layer makes is cut off from what it was made of.
    is_cut: bool,
}

/// What one layer did in a pass.
#[derive(Clone, Debug)]
pub struct Record {
    /// The layer's name in the model: `0`, `encoder.2`.
    pub path: String,
    /// What it is: `conv2d`.
    pub kind: String,
    /// What it was given.
    pub input: Tensor,
    /// What it made.
    pub output: Tensor,
    /// How many numbers it learns.
    pub parameters: usize,
}

impl Forward {
    /// A pass that only looks: no dropout, running statistics as they are.
    pub fn evaluation() -> Self {
        Self {
            training: false,
            statistics: None,
            key: None,
            streams: 0,
            init: Init::new(0),
            updates: Vec::new(),
            path: Vec::new(),
            records: Vec::new(),
            is_cut: false,
        }
    }

    /// A pass that trains, with random numbers from a key (u32 \[2\]).
    pub fn training(key: Tensor) -> Self {
        Self { training: true, key: Some(key), ..Self::evaluation() }
    }

    /// A pass that collects statistics: normalisation is by those of the batch, which enter the running ones with this share (f32 without
    /// axes); all else is as in evaluation.
    pub fn statistics(share: Tensor) -> Self {
        Self { statistics: Some(share), ..Self::evaluation() }
    }

    /// Layers that are called for the first time draw their parameters from this seed.
    pub fn seeded(self, seed: u32) -> Self {
        Self { init: Init::new(seed), ..self }
    }

    /// Each layer without layers in it gives a placeholder: what lies between two of them is what joins them, and no more.
    pub fn cut(self) -> Self {
        Self { is_cut: true, ..self }
    }

    /// Passes x through a model, and gives what comes out and what the layers did, innermost first; one layer by itself is called by its kind.
    ///
    /// ```
    /// use gradbook_core::Tensor;
    /// use gradbook_learn::layers::{Activation, Forward, Linear, Residual, Sequential};
    /// let model = Sequential::new().then(Residual::new(Linear::new(4))).then(Activation::Relu);
    /// let (_, records) = Forward::evaluation().cut().record(&model, &Tensor::zeros(&[2, 4])?)?;
    /// let paths: Vec<&str> = records.iter().map(|record| &*record.path).collect();
    /// assert_eq!(paths, ["0.body", "0", "1"]);
    /// assert_eq!(records[1].output.inputs()[0].id(), records[0].output.id());
    /// # Ok::<(), gradbook_learn::Error>(())
    /// ```
    pub fn record(mut self, model: &dyn Layer, x: &Tensor) -> Result<(Tensor, Vec<Record>)> {
        let output = model.forward(x, &mut self)?;
        if self.records.is_empty() {
            let output = self.call(model.kind(), model, x)?;
            return Ok((output, self.records));
        }
        Ok((output, self.records))
    }

    /// Whether the pass trains.
    pub fn is_training(&self) -> bool {
        self.training
    }

    /// The share of a batch in running statistics, if layers are to normalise by it; `usual` in training.
    pub fn batch_share(&self, usual: f32) -> Option<Tensor> {
        self.statistics.clone().or_else(|| self.training.then(|| Tensor::scalar(usual)))
    }

    /// A key and a stream of it that no other layer of this pass draws from.
    ///
    /// Errors: the pass does not train.
    pub fn random(&mut self) -> Result<(Tensor, u32)> {
        let Some(key) = self.key.clone() else {
            return Err(Error::argument("forward", "random numbers are drawn in training only"));
        };
        self.streams += 1;
        Ok((key, self.streams - 1))
    }

    /// Where new parameters get their first values from.
    pub fn init(&mut self) -> &mut Init {
        &mut self.init
    }

    /// Gives a buffer its value after this step.
    pub fn update(&mut self, buffer: &Param, value: Tensor) {
        self.updates.push((buffer.clone(), value));
    }

    /// All buffers that this pass changes, with their values in the order in which they were given.
    pub fn updates(&self) -> &[(Param, Tensor)] {
        &self.updates
    }

    /// The buffers' values after this step, the last one given for each.
    pub fn updated(&self, buffer: &Param) -> Option<&Tensor> {
        self.updates.iter().rev().find(|(other, _)| other.same(buffer)).map(|(_, value)| value)
    }

    /// Calls a layer by its name inside of the present one: errors name it, and what it made is on record.
    pub fn call(&mut self, name: &str, layer: &dyn Layer, x: &Tensor) -> Result<Tensor> {
        self.path.push(name.to_owned());
        let before = self.records.len();
        let result = layer.forward(x, self);
        let path = self.path.join(".");
        self.path.pop();
        let kind = layer.kind();
        let output = result.map_err(|error| match error {
            inner @ Error::Layer { .. } => inner,
            source => Error::Layer { path: path.clone(), kind: kind.to_owned(), source: Box::new(source) },
        })?;
        let is_whole = self.records.len() == before;
        let output =
            if self.is_cut && is_whole { Tensor::input(output.shape().clone(), output.dtype()) } else { output };
        let parameters = super::Params::of(layer).count();
        let record = Record { path, kind: kind.to_owned(), input: x.clone(), output: output.clone(), parameters };
        self.records.push(record);
        Ok(output)
    }

    /// What the layers did, innermost first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What the layer of this name made, or an error that lists the names there are.
    pub fn output(&self, path: &str) -> Result<Tensor> {
        self.records.iter().rev().find(|record| record.path == path).map(|record| record.output.clone()).ok_or_else(
            || {
                let names: Vec<String> = self.records.iter().map(|r| format!("{} ({})", r.path, r.kind)).collect();
                Error::argument("model", format!("no layer is called {path}; there are {}", names.join(", ")))
            },
        )
    }
}
