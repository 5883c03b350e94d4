//! Schemas: which claims a credential carries, of which types and in which order.
//!
//! A schema is a JSON file. It fixes the total number of messages: an optional claim that is missing is signed as absence, and a list is
//! padded with absence to its full count, so all credentials of one schema look alike.
//!
//! | message | content |
//! |---|---|
//! | 0 | the holder's secret |
//! | 1 | the handle, by which the issuer can revoke |
//! | 2 + i | claim i, counted from 0 after lists are expanded |
//!
//! The first two are not claims: no name reaches them, so no request can disclose, compare or range over them.
//!
//! The digest is SHA-256 over `milchglas schema/1` and the deterministic CBOR of the content. Titles are part of it, because people
//! consent to them.

use crate::cbor::{Wire, Writer};
use crate::claim::{ClaimType, Claims, IntegerBits, Value, to_scalar};
use crate::digest::{SchemaDigest, tagged_digest};
use crate::error::{DecodeError, Error};
use crate::json::{from_json, to_json};
use crate::text::{ClaimName, Label, is_readable};
use crate::type_file::{Kind, TypeFile, write_type};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Most claims of a schema, after lists are expanded.
pub const MAX_CLAIMS: usize = 64;
/// Most characters of a title.
const MAX_TITLE: usize = 64;
/// Most bytes of a schema file.
const MAX_SCHEMA_JSON: usize = 1 << 20;
/// The first field of a schema file.
const FORMAT: &str = "schema/1";
/// What the digest is over, before the content.
const DIGEST_TAG: &str = "milchglas schema/1";
/// Names that would be taken for the messages that are not claims.
const RESERVED: [&str; 2] = ["holder_secret", "handle"];

/// The message that is the holder's secret.
pub const HOLDER_SECRET_MESSAGE: usize = 0;
/// The message that is the handle.
pub const HANDLE_MESSAGE: usize = 1;
/// The message that is the first claim.
pub const FIRST_CLAIM_MESSAGE: usize = 2;

/// The national identity card that ships with the crate.
pub const NATIONAL_ID_JSON: &str = include_str!("../schemas/national-id.json");

/// The schemas that ship with the crate, by their ids.
pub const SHIPPED: [(&str, &str); 4] = [
    ("national-id", NATIONAL_ID_JSON),
    ("passport", include_str!("../schemas/passport.json")),
    ("tax-credential", include_str!("../schemas/tax-credential.json")),
    ("student-card", include_str!("../schemas/student-card.json")),
];

/// The place of a claim in its schema, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimIndex(pub(crate) usize);

impl ClaimIndex {
    /// The place of the claim among the claims.
    pub fn get(self) -> usize {
        self.0
    }

    /// The place of the claim among the signed messages.
    pub fn message(self) -> usize {
        FIRST_CLAIM_MESSAGE + self.0
    }
}

/// One claim of a schema, after lists are expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name, by which requests and claim files reach it.
    pub name: ClaimName,
    /// What people call it.
    pub title: String,
    /// Its type.
    pub claim_type: ClaimType,
    /// Whether it may be absent.
    pub optional: bool,
}

impl Claim {
    /// The value's scalar as a number of 32 bits, for claims whose every value has one: which claims do is plain from the schema.
    ///
    /// # Errors
    /// [`Error::Unfit`] where the value is not of the claim's type.
    pub(crate) fn short(&self, value: &Value) -> Result<Option<u32>, Error> {
        let few = match &self.claim_type {
            ClaimType::Date | ClaimType::Month | ClaimType::Boolean | ClaimType::Code(_) => true,
            ClaimType::Integer { .. } => {
                self.claim_type.integers().is_some_and(|range| range.start == 0 && range.end <= 1 << 32)
            }
            ClaimType::Text | ClaimType::Digest => false,
        };
        if self.optional || !few || *value == Value::Absent {
            return Ok(None);
        }
        let scalar = Zeroizing::new(to_scalar(&self.claim_type, value)?.to_bytes());
        let [.., a, b, c, d] = *scalar;
        Ok(Some(u32::from_be_bytes([a, b, c, d])))
    }
}

/// Which claims a credential carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SchemaFile", into = "SchemaFile")]
pub struct Schema {
    file: SchemaFile,
    claims: Vec<Claim>,
    validity: Option<Validity>,
    assurance: Option<ClaimIndex>,
    number: Option<ClaimIndex>,
    digest: SchemaDigest,
}

/// The claims that say in which months a credential is valid; both are months and never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first month.
    pub from: ClaimIndex,
    /// The last month.
    pub until: ClaimIndex,
}

impl Schema {
    /// The national identity card that ships with the crate.
    ///
    /// # Errors
    /// None in a released version; a test reads the file.
    pub fn national_id() -> Result<Self, Error> {
        Self::from_json(NATIONAL_ID_JSON)
    }

    /// The schema of that id that ships with the crate.
    ///
    /// # Errors
    /// None in a released version; a test reads the files.
    pub fn shipped(id: &str) -> Result<Option<Self>, Error> {
        let file = SHIPPED.iter().find(|(shipped, _)| *shipped == id);
        file.map(|(_, json)| Self::from_json(json)).transpose()
    }

    /// Reads a schema file.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Decode`] where it is no schema.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_SCHEMA_JSON {
            return Err(Error::decode("the schema file is too long"));
        }
        Ok(Self::try_from(from_json::<SchemaFile>(json)?)?)
    }

    /// The schema file.
    ///
    /// # Errors
    /// None that can happen: a schema has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        to_json(&self.file)
    }

    /// The schema's short name.
    pub fn id(&self) -> &Label {
        &self.file.id
    }

    /// What people call credentials of this schema.
    pub fn title(&self) -> &str {
        &self.file.title
    }

    /// The digest of the content, which stands for the schema in requests and signatures.
    pub fn digest(&self) -> SchemaDigest {
        self.digest
    }

    /// The claims, in order, lists expanded.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// One claim.
    pub fn claim(&self, index: ClaimIndex) -> Option<&Claim> {
        self.claims.get(index.0)
    }

    /// The place of the claim with that name.
    pub fn index_of(&self, name: &str) -> Option<ClaimIndex> {
        self.claims.iter().position(|claim| claim.name.as_str() == name).map(ClaimIndex)
    }

    /// How many messages the signature covers.
    pub fn messages(&self) -> usize {
        FIRST_CLAIM_MESSAGE + self.claims.len()
    }

    /// The claims that bound the credential's validity.
    pub fn validity(&self) -> Option<Validity> {
        self.validity
    }

    /// The claim that says how well the person was checked.
    pub fn assurance(&self) -> Option<ClaimIndex> {
        self.assurance
    }

    /// The claim that numbers the person for the issuer's registry.
    pub fn number(&self) -> Option<ClaimIndex> {
        self.number
    }

    /// Checks that claims are of this schema.
    ///
    /// # Errors
    /// [`Error::Unfit`] where a value is missing, surplus, of another type, out of range, or absent without being
    /// optional; or where validity ends before it begins.
    pub fn check(&self, claims: &Claims) -> Result<(), Error> {
        let values = claims.values();
        if values.len() != self.claims.len() {
            return Err(Error::unfit("not as many values as the schema has claims"));
        }
        for (claim, value) in self.claims.iter().zip(values) {
            if *value != Value::Absent {
                claim.claim_type.check(value)?;
            } else if !claim.optional {
                return Err(Error::unfit("a claim that is not optional is missing"));
            }
        }
        if let Some(Validity { from, until }) = self.validity {
            let month = |index| claims.get(index).and_then(Value::number);
            if month(from) > month(until) {
                return Err(Error::unfit("validity ends before it begins"));
            }
        }
        Ok(())
    }
}

impl TryFrom<SchemaFile> for Schema {
    type Error = DecodeError;

    fn try_from(file: SchemaFile) -> Result<Self, DecodeError> {
        let error = |what| DecodeError { what };
        if file.milchglas != FORMAT {
            return Err(error("the format of a schema is schema/1"));
        }
        if !is_readable(&file.title, MAX_TITLE) {
            return Err(error("a title of 1 to 64 readable characters"));
        }
        let mut claims: Vec<Claim> = Vec::new();
        let mut types = Vec::new();
        for declared in &file.claims {
            let claim_type = declared.claim_type()?;
            for claim in declared.expand(&claim_type)? {
                if claims.len() == MAX_CLAIMS {
                    return Err(error("a schema has at most 64 claims, lists expanded"));
                }
                if claims.iter().any(|other| other.name == claim.name) {
                    return Err(error("two claims have the same name"));
                }
                claims.push(claim);
            }
            types.push(claim_type);
        }
        if claims.is_empty() {
            return Err(error("a schema has at least one claim"));
        }
        let role = |name: &ClaimName, permits: fn(&ClaimType) -> bool, what| {
            let index = claims.iter().position(|claim| claim.name == *name).ok_or(error(what))?;
            claims.get(index).filter(|claim| !claim.optional && permits(&claim.claim_type)).ok_or(error(what))?;
            Ok::<_, DecodeError>(ClaimIndex(index))
        };
        let is_month = |claim_type: &ClaimType| *claim_type == ClaimType::Month;
        let is_small =
            |claim_type: &ClaimType| *claim_type == ClaimType::Integer { bits: IntegerBits::B8, signed: false };
        let is_number = |claim_type: &ClaimType| matches!(claim_type, ClaimType::Text | ClaimType::Integer { .. });
        let validity = match &file.validity {
            None => None,
            Some(ValidityFile { from, until }) => Some(Validity {
                from: role(from, is_month, "validity begins with a month claim that is not optional")?,
                until: role(until, is_month, "validity ends with a month claim that is not optional")?,
            }),
        };
        if validity.is_some_and(|validity| validity.from == validity.until) {
            return Err(error("validity begins and ends with two claims"));
        }
        let assurance = file.assurance.as_ref();
        let assurance = assurance
            .map(|name| role(name, is_small, "assurance is an integer claim of 8 bits, not optional"))
            .transpose()?;
        let number = file.number.as_ref();
        let number = number
            .map(|name| role(name, is_number, "the person's number is a text or integer claim, not optional"))
            .transpose()?;
        let mut content = Writer::new();
        file.write_content(&types, &mut content);
        let digest = SchemaDigest(tagged_digest(DIGEST_TAG, &content.into_bytes()));
        Ok(Self { file, claims, validity, assurance, number, digest })
    }
}

impl From<Schema> for SchemaFile {
    fn from(schema: Schema) -> Self {
        schema.file
    }
}

/// The JSON form, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    milchglas: String,
    id: Label,
    title: String,
    claims: Vec<ClaimFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validity: Option<ValidityFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assurance: Option<ClaimName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<ClaimName>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidityFile {
    from: ClaimName,
    until: ClaimName,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimFile {
    name: ClaimName,
    title: String,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bits: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "is_false")]
    optional: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u8>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl ClaimFile {
    fn claim_type(&self) -> Result<ClaimType, DecodeError> {
        let codes = self.codes.as_deref().map(Cow::Borrowed);
        TypeFile { kind: self.kind, bits: self.bits, signed: self.signed, codes }.read()
    }

    fn expand(&self, claim_type: &ClaimType) -> Result<Vec<Claim>, DecodeError> {
        let error = |what| DecodeError { what };
        if !is_readable(&self.title, MAX_TITLE) {
            return Err(error("a title of 1 to 64 readable characters"));
        }
        if self.name.as_str().contains('.') || RESERVED.contains(&self.name.as_str()) {
            return Err(error("a claim's name has no dot and is not holder_secret or handle"));
        }
        let claim = |name, title, optional| Claim { name, title, claim_type: claim_type.clone(), optional };
        let Some(count) = self.count else {
            return Ok(vec![claim(self.name.clone(), self.title.clone(), self.optional)]);
        };
        if count == 0 || usize::from(count) > MAX_CLAIMS || self.optional {
            return Err(error("a list counts 1 to 64 and is not itself optional"));
        }
        (0..count)
            .map(|place| {
                let name = format!("{}.{place}", self.name).parse()?;
                Ok(claim(name, format!("{} {}", self.title, u16::from(place) + 1), true))
            })
            .collect()
    }

    fn write_content(&self, claim_type: &ClaimType, out: &mut Writer) {
        out.array(5).object(&self.name).text(&self.title);
        write_type(claim_type, out);
        out.bool(self.optional);
        match self.count {
            Some(count) => out.uint(count.into()),
            None => out.null(),
        };
    }
}

impl SchemaFile {
    fn write_content(&self, types: &[ClaimType], out: &mut Writer) {
        out.array(6).object(&self.id).text(&self.title).array(types.len());
        for (declared, claim_type) in self.claims.iter().zip(types) {
            declared.write_content(claim_type, out);
        }
        match &self.validity {
            Some(ValidityFile { from, until }) => out.array(2).object(from).object(until),
            None => out.null(),
        };
        for name in [&self.assurance, &self.number] {
            write_option(name.as_ref(), out);
        }
    }
}

fn write_option<T: Wire>(object: Option<&T>, out: &mut Writer) {
    match object {
        Some(object) => object.write(out),
        None => {
            out.null();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const LIBRARY_CARD: &str = r#"{
        "milchglas": "schema/1", "id": "library-card", "title": "library card",
        "claims": [
            {"name": "name", "title": "name", "type": "text"},
            {"name": "born", "title": "date of birth", "type": "date", "optional": true},
            {"name": "branch", "title": "branch", "type": "code", "codes": ["north", "south"]},
            {"name": "balance", "title": "balance", "type": "integer", "bits": 32, "signed": true},
            {"name": "level", "title": "level", "type": "integer", "bits": 8},
            {"name": "from", "title": "from", "type": "month"},
            {"name": "until", "title": "until", "type": "month"},
            {"name": "member", "title": "member", "type": "boolean"},
            {"name": "child", "title": "child", "type": "integer", "bits": 64, "count": 3}
        ],
        "validity": {"from": "from", "until": "until"}, "assurance": "level", "number": "name"}"#;

    fn changed(from: &str, to: &str) -> Result<Schema, Error> {
        let changed = LIBRARY_CARD.replacen(from, to, 1);
        assert_ne!(changed, LIBRARY_CARD);
        Schema::from_json(&changed)
    }

    #[test]
    fn lays_out_the_national_identity_card() {
        let schema = Schema::national_id().unwrap();
        assert_eq!((schema.claims().len(), schema.messages()), (11, 13));
        let places = [
            "surname",
            "given_names",
            "id_number",
            "date_of_birth",
            "sex",
            "nationality",
            "address",
            "portrait",
            "assurance",
            "valid_from",
            "valid_until",
        ];
        for (place, name) in places.into_iter().enumerate() {
            let index = schema.index_of(name).unwrap();
            assert_eq!((index.get(), index.message()), (place, place + 2), "{name}");
        }
        assert_eq!(schema.claims().iter().filter(|claim| claim.optional).count(), 1);
        let ClaimType::Code(countries) = &schema.claims()[5].claim_type else { panic!("nationality is a code") };
        // ISO 3166-1 assigns 249 codes.
        assert_eq!(countries.len(), 249);
        assert!(countries.is_sorted() && countries.iter().all(|code| code.len() == 2));
        for name in ["holder_secret", "handle", "", "surname.0"] {
            assert_eq!(schema.index_of(name), None);
        }
    }

    #[test]
    fn expands_lists_and_keeps_their_places() {
        let schema = Schema::from_json(LIBRARY_CARD).unwrap();
        assert_eq!(schema.messages(), 13);
        assert_eq!(schema.index_of("child"), None);
        for place in 0..3 {
            let index = schema.index_of(&format!("child.{place}")).unwrap();
            assert_eq!(index.get(), 8 + place);
            assert!(schema.claim(index).unwrap().optional);
        }
        assert_eq!(schema.claims()[9].title, "child 2");
    }

    #[test]
    fn roundtrips_and_digests_every_part() {
        let schema = Schema::from_json(LIBRARY_CARD).unwrap();
        assert_eq!(Schema::from_json(&schema.to_json().unwrap()).unwrap(), schema);
        assert_ne!(changed(", \"signed\": true", "").unwrap().digest(), schema.digest());
        for (from, to) in [
            ("library-card", "library-cart"),
            ("library card", "library cart"),
            ("\"name\": \"born\"", "\"name\": \"bear\""),
            ("date of birth", "day of birth"),
            ("\"date\"", "\"month\""),
            (", \"optional\": true", ""),
            ("\"north\", \"south\"", "\"south\", \"north\""),
            ("\"north\", \"south\"", "\"northsouth\""),
            ("\"bits\": 32", "\"bits\": 64"),
            ("\"count\": 3", "\"count\": 2"),
            ("\"from\": \"from\", \"until\": \"until\"", "\"from\": \"until\", \"until\": \"from\""),
            (", \"assurance\": \"level\"", ""),
            (", \"number\": \"name\"", ", \"number\": \"balance\""),
        ] {
            assert_ne!(changed(from, to).unwrap().digest(), schema.digest(), "{from} as {to}");
        }
        // What means the same has the same digest.
        assert_eq!(changed("\"bits\": 8", "\"bits\": 8, \"signed\": false").unwrap().digest(), schema.digest());
    }

    #[test]
    fn rejects_what_is_no_schema() {
        for (from, to) in [
            ("schema/1", "schema/2"),
            ("\"title\": \"library card\",", ""),
            ("library-card", "Library"),
            ("library card", ""),
            ("library card", "a\\u202eb"),
            ("\"milchglas\"", "\"more\": 1, \"milchglas\""),
            ("\"milchglas\"", "\"id\": \"x\", \"milchglas\""),
            ("\"name\": \"born\"", "\"name\": \"name\""),
            ("\"name\": \"born\"", "\"name\": \"handle\""),
            ("\"name\": \"born\"", "\"name\": \"holder_secret\""),
            ("\"name\": \"born\"", "\"name\": \"child.0\""),
            ("\"name\": \"born\"", "\"name\": \"b\u{43e}rn\""),
            ("\"type\": \"date\"", "\"type\": \"time\""),
            ("\"type\": \"date\"", "\"type\": \"date\", \"bits\": 8"),
            ("\"type\": \"date\"", "\"type\": \"date\", \"signed\": false"),
            ("\"type\": \"date\"", "\"type\": \"date\", \"codes\": [\"a\"]"),
            ("\"type\": \"date\"", "\"type\": \"date\", \"count\": 2"),
            ("\"bits\": 32", "\"bits\": 33"),
            ("\"bits\": 32, ", ""),
            ("\"north\", \"south\"", "\"north\", \"north\""),
            ("\"north\", \"south\"", ""),
            ("\"north\"", "\"\""),
            ("\"count\": 3", "\"count\": 0"),
            ("\"count\": 3", "\"count\": 57"),
            ("\"count\": 3", "\"count\": 256"),
            ("\"assurance\": \"level\"", "\"assurance\": \"balance\""),
            ("\"assurance\": \"level\"", "\"assurance\": \"none\""),
            ("\"number\": \"name\"", "\"number\": \"member\""),
            ("\"number\": \"name\"", "\"number\": \"child.0\""),
            ("\"from\": \"from\"", "\"from\": \"born\""),
            ("\"from\": \"from\"", "\"from\": \"until\""),
        ] {
            assert!(changed(from, to).is_err(), "{from} as {to}");
        }
        assert!(changed("\"count\": 3", "\"count\": 56").is_ok());
        let codes = |count: usize| {
            let codes: Vec<String> = (0..count).map(|code| format!("\"c{code}\"")).collect();
            changed("\"north\", \"south\"", &codes.join(","))
        };
        assert!(codes(1024).is_ok());
        assert!(codes(1025).is_err());
    }

    #[test]
    fn names_the_place_of_an_error() {
        assert!(matches!(
            Schema::from_json("{\n  \"milchglas\": \"schema/1\",\n  \"x\": 1}"),
            Err(Error::Json { line: 3, .. })
        ));
        assert!(matches!(Schema::from_json("{"), Err(Error::Json { what: "the text ends too early", .. })));
    }
}
