//! A runner on the other side of a port. [`RemoteRunner`] sends what it is asked as bytes; [`Server`] takes the bytes apart,
//! checks them and drives a runner of its own. Neither knows what carries the bytes.
//!
//! Only reads, loops and loads are answered. Everything else is sent ahead: when it fails, the values it should have made
//! carry the error to whoever reads them. Nothing that arrives is trusted: a message that is not well formed is answered
//! with an error and changes nothing.

mod client;
mod message;
mod server;

pub use client::{RemoteRunner, Transport};
pub use message::{VERSION, error_from_bytes, error_to_bytes};
pub use server::{Activity, Host, Item, Loaded, Server};

#[cfg(test)]
mod tests;
