//! The issuer: keys, published parameters, issuing, registry.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod registry;
