//! Dates, months and points in time, as the numbers that are signed and proven about.
//!
//! A date is the number of days since 0001-01-01, which is day 0; a month is the number of months since January of year 1; both in
//! the proleptic Gregorian calendar, up to the year 9999. So order of numbers is order in time, before 1970 and before 1900 too.
//!
//! Caution: a date has no time zone; "as of" is the day at the place where the question is asked.
//! Not here: a clock.

use crate::cbor::{Reader, Wire, Writer};
use crate::error::DecodeError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use time::{Month as CalendarMonth, OffsetDateTime};
use zeroize::DefaultIsZeroes;

/// Days from 0001-01-01 to 9999-12-31.
const LAST_DAY: u32 = 3_652_058;
/// Months from January of year 1 to December 9999.
const LAST_MONTH: u32 = 12 * 9999 - 1;
/// 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;
/// The Julian day of 0001-01-01.
const JULIAN_DAY_OF_DAY_0: i32 = 1_721_426;

/// Days since 0001-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days(pub u32);

/// A day of the calendar, 0001-01-01 to 9999-12-31.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(u32);

impl Date {
    /// The first day that can be written: 0001-01-01.
    pub const MIN: Self = Self(0);
    /// The last day that can be written: 9999-12-31.
    pub const MAX: Self = Self(LAST_DAY);

    /// The day of the given year, month and day of the month, or none where the calendar has no such day.
    pub fn from_ymd(year: u16, month: u8, day: u8) -> Option<Self> {
        if !(1..=9999).contains(&year) {
            return None;
        }
        let month = CalendarMonth::try_from(month).ok()?;
        let date = time::Date::from_calendar_date(i32::from(year), month, day).ok()?;
        u32::try_from(date.to_julian_day() - JULIAN_DAY_OF_DAY_0).ok().map(Self)
    }

    /// The day with the given number, up to that of 9999-12-31.
    pub fn from_days(days: Days) -> Option<Self> {
        (days.0 <= LAST_DAY).then_some(Self(days.0))
    }

    /// Days since 0001-01-01.
    pub fn days(self) -> Days {
        Days(self.0)
    }

    /// The month in which the day lies.
    pub fn month(self) -> Month {
        let (year, month, _) = self.ymd();
        Month(12 * (u32::from(year) - 1) + u32::from(month) - 1)
    }

    /// Year, month (1 to 12) and day of the month.
    pub fn ymd(self) -> (u16, u8, u8) {
        // The number is at most LAST_DAY, so the calendar has the day and its year has four digits.
        let date = time::Date::from_julian_day(JULIAN_DAY_OF_DAY_0 + self.0 as i32).unwrap_or(time::Date::MIN);
        (date.year().unsigned_abs() as u16, date.month().into(), date.day())
    }

    /// The last date of birth with which one is at least `years` old on the day `as_of`; none where it lies before 0001-01-01.
    ///
    /// Who is born on 29 February has the birthday on 1 March in years without that day. The rule moves birthdays, never `as_of`.
    pub fn latest_birth_for_age(as_of: Self, years: u16) -> Option<Days> {
        let (year, month, day) = as_of.ymd();
        let year = year.checked_sub(years)?;
        // Only 29 February can be missing in the earlier year. Who was born there on 1 March has not had the birthday yet.
        let date = Self::from_ymd(year, month, day).or_else(|| Self::from_ymd(year, 2, 28))?;
        Some(date.days())
    }
}

impl DefaultIsZeroes for Date {}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl FromStr for Date {
    type Err = DecodeError;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let error = DecodeError { what: "a date that the calendar has, as YYYY-MM-DD" };
        let bytes: &[u8; 10] = text.as_bytes().try_into().map_err(|_| error)?;
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *bytes else {
            return Err(error);
        };
        let year = digits(&[y0, y1, y2, y3]).ok_or(error)?;
        let month = digits(&[m0, m1]).ok_or(error)?;
        let day = digits(&[d0, d1]).ok_or(error)?;
        Self::from_ymd(year, month as u8, day as u8).ok_or(error)
    }
}

impl TryFrom<String> for Date {
    type Error = DecodeError;

    fn try_from(text: String) -> Result<Self, DecodeError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl Wire for Date {
    fn write(&self, out: &mut Writer) {
        out.uint(u64::from(self.0));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a date as days since 0001-01-01";
        Self::from_days(Days(input.uint32(what)?)).ok_or(DecodeError { what })
    }
}

/// A month of the calendar: months since January of year 1, up to December 9999.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(u32);

impl Month {
    /// The month (1 to 12) of a year (1 to 9999), or none where there is no such month.
    pub fn from_ym(year: u16, month: u8) -> Option<Self> {
        ((1..=9999).contains(&year) && (1..=12).contains(&month))
            .then(|| Self(12 * (u32::from(year) - 1) + u32::from(month) - 1))
    }

    /// The month with the given number, up to that of December 9999.
    pub fn from_index(index: u32) -> Option<Self> {
        (index <= LAST_MONTH).then_some(Self(index))
    }

    /// Months since January of year 1.
    pub fn index(self) -> u32 {
        self.0
    }
}

impl DefaultIsZeroes for Month {}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12 + 1, self.0 % 12 + 1)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Month({self})")
    }
}

impl FromStr for Month {
    type Err = DecodeError;

    /// Reads `YYYY-MM`.
    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let error = DecodeError { what: "a month as YYYY-MM" };
        let bytes: &[u8; 7] = text.as_bytes().try_into().map_err(|_| error)?;
        let [y0, y1, y2, y3, b'-', m0, m1] = *bytes else {
            return Err(error);
        };
        let year = digits(&[y0, y1, y2, y3]).ok_or(error)?;
        let month = digits(&[m0, m1]).ok_or(error)?;
        Self::from_ym(year, month as u8).ok_or(error)
    }
}

impl TryFrom<String> for Month {
    type Error = DecodeError;

    fn try_from(text: String) -> Result<Self, DecodeError> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

impl Wire for Month {
    fn write(&self, out: &mut Writer) {
        out.uint(u64::from(self.0));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a month as months since year 1";
        Self::from_index(input.uint32(what)?).ok_or(DecodeError { what })
    }
}

/// A point in time: whole seconds since 1970-01-01T00:00:00Z, up to the end of 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point in time `seconds` after 1970-01-01T00:00:00Z, or none after the year 9999.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        (seconds <= LAST_SECOND).then_some(Self(seconds))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn as_unix(self) -> u64 {
        self.0
    }

    /// The UTC day in which it lies.
    pub fn date(self) -> Date {
        // 1970-01-01 is day 719,162.
        Date(719_162 + (self.0 / 86_400) as u32)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0 % 86_400;
        write!(f, "{}T{:02}:{:02}:{:02}Z", self.date(), second / 3600, second / 60 % 60, second % 60)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = DecodeError;

    /// Reads the RFC 3339 form `YYYY-MM-DDTHH:MM:SSZ`.
    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let error = DecodeError { what: "a time as YYYY-MM-DDTHH:MM:SSZ" };
        let bytes: &[u8; 20] = text.as_bytes().try_into().map_err(|_| error)?;
        let [.., b'T', h0, h1, b':', m0, m1, b':', s0, s1, b'Z'] = *bytes else {
            return Err(error);
        };
        let date: Date = text.get(..10).ok_or(error)?.parse().map_err(|_| error)?;
        let (year, month, day) = date.ymd();
        let part = |high, low| digits(&[high, low]).map(|value| value as u8).ok_or(error);
        let month = CalendarMonth::try_from(month).map_err(|_| error)?;
        let date = time::Date::from_calendar_date(i32::from(year), month, day).map_err(|_| error)?;
        let time = time::Time::from_hms(part(h0, h1)?, part(m0, m1)?, part(s0, s1)?).map_err(|_| error)?;
        let seconds = OffsetDateTime::new_utc(date, time).unix_timestamp();
        u64::try_from(seconds).ok().and_then(Self::from_unix).ok_or(error)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = DecodeError;

    fn try_from(text: String) -> Result<Self, DecodeError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

impl Wire for Timestamp {
    fn write(&self, out: &mut Writer) {
        out.uint(self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a time in seconds since 1970";
        Self::from_unix(input.uint(what)?).ok_or(DecodeError { what })
    }
}

fn digits(text: &[u8]) -> Option<u16> {
    text.iter().try_fold(0u16, |value, byte| byte.is_ascii_digit().then(|| 10 * value + u16::from(byte - b'0')))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cbor::tests::assert_strict;
    use proptest::prelude::*;

    pub(crate) fn date() -> impl Strategy<Value = Date> {
        (0..=LAST_DAY).prop_map(Date)
    }

    pub(crate) fn month() -> impl Strategy<Value = Month> {
        (0..=LAST_MONTH).prop_map(Month)
    }

    pub(crate) fn timestamp() -> impl Strategy<Value = Timestamp> {
        (0..=LAST_SECOND).prop_map(Timestamp)
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn is_leap(year: u16) -> bool {
        (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
    }

    /// The age by the rule's words: birthdays are counted one by one.
    fn age(birth: Date, as_of: Date) -> i32 {
        let (year, month, day) = birth.ymd();
        let (now, now_month, now_day) = as_of.ymd();
        let birthday = if (month, day) == (2, 29) && !is_leap(now) { (3, 1) } else { (month, day) };
        i32::from(now) - i32::from(year) - i32::from((now_month, now_day) < birthday)
    }

    #[test]
    fn matches_known_day_numbers() {
        // Rata Die (day 1 is 0001-01-01) less one: 1899-12-31 is R.D. 693,595; 1970-01-01 is 719,163; 2000-01-01 is 730,120.
        for (text, number) in [
            ("0001-01-01", 0),
            ("0001-12-31", 364),
            ("1899-12-31", 693_594),
            ("1969-12-31", 719_161),
            ("1970-01-01", 719_162),
            ("2000-01-01", 730_119),
            ("9999-12-31", 3_652_058),
        ] {
            assert_eq!(day(text).days(), Days(number), "{text}");
            assert_eq!(Date::from_days(Days(number)), Some(day(text)));
            assert_eq!(day(text).to_string(), text);
        }
        assert_eq!(Date::from_days(Days(LAST_DAY + 1)), None);
    }

    #[test]
    fn rejects_days_that_the_calendar_has_not() {
        for text in [
            "2023-02-30",
            "2023-02-29",
            "1900-02-29",
            "2023-04-31",
            "2023-00-01",
            "2023-13-01",
            "2023-01-00",
            "2023-01-32",
            "0000-12-31",
            "10000-01-01",
            "-001-01-01",
            "2023-1-01",
            "2023-01-1",
            "2023/01/01",
            "20230101",
            "2023-01-01 ",
            "+023-01-01",
            "２０23-1",
            "",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        for text in ["2023-00", "2023-13", "0000-01", "2023-1", "2023-01-01", "202301", ""] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
        for text in [
            "1969-12-31T23:59:59Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T00:60:00Z",
            "2026-11-23T00:00:60Z",
            "2026-11-23t00:00:00Z",
            "2026-11-23T00:00:00+00:00",
            "2026-11-23T00:00:00.0Z",
            "2026-11-23T00:00:00",
            "2026-02-29T00:00:00Z",
            "",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_months_and_seconds() {
        assert_eq!("0001-01".parse::<Month>().unwrap().index(), 0);
        assert_eq!("2026-11".parse::<Month>().unwrap().index(), 12 * 2025 + 10);
        assert_eq!("9999-12".parse::<Month>().unwrap().index(), LAST_MONTH);
        assert_eq!(day("2026-11-30").month(), "2026-11".parse().unwrap());
        // RFC 3339, section 5.8 gives the spelling; the number is that of POSIX.
        assert_eq!("2001-09-09T01:46:40Z".parse::<Timestamp>().unwrap().as_unix(), 1_000_000_000);
        assert_eq!(Timestamp::from_unix(1_000_000_000).unwrap().to_string(), "2001-09-09T01:46:40Z");
        assert_eq!("9999-12-31T23:59:59Z".parse::<Timestamp>().unwrap().as_unix(), LAST_SECOND);
        assert_eq!(Timestamp::from_unix(LAST_SECOND + 1), None);
    }

    #[test]
    fn decides_age_at_its_edges() {
        let of_age = |birth: &str, as_of: &str, years| {
            day(birth).days() <= Date::latest_birth_for_age(day(as_of), years).unwrap()
        };
        assert!(of_age("2008-11-23", "2026-11-23", 18));
        assert!(!of_age("2008-11-24", "2026-11-23", 18));
        assert!(!of_age("2008-02-29", "2026-02-28", 18));
        assert!(of_age("2008-02-29", "2026-03-01", 18));
        assert!(!of_age("2004-02-29", "2024-02-28", 20));
        assert!(of_age("2004-02-29", "2024-02-29", 20));
        // On a 29 February, who is born on 28 February has had the birthday, who is born on 1 March has not.
        assert!(of_age("2006-02-28", "2024-02-29", 18));
        assert!(!of_age("2006-03-01", "2024-02-29", 18));
        assert_eq!(Date::latest_birth_for_age(day("0018-06-01"), 18), None);
    }

    proptest! {
        #[test]
        fn roundtrips(date in date(), month in month(), timestamp in timestamp()) {
            prop_assert_eq!(day(&date.to_string()), date);
            prop_assert_eq!(month.to_string().parse::<Month>().unwrap(), month);
            prop_assert_eq!(timestamp.to_string().parse::<Timestamp>().unwrap(), timestamp);
            assert_strict(&date);
            assert_strict(&month);
            assert_strict(&timestamp);
        }

        #[test]
        fn keeps_the_order_of_time(earlier in date(), later in date()) {
            prop_assert_eq!(earlier < later, earlier.to_string() < later.to_string());
            prop_assert_eq!(earlier.days() < later.days(), earlier.to_string() < later.to_string());
        }

        #[test]
        fn agrees_with_counting_birthdays(as_of in 1_000_000..LAST_DAY, years in 1..151u16, off in -800i32..800, leap in any::<bool>()) {
            let mut as_of = Date(as_of);
            if leap {
                let year = as_of.ymd().0 / 4 * 4;
                as_of = Date::from_ymd(year, 2, 29).or_else(|| Date::from_ymd(year, 3, 1)).unwrap();
            }
            let latest = Date::latest_birth_for_age(as_of, years).unwrap();
            let birth = Date(latest.0.saturating_add_signed(off));
            prop_assert_eq!(birth.days() <= latest, age(birth, as_of) >= i32::from(years));
            for near in [latest.0 - 1, latest.0, latest.0 + 1, latest.0 + 2] {
                prop_assert_eq!(near <= latest.0, age(Date(near), as_of) >= i32::from(years));
            }
        }
    }
}
