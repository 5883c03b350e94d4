//! What a verifier accepts, refuses, keeps and forgets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod answers;
mod batch;
mod folder;
mod once;
mod revocation;
mod scene;
mod sets;
mod templates;
mod tokens;
mod trust;
