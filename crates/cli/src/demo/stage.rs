//! What every errand needs: folders, actors, a story that grows, a watch.
//!
//! Not here: any errand.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use milchglas_credential::date::{Date, Month, Timestamp};
use milchglas_credential::schema::Schema;
use milchglas_issuer::{Assurance, Enrolment, Issuer, PublishedEpoch};
use milchglas_sealed::{Passphrase, Work};
use milchglas_verifier::{FolderStore, Verifier};
use milchglas_wallet::{CredentialId, EpochFolder, LogOutcome, RecoveryPhrase, Wallet};
use rand_core::OsRng;
use serde_json::json;
use zeroize::Zeroizing;

use crate::commands::issuer::finish;
use crate::commands::{issuer, verifier, wallet};
use crate::failure::{Failure, Result};
use crate::qr::Qr;

/// The text of a story, line by line.
#[derive(Default)]
pub(super) struct Story(String);

impl Story {
    /// A new chapter.
    pub(super) fn chapter(&mut self, title: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.0.push_str(&format!("{gap}{title}\n"));
    }

    /// A line, or several.
    pub(super) fn say(&mut self, text: &str) {
        for line in text.lines() {
            self.0.push_str(&format!("  {line}\n"));
        }
    }

    /// Who sends what to whom.
    pub(super) fn send(&mut self, from: &str, to: &str, what: &str, bytes: &[u8]) {
        self.say(&format!("{:<21} {what}, {} bytes", format!("{from} → {to}"), bytes.len()));
    }

    /// A QR code, as it stands.
    pub(super) fn show(&mut self, code: &Qr) {
        self.0.push_str(&code.to_terminal());
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// A folder for the actors' folders, removed afterwards, and what they all use.
pub(super) struct Stage {
    folder: tempfile::TempDir,
    passphrase: Passphrase,
    work: Work,
    pub(super) now: Timestamp,
}

/// What an issuance sent, and how long the issuer took for its answer.
pub(super) struct Issued {
    pub(super) invitation: Vec<u8>,
    pub(super) application: Vec<u8>,
    pub(super) answer: Vec<u8>,
    pub(super) took: Duration,
}

impl Stage {
    pub(super) fn new(now: Timestamp) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("milchglas-demo-").tempdir();
        let folder = folder.map_err(|error| Failure::storage(format!("no temporary folder: {error}")))?;
        let passphrase = Passphrase::new(&Zeroizing::new("for this demonstration only".to_owned()))?;
        Ok(Self { folder, passphrase, work: Work::with_log_n(4)?, now })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An office that issues these cards.
    pub(super) fn issuer(&self, name: &str, schemas: Vec<Schema>) -> Result<Issuer> {
        self.issuer_in("issuer", name, schemas)
    }

    /// An office that issues these cards, in a folder of its own.
    pub(super) fn issuer_in(&self, folder: &str, name: &str, schemas: Vec<Schema>) -> Result<Issuer> {
        finish(Issuer::init(self.path(folder), name, schemas, &self.passphrase, self.work, &mut OsRng))?
            .map_err(issuer::failure)
    }

    /// A person's wallet that has pinned the office.
    pub(super) fn wallet(&self, folder: &str, parameters: &str) -> Result<Wallet> {
        Ok(self.wallet_and_phrase(folder, parameters)?.0)
    }

    /// A new wallet with the secret of an earlier one, which has pinned the office.
    pub(super) fn wallet_from_phrase(&self, folder: &str, phrase: &RecoveryPhrase, parameters: &str) -> Result<Wallet> {
        let made = Wallet::init_from_phrase(self.path(folder), phrase, &self.passphrase, self.work, &mut OsRng);
        let mut wallet = made.map_err(wallet::failure)?;
        wallet.add_issuer(parameters, None, &mut OsRng).map_err(wallet::failure)?;
        Ok(wallet)
    }

    /// A person's wallet that has pinned the office, and its recovery phrase.
    pub(super) fn wallet_and_phrase(&self, folder: &str, parameters: &str) -> Result<(Wallet, RecoveryPhrase)> {
        let made = Wallet::init(self.path(folder), &self.passphrase, self.work, &mut OsRng);
        let (mut wallet, phrase) = made.map_err(wallet::failure)?;
        wallet.add_issuer(parameters, None, &mut OsRng).map_err(wallet::failure)?;
        Ok((wallet, phrase))
    }

    /// Opens the wallet that lies in a folder.
    pub(super) fn open_wallet(&self, folder: &str) -> Result<Wallet> {
        Wallet::open(self.path(folder), &self.passphrase).map_err(wallet::failure)
    }

    /// A counterpart that trusts the office.
    pub(super) fn verifier(
        &self,
        folder: &str,
        name: &str,
        origin: &str,
        parameters: &str,
    ) -> Result<Verifier<FolderStore>> {
        let origin = origin.parse().map_err(milchglas_credential::error::Error::Decode)?;
        let made = Verifier::init(self.path(folder), name, origin, &self.passphrase, self.work, &mut OsRng);
        let verifier = made.map_err(verifier::failure)?;
        verifier.trust(parameters, None).map_err(verifier::failure)?;
        Ok(verifier)
    }

    /// Where all offices publish their epochs.
    pub(super) fn epochs(&self) -> PathBuf {
        self.path("epochs")
    }

    /// An office publishes what it has revoked since the last epoch.
    pub(super) fn publish_epoch(&self, office: &Issuer) -> Result<Vec<PublishedEpoch>> {
        let published = finish(office.publish_epochs(self.now, |_, _| ()))?.map_err(issuer::failure)?;
        finish(office.write_epochs(&self.epochs(), |_, _| ()))?.map_err(issuer::failure)?;
        Ok(published)
    }

    /// A counterpart reads the newest heads.
    pub(super) fn learn_epochs(&self, shop: &Verifier<FolderStore>) -> Result<()> {
        shop.checker().learn_epochs_from(self.epochs()).map(|_| ()).map_err(verifier::failure)
    }

    /// A wallet follows the epochs. The cards that it finds revoked.
    pub(super) fn sync(&self, wallet: &mut Wallet) -> Result<Vec<CredentialId>> {
        let mut source = EpochFolder::new(self.epochs());
        let report = wallet.sync(&mut source, &mut |_| (), &mut OsRng).map_err(wallet::failure)?;
        let current = |log: &milchglas_wallet::LogReport| log.outcome == LogOutcome::Current;
        ensure(report.logs.iter().all(current), "a wallet could not follow an office's epochs")?;
        Ok(report.revoked)
    }

    /// The whole issuing of one card after a remote check.
    pub(super) fn issue(&self, office: &Issuer, wallet: &mut Wallet, schema: &str, claims: &str) -> Result<Issued> {
        self.issue_at(office, wallet, schema, claims, Assurance::Light)
    }

    /// The whole issuing of one card.
    pub(super) fn issue_at(
        &self,
        office: &Issuer,
        wallet: &mut Wallet,
        schema: &str,
        claims: &str,
        assurance: Assurance,
    ) -> Result<Issued> {
        let valid_for = Duration::from_secs(3600);
        let enrolment = Enrolment { schema, claims, person: None, assurance, valid_for };
        let invitation = finish(office.invite(&enrolment, self.now, &mut OsRng))?.map_err(issuer::failure)?.to_bytes();
        let application = wallet.apply(&invitation, self.now, &mut OsRng).map_err(wallet::failure)?;
        let (answer, took) = timed(|| finish(office.answer(&application, self.now, &mut OsRng)));
        let answer = answer?.map_err(issuer::failure)?;
        wallet.accept(&answer, self.now).map_err(wallet::failure)?;
        Ok(Issued { invitation, application, answer, took })
    }

    /// The claims of a national ID card that is valid for nine more years.
    pub(super) fn national_id(&self, surname: &str, given_names: &str, number: &str, sex: &str, born: Date) -> String {
        let month = self.now.date().month().index();
        let valid = |index: u32| Month::from_index(index).map(|month| month.to_string());
        json!({
            "surname": surname, "given_names": given_names, "id_number": number, "date_of_birth": born, "sex": sex,
            "nationality": "DE", "address": "Lindengasse 4, Glasstadt", "portrait": "5e".repeat(32),
            "valid_from": valid(month - 12), "valid_until": valid(month + 108),
        })
        .to_string()
    }

    /// The date of birth of somebody who reaches this age so many days from today: 0 is today's birthday child.
    pub(super) fn born(&self, years: u16, days_from_today: i32) -> Result<Date> {
        let latest = Date::latest_birth_for_age(self.now.date(), years);
        let born = latest.and_then(|days| days.0.checked_add_signed(days_from_today));
        let born = born.and_then(|days| Date::from_days(milchglas_credential::date::Days(days)));
        born.ok_or_else(|| Failure::usage("the calendar has no such birthday"))
    }
}

/// Fails the story where it does not go as designed.
pub(super) fn ensure(designed: bool, what: &str) -> Result<()> {
    if designed { Ok(()) } else { Err(Failure::refused(format!("the story did not go as designed: {what}"))) }
}

/// The result of something, and how long it took.
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Milliseconds with two decimals.
pub(super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}
