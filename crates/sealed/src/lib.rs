//! Encrypted files at rest: age, atomic replacement, mode 0600
