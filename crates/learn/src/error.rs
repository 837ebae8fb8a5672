//! The one error of the crate. A message names the thing, what was given and what would do.

/// Everything that can go wrong between describing a model and reading its history.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// An op, the device or the reader's stop.
    #[error(transparent)]
    Core(#[from] gradbook_core::Error),
    /// Something went wrong inside a layer.
    #[error("layer {path} ({kind}): {}", after(kind, source))]
    Layer {
        /// The layer's name in its model, `2` or `encoder.0`.
        path: String,
        /// What it is, `conv2d`.
        kind: String,
        /// What went wrong.
        source: Box<Self>,
    },
    /// An option is out of its range.
    #[error("{what}: {message}")]
    Argument {
        /// The layer, loss or function as the caller spells it.
        what: String,
        /// The option, its value and its range.
        message: String,
    },
    /// A data set cannot be used.
    #[error("data set {name}: {message}")]
    Data {
        /// The set as messages call it.
        name: String,
        /// What was found and what was expected.
        message: String,
    },
    /// Training ran into a loss that is not a number.
    #[error(
        "training stopped in epoch {epoch}: the loss of step {step} is {loss}{}; the weights are those at the start of the epoch. \
         A smaller learning rate or clipNorm may help",
        cause.as_ref().map(|(step, cause)| format!(". It comes from step {step}, {cause}")).unwrap_or_default()
    )]
    Diverged {
        /// Epoch, counted from 1.
        epoch: usize,
        /// Step of the run, counted from 1.
        step: usize,
        /// NaN or an infinity.
        loss: f32,
        /// The step, layer (or gradient, or weight) and op that made the first NaN or infinity, if it could be found.
        cause: Option<(usize, String)>,
    },
}

/// A message without the layer's kind in front, which was said.
fn after(kind: &str, source: &Error) -> String {
    let message = source.to_string();
    message.strip_prefix(kind).and_then(|rest| rest.strip_prefix(": ")).map_or(message.clone(), str::to_owned)
}

/// What the crate's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn argument(what: &str, message: impl Into<String>) -> Self {
        Self::Argument { what: what.into(), message: message.into() }
    }

    pub(crate) fn data(name: &str, message: impl Into<String>) -> Self {
        Self::Data { name: name.into(), message: message.into() }
    }

    /// A short stable name of the kind of error, for bindings.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Core(error) => error.kind(),
            Self::Layer { source, .. } => source.kind(),
            Self::Argument { .. } => "ArgumentError",
            Self::Data { .. } => "DataError",
            Self::Diverged { .. } => "DivergedError",
        }
    }
}
