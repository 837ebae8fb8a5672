//! JavaScript values as serde reads them. An object must consist of options that somebody reads, at any depth; one of
//! several things is its name, or an object that has the name as its `kind` beside the options.

use js_sys::{Array, ArrayBuffer, Object, Reflect};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;
use wasm_bindgen::prelude::*;

/// The key that says which of several things an object is.
const KIND: &str = "kind";

/// A value to be read.
pub struct Value {
    value: JsValue,
    /// Its kind has been read already.
    tagged: bool,
}

impl From<JsValue> for Value {
    fn from(value: JsValue) -> Self {
        Self { value, tagged: false }
    }
}

/// Why a value could not be read, and where in it.
#[derive(Debug)]
pub struct Fault {
    /// Keys, the innermost first.
    path: Vec<String>,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong at a place.
#[derive(Debug)]
pub enum Reason {
    /// Nobody reads it; these are read.
    Unknown(Vec<String>),
    /// It is not what it should be: the value, if it was seen, and what serde says.
    Invalid(Option<String>, String),
}

impl Fault {
    /// The option at fault, as it is written in JavaScript; empty if it is the whole value.
    pub fn path(&self) -> String {
        let keys: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        keys.join(".")
    }

    /// The last part of the path.
    pub fn key(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    fn unknown(key: String, fields: &[&str]) -> Self {
        Self { path: vec![key], reason: Reason::Unknown(fields.iter().map(|&field| field.into()).collect()) }
    }

    fn within(mut self, key: &str, value: &JsValue) -> Self {
        self.path.push(key.into());
        if let Reason::Invalid(seen @ None, _) = &mut self.reason {
            *seen = Some(shown(value));
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self { path: vec![], reason: Reason::Invalid(None, text.to_string()) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("{field} must be given"))
    }
}

/// A value as a reader would write it, cut short.
pub fn shown(value: &JsValue) -> String {
    let text = js_sys::JSON::stringify(value).ok().and_then(|text| text.as_string());
    let text = text.unwrap_or_else(|| "something that is not data".into());
    if text.chars().count() > 60 { text.chars().take(60).chain("…".chars()).collect() } else { text }
}

/// The keys of an object, which must be among the names that are read.
pub fn checked(object: &JsValue, fields: &[&str], tagged: bool) -> Result<(), Fault> {
    let keys = Object::keys(object.unchecked_ref::<Object>()).into_iter().filter_map(|key| key.as_string());
    let mut unknown = keys.filter(|key| !(fields.contains(&key.as_str()) || tagged && key == KIND));
    unknown.next().map_or(Ok(()), |key| Err(Fault::unknown(key, fields)))
}

impl Value {
    fn is_object(&self) -> bool {
        self.value.is_object() && !self.is_list()
    }

    fn is_list(&self) -> bool {
        Array::is_array(&self.value) || ArrayBuffer::is_view(&self.value)
    }

    fn options<'de, V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        checked(&self.value, fields, self.tagged)?;
        visitor.visit_map(Options { object: self.value, fields: fields.iter(), next: Default::default() })
    }

    /// Read as a number: whole ones are told apart.
    fn number(&self) -> Option<Number> {
        let number = self.value.as_f64()?;
        let whole = number.fract() == 0.0 && number.abs() < 2f64.powi(53);
        Some(match whole {
            true if number >= 0.0 => Number::Natural(number as u64),
            true => Number::Negative(number as i64),
            false => Number::Real(number),
        })
    }

    fn list(&self) -> List {
        List(Array::from(&self.value).to_vec().into_iter())
    }

    #[inline(never)]
    fn unexpected(&self, expected: &dyn Expected) -> Fault {
        let kind = match self.number() {
            Some(Number::Natural(number)) => Unexpected::Unsigned(number),
            Some(Number::Negative(number)) => Unexpected::Signed(number),
            Some(Number::Real(number)) => Unexpected::Float(number),
            None if self.value.is_string() => Unexpected::Other("a text"),
            None if self.value.as_bool().is_some() => Unexpected::Other("true or false"),
            None if self.is_list() => Unexpected::Other("a list"),
            None if self.value.is_object() => Unexpected::Other("an object"),
            None => Unexpected::Other("nothing"),
        };
        Fault::invalid_type(kind, expected)
    }
}

/// JavaScript has one type of number; serde has many.
enum Number {
    Natural(u64),
    Negative(i64),
    Real(f64),
}

impl Number {
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Natural(number) => visitor.visit_u64(number),
            Self::Negative(number) => visitor.visit_i64(number),
            Self::Real(number) => visitor.visit_f64(number),
        }
    }
}

/// Methods for what a number is read as.
macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.number() {
                Some(number) => number.visit(visitor),
                None => Err(self.unexpected(&visitor)),
            }
        }
    )*};
}

// serde compiles every method anew for every type that is read: each has to be small, and to offer only what its types take.
impl<'de> Deserializer<'de> for Value {
    type Error = Fault;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_list() {
            return self.deserialize_seq(visitor);
        }
        if self.value.is_string() { self.deserialize_string(visitor) } else { self.deserialize_u64(visitor) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value.as_bool() {
            Some(truth) => visitor.visit_bool(truth),
            None => Err(self.unexpected(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value.as_string() {
            Some(text) => visitor.visit_str(&text),
            None => Err(self.unexpected(&visitor)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if !self.is_list() {
            return Err(self.unexpected(&visitor));
        }
        let mut list = self.list();
        let read = visitor.visit_seq(&mut list)?;
        list.end().map(|()| read)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.value.is_undefined() || self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if self.is_object() { self.options(fields, visitor) } else { Err(self.unexpected(&visitor)) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if self.value.is_string() {
            let options = Self { value: Object::new().into(), tagged: true };
            return visitor.visit_enum(Choice { kind: self.value, options });
        }
        if !self.is_object() {
            return Err(self.unexpected(&visitor));
        }
        match Reflect::get(&self.value, &KIND.into()) {
            Ok(kind) if kind.is_string() => {
                visitor.visit_enum(Choice { kind, options: Self { value: self.value, tagged: true } })
            }
            _ => Err(Fault::missing_field(KIND)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_string(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_string(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple_struct map ignored_any
    }
}

/// The parts of a list that are still to be read.
struct List(std::vec::IntoIter<JsValue>);

impl List {
    fn end(self) -> Result<(), Fault> {
        match self.0.len() {
            0 => Ok(()),
            more => Err(Fault::custom(format_args!("{more} too many"))),
        }
    }
}

impl<'de> SeqAccess<'de> for List {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|value| seed.deserialize(Value::from(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The options that an object has.
struct Options {
    object: JsValue,
    fields: std::slice::Iter<'static, &'static str>,
    next: (&'static str, JsValue),
}

impl Options {
    #[inline(never)]
    fn advance(&mut self) -> Option<&'static str> {
        let object = &self.object;
        self.next = self.fields.find_map(|field| {
            let value = Reflect::get(object, &(*field).into()).unwrap_or_default();
            (!value.is_undefined()).then_some((*field, value))
        })?;
        Some(self.next.0)
    }
}

impl<'de> MapAccess<'de> for Options {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.advance().map(|field| seed.deserialize(field.into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (key, value) = &self.next;
        seed.deserialize(Value::from(value.clone())).map_err(|fault| fault.within(key, value))
    }
}

/// One of several things, and its options.
struct Choice {
    kind: JsValue,
    options: Value,
}

impl<'de> EnumAccess<'de> for Choice {
    type Error = Fault;
    type Variant = Value;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Value), Fault> {
        Ok((seed.deserialize(Value::from(self.kind))?, self.options))
    }
}

impl<'de> VariantAccess<'de> for Value {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        checked(&self.value, &[], self.tagged)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        Err(self.unexpected(&visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.options(fields, visitor)
    }
}
