//! Scopes: where a holder has one name, and where only so many tokens.
//!
//! A scope belongs to the verifier whose key and origin stand in the request, and they are part of it: whoever answers an
//! authenticated request can not be named, or counted, in a scope of somebody else. With `lp(x) = I2OSP(|x|, 8) ‖ x`:
//! ```text
//! pseudonym   lp(key) ‖ lp(origin) ‖ lp(scope)
//! rate        lp(key) ‖ lp(origin) ‖ lp(scope) ‖ lp(epoch)
//! ```
//! The limit of a rate is not part of it: raising it adds no tokens but the difference.
//!
//! Spec: `spec/request-language.md`, Pseudonyms and rates.
//! Caution: a verifier that changes its key or origin gives everybody new names and new tokens.
//! Not here: the statements, who remembers names and tokens (verifier), who counts (wallet).

use serde::{Deserialize, Serialize};

use crate::cbor::{Reader, Wire, Writer};
use crate::error::DecodeError;
use crate::request::{Ask, CredentialAsk, VerifierIdentity};
use crate::text::ScopeText;

/// The most tokens that a request can permit.
pub const MAX_LIMIT: u16 = milchglas_statements::Rate::MAX_LIMIT;

/// Asks for the holder's name in a scope: the same at each visit, and another in every other scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PseudonymAsk {
    /// Which of the verifier's scopes.
    pub scope: ScopeText,
}

/// Asks for one of the holder's tokens in a scope and epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateAsk {
    /// Which of the verifier's scopes.
    pub scope: ScopeText,
    /// The period for which tokens are counted.
    pub epoch: ScopeText,
    /// How many tokens each holder has, 1 to 256.
    pub limit: u16,
}

impl PseudonymAsk {
    /// What the base of the names is hashed from.
    #[must_use]
    pub fn scope_bytes(&self, verifier: &VerifierIdentity) -> Vec<u8> {
        joined(verifier, &[&self.scope])
    }
}

impl RateAsk {
    /// What the base of the tokens is hashed from.
    #[must_use]
    pub fn scope_bytes(&self, verifier: &VerifierIdentity) -> Vec<u8> {
        joined(verifier, &[&self.scope, &self.epoch])
    }

    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        if (1..=MAX_LIMIT).contains(&self.limit) { Ok(()) } else { Err(DecodeError { what: "a limit of 1 to 256" }) }
    }
}

impl CredentialAsk {
    /// Whether the answer depends on who asks: it shows a pseudonym or a token.
    #[must_use]
    pub fn is_scoped(&self) -> bool {
        self.pseudonym.is_some() || self.rate.is_some()
    }
}

/// Something that one answer shows at most once.
#[derive(PartialEq)]
pub(crate) enum Shown<'a> {
    Pseudonym(&'a ScopeText),
    Token(&'a ScopeText, &'a ScopeText),
}

impl Ask {
    /// Checks that no answer could show one pseudonym or one counter twice, and returns all that are mentioned. The depth of the
    /// recursion is that of the ask, at most 4.
    pub(crate) fn check_scopes(&self) -> Result<Vec<Shown<'_>>, DecodeError> {
        match self {
            Self::Credential(ask) => {
                let name = ask.pseudonym.as_ref().map(|ask| Shown::Pseudonym(&ask.scope));
                let token = ask.rate.as_ref().map(|ask| Shown::Token(&ask.scope, &ask.epoch));
                Ok(name.into_iter().chain(token).collect())
            }
            Self::Any(asks) => {
                let each = asks.iter().map(Self::check_scopes).collect::<Result<Vec<_>, _>>()?;
                Ok(each.into_iter().flatten().collect())
            }
            Self::All(asks) => {
                let mut all = Vec::new();
                for ask in asks {
                    let more = ask.check_scopes()?;
                    if more.iter().any(|shown| all.contains(shown)) {
                        return Err(DecodeError { what: "credentials shown together have different scopes" });
                    }
                    all.extend(more);
                }
                Ok(all)
            }
        }
    }
}

fn joined(verifier: &VerifierIdentity, texts: &[&ScopeText]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |part: &[u8]| {
        out.extend_from_slice(&(part.len() as u64).to_be_bytes());
        out.extend_from_slice(part);
    };
    put(verifier.key.as_bytes());
    put(verifier.origin.as_str().as_bytes());
    texts.iter().for_each(|text| put(text.as_str().as_bytes()));
    out
}

impl Wire for PseudonymAsk {
    fn write(&self, out: &mut Writer) {
        out.array(1).object(&self.scope);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(1, "a pseudonym's scope")?;
        Ok(Self { scope: input.object()? })
    }
}

impl Wire for RateAsk {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.scope).object(&self.epoch).uint(self.limit.into());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a rate's scope, epoch and limit";
        input.array(3, what)?;
        let (scope, epoch) = (input.object()?, input.object()?);
        Ok(Self { scope, epoch, limit: u16::try_from(input.uint(what)?).map_err(|_| DecodeError { what })? })
    }
}
