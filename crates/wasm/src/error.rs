//! Errors as JavaScript ones: the kind is the `name`, the text the `message`.

use wasm_bindgen::JsValue;

/// What exports return.
#[cfg(any(feature = "api", feature = "engine", feature = "files", feature = "host"))]
pub type Result<T, E = Thrown> = std::result::Result<T, E>;

/// An error on its way to JavaScript.
pub enum Thrown {
    /// One of ours.
    Named {
        /// Its kind.
        name: &'static str,
        /// Its text.
        message: String,
    },
    /// What a function of the caller threw.
    #[cfg(feature = "api")]
    Exception(JsValue),
}

impl Thrown {
    /// An argument that will not do.
    #[cfg(any(feature = "api", feature = "engine", feature = "files", feature = "host"))]
    pub fn argument(message: impl Into<String>) -> Self {
        Self::Named { name: "ArgumentError", message: message.into() }
    }
}

#[cfg(feature = "api")]
impl From<JsValue> for Thrown {
    fn from(exception: JsValue) -> Self {
        Self::Exception(exception)
    }
}

impl From<gradbook_core::Error> for Thrown {
    fn from(error: gradbook_core::Error) -> Self {
        Self::Named { name: error.kind(), message: error.to_string() }
    }
}

#[cfg(all(feature = "host", not(feature = "api")))]
impl From<gradbook_learn::Error> for Thrown {
    fn from(error: gradbook_learn::Error) -> Self {
        Self::Named { name: error.kind(), message: error.to_string() }
    }
}

#[cfg(feature = "api")]
impl From<gradbook_learn::Error> for Thrown {
    fn from(error: gradbook_learn::Error) -> Self {
        let message = error.to_string();
        match crate::api::function::thrown(&message) {
            Some(exception) => Self::Exception(exception),
            None => Self::Named { name: error.kind(), message },
        }
    }
}

impl From<Thrown> for JsValue {
    fn from(thrown: Thrown) -> Self {
        match thrown {
            Thrown::Named { name, message } => {
                let error = js_sys::Error::new(&message);
                error.set_name(name);
                error.into()
            }
            #[cfg(feature = "api")]
            Thrown::Exception(exception) => exception,
        }
    }
}
