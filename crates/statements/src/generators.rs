//! The two generators of the commitments that statements send.
//!
//! Spec: `spec/notation.md`, Domain separation tags. Both are hashed from no bytes, so nobody knows a relation between them, or
//! between them and any other base.

use std::sync::LazyLock;

use milchglas_curve::{Expander, G1};
use milchglas_sigma::FixedPoint;

const G_DST: &[u8] = b"MILCHGLAS-V1-COMMITMENT-G";
const H_DST: &[u8] = b"MILCHGLAS-V1-COMMITMENT-H";

/// G and H: a commitment to m is `m·G + s·H`.
pub struct Generators {
    /// G, for what is committed to.
    pub G: FixedPoint,
    /// H, for the blinding.
    pub H: FixedPoint,
}

impl Generators {
    /// The generators, the same for all statements.
    pub fn get() -> &'static Self {
        static GENERATORS: LazyLock<Generators> = LazyLock::new(|| {
            let hashed = |dst| FixedPoint::new(&G1::hash(Expander::XmdSha256, b"", dst));
            Generators { G: hashed(G_DST), H: hashed(H_DST) }
        });
        &GENERATORS
    }

    /// Both, for [`FixedPoint::prepare_for_proving`].
    #[must_use]
    pub fn fixed_points(&self) -> [&FixedPoint; 2] {
        [&self.G, &self.H]
    }
}
