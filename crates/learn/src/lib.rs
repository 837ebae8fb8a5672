//! What the course teaches, one file per idea, in folders named after its chapters: layers, losses, optimisers, training,
//! metrics and explanations.
//!
//! Everything here builds graphs; values come from whatever [`gradbook_core::Runner`] the caller has. Nothing in this crate
//! knows a device, a thread or a browser.

mod error;

pub mod augment;
pub mod data;
pub mod explain;
pub mod gan;
pub mod init;
pub mod layers;
pub mod linalg;
pub mod losses;
pub mod metrics;
pub mod models;
pub mod optim;
pub mod schedule;
pub mod train;

pub use error::{Error, Result};
