//! The internet café: adult, and a card that is valid. Nothing else, not even whether it is the same guest as yesterday.
//!
//! Beside the errand itself it shows what must not work: the same answer twice, another guest's answer, a guest who is too
//! young by one day; and that two showings of one card have nothing in common but what all showings have.

use std::collections::HashSet;

use milchglas_credential::date::Timestamp;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::schema::Schema;
use milchglas_verifier::{FolderStore, Template, Verifier};
use milchglas_wallet::{Error, Refusal, Wallet};
use rand_core::OsRng;
use serde_json::json;

use super::stage::{Stage, Story, ensure, milliseconds, timed};
use crate::commands::{verifier, wallet};
use crate::failure::{Failure, Result};
use crate::output::Report;
use crate::qr::Qr;

/// What the card says and the café does not learn.
const NEVER_LEARNED: [&str; 9] = [
    "her name",
    "her date of birth, or her age beyond 18",
    "her ID number",
    "her sex",
    "her nationality",
    "her address",
    "her portrait",
    "until when her card is valid",
    "whether it is the same guest as yesterday",
];
/// Bytes in a row that two proofs do not share but by a chance of 1 in 10^13.
const RUN: usize = 8;
/// The largest QR code that a phone's screen shows well.
const LARGEST_CODE: u8 = 25;

/// Plays the errand.
pub(super) fn play(show_qr: bool, now: Timestamp) -> Result<Report> {
    let stage = Stage::new(now)?;
    let mut story = Story::default();

    story.chapter("THE CAFÉ. An internet café must ask whether a guest is an adult. Watch what it gets to know.");

    story.chapter("1. The residents' office publishes its parameters");
    let schema = Schema::national_id()?;
    let office = stage.issuer("Residents' Office of Glasstadt", vec![schema.clone()])?;
    let parameters = office.parameters().to_json()?;
    story.send("office", "everyone", "parameters", parameters.as_bytes());
    story.say(&format!("Their fingerprint, to compare: {}", office.parameters().fingerprint()));

    story.chapter("2. Erika gets her card");
    let mut erika = stage.wallet("erika", &parameters)?;
    let claims = stage.national_id("Muster", "Erika", "T22000129", "F", stage.born(36, -100)?);
    let issued = stage.issue(&office, &mut erika, schema.id().as_str(), &claims)?;
    story.send("office", "Erika", "an invitation", &issued.invitation);
    story.send("Erika", "office", "an application", &issued.application);
    story.send("office", "Erika", "the card, encrypted", &issued.answer);
    story.say(&format!(
        "The office took {} ms to check, sign, encrypt and store. It knows her claims, and never\nher wallet's secret: what \
         she shows later it can not recognise either.",
        milliseconds(issued.took)
    ));

    let epochs = stage.publish_epoch(&office)?;
    let epoch_bytes: usize = epochs.iter().map(|epoch| epoch.head.to_bytes().len()).sum();
    story.say(&format!("{:<21} who is revoked: the head of an epoch, {epoch_bytes} bytes", "office → everyone"));
    stage.sync(&mut erika)?;

    story.chapter("3. The café asks");
    let cafe = stage.verifier("cafe", "Café Glas", "https://cafe.example", &parameters)?;
    stage.learn_epochs(&cafe)?;
    let request = ask(&cafe, now)?;
    let request_bytes = request.len();
    story.send("café", "Erika", "a signed request", &request);
    if show_qr {
        story.show(&Qr::from_bytes(&request)?);
    }
    let consent = erika.review(&request, now, &mut OsRng).map_err(wallet::failure)?;
    story.say("Erika's wallet says:");
    story.say(&indented(&wallet::consent_text(&consent, 0)));

    story.chapter("4. Erika agrees, and the café checks");
    let (presentation, proving) = timed(|| erika.respond(consent, 0, now, &mut OsRng));
    let presentation = presentation.map_err(wallet::failure)?;
    let code = Qr::from_bytes(&presentation)?;
    story.send("Erika", "café", &format!("a presentation, one QR code of version {}", code.version()), &presentation);
    if show_qr {
        story.show(&code);
    }
    let (verdict, checking) = timed(|| cafe.check(&presentation, now, &mut OsRng));
    let verdict = verdict.map_err(|rejection| Failure::refused(rejection.for_log().to_string()))?;
    ensure(verdict.learned().next().is_none(), "the café learned a claim")?;
    ensure(code.version() <= LARGEST_CODE, "the presentation does not fit a phone's screen")?;
    story.say(&format!(
        "Her wallet took {} ms to prove, to check its own proof and to save; the café {} ms to check\nand to use the request \
         up.",
        milliseconds(proving),
        milliseconds(checking)
    ));

    story.chapter("What the café learns");
    for issuer in verdict.issuers() {
        story.say(&format!("· A card of “{issuer}” was shown by its holder."));
    }
    for sentence in verdict.proved() {
        story.say(&format!("· Its {sentence}."));
    }
    for (_, epoch) in verdict.not_revoked() {
        story.say(&format!("· It has not been revoked, by epoch {epoch}."));
    }
    story.chapter("What it does not learn");
    for unlearned in NEVER_LEARNED {
        story.say(&format!("· {unlearned}"));
    }

    story.chapter("5. Somebody copies the answer and shows it again");
    let replay = cafe.check(&presentation, now, &mut OsRng).err();
    let replay = replay.ok_or_else(|| Failure::refused("the story did not go as designed: a replay was accepted"))?;
    story.say(&format!("The café: {replay} (In its log: {}.)", replay.for_log()));

    story.chapter("6. Jonas is under 18, by one day");
    let mut jonas = stage.wallet("jonas", &parameters)?;
    let claims = stage.national_id("Klein", "Jonas", "T22000130", "M", stage.born(18, 1)?);
    stage.issue(&office, &mut jonas, schema.id().as_str(), &claims)?;
    stage.sync(&mut jonas)?;
    let request = ask(&cafe, now)?;
    let too_young = match jonas.review(&request, now, &mut OsRng) {
        Err(Error::Refused(refusal @ Refusal::NotSatisfiable(_))) => {
            refusal.explanation().iter().collect::<Vec<_>>().join(" ")
        }
        Err(error) => return Err(wallet::failure(error)),
        Ok(_) => return Err(Failure::refused("the story did not go as designed: a minor could answer")),
    };
    story.say(&format!("His wallet: {too_young}"));
    // He takes an answer of Erika's that the café has not seen, and puts his own request's nonce into it.
    let fresh = ask(&cafe, now)?;
    let consent = erika.review(&fresh, now, &mut OsRng).map_err(wallet::failure)?;
    let borrowed = erika.respond(consent, 0, now, &mut OsRng).map_err(wallet::failure)?;
    let borrowed = with_nonce(&borrowed, nonce_of(&request)?)?;
    let forced = cafe.check(&borrowed, now, &mut OsRng).err();
    let forced = forced.ok_or_else(|| Failure::refused("the story did not go as designed: a forgery was accepted"))?;
    story.say(&format!(
        "He takes one of Erika's answers and writes his own request's nonce into it.\nThe café: {forced} (In its log: {}.)",
        forced.for_log()
    ));

    story.chapter("7. Erika comes again the next day");
    let tomorrow = now.as_unix().saturating_add(24 * 60 * 60);
    let tomorrow = Timestamp::from_unix(tomorrow).ok_or_else(|| Failure::usage("tomorrow is beyond the calendar"))?;
    let again = show(&mut erika, &cafe, tomorrow)?;
    compare(&presentation, &again)?;
    story.say(&format!(
        "Again {} bytes. Of the proof's {} no {RUN} in a row are those of yesterday; the others are the request's\nnonce and \
         what is the same for every guest. It might be anybody.",
        again.len(),
        proof(&again)?.len()
    ));

    let proved: Vec<&str> = verdict.proved().collect();
    let json = json!({
        "scenario": "cafe",
        "accepted": true,
        "learned": verdict.learned().collect::<std::collections::BTreeMap<_, _>>(),
        "proved": proved,
        "not_revoked": verdict.not_revoked().map(|(_, epoch)| epoch).next(),
        "never_learned": NEVER_LEARNED,
        "presentation_bytes": presentation.len(),
        "qr_version": code.version(),
        "issue_ms": milliseconds(issued.took),
        "prove_ms": milliseconds(proving),
        "verify_ms": milliseconds(checking),
        "parameters_bytes": parameters.len(),
        "invitation_bytes": issued.invitation.len(),
        "application_bytes": issued.application.len(),
        "answer_bytes": issued.answer.len(),
        "request_bytes": request_bytes,
        "replay_rejected": true,
        "second_showing_bytes": again.len(),
        "second_showing_unlinkable": true,
        "too_young": too_young,
        "forgery_rejected": true,
    });
    Ok(Report::new(story.into_text(), json))
}

fn ask(cafe: &Verifier<FolderStore>, now: Timestamp) -> Result<Vec<u8>> {
    let template = Template::cafe().map_err(verifier::failure)?;
    Ok(cafe.request(&template, now, &mut OsRng).map_err(verifier::failure)?.into_bytes())
}

/// One more visit, from the request to the verdict; the presentation.
fn show(guest: &mut Wallet, cafe: &Verifier<FolderStore>, now: Timestamp) -> Result<Vec<u8>> {
    let consent = guest.review(&ask(cafe, now)?, now, &mut OsRng).map_err(wallet::failure)?;
    let presentation = guest.respond(consent, 0, now, &mut OsRng).map_err(wallet::failure)?;
    let checked = cafe.check(&presentation, now, &mut OsRng);
    checked.map_err(|rejection| Failure::refused(rejection.for_log().to_string()))?;
    Ok(presentation)
}

/// Two showings have the same length, the same frame, and proofs without a common run.
fn compare(first: &[u8], second: &[u8]) -> Result<()> {
    let (first_proof, second_proof) = (proof(first)?, proof(second)?);
    let runs: HashSet<&[u8]> = first_proof.windows(RUN).collect();
    ensure(!second_proof.windows(RUN).any(|run| runs.contains(run)), "two proofs share bytes")?;
    ensure(first.len() == second.len(), "two showings differ in length")?;
    ensure(frame(first)? == frame(second)?, "two showings differ in more than nonce and proof")
}

fn proof(presentation: &[u8]) -> Result<Vec<u8>> {
    Ok(Presentation::from_bytes(presentation)?.proof().to_vec())
}

/// A presentation without nonce and proof.
fn frame(presentation: &[u8]) -> Result<Vec<u8>> {
    let read = Presentation::from_bytes(presentation)?;
    let without = |bytes: Vec<u8>, part: &[u8]| match bytes.windows(part.len()).position(|window| window == part) {
        Some(start) => {
            [bytes.get(..start), bytes.get(start + part.len()..)].into_iter().flatten().flatten().copied().collect()
        }
        None => bytes,
    };
    Ok(without(without(presentation.to_vec(), read.nonce().as_bytes()), read.proof()))
}

fn nonce_of(request: &[u8]) -> Result<[u8; 16]> {
    let request = milchglas_credential::request::SignedRequest::verify(request)?;
    Ok(*request.request().fields().nonce.as_bytes())
}

/// A presentation with another nonce written over its own.
fn with_nonce(presentation: &[u8], nonce: [u8; 16]) -> Result<Vec<u8>> {
    let own = *Presentation::from_bytes(presentation)?.nonce().as_bytes();
    let mut bytes = presentation.to_vec();
    let place = bytes.windows(own.len()).position(|window| window == own);
    if let Some(place) = place.and_then(|start| bytes.get_mut(start..start + own.len())) {
        place.copy_from_slice(&nonce);
    }
    Ok(bytes)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
