//! Products of pairings.
//!
//! The pairing e: G1 × G2 → GT appears only as the question whether a product is one, so GT is no type here. The work that
//! depends on a G2 point alone (public keys, mostly) is done once, by [`G2Prepared`], and not before it is needed: who only proves needs
//! none of it.

use crate::backend::active::pairing;
use crate::g1::G1;
use crate::g2::NonZeroG2;
use core::fmt;
use std::sync::OnceLock;

/// A G2 point that keeps the lines of its Miller loop (13 KiB) from the first time on that it is paired.
#[derive(Clone)]
pub struct G2Prepared {
    point: NonZeroG2,
    lines: OnceLock<pairing::Prepared>,
}

impl G2Prepared {
    /// The generator, prepared once in the life of the process.
    pub fn generator() -> &'static Self {
        static GENERATOR: OnceLock<G2Prepared> = OnceLock::new();
        GENERATOR.get_or_init(|| Self::from(&NonZeroG2::generator()))
    }

    /// The point.
    pub fn point(&self) -> &NonZeroG2 {
        &self.point
    }

    /// Computes the lines now, in idle time.
    pub fn prepare(&self) {
        self.lines();
    }

    fn lines(&self) -> &pairing::Prepared {
        self.lines.get_or_init(|| pairing::prepare(&self.point.0))
    }
}

impl From<&NonZeroG2> for G2Prepared {
    fn from(point: &NonZeroG2) -> Self {
        Self { point: *point, lines: OnceLock::new() }
    }
}

impl fmt::Debug for G2Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("G2Prepared").field(&self.point).finish()
    }
}

/// Whether Π e(P, Q) = 1 over all terms, with one final exponentiation.
///
/// A term whose P is the identity contributes 1; the empty product is 1. A caller for whom that would be too little checks it.
/// For public inputs: the time shows which P are the identity.
pub fn pairing_product_is_one(terms: &[(G1, &G2Prepared)]) -> bool {
    let nontrivial = terms.iter().filter(|(point, _)| !point.is_identity());
    pairing::product_is_one(nontrivial.map(|(point, prepared)| (point.0, prepared.lines())))
}
