//! The wallet.

use std::collections::VecDeque;
use std::io;

use js_sys::{Array, Function, Uint8Array};
use milchglas_credential::digest::{IssuerKeyId, VerifierKey};
use milchglas_credential::revocation::Epoch;
use milchglas_credential::sorted_map::SortedMap;
use milchglas_wallet::{
    AddedPublication, Before, CardShown, Choice, Consent, CredentialId, CredentialSummary, Entries, EpochSource, Error,
    LogReport, MAX_HEAD_FILE, RecoveryPhrase, Standing, Store as _, Wallet, Warning, epochs_limit, epochs_path,
    head_path,
};
use rand_core::OsRng;
use wasm_bindgen::prelude::*;

use crate::convert::{
    Kind, Result, Text, ToJs as _, bytes, input, list, misuse, parse, parsed, passphrase, record, secret_text, thrown,
    time, work,
};

/// Most consents that wait for the person; the oldest are forgotten.
const MAX_CONSENTS: usize = 16;

/// A holder's wallet, open.
#[wasm_bindgen]
pub struct WalletCore {
    wallet: Wallet<Entries>,
    consents: VecDeque<(u32, Consent)>,
    last_consent: u32,
    /// The words of a wallet that was just made, until they are taken.
    phrase: Option<RecoveryPhrase>,
}

#[wasm_bindgen]
impl WalletCore {
    /// A new wallet; its words are taken with `takePhrase`.
    pub fn create(secret: &mut [u8], log_n: Option<u8>) -> Result<WalletCore> {
        let phrase = RecoveryPhrase::random(&mut OsRng);
        let wallet = Self::start(secret, log_n, &phrase)?;
        Ok(Self { phrase: Some(phrase), ..wallet })
    }

    /// A wallet with the secret of an earlier one, by its words.
    pub fn recover(secret: &mut [u8], log_n: Option<u8>, phrase: &mut [u8]) -> Result<WalletCore> {
        Self::start(secret, log_n, &RecoveryPhrase::parse(&secret_text(phrase)?).map_err(failure)?)
    }

    /// The wallet in a backup, under a passphrase of its own.
    pub fn restore(
        backup: &[u8],
        backup_secret: &mut [u8],
        secret: &mut [u8],
        log_n: Option<u8>,
    ) -> Result<WalletCore> {
        let (backup_secret, secret, work) = (passphrase(backup_secret)?, passphrase(secret)?, work(log_n)?);
        let wallet = Wallet::restore_on(backup, &backup_secret, &mut OsRng, |vault, parameters| {
            let mut entries = Entries::create(&secret, work, vault)?;
            for (digest, json) in parameters {
                entries.put_parameters(digest, json)?;
            }
            Ok(entries)
        });
        Ok(Self::of(wallet.map_err(failure)?))
    }

    /// The words of a new wallet, once.
    #[wasm_bindgen(js_name = takePhrase)]
    pub fn take_phrase(&mut self) -> Result<Uint8Array> {
        let phrase = self.phrase.take().ok_or_else(|| misuse("a phrase that was not taken before"))?;
        Ok(bytes(phrase.expose().as_bytes()))
    }

    /// Everything, encrypted, to be kept elsewhere.
    pub fn backup(&self, secret: &mut [u8], log_n: Option<u8>) -> Result<Vec<u8>> {
        self.wallet.backup(&passphrase(secret)?, work(log_n)?).map_err(failure)
    }

    /// Takes the holder's word that what a request counts was not used up before the wallet was restored.
    #[wasm_bindgen(js_name = allowTokens)]
    pub fn allow_tokens(&mut self, request: &[u8], now: f64) -> Result<bool> {
        self.wallet.allow_tokens(request, time(now)?).map_err(failure)
    }

    /// Asks an issuer to revoke the holder's cards: bytes for the issuer.
    #[wasm_bindgen(js_name = requestRevocation)]
    pub fn request_revocation(&mut self, issuer: &str, now: f64) -> Result<Vec<u8>> {
        let issuer = issuer.parse().map_err(input)?;
        self.wallet.request_revocation(&issuer, time(now)?, &mut OsRng).map_err(failure)
    }

    /// Opens the wallet among entries: an array of names and bytes in turn.
    pub fn open(entries: Array, secret: &mut [u8]) -> Result<WalletCore> {
        let secret = passphrase(secret)?;
        let (entries, vault) = Entries::open(read_entries(&entries)?, &secret).map_err(failure)?;
        Ok(Self::of(Wallet::load(entries, &vault).map_err(failure)?))
    }

    /// Another passphrase.
    #[wasm_bindgen(js_name = changePassphrase)]
    pub fn change_passphrase(&mut self, secret: &mut [u8], log_n: Option<u8>) -> Result<()> {
        let (secret, work) = (passphrase(secret)?, work(log_n)?);
        self.wallet.change_passphrase(&secret, work).map_err(failure)
    }

    /// What changed since it was last asked: names and bytes in turn; null where an entry is gone.
    pub fn changes(&mut self) -> Array {
        let changes = Array::new();
        for (name, content) in self.wallet.take_changes() {
            changes.push(&name.into());
            changes.push(&content.map_or(JsValue::NULL, |content| bytes(&content).into()));
        }
        changes
    }

    /// All entries: names and bytes in turn.
    pub fn entries(&self) -> Array {
        let entries = Array::new();
        for (name, content) in self.wallet.entries() {
            entries.push(&name.into());
            entries.push(&bytes(content).into());
        }
        entries
    }

    /// Pins an issuer.
    #[wasm_bindgen(js_name = addIssuer)]
    pub fn add_issuer(&mut self, json: &str, expected: Option<String>) -> Result<JsValue> {
        let added = self.wallet.add_issuer(json, parsed(expected)?, &mut OsRng).map_err(failure)?;
        Ok(record! {
            "fingerprint": Text(added.fingerprint), "name": added.name, "sequence": added.sequence, "digest": Text(added.digest),
            "before": before(added.before), "same_name": list(added.same_name.iter().map(Text)),
            "listed_by": list(&added.listed_by),
        })
    }

    /// Pins an authority by its trust list.
    #[wasm_bindgen(js_name = addTrustList)]
    pub fn add_trust_list(&mut self, json: &str, expected: Option<String>) -> Result<JsValue> {
        let added = self.wallet.add_trust_list(json, parsed(expected)?).map_err(failure)?;
        Ok(record! {
            "fingerprint": Text(added.fingerprint), "name": added.name, "sequence": added.sequence,
            "before": before(added.before),
        })
    }

    /// Pins an inspector.
    #[wasm_bindgen(js_name = addInspector)]
    pub fn add_inspector(&mut self, json: &str, expected: Option<String>) -> Result<JsValue> {
        let added = self.wallet.add_inspector(json, parsed(expected)?).map_err(failure)?;
        Ok(record! {
            "fingerprint": Text(added.fingerprint), "digest": Text(added.digest), "name": added.name,
            "threshold": u32::from(added.threshold), "shareholders": u32::from(added.shareholders), "new": added.new,
            "same_name": list(added.same_name.iter().map(Text)), "listed_by": list(&added.listed_by),
        })
    }

    /// Adds a published set.
    #[wasm_bindgen(js_name = addSet)]
    pub fn add_set(&mut self, json: &str, expected: Option<String>) -> Result<JsValue> {
        Ok(publication(&self.wallet.add_set(json, parsed(expected)?, &mut OsRng).map_err(failure)?))
    }

    /// Adds a published list.
    #[wasm_bindgen(js_name = addList)]
    pub fn add_list(&mut self, file: Vec<u8>, expected: Option<String>) -> Result<JsValue> {
        Ok(publication(&self.wallet.add_list(file, parsed(expected)?, &mut OsRng).map_err(failure)?))
    }

    /// The issuers that are pinned.
    pub fn issuers(&self) -> JsValue {
        let issuers = self.wallet.issuers().iter();
        list(issuers.map(|known| record! {"fingerprint": Text(known.fingerprint), "name": known.name}))
    }

    /// The verifiers that were answered.
    pub fn verifiers(&self) -> JsValue {
        let known = self.wallet.verifiers().iter().map(|known| {
            record! {
                "key": Text(known.key), "origin": Text(&known.origin), "name": known.name, "since": Text(known.since),
                "answers": known.answers,
            }
        });
        list(known)
    }

    /// Forgets a verifier's key.
    #[wasm_bindgen(js_name = forgetVerifier)]
    pub fn forget_verifier(&mut self, key: &str) -> Result<bool> {
        let key: VerifierKey = key.parse().map_err(input)?;
        self.wallet.forget_verifier(&key).map_err(failure)
    }

    /// An invitation to an application.
    pub fn apply(&mut self, invitation: &[u8], now: f64) -> Result<Vec<u8>> {
        self.wallet.apply(invitation, time(now)?, &mut OsRng).map_err(failure)
    }

    /// An answer to a card.
    pub fn accept(&mut self, answer: &[u8], now: f64) -> Result<JsValue> {
        let accepted = self.wallet.accept(answer, time(now)?).map_err(failure)?;
        Ok(record! {"card": summary(&accepted.credential), "new": accepted.new})
    }

    /// The cards.
    pub fn cards(&self) -> Result<JsValue> {
        let cards = self.wallet.list().map_err(failure)?;
        Ok(list(cards.iter().map(summary)))
    }

    /// One card and, as JSON text, its claims.
    pub fn card(&self, id: &str) -> Result<Array> {
        let (card, claims) = self.wallet.show(card_id(id)?).map_err(failure)?;
        Ok(Array::of2(&summary(&card), &parse(&claims)?))
    }

    /// Removes a card.
    #[wasm_bindgen(js_name = removeCard)]
    pub fn remove_card(&mut self, id: &str) -> Result<()> {
        self.wallet.remove(card_id(id)?).map_err(failure)
    }

    /// What a request would learn.
    pub fn review(&mut self, request: &[u8], now: f64) -> Result<JsValue> {
        let consent = self.wallet.review(request, time(now)?, &mut OsRng).map_err(failure)?;
        self.last_consent = self.last_consent.wrapping_add(1);
        let shown = consent_fields(self.last_consent, &consent)?;
        if self.consents.len() >= MAX_CONSENTS {
            self.consents.pop_front();
        }
        self.consents.push_back((self.last_consent, consent));
        Ok(shown)
    }

    /// Answers what was consented to, by the number of the consent.
    pub fn respond(&mut self, consent: u32, choice: usize, now: f64) -> Result<Vec<u8>> {
        let now = time(now)?;
        let consent = self.take_consent(consent).ok_or_else(|| misuse("a consent that was not used before"))?;
        self.wallet.respond(consent, choice, now, &mut OsRng).map_err(failure)
    }

    /// Forgets a consent.
    pub fn decline(&mut self, consent: u32) {
        drop(self.take_consent(consent));
    }

    /// Follows the issuers' logs of revocations as far as `look_up` has their files. It is called with a path and the most bytes that the file may have,
    /// and gives the file's bytes, null where there is none, and anything else where it can not say now.
    pub fn sync(&mut self, look_up: Function) -> Result<JsValue> {
        let mut source = Files { look_up };
        let report = self.wallet.sync(&mut source, &mut |_| (), &mut OsRng).map_err(failure)?;
        let numbers = |cards: &[CredentialId]| list(cards.iter().map(|card| card.get()));
        Ok(record! {
            "logs": list(report.logs.iter().map(followed)), "revoked": numbers(&report.revoked),
            "broken": numbers(&report.broken),
        })
    }

    /// Trusts an issuer again that was found with two histories.
    pub fn settle(&mut self, issuer: &str) -> Result<bool> {
        self.wallet.settle_contradiction(&issuer.parse().map_err(input)?).map_err(failure)
    }

    /// Makes answers in idle time.
    pub fn prepare(&mut self, now: f64) -> Result<usize> {
        self.wallet.prepare(time(now)?, &mut OsRng).map_err(failure)
    }

    /// How many are ready.
    pub fn prepared(&self) -> usize {
        self.wallet.prepared()
    }

    /// Erases them.
    #[wasm_bindgen(js_name = discardPrepared)]
    pub fn discard_prepared(&mut self) {
        self.wallet.discard_prepared();
    }

    /// What was told whom.
    pub fn history(&self) -> JsValue {
        let entries = self.wallet.history().iter().map(|entry| {
            record! {
                "time": Text(entry.time), "name": entry.name, "origin": Text(&entry.origin), "key": Text(entry.key),
                "purpose": entry.purpose, "learned": list(entry.learned.iter()),
            }
        });
        list(entries)
    }

    fn of(wallet: Wallet<Entries>) -> Self {
        Self { wallet, consents: VecDeque::new(), last_consent: 0, phrase: None }
    }

    fn start(secret: &mut [u8], log_n: Option<u8>, phrase: &RecoveryPhrase) -> Result<WalletCore> {
        let (secret, work) = (passphrase(secret)?, work(log_n)?);
        let wallet = Wallet::start(phrase, &mut OsRng, |vault| Entries::create(&secret, work, vault));
        Ok(Self::of(wallet.map_err(failure)?))
    }

    fn take_consent(&mut self, id: u32) -> Option<Consent> {
        let place = self.consents.iter().position(|(known, _)| *known == id)?;
        self.consents.remove(place).map(|(_, consent)| consent)
    }
}

/// The files of epochs, as far as the caller has them.
struct Files {
    look_up: Function,
}

impl Files {
    fn get(&self, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let found = self.look_up.call2(&JsValue::NULL, &path.into(), &limit.to_js());
        match found {
            Ok(none) if none.is_null() => Ok(None),
            Ok(found) => match found.dyn_into::<Uint8Array>() {
                Ok(bytes) if bytes.length() as usize <= limit => Ok(Some(bytes.to_vec())),
                Ok(_) => Err(io::ErrorKind::InvalidData.into()),
                Err(_) => Err(io::ErrorKind::WouldBlock.into()),
            },
            Err(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl EpochSource for Files {
    fn head(&mut self, key: &IssuerKeyId) -> io::Result<Option<Vec<u8>>> {
        self.get(&head_path(key), MAX_HEAD_FILE)
    }

    fn epochs(&mut self, key: &IssuerKeyId, power: u8, last: Epoch) -> io::Result<Option<Vec<u8>>> {
        self.get(&epochs_path(key, power, last), epochs_limit(power))
    }
}

/// A wallet's error as it is thrown.
fn failure(error: Error) -> JsValue {
    let message = error.to_string();
    match error {
        Error::Refused(refusal) => {
            let explanation = refusal.explanation();
            thrown(Kind::Refused, Some(refusal.code()), &message, &explanation.iter().collect::<Vec<_>>())
        }
        Error::Vault(error) => crate::convert::sealed(error),
        Error::Input(_) | Error::ParametersLost(_) | Error::PublicationLost(_) => input(message),
        Error::NoSuchCredential(_) | Error::Full(_) | Error::SelfCheck | Error::Misuse(_) | _ => misuse(&message),
    }
}

fn read_entries(entries: &Array) -> Result<SortedMap<String, Vec<u8>>> {
    let mut read = SortedMap::new();
    for place in (0..entries.length()).step_by(2) {
        let name = entries.get(place).as_string();
        let content = entries.get(place + 1).dyn_into::<Uint8Array>().ok();
        let (name, content) = name.zip(content).ok_or_else(|| misuse("entries of names and bytes"))?;
        read.insert(name, content.to_vec());
    }
    Ok(read)
}

fn card_id(id: &str) -> Result<CredentialId> {
    id.parse().map_err(input)
}

fn before(before: Before) -> &'static str {
    match before {
        Before::Nothing => "nothing",
        Before::Older => "older",
        Before::Same => "same",
    }
}

fn summary(card: &CredentialSummary) -> JsValue {
    record! {
        "id": card.id.get(), "kind": Text(&card.kind), "title": card.title, "schema": Text(card.schema),
        "issuer": Text(card.issuer), "issuer_name": card.issuer_name, "added": Text(card.added),
        "valid_until": card.valid_until.map(Text), "newest": card.newest, "revoked": card.revoked.map(epoch),
    }
}

fn epoch(epoch: Epoch) -> u32 {
    epoch.0
}

fn followed(log: &LogReport) -> JsValue {
    record! {
        "issuer": Text(log.issuer), "issuer_name": log.issuer_name, "key": Text(log.key), "before": log.before.map(epoch),
        "now": log.now.map(epoch), "outcome": log.outcome.code(),
    }
}

fn publication(added: &AddedPublication) -> JsValue {
    let known = &added.publication;
    record! {
        "name": Text(&known.name), "authority": Text(known.authority), "number": known.number, "length": added.len,
        "before": before(added.before), "listed_by": list(&added.listed_by),
    }
}

fn warning(warning: &Warning) -> JsValue {
    record! {"code": warning.code(), "about": warning.about(), "text": Text(warning)}
}

fn card_shown(card: &CardShown) -> JsValue {
    let disclosed = card.disclosed.iter().map(|claim| {
        record! {
            "claim": Text(&claim.claim), "title": claim.title, "value": claim.value.as_ref().map(|value| value.as_str()),
        }
    });
    let rate = card.rate.as_ref().map(|(ask, used)| {
        record! {
            "scope": Text(&ask.scope), "epoch": Text(&ask.epoch), "limit": u32::from(ask.limit), "used": u32::from(*used),
        }
    });
    record! {
        "name": Text(&card.name), "id": card.id.get(), "title": card.title, "issuer": Text(card.issuer),
        "issuer_name": card.issuer_name, "disclosed": list(disclosed), "proved": list(&card.proved),
        "not_revoked": card.not_revoked.map(|(by, back)| record! {"epoch": epoch(by), "back": u32::from(back)}),
        "pseudonym": card.pseudonym.as_ref().map(|ask| Text(&ask.scope)), "rate": rate, "encrypted": card.encrypted,
    }
}

fn consent_fields(id: u32, consent: &Consent) -> Result<JsValue> {
    let fields = consent.request().fields();
    let known = match consent.standing() {
        Standing::FirstTime => None,
        Standing::Known { since, answers } => Some(record! {"since": Text(since), "answers": answers}),
    };
    let vouchers = consent.vouchers().iter().map(|voucher| {
        record! {
            "authority": voucher.authority, "verifier": voucher.verifier, "purpose": voucher.purpose,
            "text": Text(voucher),
        }
    });
    let choice = |(place, choice): (usize, &Choice)| {
        record! {
            "cards": list(choice.credentials().iter().map(card_shown)),
            "learned": list(choice.learned().iter()),
            "warnings": list(choice.warnings().iter().map(warning)),
            "text": list(consent.text(place).unwrap_or_default().iter()),
        }
    };
    let document = consent.document().map(|document| {
        record! {"title": document.title, "sha256": Text(document.sha256)}
    });
    let verifier = consent.verifier();
    let verifier = record! {"name": verifier.name, "origin": Text(&verifier.origin), "key": Text(verifier.key)};
    Ok(record! {
        "id": id, "verifier": verifier, "purpose": consent.purpose(), "profile": fields.profile.as_ref().map(Text),
        "issued": Text(fields.issued), "expires": Text(fields.expires), "as_of": Text(fields.as_of), "known": known,
        "vouchers": list(vouchers), "warnings": list(consent.warnings().iter().map(warning)), "document": document,
        "choices": list(consent.choices().iter().enumerate().map(choice)),
        "request": parse(&consent.request().to_json().map_err(input)?)?,
    })
}
