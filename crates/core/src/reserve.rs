//! Memory whose size callers choose, asked for so that a refusal is an error and not the end of the program.

use crate::{Error, Result};

/// An empty list with room for so many items.
pub(crate) fn room<T>(device: &str, len: usize, what: &str) -> Result<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(len).map_err(|_| Error::OutOfMemory {
        device: device.into(),
        bytes: len.saturating_mul(size_of::<T>()),
        what: what.into(),
    })?;
    Ok(list)
}

/// So many words of 0.
pub(crate) fn zeros(device: &str, len: usize, what: &str) -> Result<Vec<u32>> {
    let mut words = room(device, len, what)?;
    words.resize(len, 0);
    Ok(words)
}

/// A copy of words.
pub(crate) fn copied(device: &str, words: &[u32], what: &str) -> Result<Vec<u32>> {
    let mut copy = room(device, words.len(), what)?;
    copy.extend_from_slice(words);
    Ok(copy)
}

/// What memory of the program itself is called in errors.
pub(crate) const HOST: &str = "the host";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_is_an_error_that_names_bytes_and_purpose() {
        let error = zeros(HOST, usize::MAX / 8, "every pixel ever").unwrap_err();
        let Error::OutOfMemory { bytes, what, .. } = &error else { panic!("{error}") };
        assert_eq!((*bytes, what.as_str()), (usize::MAX / 8 * 4, "every pixel ever"));
        assert!(room::<u64>("cpu", usize::MAX, "x").is_err());
        assert_eq!(copied(HOST, &[1, 2], "a test").unwrap(), [1, 2]);
    }
}
