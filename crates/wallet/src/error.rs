//! What can go wrong in a wallet, by whose fault it is.
//!
//! Undecodable input, a refusal by the wallet's own policy, the vault's disk, and misuse of the API. A [`Refusal`] has a sentence
//! that a person should read. `Display` and `Debug` of all of them are free of claims and fit for a log; what helps the holder
//! and names the holder's own values comes only from [`Refusal::explanation`].

use std::fmt;

use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::{
    AuthorityFingerprint, InspectorDigest, InspectorFingerprint, IssuerFingerprint, ParametersDigest,
};
use milchglas_credential::error::{DecodeError, Error as CredentialError};
use milchglas_credential::profile::Beyond;
use milchglas_credential::revocation::Epoch;
use milchglas_credential::text::{Label, Origin, quoted};

use crate::sentences::Sentences;
use crate::vault::CredentialId;

/// The error of every fallible function of this crate.
#[non_exhaustive]
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// Input from outside that can not be read.
    Input(CredentialError),
    /// The wallet will not do it; the refusal says why.
    Refused(Refusal),
    /// The vault could not be opened or saved.
    Vault(milchglas_sealed::Error),
    /// The file with these pinned parameters is gone or was changed. Adding the issuer's file again repairs it.
    ParametersLost(ParametersDigest),
    /// The file of a pinned set or list with this digest is gone or was changed. Adding it again repairs it.
    PublicationLost([u8; 32]),
    /// There is no such credential.
    NoSuchCredential(CredentialId),
    /// The vault holds as many of these as it can.
    Full(&'static str),
    /// The wallet's own check of its answer failed; nothing was handed out.
    SelfCheck,
    /// The calling code is wrong; reading it shows why.
    Misuse(&'static str),
}

/// Why the wallet will not do what it is asked.
#[non_exhaustive]
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The parameters' signature or digit signatures do not hold.
    BadParameters,
    /// The parameters are of another issuer than the caller expects.
    OtherIssuer {
        /// Whose they are.
        found: IssuerFingerprint,
    },
    /// The issuer has published other parameters with the same sequence number.
    MadeForOneHolder {
        /// The sequence number.
        sequence: u32,
    },
    /// The parameters are older than those that the wallet knows, and not among them.
    OlderParameters {
        /// Their sequence number.
        sequence: u32,
        /// The latest that the wallet knows.
        latest: u32,
    },
    /// An invitation under parameters that the wallet has not pinned.
    UnknownInviter,
    /// An invitation that its issuer did not sign.
    BadInvitation,
    /// An invitation that has ended.
    InvitationExpired {
        /// When.
        at: Timestamp,
    },
    /// An invitation that already led to a credential.
    InvitationUsed,
    /// An answer to no application of this wallet.
    ForeignAnswer,
    /// An answer that this wallet can not open, or with a credential that does not hold.
    BadAnswer,
    /// A request that the key it names did not sign.
    BadRequest,
    /// A request that has ended.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// A request from the future.
    NotYetIssued {
        /// When it will have been made.
        at: Timestamp,
    },
    /// A request about a day that is more than one day off.
    OtherDay {
        /// The day that it asks about.
        as_of: Date,
        /// The wallet's own.
        today: Date,
    },
    /// Another key than the one that this wallet knows for that origin.
    VerifierKeyChanged {
        /// The origin.
        origin: Origin,
    },
    /// A known key that now asks from another origin.
    VerifierMoved {
        /// The origin that the wallet knows.
        known: Origin,
        /// The one that the request names.
        origin: Origin,
    },
    /// The signature of an inspector's file does not hold.
    BadInspector,
    /// The file is of another inspector than the caller expects.
    OtherInspector {
        /// Whose it is.
        found: InspectorFingerprint,
    },
    /// The same inspector, pinned before, with another file.
    InspectorChanged {
        /// Whose it is.
        fingerprint: InspectorFingerprint,
    },
    /// The request wants something encrypted for an inspector that the wallet has not pinned, or not with this key and file.
    UnknownInspector {
        /// Its name, in the request's words.
        name: String,
        /// The digest of its file.
        digest: InspectorDigest,
    },
    /// Trust lists give the inspector's name to others only: to another key or file.
    NotTheListedInspector {
        /// Whose trust list.
        authority: String,
        /// The name.
        name: String,
    },
    /// A signature of a set or a list does not hold.
    BadSet,
    /// A set, list or trust list of another authority than the caller expects, or a set or list in whose name trust lists have others only.
    OtherAuthority {
        /// Whose it is.
        found: AuthorityFingerprint,
    },
    /// The authority has published another set or list under the same name and number.
    SetMadeForOneHolder {
        /// The sequence number or epoch.
        number: u32,
    },
    /// A set or list that is older than those that the wallet knows, and not among them.
    OlderSet {
        /// Its sequence number or epoch.
        number: u32,
        /// The latest that the wallet knows.
        latest: u32,
    },
    /// A request that accepts an accumulator which is not the one in the wallet's own copy of the issuer's log.
    UnknownAccumulator {
        /// The newest epoch that the request names.
        epoch: Epoch,
    },
    /// What is no backup of a wallet.
    BadBackup,
    /// An issuer whose parameters this wallet has not pinned.
    UnknownIssuer {
        /// Its fingerprint.
        fingerprint: IssuerFingerprint,
    },
    /// A request that this wallet has answered.
    AlreadyAnswered,
    /// A trust list's signature does not hold.
    BadTrustList,
    /// A trust list in the name of an authority that the wallet has pinned with another key.
    AuthorityKeyChanged {
        /// The key's fingerprint that the wallet knows.
        known: AuthorityFingerprint,
    },
    /// The authority has published another trust list with the same sequence number.
    TrustListForOneHolder {
        /// The sequence number.
        sequence: u32,
    },
    /// The trust list is older than the one that the wallet knows.
    OlderTrustList {
        /// Its sequence number.
        sequence: u32,
        /// That of the one that the wallet knows.
        latest: u32,
    },
    /// A trust list names another key for that origin, or another origin for that key.
    NotTheListedVerifier {
        /// Whose trust list.
        authority: String,
        /// The origin that the request names.
        origin: Origin,
    },
    /// A request of a listed verifier for a profile for which it is not listed, or for none.
    NotListedFor {
        /// Whose trust list.
        authority: String,
        /// The profile that the request names.
        profile: Option<Label>,
    },
    /// A request for more than its profile permits.
    BeyondProfile {
        /// The profile.
        profile: Label,
        /// What people call its purpose.
        purpose: String,
        /// The first thing that it does not permit.
        beyond: Beyond,
        /// What people call the claim that it is about, where the wallet knows the schema.
        title: Option<String>,
    },
    /// The request expects issuers' parameters that the wallet has not pinned.
    UnknownParameters(Sentences),
    /// The holder's credentials do not satisfy what is asked.
    NotSatisfiable(Sentences),
}

impl Error {
    /// A signature that does not hold is a refusal; everything else is unreadable input.
    pub(crate) fn invalid_means(refusal: Refusal, error: CredentialError) -> Self {
        if error == CredentialError::Invalid { Self::Refused(refusal) } else { Self::Input(error) }
    }
}

impl Refusal {
    /// A word for it that programs and translations can rely on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadParameters => "bad_parameters",
            Self::OtherIssuer { .. } => "other_issuer",
            Self::MadeForOneHolder { .. } => "made_for_one_holder",
            Self::OlderParameters { .. } => "older_parameters",
            Self::UnknownInviter => "unknown_inviter",
            Self::BadInvitation => "bad_invitation",
            Self::InvitationExpired { .. } => "invitation_expired",
            Self::InvitationUsed => "invitation_used",
            Self::ForeignAnswer => "foreign_answer",
            Self::BadAnswer => "bad_answer",
            Self::BadRequest => "bad_request",
            Self::Expired { .. } => "expired",
            Self::NotYetIssued { .. } => "not_yet_issued",
            Self::OtherDay { .. } => "other_day",
            Self::VerifierKeyChanged { .. } => "verifier_key_changed",
            Self::VerifierMoved { .. } => "verifier_moved",
            Self::BadInspector => "bad_inspector",
            Self::OtherInspector { .. } => "other_inspector",
            Self::InspectorChanged { .. } => "inspector_changed",
            Self::UnknownInspector { .. } => "unknown_inspector",
            Self::NotTheListedInspector { .. } => "not_the_listed_inspector",
            Self::BadSet => "bad_set",
            Self::OtherAuthority { .. } => "other_authority",
            Self::SetMadeForOneHolder { .. } => "set_made_for_one_holder",
            Self::OlderSet { .. } => "older_set",
            Self::AlreadyAnswered => "already_answered",
            Self::BadTrustList => "bad_trust_list",
            Self::AuthorityKeyChanged { .. } => "authority_key_changed",
            Self::TrustListForOneHolder { .. } => "trust_list_for_one_holder",
            Self::OlderTrustList { .. } => "older_trust_list",
            Self::NotTheListedVerifier { .. } => "not_the_listed_verifier",
            Self::NotListedFor { .. } => "not_listed_for",
            Self::BeyondProfile { .. } => "beyond_profile",
            Self::UnknownParameters(_) => "unknown_parameters",
            Self::NotSatisfiable(_) => "not_satisfiable",
            Self::UnknownAccumulator { .. } => "unknown_accumulator",
            Self::BadBackup => "bad_backup",
            Self::UnknownIssuer { .. } => "unknown_issuer",
        }
    }

    /// What the person should read. It may name the person's own claims, so it is for the person's screen only.
    #[must_use]
    pub fn explanation(&self) -> Sentences {
        let mut sentences = Sentences::default();
        match self {
            Self::UnknownParameters(why) | Self::NotSatisfiable(why) => sentences = why.clone(),
            Self::BadParameters
            | Self::OtherIssuer { .. }
            | Self::MadeForOneHolder { .. }
            | Self::OlderParameters { .. }
            | Self::UnknownInviter
            | Self::BadInvitation
            | Self::InvitationExpired { .. }
            | Self::InvitationUsed
            | Self::ForeignAnswer
            | Self::BadAnswer
            | Self::BadRequest
            | Self::Expired { .. }
            | Self::NotYetIssued { .. }
            | Self::OtherDay { .. }
            | Self::VerifierKeyChanged { .. }
            | Self::VerifierMoved { .. }
            | Self::BadInspector
            | Self::OtherInspector { .. }
            | Self::InspectorChanged { .. }
            | Self::UnknownInspector { .. }
            | Self::NotTheListedInspector { .. }
            | Self::OtherAuthority { .. }
            | Self::BadSet
            | Self::SetMadeForOneHolder { .. }
            | Self::OlderSet { .. }
            | Self::UnknownAccumulator { .. }
            | Self::BadBackup
            | Self::UnknownIssuer { .. }
            | Self::AlreadyAnswered
            | Self::BadTrustList
            | Self::AuthorityKeyChanged { .. }
            | Self::TrustListForOneHolder { .. }
            | Self::OlderTrustList { .. }
            | Self::NotTheListedVerifier { .. }
            | Self::NotListedFor { .. }
            | Self::BeyondProfile { .. } => sentences.push(self.to_string()),
        }
        sentences
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadParameters => f.write_str(
                "A signature in the issuer's file does not hold: the file was altered, or the issuer made it to tell holders \
                 apart. Get it again from the issuer.",
            ),
            Self::OtherIssuer { found } => {
                write!(f, "The file is of another issuer than you expect; its fingerprint is {found}.")
            }
            Self::MadeForOneHolder { sequence } => write!(
                f,
                "The issuer has published number {sequence} before with another content. Parameters made for one holder \
                 would mark that holder, so this wallet keeps the ones that it knows."
            ),
            Self::OlderParameters { sequence, latest } => write!(
                f,
                "The file is number {sequence} of this issuer, which this wallet never saw, and it already knows number \
                 {latest}."
            ),
            Self::UnknownInviter => {
                f.write_str("This wallet does not know the parameters that the invitation names. Add the issuer's file first.")
            }
            Self::BadInvitation => f.write_str("The invitation was altered or is not the issuer's."),
            Self::InvitationExpired { at } => write!(f, "The invitation ended at {at}. Ask the issuer for a new one."),
            Self::InvitationUsed => f.write_str("The invitation has been used. Ask the issuer for a new one."),
            Self::ForeignAnswer => f.write_str("The answer is to no open application of this wallet."),
            Self::BadAnswer => f.write_str(
                "The answer can not be opened, or what it contains is not a valid credential of yours. Ask the issuer to \
                 send it again.",
            ),
            Self::BadRequest => {
                f.write_str("The request was altered, or whoever made it does not have the key that it names.")
            }
            Self::Expired { at } => write!(f, "The request ended at {at}. Ask for a new one."),
            Self::NotYetIssued { at } => {
                write!(f, "The request says that it is made at {at}, which is in the future. Is the clock right?")
            }
            Self::OtherDay { as_of, today } => write!(
                f,
                "The request asks about {as_of}, and today is {today}. Whoever asks about another day than today learns \
                 more than it says."
            ),
            Self::VerifierKeyChanged { origin } => write!(
                f,
                "{origin} asks with another key than before. Somebody may be posing as it. If you know that the key was \
                 changed, make the wallet forget it first."
            ),
            Self::VerifierMoved { known, origin } => write!(
                f,
                "The key of {known} now asks in the name of {origin}. One key for two places could join what they learn."
            ),
            Self::BadInspector => f.write_str("The signature of the inspector's file does not hold: the file was altered."),
            Self::OtherInspector { found } => {
                write!(f, "The file is of another inspector than you expect; its fingerprint is {found}.")
            }
            Self::InspectorChanged { fingerprint } => write!(
                f,
                "The inspector with the fingerprint {fingerprint} is pinned with another file. This wallet keeps the one that it \
                 knows."
            ),
            Self::UnknownInspector { name, digest } => write!(
                f,
                "The request wants to have encrypted which card you show, for {} (file {digest}), whom this wallet does not know \
                 under this key. If you trust that inspector, add its file first; take it from the inspector, not from who asks.",
                quoted(name)
            ),
            Self::NotTheListedInspector { authority, name } => write!(
                f,
                "The trust list of {} names another key or file for the inspector {}. Somebody may be posing as it.",
                quoted(authority),
                quoted(name)
            ),
            Self::BadSet => f.write_str(
                "A signature in the set or list does not hold: it was altered, or made to tell holders apart by whether they can \
                 answer.",
            ),
            Self::OtherAuthority { found } => {
                write!(f, "The file is of another authority than you expect; its fingerprint is {found}.")
            }
            Self::SetMadeForOneHolder { number } => write!(
                f,
                "The authority has published number {number} under this name before with another content. What is made for one \
                 holder would mark that holder, so this wallet keeps what it knows."
            ),
            Self::OlderSet { number, latest } => write!(
                f,
                "The file is number {number} under this name, which this wallet never saw, and it already knows number {latest}."
            ),
            Self::UnknownAccumulator { epoch } => write!(
                f,
                "The request is about a state of revocations, up to epoch {epoch}, that is not the one that this wallet has seen. A list made \
                 for one holder would mark that holder, so this wallet does not answer."
            ),
            Self::BadBackup => f.write_str("The file is no backup of a wallet, or it was changed."),
            Self::UnknownIssuer { fingerprint } => write!(
                f,
                "This wallet does not know the issuer with the fingerprint {fingerprint}. Add the issuer's file first."
            ),
            Self::AlreadyAnswered => f.write_str("This wallet has answered the request. Ask for a new one."),
            Self::BadTrustList => f.write_str("The trust list was altered, or whoever made it does not have the key that it names."),
            Self::AuthorityKeyChanged { known } => write!(
                f,
                "This wallet knows an authority of that name with another key, of fingerprint {known}. Somebody may be posing as \
                 it. If you know that the key was changed, make the wallet forget it first."
            ),
            Self::TrustListForOneHolder { sequence } => write!(
                f,
                "The authority has published number {sequence} before with another content. A trust list made for one holder \
                 could mark or mislead that holder, so this wallet keeps the one that it knows."
            ),
            Self::OlderTrustList { sequence, latest } => {
                write!(f, "The trust list is number {sequence} of this authority, and this wallet already knows number {latest}.")
            }
            Self::NotTheListedVerifier { authority, origin } => write!(
                f,
                "The trust list of {} names another key for {origin}, or another place for this key. Somebody may be posing as it.",
                quoted(authority)
            ),
            Self::NotListedFor { authority, profile: None } => write!(
                f,
                "{} lists whoever asks, for certain profiles, and the request names none of them.",
                quoted(authority)
            ),
            Self::NotListedFor { authority, profile: Some(profile) } => write!(
                f,
                "The request says that it is for the profile {}, and {} does not list whoever asks for that.",
                quoted(profile.as_str()),
                quoted(authority)
            ),
            Self::BeyondProfile { profile, purpose, beyond, title } => write!(
                f,
                "The request says that it is for {} (profile {}). That does not permit asking for {}, so this wallet does not \
                 answer.",
                quoted(purpose),
                quoted(profile.as_str()),
                beyond.sentence(title.as_deref())
            ),
            Self::UnknownParameters(_) => f.write_str("The request expects issuers' parameters that this wallet does not know."),
            Self::NotSatisfiable(_) => f.write_str("The credentials in this wallet do not satisfy what is asked."),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Vault(error) => error.fmt(f),
            Self::ParametersLost(digest) => {
                write!(f, "the issuer's parameters {digest} are missing or were changed; add the issuer's file again")
            }
            Self::PublicationLost(digest) => write!(
                f,
                "the set or list {} is missing or was changed; add its file again",
                digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
            ),
            Self::NoSuchCredential(id) => write!(f, "there is no credential {id}"),
            Self::Full(what) => write!(f, "the vault can not hold more {what}"),
            Self::SelfCheck => f.write_str("the wallet's check of its own answer failed; nothing was handed out"),
            Self::Misuse(what) => write!(f, "misuse: {what}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        Self::Input(error)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Input(error.into())
    }
}

impl From<milchglas_sealed::Error> for Error {
    fn from(error: milchglas_sealed::Error) -> Self {
        Self::Vault(error)
    }
}
