//! The two implementations of the raw arithmetic, behind the same names.
//!
//! Each backend has the modules `fr`, `g1`, `g2` and `pairing` with identical functions, so that the public types can stand on
//! either, and so that the tests can run one against the other where both are compiled. `active` is the one that serves.
//!
//! Caution: nothing here checks that a point lies in the subgroup except `decode`. Use the public types.

#[cfg(feature = "blst")]
pub mod blst;
#[cfg(feature = "portable")]
pub mod portable;

#[cfg(feature = "blst")]
pub(crate) use self::blst as active;
#[cfg(all(feature = "portable", not(feature = "blst")))]
pub(crate) use self::portable as active;
