//! Schemas, claims, credentials, requests and presentations
