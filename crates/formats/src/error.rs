//! What can be wrong with a file.

/// Why some bytes are not a file of the format that they were read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes at the start are those of another format.
    #[error("this is no {format} file: {reason}")]
    NotThisFormat {
        /// The format that was expected.
        format: &'static str,
        /// What was found instead.
        reason: String,
    },
    /// The file ends early or goes on too long.
    #[error("this {format} file promises {promised} but holds {held}")]
    Size {
        /// The format that was expected.
        format: &'static str,
        /// What its header says.
        promised: String,
        /// What there is.
        held: String,
    },
    /// A whole number needs more bits than an element has.
    #[error("the whole number {value} does not fit 32 bits")]
    TooLarge {
        /// The number.
        value: String,
    },
    /// There is no memory for what a file holds.
    #[error("out of memory: there are no {bytes} bytes for what the file holds")]
    OutOfMemory {
        /// What was asked for.
        bytes: usize,
    },
    /// What was to be written does not fit the format.
    #[error("cannot be written as {format}: {reason}")]
    Unwritable {
        /// The format that was asked for.
        format: &'static str,
        /// What does not fit.
        reason: String,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
