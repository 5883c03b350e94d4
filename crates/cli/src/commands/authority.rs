//! `milchglas authority …`

use std::path::Path;

use milchglas_credential::claim::{ClaimType, Literal, Value};
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::list::MAX_ENTRIES;
use milchglas_credential::set::{MAX_SET_JSON, SetContent};
use milchglas_issuer::Authority;
use rand_core::OsRng;
use serde_json::json;

use super::issuer::failure;
use super::{Context, schema, work};
use crate::args::{self, AuthorityAt};
use crate::failure::{Failure, Result};
use crate::output::{Delivery, Readers, Report};
use crate::{input, passphrase};

/// Most bytes of an entry in decimal digits with the ends of its line.
const MAX_ENTRY: usize = 22;

/// Runs one authority command.
pub(crate) fn run(command: args::Authority, context: Context) -> Result<Report> {
    match command {
        args::Authority::Init { dir, lock } => {
            let passphrase = passphrase::new(lock.unlock.passphrase_file.as_deref(), "authority's keys")?;
            let made = Authority::init(&dir, &passphrase, work(lock.work)?, &mut OsRng);
            let authority = made.map_err(|error| failure(error).about(dir.display()))?;
            let fingerprint = authority.fingerprint();
            let text = format!(
                "An authority's keys are in {}.\n  fingerprint  {fingerprint}\nNext: milchglas authority set, or list",
                dir.display()
            );
            Ok(Report::new(text, json!({"fingerprint": fingerprint})))
        }
        args::Authority::Set { values, name, title, sequence, schema: path, claim, to, at } => {
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Everyone)?;
            let schema = schema(&path)?;
            let index = schema.index_of(claim.as_str());
            let claim = index.and_then(|index| schema.claim(index));
            let claim = claim.ok_or_else(|| Failure::usage("the schema has no claim of that name"))?;
            let text = plain(&values, MAX_SET_JSON)?;
            let read = text.lines().map(|line| value(&claim.claim_type, line));
            let read = read.map(|value| value.map_err(|error| Failure::from(error).about(values.display())));
            let read = read.collect::<Result<Vec<_>>>()?;
            let claim_type = claim.claim_type.clone();
            let set = open(&at)?.sign_set(SetContent { name, title, sequence, claim_type, values: read });
            let set = set.map_err(|error| failure(error).about(values.display()))?;
            let text = format!(
                "The set “{}” has {} values.\n  digest       {}\nNext: milchglas wallet add-set",
                set.content().name,
                set.content().values.len(),
                set.digest()
            );
            let fields = json!({"digest": set.digest(), "reference": set.reference()});
            Ok(Report::new(text, fields).delivered(&delivery.write(set.to_json()?.as_bytes())?))
        }
        args::Authority::List { entries, name, epoch, to, at } => {
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Everyone)?;
            let read = read_entries(&entries)?;
            let list = open(&at)?.sign_list(name, epoch, read);
            let list = list.map_err(|error| failure(error).about(entries.display()))?;
            let text = format!(
                "The list “{}” has {} entries in epoch {epoch}.\n  digest       {}\nNext: milchglas wallet add-list",
                list.reference().name,
                list.len(),
                list.digest()
            );
            let fields = json!({"digest": list.digest(), "entries": list.len(), "reference": list.reference()});
            Ok(Report::new(text, fields).delivered(&delivery.write(list.to_bytes())?))
        }
    }
}

/// A value as a line spells it: a number where the type wants one, text otherwise.
fn value(claim_type: &ClaimType, line: &str) -> std::result::Result<Value, CredentialError> {
    let spelled = claim_type.read(&Literal::Text(line.to_owned()));
    match serde_json::from_str::<Literal>(line) {
        Ok(literal @ (Literal::Integer(_) | Literal::Boolean(_))) if spelled.is_err() => claim_type.read(&literal),
        Ok(_) | Err(_) => spelled,
    }
}

fn read_entries(path: &Path) -> Result<Vec<u64>> {
    let text = plain(path, MAX_ENTRY * MAX_ENTRIES)?;
    let wrong = |line| Failure::input(format!("line {line}: not a whole number of 64 bits")).about(path.display());
    (1..).zip(text.lines()).map(|(number, line)| line.parse().map_err(|_| wrong(number))).collect()
}

/// A text that is no object: a line of it may look like one.
fn plain(path: &Path, max: usize) -> Result<String> {
    let text = String::from_utf8(input::large(path, max)?);
    text.map_err(|_| Failure::input("not a text in UTF-8").about(path.display()))
}

fn open(at: &AuthorityAt) -> Result<Authority> {
    let passphrase = passphrase::existing(at.unlock.passphrase_file.as_deref(), "authority's keys")?;
    Authority::open(&at.dir, &passphrase).map_err(|error| failure(error).about(at.dir.display()))
}
