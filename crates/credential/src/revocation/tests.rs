use super::*;
use crate::credential::Handle;
use crate::date::{Date, Timestamp};
use crate::digest::AccumulatorBytes;
use crate::error::Error;
use crate::issuer_key::CredentialKey;
use crate::parameters::{Content, IssuerKey, Parameters, SecretKey, SetSecretKey, sign_digits};
use crate::schema::Schema;
use ed25519_dalek::SigningKey;
use milchglas_sigma::FixedPoint;
use rand_core::OsRng;

struct Office {
    parameters: Parameters,
    identity: SigningKey,
    secret: AccumulatorSecretKey,
}

fn schema() -> Schema {
    Schema::from_json(
        r#"{"milchglas": "schema/1", "id": "card", "title": "card", "claims": [
            {"name": "name", "title": "name", "type": "text"}]}"#,
    )
    .unwrap()
}

fn time(minutes: u64) -> Timestamp {
    Timestamp::from_unix(1_795_424_400 + 60 * minutes).unwrap()
}

fn handle(n: u32) -> Handle {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Handle::from_bytes(bytes)
}

fn handles(range: std::ops::Range<u32>) -> Vec<Handle> {
    range.map(handle).collect()
}

impl Office {
    fn new(byte: u8) -> Self {
        let identity = SigningKey::from_bytes(&[byte; 32]);
        let secret = AccumulatorSecretKey::random(&mut OsRng);
        let public = SecretKey::random(&mut OsRng).unwrap().public_key().unwrap();
        let key = IssuerKey { public, accepted_until: Date::MAX, revocation: secret.public_key().unwrap() };
        let digits = sign_digits(&SetSecretKey::random(&mut OsRng)).unwrap();
        let content = Content { name: "Office".into(), sequence: 1, keys: vec![key], digits, schemas: vec![schema()] };
        Self { parameters: Parameters::sign(content, &identity).unwrap(), identity, secret }
    }

    fn key(&self) -> &CredentialKey {
        self.parameters.signing_key(&schema().digest()).unwrap()
    }

    fn first(&self) -> EpochFile {
        EpochFile::first(self.key(), time(0), &self.identity)
    }

    fn next(&self, head: &EpochHead, revoked: &[Handle]) -> EpochFile {
        let issued = time(u64::from(head.epoch.0) + 1);
        EpochFile::revoke(head, self.key(), revoked, &self.secret, issued, &self.identity).unwrap()
    }

    /// Epochs 0, 1, …, each revoking that many new handles, counted from 1,000.
    fn epochs(&self, revoked: &[u32]) -> Vec<EpochFile> {
        let mut files = vec![self.first()];
        let mut start = 1_000;
        for count in revoked {
            files.push(self.next(files.last().unwrap().head().unverified(), &handles(start..start + count)));
            start += count;
        }
        files
    }

    fn witness(&self, epoch: &EpochFile, handle: &Handle) -> Witness {
        Witness::issue(epoch.head().unverified(), self.key(), handle, &self.secret).unwrap()
    }

    fn log(&self, files: &[EpochFile]) -> Log {
        let mut log = Log::begin(files[0].head(), &self.parameters).unwrap();
        for file in &files[1..] {
            log.follow(file, &self.parameters).unwrap();
        }
        log
    }
}

fn current(update: Update) -> Witness {
    match update {
        Update::Current(witness) => witness,
        Update::Revoked => panic!("revoked"),
    }
}

#[test]
fn updates_a_witness_over_any_number_of_epochs() {
    let office = Office::new(1);
    let files = office.epochs(&[3, 0, 1, 40, 2]);
    let mine = handle(1);
    let first = office.witness(&files[0], &mine);
    for upto in 1..=files.len() {
        let updated = current(first.update(&mine, &files[1..upto], office.key(), &mut OsRng).unwrap());
        let expected = office.witness(&files[upto - 1], &mine);
        assert_eq!(updated.epoch(), expected.epoch());
        assert_eq!(updated.point().point(), expected.point().point());
    }
    // In steps it is the same.
    let half = current(first.update(&mine, &files[1..3], office.key(), &mut OsRng).unwrap());
    let whole = current(half.update(&mine, &files[3..], office.key(), &mut OsRng).unwrap());
    assert_eq!(whole.point().point(), office.witness(&files[5], &mine).point().point());
}

#[test]
fn tells_the_revoked_one_and_leaves_it_no_witness() {
    let office = Office::new(1);
    let files = office.epochs(&[2, 5]);
    let revoked = handle(1_003);
    let before = office.witness(&files[1], &revoked);
    assert!(matches!(before.update(&revoked, &files[2..], office.key(), &mut OsRng).unwrap(), Update::Revoked));
    // Whoever says to be another one gets a point that the equation does not hold for.
    assert_eq!(before.update(&handle(1), &files[2..], office.key(), &mut OsRng).unwrap_err(), Error::Invalid);
    let accumulator = office.key().accumulator(files[2].head().unverified().accumulators.newest().unwrap()).unwrap();
    assert_eq!(before.check(&revoked, &accumulator, &mut OsRng), Err(Error::Invalid));
}

#[test]
fn rejects_missing_and_repeated_epochs() {
    let office = Office::new(1);
    let files = office.epochs(&[1, 1, 1]);
    let witness = office.witness(&files[0], &handle(1));
    for files in
        [&files[2..], &files[..2], &[files[1].clone(), files[1].clone()], &[files[1].clone(), files[3].clone()]]
    {
        assert!(matches!(witness.update(&handle(1), files, office.key(), &mut OsRng), Err(Error::Misuse(_))));
    }
}

/// A file whose chain is changed: the head is signed again over it, as a bad issuer could.
fn forged(office: &Office, file: &EpochFile, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    use sha2::Digest as _;
    let bytes = file.to_bytes();
    let length = u32::from_be_bytes(*bytes.first_chunk().unwrap()) as usize;
    let mut body = bytes[4 + length..].to_vec();
    change(&mut body);
    let head = EpochHead { body: sha2::Sha256::digest(&body).into(), ..file.head().unverified().clone() };
    let head = head.sign(&office.identity).to_bytes();
    [&(head.len() as u32).to_be_bytes()[..], &head, &body].concat()
}

#[test]
fn rejects_chains_with_foreign_points_even_if_signed() {
    let office = Office::new(1);
    let files = office.epochs(&[3]);
    let witness = office.witness(&files[0], &handle(1));
    let update = |bytes: &[u8]| {
        let file = EpochFile::from_bytes(bytes).unwrap();
        witness.update(&handle(1), &[file], office.key(), &mut OsRng).map(|_| ())
    };
    assert_eq!(update(&forged(&office, &files[1], |_| ())), Ok(()));
    let swap = |body: &mut Vec<u8>| body[16..64].copy_from_slice(&office.key().first_accumulator().to_bytes());
    assert_eq!(update(&forged(&office, &files[1], swap)), Err(Error::Invalid));
    // x = 4 is on the curve and not in the subgroup.
    let low = |body: &mut Vec<u8>| {
        body[16..64].fill(0);
        body[16] = 0x80;
        body[63] = 4;
    };
    assert_eq!(update(&forged(&office, &files[1], low)), Err(Error::Invalid));
    // x = 1 is not on the curve; the identity is no accumulator.
    for (first, last) in [(0x80, 1), (0xc0, 0)] {
        let bad = |body: &mut Vec<u8>| {
            body[16..64].fill(0);
            body[16] = first;
            body[63] = last;
        };
        assert!(matches!(update(&forged(&office, &files[1], bad)), Err(Error::Decode(_))));
    }
    // Another handle in the place of the revoked one.
    assert_eq!(update(&forged(&office, &files[1], |body| body[0] ^= 1)), Err(Error::Invalid));
}

#[test]
fn files_have_one_encoding_and_nothing_else_passes() {
    let office = Office::new(1);
    let files = office.epochs(&[2, 1]);
    let bytes = files[1].to_bytes();
    assert_eq!(EpochFile::from_bytes(&bytes).unwrap(), files[1]);
    assert_eq!(bytes.len(), 4 + files[1].head().to_bytes().len() + 2 * 64);
    for end in 0..bytes.len() {
        assert!(EpochFile::from_bytes(&bytes[..end]).is_err());
    }
    assert!(EpochFile::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        // What still reads was changed inside the head: its signature does not hold.
        if let Ok(file) = EpochFile::from_bytes(&changed) {
            assert_eq!(file.head().verify(&office.parameters).unwrap_err(), Error::Invalid);
        }
    }
    let both = [bytes.clone(), files[2].to_bytes()].concat();
    let (first, rest) = EpochFile::split_first(&both).unwrap();
    assert_eq!((first, EpochFile::from_bytes(rest).unwrap()), (files[1].clone(), files[2].clone()));
    let head = files[2].head();
    assert_eq!(SignedHead::from_bytes(&head.to_bytes()).unwrap(), *head);
}

#[test]
fn a_log_follows_its_own_issuer_only_and_without_gaps() {
    let (office, other) = (Office::new(1), Office::new(2));
    let files = office.epochs(&[1, 2, 3]);
    let log = office.log(&files);
    assert_eq!(log.head().epoch, Epoch(3));
    assert_eq!((log.head().total, log.head().revoked), (6, 3));
    let mut at_one = office.log(&files[..2]);
    assert_eq!(at_one.follow(&files[3], &office.parameters), Err(LogError::Gap));
    assert_eq!(at_one.follow(&files[1], &office.parameters), Err(LogError::Old));
    assert_eq!(at_one.follow(&files[0], &office.parameters), Err(LogError::Old));
    assert_eq!(at_one.follow(&other.epochs(&[1, 1])[2], &office.parameters), Err(LogError::Foreign));
    assert_eq!(Log::begin(files[1].head(), &office.parameters), Err(LogError::Gap));
    assert_eq!(Log::begin(other.first().head(), &office.parameters), Err(LogError::Foreign));
    at_one.follow(&files[2], &office.parameters).unwrap();
}

#[test]
fn two_histories_are_found_and_proven() {
    let office = Office::new(1);
    let files = office.epochs(&[1, 2]);
    let mut log = office.log(&files[..2]);
    let same_epoch = office.next(files[0].head().unverified(), &handles(5..6));
    for other in [&same_epoch, &office.next(same_epoch.head().unverified(), &handles(6..7))] {
        let error = log.follow(other, &office.parameters).unwrap_err();
        let LogError::TwoHeads(heads) = error else { panic!("{error:?}") };
        assert!(heads.iter().all(|head| head.verify(&office.parameters).is_ok()));
        assert_ne!(heads[0].unverified().digest(), heads[1].unverified().digest());
        assert!(matches!(log.advance(other.head(), &office.parameters), Err(LogError::TwoHeads(_))));
    }
    log.follow(&files[2], &office.parameters).unwrap();
    // Also where an epoch without revocations changes the accumulator.
    let mut head = files[2].head().unverified().clone();
    head.epoch = Epoch(3);
    head.previous = files[2].head().unverified().digest();
    head.accumulators = head.accumulators.followed_by(AccumulatorBytes([9; 48]));
    (head.revoked, head.body) = (0, files[0].head().unverified().body);
    let signed = head.sign(&office.identity).to_bytes();
    let file = EpochFile::from_bytes(&[&(signed.len() as u32).to_be_bytes()[..], &signed].concat()).unwrap();
    assert!(matches!(log.follow(&file, &office.parameters), Err(LogError::TwoHeads(_))));
}

#[test]
fn a_verifier_needs_no_more_than_the_newest_head() {
    let office = Office::new(1);
    let files = office.epochs(&[1; 20]);
    let mut verifier = Log::trust(files[2].head(), &office.parameters).unwrap();
    verifier.advance(files[20].head(), &office.parameters).unwrap();
    assert_eq!(verifier.advance(files[19].head(), &office.parameters), Err(LogError::Old));
    let accepted = verifier.accepted(15);
    assert_eq!((accepted.newest, accepted.accumulators.len()), (Epoch(20), 16));
    for back in 0..16 {
        let (epoch, accumulator) = accepted.before(back).unwrap();
        let file = &files[20 - back];
        assert_eq!(epoch, file.head().unverified().epoch);
        assert_eq!(Some(accumulator), file.head().unverified().accumulators.newest().ok());
    }
    assert_eq!(accepted.before(16), None);
    assert_eq!(Log::trust(files[0].head(), &office.parameters).unwrap().accepted(3).accumulators.len(), 1);
}

#[test]
fn a_wallet_names_an_epoch_that_both_know_and_no_other_accumulator() {
    let office = Office::new(1);
    let files = office.epochs(&[1; 18]);
    let accepted = |upto: usize, within| Log::trust(files[upto].head(), &office.parameters).unwrap().accepted(within);
    let wallet = office.log(&files[..11]);
    assert_eq!(wallet.choose(&accepted(10, 0), |_| true), Ok((0, Epoch(10))));
    // The verifier is behind, or ahead.
    assert_eq!(wallet.choose(&accepted(8, 2), |_| true), Ok((2, Epoch(6))));
    assert_eq!(wallet.choose(&accepted(12, 3), |_| true), Ok((3, Epoch(9))));
    // A card that was issued later has no witness for the oldest.
    assert_eq!(wallet.choose(&accepted(12, 3), |epoch| epoch.0 > 9), Ok((2, Epoch(10))));
    assert_eq!(wallet.choose(&accepted(12, 3), |_| false), Err(Error::Unsatisfied));
    assert_eq!(wallet.choose(&accepted(12, 1), |_| true), Err(Error::Unsatisfied));
    assert_eq!(office.log(&files).choose(&accepted(2, 0), |_| true), Err(Error::Unsatisfied));
    // One that stands in no log.
    let mut marked = accepted(10, 3);
    marked.accumulators[2] = AccumulatorBytes([9; 48]);
    assert!(wallet.contradicts(&marked));
    assert_eq!(wallet.choose(&marked, |_| true), Err(Error::Invalid));
}

#[test]
fn refuses_to_revoke_more_than_a_key_serves() {
    let office = Office::new(1);
    let mut head = office.first().head().unverified().clone();
    head.total = MAX_REVOCATIONS;
    let revoke =
        |handles: &[Handle]| EpochFile::revoke(&head, office.key(), handles, &office.secret, time(1), &office.identity);
    assert!(revoke(&[]).is_ok());
    assert!(matches!(revoke(&handles(1..2)), Err(Error::Misuse(_))));
    let other = AccumulatorSecretKey::random(&mut OsRng);
    let first = office.first();
    let foreign = EpochFile::revoke(first.head().unverified(), office.key(), &[], &other, time(1), &office.identity);
    assert!(matches!(foreign, Err(Error::Misuse(_))));
}

#[test]
fn prints_no_witness() {
    let office = Office::new(1);
    let witness = office.witness(&office.first(), &handle(1));
    assert_eq!(format!("{witness:?}"), "Witness { epoch: Epoch(0), .. }");
    let bytes = crate::cbor::to_bytes(&witness);
    let read: Witness = crate::cbor::from_bytes(&bytes, 100).unwrap();
    assert_eq!(read.point().point(), witness.point().point());
    assert_eq!(FixedPoint::new(read.point().point()).point(), witness.point().point());
}
