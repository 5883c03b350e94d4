//! The phone is gone: the office revokes, and by the next epoch the phone is worth nothing; a new one keeps the bank's name for her.
//!
//! The office learns no errand, the bank learns of no loss, and nobody can tell her old showings from others', not even now.

use milchglas_credential::date::Timestamp;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::schema::Schema;
use milchglas_issuer::PersonNumber;
use milchglas_issuer::registry::Holder;
use milchglas_issuer::registry::Reason;
use milchglas_verifier::{FolderStore, NotRevokedAsk, Template, TemplateAsk, TemplatePredicate, Verdict, Verifier};
use milchglas_wallet::{Error, Wallet};
use rand_core::OsRng;
use serde_json::json;

use super::stage::{Stage, Story, ensure};
use crate::commands::issuer::finish;
use crate::commands::{issuer, verifier, wallet};
use crate::failure::{Failure, Result};
use crate::output::Report;

const NUMBER: &str = "T22000301";
/// From one epoch to the next, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// Plays the errand.
pub(super) fn play(now: Timestamp) -> Result<Report> {
    let mut stage = Stage::new(now)?;
    let mut story = Story::default();
    story.chapter("THE LOSS. Mira's phone is gone. What becomes of her card, and of her name at the bank?");

    story.chapter("1. Before");
    let schema = Schema::national_id()?;
    let office = stage.issuer("Residents' Office of Glasstadt", vec![schema.clone()])?;
    let parameters = office.parameters().to_json()?;
    let (mut phone, phrase) = stage.wallet_and_phrase("phone", &parameters)?;
    let claims = stage.national_id("Sommer", "Mira", NUMBER, "F", stage.born(31, -100)?);
    stage.issue(&office, &mut phone, schema.id().as_str(), &claims)?;
    let bank = stage.verifier("bank", "Glasbank", "https://bank.example", &parameters)?;
    let template = recognise()?;
    let epoch = |stage: &Stage| -> Result<()> {
        stage.publish_epoch(&office)?;
        stage.learn_epochs(&bank)
    };
    epoch(&stage)?;
    stage.sync(&mut phone)?;
    let before = visit(&stage, &mut phone, &bank, &template)?;
    let name = pseudonym(&before)?;
    story.say(&format!(
        "She visits her bank. It knows her by a pseudonym, {name:.16}…, and that her card is not revoked."
    ));

    story.chapter("2. She tells the office, which looks up her number and revokes her card");
    let holder = office.person(PersonNumber { space: "id_number", number: NUMBER }).map_err(issuer::failure)?;
    let revoked = finish(office.revoke_all(Holder::Tag(holder), Reason::Lost, stage.now))?.map_err(issuer::failure)?;
    story.say(&format!("{revoked} card. The office knows that she has a card, and nothing of where it was shown."));
    tomorrow(&mut stage)?;
    epoch(&stage)?;
    story.say("With the next day's epoch everybody has it: one file, the same for all.");

    story.chapter("3. Somebody has the phone, and its passphrase");
    // It was never online again: the wallet has the witness of yesterday.
    let request = ask(&stage, &bank, &template)?;
    let offline = match phone.review(&request, stage.now, &mut OsRng) {
        Err(Error::Refused(refusal)) => refusal.explanation().iter().collect::<Vec<_>>().join(" "),
        Err(error) => return Err(wallet::failure(error)),
        Ok(_) => return Err(Failure::refused("the story did not go as designed: the lost phone could answer")),
    };
    story.say(&format!("Offline. Its wallet: {offline}"));
    let found = stage.sync(&mut phone)?;
    ensure(found.len() == 1, "the lost phone's card was not found to be revoked")?;
    let online = match phone.review(&ask(&stage, &bank, &template)?, stage.now, &mut OsRng) {
        Err(Error::Refused(refusal)) => refusal.explanation().iter().collect::<Vec<_>>().join(" "),
        Err(error) => return Err(wallet::failure(error)),
        Ok(_) => return Err(Failure::refused("the story did not go as designed: a revoked card could be shown")),
    };
    story.say(&format!("Online. Its wallet: {online}"));

    story.chapter("4. A new phone, with the recovery phrase");
    let mut renewed = stage.wallet_from_phrase("newphone", &phrase, &parameters)?;
    stage.issue(&office, &mut renewed, schema.id().as_str(), &claims)?;
    stage.sync(&mut renewed)?;
    let after = visit(&stage, &mut renewed, &bank, &template)?;
    ensure(pseudonym(&after)? == name, "the new phone has another pseudonym")?;
    story.say("The office issues a new card to the same secret, which it has never seen. The bank knows her by the same name as before.");

    story.chapter("5. Without the phrase");
    let mut fresh = stage.wallet("stranger", &parameters)?;
    let refused = match stage.issue(&office, &mut fresh, schema.id().as_str(), &claims) {
        Err(failure) => failure.message,
        Ok(_) => return Err(Failure::refused("the story did not go as designed: a second secret was registered")),
    };
    story.say(&format!("Another wallet applies in her name. The office: {refused}"));
    story.say("Giving up the old secret is the office's decision (issuer revoke --new-secret): the person then has a new name at the bank.");

    let json = json!({
        "scenario": "loss", "accepted": true, "revoked": revoked, "lost_phone_offline": offline,
        "lost_phone_online": online, "pseudonym": name, "pseudonym_kept": true, "second_secret": refused,
        "proved": after.proved().collect::<Vec<_>>(),
    });
    Ok(Report::new(story.into_text(), json))
}

/// The bank recognises a customer: a pseudonym, and a card that is not revoked by the newest epoch.
fn recognise() -> Result<Template> {
    let json = Template::shipped_json("bank").ok_or_else(|| Failure::usage("the bank's template ships"))?;
    let mut template = Template::from_json(json).map_err(verifier::failure)?;
    if let TemplateAsk::Credential(card) = &mut template.ask {
        card.disclose.clear();
        card.not_revoked = Some(NotRevokedAsk { within: 0 });
        card.prove = vec![TemplatePredicate::As(Predicate::Valid)];
    }
    template.document = None;
    template.profile = None;
    Ok(template)
}

fn tomorrow(stage: &mut Stage) -> Result<()> {
    let next = Timestamp::from_unix(stage.now.as_unix().saturating_add(DAY));
    stage.now = next.ok_or_else(|| Failure::usage("the calendar ends here"))?;
    Ok(())
}

fn ask(stage: &Stage, bank: &Verifier<FolderStore>, template: &Template) -> Result<Vec<u8>> {
    Ok(bank.request(template, stage.now, &mut OsRng).map_err(verifier::failure)?.into_bytes())
}

fn visit(stage: &Stage, holder: &mut Wallet, bank: &Verifier<FolderStore>, template: &Template) -> Result<Verdict> {
    let request = ask(stage, bank, template)?;
    let consent = holder.review(&request, stage.now, &mut OsRng).map_err(wallet::failure)?;
    let presentation = holder.respond(consent, 0, stage.now, &mut OsRng).map_err(wallet::failure)?;
    let checked = bank.check(&presentation, stage.now, &mut OsRng);
    checked.map_err(|rejection| Failure::refused(rejection.for_log().to_string()))
}

fn pseudonym(verdict: &Verdict) -> Result<String> {
    let name = verdict.pseudonyms().next().map(|(_, name)| name.to_string());
    name.ok_or_else(|| Failure::refused("the story did not go as designed: no pseudonym was shown"))
}
