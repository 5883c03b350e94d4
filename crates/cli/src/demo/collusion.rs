//! Everybody against Lena: all counterparts and all offices pool what they have, and a plain program joins it.
//!
//! Each counterpart gives its folder (but the key that signs its requests), each answer and each verdict; each office its registry, what it
//! sent and got when it issued, and the claims it signed, which it need not keep. What two persons' answers share (the framing) is
//! about neither, and is left out like what is published. With a plain digital ID, each counterpart would have the
//! account and its claims: the same program joins these.
//!
//! Caution: the errands are minutes apart, so that clocks join nobody; who does two errands in one minute is joined by the clock.
//! Not here: the joining.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use milchglas_credential::date::Date;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::SignedRequest;
use milchglas_sealed::atomic_write;
use serde_json::{Value, json};

use super::joins::{Join, Party, Public, Run, joins, leaves, runs, to_json};
use super::picture::draw;
use super::stage::ensure;
use super::town::{LENA, Town, Visit};
use crate::failure::{Failure, Result};
use crate::output::Report;

/// Plays it, after the errands.
pub(super) fn play(town: &mut Town, svg: Option<&Path>) -> Result<Report> {
    let template = Town::template("cafe")?;
    town.visit("cafe", LENA, &template, 0)?;
    let public = public(town)?;
    let shops: BTreeSet<&'static str> = town.visits.iter().map(|visit| visit.shop).collect();
    let (mut parties, mut plain, mut meant) = (Vec::new(), Vec::new(), BTreeMap::new());
    for shop in &shops {
        let mut party = Party::new(shop);
        let mut told: BTreeSet<String> = BTreeSet::new();
        for visit in town.visits.iter().filter(|visit| visit.shop == *shop) {
            put_visit(&mut party, visit, &public)?;
            told.extend(
                leaves("", visit.verdict.get("learned").unwrap_or(&Value::Null)).into_iter().map(|leaf| leaf.0),
            );
        }
        put_folder(&mut party, &town.folder(shop))?;
        parties.push(party);
        plain.push(account(shop, &town.paper(LENA)));
        meant.insert((*shop).to_owned(), told);
    }
    for office in &town.offices {
        let mut party = Party::new(office.folder);
        let mut known = BTreeSet::new();
        for issuance in town.issued.iter().filter(|issuance| issuance.office == office.folder) {
            party.put_fields(&issuance.claims, &public);
            known.extend(leaves("", &issuance.claims).into_iter().map(|leaf| leaf.0));
            let sent = &issuance.sent;
            for (name, bytes) in
                [("invitation", &sent.invitation), ("application", &sent.application), ("answer", &sent.answer)]
            {
                party.lengths.insert(bytes.len());
                party.bytes.push((name.to_owned(), bytes.clone()));
            }
            party.minutes.insert(issuance.time.as_unix() / 60);
        }
        put_folder(&mut party, &town.folder(office.folder))?;
        parties.push(party);
        plain.push(account(office.folder, &town.paper(LENA)));
        meant.insert(office.folder.to_owned(), known);
    }
    // Offices know whom they gave a card; that they could find each other's is not about showing it.
    let meet = |left: &Party, right: &Party| shops.contains(left.name.as_str()) || shops.contains(right.name.as_str());
    let with_plain = joins(&plain, &Public::default(), meet);
    let with_milchglas = joins(&parties, &public, meet);
    for join in &with_milchglas {
        let told = |party: &String, by: &String| meant.get(party).is_some_and(|told| told.contains(by));
        let other = join.by.iter().find(|by| !(told(&join.left, by) && told(&join.right, by)));
        if let Some(other) = other {
            let what = format!("{} and {} are joined by {other}", join.left, join.right);
            return Err(Failure::refused(format!("the story did not go as designed: {what}")));
        }
    }
    let pairs = shops.len() * (shops.len() - 1) / 2 + shops.len() * town.offices.len();
    ensure(with_plain.len() == pairs, "the plain digital ID does not join everything")?;
    ensure(!with_milchglas.is_empty(), "not even what was disclosed joins: the program is blind")?;

    tell(town, &with_plain, &with_milchglas);
    if let Some(path) = svg {
        let names: Vec<String> = plain.iter().map(|party| party.name.clone()).collect();
        let picture = draw(&names, [("A plain digital ID", &with_plain), ("Milchglas", &with_milchglas)]);
        atomic_write(path, picture.as_bytes(), 0o644).map_err(|error| Failure::from(error).about(path.display()))?;
    }
    let json = json!({
        "scenario": "collusion", "accepted": true, "pairs": pairs, "plain": to_json(&with_plain),
        "milchglas": to_json(&with_milchglas),
    });
    Ok(Report::new(std::mem::take(&mut town.story).into_text(), json))
}

fn tell(town: &mut Town, plain: &[Join], milchglas: &[Join]) {
    town.story.chapter("COLLUSION. Everybody pools what they have, and a program joins it.");
    town.story.say(&format!("{:<24}{:<26}{}", "", "a plain digital ID", "Milchglas"));
    for join in plain {
        let found = milchglas.iter().find(|other| (&other.left, &other.right) == (&join.left, &join.right));
        let by = found.map_or_else(|| "–".to_owned(), |join| join.by.iter().cloned().collect::<Vec<_>>().join(", "));
        let pair = format!("{} – {}", join.left, join.right);
        let account = format!("the account, {} claims", join.by.len() - usize::from(join.by.contains("account")));
        town.story.say(&format!("{pair:<24}{account:<26}{by}"));
    }
    town.story.say("What joins with Milchglas was disclosed to both on purpose. Nothing else does.");
}

/// A counterpart's log where one account is shown everywhere.
fn account(name: &str, paper: &Value) -> Party {
    let mut party = Party::new(name);
    party.put_fields(paper, &Public::default());
    party.put_fields(
        &json!({"account": format!("glas:{}", paper.get("id_number").unwrap_or(&Value::Null))}),
        &Public::default(),
    );
    // Hexadecimal values are fields here, not bytes.
    party.bytes.clear();
    party
}

/// What everybody has: published files, requests, and what follows from them.
fn public(town: &Town) -> Result<Public> {
    let mut public = Public::default();
    public.put(town.list.as_bytes());
    for file in town.published_epochs()? {
        public.put(&file);
    }
    let mut parameters = Vec::new();
    for office in &town.offices {
        public.put(office.json.as_bytes());
        let read = Parameters::from_json(&office.json)?;
        public.values.insert(read.content().name.clone().into_bytes());
        for schema in &read.content().schemas {
            public.put(schema.to_json()?.as_bytes());
        }
        parameters.push(read);
    }
    for asked in &town.asked {
        public.put(asked);
        let signed = SignedRequest::verify(asked)?;
        let request = signed.request();
        let written: Value =
            serde_json::from_str(&request.to_json()?).map_err(milchglas_credential::error::Error::from)?;
        public.values.extend(leaves("", &written).into_iter().map(|leaf| leaf.1.into_bytes()));
        for ask in request.ask().credentials() {
            public.values.extend(ask.encrypt_to.iter().map(|ask| ask.sentence().into_bytes()));
            for accepted in &ask.schemas {
                let schema = parameters.iter().find_map(|parameters| parameters.schema(&accepted.digest));
                for (predicate, schema) in
                    ask.prove.iter().flat_map(|predicate| schema.map(|schema| (predicate, schema)))
                {
                    let sentence = predicate.sentence(schema, request.fields().as_of)?;
                    public.values.insert(sentence.into_bytes());
                }
            }
        }
    }
    put_shared(town, &mut public);
    Ok(public)
}

/// What answers of two persons share, their framing say, is about neither.
fn put_shared(town: &Town, public: &mut Public) {
    let mut seen: BTreeMap<Run, &str> = BTreeMap::new();
    let mut lengths: BTreeMap<usize, &str> = BTreeMap::new();
    for visit in &town.visits {
        if *lengths.entry(visit.presentation.len()).or_insert(visit.who) != visit.who {
            public.lengths.insert(visit.presentation.len());
        }
        for run in runs(&visit.presentation) {
            if *seen.entry(run).or_insert(visit.who) != visit.who {
                public.put(&run);
            }
        }
    }
}

/// An answer and its verdict. What was disclosed is cut out of the answer: it stands in the verdict, as a field.
fn put_visit(party: &mut Party, visit: &Visit, public: &Public) -> Result<()> {
    let mut verdict = visit.verdict.clone();
    if let Some(verdict) = verdict.as_object_mut() {
        // It is compared in minutes.
        verdict.remove("time");
    }
    let told = leaves("", verdict.get("learned").unwrap_or(&Value::Null));
    let decoded: Vec<Vec<u8>> = told.iter().filter_map(|leaf| hex::decode(&leaf.1).ok()).collect();
    party.put_fields(&verdict, public);
    // A portrait's digest stands in the verdict as text and in the answer as bytes: it joins as the field that it is.
    party.bytes.retain(|(_, bytes)| !decoded.contains(bytes));
    let presentation = Presentation::from_bytes(&visit.presentation)?;
    let proof = presentation.proof().to_vec();
    let head = visit.presentation.get(..visit.presentation.len() - proof.len()).unwrap_or_default();
    // A date stands in the answer as its number.
    let dates =
        told.iter().filter_map(|leaf| leaf.1.parse::<Date>().ok()).map(|date| date.days().0.to_be_bytes().to_vec());
    // The nonce is the request's: beside the framing, one byte of it makes a run that two answers share by chance.
    let nonce = presentation.nonce().as_bytes().to_vec();
    let decoded: Vec<Vec<u8>> = decoded.into_iter().chain(dates).chain([nonce]).collect();
    let mut pieces = vec![head.to_vec()];
    for value in told.iter().map(|leaf| leaf.1.clone().into_bytes()).chain(decoded).filter(|value| value.len() > 1) {
        pieces = pieces.iter().flat_map(|piece| without(piece, &value)).collect();
    }
    party.bytes.extend(pieces.into_iter().map(|piece| ("answer's head".to_owned(), piece)));
    party.bytes.push(("proof".to_owned(), proof));
    party.lengths.insert(visit.presentation.len());
    party.minutes.insert(visit.time.as_unix() / 60);
    Ok(())
}

/// What stands before and after a value.
fn without(piece: &[u8], value: &[u8]) -> Vec<Vec<u8>> {
    match piece.windows(value.len()).position(|window| window == value) {
        Some(start) => {
            [piece.get(..start), piece.get(start + value.len()..)].into_iter().flatten().map(<[u8]>::to_vec).collect()
        }
        None => vec![piece.to_vec()],
    }
}

/// Every file in a party's folder but its sealed keys and what it publishes, and every file's name.
fn put_folder(party: &mut Party, folder: &Path) -> Result<()> {
    let failed = |error| Failure::storage(format!("a party's folder can not be read: {error}"));
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if matches!(
            name.as_str(),
            "key" | "keys" | "identity.json" | "parameters.json" | "parameters" | "schemas" | "trusted" | "epochs"
        ) {
            continue;
        }
        if path.is_dir() {
            put_folder(party, &path)?;
        } else {
            party.bytes.push((format!("file {name}"), fs::read(&path).map_err(failed)?));
        }
        if let Ok(decoded) = hex::decode(&name) {
            party.bytes.push(("file name".to_owned(), decoded));
        }
    }
    Ok(())
}
