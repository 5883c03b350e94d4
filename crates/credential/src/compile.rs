//! From a request to the statements that answer it: the one place, which prover and verifier both run.
//!
//! [`compile`] resolves a request and a [`Selection`] against the issuers' parameters. The resulting [`Plan`] fixes the secret
//! variables, the statements over them, and their order:
//!
//! - variable 0 is the holder secret, shared by all credentials of the presentation;
//! - then, for each credential, its handle and its hidden claims, ascending;
//! - statements: for each credential its signature, then what is proven about it, in the order of the request.
//!
//! A predicate about a claim that is also disclosed is checked on the value. Spec: `spec/presentation.md`.
//!
//! Not here: which selection a wallet prefers, consent, policies.

use std::collections::BTreeSet;

use milchglas_curve::{G1, Scalar};
use milchglas_sigma::{Announced, FixedPoint, Prover, Transcript, Verifier};
use milchglas_statements::{Exactly, Gap, Member, PublicSet, Range, SetKey, Signature};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::cbor::{self, Writer};
use crate::claim::{Claims, Value, to_scalar};
use crate::credential::{Credential, HolderSecret, Holdings};
use crate::error::Error;
use crate::issuer_key::CredentialKey;
use crate::list::ListRef;
use crate::parameters::Parameters;
use crate::predicate::{Bounds, Fact};
use crate::request::{CredentialAsk, Request};
use crate::schema::{ClaimIndex, HANDLE_MESSAGE, HOLDER_SECRET_MESSAGE, Schema};
use crate::selection::{Selection, ShownAs};
use crate::set::{Membership, Published};

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
    disclosed: BTreeSet<ClaimIndex>,
    facts: Vec<Fact>,
}

/// One statement with the places of its inputs among the variables. To add a kind of statement, add it here; the compiler names
/// the three places that must know it.
enum Step<'a> {
    Signature { statement: Signature, inputs: Vec<usize>, credential: usize },
    Range { statement: Range<'a>, input: usize },
    Exactly { statement: Exactly, input: usize },
    Member { set: SetKey, membership: &'a Membership, input: usize },
    Gap { digits: &'a PublicSet, list: &'a ListRef, key: SetKey, input: usize },
}

/// Resolves a request. `parameters` are those that the caller trusts.
///
/// # Errors
/// [`Error::Invalid`] if the selection does not fit the request, names an unknown or no longer accepted key, or parameters that are not
/// given; [`Error::Unfit`] if the request does not fit the schema.
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
    Ok(Plan { request, selection, shown })
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
        let disclosed: BTreeSet<ClaimIndex> = ask.disclose.iter().map(index).collect::<Result<_, _>>()?;
        let facts: Vec<Fact> =
            ask.prove.iter().map(|predicate| predicate.resolve(schema, as_of)).collect::<Result<_, _>>()?;
        // On a disclosed claim the verifier would have to look for itself, and does not have the content.
        if facts.iter().any(|fact| fact.needs_published() && disclosed.contains(&fact.claim)) {
            return Err(Error::unfit(
                "a claim that is disclosed is not asked to be in a published set or not on a list",
            ));
        }
        Ok(Self { ask, parameters, schema, key, disclosed, facts })
    }

    /// The disclosed claims, ascending.
    pub fn disclosed(&self) -> impl ExactSizeIterator<Item = ClaimIndex> {
        self.disclosed.iter().copied()
    }

    /// The claims that stay hidden, ascending.
    fn hidden(&self) -> impl Iterator<Item = ClaimIndex> {
        (0..self.schema.claims().len()).map(ClaimIndex).filter(|index| !self.disclosed.contains(index))
    }

    /// The issuer's key.
    #[must_use]
    pub fn key(&self) -> &CredentialKey {
        self.key
    }

    /// For each predicate asked for, in order: whether these claims satisfy it, given published sets and lists. Not in constant time.
    ///
    /// # Errors
    /// [`Error::Unfit`] if the claims are of another schema.
    pub fn satisfied(&self, claims: &Claims, published: &Published<'_>) -> Result<Vec<bool>, Error> {
        self.schema.check(claims)?;
        self.facts.iter().map(|fact| self.holds(fact, claims.get(fact.claim), published)).collect()
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
        1 + self.shown.iter().map(|shown| 1 + shown.hidden().count()).sum::<usize>()
    }

    /// What the statements depend on: the as-of date, the ask and the selection. Requests of one shape differ only in who asks, why, when
    /// and with which nonce.
    pub(crate) fn shape(&self) -> Vec<u8> {
        let fields = self.request.fields();
        let mut out = Writer::new();
        out.array(3).object(&fields.as_of).object(&fields.ask).object(&self.selection);
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
    fn steps(&self, disclosed: &[Vec<Value>]) -> Result<Vec<Step<'_>>, Error> {
        let mut steps = Vec::new();
        let mut next = 1;
        for (credential, (shown, values)) in self.shown.iter().zip(disclosed).enumerate() {
            let handle = next;
            let hidden: Vec<ClaimIndex> = shown.hidden().collect();
            next += 1 + hidden.len();

            let mut points = Vec::with_capacity(values.len());
            let mut scalars = Vec::with_capacity(values.len());
            for (index, value) in shown.disclosed().zip(values) {
                let claim = shown.schema.claim(index).ok_or(Error::Invalid)?;
                if *value == Value::Absent && !claim.optional {
                    return Err(Error::Invalid);
                }
                points.push(*shown.base(index.message())?.point());
                scalars.push(to_scalar(&claim.claim_type, value)?);
            }
            let public = shown.key.empty() + G1::msm_vartime(&points, &scalars);

            let mut bases = vec![shown.base(HOLDER_SECRET_MESSAGE)?.clone()];
            bases.push(shown.base(HANDLE_MESSAGE)?.clone());
            for index in &hidden {
                bases.push(shown.base(index.message())?.clone());
            }
            let inputs = std::iter::once(0).chain(handle..next).collect();
            let statement = Signature::new(shown.key.pairing(), public, bases);
            steps.push(Step::Signature { statement, inputs, credential });

            for fact in &shown.facts {
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
                        Step::Range { statement: Range::new(&shown.parameters.content().digits, *lo, *hi)?, input }
                    }
                    Bounds::Exactly(value) => Step::Exactly { statement: Exactly { value: *value }, input },
                    Bounds::Member(membership) => Step::Member { set: membership.set_key()?, membership, input },
                    Bounds::NotListed(list) => {
                        let digits = &shown.parameters.content().digits;
                        Step::Gap { digits, list, key: list.set_key()?, input }
                    }
                });
            }
        }
        Ok(steps)
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
    /// [`Error::Misuse`] if the credentials are not those of the plan.
    pub fn prepare_for_proving(&self, k: &HolderSecret, credentials: &[&Credential]) -> Result<(), Error> {
        let mut points = Vec::new();
        for (shown, credential) in self.shown.iter().zip(credentials) {
            credential.prepare(k, shown.key, shown.schema)?;
            points.push(shown.base(HOLDER_SECRET_MESSAGE)?);
            points.push(shown.base(HANDLE_MESSAGE)?);
            for index in shown.hidden() {
                points.push(shown.base(index.message())?);
            }
            points.push(shown.parameters.content().digits.base());
        }
        FixedPoint::prepare_for_proving(points);
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
        let Holdings { k, credentials, sets } = *holdings;
        if credentials.len() != self.shown.len() {
            return Err(Error::Misuse("one credential for each one asked for"));
        }
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
            ready.push(this);
        }
        let mut prover = Prover::new(self.transcript(disclosed)?, std::mem::take(&mut *values), hedge, rng);
        let vars = prover.inputs();
        let var = |place: usize| vars.get(place).copied().ok_or(Error::Misuse("a variable for each input"));
        for step in self.steps(disclosed)? {
            match step {
                Step::Signature { statement, inputs, credential } => {
                    let inputs = inputs.into_iter().map(var).collect::<Result<Vec<_>, _>>()?;
                    let ready = ready.get(credential).ok_or(Error::Misuse("a witness for each credential"))?;
                    prover.add(&statement, &inputs, &ready.witness)?;
                }
                Step::Range { statement, input } => {
                    let witness: Zeroizing<Scalar> = Zeroizing::new(prover.value(var(input)?));
                    prover.add(&statement, &[var(input)?], &witness)?;
                }
                Step::Exactly { statement, input } => prover.add(&statement, &[var(input)?], &())?,
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
            }
        }
        Ok(prover)
    }

    /// Checks the linear equations of a proof; its pairing equations are returned.
    pub(crate) fn check(
        &self,
        disclosed: &[Vec<Value>],
        proof: &[u8],
    ) -> Result<milchglas_sigma::PairingChecks, Error> {
        if disclosed.len() != self.shown.len()
            || self.shown.iter().zip(disclosed).any(|(shown, values)| shown.disclosed().len() != values.len())
        {
            return Err(Error::Invalid);
        }
        let mut verifier = Verifier::new(self.transcript(disclosed)?, self.variables(), proof);
        let vars = verifier.inputs();
        let var = |place: usize| vars.get(place).copied().ok_or(Error::Misuse("a variable for each input"));
        for step in self.steps(disclosed)? {
            match step {
                Step::Signature { statement, inputs, .. } => {
                    let inputs = inputs.into_iter().map(var).collect::<Result<Vec<_>, _>>()?;
                    verifier.add(&statement, &inputs)?;
                }
                Step::Range { statement, input } => verifier.add(&statement, &[var(input)?])?,
                Step::Exactly { statement, input } => verifier.add(&statement, &[var(input)?])?,
                Step::Member { set, input, .. } => verifier.add(&Member { set: &set }, &[var(input)?])?,
                Step::Gap { digits, key, input, .. } => verifier.add(&Gap::new(digits, &key)?, &[var(input)?])?,
            }
        }
        Ok(verifier.verify()?)
    }
}

/// `I2OSP(n, 4)`.
fn count(n: usize) -> Result<[u8; 4], Error> {
    Ok(u32::try_from(n).map_err(|_| Error::Misuse("counts below 2^32"))?.to_be_bytes())
}
