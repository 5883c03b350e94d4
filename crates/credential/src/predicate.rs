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
//! | `not_equals` v, `not_in` v… | any | everything but v…, and present |
//! | `any_hidden` of two ranges | as the ranges | one of the two; which one stays hidden |
//! | `same_as` a claim of another credential | any | what that claim is, and present |
//! | `in` s | any | the values of the [set](crate::set) s |
//! | `not_in_list` l | integer of 64 bits, unsigned | what is not on the [list](crate::list) l |
//!
//! Absence lies outside all of them.
//!
//! Caution: a window of 65,536 days is 179 years; who is older does not pass `age_at_least`.
//! Not here: how a fact is proven.

use crate::cbor::{Reader, Wire, Writer};
use crate::claim::{ClaimType, IntegerBits, Literal, MAX_TEXT, Value, absent_scalar, to_scalar};
use crate::date::Date;
use crate::error::{DecodeError, Error};
use crate::interval::Interval;
use crate::list::ListRef;
use crate::number::Number;
use crate::schema::{Claim, ClaimIndex, Schema};
use crate::set::{Membership, Published, SetRef};
use crate::text::{ClaimName, Label, is_readable, quoted};
use milchglas_curve::Scalar;
use serde::{Deserialize, Serialize};

/// How many days a one-sided date range spans.
const WINDOW_DAYS: i128 = 65_536;
/// How many months `valid` spans.
const WINDOW_MONTHS: i128 = 256;
/// The greatest age that can be asked about.
const MAX_YEARS: u16 = 150;
/// Most values that a list excludes.
const MAX_VALUES: usize = 16;

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
    /// Present, and another value.
    NotEquals {
        /// A claim of any type.
        claim: ClaimName,
        /// The value, as a claims file spells it.
        value: Literal,
    },
    /// Present, and none of these values.
    NotIn {
        /// A claim of any type.
        claim: ClaimName,
        /// 2 to 16 different values, as a claims file spells them.
        values: Vec<Literal>,
    },
    /// In one of two ranges; which one stays hidden.
    AnyHidden {
        /// A date or integer claim.
        claim: ClaimName,
        /// The ranges.
        of: [Interval; 2],
    },
    /// Present, and the same as a claim of another credential of the request.
    SameAs {
        /// A claim of any type.
        claim: ClaimName,
        /// The name of the other credential in the request.
        credential: Label,
        /// Its claim, of the same type.
        other: ClaimName,
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
    /// None of these, 1 to 17 and all different; absence is among them where the claim is optional.
    NoneOf(Vec<Scalar>),
    /// In one of two ranges as above.
    Either([(i128, i128); 2]),
    /// What the claim `other` of the credential of that name is, and present.
    SameAs {
        /// The name of the other credential in the request.
        credential: Label,
        /// Its claim.
        other: ClaimName,
    },
}

impl Bounds {
    /// Whether its proof may send a commitment.
    pub(crate) fn commits(&self) -> bool {
        match self {
            Self::Range { .. } | Self::Exactly(_) | Self::Member(_) | Self::NotListed(_) => false,
            Self::NoneOf(_) | Self::Either(_) | Self::SameAs { .. } => true,
        }
    }
}

impl Fact {
    /// Whether a value of the claim's type passes. A value passes no published set or list that is not among `published`. Not in constant
    /// time.
    ///
    /// Of [`Bounds::SameAs`] one value shows only that it is present; [`Plan::satisfied`](crate::compile::Plan::satisfied) compares.
    ///
    /// # Errors
    /// [`Error::Unfit`] where the value is not of that type.
    pub fn holds(&self, claim_type: &ClaimType, value: &Value, published: &Published<'_>) -> Result<bool, Error> {
        Ok(match &self.bounds {
            Bounds::Range { lo, hi } => value.number().is_some_and(|number| (*lo..*hi).contains(&number)),
            Bounds::Exactly(scalar) => to_scalar(claim_type, value)? == *scalar,
            Bounds::Member(membership) => membership.holds(claim_type, value, published)?,
            Bounds::NotListed(list) => list.holds(value, published.list(&list.digest)),
            Bounds::NoneOf(scalars) => *value != Value::Absent && !scalars.contains(&to_scalar(claim_type, value)?),
            Bounds::Either(ranges) => {
                value.number().is_some_and(|number| ranges.iter().any(|(lo, hi)| (*lo..*hi).contains(&number)))
            }
            Bounds::SameAs { .. } => *value != Value::Absent,
        })
    }

    /// Whether only who has the content of a published set or list can say if a value passes.
    #[must_use]
    pub fn needs_published(&self) -> bool {
        match &self.bounds {
            Bounds::Range { .. }
            | Bounds::Exactly(_)
            | Bounds::NoneOf(_)
            | Bounds::Either(_)
            | Bounds::SameAs { .. } => false,
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
            | Self::NotInList { claim, .. }
            | Self::NotEquals { claim, .. }
            | Self::NotIn { claim, .. }
            | Self::AnyHidden { claim, .. }
            | Self::SameAs { claim, .. } => Some(claim),
        }
    }

    /// Whether it is about a set or a list whose key the request itself names: what it proves, it proves to that request's author only.
    pub fn rests_on_the_request(&self) -> bool {
        match self {
            Self::In { .. } | Self::NotInList { .. } => true,
            Self::Valid
            | Self::AgeAtLeast { .. }
            | Self::AgeUnder { .. }
            | Self::OnOrBefore { .. }
            | Self::OnOrAfter { .. }
            | Self::AtLeast { .. }
            | Self::AtMost { .. }
            | Self::Between { .. }
            | Self::Equals { .. }
            | Self::NotEquals { .. }
            | Self::NotIn { .. }
            | Self::AnyHidden { .. }
            | Self::SameAs { .. } => false,
        }
    }

    /// The name of the other credential and its claim that the claim is compared with, if it is.
    pub fn counterpart(&self) -> Option<(&Label, &ClaimName)> {
        match self {
            Self::SameAs { credential, other, .. } => Some((credential, other)),
            Self::Valid
            | Self::AgeAtLeast { .. }
            | Self::AgeUnder { .. }
            | Self::OnOrBefore { .. }
            | Self::OnOrAfter { .. }
            | Self::AtLeast { .. }
            | Self::AtMost { .. }
            | Self::Between { .. }
            | Self::Equals { .. }
            | Self::NotEquals { .. }
            | Self::NotIn { .. }
            | Self::AnyHidden { .. }
            | Self::In { .. }
            | Self::NotInList { .. } => None,
        }
    }

    /// Its name in the request language.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::AgeAtLeast { .. } => "age_at_least",
            Self::AgeUnder { .. } => "age_under",
            Self::OnOrBefore { .. } => "on_or_before",
            Self::OnOrAfter { .. } => "on_or_after",
            Self::AtLeast { .. } => "at_least",
            Self::AtMost { .. } => "at_most",
            Self::Between { .. } => "between",
            Self::Equals { .. } => "equals",
            Self::NotEquals { .. } => "not_equals",
            Self::NotIn { .. } => "not_in",
            Self::AnyHidden { .. } => "any_hidden",
            Self::SameAs { .. } => "same_as",
            Self::In { .. } => "in",
            Self::NotInList { .. } => "not_in_list",
        }
    }

    /// Checks what can be checked without a schema.
    ///
    /// # Errors
    /// [`DecodeError`]: a range is empty, an age is not 1 to 150 years, a text can not be shown, a list is too short, too long or
    /// repeats something.
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
            Self::Equals { value, .. } | Self::NotEquals { value, .. } => check_literal(value)?,
            Self::NotIn { values, .. } => {
                let different = values.iter().enumerate().all(|(i, value)| !values.iter().take(i).any(|v| v == value));
                if !(2..=MAX_VALUES).contains(&values.len()) || !different {
                    return Err(DecodeError { what: "2 to 16 different values" });
                }
                values.iter().try_for_each(check_literal)?;
            }
            Self::AnyHidden { claim, of } => {
                let [one, other] = of;
                if one == other {
                    return Err(DecodeError { what: "two different ranges" });
                }
                of.iter().try_for_each(|interval| interval.of(claim).check())?;
            }
            Self::In { set, .. } => set.check()?,
            Self::Valid
            | Self::OnOrBefore { .. }
            | Self::OnOrAfter { .. }
            | Self::AtLeast { .. }
            | Self::AtMost { .. }
            | Self::NotInList { .. }
            | Self::SameAs { .. } => {}
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
        // A day as claims of a type count it, and how far a window reaches.
        let place = |date: Date| match definition.claim_type {
            ClaimType::Date => Ok((day(date), WINDOW_DAYS)),
            ClaimType::Month => Ok((i128::from(date.month().index()), WINDOW_MONTHS)),
            ClaimType::Text
            | ClaimType::Integer { .. }
            | ClaimType::Boolean
            | ClaimType::Code(_)
            | ClaimType::Digest => Err(Error::unfit("a claim of that type has no such predicate")),
        };
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
                let (last, window) = place(*date)?;
                (last + 1 - window, last + 1)
            }
            Self::OnOrAfter { date, .. } => {
                let (first, window) = place(*date)?;
                (first, first + window)
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
                return Ok(Fact { claim, bounds: Bounds::Exactly(scalar_of(definition, value)?) });
            }
            Self::NotEquals { value, .. } => {
                return Ok(Fact { claim, bounds: none_of(definition, std::slice::from_ref(value))? });
            }
            Self::NotIn { values, .. } => return Ok(Fact { claim, bounds: none_of(definition, values)? }),
            Self::AnyHidden { claim: name, of } => {
                let [one, other] = of;
                let range = |interval: &Interval| interval.of(name).range(schema, as_of);
                return Ok(Fact { claim, bounds: Bounds::Either([range(one)?, range(other)?]) });
            }
            Self::SameAs { credential, other, .. } => {
                let (credential, other) = (credential.clone(), other.clone());
                return Ok(Fact { claim, bounds: Bounds::SameAs { credential, other } });
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

    /// The bounds of a range predicate.
    fn range(&self, schema: &Schema, as_of: Date) -> Result<(i128, i128), Error> {
        match self.resolve(schema, as_of)?.bounds {
            Bounds::Range { lo, hi } => Ok((lo, hi)),
            Bounds::Exactly(_)
            | Bounds::NoneOf(_)
            | Bounds::Either(_)
            | Bounds::SameAs { .. }
            | Bounds::Member(_)
            | Bounds::NotListed(_) => Err(Error::Misuse("an interval is a range")),
        }
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
            Self::OnOrBefore { date, .. } if definition.claim_type == ClaimType::Month => {
                format!("{title} is {} or earlier", date.month())
            }
            Self::OnOrBefore { date, .. } => format!("{title} is on or before {date}"),
            Self::OnOrAfter { date, .. } if definition.claim_type == ClaimType::Month => {
                format!("{title} is {} or later", date.month())
            }
            Self::OnOrAfter { date, .. } => format!("{title} is on or after {date}"),
            Self::AtLeast { value, .. } => format!("{title} is at least {value}"),
            Self::AtMost { value, .. } => format!("{title} is at most {value}"),
            Self::Between { min, max, .. } => {
                format!("{title} is at least {min} and less than {max}")
            }
            Self::Equals { value, .. } => format!("{title} is {}", spelled(value)),
            Self::NotEquals { value, .. } => format!("{title} is {}not {}", present(definition), spelled(value)),
            Self::NotIn { values, .. } => {
                let values = values.iter().map(spelled).collect::<Vec<_>>().join(", ");
                format!("{title} is {}none of these: {values}", present(definition))
            }
            Self::AnyHidden { claim, of } => {
                let [one, other] = of;
                let sentence = |interval: &Interval| interval.of(claim).sentence(schema, as_of);
                let (one, other) = (sentence(one)?, sentence(other)?);
                let other = other.strip_prefix(title).unwrap_or(&other);
                format!("{one}, or{other}; which of the two stays hidden")
            }
            Self::SameAs { credential, other, .. } => {
                let (credential, other) = (quoted(credential.as_str()), quoted(other.as_str()));
                format!("{title} is {}the same as {other} of the credential {credential}", present(definition))
            }
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

fn check_literal(value: &Literal) -> Result<(), DecodeError> {
    match value {
        Literal::Text(text) if text.len() > MAX_TEXT || !is_readable(text, MAX_TEXT) => {
            Err(DecodeError { what: "a value of 1 to 1,024 bytes that can be read" })
        }
        Literal::Text(_) | Literal::Boolean(_) | Literal::Integer(_) => Ok(()),
    }
}

fn scalar_of(definition: &Claim, value: &Literal) -> Result<Scalar, Error> {
    to_scalar(&definition.claim_type, &definition.claim_type.read(value)?)
}

/// These values, and absence for a claim that may be absent.
fn none_of(definition: &Claim, values: &[Literal]) -> Result<Bounds, Error> {
    let mut scalars = Vec::with_capacity(values.len() + 1);
    for value in values {
        let scalar = scalar_of(definition, value)?;
        if scalars.contains(&scalar) {
            return Err(Error::unfit("two of the values are the same"));
        }
        scalars.push(scalar);
    }
    if definition.optional {
        scalars.push(absent_scalar());
    }
    Ok(Bounds::NoneOf(scalars))
}

/// A value as people read it.
fn spelled(value: &Literal) -> String {
    match value {
        Literal::Boolean(true) => "yes".to_owned(),
        Literal::Boolean(false) => "no".to_owned(),
        Literal::Integer(number) => number.to_string(),
        Literal::Text(text) => quoted(text),
    }
}

/// Where a claim may be absent, that it is not is told too.
fn present(definition: &Claim) -> &'static str {
    if definition.optional { "present and " } else { "" }
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
            Self::NotEquals { claim, value } => out.array(3).uint(9).object(claim).object(value),
            Self::NotIn { claim, values } => out.array(3).uint(10).object(claim).list(values.iter()),
            Self::AnyHidden { claim, of } => out.array(3).uint(13).object(claim).list(of.iter()),
            Self::SameAs { claim, credential, other } => {
                out.array(4).uint(14).object(claim).object(credential).object(other)
            }
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
            (9, 3) => Self::NotEquals { claim: input.object()?, value: input.object()? },
            (10, 3) => Self::NotIn { claim: input.object()?, values: input.list(MAX_VALUES, "a list of values")? },
            (13, 3) => {
                let claim = input.object()?;
                input.array(2, "two ranges")?;
                Self::AnyHidden { claim, of: [input.object()?, input.object()?] }
            }
            (14, 4) => Self::SameAs { claim: input.object()?, credential: input.object()?, other: input.object()? },
            (11, 3) => Self::In { claim: input.object()?, set: input.object()? },
            (12, 3) => Self::NotInList { claim: input.object()?, list: input.object()? },
            _ => return Err(DecodeError { what }),
        };
        predicate.check()?;
        Ok(predicate)
    }
}

pub(crate) fn read_years(input: &mut Reader<'_>) -> Result<u16, DecodeError> {
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
    use crate::interval::tests::interval;
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
            (claim(), literal()).prop_map(|(claim, value)| Predicate::NotEquals { claim, value }),
            (claim(), prop::collection::vec(literal(), 2..=MAX_VALUES)).prop_filter_map(
                "a repeated value",
                |(claim, values)| {
                    let predicate = Predicate::NotIn { claim, values };
                    predicate.check().is_ok().then_some(predicate)
                }
            ),
            (claim(), interval(), interval()).prop_filter_map("equal ranges", |(claim, one, other)| {
                (one != other).then_some(Predicate::AnyHidden { claim, of: [one, other] })
            }),
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
        // A day in a month stands for the month.
        for date in ["2027-06-01", "2027-06-30"] {
            let month = i128::from(date.parse::<Date>().unwrap().month().index());
            let by = |name| format!(r#"{{"{name}": {{"claim": "until", "date": "{date}"}}}}"#);
            assert_eq!(at_bounds(&by("on_or_after"), month, month + 256, a_month), inside);
            assert_eq!(at_bounds(&by("on_or_before"), month - 255, month + 1, a_month), inside);
        }
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
            r#"{"not_equals": {"claim": "child.0", "value": "0"}}"#,
            r#"{"not_in": {"claim": "child.0", "values": ["0", "1"]}}"#,
            r#"{"any_hidden": {"claim": "child.0", "of": [{"at_least": 0}, {"at_most": "18446744073709551615"}]}}"#,
            r#"{"same_as": {"claim": "child.0", "credential": "pass", "other": "child.0"}}"#,
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
            r#"{"on_or_before": {"claim": "level", "date": "2026-11-23"}}"#,
            r#"{"on_or_after": {"claim": "name", "date": "2026-11-23"}}"#,
            r#"{"age_at_least": {"claim": "until", "years": 18}}"#,
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
            r#"{"not_equals": {"claim": "branch", "value": "east"}}"#,
            r#"{"not_equals": {"claim": "handle", "value": 1}}"#,
            r#"{"not_in": {"claim": "level", "values": [1, 256]}}"#,
            r#"{"not_in": {"claim": "level", "values": [1, true]}}"#,
            r#"{"any_hidden": {"claim": "name", "of": [{"at_least": 3}, {"at_most": 1}]}}"#,
            r#"{"any_hidden": {"claim": "level", "of": [{"at_least": 3}, {"age_under": 26}]}}"#,
            r#"{"any_hidden": {"claim": "level", "of": [{"at_least": 256}, {"at_most": 1}]}}"#,
            r#"{"any_hidden": {"claim": "level", "of": [{"on_or_after": "2020-01-01"}, {"on_or_before": "2000-01-01"}]}}"#,
            r#"{"same_as": {"claim": "handle", "credential": "pass", "other": "handle"}}"#,
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
            r#"{"not_equals": {"claim": "name", "value": ""}}"#,
            r#"{"not_in": {"claim": "name", "values": []}}"#,
            r#"{"not_in": {"claim": "name", "values": ["a"]}}"#,
            r#"{"not_in": {"claim": "name", "values": ["a", "a"]}}"#,
            r#"{"not_in": {"claim": "name", "values": ["a", ""]}}"#,
            r#"{"not_in": {"claim": "level", "values": [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}}"#,
            r#"{"any_hidden": {"claim": "level", "of": [{"at_least": 3}, {"at_least": 3}]}}"#,
            r#"{"any_hidden": {"claim": "level", "of": [{"between": {"min": 8, "max": 8}}, {"at_least": 3}]}}"#,
            r#"{"any_hidden": {"claim": "born", "of": [{"age_under": 26}, {"age_at_least": 151}]}}"#,
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
            (r#"{"on_or_after": {"claim": "until", "date": "2027-06-15"}}"#, "until is 2027-06 or later"),
            (r#"{"on_or_before": {"claim": "until", "date": "2027-06-15"}}"#, "until is 2027-06 or earlier"),
            (r#"{"at_least": {"claim": "level", "value": 2}}"#, "level is at least 2"),
            (r#"{"at_most": {"claim": "balance", "value": -1}}"#, "balance is at most -1"),
            (r#"{"between": {"claim": "level", "min": 1, "max": 3}}"#, "level is at least 1 and less than 3"),
            (r#"{"equals": {"claim": "branch", "value": "north"}}"#, "branch is “north”"),
            (r#"{"equals": {"claim": "member", "value": false}}"#, "member is no"),
            (r#"{"equals": {"claim": "level", "value": 3}}"#, "level is 3"),
        ] {
            assert_eq!(sentence(json), words);
        }
        for (json, words) in [
            (r#"{"not_equals": {"claim": "branch", "value": "north"}}"#, "branch is not “north”"),
            (r#"{"not_in": {"claim": "level", "values": [3, 4]}}"#, "level is none of these: 3, 4"),
            (
                r#"{"any_hidden": {"claim": "level", "of": [{"at_most": 2}, {"between": {"min": 5, "max": 9}}]}}"#,
                "level is at most 2, or is at least 5 and less than 9; which of the two stays hidden",
            ),
            (
                r#"{"same_as": {"claim": "name", "credential": "pass", "other": "surname"}}"#,
                "name is the same as “surname” of the credential “pass”",
            ),
        ] {
            assert_eq!(sentence(json), words);
        }
        // Where a claim may be absent, its presence is told.
        let child = sentence(r#"{"not_equals": {"claim": "child.0", "value": "7"}}"#);
        assert!(child.ends_with(" is present and not “7”"), "{child}");
        assert!(parse(r#"{"at_least": {"claim": "name", "value": 2}}"#).sentence(&schema(), as_of()).is_err());
    }

    proptest! {
        #[test]
        fn roundtrips(predicate in predicate()) {
            let json = serde_json::to_string(&predicate).unwrap();
            prop_assert_eq!(serde_json::from_str::<Predicate>(&json).unwrap(), predicate.clone());
            assert_strict(&predicate);
            let same_as = Predicate::SameAs {
                claim: predicate.claim().cloned().unwrap_or_else(|| "a".parse().unwrap()),
                credential: "pass".parse().unwrap(),
                other: "b.1".parse().unwrap(),
            };
            let json = serde_json::to_string(&same_as).unwrap();
            prop_assert_eq!(serde_json::from_str::<Predicate>(&json).unwrap(), same_as.clone());
            assert_strict(&same_as);
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
