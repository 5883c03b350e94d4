//! A dealer makes an inspector's key and hands out its shares.
//!
//! f is a random polynomial of degree t − 1; shareholder j gets `s_j = f(j)`, the file gets the commitments to the coefficients, and f is
//! erased. The key that signs the file is erased too: no second file of the same identity can exist.
//!
//! Caution: while [`deal`] runs, the dealer knows the whole key, and it must be believed to have forgotten it. Run it on a machine that is
//! wiped afterwards, in the presence of the shareholders.
//! Not here: keeping the shares (`share`).

use milchglas_credential::inspector::{Inspector, InspectorContent, MAX_SHAREHOLDERS, MIN_THRESHOLD};
use milchglas_credential::request::SigningKey;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::polynomial::Polynomial;
use crate::{Error, SecretShare};

/// Makes an inspector of `shareholders`, any `threshold` of whom open together, and their shares.
///
/// # Errors
/// [`Error::Misuse`] unless 2 ≤ threshold ≤ shareholders ≤ 16; [`Error::Input`] for a name that is not 1 to 64 readable characters.
pub fn deal(
    name: &str,
    threshold: u8,
    shareholders: u8,
    rng: &mut dyn CryptoRngCore,
) -> Result<(Inspector, Vec<SecretShare>), Error> {
    if threshold < MIN_THRESHOLD || threshold > shareholders || shareholders > MAX_SHAREHOLDERS {
        return Err(Error::Misuse("a threshold of 2 or more, of at most 16 shareholders"));
    }
    let polynomial = Polynomial::random(threshold, rng);
    let content = InspectorContent { name: name.to_owned(), shareholders, commitments: polynomial.commitments()? };
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *seed);
    let inspector = Inspector::sign(content, &SigningKey::from_bytes(&seed))?;
    let share = |index| SecretShare::new(index, polynomial.at(index), inspector.clone());
    let shares = (1..=shareholders).map(share).collect::<Result<_, _>>()?;
    Ok((inspector, shares))
}
