//! Functions composed from the primitives, as methods of [`crate::Tensor`], one file a family.
