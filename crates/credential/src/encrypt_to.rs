//! What a request asks to have encrypted for an inspector: the handle of the card that is shown.
//!
//! The verifier gets a ciphertext that it can not read, with a proof that it opens to the handle which the card certifies. Whom
//! it is for, the label and the purpose stand in the request, which the proof binds: shareholders of the inspector's key open it
//! for these and for nothing else.
//!
//! Caution: a verifier may write any key here. A wallet answers only where name, key and digest are those of an
//! [inspector's file](crate::inspector) that it has pinned.
//! Not here: the proof (`milchglas-statements`), opening (the inspector crate).

use crate::cbor::{Reader, Wire, Writer};
use crate::digest::{InspectorDigest, lower_case_hex};
use crate::error::DecodeError;
use crate::text::{is_readable, quoted};
use milchglas_curve::NonZeroG1;
pub use milchglas_statements::Ciphertext;
use serde::{Deserialize, Serialize};

/// Most characters of an inspector's name.
pub(crate) const MAX_NAME: usize = 64;
/// Most characters of a label.
const MAX_LABEL: usize = 64;
/// Most characters of a purpose.
const MAX_PURPOSE: usize = 200;

/// The public key I of an inspector: a point of G1, not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InspectorKey(pub NonZeroG1);

/// An inspector as a request names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectorRef {
    /// Its name, for people.
    pub name: String,
    /// Its key.
    pub key: InspectorKey,
    /// The digest of its file, which decides.
    pub digest: InspectorDigest,
}

/// To whom the handle is to be encrypted, and under what conditions it is to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptAsk {
    /// The inspector.
    pub inspector: InspectorRef,
    /// Which occasion it is about: a stay, a contract; 1 to 64 readable characters.
    pub label: String,
    /// What it may be opened for; 1 to 200 readable characters.
    pub purpose: String,
}

impl EncryptAsk {
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        for (text, max, what) in [
            (&self.inspector.name, MAX_NAME, "an inspector's name of 1 to 64 readable characters"),
            (&self.label, MAX_LABEL, "a label of 1 to 64 readable characters"),
            (&self.purpose, MAX_PURPOSE, "a purpose of opening of 1 to 200 readable characters"),
        ] {
            if !is_readable(text, max) {
                return Err(DecodeError { what });
            }
        }
        Ok(())
    }

    /// What was done, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "which card this is stands encrypted for {}, under {}, to be opened for: {}",
            quoted(&self.inspector.name),
            quoted(&self.label),
            quoted(&self.purpose)
        )
    }
}

impl TryFrom<String> for InspectorKey {
    type Error = DecodeError;

    fn try_from(text: String) -> Result<Self, DecodeError> {
        let bytes = lower_case_hex(&text).ok_or(DecodeError { what: "an inspector's key of 48 bytes" })?;
        NonZeroG1::from_bytes(&bytes).map(Self)
    }
}

impl From<InspectorKey> for String {
    fn from(key: InspectorKey) -> Self {
        hex::encode(key.0.to_bytes())
    }
}

impl Wire for InspectorKey {
    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        NonZeroG1::from_bytes(&input.bytes("an inspector's key of 48 bytes")?).map(Self)
    }
}

impl Wire for InspectorRef {
    fn write(&self, out: &mut Writer) {
        out.array(3).text(&self.name).object(&self.key).object(&self.digest);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(3, "an inspector")?;
        let name = input.text(4 * MAX_NAME, "an inspector's name")?.to_owned();
        Ok(Self { name, key: input.object()?, digest: input.object()? })
    }
}

impl Wire for EncryptAsk {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.inspector).text(&self.label).text(&self.purpose);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(3, "what is to be encrypted for an inspector")?;
        Ok(Self {
            inspector: input.object()?,
            label: input.text(4 * MAX_LABEL, "a label")?.to_owned(),
            purpose: input.text(4 * MAX_PURPOSE, "a purpose of opening")?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor;
    use crate::cbor::tests::assert_strict;
    use serde_json::{Value as Json, json};

    fn an_ask() -> Json {
        json!({
            "inspector": {
                "name": "Registry Court",
                "key": String::from(InspectorKey(NonZeroG1::generator())),
                "digest": "11".repeat(32)
            },
            "label": "stay 17",
            "purpose": "a crime in the house"
        })
    }

    fn read(json: &Json) -> Option<EncryptAsk> {
        let ask: EncryptAsk = serde_json::from_str(&json.to_string()).ok()?;
        ask.check().ok().map(|()| ask)
    }

    #[test]
    fn roundtrips_in_both_forms() {
        let ask = read(&an_ask()).unwrap();
        assert_eq!(serde_json::to_value(&ask).unwrap(), an_ask());
        assert_strict(&ask);
        assert_eq!(cbor::from_bytes::<EncryptAsk>(&cbor::to_bytes(&ask), 1 << 10).unwrap(), ask);
    }

    #[test]
    fn rejects_what_breaks_a_rule() {
        let key = String::from(InspectorKey(NonZeroG1::generator()));
        // In the order: empty, infinity, upper case, off the curve, too short.
        let keys = ["", &format!("c0{}", "00".repeat(47)), &key.to_uppercase(), &format!("a{}", &key[1..]), &key[..94]];
        for (pointer, value) in [
            ("/inspector/name", json!("")),
            ("/inspector/name", json!("C".repeat(65))),
            ("/inspector/name", json!("Co\u{202e}urt")),
            ("/inspector/digest", json!("11".repeat(31))),
            ("/label", json!("")),
            ("/label", json!("l".repeat(65))),
            ("/label", json!("a\nb")),
            ("/purpose", json!(" a crime")),
            ("/purpose", json!("p".repeat(201))),
            ("/inspector", json!({"name": "Court", "key": key, "digest": "11".repeat(32), "more": 1})),
            ("/inspector", json!(null)),
        ]
        .into_iter()
        .chain(keys.iter().map(|key| ("/inspector/key", json!(key))))
        {
            let mut ask = an_ask();
            *ask.pointer_mut(pointer).unwrap() = value.clone();
            assert!(read(&ask).is_none(), "{pointer}: {value}");
        }
        for field in ["inspector", "label", "purpose"] {
            let mut ask = an_ask();
            ask.as_object_mut().unwrap().remove(field);
            assert!(read(&ask).is_none(), "without {field}");
        }
    }
}
