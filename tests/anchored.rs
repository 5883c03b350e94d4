//! What the tests of statements share: inputs that are tied to public points, as a signature ties a card's claims, and proofs about them.

use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Prover, Statement, System, Term, Transcript, Var, Verifier};
use milchglas_statements::{DIGIT_BASE, PublicSet, SetSecretKey};
use rand_core::CryptoRngCore;

use crate::SeededRng;

/// The digits 0 to 255, signed.
///
/// # Errors
/// None with this key.
pub fn digits() -> Result<PublicSet, Error> {
    let key = SetSecretKey::random(&mut SeededRng::new("digits"));
    key.sign(b"digits", (0..DIGIT_BASE).map(Scalar::from).collect())
}

/// Ties the one input to a public point.
pub struct Anchor(G1);

/// The anchor of this value.
#[must_use]
pub fn anchor(value: Scalar) -> Anchor {
    Anchor(anchor_base() * value)
}

fn anchor_base() -> NonZeroG1 {
    G1::hash(Expander::XmdSha256, b"B", b"MILCHGLAS-TEST")
}

impl Statement for Anchor {
    type Witness = ();

    fn points(&self) -> usize {
        0
    }

    fn commit(&self, (): &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Ok(Commitment::default())
    }

    fn constrain(&self, inputs: &[Var], _: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[input] = inputs else { return Err(Error::Misuse("an anchor has one input")) };
        let base = system.base(&anchor_base());
        let image = self.0.to_nonzero().map(|image| (Scalar::ONE, system.base(&image)));
        system.equation("anchor", image.into_iter().collect(), vec![Term::plus(input, base)]);
        Ok(())
    }
}

/// Proves a statement about anchored inputs.
///
/// # Errors
/// Those of the statement.
pub fn prove<S: Statement>(statement: &S, values: &[Scalar], witness: &S::Witness) -> Result<Vec<u8>, Error> {
    let mut rng = SeededRng::new("prove");
    let mut prover = Prover::new(Transcript::new(b"test"), values.to_vec(), b"", &mut rng);
    let inputs = prover.inputs();
    for (value, input) in values.iter().zip(&inputs) {
        prover.add(&anchor(*value), &[*input], &())?;
    }
    prover.add(statement, &inputs, witness)?;
    prover.prove(&mut rng)
}

/// Checks such a proof.
///
/// # Errors
/// Where it does not hold.
pub fn verify<S: Statement>(statement: &S, values: &[Scalar], proof: &[u8]) -> Result<(), Error> {
    let mut verifier = Verifier::new(Transcript::new(b"test"), values.len(), proof);
    let inputs = verifier.inputs();
    for (value, input) in values.iter().zip(&inputs) {
        verifier.add(&anchor(*value), &[*input])?;
    }
    verifier.add(statement, &inputs)?;
    verifier.verify()?.check(&mut SeededRng::new("weights"))
}
