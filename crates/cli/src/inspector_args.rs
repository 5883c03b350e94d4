//! The command line of `milchglas inspector`, and its help.

use std::path::PathBuf;

use clap::Subcommand;
use milchglas_credential::text::Label;

use crate::args::{Deliver, Unlock, parse};

#[derive(Debug, Subcommand)]
pub(crate) enum Inspector {
    /// Make an inspector: a key whose shares only open together.
    ///
    /// A dealer runs it once, in the presence of the shareholders, on a machine that is wiped afterwards: while it runs, the dealer
    /// has the whole key. It writes inspector.json, which is public, and a share for each shareholder, encrypted with a passphrase of
    /// their own. Hand each its file and keep none. Next: everybody concerned runs `wallet inspector` on inspector.json.
    ///
    /// Example: milchglas inspector init --name "Registry Court" --threshold 2 --of 3
    Init {
        /// The folder for the files; it is created.
        #[arg(long, value_name = "FOLDER", default_value = "inspector")]
        dir: PathBuf,
        /// What the inspector calls itself: 1 to 64 characters.
        #[arg(long)]
        name: String,
        /// How many shareholders open together; at least 2.
        #[arg(long, value_name = "T")]
        threshold: u8,
        /// How many shareholders there are; at most 16.
        #[arg(long = "of", value_name = "N")]
        shareholders: u8,
        /// Read a passphrase from the first line of this file: given once for all shares, or once for each, in order.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Vec<PathBuf>,
        /// Work of guessing a passphrase: scrypt with N = 2^LOG_N, 1 to 18; below 17 for tests only.
        #[arg(long, value_name = "LOG_N", default_value_t = 17)]
        work: u8,
    },
    /// Show an inspector's public file, and how a request names it.
    ///
    /// With --json the field `inspector` is what stands in a template's `encrypt_to`.
    ///
    /// Example: milchglas inspector show inspector.json
    Show {
        /// The inspector's file, or - for standard input.
        file: PathBuf,
    },
    /// Release a share of the opening of a case.
    ///
    /// A shareholder runs it on what `verifier check --keep` wrote. It checks the request's signature, the whole answer, and that the
    /// case has the label and the purpose that the shareholder was told to open: give them as they stand in the warrant, not
    /// as the case has them. Next: `inspector combine`.
    ///
    /// Example: milchglas inspector share case.bin --share share-1 --issuer office.json --label "stay 17" --purpose "a crime" --out part-1
    Share {
        /// The case, or - for standard input.
        case: PathBuf,
        /// The shareholder's encrypted file.
        #[arg(long, value_name = "FILE")]
        share: PathBuf,
        /// The parameters of an issuer that the shareholder trusts; may be repeated.
        #[arg(long = "issuer", value_name = "FILE", required = true)]
        issuers: Vec<PathBuf>,
        /// The occasion that is to be opened.
        #[arg(long)]
        label: String,
        /// What it is to be opened for.
        #[arg(long)]
        purpose: String,
        /// Which of the request's cards, where several are encrypted for this inspector.
        #[arg(long, value_name = "NAME", value_parser = parse::<Label>)]
        card: Option<Label>,
        #[command(flatten)]
        to: Deliver,
        #[command(flatten)]
        unlock: Unlock,
    },
    /// Put the shares together: find under which point the issuer knows the card.
    ///
    /// Anybody with the case and enough shares can run it. A share that is wrong or of another case is named. Next: the card's issuer
    /// runs `issuer identify`.
    ///
    /// Example: milchglas inspector combine part-1 part-3 --case case.bin --inspector inspector.json --issuer office.json
    Combine {
        /// The shares.
        #[arg(required = true, value_name = "SHARE")]
        shares: Vec<PathBuf>,
        /// The case.
        #[arg(long, value_name = "FILE")]
        case: PathBuf,
        /// The inspector's public file.
        #[arg(long, value_name = "FILE")]
        inspector: PathBuf,
        /// The parameters of an issuer that is trusted; may be repeated.
        #[arg(long = "issuer", value_name = "FILE", required = true)]
        issuers: Vec<PathBuf>,
        /// Which of the request's cards, where several are encrypted for this inspector.
        #[arg(long, value_name = "NAME", value_parser = parse::<Label>)]
        card: Option<Label>,
    },
    /// Change the passphrase of a share.
    ///
    /// Copies of the old file still open with the old passphrase.
    ///
    /// Example: milchglas inspector passphrase share-1
    Passphrase {
        /// The shareholder's encrypted file.
        share: PathBuf,
        /// Read the new passphrase from the first line of this file.
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
        /// Work of guessing the new passphrase: scrypt with N = 2^LOG_N, 1 to 18; below 17 for tests only.
        #[arg(long, value_name = "LOG_N", default_value_t = 17)]
        work: u8,
        #[command(flatten)]
        unlock: Unlock,
    },
}
