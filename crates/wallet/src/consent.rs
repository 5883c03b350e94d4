//! What a request asks, checked and put into words before anything is answered.
//!
//! [`Wallet::review`] refuses what the wallet's policy does not permit, finds every way in which the holder's credentials satisfy
//! the request, and puts the least revealing first:
//!
//! 1. fewest disclosed claims,
//! 2. then fewest ciphertexts for inspectors,
//! 3. then fewest pseudonyms,
//! 4. then fewest predicates and tokens,
//! 5. then the order of the branches in the request,
//! 6. then the newest credentials.
//!
//! Spec: `spec/request-language.md`.
//! Caution: the words are for the holder's eyes; they contain the values that would be disclosed.
//! Not here: the answer (`answering`), trust lists and profiles (`policy`).

use std::fmt;
use std::sync::Arc;

use milchglas_credential::claim::Claims;
use milchglas_credential::compile::{Shown, compile};
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::IssuerFingerprint;
use milchglas_credential::document::DocumentRef;
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::request::{
    Accept, Ask, AuthenticatedRequest, CredentialAsk, Request, SchemaRef, SignedRequest, VerifierIdentity,
};
use milchglas_credential::revocation::Epoch;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_credential::set::{CheckedSet, Published};
use milchglas_credential::sorted_map::SortedMap;
use milchglas_credential::text::{ClaimName, Label, Origin, quoted};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::counting::{learned_by_pseudonym, learned_by_token};
use crate::error::{Error, Refusal};
use crate::following::learned_by_epoch;
use crate::policy::Voucher;
use crate::publications::signed_membership;
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
/// Most combinations of credentials that are given up for one request because claims that it compares differ.
const MAX_TRIED: usize = 4096;

/// A request that the wallet could answer, and what each answer would tell.
///
/// [`Wallet::respond`] takes it by value: what is answered is what was consented to. `Debug` names the type only.
pub struct Consent {
    pub(crate) request: AuthenticatedRequest,
    standing: Standing,
    vouchers: Vec<Voucher>,
    warnings: Vec<Warning>,
    pub(crate) choices: Vec<Choice>,
    /// The sets that the verifier signed.
    pub(crate) sets: Vec<CheckedSet>,
}

/// One way to answer. `Debug` names the type only.
pub struct Choice {
    pub(crate) selection: Selection,
    way: Vec<(u8, usize)>,
    pub(crate) cards: Vec<CardShown>,
    pub(crate) warnings: Vec<Warning>,
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
    /// The epoch by which it would be shown not to have been revoked, and how many epochs that is before the newest that the verifier knows.
    pub not_revoked: Option<(Epoch, u8)>,
    /// Where the holder would be recognised by a name.
    pub pseudonym: Option<PseudonymAsk>,
    /// What a token would be spent for, and how many of them were spent before.
    pub rate: Option<(RateAsk, u16)>,
    /// For whom its handle would be encrypted, in words.
    pub encrypted: Option<String>,
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
    /// No trust list of this wallet lists the verifier for the purpose that it names.
    NobodyVouches,
    /// A trust list has the verifier under another name.
    ListedAs {
        /// That name.
        name: String,
    },
    /// The request names a profile that neither a trust list nor this wallet describes.
    UnknownProfile {
        /// The profile.
        profile: Label,
    },
    /// A date would be disclosed.
    DateDisclosed {
        /// What people call the claim.
        title: String,
    },
    /// A claim would be disclosed about which the profile permits a proof.
    ProofWouldDo {
        /// What people call the claim.
        title: String,
    },
    /// A hidden claim is proven to be one value, which tells it.
    TellsValue {
        /// What people call the claim.
        title: String,
    },
    /// All that is asked about a hidden claim leaves few values for it.
    PinsDown {
        /// What people call the claim.
        title: String,
        /// How many values are left.
        values: u64,
    },
    /// A name, a token or several cards of one person are asked for, and not that the cards have not been revoked.
    NotAskedRevoked,
    /// A card that would be shown has been revoked, and nobody asks.
    Revoked {
        /// What people call such cards.
        title: String,
    },
}

impl Warning {
    /// A word for it that programs and translations can rely on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FirstTime => "first_time",
            Self::NewName { .. } => "new_name",
            Self::SameName { .. } => "same_name",
            Self::NobodyVouches => "nobody_vouches",
            Self::ListedAs { .. } => "listed_as",
            Self::UnknownProfile { .. } => "unknown_profile",
            Self::DateDisclosed { .. } => "date_disclosed",
            Self::ProofWouldDo { .. } => "proof_would_do",
            Self::TellsValue { .. } => "tells_value",
            Self::PinsDown { .. } => "pins_down",
            Self::NotAskedRevoked => "not_asked_revoked",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// What it is about: a claim's title, a name, an origin or a profile.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        match self {
            Self::FirstTime | Self::NobodyVouches | Self::NotAskedRevoked => None,
            Self::NewName { before: about }
            | Self::ListedAs { name: about }
            | Self::DateDisclosed { title: about }
            | Self::ProofWouldDo { title: about }
            | Self::TellsValue { title: about }
            | Self::PinsDown { title: about, .. }
            | Self::Revoked { title: about } => Some(about),
            Self::SameName { origin } => Some(origin.as_str()),
            Self::UnknownProfile { profile } => Some(profile.as_str()),
        }
    }
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
            Self::NobodyVouches => f.write_str("No trust list of yours vouches for this verifier and its purpose."),
            Self::ListedAs { name } => write!(f, "Your trust list has it under the name {}.", quoted(name)),
            Self::UnknownProfile { profile } => write!(
                f,
                "It names the profile {}, which this wallet does not know. So nothing says what it may ask.",
                quoted(profile.as_str())
            ),
            Self::DateDisclosed { title } => write!(
                f,
                "It asks to be told your {title}. That it lies before or after some day could be proven instead, an age say."
            ),
            Self::ProofWouldDo { title } => {
                write!(f, "It asks to be told your {title}. For its purpose a proof about it may do, which does not tell it.")
            }
            Self::TellsValue { title } => write!(f, "To prove that your {title} is a certain value is to tell it."),
            Self::PinsDown { title, values } => {
                write!(f, "What it asks about your {title} leaves few possible values: {values}. That can point to you.")
            }
            Self::NotAskedRevoked => f.write_str(
                "It does not ask whether your cards have been revoked, and yet gives you a name, counts you, or takes several cards as one \
                 person's. Whoever steals your phone can go on in your place, also after you have reported the loss.",
            ),
            Self::Revoked { title } => {
                write!(f, "Your {title} has been revoked. It does not ask about that; others will refuse the card.")
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

    /// The document that an answer signs.
    #[must_use]
    pub fn document(&self) -> Option<&DocumentRef> {
        self.request().fields().document.as_ref()
    }

    /// How well the wallet knows who asks.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Who vouches for who asks, and for what purpose.
    #[must_use]
    pub fn vouchers(&self) -> &[Voucher] {
        &self.vouchers
    }

    /// What the person should look at twice, whatever the choice.
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
        for voucher in &self.vouchers {
            text.push(voucher.to_string());
        }
        text.push(format!("Purpose, in its words: {}", self.purpose()));
        if let Some(document) = self.document() {
            text.push(format!(
                "Your answer signs a document, which it calls {}. Its digest (SHA-256) is {}. Anybody who gets the request and your answer can \
                 see what is listed here, and that it was signed.",
                quoted(&document.title),
                document.sha256
            ));
        }
        text.push("It will learn:".to_owned());
        text.append(&choice.learned());
        for (ask, used) in choice.cards.iter().filter_map(|card| card.rate.as_ref()) {
            text.push(format!(
                "You have spent {used} of your {} tokens for “{}” in “{}”; the answer spends one, even if it does not arrive.",
                ask.limit, ask.scope, ask.epoch
            ));
        }
        text.push(
            "It will learn nothing else: beyond this, your answer can not be told from that of anybody else of whom the \
             same is true."
                .to_owned(),
        );
        for warning in self.warnings.iter().chain(&choice.warnings) {
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

    /// What the person should look at twice about this choice.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
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
        if let Some((epoch, back)) = self.not_revoked {
            learned.push(learned_by_epoch(epoch, back));
        }
        if let Some(ask) = &self.pseudonym {
            learned.push(learned_by_pseudonym(ask.scope.as_str()));
        }
        if let Some((ask, _)) = &self.rate {
            learned.push(learned_by_token(ask));
        }
        if let Some(encrypted) = &self.encrypted {
            learned.push(encrypted.clone());
        }
    }

    fn new(
        card: &Card,
        shown: &Shown<'_>,
        request: &Request,
        back: u8,
        used: u16,
        encrypted: Option<&String>,
    ) -> Result<Self, Error> {
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
            not_revoked: shown.epoch().map(|epoch| (epoch, back)),
            pseudonym: shown.ask.pseudonym.clone(),
            rate: shown.ask.rate.clone().map(|ask| (ask, used)),
            encrypted: encrypted.cloned(),
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
    /// [`Refusal::AlreadyAnswered`], [`Refusal::UnknownAccumulator`], [`Refusal::UnknownInspector`], [`Refusal::NotTheListedInspector`],
    /// [`Refusal::NotTheListedVerifier`],
    /// [`Refusal::NotListedFor`], [`Refusal::BeyondProfile`], [`Refusal::UnknownParameters`] or [`Refusal::NotSatisfiable`]; [`Error::ParametersLost`].
    pub fn review(&self, request: &[u8], now: Timestamp, rng: &mut dyn CryptoRngCore) -> Result<Consent, Error> {
        let request =
            SignedRequest::verify(request).map_err(|error| Error::invalid_means(Refusal::BadRequest, error))?;
        self.admit(&request, now)?;
        let policy = self.policy(&request)?;
        let sets = self.check_signed_sets(request.request(), rng)?;
        let mut choices = self.choices(request.request(), &sets)?;
        for choice in &mut choices {
            choice.warnings = self.warn(choice, request.request(), &policy)?;
        }
        let (standing, mut warnings) = self.regard(request.verifier());
        policy.put_warnings(&mut warnings);
        Ok(Consent { request, standing, vouchers: policy.vouchers, warnings, choices, sets })
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
        self.admit_epochs(request.request())?;
        self.admit_inspectors(request.request())
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

    pub(crate) fn choices(&self, request: &Request, checked: &[CheckedSet]) -> Result<Vec<Choice>, Error> {
        let cards = self.cards()?;
        let contents = self.contents(request)?;
        let published = contents.published_with(checked);
        let mut findings = SortedMap::new();
        for ask in request.ask().credentials() {
            findings.insert(&ask.name, self.find(ask, request, &cards, &published)?);
        }
        let mut ways: Vec<Way<'_>> = ways(request.ask());
        // Stable: ways that reveal as much stay in the order of the request.
        ways.sort_by_key(|way| {
            let count = |of: fn(&CredentialAsk) -> usize| way.leaves.iter().map(|ask| of(ask)).sum::<usize>();
            (
                count(|ask| ask.disclose.len()),
                count(|ask| usize::from(ask.encrypt_to.is_some())),
                count(|ask| usize::from(ask.pseudonym.is_some())),
                count(|ask| {
                    ask.prove.len() + usize::from(!ask.not_revoked.is_empty()) + usize::from(ask.rate.is_some())
                }),
            )
        });
        let parameters = self.accepted_parameters(request)?;
        let used = |rate: &RateAsk| self.used(&request.fields().verifier, rate);
        let own = Own { cards: &cards, parameters: &parameters, used: &used, published: &published };
        let mut choices = Vec::new();
        let (mut tries, mut differing) = (MAX_TRIED, Sentences::default());
        for way in &ways {
            let candidates = way.leaves.iter().filter_map(|ask| Some(&findings.get(&ask.name)?.candidates[..]));
            let encrypted = way.leaves.iter().map(|ask| ask.encrypt_to.as_ref());
            let encrypted = encrypted.map(|ask| ask.map(|ask| self.ciphertext_in_words(ask)).transpose());
            let encrypted = encrypted.collect::<Result<Vec<_>, _>>()?;
            let (full, mut unlike) = (choices.len() + MAX_CHOICES, false);
            for picked in combinations(&candidates.collect::<Vec<_>>()) {
                match choose(request, way, &picked, &encrypted, &own)? {
                    Some(choice) => choices.push(choice),
                    None => {
                        unlike = true;
                        tries = tries.saturating_sub(1);
                    }
                }
                if choices.len() == full || tries == 0 {
                    break;
                }
            }
            if unlike {
                explain_comparisons(way, &mut differing);
            }
        }
        if choices.is_empty() {
            let mut why_not = Sentences::default();
            explain(request.ask(), &findings, &mut why_not);
            why_not.append(&differing);
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
        if let Some(why_not) = ask.rate.as_ref().and_then(|rate| self.no_token(&request.fields().verifier, rate)) {
            finding.why_not.push_once(why_not);
            return Ok(finding);
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
            let judged = judge(ask, request, card, u8::try_from(schema).unwrap_or(u8::MAX), &accepted, published)?;
            let judged = match (judged, self.back(ask, card, card.schema()?.title())) {
                (Ok(shown_as), Ok(back)) => Ok(ShownAs { back, ..shown_as }),
                (Err(reasons), Ok(_)) => Err(reasons),
                (Ok(_), Err(reason)) => Err(vec![reason]),
                (Err(mut reasons), Err(reason)) => {
                    reasons.push(reason);
                    Err(reasons)
                }
            };
            match judged {
                Ok(shown_as) => finding.candidates.push((place, shown_as)),
                Err(reasons) => {
                    if closest.as_ref().is_none_or(|closest| reasons.len() < closest.len()) {
                        closest = Some(reasons);
                    }
                }
            }
        }
        // Where nobody asks, a card that was revoked is still the last choice.
        finding
            .candidates
            .sort_by_key(|(place, _)| cards.get(*place).is_some_and(|card| self.revoked(card.id).is_some()));
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
        shown_as = Some(ShownAs { accept: *place, key, schema: schema_place, back: 0 });
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
        if signed_membership(predicate, schema).is_some_and(|set| !set.is_checked(published)) {
            reasons.push(
                "A set of values in the request is not signed as it must be. Whether you answer could tell who you are."
                    .to_owned(),
            );
            continue;
        }
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

/// What the wallet has to answer with.
struct Own<'a> {
    cards: &'a [Arc<Card>],
    parameters: &'a [&'a Parameters],
    /// How many tokens of a rate are used.
    used: &'a dyn Fn(&RateAsk) -> u16,
    published: &'a Published<'a>,
}

/// One way to answer with these credentials, each of which does what is asked of it alone; none where they do not agree in what the
/// request compares.
fn choose(
    request: &Request,
    way: &Way<'_>,
    picked: &[(usize, ShownAs)],
    encrypted: &[Option<String>],
    own: &Own<'_>,
) -> Result<Option<Choice>, Error> {
    let Own { cards, parameters, used, published } = *own;
    let shown = picked.iter().map(|(_, shown_as)| *shown_as).collect();
    let selection = Selection { branches: way.branches.clone(), shown };
    let plan = match compile(request, selection.clone(), parameters) {
        Ok(plan) => plan,
        // It compares with a credential that is not on this way, or of a type that can not be compared.
        Err(CredentialError::Unfit { .. }) if way.compares() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let picked: Vec<&Card> = picked.iter().filter_map(|(card, _)| cards.get(*card).map(Arc::as_ref)).collect();
    let claims: Vec<&Claims> = picked.iter().map(|card| card.credential.claims()).collect();
    if plan.satisfied(&claims, published)?.iter().flatten().any(|holds| !holds) {
        return if way.compares() { Ok(None) } else { Err(Error::Misuse("a credential that satisfies what is asked")) };
    }
    let each = picked.iter().zip(plan.shown()).zip(&selection.shown).zip(encrypted);
    let each = each.map(|(((card, shown), shown_as), encrypted)| {
        let used = shown.ask.rate.as_ref().map_or(0, used);
        CardShown::new(card, shown, request, shown_as.back, used, encrypted.as_ref())
    });
    let described = each.collect::<Result<_, _>>()?;
    let way = way.branches.iter().copied().zip(way.of.iter().copied()).collect();
    Ok(Some(Choice { selection, way, cards: described, warnings: Vec::new() }))
}

/// All ways to take one candidate for each place, in the order of the candidates, the last place varying first.
fn combinations<T: Copy>(places: &[&[T]]) -> impl Iterator<Item = Vec<T>> {
    let count = places.iter().fold(1, |count: usize, candidates| count.saturating_mul(candidates.len()));
    (0..count).map(|mut number| {
        let mut picked = Vec::with_capacity(places.len());
        for candidates in places.iter().rev() {
            let at = number.checked_rem(candidates.len()).unwrap_or_default();
            number = number.checked_div(candidates.len()).unwrap_or_default();
            picked.extend(candidates.get(at).copied());
        }
        picked.reverse();
        picked
    })
}

/// What the request compares on a way on which no credentials agree.
fn explain_comparisons(way: &Way<'_>, out: &mut Sentences) {
    for ask in &way.leaves {
        for predicate in &ask.prove {
            if let Predicate::SameAs { claim, credential, other } = predicate {
                out.push_once(format!(
                    "The request needs {} of the credential {} to be the same as {} of the credential {}; none of your \
                     credentials agree in that.",
                    quoted(claim.as_str()),
                    quoted(ask.name.as_str()),
                    quoted(other.as_str()),
                    quoted(credential.as_str()),
                ));
            }
        }
    }
}

/// Why no way is open. The depth of the recursion is that of the ask, at most 4.
fn explain(ask: &Ask, findings: &SortedMap<&Label, Finding>, out: &mut Sentences) {
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
                let mut reasons: Vec<Sentences> = Vec::with_capacity(asks.len());
                for ask in asks {
                    let mut branch = Sentences::default();
                    explain(ask, findings, &mut branch);
                    reasons.push(branch);
                }
                // Stable: the way with the least in its way is told first, of equals the first in the request.
                reasons.sort_by_key(Sentences::len);
                reasons.iter().flat_map(Sentences::iter).for_each(|reason| out.push_once(reason.to_owned()));
            }
        }
    }
}

fn open(ask: &Ask, findings: &SortedMap<&Label, Finding>) -> bool {
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
