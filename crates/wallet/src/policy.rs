//! What trust lists and purpose profiles say about a request.
//!
//! ```text
//! verifier listed for the profile that it names    → that profile is in force, and the list's authority vouches
//! listed, but not for that profile                 → refused
//! its origin listed with another key, or its key
//! with another origin                              → refused
//! not listed                                       → warning; the profile it names is in force as a list or this wallet describes it
//! no profile named, or one that nobody describes   → warning
//! beyond a profile that is in force                → refused
//! ```
//!
//! Of several lists that vouch, all their profiles are in force. A request that keeps to its profile can still tell much; the warnings about
//! a choice say where.
//!
//! Spec: `spec/request-language.md`, Profiles.
//! Not here: pinning trust lists (`trusting`), what a profile permits (the credential crate).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use milchglas_credential::claim::{ClaimType, Literal};
use milchglas_credential::date::Date;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::{Bounds, Predicate};
use milchglas_credential::profile::{Beyond, Extra, Profile};
use milchglas_credential::request::{AuthenticatedRequest, Request, SchemaRef};
use milchglas_credential::schema::Schema;
use milchglas_credential::sorted_map::SortedMap;
use milchglas_credential::text::{ClaimName, Label, quoted};
use milchglas_credential::trust_list::Regard;

use crate::consent::{Choice, Warning};
use crate::error::{Error, Refusal};
use crate::store::Store;
use crate::wallet::{Card, Wallet};

/// Fewer days than these left for a date point to a person.
const FEW_DAYS: i128 = 366;
/// So many numbers left for an integer, or fewer, point to a person.
const FEW_NUMBERS: i128 = 8;

/// An authority that vouches for a verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// The authority's name.
    pub authority: String,
    /// The name under which it lists the verifier.
    pub verifier: String,
    /// What people call the purpose for which it lists it.
    pub purpose: String,
}

/// What is known about the purpose of a request that may be answered.
pub(crate) struct Policy<'w> {
    pub(crate) vouchers: Vec<Voucher>,
    profiles: Vec<Cow<'w, Profile>>,
    warnings: Vec<Warning>,
}

/// What is left for a hidden claim.
struct Left {
    title: String,
    few: i128,
    lo: i128,
    hi: i128,
}

impl<S: Store> Wallet<S> {
    /// What trust lists and profiles say about a request.
    ///
    /// # Errors
    /// [`Error::Refused`] with [`Refusal::NotTheListedVerifier`], [`Refusal::NotListedFor`] or [`Refusal::BeyondProfile`].
    pub(crate) fn policy(&self, request: &AuthenticatedRequest) -> Result<Policy<'_>, Error> {
        let (verifier, named) = (request.verifier(), request.request().fields().profile.as_ref());
        let lists = &self.state.trust_lists;
        let mut policy = Policy { vouchers: Vec::new(), profiles: Vec::new(), warnings: Vec::new() };
        let mut not_for = None;
        for list in lists {
            let authority = &list.content().name;
            match (list.regard(verifier), named) {
                (Regard::Contradicted, _) => {
                    let (authority, origin) = (authority.clone(), verifier.origin.clone());
                    return Err(Refusal::NotTheListedVerifier { authority, origin }.into());
                }
                (Regard::Listed(listed), Some(id)) => match list.profile(id) {
                    Some(profile) if listed.profiles.contains(id) => policy.vouched(authority, &listed.name, profile),
                    Some(_) | None => not_for = Some((authority.clone(), Some(id.clone()))),
                },
                (Regard::Listed(_), None) => not_for = Some((authority.clone(), None)),
                (Regard::Unlisted, _) => {}
            }
        }
        if policy.vouchers.is_empty() {
            if let Some((authority, profile)) = not_for {
                return Err(Refusal::NotListedFor { authority, profile }.into());
            }
            if !lists.is_empty() {
                policy.warnings.push(Warning::NobodyVouches);
            }
            if let Some(id) = named {
                policy.profiles.extend(lists.iter().filter_map(|list| list.profile(id)).map(Cow::Borrowed));
                if policy.profiles.is_empty() {
                    policy.profiles.extend(Profile::shipped(id)?.map(Cow::Owned));
                }
                if policy.profiles.is_empty() {
                    policy.warnings.push(Warning::UnknownProfile { profile: id.clone() });
                }
            }
        } else if let Some(other) = policy.vouchers.iter().find(|voucher| voucher.verifier != verifier.name) {
            policy.warnings.push(Warning::ListedAs { name: other.verifier.clone() });
        }
        let parameters = self.accepted_parameters(request.request())?;
        for profile in &policy.profiles {
            keeps_to(profile, request.request(), &parameters)?;
        }
        Ok(policy)
    }

    /// What the person should look at twice before taking this choice.
    pub(crate) fn warn(&self, choice: &Choice, request: &Request, policy: &Policy<'_>) -> Result<Vec<Warning>, Error> {
        let cards = self.pick(&choice.ids())?;
        let asks = request.ask().credentials();
        let contents = self.contents(request)?;
        let mut warnings = Vec::new();
        let shown = choice.cards.iter().filter_map(|shown| asks.iter().find(|ask| ask.name == shown.name));
        let unasked = shown.clone().filter(|ask| ask.not_revoked.is_empty());
        if (choice.cards.len() > 1 && unasked.clone().next().is_some())
            || unasked.into_iter().any(|ask| ask.is_scoped())
        {
            warnings.push(Warning::NotAskedRevoked);
        }
        for card in &cards {
            if self.revoked(card.id).is_some() {
                push_once(&mut warnings, Warning::Revoked { title: card.schema()?.title().to_owned() });
            }
        }
        let mut disclosed: Vec<&ClaimName> = Vec::new();
        let mut left: SortedMap<&ClaimName, Left> = SortedMap::new();
        for (shown, card) in choice.cards.iter().zip(&cards) {
            let missing = Error::Misuse("an ask and a schema for each credential shown");
            let ask = asks.iter().find(|ask| ask.name == shown.name).ok_or(missing)?;
            let schema = card.schema()?;
            let as_of = request.fields().as_of;
            for name in &ask.disclose {
                let Some(claim) = schema.index_of(name.as_str()).and_then(|index| schema.claim(index)) else {
                    continue;
                };
                let title = claim.title.clone();
                disclosed.push(name);
                if policy.profiles.iter().any(|profile| profile.permits_a_proof(schema.id(), name)) {
                    push_once(&mut warnings, Warning::ProofWouldDo { title });
                } else if claim.claim_type == ClaimType::Date {
                    push_once(&mut warnings, Warning::DateDisclosed { title });
                }
            }
            for predicate in &ask.prove {
                let fact = predicate.resolve(schema, as_of)?;
                let Some(claim) = schema.claim(fact.claim) else { continue };
                if ask.disclose.contains(&claim.name) {
                    // A hidden claim that is compared with a disclosed one is told.
                    if let Some((other, hidden)) = predicate.counterpart()
                        && let Some(title) = title_on(choice, &cards, other, hidden)?
                        && asks.iter().any(|ask| ask.name == *other && !ask.disclose.contains(hidden))
                    {
                        push_once(&mut warnings, Warning::TellsValue { title });
                    }
                    continue;
                }
                let title = claim.title.clone();
                match &fact.bounds {
                    Bounds::Exactly(_) => push_once(&mut warnings, Warning::TellsValue { title }),
                    Bounds::Range { lo, hi } => {
                        if let Some((few, first, end)) = possible(&claim.claim_type) {
                            // The same claim on two cards is that of one person.
                            let entry =
                                left.get_or_insert_with(&claim.name, || Left { title, few, lo: first, hi: end });
                            entry.lo = entry.lo.max(*lo);
                            entry.hi = entry.hi.min(*hi);
                        }
                    }
                    Bounds::Either(ranges) => {
                        if let Some((few, first, end)) = possible(&claim.claim_type) {
                            let values = count_of_both(ranges, first, end);
                            if values <= few {
                                let values = u64::try_from(values).unwrap_or_default();
                                push_once(&mut warnings, Warning::PinsDown { title, values });
                            }
                        }
                    }
                    Bounds::SameAs { credential, other } => {
                        // Compared with a claim that is disclosed, the value is told.
                        if asks.iter().any(|ask| ask.name == *credential && ask.disclose.contains(other)) {
                            push_once(&mut warnings, Warning::TellsValue { title });
                        }
                    }
                    Bounds::Member(membership) => match membership.count(&contents.published()) {
                        Some(1) => push_once(&mut warnings, Warning::TellsValue { title }),
                        Some(values) if possible(&claim.claim_type).is_some_and(|(few, ..)| values as i128 <= few) => {
                            push_once(&mut warnings, Warning::PinsDown { title, values: values as u64 });
                        }
                        Some(_) | None => {}
                    },
                    Bounds::NoneOf(_) => {
                        if leaves_one(predicate, &claim.claim_type) {
                            push_once(&mut warnings, Warning::TellsValue { title });
                        }
                    }
                    Bounds::NotListed(_) => {}
                }
            }
        }
        for (name, Left { title, few, lo, hi }) in left {
            if hi - lo <= few && !disclosed.contains(&name) {
                let values = u64::try_from(hi - lo).unwrap_or_default();
                warnings.push(Warning::PinsDown { title, values });
            }
        }
        Ok(warnings)
    }
}

impl<'w> Policy<'w> {
    fn vouched(&mut self, authority: &str, verifier: &str, profile: &'w Profile) {
        self.vouchers.push(Voucher {
            authority: authority.to_owned(),
            verifier: verifier.to_owned(),
            purpose: profile.title.clone(),
        });
        self.profiles.push(Cow::Borrowed(profile));
    }

    /// Adds what is to be said about who asks. Where somebody vouches, a first time is nothing to look at twice.
    pub(crate) fn put_warnings(&self, warnings: &mut Vec<Warning>) {
        if !self.vouchers.is_empty() {
            warnings.retain(|warning| *warning != Warning::FirstTime);
        }
        warnings.extend(self.warnings.iter().cloned());
    }
}

impl fmt::Display for Voucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [authority, verifier, purpose] = [&self.authority, &self.verifier, &self.purpose].map(|text| quoted(text));
        write!(f, "{authority} vouches for it as {verifier}, for {purpose}.")
    }
}

/// Whether every branch of a request keeps to a profile.
fn keeps_to(profile: &Profile, request: &Request, parameters: &[&Parameters]) -> Result<(), Error> {
    let beyond = |beyond: Beyond, schema: Option<&Schema>| {
        let claim = beyond.claim().and_then(|name| schema?.claim(schema?.index_of(name.as_str())?));
        let title = claim.map(|claim| claim.title.clone());
        let (profile, purpose) = (profile.id.clone(), profile.title.clone());
        Err(Refusal::BeyondProfile { profile, purpose, beyond, title }.into())
    };
    if request.fields().document.is_some()
        && let Err(what) = profile.permits_extra(Extra::Document)
    {
        return beyond(what, None);
    }
    for ask in request.ask().credentials() {
        for (asked, extra) in [
            (ask.pseudonym.is_some(), Extra::Pseudonym),
            (ask.rate.is_some(), Extra::Rate),
            (ask.encrypt_to.is_some(), Extra::EncryptTo),
        ] {
            if asked && let Err(what) = profile.permits_extra(extra) {
                return beyond(what, None);
            }
        }
        for accepted in &ask.schemas {
            let schema = known(accepted, parameters);
            // Under a schema that the wallet does not know it can not answer, so there the request's own word for it does no harm.
            let id: &Label = schema.map_or(&accepted.id, Schema::id);
            if let Err(what) = profile.permits(ask, id, request.fields().as_of) {
                return beyond(what, schema);
            }
            for claim in compared_with(request, &ask.name) {
                if let Err(what) = profile.permits_comparison(id, claim) {
                    return beyond(what, schema);
                }
            }
        }
    }
    Ok(())
}

/// The claims of a credential with which the request compares others.
fn compared_with<'r>(request: &'r Request, name: &Label) -> Vec<&'r ClaimName> {
    let asks = request.ask().credentials();
    let predicates = asks.iter().flat_map(|ask| &ask.prove);
    predicates.filter_map(Predicate::counterpart).filter(|(other, _)| *other == name).map(|(_, claim)| claim).collect()
}

fn known<'p>(schema: &SchemaRef, parameters: &[&'p Parameters]) -> Option<&'p Schema> {
    parameters.iter().find_map(|parameters| parameters.schema(&schema.digest))
}

/// How few values point to a person, and the values that a claim can have at all; nothing for types without an order.
fn possible(claim_type: &ClaimType) -> Option<(i128, i128, i128)> {
    match claim_type {
        ClaimType::Date => Some((FEW_DAYS - 1, Date::MIN.days().0.into(), i128::from(Date::MAX.days().0) + 1)),
        ClaimType::Integer { .. } => claim_type.integers().map(|numbers| (FEW_NUMBERS, numbers.start, numbers.end)),
        // The months of a validity pass a range of 21 years.
        ClaimType::Month | ClaimType::Text | ClaimType::Boolean | ClaimType::Code(_) | ClaimType::Digest => None,
    }
}

/// How many of the numbers that a claim can have are in one of two ranges.
fn count_of_both(ranges: &[(i128, i128); 2], first: i128, end: i128) -> i128 {
    let [(lo, hi), (other_lo, other_hi)] = ranges.map(|(lo, hi)| (lo.clamp(first, end), hi.clamp(first, end)));
    let shared = (hi.min(other_hi) - lo.max(other_lo)).max(0);
    (hi - lo) + (other_hi - other_lo) - shared
}

/// Whether a predicate excludes all values of a type but one.
fn leaves_one(predicate: &Predicate, claim_type: &ClaimType) -> bool {
    let excluded = if let Predicate::NotIn { values, .. } = predicate {
        values.as_slice()
    } else if let Predicate::NotEquals { value, .. } = predicate {
        std::slice::from_ref(value)
    } else {
        return false;
    };
    let left = match claim_type {
        ClaimType::Boolean => [true, false].into_iter().filter(|it| !excluded.contains(&Literal::Boolean(*it))).count(),
        ClaimType::Code(codes) => {
            codes.iter().filter(|code| !excluded.contains(&Literal::Text((*code).clone()))).count()
        }
        ClaimType::Text | ClaimType::Integer { .. } | ClaimType::Date | ClaimType::Month | ClaimType::Digest => {
            return false;
        }
    };
    left == 1
}

/// What people call a claim of the card that is shown under a name.
fn title_on(choice: &Choice, cards: &[Arc<Card>], name: &Label, claim: &ClaimName) -> Result<Option<String>, Error> {
    let Some(place) = choice.cards.iter().position(|shown| shown.name == *name) else { return Ok(None) };
    let Some(card) = cards.get(place) else { return Ok(None) };
    let schema = card.schema()?;
    Ok(schema.index_of(claim.as_str()).and_then(|index| schema.claim(index)).map(|claim| claim.title.clone()))
}

fn push_once(warnings: &mut Vec<Warning>, warning: Warning) {
    if !warnings.contains(&warning) {
        warnings.push(warning);
    }
}
