//! From a request to the statements that answer it: the one place, which prover and verifier both run.
//!
//! [`compile`] resolves a request and a [`Selection`] against the issuers' parameters. The resulting [`Plan`] fixes the secret
//! variables, the statements over them, and their order:
//!
//! - variable 0 is the holder secret, shared by all credentials of the presentation;
//! - then, for each credential, its handle and its hidden claims, ascending, and the counter of its rate, where that is hidden;
//! - statements: for each credential its signature, then that it has not been revoked, then what is proven about it, in the order of the request, then its pseudonym, its
//!   rate and the encryption of its handle, where they are asked.
//!
//! A predicate about a claim that is also disclosed is checked on the value. Spec: `spec/presentation.md`.
//!
//! Not here: which selection a wallet prefers, consent, policies.

mod same_as;

use std::sync::Arc;

use milchglas_curve::Scalar;
use milchglas_sigma::{Announced, FixedPoint, PairingChecks, Prover, Statement, Transcript, Verifier};
use milchglas_statements::{
    Accumulator, Ciphertext, DigitTables, EitherRange, Encryption, Exactly, Gap, Generators, Member, NonRevocation,
    NonRevocationWitness, NotIn, Pseudonym, PublicSet, Range, Rate, RateWitness, Same, SetKey, Signature,
};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::cbor::{self, Writer};
use crate::claim::{Value, to_scalar};
use crate::credential::{Credential, HolderSecret, Holdings, RangeOf, Ready};
use crate::digest::{self, Token};
use crate::error::Error;
use crate::issuer_key::CredentialKey;
use crate::list::ListRef;
use crate::parameters::Parameters;
use crate::predicate::{Bounds, Fact};
use crate::request::{CredentialAsk, Request};
use crate::revocation::Epoch;
use crate::schema::{ClaimIndex, HANDLE_MESSAGE, HOLDER_SECRET_MESSAGE, Schema};
use crate::selection::{Selection, ShownAs};
use crate::set::{Membership, Published};
use same_as::Place;

/// A request, resolved: what is shown and proven about each credential.
#[derive(Debug)]
pub struct Plan<'a> {
    request: &'a Request,
    selection: Selection,
    shown: Vec<Shown<'a>>,
}

/// One credential of a [`Plan`].
#[derive(Debug)]
pub struct Shown<'a> {
    /// What was asked.
    pub ask: &'a CredentialAsk,
    /// The issuer's parameters.
    pub parameters: &'a Parameters,
    /// The credential's schema.
    pub schema: &'a Schema,
    key: &'a CredentialKey,
    disclosed: Vec<ClaimIndex>,
    facts: Vec<Fact>,
    /// The epoch by which it has not been revoked, where that is asked.
    not_revoked: Option<(Epoch, Accumulator)>,
}

/// One statement with the places of its inputs among the variables. To add a kind of statement, add it here; the compiler names
/// the four places that must know it.
enum Step<'a> {
    Signature { statement: Signature, inputs: Vec<usize>, credential: usize },
    NonRevocation { accumulator: &'a Accumulator, input: usize, credential: usize },
    Range { statement: Range<'a>, input: usize, kept: Option<Kept> },
    Exactly { statement: Exactly, input: usize },
    Member { set: SetKey, membership: &'a Membership, input: usize },
    Gap { digits: &'a PublicSet, list: &'a ListRef, key: SetKey, input: usize },
    NotIn { statement: NotIn, input: usize },
    EitherRange { statement: EitherRange<'a>, input: usize, kept: Kept },
    Same { inputs: [usize; 2] },
    Pseudonym { statement: Pseudonym, credential: usize },
    Rate { statement: Rate, counter: Option<usize>, credential: usize },
    Encryption { statement: Encryption, input: usize, credential: usize },
}

impl Step<'_> {
    /// How many points the statement sends.
    fn points(&self) -> Result<usize, Error> {
        Ok(match self {
            Self::Signature { statement, .. } => statement.points(),
            Self::NonRevocation { accumulator, .. } => NonRevocation { accumulator }.points(),
            Self::Range { statement, .. } => statement.points(),
            Self::Exactly { statement, .. } => statement.points(),
            Self::Member { set, .. } => Member { set }.points(),
            Self::Gap { digits, key, .. } => Gap::new(digits, key)?.points(),
            Self::NotIn { statement, .. } => statement.points(),
            Self::EitherRange { statement, .. } => statement.points(),
            Self::Same { .. } => Same.points(),
            Self::Pseudonym { statement, .. } => statement.points(),
            Self::Rate { statement, .. } => statement.points(),
            Self::Encryption { statement, .. } => statement.points(),
        })
    }
}

/// A range whose digits keep their tables for the next proof.
#[derive(Clone, Copy)]
struct Kept {
    credential: usize,
    of: RangeOf,
}

impl Kept {
    fn tables(self, ready: &[Arc<Ready>]) -> Result<Arc<DigitTables>, Error> {
        Ok(of_credential(ready, self.credential)?.digit_tables(self.of))
    }

    fn value(self, ready: &[Arc<Ready>]) -> Result<Zeroizing<Scalar>, Error> {
        Ok(Zeroizing::new(of_credential(ready, self.credential)?.messages.get(self.of.1.message())?))
    }
}

/// A proof whose linear equations hold.
pub(crate) struct Checked {
    /// What is still to be checked.
    pub(crate) pairings: PairingChecks,
    /// What it tells of each credential beside values.
    pub(crate) told: Vec<Told>,
}

/// The points of one credential that mean something outside of the proof: names, counts and what inspectors open.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) pseudonym: Option<digest::Pseudonym>,
    pub(crate) token: Option<Token>,
    pub(crate) ciphertext: Option<Ciphertext>,
}

/// Resolves a request. `parameters` are those that the caller trusts.
///
/// # Errors
/// [`Error::Invalid`] if the selection does not fit the request, names an unknown or no longer accepted key, or parameters that are not
/// given; [`Error::Unfit`] if the request does not fit the schema, or compares with a claim that is not shown or of another type.
pub fn compile<'a>(
    request: &'a Request,
    selection: Selection,
    parameters: &[&'a Parameters],
) -> Result<Plan<'a>, Error> {
    let leaves = selection.leaves(request.ask())?;
    let shown = leaves
        .into_iter()
        .zip(&selection.shown)
        .map(|(ask, shown_as)| Shown::resolve(request, ask, *shown_as, parameters))
        .collect::<Result<_, _>>()?;
    let plan = Plan { request, selection, shown };
    plan.check_comparisons()?;
    Ok(plan)
}

impl<'a> Shown<'a> {
    fn resolve(
        request: &Request,
        ask: &'a CredentialAsk,
        shown_as: ShownAs,
        parameters: &[&'a Parameters],
    ) -> Result<Self, Error> {
        let as_of = request.fields().as_of;
        let accept = ask.accept.get(usize::from(shown_as.accept)).ok_or(Error::Invalid)?;
        let parameters = parameters
            .iter()
            .find(|known| known.digest() == accept.parameters && known.fingerprint() == accept.issuer)
            .ok_or(Error::Invalid)?;
        let key = parameters.content().keys.get(usize::from(shown_as.key)).ok_or(Error::Invalid)?;
        if key.accepted_until < as_of {
            return Err(Error::Invalid);
        }
        let schema = ask.schemas.get(usize::from(shown_as.schema)).ok_or(Error::Invalid)?.digest;
        let key = parameters.credential_key(&parameters.key_id(key), &schema).ok_or(Error::Invalid)?;
        let schema = parameters.schema(&schema).ok_or(Error::Invalid)?;
        let index = |name: &crate::text::ClaimName| {
            schema.index_of(name.as_str()).ok_or(Error::unfit("the schema has no claim of that name"))
        };
        let mut disclosed: Vec<ClaimIndex> = ask.disclose.iter().map(index).collect::<Result<_, _>>()?;
        disclosed.sort_unstable();
        disclosed.dedup();
        let facts: Vec<Fact> =
            ask.prove.iter().map(|predicate| predicate.resolve(schema, as_of)).collect::<Result<_, _>>()?;
        // On a disclosed claim the verifier would have to look for itself, and does not have the content.
        if facts.iter().any(|fact| fact.needs_published() && disclosed.contains(&fact.claim)) {
            return Err(Error::unfit(
                "a claim that is disclosed is not asked to be in a published set or not on a list",
            ));
        }
        let not_revoked = not_revoked(ask, key, shown_as)?;
        Ok(Self { ask, parameters, schema, key, disclosed, facts, not_revoked })
    }

    /// The epoch by which it is shown not to have been revoked, where that is asked.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        self.not_revoked.as_ref().map(|(epoch, _)| *epoch)
    }

    /// The disclosed claims, ascending.
    pub fn disclosed(&self) -> impl ExactSizeIterator<Item = ClaimIndex> {
        self.disclosed.iter().copied()
    }

    /// The claims that stay hidden, ascending.
    fn hidden(&self) -> impl Iterator<Item = ClaimIndex> {
        (0..self.schema.claims().len()).map(ClaimIndex).filter(|index| !self.disclosed.contains(index))
    }

    /// How many secret variables are this credential's own inputs: handle, hidden claims, counter.
    fn inputs(&self) -> usize {
        1 + self.hidden().count() + usize::from(self.has_counter())
    }

    /// Whether the counter of a token is a secret variable.
    fn has_counter(&self) -> bool {
        self.ask.rate.as_ref().is_some_and(|rate| rate.limit > 1)
    }

    /// The issuer's key.
    #[must_use]
    pub fn key(&self) -> &CredentialKey {
        self.key
    }

    fn holds(&self, fact: &Fact, value: Option<&Value>, published: &Published<'_>) -> Result<bool, Error> {
        let claim = self.schema.claim(fact.claim).ok_or(Error::Invalid)?;
        fact.holds(&claim.claim_type, value.ok_or(Error::Invalid)?, published)
    }

    /// What each predicate says, in words.
    ///
    /// # Errors
    /// None: the predicates are resolved.
    pub fn sentences(&self, request: &Request) -> Result<Vec<String>, Error> {
        self.ask.prove.iter().map(|predicate| predicate.sentence(self.schema, request.fields().as_of)).collect()
    }

    fn base(&self, message: usize) -> Result<&FixedPoint, Error> {
        self.key.bases().get(message).ok_or(Error::Misuse("one generator for each message"))
    }
}

impl<'a> Plan<'a> {
    /// The request.
    #[must_use]
    pub fn request(&self) -> &'a Request {
        self.request
    }

    /// The selection.
    #[must_use]
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The credentials shown, in order.
    #[must_use]
    pub fn shown(&self) -> &[Shown<'a>] {
        &self.shown
    }

    /// How many secret variables there are.
    fn variables(&self) -> usize {
        1 + self.shown.iter().map(Shown::inputs).sum::<usize>()
    }

    /// Whether a token is shown.
    pub(crate) fn counts(&self) -> bool {
        self.shown.iter().any(|shown| shown.ask.rate.is_some())
    }

    /// What the statements depend on: the as-of date, the ask and the selection; and, where a pseudonym or token is shown, who asks. Requests
    /// of one shape differ only in what is left of who asks, why, when, with which nonce and document.
    pub(crate) fn shape(&self) -> Vec<u8> {
        let fields = self.request.fields();
        let mut out = Writer::new();
        let scoped = self.shown.iter().any(|shown| shown.ask.is_scoped());
        out.array(if scoped { 5 } else { 3 }).object(&fields.as_of).object(&fields.ask).object(&self.selection);
        if scoped {
            out.object(&fields.verifier.key).object(&fields.verifier.origin);
        }
        out.into_bytes()
    }

    /// What both sides absorb before the proof.
    pub(crate) fn transcript(&self, disclosed: &[Vec<Value>]) -> Result<Transcript, Error> {
        let mut transcript = Transcript::new(b"milchglas presentation/1");
        transcript.append_message(b"request", self.request.to_bytes());
        transcript.append_message(b"selection", &self.selection.to_bytes());
        for (shown, values) in self.shown.iter().zip(disclosed) {
            transcript.append_message(b"parameters", shown.parameters.digest().as_bytes());
            transcript.append_message(b"key", &shown.key.public().to_bytes());
            transcript.append_message(b"schema", shown.schema.digest().as_bytes());
            transcript.append_message(b"messages", &count(shown.schema.messages())?);
            for (index, value) in shown.disclosed().zip(values) {
                let bytes = [&count(index.get())?[..], &cbor::to_bytes(value)].concat();
                transcript.append_message(b"disclosed", &bytes);
            }
        }
        Ok(transcript)
    }

    /// All statements, in order, with the disclosed values checked against what they must satisfy.
    fn steps(&self, disclosed: &[Vec<Value>], published: &Published<'_>) -> Result<Vec<Step<'_>>, Error> {
        let mut steps = Vec::new();
        let mut next = 1;
        for (credential, (shown, values)) in self.shown.iter().zip(disclosed).enumerate() {
            let handle = next;
            let hidden: Vec<ClaimIndex> = shown.hidden().collect();
            let after_claims = handle + 1 + hidden.len();
            next = after_claims + usize::from(shown.has_counter());

            let mut public = Vec::with_capacity(values.len());
            for (index, value) in shown.disclosed().zip(values) {
                let claim = shown.schema.claim(index).ok_or(Error::Invalid)?;
                if *value == Value::Absent && !claim.optional {
                    return Err(Error::Invalid);
                }
                public.push((to_scalar(&claim.claim_type, value)?, shown.base(index.message())?.clone()));
            }

            let mut bases = vec![shown.base(HOLDER_SECRET_MESSAGE)?.clone()];
            bases.push(shown.base(HANDLE_MESSAGE)?.clone());
            for index in &hidden {
                bases.push(shown.base(index.message())?.clone());
            }
            let inputs = std::iter::once(0).chain(handle..after_claims).collect();
            let statement = Signature::new(shown.key.pairing(), shown.key.empty(), public, bases);
            steps.push(Step::Signature { statement, inputs, credential });

            if let Some((_, accumulator)) = &shown.not_revoked {
                steps.push(Step::NonRevocation { accumulator, input: handle, credential });
            }
            for fact in &shown.facts {
                if let Some(there) = self.counterpart(fact)? {
                    steps.extend(self.compare(Place { credential, claim: fact.claim }, there, disclosed)?);
                    continue;
                }
                if let Some(place) = shown.disclosed().position(|index| index == fact.claim) {
                    if !shown.holds(fact, values.get(place), &Published::default())? {
                        return Err(Error::Invalid);
                    }
                    continue;
                }
                let place = hidden.iter().position(|index| *index == fact.claim).ok_or(Error::Invalid)?;
                let input = handle + 1 + place;
                steps.push(match &fact.bounds {
                    Bounds::Range { lo, hi } => {
                        let statement = Range::new(&shown.parameters.content().digits, *lo, *hi)?;
                        let of = (shown.parameters.digest(), fact.claim, [(*lo, *hi); 2]);
                        Step::Range { statement, input, kept: Some(Kept { credential, of }) }
                    }
                    Bounds::Exactly(value) => Step::Exactly { statement: Exactly { value: *value }, input },
                    Bounds::Member(membership) => {
                        Step::Member { set: membership.set_key(published)?, membership, input }
                    }
                    Bounds::NotListed(list) => {
                        let digits = &shown.parameters.content().digits;
                        Step::Gap { digits, list, key: list.set_key(published)?, input }
                    }
                    Bounds::NoneOf(values) => Step::NotIn { statement: NotIn::new(values.clone())?, input },
                    Bounds::Either(ranges) => {
                        let statement = EitherRange::new(&shown.parameters.content().digits, *ranges)?;
                        let kept = Kept { credential, of: (shown.parameters.digest(), fact.claim, *ranges) };
                        Step::EitherRange { statement, input, kept }
                    }
                    Bounds::SameAs { .. } => return Err(Error::Misuse("a comparison has a counterpart")),
                });
            }
            self.scoped_steps(shown, credential, after_claims, &mut steps)?;
            if let Some(ask) = &shown.ask.encrypt_to {
                let statement = Encryption { key: ask.inspector.key.0 };
                steps.push(Step::Encryption { statement, input: handle, credential });
            }
        }
        Ok(steps)
    }

    /// What names or counts the holder in a scope of the verifier. `counter` is the place of the variable, where there is one.
    fn scoped_steps(
        &self,
        shown: &Shown<'a>,
        credential: usize,
        counter: usize,
        steps: &mut Vec<Step<'a>>,
    ) -> Result<(), Error> {
        let verifier = &self.request.fields().verifier;
        if let Some(ask) = &shown.ask.pseudonym {
            steps.push(Step::Pseudonym { statement: Pseudonym::new(&ask.scope_bytes(verifier)), credential });
        }
        if let Some(ask) = &shown.ask.rate {
            let statement = Rate::new(&ask.scope_bytes(verifier), ask.limit)?;
            let range = statement.counter(&shown.parameters.content().digits)?;
            steps.push(Step::Rate { statement, counter: range.is_some().then_some(counter), credential });
            steps.extend(range.map(|statement| Step::Range { statement, input: counter, kept: None }));
        }
        Ok(())
    }

    /// The values that the answer discloses, for each credential in the order of its claims.
    pub(crate) fn disclose(&self, credentials: &[&Credential]) -> Result<Vec<Vec<Value>>, Error> {
        let mut all = Vec::with_capacity(self.shown.len());
        for (shown, credential) in self.shown.iter().zip(credentials) {
            let value =
                |index| credential.claims().get(index).cloned().ok_or(Error::Misuse("a credential of this schema"));
            all.push(shown.disclosed().map(value).collect::<Result<_, _>>()?);
        }
        Ok(all)
    }

    /// Builds now, in idle time, the tables that proving this plan wins from: about 0.3 ms and 66 KiB (85 on the portable backend) for each
    /// hidden message, and twice that for each credential, unless they exist. They live as long as parameters and credentials.
    ///
    /// # Errors
    /// [`Error::Misuse`] if the credentials are not those of the plan; [`Error::Unsatisfied`] if they do not satisfy it.
    pub fn prepare_for_proving(&self, k: &HolderSecret, credentials: &[&Credential]) -> Result<(), Error> {
        let (mut points, mut ready) = (Vec::new(), Vec::with_capacity(credentials.len()));
        for (shown, credential) in self.shown.iter().zip(credentials) {
            credential.prepare(k, shown.key, shown.schema)?;
            ready.push(credential.ready(k, shown.key, shown.schema)?);
            points.push(shown.base(HOLDER_SECRET_MESSAGE)?);
            points.push(shown.base(HANDLE_MESSAGE)?);
            for index in shown.hidden() {
                points.push(shown.base(index.message())?);
            }
            points.push(shown.parameters.content().digits.base());
            if shown.facts.iter().any(|fact| fact.bounds.commits()) {
                points.extend(Generators::get().fixed_points());
            }
            if shown.ask.encrypt_to.is_some() {
                Encryption::fixed_points().for_each(|point| points.push(point));
            }
            if let Some((_, accumulator)) = &shown.not_revoked {
                points.push(accumulator.base());
            }
        }
        FixedPoint::prepare_for_proving(points);
        for step in self.steps(&self.disclose(credentials)?, &Published::default())? {
            match step {
                Step::Range { statement, kept: Some(kept), .. } => {
                    let tables = kept.tables(&ready)?;
                    statement.with_tables(&tables).prepare(&*kept.value(&ready)?)?;
                }
                Step::EitherRange { statement, kept, .. } => {
                    let tables = kept.tables(&ready)?;
                    statement.with_tables(&tables).prepare(&*kept.value(&ready)?)?;
                }
                Step::Range { kept: None, .. }
                | Step::Signature { .. }
                | Step::NonRevocation { .. }
                | Step::Exactly { .. }
                | Step::Member { .. }
                | Step::Gap { .. }
                | Step::NotIn { .. }
                | Step::Same { .. }
                | Step::Pseudonym { .. }
                | Step::Rate { .. }
                | Step::Encryption { .. } => {}
            }
        }
        Ok(())
    }

    /// Proves the plan with one credential for each place.
    pub(crate) fn prove(
        &self,
        holdings: &Holdings<'_>,
        disclosed: &[Vec<Value>],
        hedge: &[u8],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<u8>, Error> {
        Ok(self.prover(holdings, disclosed, hedge, rng)?.prove(rng)?)
    }

    /// Does all of [`Plan::prove`] that does not depend on who asks.
    pub(crate) fn announce(
        &self,
        holdings: &Holdings<'_>,
        disclosed: &[Vec<Value>],
        hedge: &[u8],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Announced, Error> {
        Ok(self.prover(holdings, disclosed, hedge, rng)?.announce(rng)?)
    }

    fn prover(
        &self,
        holdings: &Holdings<'_>,
        disclosed: &[Vec<Value>],
        hedge: &[u8],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Prover, Error> {
        let Holdings { k, credentials, counters, sets, witnesses } = *holdings;
        if credentials.len() != self.shown.len() {
            return Err(Error::Misuse("one credential for each one asked for"));
        }
        if counters.len() != self.shown.iter().filter(|shown| shown.ask.rate.is_some()).count() {
            return Err(Error::Misuse("one counter for each rate asked for"));
        }
        let mut counters = counters.iter();
        let mut values = Zeroizing::new(Vec::with_capacity(self.variables()));
        let mut ready = Vec::with_capacity(credentials.len());
        values.push(k.scalar());
        for (shown, credential) in self.shown.iter().zip(credentials) {
            if credential.issuer() != shown.parameters.fingerprint() {
                return Err(Error::Misuse("the credential is not one of the selected issuer"));
            }
            let this = credential.ready(k, shown.key, shown.schema)?;
            values.push(this.messages.get(HANDLE_MESSAGE)?);
            for index in shown.hidden() {
                values.push(this.messages.get(index.message())?);
            }
            if let Some(rate) = &shown.ask.rate {
                let counter = counters.next().filter(|counter| **counter < rate.limit).ok_or(Error::Unsatisfied)?;
                if shown.has_counter() {
                    values.push(Scalar::from(u64::from(*counter)));
                }
            }
            ready.push(this);
        }
        let mut prover = Prover::new(self.transcript(disclosed)?, std::mem::take(&mut *values), hedge, rng);
        let vars = prover.inputs();
        let var = |place: usize| vars.get(place).copied().ok_or(Error::Misuse("a variable for each input"));
        for step in self.steps(disclosed, &sets)? {
            match step {
                Step::Signature { statement, inputs, credential } => {
                    let inputs = inputs.into_iter().map(var).collect::<Result<Vec<_>, _>>()?;
                    prover.add(&statement, &inputs, &of_credential(&ready, credential)?.witness)?;
                }
                Step::NonRevocation { accumulator, input, credential } => {
                    let epoch = self.shown.get(credential).and_then(Shown::epoch);
                    let mut held = witnesses.iter().filter(|held| held.credential == credential);
                    let witness = held.find(|held| Some(held.witness.epoch()) == epoch).ok_or(Error::Unsatisfied)?;
                    let handle = Zeroizing::new(prover.value(var(input)?));
                    let witness = NonRevocationWitness::new(witness.witness.point().clone(), &handle);
                    prover.add(&NonRevocation { accumulator }, &[var(input)?], &witness)?;
                }
                Step::Range { statement, input, kept } => {
                    let witness: Zeroizing<Scalar> = Zeroizing::new(prover.value(var(input)?));
                    match kept.map(|kept| kept.tables(&ready)).transpose()? {
                        Some(tables) => prover.add(&statement.with_tables(&tables), &[var(input)?], &witness)?,
                        None => prover.add(&statement, &[var(input)?], &witness)?,
                    }
                }
                Step::Exactly { statement, input } => prover.add(&statement, &[var(input)?], &())?,
                Step::NotIn { statement, input } => {
                    let witness: Zeroizing<Scalar> = Zeroizing::new(prover.value(var(input)?));
                    prover.add(&statement, &[var(input)?], &witness)?;
                }
                Step::Member { set, membership, input } => {
                    let d = Zeroizing::new(prover.value(var(input)?));
                    let witness = membership.witness(&set, &d, &sets, rng)?;
                    prover.add(&Member { set: &set }, &[var(input)?], &witness)?;
                }
                Step::Gap { digits, list, key, input } => {
                    let m = Zeroizing::new(prover.value(var(input)?));
                    let witness = list.witness(&m, &sets)?;
                    prover.add(&Gap::new(digits, &key)?, &[var(input)?], &witness)?;
                }
                Step::EitherRange { statement, input, kept } => {
                    let witness: Zeroizing<Scalar> = Zeroizing::new(prover.value(var(input)?));
                    let tables = kept.tables(&ready)?;
                    prover.add(&statement.with_tables(&tables), &[var(input)?], &witness)?;
                }
                Step::Same { inputs: [one, other] } => prover.add(&Same, &[var(one)?, var(other)?], &())?,
                Step::Pseudonym { statement, .. } => {
                    let k = var(0)?;
                    let witness: Zeroizing<Scalar> = Zeroizing::new(prover.value(k));
                    prover.add(&statement, &[k], &witness)?;
                }
                Step::Rate { statement, counter, .. } => {
                    let (k, i) = (var(0)?, counter.map(var).transpose()?);
                    let i_value = i.map_or(Scalar::ZERO, |i| prover.value(i));
                    let witness = RateWitness { k: prover.value(k), i: i_value };
                    let inputs: Vec<_> = std::iter::once(k).chain(i).collect();
                    prover.add(&statement, &inputs, &witness)?;
                }
                Step::Encryption { statement, input, .. } => {
                    let witness: Zeroizing<Scalar> = Zeroizing::new(prover.value(var(input)?));
                    prover.add(&statement, &[var(input)?], &witness)?;
                }
            }
        }
        Ok(prover)
    }

    /// Checks the linear equations of a proof.
    pub(crate) fn check(&self, disclosed: &[Vec<Value>], proof: &[u8]) -> Result<Checked, Error> {
        let (verifier, told) = self.read(disclosed, proof)?;
        Ok(Checked { pairings: verifier.verify()?, told })
    }

    /// Checks all of a proof.
    pub(crate) fn verify(
        &self,
        disclosed: &[Vec<Value>],
        proof: &[u8],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<Told>, Error> {
        let (verifier, told) = self.read(disclosed, proof)?;
        verifier.finish(rng)?;
        Ok(told)
    }

    /// Adds all statements to a verifier of a proof.
    fn read<'p>(&self, disclosed: &[Vec<Value>], proof: &'p [u8]) -> Result<(Verifier<'p>, Vec<Told>), Error> {
        if disclosed.len() != self.shown.len()
            || self.shown.iter().zip(disclosed).any(|(shown, values)| shown.disclosed().len() != values.len())
        {
            return Err(Error::Invalid);
        }
        let mut told = vec![Told::default(); self.shown.len()];
        let mut verifier = Verifier::new(self.transcript(disclosed)?, self.variables(), proof);
        let vars = verifier.inputs();
        let var = |place: usize| vars.get(place).copied().ok_or(Error::Misuse("a variable for each input"));
        let steps = self.steps(disclosed, &Published::default())?;
        verifier.read_ahead(steps.iter().map(Step::points).sum::<Result<_, _>>()?);
        for step in steps {
            match step {
                Step::Signature { statement, inputs, .. } => {
                    let inputs = inputs.into_iter().map(var).collect::<Result<Vec<_>, _>>()?;
                    verifier.add(&statement, &inputs)?;
                }
                Step::NonRevocation { accumulator, input, .. } => {
                    verifier.add(&NonRevocation { accumulator }, &[var(input)?])?;
                }
                Step::Range { statement, input, .. } => verifier.add(&statement, &[var(input)?])?,
                Step::Exactly { statement, input } => verifier.add(&statement, &[var(input)?])?,
                Step::Member { set, input, .. } => verifier.add(&Member { set: &set }, &[var(input)?])?,
                Step::Gap { digits, key, input, .. } => verifier.add(&Gap::new(digits, &key)?, &[var(input)?])?,
                Step::NotIn { statement, input } => verifier.add(&statement, &[var(input)?])?,
                Step::EitherRange { statement, input, .. } => verifier.add(&statement, &[var(input)?])?,
                Step::Same { inputs: [one, other] } => verifier.add(&Same, &[var(one)?, var(other)?])?,
                Step::Pseudonym { statement, credential } => {
                    verifier.add(&statement, &[var(0)?])?;
                    place(&mut told, credential)?.pseudonym = Some(digest::Pseudonym(last_point(&verifier)?));
                }
                Step::Rate { statement, counter, credential } => {
                    let inputs = std::iter::once(0).chain(counter).map(var).collect::<Result<Vec<_>, _>>()?;
                    verifier.add(&statement, &inputs)?;
                    place(&mut told, credential)?.token = Some(Token(last_point(&verifier)?));
                }
                Step::Encryption { statement, input, credential } => {
                    verifier.add(&statement, &[var(input)?])?;
                    place(&mut told, credential)?.ciphertext = Some(Encryption::ciphertext(verifier.points())?);
                }
            }
        }
        Ok((verifier, told))
    }
}

/// The accumulator under which a card is shown not to have been revoked.
fn not_revoked(
    ask: &CredentialAsk,
    key: &CredentialKey,
    shown_as: ShownAs,
) -> Result<Option<(Epoch, Accumulator)>, Error> {
    if ask.not_revoked.is_empty() {
        // There is nothing to choose, so nothing may be chosen.
        return if shown_as.back == 0 { Ok(None) } else { Err(Error::Invalid) };
    }
    let accepted = ask.not_revoked.iter().find(|accepted| accepted.key == key.id()).ok_or(Error::Invalid)?;
    let (epoch, accumulator) = accepted.before(usize::from(shown_as.back)).ok_or(Error::Invalid)?;
    Ok(Some((epoch, key.accumulator(accumulator)?)))
}

fn of_credential(ready: &[Arc<Ready>], credential: usize) -> Result<&Ready, Error> {
    ready.get(credential).map(|ready| &**ready).ok_or(Error::Misuse("a witness for each credential"))
}

fn place(told: &mut [Told], credential: usize) -> Result<&mut Told, Error> {
    told.get_mut(credential).ok_or(Error::Misuse("a place for each credential"))
}

/// The point that the statement added last has sent.
fn last_point(verifier: &Verifier<'_>) -> Result<[u8; 48], Error> {
    Ok(verifier.points().last().ok_or(Error::Misuse("a statement that sends a point"))?.to_bytes())
}

/// `I2OSP(n, 4)`.
fn count(n: usize) -> Result<[u8; 4], Error> {
    Ok(u32::try_from(n).map_err(|_| Error::Misuse("counts below 2^32"))?.to_be_bytes())
}
