//! Options objects as configuration structs. An option that does not exist is refused with the list of those that do.
//!
//! serde-wasm-bindgen asks an object only for the fields that a struct has, so `deny_unknown_fields` never sees a
//! misspelt one; here the struct is asked for its fields first. What lies deeper is found by trial: an option that may be
//! anything at all is one that nobody reads.

use crate::error::{Result, Thrown};
use js_sys::{Object, Reflect};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use std::fmt;
use wasm_bindgen::prelude::*;

/// The options of `what`; nothing given means all defaults.
pub fn read<T: for<'de> Deserialize<'de>>(what: &str, given: &JsValue) -> Result<T> {
    let object = checked(what, given, fields::<T>())?;
    parse_all(what, object, &parse::<T>)
}

/// Parses an object every option of which must count, at any depth.
pub fn parse_all<T>(what: &str, object: Object, parse: &dyn Fn(JsValue) -> Result<T, String>) -> Result<T> {
    let fails = |value: JsValue| parse(value).err();
    let parsed = parse(object.clone().into()).map_err(|reason| invalid(what, &object, &reason, &fails))?;
    match unread(&object, &|value| fails(value).is_none()) {
        Some(path) => Err(Thrown::argument(format!("{what} has no option {path}"))),
        None => Ok(parsed),
    }
}

/// The first option that could as well be something else entirely.
fn unread(object: &Object, accepts: &dyn Fn(JsValue) -> bool) -> Option<String> {
    for key in keys(object) {
        let name = JsValue::from_str(&key);
        let with = |value: JsValue| {
            let copy = Object::assign(&Object::new(), object);
            let _ = Reflect::set(&copy, &name, &value);
            accepts(copy.into())
        };
        if with(Object::new().into()) && with(name.clone()) {
            return Some(key);
        }
        let value = Reflect::get(object, &name).unwrap_or_default();
        if value.is_object()
            && !js_sys::Array::is_array(&value)
            && let Some(inner) = unread(value.unchecked_ref(), &with)
        {
            return Some(format!("{key}.{inner}"));
        }
    }
    None
}

/// The one place that is compiled for each type.
#[inline(never)]
pub fn parse<T: for<'de> Deserialize<'de>>(object: JsValue) -> Result<T, String> {
    serde_wasm_bindgen::from_value(object).map_err(|error| error.to_string())
}

fn checked(what: &str, given: &JsValue, fields: Option<&[&str]>) -> Result<Object> {
    let object = object(what, given)?;
    if let Some(fields) = fields {
        for key in keys(&object) {
            if !fields.contains(&key.as_str()) {
                return Err(unknown(what, &key, fields));
            }
        }
    }
    Ok(object)
}

/// Refuses an object with another key than the allowed ones.
#[wasm_bindgen(js_name = checkNames)]
pub fn check_names(what: &str, given: &JsValue, allowed: Vec<String>) -> Result<()> {
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    checked(what, given, Some(&allowed)).map(drop)
}

fn object(what: &str, given: &JsValue) -> Result<Object> {
    if given.is_undefined() || given.is_null() {
        return Ok(Object::new());
    }
    if !given.is_object() || js_sys::Array::is_array(given) {
        let message = format!("{what} takes one object of options, such as {{ name: value }}; got {}", shown(given));
        return Err(Thrown::argument(message));
    }
    Ok(given.clone().unchecked_into())
}

fn keys(object: &Object) -> Vec<String> {
    Object::keys(object).iter().filter_map(|key| key.as_string()).collect()
}

fn unknown(what: &str, key: &str, fields: &[&str]) -> Thrown {
    let nearest = fields.iter().map(|field| (distance(key, field), field)).min();
    let hint = match nearest {
        Some((distance, field)) if distance <= 2 => format!("; did you mean {field}?"),
        _ => ";".into(),
    };
    let list = if fields.is_empty() { "it has none".into() } else { format!("its options are {}", fields.join(", ")) };
    Thrown::argument(format!("{what} has no option {key}{hint} {list}"))
}

/// Names the option at fault: the one that fails alone as well.
fn invalid(what: &str, object: &Object, reason: &str, fails: &dyn Fn(JsValue) -> Option<String>) -> Thrown {
    for key in keys(object) {
        let value = Reflect::get(object, &JsValue::from_str(&key)).unwrap_or_default();
        let alone = Object::new();
        let _ = Reflect::set(&alone, &JsValue::from_str(&key), &value);
        if let Some(reason) = fails(alone.into()) {
            return Thrown::argument(format!("{what}: {key} is {}; {}", shown(&value), readable(&reason)));
        }
    }
    Thrown::argument(format!("{what}: {}", readable(reason)))
}

/// What serde says, in the reader's words.
pub fn readable(reason: &str) -> String {
    let words = [("usize", "a whole number"), ("isize", "a whole number"), ("u32", "a whole number"), ("`", "")];
    let numbers = [("expected f32", "expected a number"), ("expected f64", "expected a number")];
    let reason = reason.strip_prefix("Error: ").unwrap_or(reason).to_owned();
    words.iter().chain(&numbers).fold(reason, |text, (from, to)| text.replace(from, to))
}

/// A value as a reader would write it, cut short.
fn shown(value: &JsValue) -> String {
    let text = js_sys::JSON::stringify(value).ok().and_then(|text| text.as_string());
    let text = text.unwrap_or_else(|| "something that is not data".into());
    if text.chars().count() > 60 { text.chars().take(60).chain("…".chars()).collect() } else { text }
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

/// The names that a struct takes; none if it is not one.
fn fields<'de, T: Deserialize<'de>>() -> Option<&'static [&'static str]> {
    let mut found = None;
    let _ = T::deserialize(Fields(&mut found));
    found
}

/// Notes the fields that are asked for, and fails.
struct Fields<'a>(&'a mut Option<&'static [&'static str]>);

#[derive(Debug)]
struct Noted;

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Noted;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> std::result::Result<V::Value, Noted> {
        Err(Noted)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> std::result::Result<V::Value, Noted> {
        *self.0 = Some(fields);
        Err(Noted)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Noted {}

impl de::Error for Noted {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
