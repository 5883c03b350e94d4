//! Inviting and issuing by the hundred: a group of enrolments or applications shares one transaction.
//!
//! Nothing else differs from [`Issuer::invite`] and [`Issuer::answer`]: the same checks in the same order, the same rules, the same
//! bytes for the same application. Proofs are checked, credentials signed and encrypted before the registry is locked, on all cores
//! with the feature `parallel`; then each application meets the rules after what the earlier ones of its group have stored, and
//! one sync makes all answers durable.
//!
//! A caller of any number of applications passes them group by group ([`GROUP`] is a good size) and holds no more than one group in
//! memory. After a crash it passes all of them again: what was answered gets the same answer.
//!
//! Secret: claims and credentials. Not here: files of applications, progress.

use std::fmt;

use milchglas_credential::date::Timestamp;
use milchglas_credential::issuance::{Application, SignedInvitation};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng};
use zeroize::Zeroizing;

use crate::keys::random;
use crate::registry::{self, Answered, Found, Handle, Prepared, UnixSeconds};
use crate::{Enrolment, Error, Issuer, Refusal};

/// How many applications make the cost of a transaction small, without making the others wait long.
pub const GROUP: usize = 128;

/// An application in a group.
#[derive(Clone, Copy)]
pub struct Submission<'a> {
    /// The application in its wire form.
    pub application: &'a [u8],
    /// The claims once more, as the officer entered them for the invitation: if they are given, they must be the same. Nothing is
    /// left to compare them with where the application was answered before.
    pub claims: Option<&'a str>,
}

/// What goes through the group: each application with its own handle and random number generator.
struct Item<'a> {
    submission: Submission<'a>,
    handle: Handle,
    seed: Zeroizing<[u8; 32]>,
}

impl Issuer {
    /// [`Issuer::invite`] for a group of persons, in one transaction.
    ///
    /// # Errors
    /// For each person what [`Issuer::invite`] says. For all of them: [`Error::Storage`] (nobody is invited then), [`Error::Misuse`]
    /// if the random number generator fails.
    pub async fn invite_all(
        &self,
        enrolments: &[Enrolment<'_>],
        now: Timestamp,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Vec<Result<SignedInvitation, Error>>, Error> {
        let mut waiting = Vec::with_capacity(enrolments.len());
        let mut all = Vec::with_capacity(enrolments.len());
        for enrolment in enrolments {
            all.push(self.prepare(enrolment, now, rng).map(|(stored, invitation)| {
                waiting.push(stored);
                invitation
            }));
        }
        self.registry.invite_all(&waiting, UnixSeconds(now.as_unix())).await?;
        Ok(each(all, |invitation| Ok(SignedInvitation::sign(invitation?, &self.keys.identity))))
    }

    /// [`Issuer::answer`] for a group of applications, in one transaction. The answers come in the order of the applications, and
    /// all of them are durable.
    ///
    /// Computes for about a millisecond an application, on this thread or, with the feature `parallel`, on those of rayon while this
    /// one waits: not for an executor that must answer others meanwhile.
    ///
    /// # Errors
    /// For each application what [`Issuer::answer`] says, and [`Refusal::ClaimsContradict`]. For all of them: [`Error::Storage`] (it is
    /// not known whether the answers were stored, all or none; the same applications again tell), [`Error::Misuse`] if the
    /// random number generator fails.
    pub async fn answer_all(
        &self,
        applications: &[Submission<'_>],
        now: Timestamp,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Vec<Result<Answered, Error>>, Error> {
        let mut items = Vec::with_capacity(applications.len());
        for submission in applications {
            items.push(Item { submission: *submission, handle: Handle(*random(rng)?), seed: random(rng)? });
        }
        let seconds = UnixSeconds(now.as_unix());
        self.follow_epochs(now).await?;
        let read = each(items, |item| {
            let application = Application::from_bytes(item.submission.application)?;
            let nonce = registry::InvitationNonce(application.nonce().0);
            let digest = registry::ApplicationDigest(application.digest().0);
            Ok::<_, Error>((item, application, (nonce, digest)))
        });
        let names: Vec<_> = read.iter().flatten().map(|(_, _, name)| *name).collect();
        let mut found = self.registry.find_all(&names, seconds).await?.into_iter();
        let standing = read.into_iter().map(|read| {
            let (item, application, _) = read?;
            let found = found.next().ok_or(Error::Misuse { what: "one finding for each application" })?;
            Ok((item, application, found.map_err(Refusal::Registry)?))
        });
        let worked = each(standing.collect(), |standing: Result<_, Error>| {
            let (item, application, found) = standing?;
            self.work(item, application, found, now)
        });

        let mut prepared = Vec::with_capacity(worked.len());
        let waits = worked.into_iter().map(|worked| {
            worked.map(|worked| match worked {
                Worked::Before(response) => Some(Answered { response, fresh: false }),
                Worked::Prepared(work) => {
                    prepared.push(*work);
                    None
                }
            })
        });
        let waits: Vec<Result<Option<Answered>, Error>> = waits.collect();
        let mut stored = self.registry.answer_all(prepared, seconds).await?.into_iter();
        let answers = waits.into_iter().map(|before| match before? {
            Some(answered) => Ok(answered),
            None => {
                let stored = stored.next().ok_or(Error::Misuse { what: "one answer for each application" })?;
                Ok(stored.map_err(Refusal::Registry)?)
            }
        });
        Ok(answers.collect())
    }

    fn work(&self, item: Item<'_>, application: Application, found: Found, now: Timestamp) -> Result<Worked, Error> {
        let open = match found {
            Found::Answered(response) => return Ok(Worked::Before(response)),
            Found::Open(open) => open,
        };
        let mut rng = ChaCha20Rng::from_seed(*item.seed);
        let checked = self.check(application, &open, item.submission.claims, now, &mut rng)?;
        let application = checked.facts();
        let answer = self.sign(checked, item.handle)?;
        Ok(Worked::Prepared(Box::new(Prepared { nonce: open.nonce, application, handle: item.handle, answer })))
    }
}

enum Worked {
    Before(Vec<u8>),
    Prepared(Box<Prepared>),
}

#[cfg(feature = "parallel")]
fn each<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
    items.into_par_iter().map(work).collect()
}

#[cfg(not(feature = "parallel"))]
fn each<T, R>(items: Vec<T>, work: impl Fn(T) -> R) -> Vec<R> {
    items.into_iter().map(work).collect()
}

impl fmt::Debug for Submission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Submission(..)")
    }
}
