//! What a request can ask to have proven about a claim that stays hidden.
//!
//! A predicate names a claim; against a schema and an as-of date it becomes a [`Fact`], the closed form that prover and verifier
//! both compile. Ranges are half-open, `lo ≤ m < hi`, in the numbers of [`claim`](crate::claim).
//!
//! | predicate | on | range |
//! |---|---|---|
//! | `age_at_least` y | date | the 65,536 days that end with the last birth date that has age y |
//! | `age_under` y | date | the 65,536 days after it |
//! | `on_or_before` d | date | the 65,536 days that end with d |
//! | `on_or_after` d | date | the 65,536 days that begin with d |
//! | `valid` | validity's last month | the 256 months that begin with the as-of date's |
//! | `at_least` v | integer of n bits | v to v + 2ⁿ − 1 |
//! | `at_most` v | integer of n bits | v − 2ⁿ + 1 to v |
//! | `between` min, max | integer | min to max − 1 |
//! | `equals` v | any | exactly v |
//! | `in` s | any | the values of the [set](crate::set) s |
//! | `not_in_list` l | integer of 64 bits, unsigned | what is not on the [list](crate::list) l |
//!
//! Absence lies outside all of them.
//!
//! Caution: a window of 65,536 days is 179 years; who is older does not pass `age_at_least`.
//! Not here: how a fact is proven.

use crate::cbor::{Reader, Wire, Writer};
use crate::claim::{ClaimType, IntegerBits, Literal, MAX_TEXT, Value, to_scalar};
use crate::date::Date;
use crate::error::{DecodeError, Error};
use crate::list::ListRef;
use crate::number::Number;
use crate::schema::{Claim, ClaimIndex, Schema};
use crate::set::{Membership, Published, SetRef};
use crate::text::{ClaimName, is_readable, quoted};
use milchglas_curve::Scalar;
use serde::{Deserialize, Serialize};

/// How many days a one-sided date range spans.
const WINDOW_DAYS: i128 = 65_536;
/// How many months `valid` spans.
const WINDOW_MONTHS: i128 = 256;
/// The greatest age that can be asked about.
const MAX_YEARS: u16 = 150;

/// One thing to prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Predicate {
    /// The credential has not passed its last month of validity.
    Valid,
    /// Who is born on that date is at least so old on the as-of date.
    AgeAtLeast {
        /// A date claim.
        claim: ClaimName,
        /// Full years, 1 to 150.
        years: u16,
    },
    /// Who is born on that date is not yet so old on the as-of date.
    AgeUnder {
        /// A date claim.
        claim: ClaimName,
        /// Full years, 1 to 150.
        years: u16,
    },
    /// A day, or an earlier one.
    OnOrBefore {
        /// A date claim.
        claim: ClaimName,
        /// The last day that passes.
        date: Date,
    },
    /// A day, or a later one.
    OnOrAfter {
        /// A date claim.
        claim: ClaimName,
        /// The first day that passes.
        date: Date,
    },
    /// A number, or a greater one.
    AtLeast {
        /// An integer claim.
        claim: ClaimName,
        /// The least number that passes.
        value: Number,
    },
    /// A number, or a smaller one.
    AtMost {
        /// An integer claim.
        claim: ClaimName,
        /// The greatest number that passes.
        value: Number,
    },
    /// A number in a range.
    Between {
        /// An integer claim.
        claim: ClaimName,
        /// The least number that passes.
        min: Number,
        /// The least number above it that does not pass.
        max: Number,
    },
    /// A value.
    Equals {
        /// A claim of any type.
        claim: ClaimName,
        /// The value, as a claims file spells it.
        value: Literal,
    },
    /// One of the values of a set.
    In {
        /// A claim of the set's type.
        claim: ClaimName,
        /// The set.
        set: SetRef,
    },
    /// A number that is not on a long list.
    NotInList {
        /// An integer claim of 64 bits, unsigned.
        claim: ClaimName,
        /// The list.
        list: ListRef,
    },
}

/// A predicate, resolved: which claim, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The claim.
    pub claim: ClaimIndex,
    /// What it must be.
    pub bounds: Bounds,
}

/// What a claim's scalar must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// `lo ≤ m < hi`, with `lo < hi` and `hi − lo ≤ 2⁶⁴`.
    Range {
        /// The least number that passes; it may lie below every value of the claim.
        lo: i128,
        /// The least number above it that does not pass.
        hi: i128,
    },
    /// This scalar.
    Exactly(Scalar),
    /// An element of a set.
    Member(Membership),
    /// A number that is not on a list.
    NotListed(ListRef),
}

impl Fact {
    /// Whether a value of the claim's type passes. A value passes no published set or list that is not among `published`. Not in constant
    /// time.
    ///
    /// # Errors
    /// [`Error::Unfit`] where the value is not of that type.
    pub fn holds(&self, claim_type: &ClaimType, value: &Value, published: &Published<'_>) -> Result<bool, Error> {
        Ok(match &self.bounds {
            Bounds::Range { lo, hi } => value.number().is_some_and(|number| (*lo..*hi).contains(&number)),
            Bounds::Exactly(scalar) => to_scalar(claim_type, value)? == *scalar,
            Bounds::Member(membership) => membership.holds(claim_type, value, published)?,
            Bounds::NotListed(list) => list.holds(value, published.list(&list.digest)),
        })
    }

    /// Whether only who has the content of a published set or list can say if a value passes.
    #[must_use]
    pub fn needs_published(&self) -> bool {
        match &self.bounds {
            Bounds::Range { .. } | Bounds::Exactly(_) => false,
            Bounds::Member(membership) => membership.is_published(),
            Bounds::NotListed(_) => true,
        }
    }
}

impl Predicate {
    /// The claim that it names; none for `valid`, where the schema does.
    pub fn claim(&self) -> Option<&ClaimName> {
        match self {
            Self::Valid => None,
            Self::AgeAtLeast { claim, .. }
            | Self::AgeUnder { claim, .. }
            | Self::OnOrBefore { claim, .. }
            | Self::OnOrAfter { claim, .. }
            | Self::AtLeast { claim, .. }
            | Self::AtMost { claim, .. }
            | Self::Between { claim, .. }
            | Self::Equals { claim, .. }
            | Self::In { claim, .. }
            | Self::NotInList { claim, .. } => Some(claim),
        }
    }

    /// Checks what can be checked without a schema.
    ///
    /// # Errors
    /// [`DecodeError`]: a range is empty, an age is not 1 to 150 years, a text can not be shown.
    pub fn check(&self) -> Result<(), DecodeError> {
        match self {
            Self::AgeAtLeast { years, .. } | Self::AgeUnder { years, .. } => {
                if !(1..=MAX_YEARS).contains(years) {
                    return Err(DecodeError { what: "an age of 1 to 150 years" });
                }
            }
            Self::Between { min, max, .. } => {
                if min >= max {
                    return Err(DecodeError { what: "a range whose min is less than its max" });
                }
            }
            Self::Equals { value: Literal::Text(text), .. } => {
                if text.len() > MAX_TEXT || !is_readable(text, MAX_TEXT) {
                    return Err(DecodeError { what: "a value of 1 to 1,024 bytes that can be read" });
                }
            }
            Self::In { set, .. } => set.check()?,
            Self::Valid
            | Self::OnOrBefore { .. }
            | Self::OnOrAfter { .. }
            | Self::AtLeast { .. }
            | Self::AtMost { .. }
            | Self::NotInList { .. }
            | Self::Equals { value: Literal::Boolean(_) | Literal::Integer(_), .. } => {}
        }
        Ok(())
    }

    /// The closed form for a schema and the request's as-of date.
    ///
    /// # Errors
    /// [`Error::Unfit`]: the schema has no such claim, its type has no such predicate, or the bound is outside its range.
    /// [`Error::Decode`] as in [`Predicate::check`].
    pub fn resolve(&self, schema: &Schema, as_of: Date) -> Result<Fact, Error> {
        self.check()?;
        let (claim, definition) = self.find(schema)?;
        let ordered = |wanted: bool| {
            if wanted { Ok(()) } else { Err(Error::unfit("a claim of that type has no such predicate")) }
        };
        let day = |date: Date| i128::from(date.days().0);
        let (lo, hi) = match self {
            Self::Valid => {
                let first = i128::from(as_of.month().index());
                (first, first + WINDOW_MONTHS)
            }
            Self::AgeAtLeast { years, .. } => {
                ordered(definition.claim_type == ClaimType::Date)?;
                let hi = day(last_birth(as_of, *years)?) + 1;
                (hi - WINDOW_DAYS, hi)
            }
            Self::AgeUnder { years, .. } => {
                ordered(definition.claim_type == ClaimType::Date)?;
                let lo = day(last_birth(as_of, *years)?) + 1;
                (lo, lo + WINDOW_DAYS)
            }
            Self::OnOrBefore { date, .. } => {
                ordered(definition.claim_type == ClaimType::Date)?;
                let hi = day(*date) + 1;
                (hi - WINDOW_DAYS, hi)
            }
            Self::OnOrAfter { date, .. } => {
                ordered(definition.claim_type == ClaimType::Date)?;
                (day(*date), day(*date) + WINDOW_DAYS)
            }
            Self::AtLeast { value, .. } => {
                let (value, count) = one_sided(definition, *value)?;
                (value, value + count)
            }
            Self::AtMost { value, .. } => {
                let (value, count) = one_sided(definition, *value)?;
                (value + 1 - count, value + 1)
            }
            Self::Between { min, max, .. } => {
                let range = integers(definition)?;
                if min.get() < range.start || max.get() > range.end {
                    return Err(Error::unfit("a bound is outside the claim's range"));
                }
                (min.get(), max.get())
            }
            Self::Equals { value, .. } => {
                let value = definition.claim_type.read(value)?;
                return Ok(Fact { claim, bounds: Bounds::Exactly(to_scalar(&definition.claim_type, &value)?) });
            }
            Self::In { set, .. } => {
                return Ok(Fact { claim, bounds: Bounds::Member(set.resolve(&definition.claim_type)?) });
            }
            Self::NotInList { list, .. } => {
                ordered(definition.claim_type == ClaimType::Integer { bits: IntegerBits::B64, signed: false })?;
                return Ok(Fact { claim, bounds: Bounds::NotListed(list.clone()) });
            }
        };
        Ok(Fact { claim, bounds: Bounds::Range { lo, hi } })
    }

    /// The sentence that consent and verdict print.
    ///
    /// ```
    /// use milchglas_credential::predicate::Predicate;
    /// use milchglas_credential::schema::Schema;
    ///
    /// let adult = Predicate::AgeAtLeast { claim: "date_of_birth".parse()?, years: 18 };
    /// assert_eq!(
    ///     adult.sentence(&Schema::national_id()?, "2026-11-23".parse()?)?,
    ///     "date of birth is on or before 2008-11-23 (at least 18 years old on 2026-11-23)",
    /// );
    /// # Ok::<(), milchglas_credential::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As in [`Predicate::resolve`].
    pub fn sentence(&self, schema: &Schema, as_of: Date) -> Result<String, Error> {
        self.resolve(schema, as_of)?;
        let (_, definition) = self.find(schema)?;
        let title = &definition.title;
        Ok(match self {
            Self::Valid => format!("{title} is {} or later (valid on {as_of})", as_of.month()),
            Self::AgeAtLeast { years, .. } => {
                let last = last_birth(as_of, *years)?;
                format!("{title} is on or before {last} (at least {years} years old on {as_of})")
            }
            Self::AgeUnder { years, .. } => {
                let last = last_birth(as_of, *years)?;
                format!("{title} is after {last} (under {years} years old on {as_of})")
            }
            Self::OnOrBefore { date, .. } => format!("{title} is on or before {date}"),
            Self::OnOrAfter { date, .. } => format!("{title} is on or after {date}"),
            Self::AtLeast { value, .. } => format!("{title} is at least {value}"),
            Self::AtMost { value, .. } => format!("{title} is at most {value}"),
            Self::Between { min, max, .. } => {
                format!("{title} is at least {min} and less than {max}")
            }
            Self::Equals { value, .. } => match value {
                Literal::Boolean(true) => format!("{title} is yes"),
                Literal::Boolean(false) => format!("{title} is no"),
                Literal::Integer(number) => format!("{title} is {number}"),
                Literal::Text(text) => format!("{title} is {}", quoted(text)),
            },
            Self::In { set, .. } => format!("{title} is {}", set.words()),
            Self::NotInList { list, .. } => format!("{title} is {}", list.words()),
        })
    }

    fn find<'a>(&self, schema: &'a Schema) -> Result<(ClaimIndex, &'a Claim), Error> {
        let index = match self.claim() {
            Some(name) => schema.index_of(name.as_str()).ok_or(Error::unfit("the schema has no claim of that name"))?,
            None => schema.validity().ok_or(Error::unfit("the schema has no validity"))?.until,
        };
        Ok((index, schema.claim(index).ok_or(Error::unfit("the schema has no claim of that name"))?))
    }
}

fn last_birth(as_of: Date, years: u16) -> Result<Date, Error> {
    let days =
        Date::latest_birth_for_age(as_of, years).ok_or(Error::unfit("the age reaches back before the calendar"))?;
    Date::from_days(days).ok_or(Error::unfit("the age reaches back before the calendar"))
}

fn integers(definition: &Claim) -> Result<std::ops::Range<i128>, Error> {
    definition.claim_type.integers().ok_or(Error::unfit("a claim of that type has no such predicate"))
}

fn one_sided(definition: &Claim, value: Number) -> Result<(i128, i128), Error> {
    let range = integers(definition)?;
    if !range.contains(&value.get()) {
        return Err(Error::unfit("a bound is outside the claim's range"));
    }
    Ok((value.get(), range.end - range.start))
}

impl Wire for Predicate {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Valid => out.array(1).uint(0),
            Self::AgeAtLeast { claim, years } => out.array(3).uint(1).object(claim).uint((*years).into()),
            Self::AgeUnder { claim, years } => out.array(3).uint(2).object(claim).uint((*years).into()),
            Self::OnOrBefore { claim, date } => out.array(3).uint(3).object(claim).object(date),
            Self::OnOrAfter { claim, date } => out.array(3).uint(4).object(claim).object(date),
            Self::AtLeast { claim, value } => out.array(3).uint(5).object(claim).object(value),
            Self::AtMost { claim, value } => out.array(3).uint(6).object(claim).object(value),
            Self::Between { claim, min, max } => out.array(4).uint(7).object(claim).object(min).object(max),
            Self::Equals { claim, value } => out.array(3).uint(8).object(claim).object(value),
            Self::In { claim, set } => out.array(3).uint(11).object(claim).object(set),
            Self::NotInList { claim, list } => out.array(3).uint(12).object(claim).object(list),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a predicate";
        let items = input.array_up_to(4, what)?;
        let predicate = match (input.uint(what)?, items) {
            (0, 1) => Self::Valid,
            (1, 3) => Self::AgeAtLeast { claim: input.object()?, years: read_years(input)? },
            (2, 3) => Self::AgeUnder { claim: input.object()?, years: read_years(input)? },
            (3, 3) => Self::OnOrBefore { claim: input.object()?, date: input.object()? },
            (4, 3) => Self::OnOrAfter { claim: input.object()?, date: input.object()? },
            (5, 3) => Self::AtLeast { claim: input.object()?, value: input.object()? },
            (6, 3) => Self::AtMost { claim: input.object()?, value: input.object()? },
            (7, 4) => Self::Between { claim: input.object()?, min: input.object()?, max: input.object()? },
            (8, 3) => Self::Equals { claim: input.object()?, value: input.object()? },
            (11, 3) => Self::In { claim: input.object()?, set: input.object()? },
            (12, 3) => Self::NotInList { claim: input.object()?, list: input.object()? },
            _ => return Err(DecodeError { what }),
        };
        predicate.check()?;
        Ok(predicate)
    }
}

fn read_years(input: &mut Reader<'_>) -> Result<u16, DecodeError> {
    let what = "an age in years";
    u16::try_from(input.uint(what)?).map_err(|_| DecodeError { what })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cbor::tests::assert_strict;
    use crate::cbor::{from_bytes, to_bytes};
    use crate::claim::tests::literal;
    use crate::date::Days;
    use crate::date::tests::date;
    use crate::number::tests::number;
    use crate::schema::tests::LIBRARY_CARD;
    use crate::set::tests::{list_ref, set_ref};
    use proptest::prelude::*;

    fn claim() -> impl Strategy<Value = ClaimName> {
        "[a-z][a-z0-9_]{0,12}(\\.[0-9])?".prop_map(|name| name.parse().unwrap())
    }

    pub(crate) fn predicate() -> impl Strategy<Value = Predicate> {
        prop_oneof![
            Just(Predicate::Valid),
            (claim(), 1..=150u16).prop_map(|(claim, years)| Predicate::AgeAtLeast { claim, years }),
            (claim(), 1..=150u16).prop_map(|(claim, years)| Predicate::AgeUnder { claim, years }),
            (claim(), date()).prop_map(|(claim, date)| Predicate::OnOrBefore { claim, date }),
            (claim(), date()).prop_map(|(claim, date)| Predicate::OnOrAfter { claim, date }),
            (claim(), number()).prop_map(|(claim, value)| Predicate::AtLeast { claim, value }),
            (claim(), number()).prop_map(|(claim, value)| Predicate::AtMost { claim, value }),
            (claim(), number(), number()).prop_filter_map("an empty range", |(claim, one, other)| {
                (one != other).then(|| Predicate::Between { claim, min: one.min(other), max: one.max(other) })
            }),
            (claim(), literal()).prop_map(|(claim, value)| Predicate::Equals { claim, value }),
            (claim(), set_ref()).prop_map(|(claim, set)| Predicate::In { claim, set }),
            (claim(), list_ref()).prop_map(|(claim, list)| Predicate::NotInList { claim, list }),
        ]
    }

    fn schema() -> Schema {
        Schema::from_json(LIBRARY_CARD).unwrap()
    }

    fn as_of() -> Date {
        "2026-11-23".parse().unwrap()
    }

    fn parse(json: &str) -> Predicate {
        serde_json::from_str(json).unwrap()
    }

    fn resolve(json: &str) -> Result<Fact, Error> {
        parse(json).resolve(&schema(), as_of())
    }

    /// Which of four values pass: min − 1, min, max − 1, max.
    fn at_bounds(json: &str, min: i128, max: i128, value: fn(i128) -> Value) -> [bool; 4] {
        let schema = schema();
        let fact = resolve(json).unwrap();
        let claim_type = &schema.claim(fact.claim).unwrap().claim_type;
        [min - 1, min, max - 1, max]
            .map(|number| fact.holds(claim_type, &value(number), &Published::default()).unwrap())
    }

    fn a_date(number: i128) -> Value {
        Value::Date(Date::from_days(Days(number.try_into().unwrap())).unwrap())
    }

    fn a_number(number: i128) -> Value {
        Value::Integer(number.try_into().unwrap())
    }

    fn days(text: &str) -> i128 {
        text.parse::<Date>().unwrap().days().0.into()
    }

    #[test]
    fn passes_exactly_what_lies_between_its_bounds() {
        let inside = [false, true, true, false];
        let born = days("2008-11-23") + 1;
        let age = |name| format!(r#"{{"{name}": {{"claim": "born", "years": 18}}}}"#);
        assert_eq!(at_bounds(&age("age_at_least"), born - 65_536, born, a_date), inside);
        assert_eq!(at_bounds(&age("age_under"), born, born + 65_536, a_date), inside);
        let date = days("2020-02-29");
        let day = |name| format!(r#"{{"{name}": {{"claim": "born", "date": "2020-02-29"}}}}"#);
        assert_eq!(at_bounds(&day("on_or_before"), date - 65_535, date + 1, a_date), inside);
        assert_eq!(at_bounds(&day("on_or_after"), date, date + 65_536, a_date), inside);
        let bound = |name, value| format!(r#"{{"{name}": {{"claim": "balance", "value": {value}}}}}"#);
        assert_eq!(at_bounds(&bound("at_least", -5), -5, (1 << 32) - 5, a_number), inside);
        assert_eq!(at_bounds(&bound("at_most", -5), -4 - (1 << 32), -4, a_number), inside);
        let between = r#"{"between": {"claim": "level", "min": 3, "max": 8}}"#;
        assert_eq!(at_bounds(between, 3, 8, a_number), inside);
        let between = r#"{"between": {"claim": "level", "min": 3, "max": 4}}"#;
        assert_eq!(at_bounds(between, 3, 4, a_number), inside);
        let month: i128 = as_of().month().index().into();
        let a_month = |number: i128| Value::Month(crate::date::Month::from_index(number as u32).unwrap());
        assert_eq!(at_bounds("\"valid\"", month, month + 256, a_month), inside);
    }

    #[test]
    fn resolves_valid_to_the_last_month() {
        let fact = resolve("\"valid\"").unwrap();
        assert_eq!(fact.claim, schema().index_of("until").unwrap());
        let without = LIBRARY_CARD.replace("\"validity\": {\"from\": \"from\", \"until\": \"until\"},", "");
        let without = Schema::from_json(&without).unwrap();
        assert!(matches!(Predicate::Valid.resolve(&without, as_of()), Err(Error::Unfit { .. })));
    }

    #[test]
    fn lets_absence_pass_nothing() {
        for json in [
            r#"{"age_at_least": {"claim": "born", "years": 18}}"#,
            r#"{"age_under": {"claim": "born", "years": 18}}"#,
            r#"{"at_least": {"claim": "child.0", "value": 0}}"#,
            r#"{"at_most": {"claim": "child.0", "value": "18446744073709551615"}}"#,
            r#"{"equals": {"claim": "child.0", "value": "0"}}"#,
        ] {
            let schema = schema();
            let fact = resolve(json).unwrap();
            let claim_type = &schema.claim(fact.claim).unwrap().claim_type;
            assert!(!fact.holds(claim_type, &Value::Absent, &Published::default()).unwrap(), "{json}");
            if let Bounds::Range { lo, hi } = fact.bounds {
                // The scalar of absence is no number near any range: it has far more than 128 bits, and so has its negative.
                let scalar = crate::claim::absent_scalar();
                assert!(scalar.to_bytes()[..8] != [0; 8] && (-scalar).to_bytes()[..8] != [0; 8]);
                assert!(hi - lo <= 1 << 64);
            }
        }
    }

    #[test]
    fn compares_values_of_every_type() {
        for (claim, value, same, other) in [
            ("name", r#""Muster""#, Value::Text("Muster".to_owned()), Value::Text("muster".to_owned())),
            ("born", r#""1990-01-31""#, a_date(days("1990-01-31")), a_date(days("1990-02-01"))),
            ("branch", r#""south""#, Value::Code("south".to_owned()), Value::Code("north".to_owned())),
            ("balance", "-7", a_number(-7), a_number(7)),
            ("child.1", r#""18446744073709551615""#, a_number(u64::MAX.into()), a_number(0)),
            ("member", "true", Value::Boolean(true), Value::Boolean(false)),
        ] {
            let schema = schema();
            let fact = resolve(&format!(r#"{{"equals": {{"claim": "{claim}", "value": {value}}}}}"#)).unwrap();
            let claim_type = &schema.claim(fact.claim).unwrap().claim_type;
            assert!(fact.holds(claim_type, &same, &Published::default()).unwrap(), "{claim}");
            assert!(!fact.holds(claim_type, &other, &Published::default()).unwrap(), "{claim}");
        }
    }

    #[test]
    fn rejects_what_the_schema_can_not_answer() {
        for json in [
            r#"{"age_at_least": {"claim": "name", "years": 18}}"#,
            r#"{"age_at_least": {"claim": "from", "years": 18}}"#,
            r#"{"age_under": {"claim": "level", "years": 18}}"#,
            r#"{"on_or_before": {"claim": "until", "date": "2026-11-23"}}"#,
            r#"{"on_or_after": {"claim": "branch", "date": "2026-11-23"}}"#,
            r#"{"at_least": {"claim": "name", "value": 1}}"#,
            r#"{"at_least": {"claim": "born", "value": 1}}"#,
            r#"{"at_most": {"claim": "member", "value": 1}}"#,
            r#"{"between": {"claim": "branch", "min": 0, "max": 1}}"#,
            r#"{"between": {"claim": "name", "min": 0, "max": 1}}"#,
            r#"{"at_least": {"claim": "level", "value": 256}}"#,
            r#"{"at_least": {"claim": "level", "value": -1}}"#,
            r#"{"at_most": {"claim": "level", "value": -1}}"#,
            r#"{"at_most": {"claim": "balance", "value": 2147483648}}"#,
            r#"{"between": {"claim": "level", "min": -1, "max": 5}}"#,
            r#"{"between": {"claim": "level", "min": 0, "max": 257}}"#,
            r#"{"equals": {"claim": "branch", "value": "east"}}"#,
            r#"{"equals": {"claim": "level", "value": "1"}}"#,
            r#"{"equals": {"claim": "level", "value": 256}}"#,
            r#"{"equals": {"claim": "child.0", "value": 1}}"#,
            r#"{"at_least": {"claim": "child", "value": 1}}"#,
            r#"{"at_least": {"claim": "child.3", "value": 1}}"#,
            r#"{"equals": {"claim": "holder_secret", "value": 1}}"#,
            r#"{"equals": {"claim": "handle", "value": 1}}"#,
        ] {
            assert!(matches!(resolve(json), Err(Error::Unfit { .. })), "{json}");
        }
        assert!(resolve(r#"{"between": {"claim": "level", "min": 0, "max": 256}}"#).is_ok());
        assert!(resolve(r#"{"equals": {"claim": "born", "value": "2023-02-30"}}"#).is_err());
    }

    #[test]
    fn rejects_empty_ranges_and_impossible_ages() {
        for json in [
            r#"{"between": {"claim": "level", "min": 8, "max": 8}}"#,
            r#"{"between": {"claim": "level", "min": 9, "max": 8}}"#,
            r#"{"age_at_least": {"claim": "born", "years": 0}}"#,
            r#"{"age_under": {"claim": "born", "years": 151}}"#,
            r#"{"equals": {"claim": "name", "value": "a\u202eb"}}"#,
            r#"{"equals": {"claim": "name", "value": ""}}"#,
        ] {
            let predicate = parse(json);
            assert!(predicate.check().is_err(), "{json}");
            assert!(matches!(predicate.resolve(&schema(), as_of()), Err(Error::Decode(_))), "{json}");
            assert!(from_bytes::<Predicate>(&to_bytes(&predicate), 100).is_err(), "{json}");
        }
        for json in [
            r#""invalid""#,
            r#"{"valid": {}}"#,
            r#"{"age_at_least": {"claim": "born"}}"#,
            r#"{"age_at_least": {"claim": "born", "years": 18, "more": 1}}"#,
            r#"{"age_at_least": {"claim": "born", "years": 18, "years": 18}}"#,
            r#"{"age_at_least": {"claim": "born", "years": -1}}"#,
            r#"{"age_at_least": {"claim": "born", "years": "18"}}"#,
            r#"{"on_or_after": {"claim": "born", "date": "2023-02-30"}}"#,
            r#"{"on_or_after": {"claim": "born", "date": "2023-02-28"}, "on_or_before": {"claim": "born", "date": "2023-02-28"}}"#,
            r#"{"at_least": {"claim": "BORN", "value": 1}}"#,
        ] {
            assert!(serde_json::from_str::<Predicate>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn says_in_words_what_is_proven() {
        let sentence = |json: &str| parse(json).sentence(&schema(), as_of()).unwrap();
        for (json, words) in [
            ("\"valid\"", "until is 2026-11 or later (valid on 2026-11-23)"),
            (
                r#"{"age_at_least": {"claim": "born", "years": 18}}"#,
                "date of birth is on or before 2008-11-23 (at least 18 years old on 2026-11-23)",
            ),
            (
                r#"{"age_under": {"claim": "born", "years": 26}}"#,
                "date of birth is after 2000-11-23 (under 26 years old on 2026-11-23)",
            ),
            (
                r#"{"on_or_before": {"claim": "born", "date": "2000-01-01"}}"#,
                "date of birth is on or before 2000-01-01",
            ),
            (r#"{"on_or_after": {"claim": "born", "date": "2000-01-01"}}"#, "date of birth is on or after 2000-01-01"),
            (r#"{"at_least": {"claim": "level", "value": 2}}"#, "level is at least 2"),
            (r#"{"at_most": {"claim": "balance", "value": -1}}"#, "balance is at most -1"),
            (r#"{"between": {"claim": "level", "min": 1, "max": 3}}"#, "level is at least 1 and less than 3"),
            (r#"{"equals": {"claim": "branch", "value": "north"}}"#, "branch is “north”"),
            (r#"{"equals": {"claim": "member", "value": false}}"#, "member is no"),
            (r#"{"equals": {"claim": "level", "value": 3}}"#, "level is 3"),
        ] {
            assert_eq!(sentence(json), words);
        }
        assert!(parse(r#"{"at_least": {"claim": "name", "value": 2}}"#).sentence(&schema(), as_of()).is_err());
    }

    proptest! {
        #[test]
        fn roundtrips(predicate in predicate()) {
            let json = serde_json::to_string(&predicate).unwrap();
            prop_assert_eq!(serde_json::from_str::<Predicate>(&json).unwrap(), predicate.clone());
            assert_strict(&predicate);
        }

        #[test]
        fn resolves_ages_as_birthdays_are_counted(as_of in date(), years in 1..=150u16) {
            let predicate = Predicate::AgeAtLeast { claim: "born".parse().unwrap(), years };
            match (predicate.resolve(&schema(), as_of), Date::latest_birth_for_age(as_of, years)) {
                (Ok(fact), Some(Days(latest))) => {
                    let hi = i128::from(latest) + 1;
                    prop_assert_eq!(fact.bounds, Bounds::Range { lo: hi - 65_536, hi });
                }
                (Err(Error::Unfit { .. }), None) => {}
                (fact, latest) => prop_assert!(false, "{fact:?} {latest:?}"),
            }
        }
    }
}
