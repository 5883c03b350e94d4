//! A plain program that joins what several parties have: equal fields, byte runs, lengths, minutes.
//!
//! What everybody has (requests, published files) joins nobody, so it is taken out first. Nothing here knows what the bytes mean.
//! Not here: who the parties are, and which joins are meant.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Value, json};

/// Bytes in a row that two parties share by chance once in 10^13.
pub(super) const RUN: usize = 8;
pub(super) type Run = [u8; RUN];

/// What one party has.
#[derive(Default)]
pub(super) struct Party {
    pub(super) name: String,
    /// Name and value.
    pub(super) fields: BTreeSet<(String, Vec<u8>)>,
    /// What it is, and its bytes.
    pub(super) bytes: Vec<(String, Vec<u8>)>,
    /// What came from people, by length.
    pub(super) lengths: BTreeSet<usize>,
    /// When people came, in minutes.
    pub(super) minutes: BTreeSet<u64>,
}

/// What everybody has.
#[derive(Default)]
pub(super) struct Public {
    pub(super) values: HashSet<Vec<u8>>,
    /// Lengths of what two persons sent.
    pub(super) lengths: HashSet<usize>,
    runs: HashSet<Run>,
}

/// What joins two parties.
pub(super) struct Join {
    pub(super) left: String,
    pub(super) right: String,
    pub(super) by: BTreeSet<String>,
}

impl Public {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.runs.extend(runs(bytes));
    }
}

impl Party {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Every leaf of an object, under its last name.
    pub(super) fn put_fields(&mut self, value: &Value, public: &Public) {
        for (name, leaf) in leaves("", value) {
            if !public.values.contains(leaf.as_bytes()) {
                if let Ok(decoded) = hex::decode(&leaf) {
                    self.bytes.push((name.clone(), decoded));
                }
                self.fields.insert((name, leaf.into_bytes()));
            }
        }
    }
}

/// All that joins any two parties, where `meet` says that the two are to be compared.
pub(super) fn joins(parties: &[Party], public: &Public, meet: impl Fn(&Party, &Party) -> bool) -> Vec<Join> {
    let kept: Vec<BTreeMap<Run, &String>> = parties
        .iter()
        .map(|party| {
            let each = party.bytes.iter().flat_map(|(name, bytes)| runs(bytes).map(move |run| (run, name)));
            each.filter(|(run, _)| !public.runs.contains(run)).collect()
        })
        .collect();
    let mut found = Vec::new();
    for (place, (left, left_runs)) in parties.iter().zip(&kept).enumerate() {
        for (right, right_runs) in parties.iter().zip(&kept).skip(place + 1) {
            if !meet(left, right) {
                continue;
            }
            let mut by = BTreeSet::new();
            for (name, value) in &left.fields {
                for (other, _) in right.fields.iter().filter(|(_, other)| other == value) {
                    by.insert(if name == other { name.clone() } else { format!("{name} = {other}") });
                }
            }
            for (run, name) in left_runs {
                if let Some(other) = right_runs.get(run) {
                    by.insert(if name == other { name.to_string() } else { format!("{name} = {other}") });
                }
            }
            let lengths = left.lengths.intersection(&right.lengths).filter(|length| !public.lengths.contains(*length));
            by.extend(lengths.map(|length| format!("{length} bytes")));
            by.extend(left.minutes.intersection(&right.minutes).map(|minute| format!("minute {minute}")));
            if !by.is_empty() {
                found.push(Join { left: left.name.clone(), right: right.name.clone(), by });
            }
        }
    }
    found
}

/// The joins as JSON.
pub(super) fn to_json(joins: &[Join]) -> Value {
    joins.iter().map(|join| json!({"between": [join.left, join.right], "by": join.by})).collect()
}

/// Each text and number in an object, with the name of the field in which it stands.
pub(super) fn leaves(name: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(name, value)| leaves(name, value)).collect(),
        Value::Array(items) => items.iter().flat_map(|item| leaves(name, item)).collect(),
        Value::String(text) => vec![(name.to_owned(), text.clone())],
        Value::Number(number) => vec![(name.to_owned(), number.to_string())],
        Value::Bool(_) | Value::Null => Vec::new(),
    }
}

/// All runs of bytes.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = Run> + '_ {
    bytes.windows(RUN).filter_map(|run| run.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What joins two parties that have these.
    fn joined(left: Party, right: Party, public: &Public) -> Vec<String> {
        joins(&[left, right], public, |_, _| true).into_iter().flat_map(|join| join.by).collect()
    }

    fn with_bytes(name: &str, bytes: &[u8]) -> Party {
        Party { bytes: vec![(format!("{name}'s"), bytes.to_vec())], ..Party::new(name) }
    }

    #[test]
    fn finds_eight_bytes_wherever_they_stand_and_not_seven() {
        let public = Public::default();
        let left = b"....12345678..";
        let by = joined(with_bytes("a", left), with_bytes("b", b"12345678"), &public);
        assert_eq!(by, ["a's = b's"]);
        assert!(joined(with_bytes("a", left), with_bytes("b", b"1234567_12345_78"), &public).is_empty());
        // What everybody has joins nobody.
        let mut known = Public::default();
        known.put(left);
        assert!(joined(with_bytes("a", left), with_bytes("b", b"12345678"), &known).is_empty());
    }

    #[test]
    fn finds_equal_fields_under_other_names_lengths_and_minutes() {
        let mut public = Public { values: [b"everybody's".to_vec()].into(), ..Public::default() };
        let party = |name: &str, fields: Value, public: &Public| {
            let mut party = Party::new(name);
            party.put_fields(&fields, public);
            party
        };
        let one = || party("a", json!({"card": {"surname": "Glas"}, "purpose": "everybody's"}), &public);
        let other = party("b", json!({"guest": ["Glas"], "purpose": "everybody's"}), &public);
        assert_eq!(joined(one(), other, &public), ["surname = guest"]);
        let far = party("c", json!({"guest": "glas"}), &public);
        assert!(joined(one(), far, &public).is_empty());

        let sent = |name: &str| Party { lengths: [1057].into(), minutes: [29_000_000].into(), ..Party::new(name) };
        assert_eq!(joined(sent("a"), sent("b"), &public), ["1057 bytes", "minute 29000000"]);
        public.lengths.insert(1057);
        assert_eq!(joined(sent("a"), sent("b"), &public), ["minute 29000000"]);
        assert!(joins(&[sent("a"), sent("b")], &public, |_, _| false).is_empty());
    }
}
