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
//!
//! Absence lies outside all of them.
//!
//! Caution: a window of 65,536 days is 179 years; who is older does not pass `age_at_least`.
//! Not here: how a fact is proven.

use crate::cbor::{Reader, Wire, Writer};
use crate::claim::{ClaimType, Literal, MAX_TEXT, Value, to_scalar};
use crate::date::Date;
use crate::error::{DecodeError, Error};
use crate::number::Number;
use crate::schema::{Claim, ClaimIndex, Schema};
use crate::text::{ClaimName, is_readable};
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
}

/// A predicate, resolved: which claim, and what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The claim.
    pub claim: ClaimIndex,
    /// What it must be.
    pub bounds: Bounds,
}

/// What a claim's scalar must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

impl Fact {
    /// Whether a value of the claim's type passes. Not in constant time.
    ///
    /// # Errors
    /// [`Error::Unfit`] where the value is not of that type.
    pub fn holds(&self, claim_type: &ClaimType, value: &Value) -> Result<bool, Error> {
        Ok(match self.bounds {
            Bounds::Range { lo, hi } => value.number().is_some_and(|number| (lo..hi).contains(&number)),
            Bounds::Exactly(scalar) => to_scalar(claim_type, value)? == scalar,
        })
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
            | Self::Equals { claim, .. } => Some(claim),
        }
    }

    /// Checks what can be checked without a schema.
    ///
    /// # Errors
    /// [`Error::Decode`]: a range is empty, an age is not 1 to 150 years, a text can not be shown.
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
            Self::Valid
            | Self::OnOrBefore { .. }
            | Self::OnOrAfter { .. }
            | Self::AtLeast { .. }
            | Self::AtMost { .. }
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
        };
        Ok(Fact { claim, bounds: Bounds::Range { lo, hi } })
    }

    /// The sentence that consent and verdict print.
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
                Literal::Text(text) => format!("{title} is “{text}”"),
            },
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
