//! gradbook-learn
