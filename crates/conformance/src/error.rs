//! Why a case has no result.

/// What keeps a case from passing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The project does not offer the op.
    #[error("unsupported op")]
    Unsupported,
    /// A function of the API refused the inputs.
    #[error(transparent)]
    Core(#[from] gradbook_core::Error),
    /// A function of the library refused the inputs.
    #[error(transparent)]
    Learn(#[from] gradbook_learn::Error),
    /// The case cannot be read, or a value differs.
    #[error("{0}")]
    Text(String),
}

/// What the functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn text(message: impl Into<String>) -> Self {
        Self::Text(message.into())
    }
}
