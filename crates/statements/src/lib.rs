//! The provable facts: signature, member, range
