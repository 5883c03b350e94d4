//! What a request asks, checked and put into words before anything is answered.
//!
//! [`Wallet::review`] refuses what the wallet's policy does not permit, finds every way in which the holder's credentials satisfy
//! the request, and puts the least revealing first:
//!
//! 1. fewest disclosed claims,
//! 2. then fewest predicates,
//! 3. then the order of the branches in the request,
//! 4. then the newest credentials.
//!
//! Spec: `spec/request-language.md`.
//! Caution: the words are for the holder's eyes; they contain the values that would be disclosed.
//! Not here: the answer (`answering`), profiles of what a purpose permits.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use milchglas_credential::compile::{Shown, compile};
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::IssuerFingerprint;
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::request::{
    Accept, Ask, AuthenticatedRequest, CredentialAsk, Request, SchemaRef, SignedRequest, VerifierIdentity,
};
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_credential::set::Published;
use milchglas_credential::text::{ClaimName, Label, Origin, quoted};
use zeroize::Zeroizing;

use crate::error::{Error, Refusal};
use crate::publications::pinned_down;
use crate::sentences::Sentences;
use crate::shortfall::{shortfall, spell};
use crate::store::Store;
use crate::vault::CredentialId;
use crate::wallet::{Card, Wallet};
use crate::ways::{Way, ways};

/// How far, in seconds, a verifier's clock may be ahead.
const SKEW: u64 = 300;
/// How far the as-of date may be from the wallet's own day.
const MAX_DAYS_OFF: u32 = 1;
/// Most choices of credentials that are offered for one way through the request; the newest come first.
const MAX_CHOICES: usize = 8;

/// A request that the wallet could answer, and what each answer would tell.
///
/// [`Wallet::respond`] takes it by value: what is answered is what was consented to. `Debug` names the type only.
pub struct Consent {
    pub(crate) request: AuthenticatedRequest,
    standing: Standing,
    warnings: Vec<Warning>,
    pub(crate) choices: Vec<Choice>,
}

/// One way to answer. `Debug` names the type only.
pub struct Choice {
    pub(crate) selection: Selection,
    way: Vec<(u8, usize)>,
    pub(crate) cards: Vec<CardShown>,
}

/// What would be shown of one credential. `Debug` names the type only.
pub struct CardShown {
    /// The name that the request gives it.
    pub name: Label,
    /// Which of the wallet's credentials it is.
    pub id: CredentialId,
    /// What people call such credentials.
    pub title: String,
    /// The issuer.
    pub issuer: IssuerFingerprint,
    /// The issuer's name.
    pub issuer_name: String,
    /// Where the issuer has several keys: which of them signed it (from 1), of how many, and until when it is accepted.
    pub key: Option<(usize, usize, Date)>,
    /// The claims that would be disclosed.
    pub disclosed: Vec<Disclosed>,
    /// What would be proven about the others.
    pub proved: Vec<String>,
}

/// A claim that would be disclosed. `Debug` prints the name only.
pub struct Disclosed {
    /// The claim's name.
    pub claim: ClaimName,
    /// What people call it.
    pub title: String,
    /// Its value as people read it; none where the credential has no such claim.
    pub value: Option<Zeroizing<String>>,
}

/// How well the wallet knows who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Never answered before.
    FirstTime,
    /// Answered before, under the same key and origin.
    Known {
        /// When first.
        since: Timestamp,
        /// How often.
        answers: u32,
    },
}

/// What the person should look at twice.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The wallet has never answered this verifier.
    FirstTime,
    /// The verifier went by another name before.
    NewName {
        /// That name.
        before: String,
    },
    /// Another verifier, which the wallet knows, has the same name.
    SameName {
        /// Where that one asks.
        origin: Origin,
    },
    /// A set in the request has one value only: who is in it has exactly that one.
    PinsDown {
        /// The claim.
        claim: ClaimName,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstTime => f.write_str(
                "You have never answered this verifier with this wallet. Nobody vouches for its name; its key is all that \
                 identifies it.",
            ),
            Self::NewName { before } => write!(f, "It called itself {} before.", quoted(before)),
            Self::SameName { origin } => {
                write!(f, "You know another verifier of the same name, at {origin}. This is not that one.")
            }
            Self::PinsDown { claim } => {
                write!(f, "The set that your “{claim}” is to be in has one value only: your answer tells that value.")
            }
        }
    }
}

impl Consent {
    /// Who asks.
    #[must_use]
    pub fn verifier(&self) -> &VerifierIdentity {
        self.request.verifier()
    }

    /// What for.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.request.request().fields().purpose
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        self.request.request()
    }

    /// How well the wallet knows who asks.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What the person should look at twice.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The ways to answer, the least revealing first; at least one.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The whole text for the person to agree to, for one of the choices.
    #[must_use]
    pub fn text(&self, choice: usize) -> Option<Sentences> {
        let choice = self.choices.get(choice)?;
        let verifier = self.verifier();
        let mut text = Sentences::default();
        text.push(format!("{} asks, at {}.", quoted(&verifier.name), verifier.origin));
        text.push(format!("Its key is {}.", verifier.key));
        text.push(match self.standing {
            Standing::FirstTime => "This wallet has not answered it before.".to_owned(),
            Standing::Known { since, answers } => {
                format!("This wallet has answered it before; times: {answers}, first on {}.", since.date())
            }
        });
        text.push(format!("Purpose, in its words: {}", self.purpose()));
        text.push("It will learn:".to_owned());
        text.append(&choice.learned());
        text.push(
            "It will learn nothing else: beyond this, your answer can not be told from that of anybody else of whom the \
             same is true."
                .to_owned(),
        );
        for warning in &self.warnings {
            text.push(warning.to_string());
        }
        Some(text)
    }
}

impl Choice {
    /// The credentials that would be shown.
    #[must_use]
    pub fn credentials(&self) -> &[CardShown] {
        &self.cards
    }

    /// Everything that the verifier would learn, in sentences.
    #[must_use]
    pub fn learned(&self) -> Sentences {
        let mut learned = Sentences::default();
        for card in &self.cards {
            card.put_learned(&mut learned);
        }
        for (branch, of) in &self.way {
            if *of > 1 {
                let branch = u16::from(*branch) + 1;
                learned.push(format!(
                    "That you answer in this way, which is number {branch} of the {of} that it permits."
                ));
            }
        }
        if self.cards.len() > 1 {
            learned.push("That all of these are credentials of one person.".to_owned());
        }
        learned
    }
}

impl CardShown {
    fn put_learned(&self, learned: &mut Sentences) {
        let key = self.key.map(|(place, of, until)| {
            format!(" It is signed with the issuer's key {place} of {of}, accepted until {until}.")
        });
        let (title, issuer) = (&self.title, quoted(&self.issuer_name));
        learned.push(format!("That you have a {title} from {issuer}.{}", key.unwrap_or_default()));
        for disclosed in &self.disclosed {
            learned.push(match &disclosed.value {
                Some(value) => format!("Its {}: {}", disclosed.title, value.as_str()),
                None => format!("That it has no {}.", disclosed.title),
            });
        }
        for proved in &self.proved {
            learned.push(format!("That its {proved}."));
        }
    }

    fn new(card: &Card, shown: &Shown<'_>, request: &Request) -> Result<Self, Error> {
        let (schema, claims) = (shown.schema, card.credential.claims());
        let mut disclosed = Vec::new();
        for index in shown.disclosed() {
            let missing = Error::Misuse("claims of the schema");
            let (Some(claim), Some(value)) = (schema.claim(index), claims.get(index)) else { return Err(missing) };
            let present = value.literal(&claim.claim_type).is_some();
            disclosed.push(Disclosed {
                claim: claim.name.clone(),
                title: claim.title.clone(),
                value: present.then(|| spell(value, &claim.claim_type)),
            });
        }
        let content = shown.parameters.content();
        let place = content.keys.iter().position(|key| shown.parameters.key_id(key) == shown.key().id());
        let key =
            place.and_then(|place| Some((place + 1, content.keys.len(), content.keys.get(place)?.accepted_until)));
        Ok(Self {
            name: shown.ask.name.clone(),
            id: card.id,
            title: schema.title().to_owned(),
            issuer: shown.parameters.fingerprint(),
            issuer_name: content.name.clone(),
            key: key.filter(|(_, of, _)| *of > 1),
            disclosed,
            proved: shown.sentences(request)?,
        })
    }
}

/// What the wallet has for one credential that is asked for.
struct Finding {
    /// Credentials that satisfy it, newest first, and under what they are shown.
    candidates: Vec<(usize, ShownAs)>,
    /// Why there are none.
    why_not: Sentences,
    /// Whether any of the accepted parameters is pinned.
    pinned: bool,
}

impl<S: Store> Wallet<S> {
    /// Checks a request and says what each possible answer would tell.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no request; [`Error::Refused`] with [`Refusal::BadRequest`], [`Refusal::Expired`],
    /// [`Refusal::NotYetIssued`], [`Refusal::OtherDay`], [`Refusal::VerifierKeyChanged`], [`Refusal::VerifierMoved`],
    /// [`Refusal::AlreadyAnswered`], [`Refusal::UnknownParameters`] or [`Refusal::NotSatisfiable`];
    /// [`Error::ParametersLost`].
    pub fn review(&self, request: &[u8], now: Timestamp) -> Result<Consent, Error> {
        let request =
            SignedRequest::verify(request).map_err(|error| Error::invalid_means(Refusal::BadRequest, error))?;
        self.admit(&request, now)?;
        let choices = self.choices(request.request())?;
        let (standing, mut warnings) = self.regard(request.verifier());
        warnings.extend(pinned_down(request.request()).into_iter().map(|claim| Warning::PinsDown { claim }));
        Ok(Consent { request, standing, warnings, choices })
    }

    /// The rules that depend on time, on who asks and on what was answered; run again before the answer.
    pub(crate) fn admit(&self, request: &AuthenticatedRequest, now: Timestamp) -> Result<(), Refusal> {
        let fields = request.request().fields();
        if now >= fields.expires {
            return Err(Refusal::Expired { at: fields.expires });
        }
        if fields.issued.as_unix() > now.as_unix().saturating_add(SKEW) {
            return Err(Refusal::NotYetIssued { at: fields.issued });
        }
        if fields.as_of.days().0.abs_diff(now.date().days().0) > MAX_DAYS_OFF {
            return Err(Refusal::OtherDay { as_of: fields.as_of, today: now.date() });
        }
        let VerifierIdentity { origin, key, .. } = request.verifier();
        for known in &self.state.verifiers {
            if known.key == *key && known.origin != *origin {
                return Err(Refusal::VerifierMoved { known: known.origin.clone(), origin: origin.clone() });
            }
            if known.key != *key && known.origin == *origin {
                return Err(Refusal::VerifierKeyChanged { origin: origin.clone() });
            }
        }
        if self.state.answered.iter().any(|answered| answered.key == *key && answered.nonce == fields.nonce) {
            return Err(Refusal::AlreadyAnswered);
        }
        Ok(())
    }

    fn regard(&self, verifier: &VerifierIdentity) -> (Standing, Vec<Warning>) {
        let mut warnings = Vec::new();
        let known = self.state.verifiers.iter().find(|known| known.key == verifier.key);
        let standing = match known {
            None => {
                warnings.push(Warning::FirstTime);
                Standing::FirstTime
            }
            Some(known) => {
                if known.name != verifier.name {
                    warnings.push(Warning::NewName { before: known.name.clone() });
                }
                Standing::Known { since: known.since, answers: known.answers }
            }
        };
        for other in &self.state.verifiers {
            if other.key != verifier.key && other.name == verifier.name {
                warnings.push(Warning::SameName { origin: other.origin.clone() });
            }
        }
        (standing, warnings)
    }

    /// The pinned parameters among those that a request accepts.
    pub(crate) fn accepted_parameters(&self, request: &Request) -> Result<Vec<&Parameters>, Error> {
        let mut parameters: Vec<&Parameters> = Vec::new();
        for accept in request.ask().credentials().iter().flat_map(|ask| &ask.accept) {
            if let Some(pinned) = self.pinned(&accept.parameters)?
                && !parameters.iter().any(|known| known.digest() == pinned.digest())
            {
                parameters.push(pinned);
            }
        }
        Ok(parameters)
    }

    pub(crate) fn choices(&self, request: &Request) -> Result<Vec<Choice>, Error> {
        let cards = self.cards()?;
        let contents = self.contents(request)?;
        let published = contents.published();
        let mut findings = BTreeMap::new();
        for ask in request.ask().credentials() {
            findings.insert(&ask.name, self.find(ask, request, &cards, &published)?);
        }
        let mut ways: Vec<Way<'_>> = ways(request.ask());
        // Stable: ways that reveal as much stay in the order of the request.
        ways.sort_by_key(|way| {
            let count = |of: fn(&CredentialAsk) -> usize| way.leaves.iter().map(|ask| of(ask)).sum::<usize>();
            (count(|ask| ask.disclose.len()), count(|ask| ask.prove.len()))
        });
        let parameters = self.accepted_parameters(request)?;
        let mut choices = Vec::new();
        for way in &ways {
            let candidates = way.leaves.iter().filter_map(|ask| Some(&findings.get(&ask.name)?.candidates[..]));
            for picked in combinations(&candidates.collect::<Vec<_>>(), MAX_CHOICES) {
                choices.push(choose(request, way, &picked, &cards, &parameters, &published)?);
            }
        }
        if choices.is_empty() {
            let mut why_not = Sentences::default();
            explain(request.ask(), &findings, &mut why_not);
            return Err(if findings.values().any(|finding| finding.pinned) {
                Refusal::NotSatisfiable(why_not).into()
            } else {
                Refusal::UnknownParameters(why_not).into()
            });
        }
        Ok(choices)
    }

    /// The credentials that satisfy one ask, or why there are none.
    fn find(
        &self,
        ask: &CredentialAsk,
        request: &Request,
        cards: &[Arc<Card>],
        published: &Published<'_>,
    ) -> Result<Finding, Error> {
        let mut finding = Finding { candidates: Vec::new(), why_not: Sentences::default(), pinned: false };
        let mut accepted = Vec::new();
        for (place, accept) in (0..=u8::MAX).zip(&ask.accept) {
            match self.pinned(&accept.parameters)? {
                Some(parameters) if parameters.fingerprint() == accept.issuer => {
                    finding.pinned = true;
                    accepted.push((place, parameters.as_ref()));
                }
                Some(_) | None => {}
            }
        }
        // Of several credentials that fail, the reasons of the one that comes closest; of equals, of the newest.
        let mut closest: Option<Vec<String>> = None;
        for (place, card) in cards.iter().enumerate() {
            if !accepted.iter().any(|(_, parameters)| parameters.fingerprint() == card.credential.issuer()) {
                continue;
            }
            let Some(schema) = ask.schemas.iter().position(|schema| schema.digest == card.credential.schema()) else {
                continue;
            };
            match judge(ask, request, card, u8::try_from(schema).unwrap_or(u8::MAX), &accepted, published)? {
                Ok(shown_as) => finding.candidates.push((place, shown_as)),
                Err(reasons) => {
                    if closest.as_ref().is_none_or(|closest| reasons.len() < closest.len()) {
                        closest = Some(reasons);
                    }
                }
            }
        }
        match closest {
            Some(reasons) => reasons.into_iter().for_each(|reason| finding.why_not.push_once(reason)),
            None => finding.why_not.push_once(self.none_such(ask, &accepted)),
        }
        Ok(finding)
    }

    /// That there is no credential of the kind.
    fn none_such(&self, ask: &CredentialAsk, accepted: &[(u8, &Parameters)]) -> String {
        let kind = |schema: &SchemaRef| {
            let known = accepted.iter().find_map(|(_, parameters)| parameters.schema(&schema.digest));
            known.map_or_else(|| format!("credential of kind “{}”", schema.id), |schema| schema.title().to_owned())
        };
        let issuer = |accept: &Accept| match self.issuer_name(&accept.issuer) {
            Some(name) => quoted(name),
            None => format!("an issuer with the fingerprint {}", accept.issuer),
        };
        let kinds = listed(ask.schemas.iter().map(kind));
        if !accepted.is_empty() {
            return format!("You have no {kinds} from {}.", listed(ask.accept.iter().map(issuer)));
        }
        let missing = |accept: &Accept| format!("{} (parameters {})", issuer(accept), accept.parameters);
        format!(
            "The request is about a {kinds} under parameters that this wallet does not know: of {}. If the issuer has \
             published them, add its file; if it has not, they would mark you.",
            listed(ask.accept.iter().map(missing))
        )
    }
}

/// Under what a credential can be shown, or the reasons why it can not.
fn judge(
    ask: &CredentialAsk,
    request: &Request,
    card: &Card,
    schema_place: u8,
    accepted: &[(u8, &Parameters)],
    published: &Published<'_>,
) -> Result<Result<ShownAs, Vec<String>>, Error> {
    let (schema, as_of) = (card.schema()?, request.fields().as_of);
    let title = schema.title();
    let mut shown_as = None;
    let mut reason = format!("Your {title} is signed with a key that the parameters in the request do not have.");
    for (place, parameters) in accepted {
        if parameters.fingerprint() != card.credential.issuer() || parameters.schema(&schema.digest()).is_none() {
            continue;
        }
        let keys = &parameters.content().keys;
        let Some(key) = keys.iter().position(|key| parameters.key_id(key) == card.credential.key()) else { continue };
        let until = keys.get(key).map_or(Date::MIN, |key| key.accepted_until);
        if until < as_of {
            reason = format!("Your {title} is signed with a key that is accepted until {until} only. Have it renewed.");
            continue;
        }
        let key = u8::try_from(key).unwrap_or(u8::MAX);
        shown_as = Some(ShownAs { accept: *place, key, schema: schema_place });
        break;
    }
    let mut reasons = Vec::new();
    if shown_as.is_none() {
        reasons.push(reason);
    }
    for name in &ask.disclose {
        if schema.index_of(name.as_str()).is_none() {
            reasons.push(format!("The request asks for “{name}”, which no {title} has."));
        }
    }
    for predicate in &ask.prove {
        match shortfall(predicate, schema, card.credential.claims(), as_of, published) {
            Ok(None) => {}
            Ok(Some(reason)) => reasons.push(reason),
            Err(CredentialError::Unfit { .. }) => {
                reasons.push(format!("The request asks for a proof that no {title} can give."));
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(match shown_as {
        Some(shown_as) if reasons.is_empty() => Ok(shown_as),
        Some(_) | None => Err(reasons),
    })
}

fn choose(
    request: &Request,
    way: &Way<'_>,
    picked: &[(usize, ShownAs)],
    cards: &[Arc<Card>],
    parameters: &[&Parameters],
    published: &Published<'_>,
) -> Result<Choice, Error> {
    let shown = picked.iter().map(|(_, shown_as)| *shown_as).collect();
    let selection = Selection { branches: way.branches.clone(), shown };
    let plan = compile(request, selection.clone(), parameters)?;
    let mut described = Vec::with_capacity(picked.len());
    for ((card, _), shown) in picked.iter().zip(plan.shown()) {
        let card = cards.get(*card).ok_or(Error::Misuse("a credential for each one asked for"))?;
        if shown.satisfied(card.credential.claims(), published)?.contains(&false) {
            return Err(Error::Misuse("a credential that satisfies what is asked"));
        }
        described.push(CardShown::new(card, shown, request)?);
    }
    let way = way.branches.iter().copied().zip(way.of.iter().copied()).collect();
    Ok(Choice { selection, way, cards: described })
}

/// One candidate for each place, in the order of the candidates, the last place varying first; at most `max`.
fn combinations<T: Copy>(places: &[&[T]], max: usize) -> Vec<Vec<T>> {
    places.iter().fold(vec![Vec::new()], |before, candidates| {
        let longer =
            before.iter().flat_map(|start| candidates.iter().map(|candidate| [&start[..], &[*candidate]].concat()));
        longer.take(max).collect()
    })
}

/// Why no way is open. The depth of the recursion is that of the ask, at most 4.
fn explain(ask: &Ask, findings: &BTreeMap<&Label, Finding>, out: &mut Sentences) {
    match ask {
        Ask::Credential(ask) => {
            if let Some(finding) = findings.get(&ask.name).filter(|finding| finding.candidates.is_empty()) {
                finding.why_not.iter().for_each(|reason| out.push_once(reason.to_owned()));
            }
        }
        Ask::All(asks) => asks.iter().for_each(|ask| explain(ask, findings, out)),
        Ask::Any(asks) => {
            if !open(ask, findings) {
                if asks.len() > 1 {
                    out.push_once(format!("The request permits {} ways, and none of them is open to you:", asks.len()));
                }
                asks.iter().for_each(|ask| explain(ask, findings, out));
            }
        }
    }
}

fn open(ask: &Ask, findings: &BTreeMap<&Label, Finding>) -> bool {
    match ask {
        Ask::Credential(ask) => findings.get(&ask.name).is_some_and(|finding| !finding.candidates.is_empty()),
        Ask::All(asks) => asks.iter().all(|ask| open(ask, findings)),
        Ask::Any(asks) => asks.iter().any(|ask| open(ask, findings)),
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" or ")
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Consent(..)")
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Choice(..)")
    }
}

impl fmt::Debug for CardShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardShown(..)")
    }
}

impl fmt::Debug for Disclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disclosed({})", self.claim)
    }
}
