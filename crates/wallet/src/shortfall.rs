//! Why a credential does not satisfy a predicate, in words that help its holder.
//!
//! One sentence for each predicate and each way to miss it. They name the holder's own values, so they are for the holder only.
//! Not here: whether a predicate holds (the credential crate decides that).

use std::cmp::Ordering;

use milchglas_credential::claim::{ClaimType, Claims, Literal, Value};
use milchglas_credential::date::{Date, Days};
use milchglas_credential::error::Error;
use milchglas_credential::number::Number;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::schema::Schema;
use milchglas_credential::set::{Published, SetRef};
use milchglas_credential::text::quoted;
use zeroize::Zeroizing;

/// The assurance of a card whose holder was checked from afar.
const LIGHT: i128 = 1;
/// The assurance of a card whose holder was checked at a counter.
const FULL: u8 = 2;

/// What stands between these claims and the predicate; nothing if it holds.
///
/// # Errors
/// [`Error::Unfit`] if the predicate does not fit the schema.
pub(crate) fn shortfall(
    predicate: &Predicate,
    schema: &Schema,
    claims: &Claims,
    as_of: Date,
    published: &Published<'_>,
) -> Result<Option<String>, Error> {
    let fact = predicate.resolve(schema, as_of)?;
    let missing = Error::Misuse("claims of the schema");
    let claim = schema.claim(fact.claim).ok_or(missing)?;
    let value = claims.get(fact.claim).ok_or(missing)?;
    if fact.holds(&claim.claim_type, value, published)? {
        return Ok(None);
    }
    let (card, title) = (schema.title(), claim.title.as_str());
    if *value == Value::Absent {
        return Ok(Some(format!("Your {card} has no {title}.")));
    }
    let full = Value::Integer(Number::from(FULL));
    if schema.assurance() == Some(fact.claim)
        && value.number() == Some(LIGHT)
        && fact.holds(&claim.claim_type, &full, published)?
    {
        return Ok(Some(format!("This needs a full {card}; yours is a light one. Upgrade it at a counter.")));
    }
    let found = spell(value, &claim.claim_type);
    let found = found.as_str();
    let out_of_reach = format!("Your {title} is {found}, further away than such a proof reaches.");
    Ok(Some(match predicate {
        Predicate::Valid => match value {
            Value::Month(until) if *until < as_of.month() => {
                format!("Your {card} was valid until {until}, and the request is about {as_of}. Have it renewed.")
            }
            Value::Month(_)
            | Value::Text(_)
            | Value::Integer(_)
            | Value::Date(_)
            | Value::Boolean(_)
            | Value::Code(_)
            | Value::Digest(_)
            | Value::Absent => out_of_reach,
        },
        Predicate::AgeAtLeast { years, .. } => match (date(value), last_birth(as_of, *years)) {
            (Some(birth), Some(last)) if birth > last => {
                let mut sentence = format!("You are not yet {years} on {as_of}: your {title} is after {last}.");
                if let Some(day) = birthday(birth, *years) {
                    sentence.push_str(&format!(" You reach {years} on {day}."));
                }
                sentence
            }
            _ => out_of_reach,
        },
        Predicate::AgeUnder { years, .. } => match (date(value), last_birth(as_of, *years)) {
            (Some(birth), Some(last)) if birth <= last => {
                let mut sentence = format!("You are already {years} on {as_of}: your {title} is on or before {last}.");
                if let Some(day) = birthday(birth, *years) {
                    sentence.push_str(&format!(" You reached {years} on {day}."));
                }
                sentence
            }
            _ => out_of_reach,
        },
        Predicate::OnOrBefore { date: bound, .. } => match beside(value, *bound) {
            Some((Ordering::Greater, bound, unit)) => {
                format!("Your {title} is {found}; the request needs {bound} or an earlier {unit}.")
            }
            _ => out_of_reach,
        },
        Predicate::OnOrAfter { date: bound, .. } => match beside(value, *bound) {
            Some((Ordering::Less, bound, unit)) => {
                format!("Your {title} is {found}; the request needs {bound} or a later {unit}.")
            }
            _ => out_of_reach,
        },
        Predicate::AtLeast { value: bound, .. } => {
            format!("Your {title} is {found}; the request needs {bound} or more.")
        }
        Predicate::AtMost { value: bound, .. } => {
            format!("Your {title} is {found}; the request needs {bound} or less.")
        }
        Predicate::Between { min, max, .. } => {
            format!("Your {title} is {found}; the request needs at least {min} and less than {max}.")
        }
        Predicate::Equals { value: wanted, .. } => {
            format!("Your {title} is {found}; the request needs {}.", wanted_value(wanted))
        }
        Predicate::NotEquals { .. } => format!("Your {title} is {found}; the request needs any other."),
        Predicate::NotIn { .. } => format!("Your {title} is {found}, one of those that the request excludes."),
        Predicate::AnyHidden { .. } => {
            format!("Your {title} is {found}; the request needs that {}.", predicate.sentence(schema, as_of)?)
        }
        Predicate::SameAs { credential, .. } => {
            format!(
                "Your {title} is {found}; the request compares it with the credential {}.",
                quoted(credential.as_str())
            )
        }
        Predicate::In { set: SetRef::Signed(_), .. } => {
            format!("Your {title} is {found}, which is not among the values that the request permits.")
        }
        Predicate::In { set: SetRef::Published(set), .. } => {
            let known = published.set(&set.digest).filter(|known| known.named() == set);
            let name = quoted(set.name.as_str());
            match known {
                None => unknown("set", &name, &set.digest),
                Some(known) if known.content().claim_type != claim.claim_type => {
                    format!("The set {name} has values of another type than your {title}.")
                }
                Some(_) => format!("Your {title} is {found}, which is not in the set {name}."),
            }
        }
        Predicate::NotInList { list, .. } => {
            let known = published.list(&list.digest).filter(|known| known.reference() == list);
            let name = quoted(list.name.as_str());
            match known {
                None => unknown("list", &name, &list.digest),
                Some(_) => format!(
                    "Your {title} is {found}, which is on the list {name}. If it is not meant for you, ask who publishes the list."
                ),
            }
        }
    }))
}

fn unknown(what: &str, name: &str, digest: &dyn std::fmt::Display) -> String {
    format!(
        "The request is about a {what} that this wallet does not have, {name} ({digest}). If it is published for everyone, add its \
         file; if it is not, it would mark you."
    )
}

/// A value that somebody else wrote, set off from what we say.
fn wanted_value(wanted: &Literal) -> String {
    match wanted {
        Literal::Text(text) => quoted(text),
        Literal::Boolean(_) | Literal::Integer(_) => literal(wanted).to_string(),
    }
}

/// A value as people read it.
pub(crate) fn spell(value: &Value, claim_type: &ClaimType) -> Zeroizing<String> {
    value.literal(claim_type).map_or_else(|| Zeroizing::new("none".to_owned()), |spelled| literal(&spelled))
}

fn literal(literal: &Literal) -> Zeroizing<String> {
    Zeroizing::new(match literal {
        Literal::Boolean(true) => "yes".to_owned(),
        Literal::Boolean(false) => "no".to_owned(),
        Literal::Integer(number) => number.to_string(),
        Literal::Text(text) => text.clone(),
    })
}

fn date(value: &Value) -> Option<Date> {
    u32::try_from(value.number()?).ok().and_then(|days| Date::from_days(Days(days)))
}

/// How a day, or a month, stands to a bound; the bound in its measure, and what that is called.
fn beside(value: &Value, bound: Date) -> Option<(Ordering, String, &'static str)> {
    if let Value::Month(month) = value {
        return Some((month.cmp(&bound.month()), bound.month().to_string(), "month"));
    }
    Some((date(value)?.cmp(&bound), bound.to_string(), "day"))
}

fn last_birth(as_of: Date, years: u16) -> Option<Date> {
    Date::latest_birth_for_age(as_of, years).and_then(Date::from_days)
}

/// The day on which somebody reaches an age: 1 March where the year has no 29 February.
fn birthday(birth: Date, years: u16) -> Option<Date> {
    let (year, month, day) = birth.ymd();
    let year = year.checked_add(years)?;
    Date::from_ymd(year, month, day).or_else(|| Date::from_ymd(year, 3, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CARD: &str = r#"{
        "milchglas": "schema/1", "id": "card", "title": "test card",
        "claims": [
            {"name": "born", "title": "date of birth", "type": "date", "optional": true},
            {"name": "balance", "title": "balance", "type": "integer", "bits": 32, "signed": true},
            {"name": "member", "title": "membership", "type": "boolean"},
            {"name": "country", "title": "country", "type": "code", "codes": ["CH", "DE"]},
            {"name": "from", "title": "valid from", "type": "month"},
            {"name": "until", "title": "valid until", "type": "month"}
        ],
        "validity": {"from": "from", "until": "until"}}"#;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// The sentence for a card; `born` empty is a card without that claim.
    fn sentence(born: &str, predicate: &str) -> Option<String> {
        let schema = Schema::from_json(CARD).unwrap();
        let born = if born.is_empty() { String::new() } else { format!(r#""born": "{born}","#) };
        let claims = format!(
            r#"{{{born} "balance": -5, "member": false, "country": "CH", "from": "2020-01", "until": "2026-10"}}"#
        );
        let claims = Claims::from_json(&schema, &claims).unwrap();
        let predicate = serde_json::from_str(predicate).unwrap();
        shortfall(&predicate, &schema, &claims, day("2026-11-23"), &Published::default()).unwrap()
    }

    #[test]
    fn says_what_is_missing_for_every_predicate() {
        for (born, predicate, expected) in [
            (
                "2008-11-24",
                r#"{"age_at_least": {"claim": "born", "years": 18}}"#,
                "You are not yet 18 on 2026-11-23: your date of birth is after 2008-11-23. You reach 18 on 2026-11-24.",
            ),
            (
                "2000-11-23",
                r#"{"age_under": {"claim": "born", "years": 26}}"#,
                "You are already 26 on 2026-11-23: your date of birth is on or before 2000-11-23. You reached 26 on \
                 2026-11-23.",
            ),
            ("", r#"{"age_at_least": {"claim": "born", "years": 18}}"#, "Your test card has no date of birth."),
            (
                "1700-01-01",
                r#"{"age_at_least": {"claim": "born", "years": 18}}"#,
                "Your date of birth is 1700-01-01, further away than such a proof reaches.",
            ),
            (
                "2000-01-02",
                r#"{"on_or_before": {"claim": "born", "date": "2000-01-01"}}"#,
                "Your date of birth is 2000-01-02; the request needs 2000-01-01 or an earlier day.",
            ),
            (
                "2000-01-01",
                r#"{"on_or_after": {"claim": "born", "date": "2000-01-02"}}"#,
                "Your date of birth is 2000-01-01; the request needs 2000-01-02 or a later day.",
            ),
            (
                "",
                r#"{"at_least": {"claim": "balance", "value": -4}}"#,
                "Your balance is -5; the request needs -4 or more.",
            ),
            (
                "",
                r#"{"at_most": {"claim": "balance", "value": -6}}"#,
                "Your balance is -5; the request needs -6 or less.",
            ),
            (
                "",
                r#"{"between": {"claim": "balance", "min": 0, "max": 10}}"#,
                "Your balance is -5; the request needs at least 0 and less than 10.",
            ),
            ("", r#"{"equals": {"claim": "country", "value": "DE"}}"#, "Your country is CH; the request needs “DE”."),
            ("", r#"{"equals": {"claim": "member", "value": true}}"#, "Your membership is no; the request needs yes."),
            (
                "",
                r#"{"not_equals": {"claim": "country", "value": "CH"}}"#,
                "Your country is CH; the request needs any other.",
            ),
            (
                "",
                r#"{"not_in": {"claim": "balance", "values": [1, -5]}}"#,
                "Your balance is -5, one of those that the request excludes.",
            ),
            ("", r#"{"not_equals": {"claim": "born", "value": "2000-01-01"}}"#, "Your test card has no date of birth."),
            (
                "1990-01-31",
                r#"{"any_hidden": {"claim": "born", "of": [{"age_under": 26}, {"age_at_least": 60}]}}"#,
                "Your date of birth is 1990-01-31; the request needs that date of birth is after 2000-11-23 (under 26 years \
                 old on 2026-11-23), or is on or before 1966-11-23 (at least 60 years old on 2026-11-23); which of the two \
                 stays hidden.",
            ),
            (
                "",
                r#"{"same_as": {"claim": "born", "credential": "pass", "other": "born"}}"#,
                "Your test card has no date of birth.",
            ),
            (
                "",
                r#""valid""#,
                "Your test card was valid until 2026-10, and the request is about 2026-11-23. Have it renewed.",
            ),
        ] {
            assert_eq!(sentence(born, predicate).as_deref(), Some(expected), "{predicate}");
        }
        for predicate in [
            r#"{"age_at_least": {"claim": "born", "years": 18}}"#,
            r#"{"on_or_before": {"claim": "born", "date": "2008-11-23"}}"#,
            r#"{"equals": {"claim": "country", "value": "CH"}}"#,
            r#"{"between": {"claim": "balance", "min": -5, "max": -4}}"#,
            r#"{"not_equals": {"claim": "country", "value": "DE"}}"#,
            r#"{"not_in": {"claim": "balance", "values": [5, -4]}}"#,
            r#"{"any_hidden": {"claim": "born", "of": [{"age_under": 26}, {"age_at_least": 60}]}}"#,
            r#"{"same_as": {"claim": "born", "credential": "pass", "other": "born"}}"#,
        ] {
            assert_eq!(sentence("2008-11-23", predicate), None, "{predicate}");
        }
    }

    #[test]
    fn moves_birthdays_of_29_february() {
        assert_eq!(birthday(day("2008-02-29"), 18), Some(day("2026-03-01")));
        assert_eq!(birthday(day("2008-02-29"), 20), Some(day("2028-02-29")));
        assert_eq!(birthday(day("9990-01-01"), 18), None);
    }

    proptest! {
        #[test]
        fn names_the_first_day_on_which_the_predicate_holds(days in 650_000u32..800_000, years in 1u16..151) {
            let birth = Date::from_days(Days(days)).unwrap();
            let day = birthday(birth, years).unwrap();
            let before = Date::from_days(Days(day.days().0 - 1)).unwrap();
            prop_assert!(birth.days() <= Date::latest_birth_for_age(day, years).unwrap());
            prop_assert!(birth.days() > Date::latest_birth_for_age(before, years).unwrap());
        }
    }
}
