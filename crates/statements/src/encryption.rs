//! Proof that a ciphertext for an inspector opens to a hidden scalar.
//!
//! Spec: `spec/statements.md`, Encryption (ElGamal, with a second image of its randomness as in Shoup–Gennaro 2002, TDH2).
//! ```text
//! PoK{(h, r): E1 = r·G  ∧  E2 = h·G' + r·I  ∧  Ê = r·Ĝ}
//! ```
//! Public: the key I = s·G. Sent: E1, E2, Ê. Secret: h (the input) and r. Whoever has s finds `h·G' = E2 − s·E1`, and not h.
//!
//! Caution: h is hidden under the decisional Diffie–Hellman assumption in G1. No multiple of a generator of G2 by h, r or s may ever
//! be published: a pairing would then answer the question.
//! Not here: keys, shares and decryption (the inspector crate).

use std::sync::LazyLock;

use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, FixedPoint, Statement, System, Term, Var};
use rand_core::CryptoRngCore;

/// The base G' of the points under which a registry looks up handles: hashed from no bytes under this tag.
const INSPECTOR_BASE_DST: &[u8] = b"MILCHGLAS-V1-INSPECTOR-BASE";
/// The base Ĝ of the second image: hashed from no bytes under this tag.
const CHECK_BASE_DST: &[u8] = b"MILCHGLAS-V1-INSPECTOR-CHECK";

/// The base G' of `h·G'`, what a ciphertext opens to.
#[must_use]
pub fn inspector_base() -> &'static FixedPoint {
    static BASE: LazyLock<FixedPoint> =
        LazyLock::new(|| FixedPoint::new(&G1::hash(Expander::XmdSha256, b"", INSPECTOR_BASE_DST)));
    &BASE
}

/// The base Ĝ of the second image of the randomness.
fn check_base() -> &'static FixedPoint {
    static BASE: LazyLock<FixedPoint> =
        LazyLock::new(|| FixedPoint::new(&G1::hash(Expander::XmdSha256, b"", CHECK_BASE_DST)));
    &BASE
}

/// The base G of keys and of E1: the standard generator.
fn key_base() -> &'static FixedPoint {
    static BASE: LazyLock<FixedPoint> = LazyLock::new(|| FixedPoint::new(&NonZeroG1::generator()));
    &BASE
}

/// The one input, times G', stands encrypted to the key I in the points sent.
#[derive(Clone, Copy, Debug)]
pub struct Encryption {
    /// I.
    pub key: NonZeroG1,
}

/// What an inspector decrypts. It says what it should only as part of a proof that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphertext {
    /// `E1 = r·G`.
    pub E1: NonZeroG1,
    /// `E2 = h·G' + r·I`.
    pub E2: NonZeroG1,
}

impl Encryption {
    /// How many points it sends.
    pub const POINTS: usize = 3;

    /// The bases that all encryptions multiply.
    pub fn fixed_points() -> impl Iterator<Item = &'static FixedPoint> {
        [key_base(), inspector_base(), check_base()].into_iter()
    }

    /// The ciphertext among the points that a proof has sent up to and with this statement.
    ///
    /// # Errors
    /// [`Error::Misuse`] if there are fewer.
    pub fn ciphertext(sent: &[NonZeroG1]) -> Result<Ciphertext, Error> {
        let &[E1, E2, _] = sent.last_chunk().ok_or(Error::Misuse("an encryption sends three points"))?;
        Ok(Ciphertext { E1, E2 })
    }
}

impl Statement for Encryption {
    /// h.
    type Witness = Scalar;

    fn points(&self) -> usize {
        Self::POINTS
    }

    fn commit(&self, h: &Scalar, mut rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let r = Scalar::random(&mut rng);
        let E2 = inspector_base().mul(h) + self.key * r;
        let points = G1::batch_to_nonzero(&[key_base().mul(&r), E2, check_base().mul(&r)]);
        // None of them is zero, but with probability 2⁻²⁵³.
        let points = points.into_iter().collect::<Option<Vec<_>>>().ok_or(Error::Unsatisfied)?;
        Ok(Commitment { points, secrets: vec![r], multiples: Vec::new() })
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let (&[h], &[E1, E2, E_hat]) = (inputs, points) else {
            return Err(Error::Misuse("an encryption has one input and sends three points"));
        };
        let r = system.secret();
        let image = vec![(Scalar::ONE, system.base(&E1))];
        let terms = vec![Term::plus(r, system.fixed(key_base()))];
        system.equation("encryption randomness", image, terms);
        let image = vec![(Scalar::ONE, system.base(&E2))];
        let terms = vec![Term::plus(h, system.fixed(inspector_base())), Term::plus(r, system.base(&self.key))];
        system.equation("encryption", image, terms);
        let image = vec![(Scalar::ONE, system.base(&E_hat))];
        let terms = vec![Term::plus(r, system.fixed(check_base()))];
        system.equation("encryption check", image, terms);
        Ok(())
    }
}
