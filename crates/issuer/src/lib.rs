//! The issuer: keys, published parameters, issuing, registry
