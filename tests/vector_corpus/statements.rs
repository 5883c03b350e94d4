//! What `presentations.json` holds of sets, lists, excluded values, comparisons, scopes, inspectors and documents.
//!
//! Each case has its own seeds, so that one more changes no other.

use super::presentations::{Answer, Parts, Refusal, card_ask, hex48, newest, pass_ask, swap};
use super::{Cast, EVERYTHING_CLAIMS, identity};
use crate::second::cbor::{self, Item};
use ed25519_dalek::Signer;
use milchglas_credential::cbor::to_bytes;
use milchglas_credential::claim::{ClaimType, Literal};
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, Holdings};
use milchglas_credential::digest::{DocumentDigest, InspectorDigest};
use milchglas_credential::document::DocumentRef;
use milchglas_credential::encrypt_to::{EncryptAsk, InspectorKey, InspectorRef};
use milchglas_credential::list::{ListRef, PublishedList};
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Ask, CredentialAsk, Request, RequestFields, SigningKey};
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_credential::set::{Published, PublishedSet, PublishedSetRef, SetContent, SetRef, SignedSet};
use milchglas_curve::{Expander, G1};
use milchglas_statements::SetSecretKey;
use milchglas_tests::{SeededRng, request, today};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const NOT_EQUALS: &str = r#"[{"not_equals": {"claim": "nationality", "value": "AT"}}]"#;
/// The claim is optional and present: absence is excluded too.
const NOT_IN: &str = r#"[{"not_in": {"claim": "renewed", "values": ["2024-02-29", "2025-12-31"]}}]"#;
/// Erika, born in January 1990, is in the second range.
const ANY_HIDDEN: &str =
    r#"[{"any_hidden": {"claim": "date_of_birth", "of": [{"age_under": 26}, {"age_at_least": 30}]}}]"#;
const ANY_HIDDEN_WIDTHS: &str = r#"[{"any_hidden": {"claim": "level", "of": [
    {"between": {"min": 0, "max": 4}}, {"between": {"min": 100, "max": 200}}]}}]"#;
const SAME_AS: &str = r#"[{"same_as": {"claim": "born", "credential": "card", "other": "date_of_birth"}}]"#;
const SAME_AS_OF_OTHER_TYPE: &str = r#"[{"same_as": {"claim": "born", "credential": "card", "other": "surname"}}]"#;

/// What the statements are about, apart from credentials: a set and a list of an authority.
struct World<'a> {
    cast: &'a Cast,
    authority: SigningKey,
    card: Credential,
    /// The city's pass of somebody born on the day that is on the card.
    pass: Credential,
    set: Arc<PublishedSet>,
    other_set: Arc<PublishedSet>,
    list: Arc<PublishedList>,
    next_list: Arc<PublishedList>,
}

fn claim_type<'s>(schema: &'s Schema, claim: &str) -> &'s ClaimType {
    &schema.claim(schema.index_of(claim).unwrap()).unwrap().claim_type
}

fn texts(values: &[&str]) -> Vec<Literal> {
    values.iter().map(|value| Literal::Text((*value).to_owned())).collect()
}

impl<'a> World<'a> {
    fn new(cast: &'a Cast, card: &Credential) -> Self {
        let card = Credential::from_bytes(&card.to_bytes(), |_, _| Some(&cast.card)).unwrap();
        let claims =
            EVERYTHING_CLAIMS.replace(r#""born": "2008-02-29""#, r#""born": "1990-01-31", "renewed": "2025-01-31""#);
        assert_ne!(claims, EVERYTHING_CLAIMS);
        let pass = cast.issue(&cast.city, &cast.everything, &cast.erika, &claims);
        let authority = identity(&mut SeededRng::new("vectors: identity of the authority"));
        let key = SetSecretKey::random(&mut SeededRng::new("vectors: set key of the authority"));
        let nationality = claim_type(&cast.card, "nationality");
        let set = |sequence, codes: &[&str]| {
            let values = texts(codes).iter().map(|code| nationality.read(code).unwrap()).collect();
            let (name, title) = ("countries".parse().unwrap(), "Countries of the agreement".into());
            let content = SetContent { name, title, sequence, claim_type: nationality.clone(), values };
            Arc::new(PublishedSet::sign(content, &key, &authority).unwrap())
        };
        let list = |epoch, entries: &[u64]| {
            let list = PublishedList::sign("stolen".parse().unwrap(), epoch, entries.to_vec(), &key, &authority);
            Arc::new(list.unwrap())
        };
        Self {
            cast,
            card,
            pass,
            set: set(1, &["AT", "CH", "DE"]),
            other_set: set(2, &["AT", "CH", "DE", "FR"]),
            list: list(1, &[0, 17, 9_007_199_254_740_993, 18_446_744_073_709_551_614]),
            next_list: list(2, &[0, 17, 18_446_744_073_709_551_614]),
            authority,
        }
    }

    fn card_ask(&self, predicates: &str) -> CredentialAsk {
        card_ask(self.cast, &[], predicates)
    }

    fn pass_ask(&self, predicates: &str) -> CredentialAsk {
        pass_ask(self.cast, "pass", &[], predicates)
    }

    fn in_published(&self, set: PublishedSetRef) -> CredentialAsk {
        let prove = vec![Predicate::In { claim: "nationality".parse().unwrap(), set: SetRef::Published(set) }];
        CredentialAsk { prove, ..self.card_ask("[]") }
    }

    fn in_signed(&self, values: &[&str]) -> CredentialAsk {
        let nationality = claim_type(&self.cast.card, "nationality");
        let mut rng = SeededRng::new("vectors: set of the request");
        let set = SetRef::Signed(SignedSet::sign(texts(values), nationality, &mut rng).unwrap());
        CredentialAsk {
            prove: vec![Predicate::In { claim: "nationality".parse().unwrap(), set }],
            ..self.card_ask("[]")
        }
    }

    fn not_in_list(&self, claim: &str, list: ListRef) -> CredentialAsk {
        let prove = vec![Predicate::NotInList { claim: claim.parse().unwrap(), list }];
        CredentialAsk { prove, ..self.pass_ask("[]") }
    }

    fn pseudonym(&self, scope: &str) -> CredentialAsk {
        CredentialAsk { pseudonym: Some(PseudonymAsk { scope: scope.parse().unwrap() }), ..self.card_ask("[]") }
    }

    fn rate(&self, scope: &str, epoch: &str, limit: u16) -> CredentialAsk {
        let rate = RateAsk { scope: scope.parse().unwrap(), epoch: epoch.parse().unwrap(), limit };
        CredentialAsk { rate: Some(rate), ..self.card_ask("[]") }
    }

    fn encrypt_to(&self, inspector: &str, digest: u8, label: &str) -> CredentialAsk {
        let key = InspectorKey(G1::hash(Expander::XmdSha256, inspector.as_bytes(), b"vectors: an inspector"));
        let inspector = InspectorRef { name: "Court".into(), key, digest: InspectorDigest([digest; 32]) };
        let ask = EncryptAsk { inspector, label: label.into(), purpose: "Solve a burglary".into() };
        CredentialAsk { encrypt_to: Some(ask), ..self.card_ask("[]") }
    }

    fn same_as(&self, predicates: &str) -> Ask {
        Ask::All(vec![Ask::Credential(self.card_ask("[]")), Ask::Credential(self.pass_ask(predicates))])
    }

    /// The answer to what is asked about the card, the pass, or both in this order.
    fn answer(&self, name: &'static str, ask: Ask, document: Option<DocumentRef>) -> Answer {
        let mut fields = request(&format!("vectors: {name}"), today(), ask).unwrap().fields().clone();
        fields.document = document;
        let request = Request::new(fields).unwrap();
        let published = (Arc::clone(&self.set), Arc::clone(&self.list));
        let (trusted, presentation) = self.present(&request, "answer", published);
        Answer { name, trusted, request, presentation }
    }

    /// Whose parameters a verifier needs, and the presentation, for a holder of this set and this list.
    fn present(
        &self,
        request: &Request,
        seed: &str,
        (set, list): (Arc<PublishedSet>, Arc<PublishedList>),
    ) -> (Vec<&'static str>, Vec<u8>) {
        let of_card = (&self.card, newest(), "state");
        let of_pass = (&self.pass, ShownAs { accept: 0, key: 0, schema: 0, back: 0 }, "city");
        let asks = request.ask().credentials();
        let answers = asks.iter().map(|ask| if ask.name.as_str() == "pass" { &of_pass } else { &of_card });
        let answers: Vec<_> = answers.collect();
        let trusted: Vec<&'static str> = answers.iter().map(|(_, _, issuer)| *issuer).collect();
        let parameters: Vec<_> = trusted.iter().map(|issuer| self.cast.parameters(issuer)).collect();
        let shown = answers.iter().map(|(_, shown, _)| ShownAs { ..*shown }).collect();
        let plan = compile(request, Selection { branches: vec![], shown }, &parameters).unwrap();
        let credentials: Vec<&Credential> = answers.iter().map(|(credential, ..)| *credential).collect();
        // The last use that the limit permits.
        let counters: Vec<u16> = asks.iter().filter_map(|ask| ask.rate.as_ref()).map(|rate| rate.limit - 1).collect();
        let (sets, lists) = ([set], [list]);
        let published = Published { sets: &sets, lists: &lists, checked: &[] };
        let holdings = Holdings::new(&self.cast.erika, &credentials).with_counters(&counters).with_sets(published);
        let mut rng = SeededRng::new(&format!("vectors: {seed} {}", request.digest()));
        let presentation = Presentation::create(&plan, &holdings, b"", &mut rng).unwrap();
        (trusted, presentation.to_bytes())
    }

    /// The set with the signatures of its first and last value exchanged.
    fn careless_set(&self) -> PublishedSet {
        let mut file: serde_json::Value = serde_json::from_str(&self.set.to_json().unwrap()).unwrap();
        let signatures = file["signatures"].as_array_mut().unwrap();
        let last = signatures.len() - 1;
        signatures.swap(0, last);
        let bytes: Vec<Vec<u8>> = signatures.iter().map(|one| hex::decode(one.as_str().unwrap()).unwrap()).collect();
        let content = self.set.content();
        let codes = file["type"]["codes"].as_array().unwrap().iter().map(|code| Item::Text(code.as_str().unwrap()));
        let values: Vec<Vec<u8>> = content.values.iter().map(to_bytes).collect();
        let owner = self.authority.verifying_key().to_bytes();
        let signed = Item::Array(vec![
            Item::Text(content.name.as_str()),
            Item::Text(&content.title),
            Item::Bytes(&owner),
            Item::Uint(content.sequence.into()),
            Item::Bytes(self.set.named().key.as_bytes()),
            Item::Array(vec![Item::Uint(5), Item::Array(codes.collect())]),
            Item::Array(values.iter().map(|value| cbor::decode(value).unwrap()).collect()),
            Item::Array(bytes.iter().map(|signature| Item::Bytes(signature)).collect()),
        ]);
        let signature = self.authority.sign(&[b"milchglas set/1 signature", &signed.encode()[..]].concat());
        file["signature"] = hex::encode(signature.to_bytes()).into();
        PublishedSet::from_json(&file.to_string()).unwrap()
    }

    /// The list with the signatures of its last two pairs of neighbours exchanged.
    fn careless_list(&self) -> PublishedList {
        let mut file = self.list.to_bytes().to_vec();
        let signatures = file.len() - 48 * (self.list.len() + 1);
        let before = Sha256::digest(&file[signatures..]);
        swap(&mut file[signatures..], 48, self.list.len() - 1, self.list.len());
        let after = Sha256::digest(&file[signatures..]);
        // Magic, length and head, signature, entries, signatures.
        let head = 18..18 + usize::from(u16::from_be_bytes([file[16], file[17]]));
        let digest = head.start + file[head.clone()].windows(32).position(|window| window == &before[..]).unwrap();
        file[digest..digest + 32].copy_from_slice(&after);
        let signature = self.authority.sign(&[b"milchglas list/1 signature", &file[head.clone()]].concat());
        file[head.end..head.end + 64].copy_from_slice(&signature.to_bytes());
        PublishedList::from_bytes(file).unwrap()
    }
}

fn document(title: &str, content: &str) -> Option<DocumentRef> {
    Some(DocumentRef { title: title.into(), sha256: DocumentDigest::of(content.as_bytes()) })
}

/// Everything that is accepted; `card` is what most presentations show.
pub(crate) fn accepted(cast: &Cast, card: &Credential) -> Vec<Answer> {
    let world = World::new(cast, card);
    let one = |name, ask| world.answer(name, Ask::Credential(ask), None);
    vec![
        one("in a published set", world.in_published(world.set.named().clone())),
        one("in a set of the request", world.in_signed(&["DE", "LI"])),
        one("another value", world.card_ask(NOT_EQUALS)),
        one("none of two values", world.pass_ask(NOT_IN)),
        one("not on a list", world.not_in_list("serial", world.list.reference().clone())),
        one("in one of two ranges", world.card_ask(ANY_HIDDEN)),
        one("in one of two ranges of other widths", world.pass_ask(ANY_HIDDEN_WIDTHS)),
        world.answer("the same on two cards", world.same_as(SAME_AS), None),
        one("pseudonym", world.pseudonym("customers")),
        one("a token, one a scope", world.rate("vote", "2026", 1)),
        one("a token, three a scope", world.rate("visits", "2026-11", 3)),
        one("encrypted for an inspector", world.encrypt_to("court", 1, "stay 17")),
        world.answer("a document", Ask::Credential(world.card_ask("[]")), document("Lease", "The rent is 500.")),
    ]
}

/// Everything that is refused of these answers.
pub(crate) fn rejected(cast: &Cast, card: &Credential, answers: &[Answer]) -> Vec<Refusal> {
    let world = World::new(cast, card);
    let find = |name: &str| answers.iter().find(|answer| answer.name == name).unwrap();
    let mut refusals = Vec::new();
    // Points are exchanged in runs of so many bytes.
    for (of, run, one, other) in [
        ("in a published set", 48, 2, 3),
        ("in a set of the request", 48, 2, 3),
        ("another value", 48, 1, 2),
        ("none of two values", 48, 1, 2),
        ("not on a list", 96, 1, 2),
        ("in one of two ranges", 96, 0, 1),
        ("in one of two ranges of other widths", 48, 2, 3),
        ("the same on two cards", 96, 0, 1),
        ("pseudonym", 48, 1, 2),
        ("a token, one a scope", 48, 1, 2),
        ("a token, three a scope", 48, 2, 3),
        ("encrypted for an inspector", 48, 2, 3),
        ("a document", 48, 0, 1),
    ] {
        let mut add = |what: &str, reason, change: &dyn Fn(&mut Vec<u8>)| {
            let mut parts = Parts::of(&find(of).presentation);
            change(&mut parts.proof);
            let name = format!("{of}: {what}");
            refusals.push(Refusal { name, of, reason, trusted: None, request: None, presentation: parts.encode() });
        };
        add("a flipped bit of the last response", "proof", &|proof| *proof.last_mut().unwrap() ^= 1);
        add("points exchanged", "proof", &|proof| swap(proof, run, one, other));
        add("a byte more in the proof", "encoding", &|proof| proof.push(0));
        if !["the same on two cards", "a document"].contains(&of) {
            // The statement's first point follows the two of the signature.
            let infinity = hex48(&format!("c0{}", "00".repeat(47)));
            add("the point at infinity", "encoding", &|proof| proof[96..144].copy_from_slice(&infinity));
        }
    }

    // A proof under another request with the same nonce.
    let mut again = |of: &'static str, what: &str, reason, change: &dyn Fn(&mut RequestFields)| {
        let original = find(of);
        let mut fields = original.request.fields().clone();
        change(&mut fields);
        let request = Some(Request::new(fields).unwrap());
        let (name, presentation) = (format!("{of}: {what}"), original.presentation.clone());
        refusals.push(Refusal { name, of, reason, trusted: None, request, presentation });
    };
    let mut asked = |of, what, reason, ask: CredentialAsk| {
        again(of, what, reason, &|fields| fields.ask = Ask::Credential(ask.clone()));
    };
    let named = || world.set.named().clone();
    let other = world.other_set.named();
    let of = "in a published set";
    asked(of, "another digest", "proof", world.in_published(PublishedSetRef { digest: other.digest, ..named() }));
    asked(of, "the next publication", "proof", world.in_published(other.clone()));
    let name = "partners".parse().unwrap();
    asked(of, "another name of the set", "proof", world.in_published(PublishedSetRef { name, ..named() }));
    let mut sex = world.in_published(named());
    sex.prove = vec![Predicate::In { claim: "sex".parse().unwrap(), set: SetRef::Published(named()) }];
    asked(of, "another claim", "proof", sex);
    let of = "in a set of the request";
    asked(of, "another value", "proof", world.in_signed(&["DE", "CH"]));
    asked(of, "a value less", "proof", world.in_signed(&["DE"]));
    asked(of, "values in another order", "proof", world.in_signed(&["LI", "DE"]));
    let mut exchanged = world.in_signed(&["DE", "LI"]);
    for predicate in &mut exchanged.prove {
        if let Predicate::In { set: SetRef::Signed(set), .. } = predicate {
            set.signatures.swap(0, 1);
        }
    }
    asked(of, "signatures exchanged", "proof", exchanged);
    asked(of, "a published set", "proof", world.in_published(named()));

    let of = "another value";
    asked(of, "the value excluded", "proof", world.card_ask(&NOT_EQUALS.replace("AT", "DE")));
    asked(of, "two values excluded", "encoding", {
        world.card_ask(r#"[{"not_in": {"claim": "nationality", "values": ["AT", "LI"]}}]"#)
    });
    asked(of, "a value that is not of the type", "mismatch", world.card_ask(&NOT_EQUALS.replace("AT", "A1")));
    let of = "none of two values";
    asked(of, "another value excluded", "proof", world.pass_ask(&NOT_IN.replace("2025-12-31", "2025-01-31")));
    let required = NOT_IN.replace("renewed", "born");
    asked(of, "of a claim that is not optional", "encoding", world.pass_ask(&required));
    let third = NOT_IN.replace("\"2025-12-31\"", "\"2025-12-31\", \"2026-01-01\"");
    asked(of, "a third value excluded", "encoding", world.pass_ask(&third));

    let of = "not on a list";
    let next = world.next_list.reference();
    let named = || world.list.reference().clone();
    asked(of, "another digest", "proof", world.not_in_list("serial", ListRef { digest: next.digest, ..named() }));
    asked(of, "the next epoch", "proof", world.not_in_list("serial", next.clone()));
    asked(of, "another number of the epoch", "proof", world.not_in_list("serial", ListRef { epoch: 2, ..named() }));
    asked(of, "a claim of 8 bits", "mismatch", world.not_in_list("level", named()));

    let of = "in one of two ranges";
    asked(of, "another age", "proof", world.card_ask(&ANY_HIDDEN.replace("30", "31")));
    asked(of, "both ranges without her", "proof", world.card_ask(&ANY_HIDDEN.replace("30", "60")));
    asked(of, "a range over a text", "mismatch", world.card_ask(&ANY_HIDDEN.replace("date_of_birth", "surname")));
    let of = "in one of two ranges of other widths";
    asked(of, "another bound", "proof", world.pass_ask(&ANY_HIDDEN_WIDTHS.replace("200", "201")));
    asked(of, "one range", "encoding", world.pass_ask(r#"[{"between": {"claim": "level", "min": 0, "max": 4}}]"#));

    let of = "pseudonym";
    asked(of, "another scope", "proof", world.pseudonym("suppliers"));
    asked(of, "not asked", "encoding", world.card_ask("[]"));
    let of = "a token, one a scope";
    asked(of, "another scope", "proof", world.rate("poll", "2026", 1));
    asked(of, "another epoch", "proof", world.rate("vote", "2027", 1));
    asked(of, "another limit", "encoding", world.rate("vote", "2026", 2));
    asked(of, "a pseudonym of that scope", "proof", world.pseudonym("vote"));
    let of = "a token, three a scope";
    asked(of, "another scope", "proof", world.rate("seats", "2026-11", 3));
    asked(of, "another epoch", "proof", world.rate("visits", "2026-12", 3));
    asked(of, "a higher limit", "proof", world.rate("visits", "2026-11", 4));
    asked(of, "a lower limit", "proof", world.rate("visits", "2026-11", 2));
    asked(of, "a limit of one", "encoding", world.rate("visits", "2026-11", 1));
    let of = "encrypted for an inspector";
    asked(of, "another inspector", "proof", world.encrypt_to("another court", 1, "stay 17"));
    asked(of, "another digest of the inspector", "proof", world.encrypt_to("court", 2, "stay 17"));
    asked(of, "another label", "proof", world.encrypt_to("court", 1, "stay 18"));
    asked(of, "not asked", "encoding", world.card_ask("[]"));

    let of = "the same on two cards";
    again(of, "a claim of another type", "mismatch", &|fields| fields.ask = world.same_as(SAME_AS_OF_OTHER_TYPE));
    again(of, "not the same", "encoding", &|fields| fields.ask = world.same_as("[]"));
    again(of, "another claim", "proof", &|fields| fields.ask = world.same_as(&SAME_AS.replace("born", "renewed")));
    for of in ["pseudonym", "a token, three a scope"] {
        again(of, "another origin", "proof", &|fields| {
            fields.verifier.origin = "https://bar.example".parse().unwrap();
        });
        again(of, "another verifier", "proof", &|fields| fields.verifier.key.0[0] ^= 1);
    }
    let of = "a document";
    again(of, "another text", "proof", &|fields| fields.document = document("Lease", "The rent is 600."));
    again(of, "another title", "proof", &|fields| fields.document = document("Loan", "The rent is 500."));
    again(of, "no document", "proof", &|fields| fields.document = None);

    // The authority exchanged signatures, and the holder did not check: the linear equations hold.
    let (set, list) = (Arc::clone(&world.set), Arc::clone(&world.list));
    for (of, published) in [
        ("in a published set", (Arc::new(world.careless_set()), list)),
        ("not on a list", (set, Arc::new(world.careless_list()))),
    ] {
        let (_, presentation) = world.present(&find(of).request, "careless answer", published);
        let name = format!("{of}: the signature of another element");
        refusals.push(Refusal { name, of, reason: "pairing", trusted: None, request: None, presentation });
    }
    refusals
}
