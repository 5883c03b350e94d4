//! The ranges that a predicate can leave open between: each is a range predicate without its claim.
//!
//! `{"any_hidden": {"claim": "date_of_birth", "of": [{"age_under": 26}, {"age_at_least": 60}]}}` holds two of them. Each means what the
//! predicate of the same name means for that claim.
//!
//! Not here: what they mean (see [`predicate`](crate::predicate)).

use crate::cbor::{Reader, Wire, Writer};
use crate::date::Date;
use crate::error::DecodeError;
use crate::number::Number;
use crate::predicate::{Predicate, read_years};
use crate::text::ClaimName;
use serde::{Deserialize, Serialize};

/// A range of dates or integers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Interval {
    /// Who is born then is at least so many years old.
    AgeAtLeast(u16),
    /// Who is born then is not yet so many years old.
    AgeUnder(u16),
    /// A day, or an earlier one.
    OnOrBefore(Date),
    /// A day, or a later one.
    OnOrAfter(Date),
    /// A number, or a greater one.
    AtLeast(Number),
    /// A number, or a smaller one.
    AtMost(Number),
    /// A number in a range.
    Between {
        /// The least number that passes.
        min: Number,
        /// The least number above it that does not pass.
        max: Number,
    },
}

impl Interval {
    /// The predicate that this is for a claim.
    #[must_use]
    pub fn of(&self, claim: &ClaimName) -> Predicate {
        let claim = claim.clone();
        match *self {
            Self::AgeAtLeast(years) => Predicate::AgeAtLeast { claim, years },
            Self::AgeUnder(years) => Predicate::AgeUnder { claim, years },
            Self::OnOrBefore(date) => Predicate::OnOrBefore { claim, date },
            Self::OnOrAfter(date) => Predicate::OnOrAfter { claim, date },
            Self::AtLeast(value) => Predicate::AtLeast { claim, value },
            Self::AtMost(value) => Predicate::AtMost { claim, value },
            Self::Between { min, max } => Predicate::Between { claim, min, max },
        }
    }
}

impl Wire for Interval {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::AgeAtLeast(years) => out.array(2).uint(1).uint((*years).into()),
            Self::AgeUnder(years) => out.array(2).uint(2).uint((*years).into()),
            Self::OnOrBefore(date) => out.array(2).uint(3).object(date),
            Self::OnOrAfter(date) => out.array(2).uint(4).object(date),
            Self::AtLeast(value) => out.array(2).uint(5).object(value),
            Self::AtMost(value) => out.array(2).uint(6).object(value),
            Self::Between { min, max } => out.array(3).uint(7).object(min).object(max),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a range";
        let items = input.array_up_to(3, what)?;
        Ok(match (input.uint(what)?, items) {
            (1, 2) => Self::AgeAtLeast(read_years(input)?),
            (2, 2) => Self::AgeUnder(read_years(input)?),
            (3, 2) => Self::OnOrBefore(input.object()?),
            (4, 2) => Self::OnOrAfter(input.object()?),
            (5, 2) => Self::AtLeast(input.object()?),
            (6, 2) => Self::AtMost(input.object()?),
            (7, 3) => Self::Between { min: input.object()?, max: input.object()? },
            _ => return Err(DecodeError { what }),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cbor::tests::assert_strict;
    use crate::date::tests::date;
    use crate::number::tests::number;
    use proptest::prelude::*;

    pub(crate) fn interval() -> impl Strategy<Value = Interval> {
        prop_oneof![
            (1..=150u16).prop_map(Interval::AgeAtLeast),
            (1..=150u16).prop_map(Interval::AgeUnder),
            date().prop_map(Interval::OnOrBefore),
            date().prop_map(Interval::OnOrAfter),
            number().prop_map(Interval::AtLeast),
            number().prop_map(Interval::AtMost),
            (number(), number()).prop_filter_map("an empty range", |(one, other)| {
                (one != other).then(|| Interval::Between { min: one.min(other), max: one.max(other) })
            }),
        ]
    }

    #[test]
    fn is_written_as_a_predicate_without_its_claim() {
        for json in [
            r#"{"age_at_least":60}"#,
            r#"{"age_under":26}"#,
            r#"{"on_or_before":"2000-01-01"}"#,
            r#"{"on_or_after":"2000-01-01"}"#,
            r#"{"at_least":-5}"#,
            r#"{"at_most":"18446744073709551615"}"#,
            r#"{"between":{"min":1,"max":3}}"#,
        ] {
            let interval: Interval = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&interval).unwrap(), json);
        }
        for json in [
            r#"{"age_under":-1}"#,
            r#"{"age_under":26,"age_at_least":60}"#,
            r#"{"age_under":{"years":26}}"#,
            r#"{"between":{"min":1}}"#,
            r#"{"between":{"min":1,"max":3,"more":1}}"#,
            r#"{"equals":1}"#,
            r#""valid""#,
        ] {
            assert!(serde_json::from_str::<Interval>(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn roundtrips(interval in interval()) {
            let json = serde_json::to_string(&interval).unwrap();
            prop_assert_eq!(serde_json::from_str::<Interval>(&json).unwrap(), interval.clone());
            assert_strict(&interval);
        }
    }
}
