//! The town of the errands: three offices, the counterparts that its trust list names, and people.
//!
//! Whatever goes from one party to another is kept, so that `demo collusion` can join it.
//! Not here: the errands.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::DocumentDigest;
use milchglas_credential::document::DocumentRef;
use milchglas_credential::profile::Profile;
use milchglas_credential::request::SigningKey;
use milchglas_credential::schema::Schema;
use milchglas_credential::trust_list::{Content, ListedIssuer, ListedVerifier, TrustList};
use milchglas_inspector::{Inspector, SecretShare, deal};
use milchglas_issuer::{Assurance, Issuer};
use milchglas_verifier::{FolderStore, Template, Verifier};
use milchglas_wallet::{Consent, Error, Wallet};
use rand_core::{OsRng, RngCore as _};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::stage::{Issued, Stage, Story};
use crate::commands::{inspector, verifier, wallet};
use crate::failure::{Failure, Result};
use crate::output::Report;

/// Who asks: folder and errand, name, and the profile for which the town lists it.
const SHOPS: [(&str, &str, &str); 9] = [
    ("cafe", "Café Glas", "cafe"),
    ("hotel", "Hotel Glashof", "hotel"),
    ("train", "Glasbahn", "train"),
    ("bank", "Glasbank", "bank"),
    ("otherbank", "Sparkasse Glasstadt", "bank"),
    ("company", "Company Register", "company"),
    ("phone", "Glasfon", "phone"),
    ("visa", "Embassy of Farland", "visa"),
    ("stall", "Noodle Stall", "purchase"),
];
/// Folder, name, schema.
const OFFICES: [(&str, &str, &str); 3] = [
    ("residents", "Residents' Office of Glasstadt", "national-id"),
    ("passports", "Passport Office of Glasstadt", "passport"),
    ("taxes", "Tax Office of Glasstadt", "tax-credential"),
];
/// Given names, surname, number, sex, age.
const PEOPLE: [(&str, &str, &str, &str, u16); 3] = [
    ("Lena Marie", "Brandtner", "T22000201", "F", 24),
    ("Otto", "Vogelsang", "T22000202", "M", 67),
    ("Jonas", "Kellermann", "T22000203", "M", 40),
];
pub(super) const LENA: &str = "Lena Marie";
pub(super) const OTTO: &str = "Otto";
pub(super) const JONAS: &str = "Jonas";
/// Minutes from one step to the next, so that no two are in one.
const PAUSE: u64 = 7 * 60;

/// An office and what it publishes.
pub(super) struct Office {
    pub(super) folder: &'static str,
    schema: &'static str,
    pub(super) issuer: Issuer,
    pub(super) json: String,
}

/// One accepted answer, and all that its verifier has of it.
pub(super) struct Visit {
    pub(super) shop: &'static str,
    pub(super) who: &'static str,
    pub(super) time: Timestamp,
    pub(super) request: Vec<u8>,
    pub(super) presentation: Vec<u8>,
    pub(super) verdict: Value,
}

/// One card that was issued, and all that its office saw of that.
pub(super) struct Issuance {
    pub(super) office: &'static str,
    pub(super) time: Timestamp,
    pub(super) claims: Value,
    pub(super) sent: Issued,
}

/// The town.
pub(super) struct Town {
    stage: Stage,
    pub(super) story: Story,
    pub(super) offices: Vec<Office>,
    shops: BTreeMap<&'static str, Verifier<FolderStore>>,
    people: BTreeMap<&'static str, Wallet>,
    papers: BTreeMap<&'static str, Value>,
    full: Vec<&'static str>,
    pub(super) list: String,
    pub(super) inspector: Inspector,
    pub(super) shares: Vec<SecretShare>,
    pub(super) asked: Vec<Vec<u8>>,
    pub(super) visits: Vec<Visit>,
    pub(super) issued: Vec<Issuance>,
}

impl Town {
    pub(super) fn new(now: Timestamp) -> Result<Self> {
        let stage = Stage::new(now)?;
        let mut offices = Vec::new();
        for (folder, name, id) in OFFICES {
            let schemas = Schema::shipped(id)?.into_iter().collect();
            let issuer = stage.issuer_in(folder, name, schemas)?;
            let json = issuer.parameters().to_json()?;
            offices.push(Office { folder, schema: id, issuer, json });
        }
        for office in &offices {
            stage.publish_epoch(&office.issuer)?;
        }
        let mut shops = BTreeMap::new();
        let mut verifiers = Vec::new();
        for (folder, name, profile) in SHOPS {
            let [residents, others @ ..] = offices.as_slice() else { continue };
            let made = stage.verifier(folder, name, &format!("https://{folder}.example"), &residents.json)?;
            for other in others {
                made.trust(&other.json, None).map_err(verifier::failure)?;
            }
            stage.learn_epochs(&made)?;
            let identity = made.identity().clone();
            let profiles = vec![profile.parse().map_err(milchglas_credential::error::Error::Decode)?];
            verifiers.push(ListedVerifier {
                name: identity.name,
                origin: identity.origin,
                key: identity.key,
                profiles,
            });
            shops.insert(folder, made);
        }
        let listed = |office: &Office| ListedIssuer {
            name: office.issuer.parameters().content().name.clone(),
            fingerprint: office.issuer.parameters().fingerprint(),
        };
        let content = Content {
            name: "Glasstadt".to_owned(),
            sequence: 1,
            issuers: offices.iter().map(listed).collect(),
            verifiers,
            inspectors: Vec::new(),
            authorities: Vec::new(),
            profiles: Profile::all_shipped()?,
        };
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *seed);
        let list = TrustList::sign(content, &SigningKey::from_bytes(&seed))?.to_json()?;
        let (inspector, shares) = deal("Court of Glasstadt", 2, 3, &mut OsRng).map_err(inspector::failure)?;
        let (people, papers) = (BTreeMap::new(), BTreeMap::new());
        let (full, asked, visits, issued) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let story = Story::default();
        Ok(Self { stage, story, offices, shops, people, papers, full, list, inspector, shares, asked, visits, issued })
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        self.stage.now
    }

    /// A new day: every office publishes an epoch, and every counterpart reads it.
    pub(super) fn next_epoch(&mut self) -> Result<()> {
        for office in &self.offices {
            self.stage.publish_epoch(&office.issuer)?;
        }
        self.shops.values().try_for_each(|shop| self.stage.learn_epochs(shop))
    }

    /// A person's wallet follows the epochs.
    pub(super) fn sync(&mut self, who: &str) -> Result<()> {
        self.stage.sync(self.people.get_mut(who).ok_or_else(nobody)?).map(|_| ())
    }

    /// Some minutes pass.
    fn pass(&mut self) -> Result<()> {
        let later = Timestamp::from_unix(self.stage.now.as_unix().saturating_add(PAUSE));
        self.stage.now = later.ok_or_else(|| Failure::usage("the calendar ends here"))?;
        Ok(())
    }

    /// A person with a light ID card, who knows the offices and the town's trust list. Nothing where the person is known already.
    pub(super) fn person(&mut self, who: &'static str) -> Result<()> {
        if self.people.contains_key(who) {
            return Ok(());
        }
        let unknown = || Failure::usage("nobody of that name lives here");
        let (_, surname, number, sex, age) = PEOPLE.into_iter().find(|person| person.0 == who).ok_or_else(unknown)?;
        let mut made = self.stage.wallet(who, &self.offices.first().ok_or_else(unknown)?.json)?;
        for office in self.offices.iter().skip(1) {
            made.add_issuer(&office.json, None, &mut OsRng).map_err(wallet::failure)?;
        }
        made.add_trust_list(&self.list, None).map_err(wallet::failure)?;
        made.add_inspector(&self.inspector.to_json()?, None).map_err(wallet::failure)?;
        let claims = self.stage.national_id(surname, who, number, sex, self.stage.born(age, -100)?);
        self.papers.insert(who, serde_json::from_str(&claims).map_err(milchglas_credential::error::Error::from)?);
        self.people.insert(who, made);
        self.issue(who, "residents", claims, Assurance::Light)
    }

    /// The person comes to the counter with the physical card, and gets a full one.
    pub(super) fn upgrade(&mut self, who: &'static str) -> Result<()> {
        self.person(who)?;
        if self.is_full(who) {
            return Ok(());
        }
        self.full.push(who);
        let claims = self.paper(who).to_string();
        self.issue(who, "residents", claims, Assurance::Full)?;
        // The light card is revoked with the next epoch.
        self.next_epoch()?;
        self.sync(who)
    }

    /// Whether a person has a full card.
    pub(super) fn is_full(&self, who: &str) -> bool {
        self.full.contains(&who)
    }

    /// What a person's wallet says to the answer of an office that somebody else got last.
    pub(super) fn accept_foreign(&mut self, who: &str) -> Result<String> {
        let answer = &self.issued.last().ok_or_else(nobody)?.sent.answer;
        match self.people.get_mut(who).ok_or_else(nobody)?.accept(answer, self.stage.now) {
            Err(Error::Refused(refusal)) => Ok(refusal.to_string()),
            Err(error) => Err(wallet::failure(error)),
            Ok(_) => Err(Failure::refused("the story did not go as designed: another's card was accepted")),
        }
    }

    /// What stands on a person's ID card.
    pub(super) fn paper(&self, who: &str) -> Value {
        self.papers.get(who).cloned().unwrap_or_default()
    }

    /// An office issues a card to a person.
    pub(super) fn issue(&mut self, who: &str, office: &'static str, claims: String, level: Assurance) -> Result<()> {
        self.pass()?;
        let office = self.offices.iter().find(|known| known.folder == office).ok_or_else(nobody)?;
        let wallet = self.people.get_mut(who).ok_or_else(nobody)?;
        let sent = self.stage.issue_at(&office.issuer, wallet, office.schema, &claims, level)?;
        self.stage.sync(wallet)?;
        let claims = serde_json::from_str(&claims).map_err(milchglas_credential::error::Error::from)?;
        self.issued.push(Issuance { office: office.folder, time: self.stage.now, claims, sent });
        Ok(())
    }

    /// A template that ships, by its errand.
    pub(super) fn template(name: &str) -> Result<Template> {
        let json = Template::shipped_json(name).ok_or_else(nobody)?;
        Template::from_json(json).map_err(verifier::failure)
    }

    /// As [`Town::template`], for a document that the answer signs.
    pub(super) fn contract(name: &str, title: &str, document: &[u8]) -> Result<Template> {
        let mut template = Self::template(name)?;
        template.document = Some(DocumentRef { title: title.to_owned(), sha256: DocumentDigest::of(document) });
        Ok(template)
    }

    /// Somebody asks.
    pub(super) fn ask(&mut self, shop: &str, template: &Template) -> Result<Vec<u8>> {
        self.pass()?;
        let shop = self.shops.get(shop).ok_or_else(nobody)?;
        let asked = shop.request(template, self.stage.now, &mut OsRng).map_err(verifier::failure)?.into_bytes();
        self.asked.push(asked.clone());
        Ok(asked)
    }

    /// What a person's wallet says about a request that it could answer.
    pub(super) fn review(&self, who: &str, request: &[u8]) -> Result<Consent> {
        self.people.get(who).ok_or_else(nobody)?.review(request, self.stage.now, &mut OsRng).map_err(wallet::failure)
    }

    /// A person consents and answers.
    pub(super) fn answer(&mut self, who: &str, request: &[u8], choice: usize) -> Result<Vec<u8>> {
        let consent = self.review(who, request)?;
        if consent.vouchers().is_empty() {
            return Err(Failure::refused("the story did not go as designed: the town's list does not vouch"));
        }
        let wallet = self.people.get_mut(who).ok_or_else(nobody)?;
        wallet.respond(consent, choice, self.stage.now, &mut OsRng).map_err(wallet::failure)
    }

    /// Whoever asked accepts the answer; the verdict.
    pub(super) fn check(
        &mut self,
        shop: &'static str,
        who: &'static str,
        request: Vec<u8>,
        presentation: Vec<u8>,
    ) -> Result<Value> {
        let checked = self.shops.get(shop).ok_or_else(nobody)?.check(&presentation, self.stage.now, &mut OsRng);
        let verdict = json!(checked.map_err(|rejection| Failure::refused(rejection.for_log().to_string()))?);
        let time = self.stage.now;
        self.visits.push(Visit { shop, who, time, request, presentation, verdict: verdict.clone() });
        Ok(verdict)
    }

    /// Everything that is published about revocations.
    pub(super) fn published_epochs(&self) -> Result<Vec<Vec<u8>>> {
        let failed = |error| Failure::storage(format!("the published epochs can not be read: {error}"));
        let (mut folders, mut files) = (vec![self.stage.epochs()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_dir() { folders.push(path) } else { files.push(fs::read(path).map_err(failed)?) }
            }
        }
        Ok(files)
    }

    /// From the request to the verdict.
    pub(super) fn visit(
        &mut self,
        shop: &'static str,
        who: &'static str,
        template: &Template,
        choice: usize,
    ) -> Result<Value> {
        let request = self.ask(shop, template)?;
        self.sync(who)?;
        let presentation = self.answer(who, &request, choice)?;
        let title = shop.to_owned();
        self.story.send(&title, who, "a signed request", &request);
        self.story.send(who, &title, "a presentation", &presentation);
        self.check(shop, who, request, presentation)
    }

    /// The sentences with which a wallet refuses; a failure where it does not.
    pub(super) fn wallet_refuses(&self, who: &str, request: &[u8]) -> Result<String> {
        match self.people.get(who).ok_or_else(nobody)?.review(request, self.stage.now, &mut OsRng) {
            Err(Error::Refused(refusal)) => Ok(refusal.explanation().iter().collect::<Vec<_>>().join(" ")),
            Err(error) => Err(wallet::failure(error)),
            Ok(_) => Err(Failure::refused("the story did not go as designed: a wallet was ready to answer")),
        }
    }

    /// Why a verifier rejects, as its log says; a failure where it does not.
    pub(super) fn shop_refuses(&self, shop: &str, presentation: &[u8]) -> Result<String> {
        match self.shops.get(shop).ok_or_else(nobody)?.check(presentation, self.stage.now, &mut OsRng) {
            Err(rejection) => Ok(rejection.for_log().to_string()),
            Ok(_) => Err(Failure::refused("the story did not go as designed: an answer was accepted")),
        }
    }

    /// The answer of a copy of somebody's wallet that was made before.
    pub(super) fn answer_from_copy(&self, copy: &str, request: &[u8]) -> Result<Vec<u8>> {
        let mut copied = self.stage.open_wallet(copy)?;
        self.stage.sync(&mut copied)?;
        let consent = copied.review(request, self.stage.now, &mut OsRng).map_err(wallet::failure)?;
        copied.respond(consent, 0, self.stage.now, &mut OsRng).map_err(wallet::failure)
    }

    /// Copies somebody's wallet, file by file.
    pub(super) fn copy_wallet(&self, who: &str, copy: &str) -> Result<()> {
        copy_folder(&self.stage.path(who), &self.stage.path(copy))
            .map_err(|error| Failure::storage(format!("a wallet can not be copied: {error}")))
    }

    /// Where a party's files are.
    pub(super) fn folder(&self, party: &str) -> PathBuf {
        self.stage.path(party)
    }

    /// The fields that every errand reports: what was learned, and what of the person's card never was.
    pub(super) fn report(&mut self, errand: &str, accepted: bool, verdict: &Value, more: Value) -> Report {
        let learned = verdict.get("learned").cloned().unwrap_or_else(|| json!({}));
        let told =
            |claim: &str| learned.as_object().into_iter().flat_map(Map::values).any(|card| card.get(claim).is_some());
        let mut never = self.paper(LENA).as_object().cloned().unwrap_or_default();
        never.retain(|claim, _| !told(claim));
        self.story.chapter("What it learns");
        for sentence in verdict.get("proved").and_then(Value::as_array).into_iter().flatten() {
            self.story.say(&format!("· That the {}.", sentence.as_str().unwrap_or_default()));
        }
        for (name, value) in
            learned.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_object).flatten()
        {
            self.story.say(&format!("· {name}: {value}"));
        }
        self.story.chapter("What it does not learn");
        self.story.say(&never.keys().map(|claim| claim.replace('_', " ")).collect::<Vec<_>>().join(", "));
        let answers = self.visits.iter().filter(|visit| visit.shop == errand);
        let answers: Vec<String> = answers.map(|visit| hex::encode(&visit.presentation)).collect();
        let mut fields = json!({
            "scenario": errand, "accepted": accepted, "learned": learned, "never_learned": never,
            "proved": verdict.get("proved").cloned().unwrap_or_else(|| json!([])), "presentations": answers,
        });
        if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
            fields.extend(more);
        }
        Report::new(std::mem::take(&mut self.story).into_text(), fields)
    }
}

fn nobody() -> Failure {
    Failure::usage("the story names somebody who is not there")
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
