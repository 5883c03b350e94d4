//! Why a command did not do what it was asked, as a person and a script see it.
//!
//! Every failure has one of five kinds; each kind has one exit code.
//!
//! Not here: the roles' own errors, which the command modules turn into these.

use std::process::ExitCode;

use serde_json::{Value, json};

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A policy, a signature or a proof says no.
    Refused,
    /// The command line asks for what can not be done.
    Usage,
    /// An input can not be read as what it should be.
    Input,
    /// A file or folder can not be read or written, or is not there.
    Storage,
    /// A wrong passphrase, or an encrypted file that was changed.
    Passphrase,
}

impl Kind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Storage => 4,
            Self::Passphrase => 5,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Usage => "usage",
            Self::Input => "input",
            Self::Storage => "storage",
            Self::Passphrase => "passphrase",
        }
    }
}

/// A failure with the sentence that a person reads.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// Further fields of the JSON object, beside `error`.
    pub(crate) fields: Option<Value>,
}

/// What a folder is told that has none of the role's files.
pub(crate) const NOTHING_HERE: &str = "nothing is here yet; init makes it";

/// What a command is told whose new file or folder would replace another.
pub(crate) const IN_THE_WAY: &str = "exists already, and is not replaced";

/// What commands return.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), fields: None }
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    pub(crate) fn storage(message: impl Into<String>) -> Self {
        Self::new(Kind::Storage, message)
    }

    /// Says first what the failure is about: a file, say.
    pub(crate) fn about(mut self, what: impl std::fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The same failure, said a second time.
    pub(crate) fn again(&self) -> Self {
        Self { kind: self.kind, message: self.message.clone(), fields: self.fields.clone() }
    }

    /// Adds fields to the JSON object.
    pub(crate) fn with(mut self, fields: Value) -> Self {
        self.fields = Some(fields);
        self
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }

    /// The JSON object that stands for the failure.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = json!({"error": {"kind": self.kind.name(), "message": self.message}});
        if let (Value::Object(object), Some(Value::Object(fields))) = (&mut object, &self.fields) {
            object.extend(fields.clone());
        }
        object
    }
}

impl From<milchglas_credential::error::Error> for Failure {
    fn from(error: milchglas_credential::error::Error) -> Self {
        use milchglas_credential::error::Error;
        match error {
            Error::Invalid => Self::refused("a signature or proof does not hold"),
            Error::Unsatisfied => Self::refused(error.to_string()),
            Error::Misuse(what) => Self::usage(what),
            Error::Decode(_) | Error::Json { .. } | Error::Unfit { .. } | _ => Self::input(error.to_string()),
        }
    }
}

impl From<milchglas_sealed::Error> for Failure {
    fn from(error: milchglas_sealed::Error) -> Self {
        use milchglas_sealed::{Error, Op};
        let kind = match error {
            Error::Unopenable => Kind::Passphrase,
            Error::Decode { .. } => Kind::Input,
            Error::Misuse { .. } => Kind::Usage,
            Error::Busy | Error::Io { .. } | _ => Kind::Storage,
        };
        let message = match error {
            Error::Io { op: Op::Read, kind: std::io::ErrorKind::NotFound } => NOTHING_HERE.to_owned(),
            Error::Io { op: Op::Create | Op::Rename, kind: std::io::ErrorKind::AlreadyExists } => IN_THE_WAY.to_owned(),
            Error::Io { .. } | Error::Decode { .. } | Error::Unopenable | Error::Busy | Error::Misuse { .. } | _ => {
                error.to_string()
            }
        };
        Self::new(kind, message)
    }
}

impl From<crate::qr::Error> for Failure {
    fn from(error: crate::qr::Error) -> Self {
        match error {
            crate::qr::Error::TooLong => Self::usage("the object is too long for one QR code; use --out"),
            crate::qr::Error::Decode { what } => Self::input(format!("no QR code of ours: {what}")),
            crate::qr::Error::Misuse { what } => Self::usage(what),
            other => Self::usage(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_kind_its_own_code_and_one_object() {
        let kinds = [Kind::Refused, Kind::Usage, Kind::Input, Kind::Storage, Kind::Passphrase];
        let codes: Vec<u8> = kinds.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes, [1, 2, 3, 4, 5]);
        let failure = Failure::refused("no").about("answer.bin").with(json!({"accepted": false}));
        let expected = json!({"accepted": false, "error": {"kind": "refused", "message": "answer.bin: no"}});
        assert_eq!(failure.to_json(), expected);
    }
}
