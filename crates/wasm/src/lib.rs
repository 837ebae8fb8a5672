//! gradbook-wasm
