//! The values that the registry stores and returns.

use core::fmt;

macro_rules! fixed_bytes {
    ($($(#[$doc:meta])* $name:ident, $length:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

fixed_bytes! {
    /// A keyed hash of a person's number in one number space. The caller computes it; the key is not in the registry.
    PersonTag, 32;
    /// The compressed point `N = k·H1(registry)`: the name under which a holder secret is registered.
    RegisteredName, 48;
    /// The compressed point K that commits to the holder secret in one credential.
    Commitment, 48;
    /// A credential's handle h as 16 random bytes.
    Handle, 16;
    /// The compressed point `h·G'` that an inspector's decryption yields.
    InspectorPoint, 48;
    /// The random name of an invitation, which the application answers.
    InvitationNonce, 16;
    /// The digest of the schema that a credential follows.
    SchemaDigest, 32;
    /// The digest of a whole application: two submissions with one digest are the same application.
    ApplicationDigest, 32;
    /// The fingerprint of the key that signed a credential.
    IssuerKeyId, 32;
    /// The digest of an epoch's file, which the next epoch names.
    EpochDigest, 32;
}

/// A moment in seconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);

/// A month, counted from January of year 1 as 0, as in the claim type `month`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValidUntil(pub u32);

/// Credentials that share an accumulator. A small issuer has only [`Cohort::default`], number 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cohort(pub u32);

/// The number of an epoch within its cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochNumber(pub u64);

/// How thoroughly the person was checked at enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assurance {
    /// Checked remotely or by a weak document.
    Light,
    /// Checked in person with a full document.
    Full,
}

/// Where a credential stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The person's current credential of its schema.
    Active,
    /// Its revocation has been requested and waits for the next epoch; until then it still verifies.
    Pending,
    /// An epoch has revoked it.
    Revoked,
}

/// Why a credential is revoked. It never leaves the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The holder has lost it, or somebody else may have it.
    Lost,
    /// A renewal has replaced it.
    Superseded,
    /// A credential of full assurance has replaced this one of light assurance.
    Upgraded,
    /// Its validity has ended.
    Expired,
    /// The issuer has withdrawn it.
    Withdrawn,
}

/// A credential's revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// Why.
    pub reason: Reason,
    /// When it was requested.
    pub requested_at: UnixSeconds,
    /// The epoch that revokes it; none while it is pending.
    pub epoch: Option<EpochNumber>,
}

/// A person, named by either of the two things that the registry knows them by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// By the keyed hash of their number: what the counter has.
    Tag(PersonTag),
    /// By the name of their holder secret: what a wallet restored from its recovery phrase proves.
    Name(RegisteredName),
}

/// An invitation to apply, made where the person was checked.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Random; whoever knows it may apply in the person's place, so it travels only to the person.
    pub nonce: InvitationNonce,
    /// The person.
    pub person: PersonTag,
    /// How the person was checked.
    pub assurance: Assurance,
    /// The schema of the credential to be issued.
    pub schema: SchemaDigest,
    /// The first second at which it can no longer be answered.
    pub expires: UnixSeconds,
    /// The checked claims, encrypted by the caller under a key that is not in the registry. At most [`MAX_BLOB`] bytes.
    ///
    /// [`MAX_BLOB`]: super::MAX_BLOB
    pub payload: Vec<u8>,
}

/// What the registry needs to know of an application whose proof the caller has verified.
#[derive(Debug, Clone, Copy)]
pub struct Application {
    /// The registered name that the application proves.
    pub name: RegisteredName,
    /// The commitment to the same secret.
    pub commitment: Commitment,
    /// The digest of the application's bytes.
    pub digest: ApplicationDigest,
}

/// What is stored when an application is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The answer for the wallet, in which claims are encrypted. At most [`MAX_BLOB`] bytes.
    ///
    /// [`MAX_BLOB`]: super::MAX_BLOB
    pub response: Vec<u8>,
    /// `h·G'` for the handle that the issuance was given.
    pub inspector_point: InspectorPoint,
    /// The key that signed.
    pub issuer_key: IssuerKeyId,
    /// The last month of validity.
    pub valid_until: ValidUntil,
    /// The accumulator that the credential can be revoked in.
    pub cohort: Cohort,
}

/// An epoch to be published.
#[derive(Debug, Clone, Copy)]
pub struct NewEpoch<'a> {
    /// The cohort.
    pub cohort: Cohort,
    /// One more than the last epoch's; 0 or 1 for the first of a cohort.
    pub number: EpochNumber,
    /// The last epoch's digest; none for the first of a cohort.
    pub previous: Option<EpochDigest>,
    /// The digest of `content`.
    pub digest: EpochDigest,
    /// Exactly the handles that `content` revokes, each of them pending.
    pub handles: &'a [Handle],
    /// The epoch's file, as everybody gets it. At most [`MAX_EPOCH`] bytes.
    ///
    /// [`MAX_EPOCH`]: super::MAX_EPOCH
    pub content: &'a [u8],
}

/// A published epoch without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EpochHead {
    /// The cohort.
    pub cohort: Cohort,
    /// Its number in the cohort.
    pub number: EpochNumber,
    /// The digest of its content.
    pub digest: EpochDigest,
    /// When it was published.
    pub published_at: UnixSeconds,
    /// How many credentials of the cohort are revoked up to and with this epoch.
    pub revoked: u64,
}

/// A published epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Epoch {
    /// All but the content.
    pub head: EpochHead,
    /// The epoch's file.
    pub content: Vec<u8>,
}

/// A credential as the registry knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialRecord {
    /// The credential's handle.
    pub handle: Handle,
    /// The person who holds it.
    pub person: PersonTag,
    /// The commitment that was signed.
    pub commitment: Commitment,
    /// `h·G'`.
    pub inspector_point: InspectorPoint,
    /// The schema.
    pub schema: SchemaDigest,
    /// The key that signed.
    pub issuer_key: IssuerKeyId,
    /// How the person was checked.
    pub assurance: Assurance,
    /// The last month of validity.
    pub valid_until: ValidUntil,
    /// When it was issued.
    pub issued_at: UnixSeconds,
    /// The accumulator that it can be revoked in.
    pub cohort: Cohort,
    /// Where it stands.
    pub status: Status,
    /// Its revocation, unless it is active.
    pub revocation: Option<Revocation>,
}

/// A person as the registry knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonRecord {
    /// The name that the person's holder secret is registered under; none after it was retired, until the person applies anew.
    pub name: Option<RegisteredName>,
    /// All credentials ever issued to the person, oldest first.
    pub credentials: Vec<CredentialRecord>,
}

/// How much the registry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Registered persons.
    pub persons: u64,
    /// Invitations that are neither answered nor lapsed.
    pub open_invitations: u64,
    /// Credentials that are current.
    pub active: u64,
    /// Credentials whose revocation is pending.
    pub pending: u64,
    /// Revoked credentials.
    pub revoked: u64,
}

/// How many credentials of one schema in one cohort there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// The cohort.
    pub cohort: Cohort,
    /// The schema.
    pub schema: SchemaDigest,
    /// Credentials that are current.
    pub active: u64,
    /// Credentials whose revocation is pending.
    pub pending: u64,
    /// Revoked credentials.
    pub revoked: u64,
}

impl UnixSeconds {
    /// The stored form; moments beyond 2⁶³ − 1 are all the same far future.
    pub(super) fn stored(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

impl Assurance {
    /// The number that stands for it in a schema's assurance claim: 1 light, 2 full.
    #[must_use]
    pub fn level(self) -> u8 {
        match self {
            Self::Light => 1,
            Self::Full => 2,
        }
    }

    pub(super) fn stored(self) -> i64 {
        self.level().into()
    }

    pub(super) fn from_stored(value: i64) -> Option<Self> {
        match value {
            1 => Some(Self::Light),
            2 => Some(Self::Full),
            _ => None,
        }
    }
}

impl Status {
    pub(super) const fn stored(self) -> i64 {
        match self {
            Self::Active => 1,
            Self::Pending => 2,
            Self::Revoked => 3,
        }
    }

    pub(super) fn from_stored(value: i64) -> Option<Self> {
        match value {
            1 => Some(Self::Active),
            2 => Some(Self::Pending),
            3 => Some(Self::Revoked),
            _ => None,
        }
    }
}

impl Reason {
    pub(super) fn stored(self) -> i64 {
        match self {
            Self::Lost => 1,
            Self::Superseded => 2,
            Self::Upgraded => 3,
            Self::Expired => 4,
            Self::Withdrawn => 5,
        }
    }

    pub(super) fn from_stored(value: i64) -> Option<Self> {
        match value {
            1 => Some(Self::Lost),
            2 => Some(Self::Superseded),
            3 => Some(Self::Upgraded),
            4 => Some(Self::Expired),
            5 => Some(Self::Withdrawn),
            _ => None,
        }
    }
}
