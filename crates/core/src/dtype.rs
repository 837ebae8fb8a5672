//! Element types. Every element is one 32-bit word on every device, so that a buffer is just words.

use std::fmt;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DType {
    /// IEEE single precision: everything that is learnt.
    F32 = 0,
    /// Indices and labels.
    I32 = 1,
    /// Random bits and keys.
    U32 = 2,
    /// 0 or 1.
    Bool = 3,
}

impl DType {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::F32, Self::I32, Self::U32, Self::Bool];

    /// The name in messages and prints.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::Bool => "bool",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
