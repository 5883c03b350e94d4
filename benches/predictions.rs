//! What the cost model predicts for everything that the suites measure of presentations and issuing.

use crate::cost_model::{Presentation, Statement, Tables, Work, checking_an_application, signing};

/// What is predicted, with the measurement that it is compared with.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// In words.
    pub name: String,
    /// What measures it.
    pub id: String,
    /// How many of it one iteration does.
    pub iteration: usize,
    /// One of them.
    pub work: Work,
    /// For verifying: the floor.
    pub floor: Option<Work>,
}

/// All predictions.
#[must_use]
pub fn predictions() -> Vec<Prediction> {
    let added = |statements: &[Statement]| Presentation::of(7, 0, statements);
    let (adult, cafe) = (Presentation::adult(10, 3), Presentation::cafe(10, 3));
    let mut all = Vec::new();
    let mut prove = |name: String, id: String, presentation: &Presentation, tables| {
        all.push(Prediction { name, id, iteration: 1, work: presentation.prove(tables), floor: None });
    };
    prove("adult, proved".into(), "adult_prove/milchglas".into(), &adult, Tables::Warm);
    prove("adult, proved for the first time".into(), "adult_prove/milchglas_cold".into(), &adult, Tables::Cold);
    prove("café, proved".into(), "cafe_prove/milchglas".into(), &cafe, Tables::Warm);
    for n in MESSAGES {
        let bare = Presentation { envelope: 128, ..Presentation::adult(n, 0) };
        prove(format!("{n} messages, proved"), format!("scale_messages/{n}"), &bare, Tables::Warm);
    }
    for n in HIDDEN {
        let presentation = Presentation::adult(CARD, CARD - n);
        prove(format!("{n} of {CARD} hidden, proved"), format!("scale_hidden/{n}"), &presentation, Tables::Warm);
    }
    for n in PREDICATES {
        prove(format!("16-bit ranges: {n}, proved"), format!("scale_predicates/{n}"), &ranges(n), Tables::Warm);
    }

    for (says, id, statements) in ADDED {
        prove(format!("{says}, proved"), format!("added_prove/{id}"), &added(statements), Tables::Warm);
    }

    let mut check = |name: String, id: String, presentation: &Presentation, batch| {
        let work = presentation.check(batch).each(batch);
        all.push(Prediction { name, id, iteration: batch, work, floor: Some(presentation.floor()) });
    };
    check("adult, verified".into(), "adult_verify/milchglas".into(), &adult, 1);
    check("adult, 1,000 verified, each".into(), "adult_verify/milchglas_batch_1000".into(), &adult, 1000);
    check("café, verified".into(), "cafe_verify/milchglas".into(), &cafe, 1);
    for n in MESSAGES {
        let bare = Presentation { envelope: 128, ..Presentation::adult(n, 0) };
        check(format!("{n} messages, verified"), format!("scale_messages_verify/{n}"), &bare, 1);
    }
    for n in HIDDEN {
        let presentation = Presentation::adult(CARD, CARD - n);
        check(format!("{n} of {CARD} hidden, verified"), format!("scale_hidden_verify/{n}"), &presentation, 1);
    }
    for n in PREDICATES {
        check(format!("16-bit ranges: {n}, verified"), format!("scale_predicates_verify/{n}"), &ranges(n), 1);
    }
    for n in BATCHES {
        check(format!("batch of {n}, each"), format!("scale_batch/{n}"), &Presentation::adult(10, 0), n);
    }
    for (says, id, statements) in ADDED {
        check(format!("{says}, verified"), format!("added_verify/{id}"), &added(statements), 1);
    }
    let mut issue = |name: &str, function: &str, work| {
        let id = format!("issue_bulk/{function}");
        all.push(Prediction { name: name.into(), id, iteration: 100, work, floor: None });
    };
    issue("a card of 13 messages, signed", "milchglas", signing(5, 6));
    issue("an application, checked", "milchglas_check_applications", checking_an_application());
    all
}

fn ranges(n: usize) -> Presentation {
    Presentation::of(10, 0, &vec![Statement::Range { sides: 1, digits: 2 }; n])
}

/// One card of 7 messages that shows none of them, and what is proved about it: as in `additions`, which has the ids.
const ADDED: [(&str, &str, &[Statement]); 13] = [
    ("a card alone", "signature", &[]),
    ("not equal to a value", "not_equals", &[Statement::NotIn { values: 1 }]),
    ("none of two values", "not_in_2", &[Statement::NotIn { values: 2 }]),
    ("in a published set", "in_published", &[Statement::Member]),
    ("range of 16 bits", "range_16", &[Statement::Range { sides: 1, digits: 2 }]),
    ("range of 64 bits", "range_64", &[Statement::Range { sides: 1, digits: 8 }]),
    ("two-sided range of 64 bits", "range_64_both", &[Statement::Range { sides: 2, digits: 8 }]),
    ("one of two ranges", "any_hidden", &[Statement::EitherRange { sides: 1, digits: 2 }]),
    ("not on a list", "not_listed", &[Statement::Gap]),
    ("pseudonym", "pseudonym", &[Statement::Pseudonym]),
    ("one of three tokens", "rate_3", &[Statement::Rate { limit: 3 }]),
    ("encrypted for an inspector", "encryption", &[Statement::Encryption]),
    ("not revoked", "not_revoked", &[Statement::NonRevocation]),
];

/// How many messages are signed in `scale_messages`.
pub const MESSAGES: [usize; 4] = [4, 10, 30, 100];
/// How many messages the card in `scale_hidden` has.
pub const CARD: usize = 34;
/// How many of them stay hidden.
pub const HIDDEN: [usize; 4] = [3, 10, 20, CARD];
/// How many predicates there are in `scale_predicates`.
pub const PREDICATES: [usize; 4] = [1, 2, 4, 8];
/// How many presentations are checked together in `scale_batch`.
pub const BATCHES: [usize; 5] = [1, 8, 64, 512, 4096];
