//! The IRTF BBS signature draft, byte-exact, with blind issuance
