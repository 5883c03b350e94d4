//! Many presentations, checked together.
//!
//! The linear equations of each are checked by themselves (with the feature `parallel` on all cores); the pairing equations of all
//! go into one product with a random weight for each equation. A bad presentation does not spoil the others: where the product fails, the bad
//! ones are found by halving.
//!
//! Caution: a batch is in memory as a whole. Who sends many bad answers makes it cost what checking them one by one would, about
//! twice.
//! Not here: which requests are pending, what becomes of two answers to one request (see the verifier crate).

use milchglas_sigma::PairingChecks;
use rand_core::CryptoRngCore;
#[cfg(feature = "parallel")]
use rayon::prelude::*;

use super::{Pending, Presentation, Verified};
use crate::error::Error;
use crate::parameters::Parameters;
use crate::request::Request;

/// Checks everything about several answers, each to its own request; the results are in the same order.
///
/// `parameters` are those that the caller trusts, for all of them.
pub fn verify_all(
    answers: &[(&Presentation, &Request)],
    parameters: &[&Parameters],
    rng: &mut dyn CryptoRngCore,
) -> Vec<Result<Verified, Error>> {
    let mut failed = Vec::with_capacity(answers.len());
    let mut pendings = Vec::with_capacity(answers.len());
    for checked in check_all(answers, parameters) {
        match checked {
            Ok(pending) => {
                pendings.push(pending);
                failed.push(None);
            }
            Err(error) => failed.push(Some(error)),
        }
    }
    let mut finished = finish_all(pendings, rng).into_iter();
    let result = |failed: Option<Error>| failed.map_or_else(|| finished.next().unwrap_or(Err(Error::Invalid)), Err);
    failed.into_iter().map(result).collect()
}

/// Checks the pairing equations of several presentations in one product; the results are in the same order.
///
/// Each result is what [`Pending::finish`] says of that presentation alone, but for a probability of 2⁻¹²⁷ for each product.
pub fn finish_all(pendings: Vec<Pending>, rng: &mut dyn CryptoRngCore) -> Vec<Result<Verified, Error>> {
    let (pairings, verified): (Vec<_>, Vec<_>) =
        pendings.into_iter().map(|pending| (pending.pairings, pending.verified)).unzip();
    let results = PairingChecks::check_each(&pairings, rng);
    results.into_iter().zip(verified).map(|(result, verified)| Ok(result.map(|()| verified)?)).collect()
}

/// The linear equations of each.
#[cfg(feature = "parallel")]
fn check_all(answers: &[(&Presentation, &Request)], parameters: &[&Parameters]) -> Vec<Result<Pending, Error>> {
    answers.par_iter().map(|(presentation, request)| presentation.check(request, parameters)).collect()
}

/// The linear equations of each.
#[cfg(not(feature = "parallel"))]
fn check_all(answers: &[(&Presentation, &Request)], parameters: &[&Parameters]) -> Vec<Result<Pending, Error>> {
    answers.iter().map(|(presentation, request)| presentation.check(request, parameters)).collect()
}

#[cfg(test)]
mod tests;
