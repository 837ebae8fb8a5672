//! Options objects as configuration structs. An option that does not exist is refused with the list of those that do.

use crate::error::{Result, Thrown};
use crate::value::{Fault, Reason, Value, shown};
use js_sys::{Array, Object};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

/// The options of `what`; nothing given means all defaults.
pub fn read<T: DeserializeOwned>(what: &str, given: &JsValue) -> Result<T> {
    parse(what, object(what, given)?.into())
}

/// One of several things, such as an optimiser, by its name and its options.
#[cfg(feature = "api")]
pub fn read_kind<T: DeserializeOwned>(kind: &str, options: &JsValue) -> Result<T> {
    let tagged = Object::assign(&Object::new(), &object(kind, options)?);
    let _ = js_sys::Reflect::set(&tagged, &"kind".into(), &kind.into());
    parse(kind, tagged.into())
}

/// A value, which messages call `what`.
pub fn parse<T: DeserializeOwned>(what: &str, given: JsValue) -> Result<T> {
    T::deserialize(Value::from(given)).map_err(|fault| thrown(what, &fault))
}

/// Refuses an object with another key than the allowed ones.
#[cfg(feature = "api")]
#[wasm_bindgen(js_name = checkNames)]
pub fn check_names(what: &str, given: &JsValue, allowed: Vec<String>) -> Result<()> {
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    crate::value::checked(&object(what, given)?.into(), &allowed, false).map_err(|fault| thrown(what, &fault))
}

fn object(what: &str, given: &JsValue) -> Result<Object> {
    if given.is_undefined() || given.is_null() {
        return Ok(Object::new());
    }
    if !given.is_object() || Array::is_array(given) {
        let message = format!("{what} takes one object of options, such as {{ name: value }}; got {}", shown(given));
        return Err(Thrown::argument(message));
    }
    Ok(given.clone().unchecked_into())
}

/// A fault in the reader's words.
fn thrown(what: &str, fault: &Fault) -> Thrown {
    let path = fault.path();
    Thrown::argument(match &fault.reason {
        Reason::Unknown(fields) => format!("{what} has no option {path}{}", instead(fault.key(), fields)),
        Reason::Invalid(Some(seen), reason) => format!("{what}: {path} is {seen}; {}", readable(reason)),
        Reason::Invalid(None, reason) => format!("{what}: {}", readable(reason)),
    })
}

/// What could have been meant by a name that does not exist.
fn instead(key: &str, fields: &[String]) -> String {
    let nearest = fields.iter().map(|field| (distance(key, field), field)).min();
    let hint = match nearest {
        Some((distance, field)) if distance <= 2 => format!("; did you mean {field}?"),
        _ => ";".into(),
    };
    if fields.is_empty() { "; it has none".into() } else { format!("{hint} its options are {}", fields.join(", ")) }
}

/// What serde says, in the reader's words.
fn readable(reason: &str) -> String {
    let words = [("usize", "a whole number"), ("isize", "a whole number"), ("u32", "a whole number"), ("`", "")];
    let numbers = [("expected f32", "expected a number"), ("expected f64", "expected a number")];
    words.iter().chain(&numbers).fold(reason.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// How many letters must be changed, put in or left out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &other) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(letter != other)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}
