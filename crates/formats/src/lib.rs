//! gradbook-formats
