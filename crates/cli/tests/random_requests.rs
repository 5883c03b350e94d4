//! Wallet and verifier on random requests: what the holder's cards satisfy is answered and accepted, everything else is refused.
//!
//! Whether a request can be satisfied is decided a second time here, on plain values: days as numbers like 20261123, ages by subtraction.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use milchglas_credential::claim::{Claims, Literal};
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, Handle, HeldWitness, HolderSecret, Holdings};
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{InvitationNonce, IssuerKeyId};
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::inspector::Inspector;
use milchglas_credential::issuance::{Answer, Application, Invitation, Issued, SignedInvitation};
use milchglas_credential::parameters::SetSecretKey;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Ask, CredentialAsk, SigningKey};
use milchglas_credential::revocation::{Epoch, EpochFile};
use milchglas_credential::schema::Schema;
use milchglas_credential::set::{Published, PublishedSet, SetContent};
use milchglas_inspector::deal;
use milchglas_sealed::{Passphrase, Work};
use milchglas_tests::{TestIssuer, holder, only_selection, request, today};
use milchglas_verifier::{MemoryStore, Template, Verdict, Verifier};
use milchglas_wallet::{Choice, EpochSource, Error, LogOutcome, Refusal, Wallet};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::TestRunner;
use rand_core::OsRng;
use serde_json::{Value, json};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// The day of the requests, and the month.
const TODAY: u32 = 20261123;
const THIS_MONTH: u32 = 202611;

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

/// Two kinds of cards with the same claims.
const KINDS: [&str; 2] = ["person", "member"];

fn schema(kind: &str) -> Schema {
    let schema = json!({"milchglas": "schema/1", "id": kind, "title": kind, "claims": [
        {"name": "born", "title": "date of birth", "type": "date"},
        {"name": "level", "title": "level", "type": "integer", "bits": 8, "signed": true},
        {"name": "points", "title": "points", "type": "integer", "bits": 16, "optional": true},
        {"name": "nick", "title": "nickname", "type": "text", "optional": true},
        {"name": "country", "title": "country", "type": "code", "codes": ["AT", "CH", "DE", "LI"]},
        {"name": "from", "title": "valid from", "type": "month"},
        {"name": "until", "title": "valid until", "type": "month"}],
        "validity": {"from": "from", "until": "until"}});
    Schema::from_json(&schema.to_string()).unwrap()
}

/// What stands on a card.
#[derive(Clone, Copy, Debug)]
struct Plain {
    born: u32,
    level: i64,
    points: Option<u32>,
    nick: Option<&'static str>,
    country: &'static str,
    until: u32,
}

/// The holder's two cards: the first is good, the second of somebody who is 16 today, without points and no longer valid. The level is the same.
const HELD: [Plain; 2] = [
    Plain { born: 19900131, level: -1, points: Some(300), nick: Some("E"), country: "CH", until: 203312 },
    Plain { born: 20101123, level: -1, points: None, nick: None, country: "DE", until: 202610 },
];

/// Cards that a holder may wish to have.
const WISHED: [Plain; 4] = [
    Plain { born: 20081123, level: 2, points: Some(301), nick: Some("F"), country: "LI", until: 202611 },
    Plain { born: 19500505, level: -1, points: Some(0), nick: Some("G"), country: "AT", until: 204001 },
    Plain { born: 20120229, level: 0, points: Some(65_535), nick: Some("E"), country: "CH", until: 203001 },
    Plain { born: 19900201, level: 100, points: Some(299), nick: Some("H"), country: "DE", until: 202701 },
];

/// A set of countries that an authority published.
static COUNTRIES: LazyLock<Arc<PublishedSet>> = LazyLock::new(|| {
    let schema = schema(KINDS[0]);
    let claim_type = schema.claim(schema.index_of("country").unwrap()).unwrap().claim_type.clone();
    let values = ["CH", "LI"].map(|code| claim_type.read(&Literal::Text(code.to_owned())).unwrap()).to_vec();
    let name = "countries".parse().unwrap();
    let content = SetContent { name, title: "Countries".into(), sequence: 1, claim_type, values };
    let key = SetSecretKey::random(&mut OsRng);
    Arc::new(PublishedSet::sign(content, &key, &SigningKey::from_bytes(&[8; 32])).unwrap())
});

/// Who could read a card's handle, with two others.
static COURT: LazyLock<Inspector> = LazyLock::new(|| deal("Court", 2, 3, &mut OsRng).unwrap().0);

/// Tokens are counted anew for each request.
static PERIODS: AtomicUsize = AtomicUsize::new(0);

fn day(date: u32) -> String {
    format!("{:04}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100)
}

impl Plain {
    fn json(&self) -> String {
        let Self { born, level, points, nick, country, until } = self;
        let until = format!("{:04}-{:02}", until / 100, until % 100);
        let mut claims =
            json!({"born": day(*born), "level": level, "country": country, "from": "2020-01", "until": until});
        if let Some(points) = points {
            claims["points"] = json!(points);
        }
        if let Some(nick) = nick {
            claims["nick"] = json!(nick);
        }
        claims.to_string()
    }

    fn age(&self) -> u32 {
        (TODAY - self.born) / 10_000
    }

    fn literal(&self, claim: &str) -> Option<Literal> {
        let text = |text: &str| Literal::Text(text.to_owned());
        match claim {
            "born" => Some(text(&day(self.born))),
            "level" => Some(Literal::Integer(self.level.into())),
            "points" => self.points.map(|points| Literal::Integer(u64::from(points).into())),
            "nick" => self.nick.map(text),
            "country" => Some(text(self.country)),
            other => panic!("{other}"),
        }
    }
}

/// Something to prove.
#[derive(Clone, Debug)]
enum Asked {
    Valid,
    AgeAtLeast(u32),
    AgeUnder(u32),
    BornBy(u32),
    BornSince(u32),
    PointsAtLeast(u32),
    PointsAtMost(u32),
    PointsBetween(u32, u32),
    LevelIs(i64),
    CountryIs(&'static str),
    NickIsNot(&'static str),
    CountryIsNone([&'static str; 2]),
    CountryIsOne(Vec<&'static str>),
    CountryIsPublished,
    PointsAreOne(Vec<u32>),
    AgeUnderOrAtLeast(u32, u32),
    LevelAtMostOrAtLeast(i64, i64),
}

fn asked() -> impl Strategy<Value = Asked> {
    const COUNTRIES: [&str; 4] = ["AT", "CH", "DE", "LI"];
    let years = || select(vec![1, 15, 16, 17, 18, 26, 35, 36, 37, 60, 150]);
    let days = || select(vec![19900130, 19900131, 19900201, 20000229, 20101122, 20101123, 20101124]);
    let points = || select(vec![0, 1, 299, 300, 301, 65_534]);
    prop_oneof![
        Just(Asked::Valid),
        years().prop_map(Asked::AgeAtLeast),
        years().prop_map(Asked::AgeUnder),
        days().prop_map(Asked::BornBy),
        days().prop_map(Asked::BornSince),
        points().prop_map(Asked::PointsAtLeast),
        points().prop_map(Asked::PointsAtMost),
        (points(), 1..400u32).prop_map(|(min, width)| Asked::PointsBetween(min, (min + width).min(65_535))),
        (-2i64..4).prop_map(Asked::LevelIs),
        select(COUNTRIES.to_vec()).prop_map(Asked::CountryIs),
        select(vec!["E", "F"]).prop_map(Asked::NickIsNot),
        subsequence(COUNTRIES.to_vec(), 2).prop_map(|two| Asked::CountryIsNone([two[0], two[1]])),
        subsequence(COUNTRIES.to_vec(), 1..=3).prop_map(Asked::CountryIsOne),
        Just(Asked::CountryIsPublished),
        subsequence(vec![0, 299, 300, 65_535], 1..=3).prop_map(Asked::PointsAreOne),
        (years(), years()).prop_map(|(young, old)| Asked::AgeUnderOrAtLeast(young, old)),
        (-3i64..3, -2i64..101).prop_map(|(low, high)| Asked::LevelAtMostOrAtLeast(low, high)),
    ]
}

impl Asked {
    fn json(&self) -> Value {
        match self {
            Self::Valid => json!("valid"),
            Self::AgeAtLeast(years) => json!({"age_at_least": {"claim": "born", "years": years}}),
            Self::AgeUnder(years) => json!({"age_under": {"claim": "born", "years": years}}),
            Self::BornBy(last) => json!({"on_or_before": {"claim": "born", "date": day(*last)}}),
            Self::BornSince(first) => json!({"on_or_after": {"claim": "born", "date": day(*first)}}),
            Self::PointsAtLeast(value) => json!({"at_least": {"claim": "points", "value": value}}),
            Self::PointsAtMost(value) => json!({"at_most": {"claim": "points", "value": value}}),
            Self::PointsBetween(min, max) => json!({"between": {"claim": "points", "min": min, "max": max}}),
            Self::LevelIs(value) => json!({"equals": {"claim": "level", "value": value}}),
            Self::CountryIs(value) => json!({"equals": {"claim": "country", "value": value}}),
            Self::NickIsNot(value) => json!({"not_equals": {"claim": "nick", "value": value}}),
            Self::CountryIsNone(values) => json!({"not_in": {"claim": "country", "values": values}}),
            Self::CountryIsOne(values) => json!({"in": {"claim": "country", "values": values}}),
            Self::CountryIsPublished => json!({"in": {"claim": "country", "set": COUNTRIES.reference()}}),
            Self::PointsAreOne(values) => json!({"in": {"claim": "points", "values": values}}),
            Self::AgeUnderOrAtLeast(young, old) => {
                json!({"any_hidden": {"claim": "born", "of": [{"age_under": young}, {"age_at_least": old}]}})
            }
            Self::LevelAtMostOrAtLeast(low, high) => {
                json!({"any_hidden": {"claim": "level", "of": [{"at_most": low}, {"at_least": high}]}})
            }
        }
    }

    fn holds(&self, card: &Plain) -> bool {
        let points = |passes: &dyn Fn(u32) -> bool| card.points.is_some_and(passes);
        match self {
            Self::Valid => card.until >= THIS_MONTH,
            Self::AgeAtLeast(years) => card.age() >= *years,
            Self::AgeUnder(years) => card.age() < *years,
            Self::BornBy(last) => card.born <= *last,
            Self::BornSince(first) => card.born >= *first,
            Self::PointsAtLeast(value) => points(&|points| points >= *value),
            Self::PointsAtMost(value) => points(&|points| points <= *value),
            Self::PointsBetween(min, max) => points(&|points| *min <= points && points < *max),
            Self::LevelIs(value) => card.level == *value,
            Self::CountryIs(value) => card.country == *value,
            Self::NickIsNot(value) => card.nick.is_some_and(|nick| nick != *value),
            Self::CountryIsNone(values) => !values.contains(&card.country),
            Self::CountryIsOne(values) => values.contains(&card.country),
            Self::CountryIsPublished => ["CH", "LI"].contains(&card.country),
            Self::PointsAreOne(values) => points(&|points| values.contains(&points)),
            Self::AgeUnderOrAtLeast(young, old) => card.age() < *young || card.age() >= *old,
            Self::LevelAtMostOrAtLeast(low, high) => card.level <= *low || card.level >= *high,
        }
    }
}

/// What is asked of one card.
#[derive(Clone, Debug)]
struct Leaf {
    /// Which of the two kinds.
    kind: usize,
    disclose: Vec<&'static str>,
    prove: Vec<Asked>,
    pseudonym: bool,
    token: bool,
    /// Whether the court could find the card.
    encrypted: bool,
}

fn leaf() -> impl Strategy<Value = Leaf> {
    let disclose = subsequence(vec!["born", "level", "points", "nick", "country"], 0..=2);
    let scoped = (prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    (0usize..2, disclose, prop::collection::vec(asked(), 0..=3), scoped).prop_map(
        |(kind, mut disclose, mut prove, (pseudonym, token, encrypted))| {
            let mut seen = BTreeSet::new();
            prove.retain(|asked| seen.insert(asked.json().to_string()));
            // What is disclosed is not asked to be in a published set.
            let published = prove.iter().any(|asked| matches!(asked, Asked::CountryIsPublished));
            disclose.retain(|claim| !(published && *claim == "country"));
            Leaf { kind, disclose, prove, pseudonym, token, encrypted }
        },
    )
}

impl Leaf {
    fn holds(&self, card: &Plain) -> bool {
        self.prove.iter().all(|asked| asked.holds(card))
    }

    fn open(&self) -> bool {
        self.holds(&HELD[self.kind])
    }

    fn json(&self, number: usize) -> Value {
        let Self { kind, disclose, prove, pseudonym, token, encrypted } = self;
        let prove: Vec<Value> = prove.iter().map(Asked::json).collect();
        let mut ask = json!({"name": format!("c{number}"), "schemas": [KINDS[*kind]], "disclose": disclose, "prove": prove,
            "not_revoked": {"within": 0}});
        if *pseudonym {
            ask["pseudonym"] = json!({"scope": format!("s{number}")});
        }
        if *token {
            let period = PERIODS.fetch_add(1, Ordering::Relaxed);
            ask["rate"] = json!({"scope": format!("t{number}"), "epoch": period.to_string(), "limit": 2});
        }
        if *encrypted {
            ask["encrypt_to"] = json!({"inspector": COURT.reference(), "label": "a stay", "purpose": "a crime"});
        }
        json!({"credential": ask})
    }
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(Leaf),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    /// Two of which the second has that claim as the first.
    Same([Leaf; 2], &'static str),
}

/// At most three levels and eight leaves.
fn tree() -> impl Strategy<Value = Tree> {
    let same = ([leaf(), leaf()], select(vec!["born", "level", "points", "nick", "country"]));
    let leaves = prop_oneof![
        5 => leaf().prop_map(Tree::Leaf),
        1 => same.prop_map(|(leaves, claim)| Tree::Same(leaves, claim)),
    ];
    let tree = leaves.prop_recursive(2, 16, 3, |inner| {
        let several = prop::collection::vec(inner, 1..=3);
        (any::<bool>(), several).prop_map(|(all, trees)| if all { Tree::All(trees) } else { Tree::Any(trees) })
    });
    tree.prop_filter("at most eight leaves", |tree| tree.leaves().len() <= 8)
}

impl Tree {
    fn leaves(&self) -> Vec<&Leaf> {
        match self {
            Self::Leaf(leaf) => vec![leaf],
            Self::All(trees) | Self::Any(trees) => trees.iter().flat_map(Self::leaves).collect(),
            Self::Same(leaves, _) => leaves.iter().collect(),
        }
    }

    /// For each leaf, whether it is tied to the one before it.
    fn tied(&self) -> Vec<bool> {
        match self {
            Self::Leaf(_) => vec![false],
            Self::All(trees) | Self::Any(trees) => trees.iter().flat_map(Self::tied).collect(),
            Self::Same(..) => vec![false, true],
        }
    }

    /// The same with every leaf changed, and without ties that do not hold.
    fn map(&self, change: &dyn Fn(&Leaf) -> Leaf) -> Self {
        let each = |trees: &[Self]| trees.iter().map(|tree| tree.map(change)).collect();
        match self {
            Self::Leaf(leaf) => Self::Leaf(change(leaf)),
            Self::All(trees) => Self::All(each(trees)),
            Self::Any(trees) => Self::Any(each(trees)),
            Self::Same(leaves, claim) if same(leaves, claim) => Self::Same(leaves.each_ref().map(change), claim),
            Self::Same(leaves, _) => Self::All(leaves.iter().map(change).map(Self::Leaf).collect()),
        }
    }

    /// Leaves are named by their number from the left, beginning with `next`.
    fn json(&self, next: &mut usize) -> Value {
        let mut each = |trees: &[Self]| trees.iter().map(|tree| tree.json(next)).collect::<Vec<_>>();
        match self {
            Self::All(trees) => json!({"all": each(trees)}),
            Self::Any(trees) => json!({"any": each(trees)}),
            Self::Leaf(leaf) => {
                *next += 1;
                leaf.json(*next - 1)
            }
            Self::Same([one, other], claim) => {
                let first = *next;
                *next += 2;
                let mut tied = other.json(first + 1);
                let prove = tied["credential"]["prove"].as_array_mut().unwrap();
                prove.push(json!({"same_as": {"claim": claim, "credential": format!("c{first}"), "other": claim}}));
                json!({"all": [one.json(first), tied]})
            }
        }
    }

    /// The sets of leaves that suffice and hold, by their numbers.
    fn open_ways(&self, next: &mut usize) -> BTreeSet<Vec<usize>> {
        match self {
            Self::Leaf(leaf) => {
                *next += 1;
                leaf.open().then(|| vec![*next - 1]).into_iter().collect()
            }
            Self::Any(trees) => trees.iter().flat_map(|tree| tree.open_ways(next)).collect(),
            Self::All(trees) => trees.iter().fold(BTreeSet::from([Vec::new()]), |before, tree| {
                let more = tree.open_ways(next);
                before.iter().flat_map(|way| more.iter().map(|rest| [&way[..], &rest[..]].concat())).collect()
            }),
            Self::Same(leaves, claim) => {
                let first = *next;
                *next += 2;
                let open = leaves.iter().all(Leaf::open) && same(leaves, claim);
                open.then(|| vec![first, first + 1]).into_iter().collect()
            }
        }
    }
}

/// Whether the cards of both leaves have that claim, and the same.
fn same(leaves: &[Leaf; 2], claim: &str) -> bool {
    let [one, other] = leaves.each_ref().map(|leaf| HELD[leaf.kind].literal(claim));
    one.is_some() && one == other
}

/// The issuer's log, of one epoch.
struct Log(EpochFile);

impl EpochSource for Log {
    fn head(&mut self, _: &IssuerKeyId) -> io::Result<Option<Vec<u8>>> {
        Ok(Some(self.0.head().to_bytes()))
    }

    fn epochs(&mut self, _: &IssuerKeyId, power: u8, last: Epoch) -> io::Result<Option<Vec<u8>>> {
        Ok((power == 0 && last == Epoch(0)).then(|| self.0.to_bytes()))
    }
}

/// A wallet with both cards, a verifier, and a holder without a wallet who has the same cards and wishes for others.
struct Scene {
    _dir: TempDir,
    wallet: RefCell<Wallet>,
    verifier: Verifier<MemoryStore>,
    issuer: TestIssuer,
    schemas: [Schema; 2],
    k: HolderSecret,
    held: [Credential; 2],
    /// For each kind.
    wished: [Vec<Credential>; 2],
}

impl Scene {
    fn new() -> Self {
        let schemas = KINDS.map(schema);
        let issuer = TestIssuer::new("random requests", schemas.to_vec()).unwrap();
        let dir = TempDir::new().unwrap();
        let passphrase = Passphrase::new(&Zeroizing::new("p".to_owned())).unwrap();
        let work = Work::with_log_n(1).unwrap();
        let (mut wallet, _) = Wallet::init(dir.path().join("wallet"), &passphrase, work, &mut OsRng).unwrap();
        wallet.add_issuer(&issuer.parameters.to_json().unwrap(), None, &mut OsRng).unwrap();
        wallet.add_set(&COUNTRIES.to_json().unwrap(), None, &mut OsRng).unwrap();
        wallet.add_inspector(&COURT.to_json().unwrap(), None).unwrap();
        let first = issuer.first_epoch().unwrap();
        for (place, (schema, plain)) in (0..).zip(schemas.iter().zip(&HELD)) {
            take(&mut wallet, &issuer, schema, InvitationNonce([place; 16]), &first, &plain.json());
        }
        let verifier = Verifier::new(
            "Café Glas",
            "https://cafe.example".parse().unwrap(),
            SigningKey::from_bytes(&[7; 32]),
            [issuer.parameters.clone()],
            MemoryStore::new(),
        );
        let verifier = verifier.unwrap();
        verifier.learn_epoch(&first.head().to_bytes()).unwrap();
        let report = wallet.sync(&mut Log(first), &mut |_| {}, &mut OsRng).unwrap();
        assert!(report.logs.iter().all(|log| log.outcome == LogOutcome::Current));

        let k = holder("erika").unwrap();
        let issue = |schema: &Schema, plain: &Plain| {
            let claims = Claims::from_json(schema, &plain.json()).unwrap();
            issuer.issue(schema, &k, claims, &mut OsRng).unwrap()
        };
        let held = [issue(&schemas[0], &HELD[0]), issue(&schemas[1], &HELD[1])];
        let wished = schemas.each_ref().map(|schema| WISHED.iter().map(|plain| issue(schema, plain)).collect());
        Self { _dir: dir, wallet: RefCell::new(wallet), verifier, issuer, schemas, k, held, wished }
    }

    /// Asks and answers; whether that could be done is compared with the tree.
    fn ask(&self, tree: &Tree) {
        let template = json!({"milchglas": "template/1", "purpose": "A test", "ask": tree.json(&mut 0)});
        let template = Template::from_json(&template.to_string()).unwrap();
        let asked = self.verifier.request(&template, now(), &mut OsRng).unwrap();
        let open = tree.open_ways(&mut 0);
        let mut wallet = self.wallet.borrow_mut();
        let reviewed = wallet.review(asked.bytes(), now(), &mut OsRng);
        if open.is_empty() {
            assert!(matches!(reviewed, Err(Error::Refused(Refusal::NotSatisfiable(_)))), "{tree:?}");
        } else {
            let consent = reviewed.unwrap_or_else(|error| panic!("{error}: {tree:?}"));
            let ways: BTreeSet<Vec<usize>> = consent.choices().iter().map(way).collect();
            assert_eq!(ways, open, "{tree:?}");
            let shown = way(&consent.choices()[0]);
            let proved: Vec<String> =
                consent.choices()[0].credentials().iter().flat_map(|card| card.proved.clone()).collect();
            let answer = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
            let verdict = self.verifier.check(&answer, now(), &mut OsRng).unwrap();
            assert!(verdict.proved().eq(proved.iter().map(String::as_str)), "what was consented to, {tree:?}");
            check_verdict(&verdict, tree, &shown);
        }
        for (leaf, ask) in tree.leaves().into_iter().zip(asked.request().ask().credentials()) {
            if !leaf.open() {
                self.force(leaf, ask);
            }
        }
    }

    /// Past the wallet: an honest prover refuses, and the card with the claims that it would take is none.
    fn force(&self, leaf: &Leaf, ask: &CredentialAsk) {
        // Alone, and without what can not fail.
        let mut ask = CredentialAsk { rate: None, encrypt_to: None, ..ask.clone() };
        ask.prove.retain(|predicate| !matches!(predicate, Predicate::SameAs { .. }));
        let request = request("forced", today(), Ask::Credential(ask.clone())).unwrap();
        let prove = |card: &Credential| {
            let plan = compile(&request, only_selection(1), &[&self.issuer.parameters]).unwrap();
            let witness = self.issuer.witness_asked(&ask, card).unwrap().unwrap();
            let (cards, witnesses) = ([card], [HeldWitness { credential: 0, witness: &witness }]);
            let known = [(*COUNTRIES).clone()];
            let published = Published { sets: &known, ..Published::default() };
            let holdings = Holdings::new(&self.k, &cards).with_witnesses(&witnesses).with_sets(published);
            Presentation::create(&plan, &holdings, b"", &mut OsRng)
        };
        let honest = &self.held[leaf.kind];
        // Of a disclosed claim everybody sees that it does not hold; that makes no proof at all.
        let refusal = prove(honest).unwrap_err();
        assert!(matches!(refusal, CredentialError::Unsatisfied | CredentialError::Invalid), "{refusal}: {leaf:?}");
        let Some(place) = WISHED.iter().position(|plain| leaf.holds(plain)) else { return };
        let wished = &self.wished[leaf.kind][place];
        let verify = |card: &Credential| prove(card).unwrap().verify(&request, &[&self.issuer.parameters], &mut OsRng);
        // Who has such a card passes; the honest card with those claims written into it does not.
        assert!(verify(wished).is_ok(), "{leaf:?}");
        let forged = forged(honest, wished, &self.schemas[leaf.kind]);
        assert_eq!(verify(&forged).err(), Some(CredentialError::Invalid), "{leaf:?}");
    }
}

fn take(
    wallet: &mut Wallet,
    issuer: &TestIssuer,
    schema: &Schema,
    nonce: InvitationNonce,
    epoch: &EpochFile,
    claims: &str,
) {
    let parameters = &issuer.parameters;
    let invitation = Invitation {
        issuer: parameters.fingerprint(),
        parameters: parameters.digest(),
        schema: schema.digest(),
        nonce,
        expires: "2026-11-23T12:00:00Z".parse().unwrap(),
    };
    let invite = SignedInvitation::sign(invitation.clone(), &issuer.identity).to_bytes();
    let application = Application::from_bytes(&wallet.apply(&invite, now(), &mut OsRng).unwrap()).unwrap();
    let application = application.verify(&invitation, parameters, &mut OsRng).unwrap();
    let claims = Claims::from_json(schema, claims).unwrap();
    let handle = Handle::random(&mut OsRng);
    let credential = application.issue(&invitation, parameters, &issuer.secret, handle, claims).unwrap();
    let witness = issuer.witness(epoch, &credential).unwrap();
    let recipient: age::x25519::Recipient = application.reply_to().parse().unwrap();
    let ciphertext = age::encrypt(&recipient, &Issued { credential, witness }.to_bytes()).unwrap();
    wallet.accept(&Answer { nonce, ciphertext }.to_bytes(), now()).unwrap();
}

/// The claims of one card under the handle and the signature of another.
fn forged(honest: &Credential, wished: &Credential, schema: &Schema) -> Credential {
    let (signed, mut bytes) = (honest.to_bytes().to_vec(), wished.to_bytes().to_vec());
    let handle = wished.handle().as_bytes();
    let place = bytes.windows(handle.len()).position(|window| window == handle).unwrap();
    bytes[place..place + handle.len()].copy_from_slice(honest.handle().as_bytes());
    // The signature of 80 bytes stands last.
    let end = bytes.len() - 80;
    bytes[end..].copy_from_slice(&signed[signed.len() - 80..]);
    Credential::from_bytes(&bytes, |_, _| Some(schema)).unwrap()
}

fn number(name: &str) -> usize {
    name.strip_prefix('c').unwrap().parse().unwrap()
}

fn way(choice: &Choice) -> Vec<usize> {
    choice.credentials().iter().map(|card| number(card.name.as_str())).collect()
}

/// The verifier learns what was asked of the cards that were shown, truly, and no more.
fn check_verdict(verdict: &Verdict, tree: &Tree, shown: &[usize]) {
    let (leaves, tied) = (tree.leaves(), tree.tied());
    let numbers: Vec<usize> = verdict.credentials().iter().map(|card| number(card.name().as_str())).collect();
    assert_eq!(numbers, shown);
    for card in verdict.credentials() {
        let number = number(card.name().as_str());
        let leaf = leaves[number];
        assert_eq!(card.learned().iter().len(), leaf.disclose.len());
        for claim in &leaf.disclose {
            let learned = card.learned().get(&claim.parse().unwrap()).unwrap();
            assert!(*learned == HELD[leaf.kind].literal(claim), "{claim}");
        }
        assert_eq!(card.proved().len(), leaf.prove.len() + usize::from(tied[number]));
        assert_eq!(card.pseudonym().is_some(), leaf.pseudonym);
        assert_eq!(card.token().is_some(), leaf.token);
        assert_eq!(card.encrypted().is_some(), leaf.encrypted);
        assert_eq!(card.not_revoked(), Some(Epoch(0)));
    }
}

/// Each tree is asked as drawn, with what holds alone, and with what does not hold alone.
#[test]
fn answers_what_the_cards_satisfy_and_refuses_everything_else() {
    let scene = Scene::new();
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&tree(), |tree| {
        scene.ask(&tree);

        let satisfied = tree.map(&|leaf| {
            let prove = leaf.prove.iter().filter(|asked| asked.holds(&HELD[leaf.kind]));
            Leaf { prove: prove.cloned().collect(), ..leaf.clone() }
        });
        prop_assert!(!satisfied.open_ways(&mut 0).is_empty());
        scene.ask(&satisfied);

        let refused = tree.map(&|leaf| {
            let prove = leaf.prove.iter().filter(|asked| !asked.holds(&HELD[leaf.kind]));
            let mut prove: Vec<Asked> = prove.cloned().collect();
            if prove.is_empty() {
                prove.push(Asked::AgeAtLeast(60));
            }
            Leaf { prove, ..leaf.clone() }
        });
        prop_assert!(refused.open_ways(&mut 0).is_empty());
        scene.ask(&refused);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// Each predicate on its own where its truth turns, for both cards.
#[test]
fn answers_and_refuses_every_predicate_at_its_bounds() {
    let scene = Scene::new();
    let mut bounds = vec![Asked::Valid];
    for years in [15, 16, 17, 35, 36, 37] {
        bounds.extend([Asked::AgeAtLeast(years), Asked::AgeUnder(years)]);
        bounds.push(Asked::AgeUnderOrAtLeast(years, years + 1));
    }
    for date in [19900130, 19900131, 19900201, 20101122, 20101123, 20101124] {
        bounds.extend([Asked::BornBy(date), Asked::BornSince(date)]);
    }
    for points in [299, 300, 301] {
        bounds.extend([Asked::PointsAtLeast(points), Asked::PointsAtMost(points)]);
        bounds.extend([Asked::PointsBetween(0, points), Asked::PointsBetween(points, 65_535)]);
        bounds.push(Asked::PointsAreOne(vec![0, points]));
    }
    for level in [-2, -1, 0, 1, 2, 3] {
        bounds.extend([Asked::LevelIs(level), Asked::LevelAtMostOrAtLeast(level - 5, level)]);
        bounds.push(Asked::LevelAtMostOrAtLeast(level, level + 5));
    }
    for country in ["AT", "CH", "DE"] {
        bounds.extend([Asked::CountryIs(country), Asked::CountryIsNone([country, "LI"])]);
        bounds.push(Asked::CountryIsOne(vec!["LI", country]));
    }
    bounds.extend(["E", "F"].map(Asked::NickIsNot));
    bounds.push(Asked::CountryIsPublished);
    let mut outcomes = [0, 0];
    for asked in bounds {
        for kind in [0, 1] {
            let prove = vec![asked.clone()];
            let leaf = Leaf { kind, disclose: Vec::new(), prove, pseudonym: false, token: false, encrypted: false };
            outcomes[usize::from(leaf.open())] += 1;
            scene.ask(&Tree::Leaf(leaf));
        }
    }
    assert!(outcomes.iter().all(|count| *count > 40), "{outcomes:?}");
}
