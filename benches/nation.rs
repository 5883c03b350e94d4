//! Revocation at a nation's scale: what one epoch of 10,000 revocations costs an issuer of a million cards and each wallet, and what follows
//! for 1.4 billion.
//!
//! `cargo run --release -p milchglas-benches --features nation --bin nation` measures on this machine with a real registry in a temporary folder, simulates a
//! nation's wallets, and writes `benches/NATION.md`. `--members N` and `--epochs N` make it shorter.
//!
//! Not here: the added statement, which is a criterion bench (`presentations`).

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use milchglas_benches::environment::Machine;
use milchglas_credential::credential::Handle as CardHandle;
use milchglas_credential::date::Timestamp;
use milchglas_credential::issuer_key::CredentialKey;
use milchglas_credential::revocation::{EpochFile, Log, MAX_REVOCATIONS, Update, Witness};
use milchglas_credential::schema::Schema;
use milchglas_issuer::Issuer;
use milchglas_issuer::registry::{
    Answer, Application, ApplicationDigest, Assurance, Cohort, Commitment, Handle, InspectorPoint, Invitation,
    InvitationNonce, IssuerKeyId, PersonTag, Prepared, Reason, RegisteredName, SchemaDigest, UnixSeconds, ValidUntil,
};
use milchglas_sealed::{Passphrase, Work};
use milchglas_tests::{SeededRng, TestIssuer};
use rand_core::{OsRng, RngCore};

const REVOKED: usize = 10_000;
const GROUP: usize = 1_000;
const PAGE: &str = "benches/NATION.md";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut members, mut epochs) = (1_000_000, 100);
    while let Some(argument) = arguments.next() {
        let number = arguments.next().and_then(|number| number.parse().ok()).ok_or("a number after each option")?;
        match argument.as_str() {
            "--members" => members = number,
            "--epochs" => epochs = number,
            _ => return Err("the options are --members N and --epochs N".into()),
        }
    }
    let members = members.max(REVOKED);
    let now: Timestamp = "2026-11-23T09:00:00Z".parse()?;
    let folder = tempfile::tempdir()?;
    let passphrase = Passphrase::new(&String::from("a bench").into())?;
    let schema = Schema::national_id()?;
    let state = folder.path().join("issuer");
    let issuer =
        Issuer::init(&state, "State", vec![schema.clone()], &passphrase, Work::with_log_n(4)?, &mut OsRng).await?;
    eprintln!("registering {members} cards");
    let started = Instant::now();
    let handles = register(&issuer, &schema, members).await?;
    let registered = started.elapsed();

    eprintln!("revoking {REVOKED}");
    let started = Instant::now();
    for handle in &handles[..REVOKED] {
        issuer.registry().revoke(&Handle(handle.0), Reason::Lost, UnixSeconds(now.as_unix())).await?;
    }
    let requested = started.elapsed();
    let started = Instant::now();
    issuer.publish_epochs(now, |_, _| ()).await?;
    let published = started.elapsed();
    let started = Instant::now();
    issuer.write_epochs(&issuer.epochs_folder(), |_, _| ()).await?;
    let written = started.elapsed();

    eprintln!("{epochs} epochs of {REVOKED} revocations");
    let wallet = Wallet::new(epochs, now)?;
    let bytes = wallet.files[1].to_bytes().len();
    let once = wallet.update(1)?;
    let long = wallet.update(epochs)?;

    let page = page(&Measured { members, registered, requested, published, written, bytes, once, epochs, long })?;
    std::fs::write(PAGE, &page)?;
    println!("{page}");
    Ok(())
}

/// What was measured.
struct Measured {
    members: usize,
    registered: Duration,
    requested: Duration,
    published: Duration,
    written: Duration,
    bytes: usize,
    once: Duration,
    epochs: usize,
    long: Duration,
}

/// Registers cards, in groups as `issuer issue --batch` does. Their answers are empty: what is measured is the registry.
async fn register(issuer: &Issuer, schema: &Schema, members: usize) -> Result<Vec<Handle>, Box<dyn std::error::Error>> {
    let now = UnixSeconds(1_795_424_400);
    let mut handles = Vec::with_capacity(members);
    while handles.len() < members {
        let count = GROUP.min(members - handles.len());
        let mut invitations = Vec::with_capacity(count);
        let mut prepared = Vec::with_capacity(count);
        for _ in 0..count {
            let invitation = Invitation {
                nonce: InvitationNonce(random()),
                person: PersonTag(random()),
                assurance: Assurance::Full,
                schema: SchemaDigest(schema.digest().0),
                expires: UnixSeconds(now.0 + 3600),
                payload: Vec::new(),
            };
            let handle = Handle(random());
            handles.push(handle);
            prepared.push(Prepared {
                nonce: invitation.nonce,
                application: Application {
                    name: RegisteredName(random()),
                    commitment: Commitment(random()),
                    digest: ApplicationDigest(random()),
                },
                handle,
                answer: Answer {
                    response: Vec::new(),
                    inspector_point: InspectorPoint(random()),
                    issuer_key: IssuerKeyId([0; 32]),
                    valid_until: ValidUntil(24_324),
                    cohort: Cohort(0),
                },
            });
            invitations.push(invitation);
        }
        issuer.registry().invite_all(&invitations, now).await?;
        issuer.registry().answer_all(prepared, now).await?;
    }
    Ok(handles)
}

/// A wallet and the epochs that it has missed.
struct Wallet {
    office: TestIssuer,
    key: CredentialKey,
    handle: CardHandle,
    witness: Witness,
    /// From epoch 0 on.
    files: Vec<EpochFile>,
}

impl Wallet {
    fn new(epochs: usize, now: Timestamp) -> Result<Self, Box<dyn std::error::Error>> {
        let schema = Schema::national_id()?;
        let office = TestIssuer::new("nation", vec![schema.clone()])?;
        let key = office.parameters.signing_key(&schema.digest()).ok_or("a key for the schema")?.clone();
        let handle = CardHandle::random(&mut OsRng);
        let mut files = vec![EpochFile::first(&key, now, &office.identity)];
        let witness = Witness::issue(files[0].head().unverified(), &key, &handle, &office.accumulator)?;
        for _ in 0..epochs.max(1) {
            let revoked: Vec<CardHandle> = (0..REVOKED).map(|_| CardHandle::random(&mut OsRng)).collect();
            let newest = files.last().ok_or("a first epoch")?.head().unverified();
            let next = EpochFile::revoke(newest, &key, &revoked, &office.accumulator, now, &office.identity)?;
            files.push(next);
        }
        Ok(Self { office, key, handle, witness, files })
    }

    /// Follows so many epochs from their bytes, as a wallet gets them, and updates the witness in parts of about 2^16 revocations.
    fn update(&self, epochs: usize) -> Result<Duration, Box<dyn std::error::Error>> {
        let downloaded: Vec<Vec<u8>> = self.files.iter().skip(1).take(epochs).map(EpochFile::to_bytes).collect();
        let started = Instant::now();
        let mut log = Log::begin(self.files[0].head(), &self.office.parameters)?;
        let mut witness = self.witness.clone();
        for part in downloaded.chunks((1 << 16) / REVOKED) {
            let files = part.iter().map(|bytes| EpochFile::from_bytes(bytes)).collect::<Result<Vec<_>, _>>()?;
            for file in &files {
                log.follow(file, &self.office.parameters)?;
            }
            witness = match witness.update(&self.handle, &files, &self.key, &mut OsRng)? {
                Update::Current(witness) => witness,
                Update::Revoked => return Err("this card was not revoked".into()),
            };
        }
        Ok(started.elapsed())
    }
}

/// What a nation has.
const CARDS: f64 = 1.4e9;
/// Revocations a day, of all cards: tens of thousands for a hundred million.
const DAILY: f64 = 3e-4;
/// Years for which a card is valid.
const YEARS: f64 = 10.0;

fn page(measured: &Measured) -> Result<String, Box<dyn std::error::Error>> {
    let mut out = String::new();
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    writeln!(out, "# A nation's revocations\n")?;
    writeln!(
        out,
        "Written by `cargo run --release -p milchglas-benches --features nation --bin nation`. [`spec/scale.md`](../spec/scale.md) says what it means.\n"
    )?;
    writeln!(out, "## Measured\n")?;
    let Machine { model, cores } = Machine::this();
    writeln!(out, "{model}, {cores} logical cores; registry on SQLite with `synchronous=FULL`; wall-clock time.\n")?;
    writeln!(out, "| work | |\n|---|--:|")?;
    let per_second = measured.members as f64 / measured.registered.as_secs_f64();
    writeln!(out, "| cards in the registry | {} |", measured.members)?;
    writeln!(out, "| storing an invitation and an answer, in groups of {GROUP} | {per_second:.0} a second |")?;
    let each = measured.requested.as_secs_f64() * 1e3 / REVOKED as f64;
    writeln!(out, "| requesting a revocation, one by one, each durable | {each:.2} ms |")?;
    writeln!(
        out,
        "| publishing the epoch of {REVOKED} revocations: computed, signed, durable | {} |",
        seconds(measured.published)
    )?;
    writeln!(out, "| writing its files | {} |", seconds(measured.written))?;
    writeln!(out, "| the epoch's file | {:.0} KB |", measured.bytes as f64 / 1e3)?;
    writeln!(out, "| a wallet's update over it, from the file's bytes | {} |", seconds(measured.once))?;
    writeln!(out, "| over {} such epochs | {} |\n", measured.epochs, seconds(measured.long))?;
    writeln!(out, "## Planned: {:.1} billion cards\n", CARDS / 1e9)?;
    writeln!(
        out,
        "{:.2} % of the cards are revoked a day ({:.0} of all), an epoch is a day, a card lasts {YEARS:.0} years. A cohort is what one signature key \
         has signed. It serves at most {MAX_REVOCATIONS} revocations.\n",
        DAILY * 100.0,
        CARDS * DAILY
    )?;
    writeln!(
        out,
        "| cards in a cohort | cohorts | revocations a day | file a day | served in {YEARS:.0} years | wallet: download a day | update a day |"
    )?;
    writeln!(out, "|--:|--:|--:|--:|--:|--:|--:|")?;
    let revocation = measured.once.as_secs_f64() / REVOKED as f64;
    for size in [1e6, 4e6, 12e6] {
        let daily = size * DAILY;
        let served = daily * 365.0 * YEARS;
        let file = HEAD + 64.0 * daily;
        writeln!(
            out,
            "| {:.0} million | {:.0} | {daily:.0} | {:.0} KB | {:.0} % | {:.0} KB | {:.0} ms |",
            size / 1e6,
            CARDS / size,
            file / 1e3,
            served / f64::from(MAX_REVOCATIONS) * 100.0,
            (file + HEAD) / 1e3,
            daily * revocation * 1e3
        )?;
    }
    writeln!(out, "\n### Wallets that sleep\n")?;
    writeln!(
        out,
        "Simulated: {WALLETS} wallets of a cohort of 4 million over {DAYS} epochs of a day; each wakes up after a random time.\n"
    )?;
    writeln!(
        out,
        "| wakes up about every | requests at a time, mean | most | bytes a day | requests a day to serve the nation |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|")?;
    for (name, mean) in [("day", 1.0), ("week", 7.0), ("month", 30.0), ("year", 365.0)] {
        let Sleep { visits, requests, most } = simulate(mean);
        let a_day = 4e6 * DAILY * 64.0 + HEAD + HEAD * visits / (WALLETS * DAYS as f64);
        writeln!(
            out,
            "| {name} | {:.1} | {most} | {:.0} KB | {:.1} billion |",
            requests / visits,
            a_day / 1e3,
            CARDS * (requests + visits) / (WALLETS * DAYS as f64) / 1e9
        )?;
    }
    Ok(out)
}

/// Bytes of a signed head.
const HEAD: f64 = 1_050.0;
const WALLETS: f64 = 2_000.0;
const DAYS: u32 = 3_650;

struct Sleep {
    visits: f64,
    requests: f64,
    most: u32,
}

/// How many files wallets fetch that sleep for exponentially distributed times.
fn simulate(mean: f64) -> Sleep {
    let mut rng = SeededRng::new("sleep");
    let mut sleep = Sleep { visits: 0.0, requests: 0.0, most: 0 };
    for _ in 0..WALLETS as u32 {
        let mut at = rng.next_u32() % DAYS;
        loop {
            let uniform = (f64::from(rng.next_u32()) + 1.0) / 4_294_967_297.0;
            let to = f64::from(at) + (-uniform.ln() * mean).max(1.0);
            if to > f64::from(DAYS) {
                break;
            }
            let files = downloads(at, to as u32);
            sleep.visits += 1.0;
            sleep.requests += f64::from(files);
            sleep.most = sleep.most.max(files);
            at = to as u32;
        }
    }
    sleep
}

/// How many files lead from one epoch to another: the largest power of ten that fits, each time.
fn downloads(mut from: u32, to: u32) -> u32 {
    let mut files = 0;
    while from < to {
        let power =
            [10_000, 1_000, 100, 10].into_iter().find(|power| from.is_multiple_of(*power) && from + power <= to);
        from += power.unwrap_or(1);
        files += 1;
    }
    files
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
