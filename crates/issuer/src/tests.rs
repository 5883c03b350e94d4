//! Tests of the issuer over a whole folder.
