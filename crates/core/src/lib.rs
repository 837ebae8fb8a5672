//! gradbook-core
