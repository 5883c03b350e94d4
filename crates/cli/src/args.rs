//! The command line, and the help that teaches it.
//!
//! Not here: what the commands do.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::{AuthorityFingerprint, InspectorFingerprint, IssuerFingerprint};
use milchglas_credential::text::{ClaimName, Label, Origin};
use milchglas_wallet::CredentialId;
use serde::Deserialize;

use crate::inspector_args::Inspector;

const FLOW: &str = r#"The café, from the beginning. Three parties, three folders; between them
go files, pipes or QR codes:

  The office makes its keys, publishes its parameters, and who is revoked:
    milchglas issuer init --name "City of Glass"
    milchglas issuer publish --out office.json
    milchglas issuer epoch --out epochs
  The guest makes a wallet that knows the office:
    milchglas wallet init
    milchglas wallet issuer office.json
  The officer has checked the guest and invites her; she gets her card:
    milchglas issuer claims national-id > erika.json     (then edit it)
    milchglas issuer invite --schema national-id --claims erika.json \
        --assurance full --out invitation.bin
    milchglas wallet apply invitation.bin --out application.bin
    milchglas issuer issue application.bin --out answer.bin
    milchglas wallet accept answer.bin
    milchglas wallet sync epochs
  The café asks for "adult, and a valid card"; the guest consents; the
  café learns that, and nothing more:
    milchglas verifier init --name "Café" --origin https://cafe.example
    milchglas verifier trust office.json
    milchglas verifier sync epochs
    milchglas verifier request cafe --qr request.png
    milchglas wallet respond request.png --qr presentation.png
    milchglas verifier check presentation.png

`milchglas demo` plays it in temporary folders. Every command explains
itself with --help.

Inputs may be an object's bytes, its Base45 text, or a PNG with its QR
code; - is standard input or output. Passphrases are typed at the terminal
or read from a file, never given on the command line.

Exit codes:
  0  done, or accepted
  1  refused or rejected: a policy, a signature or a proof says no
  2  wrong usage
  3  an input can not be read as what it should be
  4  a file can not be read or written, or is in the way
  5  a wrong passphrase, or an encrypted file that was changed

With --json standard output is exactly one JSON object, also after a
failure: it then has a field `error` with `kind` (refused, usage, input,
storage, passphrase) and `message`."#;

/// Show what an errand needs, and nothing else: credentials that prove without telling.
#[derive(Debug, Parser)]
#[command(name = "milchglas", version, after_help = FLOW, max_term_width = 120, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Pretend that it is this time (YYYY-MM-DDTHH:MM:SSZ); for tests and exhibitions.
    #[arg(long, global = true, value_name = "TIME", value_parser = parse::<Timestamp>)]
    pub(crate) now: Option<Timestamp>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the pages are served, and what they are made of.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port; 0 is any free one.
    #[arg(long, default_value_t = 8017)]
    pub(crate) port: u16,
    /// Serve phones in the local network too, over TLS, at this address or the one that is found.
    ///
    /// Browsers give their camera to secure pages only, and warn of the certificate, which is made at the start: compare the fingerprint.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true)]
    pub(crate) lan: Option<Option<std::net::IpAddr>>,
    /// The npm package of wallet and verifier.
    #[arg(long, value_name = "FOLDER", default_value = "target/wasm-pkg")]
    pub(crate) wasm: PathBuf,
    /// An issuer's folder, instead of a temporary one.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) office: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The office that checks people and issues cards to them.
    #[command(subcommand)]
    Issuer(Issuer),
    /// The holder's wallet: keeps cards, answers requests.
    #[command(subcommand)]
    Wallet(Wallet),
    /// The counterpart that asks: a café, a hotel, a shop.
    #[command(subcommand)]
    Verifier(Verifier),
    /// Who can find out, together and for a fixed purpose, which card was shown.
    #[command(subcommand)]
    Inspector(Inspector),
    /// The authority that keeps a trust list: who is who, and who may ask what.
    #[command(subcommand)]
    TrustList(TrustList),
    /// Who publishes sets and lists for everyone: a ministry, a registry of stolen cards.
    #[command(subcommand)]
    Authority(Authority),
    /// Show any object in readable form.
    ///
    /// Anyone can run it, without a passphrase. It knows parameters, schemas, templates, profiles, trust lists, requests, invitations,
    /// applications, answers, presentations, verifiers, sets, lists, epochs, requests to revoke, inspectors, cases and shares of an
    /// opening; of an encrypted file it says only that it is one. Signatures are checked where the object itself carries the key.
    ///
    /// Example: milchglas inspect request.png
    Inspect {
        /// The object, or - for standard input.
        file: PathBuf,
    },
    /// Check a kept request and its answer as a signature over a document.
    ///
    /// Anyone can run it, at any time: it says who asked and when, and what is known of who signed. That the request has ended
    /// since does not matter; that it was answered in time, only its verifier saw.
    ///
    /// Example: milchglas verify-document request.bin answer.bin contract.pdf --issuer office.json
    VerifyDocument {
        /// The signed request.
        request: PathBuf,
        /// The answer to it.
        presentation: PathBuf,
        /// The document.
        document: PathBuf,
        /// The parameters of an issuer that you trust; several times for several.
        #[arg(long = "issuer", value_name = "FILE", required = true)]
        issuers: Vec<PathBuf>,
    },
    /// Try it in a browser: a wallet and a café's kiosk, and an office that gives cards to invented people.
    ///
    /// Both run in the page, as WebAssembly; `cargo xtask wasm` builds it, once. The office's keys are in a temporary folder and gone when the
    /// server stops, unless --office names an issuer's folder that has the schema `national-id`. The office checks nobody.
    ///
    /// With --json: one line, the address, when it is ready.
    ///
    /// Example: milchglas serve
    Serve(Serve),
    /// Play an everyday errand with real wallets, issuers and verifiers in temporary folders.
    ///
    /// Tells who sends what to whom, how large it is, who learns what, and how long each step took. Exits with 0 if the story
    /// went as designed. The folders are removed afterwards; their passphrases cost less work to guess than real ones, so that
    /// the story is not about waiting.
    ///
    /// With --json: one object for one errand, an array of them for all.
    ///
    /// Example: milchglas demo cafe
    Demo {
        /// The errand; all of them, one after the other, where none is named.
        name: Option<DemoName>,
        /// Show the QR codes in the terminal, those of the café.
        #[arg(long)]
        show_qr: bool,
        /// Draw what the collusion joins to this file.
        #[arg(long, value_name = "FILE.svg")]
        svg: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DemoName {
    /// Log in at the internet café: adult, and a valid card; nothing else.
    Cafe,
    /// Check in at the hotel: names, adult; which card it was stands encrypted for the town's inspector.
    Hotel,
    /// Reserve a seat at the reduced fare: under 26 or from 60, not which; one seat a person.
    Train,
    /// Open a bank account: what the law names; the contract is signed.
    Bank,
    /// Register a company: two cards of one person; the filing is signed.
    Company,
    /// Open phone accounts: at most three a person, which nobody can join.
    Phone,
    /// Apply for a visa: from the passport or the ID card.
    Visa,
    /// Buy noodles: a request for the date of birth, which the wallet refuses.
    Stall,
    /// All of them and the issuers pool what they have.
    Collusion,
    /// The phone is gone: its cards are revoked, and a new phone keeps the pseudonyms.
    Loss,
}

/// Where a new object goes, and what may stand in its way.
#[derive(Args, Debug)]
pub(crate) struct Deliver {
    /// Write the object's bytes to this file; - is standard output.
    #[arg(long, value_name = "FILE", required_unless_present = "qr")]
    pub(crate) out: Option<PathBuf>,
    /// Write the object as a QR code to this PNG; - shows it in the terminal.
    #[arg(long, value_name = "FILE.png")]
    pub(crate) qr: Option<PathBuf>,
    /// Replace files that exist.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Where a passphrase comes from.
#[derive(Args, Debug)]
pub(crate) struct Unlock {
    /// Read the passphrase from the first line of this file instead of asking at the terminal.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// How an encrypted file is made.
#[derive(Args, Debug)]
pub(crate) struct Lock {
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    /// Work of guessing the passphrase: scrypt with N = 2^LOG_N, 1 to 18; below 17 for tests only.
    #[arg(long, value_name = "LOG_N", default_value_t = 17)]
    pub(crate) work: u8,
}

/// The issuer's folder and passphrase.
#[derive(Args, Debug)]
pub(crate) struct IssuerAt {
    /// The issuer's folder.
    #[arg(long, value_name = "FOLDER", default_value = "issuer")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

/// The wallet's folder and passphrase.
#[derive(Args, Debug)]
pub(crate) struct WalletAt {
    /// The wallet's folder.
    #[arg(long, value_name = "FOLDER", default_value = "wallet")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

/// The verifier's folder and passphrase.
#[derive(Args, Debug)]
pub(crate) struct VerifierAt {
    /// The verifier's folder.
    #[arg(long, value_name = "FOLDER", default_value = "verifier")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

/// The authority's folder and passphrase.
#[derive(Args, Debug)]
pub(crate) struct AuthorityAt {
    /// The authority's folder.
    #[arg(long, value_name = "FOLDER", default_value = "authority")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

/// Which trust list.
#[derive(Args, Debug)]
pub(crate) struct TrustListAt {
    /// The authority's folder.
    #[arg(long, value_name = "FOLDER", default_value = "trust-list")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Authority {
    /// Make an authority: the keys that sign sets and lists.
    ///
    /// It is run once. The keys are encrypted with a passphrase that it asks for twice. People compare the fingerprint that it prints.
    ///
    /// Example: milchglas authority init
    Init {
        /// The authority's folder; it is created.
        #[arg(long, value_name = "FOLDER", default_value = "authority")]
        dir: PathBuf,
        #[command(flatten)]
        lock: Lock,
    },
    /// Sign a set of values that a claim may be in; requests then name it with `in`.
    ///
    /// The values stand one on each line. Their type is that of a claim of a schema. Next: `wallet add-set`; verifiers need the object
    /// `reference` that --json prints.
    ///
    /// Example: milchglas authority set countries.txt --name schengen --title "Schengen states" --claim nationality --out schengen.json
    Set {
        /// The values, one on each line.
        values: PathBuf,
        /// A short name.
        #[arg(long, value_parser = parse::<Label>)]
        name: Label,
        /// What people call it.
        #[arg(long)]
        title: String,
        /// Which publication under that name it is; higher each time.
        #[arg(long, default_value_t = 1)]
        sequence: u32,
        /// A schema file, or national-id, that has the claim.
        #[arg(long, value_name = "FILE|national-id", default_value = "national-id")]
        schema: PathBuf,
        /// The claim whose type the values have.
        #[arg(long, value_parser = parse::<ClaimName>)]
        claim: ClaimName,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        at: AuthorityAt,
    },
    /// Sign a list of numbers that a claim must not be on, for an epoch; requests then name it with `not_in_list`.
    ///
    /// The entries are whole numbers of 64 bits, one on each line. Wallets take the whole list, so no look-up tells anybody whom it is about.
    /// Next: `wallet add-list`; verifiers need the object `reference` that --json prints.
    ///
    /// Example: milchglas authority list stolen.txt --name stolen --epoch 7 --out stolen.list
    List {
        /// The entries, one on each line.
        entries: PathBuf,
        /// A short name.
        #[arg(long, value_parser = parse::<Label>)]
        name: Label,
        /// Which publication it is; higher each time.
        #[arg(long)]
        epoch: u32,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        at: AuthorityAt,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Issuer {
    /// Make an issuer: its keys, its registry and its public parameters.
    ///
    /// The office runs it once. The keys are encrypted with a passphrase that it asks for twice. Next: publish.
    ///
    /// Example: milchglas issuer init --name "City of Glass"
    ///
    /// With a card of your own beside it: --schema national-id --schema library-card.json
    Init {
        /// The issuer's folder; it is created.
        #[arg(long, value_name = "FOLDER", default_value = "issuer")]
        dir: PathBuf,
        /// What the issuer calls itself: 1 to 64 characters.
        #[arg(long)]
        name: String,
        /// A schema file, or one that ships with the program: national-id, passport, tax-credential, student-card; may be repeated.
        #[arg(long = "schema", value_name = "FILE|NAME", default_value = "national-id")]
        schemas: Vec<PathBuf>,
        /// Keep the registry in a PostgreSQL database: a file whose first line is its URL (postgres://…), which may hold a password.
        #[arg(long, value_name = "FILE")]
        registry_file: Option<PathBuf>,
        #[command(flatten)]
        lock: Lock,
    },
    /// Add a schema, so that another kind of card can be issued.
    ///
    /// The office runs it; then publish again, because the parameters have changed.
    ///
    /// Example: milchglas issuer schema library-card.json
    Schema {
        /// The schema file, or one that ships with the program: national-id, passport, tax-credential, student-card.
        schema: PathBuf,
        #[command(flatten)]
        at: IssuerAt,
    },
    /// Write the public parameters: one signed file, the same for everyone.
    ///
    /// The office runs it after init, schema and rotate. Wallets read it with `wallet issuer`, verifiers with `verifier trust`.
    /// People compare the fingerprint that it prints.
    ///
    /// Example: milchglas issuer publish --out office.json
    Publish {
        /// Where to write it; - is standard output. It stands in the issuer's folder in any case.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Replace a file that exists.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        at: IssuerAt,
    },
    /// Print claims of a schema to edit: the start of a claims file for `invite`.
    ///
    /// The office runs it, without a passphrase. The assurance is not among the claims: the officer says it when inviting.
    ///
    /// Example: milchglas issuer claims national-id > person.json
    Claims {
        /// The schema's short name.
        #[arg(value_parser = parse::<Label>)]
        schema: Label,
        /// The issuer's folder.
        #[arg(long, value_name = "FOLDER", default_value = "issuer")]
        dir: PathBuf,
    },
    /// Invite a person, whom the officer has checked, to apply for a card.
    ///
    /// The claims are a JSON object with a field for each claim of the schema. Whoever answers the invitation gets the card:
    /// hand it to that person. Next: the person runs `wallet apply`. The same person invited again renews the card.
    ///
    /// Example: milchglas issuer invite --schema national-id --claims erika.json --assurance full --qr invitation.png
    ///
    /// Many persons: --batch reads a file with a JSON object on each line and writes a line for each to --out, in the same order.
    /// In a line: `claims`; `schema` and `assurance` where they differ from --schema and --assurance; `person` with `space` and
    /// `number` where the schema has no claim that numbers persons; `id`, a text or number of yours that the output line repeats.
    /// Out comes `invitation`, the Base45 text that `wallet apply` reads and a QR code carries, or `error`. A line that is
    /// refused is also reported with its number; the others go on, and the exit code is 1. If the run is killed, run it again: what
    /// it had made by then was given to nobody and expires.
    ///
    /// Example: milchglas issuer invite --batch people.jsonl --schema national-id --assurance full --valid-for 20160 --out
    /// invitations.jsonl
    Invite {
        /// The schema's short name.
        #[arg(long, value_parser = parse::<Label>, required_unless_present = "batch")]
        schema: Option<Label>,
        /// The person's claims, a JSON file.
        #[arg(long, value_name = "FILE", required_unless_present = "batch")]
        claims: Option<PathBuf>,
        /// In which numbering the person's number is unique, where the schema has no claim for it.
        #[arg(long, value_name = "NAME", requires = "person_file")]
        person_space: Option<String>,
        /// The person's number, the first line of this file, where the schema has no claim for it.
        #[arg(long, value_name = "FILE", requires = "person_space")]
        person_file: Option<PathBuf>,
        /// How the person was checked: light from afar, full at a terminal with the physical card.
        #[arg(long, required_unless_present = "batch")]
        assurance: Option<AssuranceArg>,
        /// For how many minutes the invitation can be answered.
        #[arg(long, value_name = "MINUTES", default_value_t = 60)]
        valid_for: u32,
        /// Many persons: a file with a JSON object on each line, or - for standard input.
        #[arg(long, value_name = "FILE.jsonl", conflicts_with_all = ["claims", "person_space", "person_file", "qr"])]
        batch: Option<PathBuf>,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        at: IssuerAt,
    },
    /// Answer an application: sign the card, encrypted for the wallet that applied.
    ///
    /// The office runs it on what `wallet apply` made. The same application again gives the same answer. Next: `wallet accept`.
    ///
    /// Example: milchglas issuer issue application.bin --out answer.bin
    ///
    /// Many applications: --batch reads a file with a JSON object on each line and writes a line for each to --out, in the same
    /// order. In a line: `application`, the object as Base45 text or lower-case hex; if you like `claims`, which must then be those
    /// of the invitation; `id`, a text or number of yours that the output line repeats. Out comes `answer`, the Base45 text that
    /// `wallet accept` reads, or `error`. All cores sign. A line that is refused is also reported with its number; the others go
    /// on, and the exit code is 1. If the run is killed, run it again: nobody gets a second card, and the file is complete.
    ///
    /// Example: milchglas issuer issue --batch applications.jsonl --out answers.jsonl
    Issue {
        /// The application, or - for standard input.
        #[arg(required_unless_present = "batch")]
        application: Option<PathBuf>,
        /// Many applications: a file with a JSON object on each line, or - for standard input.
        #[arg(long, value_name = "FILE.jsonl", conflicts_with_all = ["application", "qr"])]
        batch: Option<PathBuf>,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        at: IssuerAt,
    },
    /// Find whose card it is that an inspector's shareholders have opened.
    ///
    /// The office runs it on the point that `inspector combine` prints. It says what the registry has: no claims, no name, but the
    /// keyed hash of the person's number.
    ///
    /// Example: milchglas issuer identify a1b2…
    Identify {
        /// The point: 96 hexadecimal digits.
        point: String,
        #[command(flatten)]
        at: IssuerAt,
    },
    /// Revoke cards: one, or all of a person's. The next `issuer epoch` publishes it.
    ///
    /// The office runs it when a card or its phone is lost, or was issued wrongly. The person's number is the claim that numbers persons, or
    /// what was given when inviting. The person can be invited again at once: a wallet with the same secret keeps its pseudonyms.
    ///
    /// Example: milchglas issuer revoke --person-space id_number --person-file number.txt
    ///
    /// A holder revokes without the office's look-up: --request with the file that `wallet revoke` made. With --new-secret the person's
    /// wallet secret is given up too, because its recovery phrase is lost: the next wallet gets new pseudonyms and unspent tokens, so the
    /// office decides that case by case.
    Revoke {
        /// One card, by its handle: 32 hexadecimal digits, as `issuer identify` prints them.
        #[arg(long, value_name = "HEX", conflicts_with_all = ["person_space", "request", "new_secret"])]
        handle: Option<String>,
        /// In which numbering the person's number is unique.
        #[arg(long, value_name = "NAME", requires = "person_file", conflicts_with = "request")]
        person_space: Option<String>,
        /// The person's number, the first line of this file.
        #[arg(long, value_name = "FILE", requires = "person_space")]
        person_file: Option<PathBuf>,
        /// A holder's own request, from `wallet revoke`: the cards issued before it was made.
        #[arg(long, value_name = "FILE", conflicts_with = "new_secret")]
        request: Option<PathBuf>,
        /// Give up the person's wallet secret too.
        #[arg(long)]
        new_secret: bool,
        /// Why; it stays in the registry.
        #[arg(long, value_enum, default_value_t = ReasonArg::Lost)]
        reason: ReasonArg,
        #[command(flatten)]
        at: IssuerAt,
    },
    /// Publish an epoch: what was revoked since the last one, as static files for any web server.
    ///
    /// The office runs it once a day, say, also when nothing was revoked: the new epoch says so. Wallets and verifiers take the files with
    /// `wallet sync` and `verifier sync`. After a kill, run it again: what is missing is written.
    ///
    /// Example: milchglas issuer epoch --out /srv/www/epochs
    Epoch {
        /// The folder to publish; in the issuer's folder unless it is given.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
        /// Write missing files of epochs that exist, and make no new one.
        #[arg(long)]
        only_files: bool,
        #[command(flatten)]
        at: IssuerAt,
    },
    /// Say how many persons, invitations and cards there are, and at which epoch revocations stand.
    ///
    /// Example: milchglas issuer status
    Status {
        #[command(flatten)]
        at: IssuerAt,
    },
    /// Make a new signature key; cards under the old one stay accepted until a date.
    ///
    /// The office runs it while cards are renewed, so that both keys are accepted for a time. Next: publish again.
    ///
    /// Example: milchglas issuer rotate --accepted-until 2027-12-31
    Rotate {
        /// The last day on which cards under the old key are accepted.
        #[arg(long, value_name = "DATE", value_parser = parse::<Date>)]
        accepted_until: Date,
        #[command(flatten)]
        at: IssuerAt,
    },
}

/// Why cards are revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReasonArg {
    /// The card or the phone is lost, or somebody else may have it.
    Lost,
    /// Its validity has ended.
    Expired,
    /// It should not have been issued, or the person is no longer entitled to it.
    Withdrawn,
}

#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AssuranceArg {
    /// A remote check.
    Light,
    /// At a terminal, with the physical card.
    Full,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Wallet {
    /// Make a wallet and print its recovery phrase, once.
    ///
    /// The holder runs it once. Write the phrase down and keep it apart: it brings back the holder's secret if the device is
    /// lost, and whoever has it can pretend to be the holder. With --json it is the field `recovery_phrase`.
    /// Next: `wallet issuer`.
    ///
    /// Example: milchglas wallet init
    ///
    /// After a loss: milchglas wallet init --recover
    Init {
        /// The wallet's folder; it is created.
        #[arg(long, value_name = "FOLDER", default_value = "wallet")]
        dir: PathBuf,
        /// Take an earlier wallet's recovery phrase, typed at the terminal, instead of making a new one.
        #[arg(long)]
        recover: bool,
        /// Read the recovery phrase from the first line of this file.
        #[arg(long, value_name = "FILE", requires = "recover")]
        phrase_file: Option<PathBuf>,
        #[command(flatten)]
        lock: Lock,
    },
    /// Pin an issuer by its parameters file, or take its newer one.
    ///
    /// The holder runs it before the first application, and when the issuer has published anew. Compare the fingerprint with
    /// one that you got some other way, or give it with --fingerprint.
    ///
    /// Example: milchglas wallet issuer office.json
    Issuer {
        /// The parameters, or - for standard input.
        parameters: PathBuf,
        /// Refuse parameters of an issuer with another fingerprint.
        #[arg(long, value_name = "HEX", value_parser = parse::<IssuerFingerprint>)]
        fingerprint: Option<IssuerFingerprint>,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Take a set that an authority published, so that requests about it can be answered.
    ///
    /// The holder runs it. Every signature in it is checked. Compare the fingerprint, or give it with --fingerprint.
    ///
    /// Example: milchglas wallet add-set schengen.json
    AddSet {
        /// The set, or - for standard input.
        set: PathBuf,
        /// Refuse a set of an authority with another fingerprint.
        #[arg(long, value_name = "HEX", value_parser = parse::<AuthorityFingerprint>)]
        fingerprint: Option<AuthorityFingerprint>,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Take a list that an authority published, so that requests about it can be answered.
    ///
    /// The holder runs it, for each epoch. Every signature in it is checked: a million entries take about a minute. The two newest
    /// epochs are kept.
    ///
    /// Example: milchglas wallet add-list stolen.list
    AddList {
        /// The list, or - for standard input.
        list: PathBuf,
        /// Refuse a list of an authority with another fingerprint.
        #[arg(long, value_name = "HEX", value_parser = parse::<AuthorityFingerprint>)]
        fingerprint: Option<AuthorityFingerprint>,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Pin an inspector: permit requests to have encrypted for it which card you show.
    ///
    /// The holder runs it on the inspector's own file. Take it from the inspector, not from whoever asks, and compare the fingerprint.
    /// Without it the wallet refuses requests that name the inspector.
    ///
    /// Example: milchglas wallet inspector inspector.json
    Inspector {
        /// The inspector's file, or - for standard input.
        file: PathBuf,
        /// Refuse a file of an inspector with another fingerprint.
        #[arg(long, value_name = "HEX", value_parser = parse::<InspectorFingerprint>)]
        fingerprint: Option<InspectorFingerprint>,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Pin an authority by its trust list, or take its newer one.
    ///
    /// The holder runs it to have the wallet know whom to believe, and what each may ask. Compare the fingerprint with one that you
    /// got some other way, or give it with --fingerprint.
    ///
    /// Example: milchglas wallet trust trust-list.json
    Trust {
        /// The trust list, or - for standard input.
        list: PathBuf,
        /// Refuse a trust list of an authority with another fingerprint.
        #[arg(long, value_name = "HEX", value_parser = parse::<AuthorityFingerprint>)]
        fingerprint: Option<AuthorityFingerprint>,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Forget an authority and its trust list.
    ///
    /// The wallet refuses a known authority that comes with a new key. Run this if you know that the key was changed.
    ///
    /// Example: milchglas wallet distrust FINGERPRINT
    Distrust {
        /// The authority's fingerprint.
        #[arg(value_parser = parse::<AuthorityFingerprint>)]
        fingerprint: AuthorityFingerprint,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Answer an invitation with an application.
    ///
    /// The holder runs it on what `issuer invite` made. The issuer never learns the holder's secret, only a commitment to it.
    /// The same invitation again gives the same application. Next: the office runs `issuer issue`.
    ///
    /// Example: milchglas wallet apply invitation.png --qr application.png
    Apply {
        /// The invitation, or - for standard input.
        invitation: PathBuf,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Take the issuer's answer: check the card and keep it.
    ///
    /// The holder runs it on what `issuer issue` made. Next: list, show, respond.
    ///
    /// Example: milchglas wallet accept answer.bin
    Accept {
        /// The answer, or - for standard input.
        answer: PathBuf,
        #[command(flatten)]
        at: WalletAt,
    },
    /// List the cards.
    ///
    /// Example: milchglas wallet list
    List {
        #[command(flatten)]
        at: WalletAt,
    },
    /// Show one card with all its claims. For your eyes.
    ///
    /// Example: milchglas wallet show 1
    Show {
        /// The card's number, as `wallet list` shows it.
        #[arg(value_parser = parse::<CredentialId>)]
        id: CredentialId,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Remove one card from the wallet.
    ///
    /// The issuer is not told; the card can not be brought back, only renewed.
    ///
    /// Example: milchglas wallet remove 1
    Remove {
        /// The card's number, as `wallet list` shows it.
        #[arg(value_parser = parse::<CredentialId>)]
        id: CredentialId,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Answer a request: see what would be learned, consent, prove.
    ///
    /// The holder runs it on what `verifier request` made. It says who asks, what for, and exactly what they will learn, and
    /// asks before anything is made. Where there are several ways to answer, the least revealing one is the first; --choice
    /// takes another. A request is answered once. Where the answer signs a document, give the document with --document: it is
    /// compared with what the request names, and a request that names another is refused. Next: the verifier runs `verifier check`.
    ///
    /// Example: milchglas wallet respond request.png --qr answer.png
    Respond {
        /// The request, or - for standard input.
        request: PathBuf,
        /// The document that the answer is to sign, as you have read it.
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
        /// Which of the ways to answer, from 1.
        #[arg(long, value_name = "N", default_value_t = 1)]
        choice: usize,
        /// Consent without being asked: for scripts.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Follow the issuers' epochs, so that the cards can be shown as not revoked.
    ///
    /// The holder runs it now and then, at times that have nothing to do with showing a card. It asks for the same files whatever cards the
    /// wallet has, and remembers where they are; a remembered folder is looked into before each answer, a web server is not.
    ///
    /// Example: milchglas wallet sync https://office.example/epochs
    Sync {
        /// The folder or the address (https://…) with the published epochs; the remembered one unless it is given.
        from: Option<String>,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Trust an issuer again whose two contradicting epochs `wallet sync` has found, once that has been explained.
    ///
    /// Its epochs are followed from the start by the next sync.
    ///
    /// Example: milchglas wallet settle FINGERPRINT
    Settle {
        /// The issuer's fingerprint.
        #[arg(value_parser = parse::<IssuerFingerprint>)]
        fingerprint: IssuerFingerprint,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Ask an issuer to revoke all cards that it has issued to you up to now.
    ///
    /// The holder runs it when a device is lost, in a wallet made with `init --recover` from the phrase, or in a copy that is left. The file proves
    /// that it comes from whoever has the wallet's secret; it is good for a day. Next: the office runs `issuer revoke --request`.
    ///
    /// Example: milchglas wallet revoke FINGERPRINT --out revoke.bin
    Revoke {
        /// The issuer's fingerprint.
        #[arg(value_parser = parse::<IssuerFingerprint>)]
        fingerprint: IssuerFingerprint,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Write an encrypted copy of the wallet, to be kept elsewhere.
    ///
    /// It has a passphrase of its own. Whoever has both can show your cards until they are revoked.
    ///
    /// Example: milchglas wallet backup --out wallet.backup
    Backup {
        /// Where to write it; - is standard output.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace a file that exists.
        #[arg(long)]
        force: bool,
        /// Read the backup's passphrase from the first line of this file.
        #[arg(long, value_name = "FILE")]
        backup_passphrase_file: Option<PathBuf>,
        /// Work of guessing the backup's passphrase: scrypt with N = 2^LOG_N, 1 to 18; below 17 for tests only.
        #[arg(long, value_name = "LOG_N", default_value_t = 17)]
        work: u8,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Make a wallet from a backup.
    ///
    /// It can not know which of its limited tokens were used after the backup, and gives none until you say with `allow-tokens` that
    /// those of a scope are unused.
    ///
    /// Example: milchglas wallet restore wallet.backup
    Restore {
        /// The backup.
        backup: PathBuf,
        /// Read the backup's passphrase from the first line of this file.
        #[arg(long, value_name = "FILE")]
        backup_passphrase_file: Option<PathBuf>,
        /// The wallet's folder; it is created.
        #[arg(long, value_name = "FOLDER", default_value = "wallet")]
        dir: PathBuf,
        #[command(flatten)]
        lock: Lock,
    },
    /// Say that the tokens that a request counts were not used in the wallet before the restoring.
    ///
    /// If one of them was, the verifier refuses it, and learns that both answers are of one person.
    ///
    /// Example: milchglas wallet allow-tokens request.png
    AllowTokens {
        /// The request, or - for standard input.
        request: PathBuf,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Show what was answered: when, to whom, what they learned.
    ///
    /// Example: milchglas wallet history
    History {
        #[command(flatten)]
        at: WalletAt,
    },
    /// Forget a verifier's key, so that its origin may ask with another.
    ///
    /// The wallet refuses a known origin that asks with a new key. Run this if you know that the key was changed.
    ///
    /// Example: milchglas wallet forget https://cafe.example
    Forget {
        /// Where the verifier asks.
        #[arg(value_parser = parse::<Origin>)]
        origin: Origin,
        #[command(flatten)]
        at: WalletAt,
    },
    /// Change the passphrase.
    ///
    /// Copies of the old file still open with the old passphrase, but nothing written from now on does.
    ///
    /// Example: milchglas wallet passphrase
    Passphrase {
        /// Read the new passphrase from the first line of this file.
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
        /// Work of guessing the new passphrase: scrypt with N = 2^LOG_N, 1 to 18; below 17 for tests only.
        #[arg(long, value_name = "LOG_N", default_value_t = 17)]
        work: u8,
        #[command(flatten)]
        at: WalletAt,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verifier {
    /// Make a verifier: its key, its name and its origin.
    ///
    /// The counterpart runs it once. Wallets remember the key with the origin. Next: trust.
    ///
    /// Example: milchglas verifier init --name "Café Glas" --origin https://cafe.example
    Init {
        /// The verifier's folder; it is created.
        #[arg(long, value_name = "FOLDER", default_value = "verifier")]
        dir: PathBuf,
        /// What it calls itself: 1 to 64 characters.
        #[arg(long)]
        name: String,
        /// Where it asks: https://HOST, with a port where it is not 443.
        #[arg(long, value_parser = parse::<Origin>)]
        origin: Origin,
        #[command(flatten)]
        lock: Lock,
    },
    /// Trust an issuer, by its parameters file, or take its newer one.
    ///
    /// The counterpart runs it before the first request, and when the issuer has published anew. Compare the fingerprint with
    /// one that you got some other way, or give it with --fingerprint.
    ///
    /// Example: milchglas verifier trust office.json
    Trust {
        /// The parameters, or - for standard input.
        parameters: PathBuf,
        /// Refuse parameters of an issuer with another fingerprint.
        #[arg(long, value_name = "HEX", value_parser = parse::<IssuerFingerprint>)]
        fingerprint: Option<IssuerFingerprint>,
        /// The verifier's folder.
        #[arg(long, value_name = "FOLDER", default_value = "verifier")]
        dir: PathBuf,
    },
    /// Learn the newest epochs of the trusted issuers, so that requests can ask for cards that have not been revoked.
    ///
    /// The counterpart runs it once a day, say. Of each signature key one small file is read, the newest head.
    ///
    /// Example: milchglas verifier sync https://office.example/epochs
    Sync {
        /// The folder or the address (https://…) with the published epochs.
        from: String,
        /// The verifier's folder.
        #[arg(long, value_name = "FOLDER", default_value = "verifier")]
        dir: PathBuf,
    },
    /// Ask: make a signed request with a fresh nonce, good for one answer.
    ///
    /// The template says what is asked; `cafe` ships with the program (adult, and a valid card). The request is kept until it is
    /// answered or ends. With --document the answer is a signature over that file: keep it with the request, and anybody can check it with
    /// `milchglas verify-document`. Next: the holder runs `wallet respond`.
    ///
    /// Example: milchglas verifier request cafe --qr request.png
    Request {
        /// A template file, or the name of one that ships.
        #[arg(value_name = "TEMPLATE")]
        template: PathBuf,
        /// The document that the answer is to sign.
        #[arg(long, value_name = "FILE", requires = "title")]
        document: Option<PathBuf>,
        /// What the document is called.
        #[arg(long, value_name = "TITLE", requires = "document")]
        title: Option<String>,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        at: VerifierAt,
    },
    /// Print a template that ships with the program, to start your own from.
    ///
    /// Example: milchglas verifier template cafe > my-request.json
    Template {
        /// Its name: cafe, hotel, train, bank, company, phone, visa or stall.
        name: String,
    },
    /// Check an answer and say what it shows.
    ///
    /// The counterpart runs it on what `wallet respond` made. An accepted answer is used up: the same bytes again are rejected.
    /// The person at the counter is told only accepted or not; the reason printed beside a rejection is for your log.
    ///
    /// Example: milchglas verifier check answer.png
    Check {
        /// The presentation, or - for standard input.
        presentation: PathBuf,
        /// Keep request and answer in this file, so that an inspector's shareholders can open what the answer encrypts for them.
        #[arg(long, value_name = "FILE")]
        keep: Option<PathBuf>,
        /// The verifier's folder.
        #[arg(long, value_name = "FOLDER", default_value = "verifier")]
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrustList {
    /// Make an authority: its key, and a content to start from, with the profiles that ship with the program.
    ///
    /// The authority runs it once. What the list will say is in content.json in its folder, for editing. Next: add.
    ///
    /// Example: milchglas trust-list init --name "Glasstadt"
    Init {
        /// The authority's folder; it is created.
        #[arg(long, value_name = "FOLDER", default_value = "trust-list")]
        dir: PathBuf,
        /// What the authority calls itself: 1 to 64 characters.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        lock: Lock,
    },
    /// Put an issuer, a verifier, an inspector or whoever publishes a set on the list, or change a verifier's profiles.
    ///
    /// The authority runs it, after it has made sure whose file it is. Whoever publishes sets or lists is listed under the set's name, or
    /// under --name by the fingerprint: wallets refuse a publication of that name by anybody who is not listed. Next: sign.
    ///
    /// Example: milchglas trust-list add verifier/identity.json --profile cafe
    Add {
        /// An issuer's parameters, a verifier's identity.json, an inspector's inspector.json, or a published set.
        #[arg(required_unless_present = "publisher")]
        file: Option<PathBuf>,
        /// The fingerprint of an authority that publishes sets or lists, instead of a file.
        #[arg(long, value_name = "FINGERPRINT", value_parser = parse::<AuthorityFingerprint>, requires = "name",
              conflicts_with_all = ["file", "profiles"])]
        publisher: Option<AuthorityFingerprint>,
        /// What it publishes: the name of its set or list.
        #[arg(long, value_parser = parse::<Label>, requires = "publisher")]
        name: Option<Label>,
        /// A profile that the verifier's requests may name; may be repeated.
        #[arg(long = "profile", value_name = "NAME", value_parser = parse::<Label>)]
        profiles: Vec<Label>,
        /// The authority's folder.
        #[arg(long, value_name = "FOLDER", default_value = "trust-list")]
        dir: PathBuf,
    },
    /// Sign the list: one file, the same for everyone.
    ///
    /// Each signing uses up a sequence number; wallets take only higher ones. Next: holders run `wallet trust`.
    ///
    /// Example: milchglas trust-list sign --out trust-list.json
    Sign {
        /// Where to write it; - is standard output.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace a file that exists.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        at: TrustListAt,
    },
}

impl Command {
    /// Whether the object that the command makes takes standard output, so that the text must go elsewhere.
    pub(crate) fn object_on_stdout(&self) -> bool {
        let out = match self {
            Self::Issuer(Issuer::Publish { out, .. }) => out,
            Self::Issuer(Issuer::Invite { to, .. } | Issuer::Issue { to, .. })
            | Self::Wallet(Wallet::Apply { to, .. } | Wallet::Respond { to, .. })
            | Self::Verifier(Verifier::Request { to, .. })
            | Self::Inspector(Inspector::Share { to, .. })
            | Self::Authority(Authority::Set { to, .. } | Authority::List { to, .. }) => &to.out,
            Self::TrustList(TrustList::Sign { out, .. }) => return crate::input::is_standard(out),
            Self::Authority(Authority::Init { .. })
            | Self::Issuer(_)
            | Self::Wallet(_)
            | Self::Verifier(_)
            | Self::Inspector(_)
            | Self::TrustList(_)
            | Self::Inspect { .. }
            | Self::VerifyDocument { .. }
            | Self::Serve(_)
            | Self::Demo { .. } => &None,
        };
        out.as_deref().is_some_and(crate::input::is_standard)
    }
}

/// Reads an argument with the type's own rules.
pub(crate) fn parse<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn is_a_consistent_command_line() {
        Cli::command().debug_assert();
    }

    #[test]
    fn teaches_every_command_with_an_example() {
        fn visit(command: &clap::Command, path: &str) {
            for sub in command.get_subcommands() {
                let path = format!("{path} {}", sub.get_name());
                if sub.has_subcommands() {
                    visit(sub, &path);
                } else {
                    let help = sub.get_long_about().unwrap_or_else(|| panic!("{path} has no long help")).to_string();
                    assert!(help.contains(&format!("Example: {path}")), "{path} shows no example");
                }
            }
        }
        visit(&Cli::command(), "milchglas");
    }
}
