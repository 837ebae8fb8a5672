//! Options that may be written in several ways, read by hand: serde's derived code for that first copies whatever it is
//! given, and is large.

use super::{NamedPadding, Padding, Pair};
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, SeqAccess, Unexpected, Visitor};
use std::fmt;

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Sizes)
    }
}

impl<'de> Deserialize<'de> for Padding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrSizes)
    }
}

struct Sizes;

impl<'de> Visitor<'de> for Sizes {
    type Value = Pair;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or [height, width]")
    }

    fn visit_u64<E: Error>(self, size: u64) -> Result<Pair, E> {
        usize::deserialize(size.into_deserializer()).map(Pair::Square)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sizes: A) -> Result<Pair, A::Error> {
        let first = sizes.next_element()?;
        match (first, sizes.next_element()?) {
            (Some(height), Some(width)) => Ok(Pair::Each([height, width])),
            _ => Err(A::Error::invalid_length(usize::from(first.is_some()), &self)),
        }
    }
}

struct NameOrSizes;

impl<'de> Visitor<'de> for NameOrSizes {
    type Value = Padding;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of pixels, [height, width], 'same', 'valid' or 'full'")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Padding, E> {
        let named = NamedPadding::deserialize(name.into_deserializer());
        named.map(Padding::Named).map_err(|_: E| E::invalid_value(Unexpected::Str(name), &self))
    }

    fn visit_u64<E: Error>(self, size: u64) -> Result<Padding, E> {
        Sizes.visit_u64(size).map(Padding::Pixels)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sizes: A) -> Result<Padding, A::Error> {
        Sizes.visit_seq(sizes).map(Padding::Pixels)
    }
}
